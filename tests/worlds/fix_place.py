"""Worlds without Go, damaged in every way that a repair mends, and what a repair, or taking it back, is held to."""
import ctypes
import json
import os
import shutil
import stat
import struct
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from handmade import VERSION, HandMade  # noqa: E402
from snapshots import QUARANTINE, differences, digest, snapshot  # noqa: E402

NOBODY = 65534
LIBC = ctypes.CDLL(None, use_errno=True)
MS_BIND, MS_REC, MS_PRIVATE, CLONE_NEWNS, MNT_DETACH = 4096, 16384, 1 << 18, 0x20000, 2


def libc(name: str, *args) -> None:
    if getattr(LIBC, name)(*args):
        raise OSError(ctypes.get_errno(), f"{name} {args}")


class Place:
    """One kind of world: who repairs it, and whether its caches are mounts."""

    def __init__(self, name: str, top: Path, scanner: Path, uid: int, mounted: bool):
        self.name, self.scanner, self.uid, self.mounted = name, scanner, uid, mounted
        self.all, self.others = top, []
        self.top = top / name
        self.world, self.damaged = self.top / "w", self.top / "w.damaged"
        self.home = HandMade(self.world)
        self.mounts = [self.home.gocache, self.home.gomodcache] if mounted else []
        self.env = {"PATH": os.defpath, "LC_ALL": "C", **self.home.env()}
        # Folders in which a quarantine is made have new times.
        self.timeless = {os.fsencode(p) for p in (self.world, self.home.gopath / "pkg")}
        self.before = {}

    def make(self) -> None:
        """A damaged world, kept to be copied."""
        self.world.mkdir(parents=True)
        self.home.make()
        damage(self.home, self.uid == 0)
        if self.uid:
            for path in [self.world, *self.world.rglob("*")]:
                os.chown(path, self.uid, self.uid, follow_symlinks=False)
        subprocess.run(["cp", "-a", str(self.world), str(self.damaged)], check=True)
        self.top.chmod(0o755)
        if self.uid:
            os.chown(self.top, self.uid, self.uid)

    def workers(self, number: int) -> list:
        """Worlds of the same kind, this one among them."""
        while len(self.others) < number - 1:
            other = Place(f"{self.name}{len(self.others) + 2}", self.all, self.scanner, self.uid, self.mounted)
            other.make()
            self.others.append(other)
        return [self, *self.others]

    def fresh(self) -> None:
        self.wipe()
        subprocess.run(["cp", "-a", str(self.damaged), str(self.world)], check=True)
        for path in self.mounts:
            libc("mount", os.fsencode(path), os.fsencode(path), None, MS_BIND, None)
        self.before = snapshot(self.world)

    def wipe(self) -> None:
        for path in self.mounts:
            LIBC.umount2(os.fsencode(path), MNT_DETACH)
        if self.world.exists():
            subprocess.run(["rm", "-rf", str(self.world)], check=False, stderr=subprocess.DEVNULL)
        if self.world.exists():
            subprocess.run(["chmod", "-R", "u+rwX", str(self.world)], check=True)
            shutil.rmtree(self.world)

    def become(self) -> None:
        if self.uid:
            os.setgroups([])
            os.setgid(self.uid)
            os.setuid(self.uid)

    def start(self, *args: str, prefix: list = []) -> subprocess.Popen:
        command = [*map(str, prefix), str(self.scanner), *args]
        return subprocess.Popen(command, env=self.env, cwd=self.home.main, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, preexec_fn=self.become if self.uid else None)

    def run(self, *args: str, prefix: list = []) -> tuple:
        child = self.start(*args, prefix=prefix)
        out, err = child.communicate(timeout=120)
        return child.returncode, out, err.decode("utf-8", "replace").strip()

    def fix(self, prefix: list = []) -> tuple:
        rc, out, err = self.run(*FIX, prefix=prefix)
        try:
            return rc, json.loads(out), err
        except ValueError:
            return rc, None, err

    def runs(self) -> list:
        rc, out, err = self.run("quarantine", "list", "--format", "json")
        if rc:
            raise AssertionError(f"list: exit {rc}: {err}")
        return json.loads(out)["runs"]

    def quarantined(self) -> set:
        """What lies in quarantine: sha256 of files, targets of links, types of others."""
        found = set()
        for top in (self.world / QUARANTINE, self.home.gopath / "pkg" / QUARANTINE):
            for folder, dirs, files in os.walk(top):
                for name in [*dirs, *files]:
                    path = os.path.join(folder, name)
                    mode = os.lstat(path).st_mode
                    if stat.S_ISREG(mode):
                        found.add(digest(path))
                    elif not stat.S_ISDIR(mode):
                        found.add(os.fsencode(os.readlink(path)) if stat.S_ISLNK(mode) else stat.S_IFMT(mode))
        return found

    def lost(self) -> list:
        """What is neither in its place nor in quarantine, or was changed outside the caches."""
        now, kept, bad = snapshot(self.world), self.quarantined(), []
        caches = (os.fsencode(self.home.gocache), os.fsencode(self.home.gomodcache))
        for path, node in self.before.items():
            if not path.startswith(caches):
                if path not in self.timeless and now.get(path) != node:
                    bad.append(f"outside: {os.fsdecode(path)} is changed")
                continue
            kind = stat.S_IFMT(node[0])
            if kind == stat.S_IFDIR:
                continue
            there = now.get(path)
            in_place = there is not None and (stat.S_IFMT(there[0]), there[4]) == (kind, node[4])
            if not in_place and (node[4] or kind) not in kept:
                bad.append(f"lost: {os.fsdecode(path)}")
        bad += [f"new: {os.fsdecode(p)}" for p in now if p not in self.before and not p.startswith(caches)]
        return bad

    def differs(self) -> list:
        return differences(self.before, snapshot(self.world), self.timeless)

    def untrue(self, report: dict) -> list:
        """Steps that are not what the report says of them."""
        now, bad = snapshot(self.world), []
        for step in report["fix"]["steps"]:
            path = os.fsencode(step["path"])
            was, there = self.before.get(path), now.get(path)
            if step["act"] in ("quarantine", "unlink"):
                was, there = was and (was[0], was[4]), there and (there[0], there[4])
                wrong = (there is not None) if step["done"] else (there != was)
            else:
                index = 1 if step["act"] == "chown" else 0
                wrong = step["done"] == (was is not None and there is not None and was[index] == there[index])
                wrong = wrong and not (step["act"] == "chmod" and was[5] != there[5])
            if wrong:
                bad.append(f"untrue: {step['act']} {step['path']} done={step['done']} {step.get('error', '')}")
        return bad

    def mended(self) -> list:
        """The next repair brings all to its end."""
        rc, report, err = self.fix()
        if report is None or rc != 0:
            undone = [s for s in (report or {"fix": {"steps": []}})["fix"].get("steps", []) if not s["done"] or "error" in s]
            left = [(f["rule"], f["path"]) for f in (report or {"findings": []})["findings"] if f["level"] != "note"]
            return [f"the next repair: exit {rc} {err} {undone} {left}"[:600]]
        return self.half_done()

    def half_done(self) -> list:
        """Steps of which nobody knows whether they are done or not. A run that is put back in part is none such."""
        bad = []
        for run in self.runs():
            rc, out, err = self.run("quarantine", "show", run["run"], "--format", "json")
            steps = json.loads(out)["steps"] if rc == 0 else []
            parted = {s["state"] for s in steps} >= {"done", "restored"}
            if rc or (run["state"] == "partial" and not parted) or any(s["state"] == "interrupted" for s in steps):
                bad.append(f"left half done: {run} {err}")
        return bad

    def taken_back(self) -> list:
        """All runs restored, the last one first, give the damaged world."""
        bad = []
        for run in reversed(self.runs()):
            rc, out, err = self.run("quarantine", "restore", run["run"])
            if rc:
                bad.append(f"restore {run['run']}: exit {rc}: {out.decode()} {err}"[:600])
        return bad + [f"after restore, {b}" for b in self.half_done()] + [f"after restore: {d}" for d in self.differs()][:4]


FIX = ["scan", "--fix", "--yes", "--format", "json", "--progress", "never", "--jobs", "1"]


def acl(*entries: tuple) -> bytes:
    """A POSIX access list as Linux keeps it: (tag, rights, id)."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in entries)


def damage(home: HandMade, root: bool) -> None:
    """Every kind of step: files, folders, links, pipes, second names, modes, owners, access lists; a whole version."""
    none = 0xFFFFFFFF
    outputs = sorted(home.gocache.glob("??/*-d"))
    outputs.remove(home.output)
    home.output.write_bytes(b"./b.go\n")
    os.utime(home.output, ns=(1, 1_700_000_000_123_456_789))
    outside = home.root / "outside"
    outside.mkdir()
    (outside / "kept").write_bytes(b"what lies outside")
    os.utime(outside / "kept", ns=(1, 1_600_000_000_000_000_001))
    # A second name outside; the file itself is intact.
    os.link(outputs[0], outside / "second")
    (outside / "second").chmod(0o755)
    data = outputs[1].read_bytes()
    outputs[1].unlink()
    (outside / "target").write_bytes(data)
    outputs[1].symlink_to(outside / "target")
    outputs[2].chmod(0o4755)
    outputs[3].chmod(0o666)
    outputs[4].parent.chmod(0o777)
    os.mkfifo(home.gocache / "aa" / ("a" * 64 + "-d"))
    stray = home.gocache / "bb" / ("b" * 64 + "-d")
    stray.write_bytes(b"#!/bin/sh\n")
    stray.chmod(0o6777)
    lists = acl((1, 6, none), (2, 6, 4_000_001), (4, 4, none), (16, 6, none), (32, 4, none))
    os.setxattr(outputs[5], "system.posix_acl_access", lists)
    os.setxattr(outputs[6].parent, "system.posix_acl_default", lists)
    # An extracted folder that was edited, with a program in it that others may write.
    home.writable(home.module / "a.go").write_bytes(b"package m // edited\n")
    home.writable(home.module / "sub/b.go").chmod(0o444)
    (home.module / "tool").write_bytes(b"#!/bin/sh\necho\n")
    (home.module / "tool").chmod(0o777)
    (home.module / "sub").chmod(0o555)
    (home.module / "a.go").chmod(0o444)
    home.module.chmod(0o555)
    # A second version, whose zip is cut.
    other = "v1.1.0"
    zipped = home.zip.read_bytes()
    for end, content in {"zip": zipped[:-7], "ziphash": b"h1:" + b"A" * 43 + b"=", "mod": b"module example.com/m\n\ngo 1.22\n", "lock": b"",
                         "info": b'{"Version":"v1.1.0","Time":"2024-02-03T04:05:06Z"}'}.items():
        (home.download / f"{other}.{end}").write_bytes(content)
    (home.download / "list").write_text(f"{VERSION}\n{other}\n")
    if root:
        os.chown(outputs[7], 4_000_001, 4_000_001)
        os.chown(home.download / f"{VERSION}.info", 4_000_001, 4_000_001)
