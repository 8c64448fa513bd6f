#!/usr/bin/env python3
"""Kills a repair, and makes the system refuse it, at every call by which it changes something: nothing may be lost.

    fix_interrupted.py [--scanner BIN] [--short] [--only NAME,NAME] [--dir DIR] [--seed N] [--workers N] [--list]

A small world without Go is damaged in every way that a repair mends. `--fix --yes`, then `quarantine restore`, is stopped by
strace before the n-th call of each kind, for every n: by SIGKILL, and by ENOSPC, EIO, EACCES, EXDEV and EROFS, once and from then
on. Held each time:
  every file lies in its place or in quarantine, whole; nothing outside the caches has changed
  a step that is told as done is done, one that is told as not done is not; exit 4 with any of these, never a signal of its own
  the next `--fix` leaves a clean cache and no run half done; or `quarantine restore` takes all back at once
  restoring what there is, the last run first, gives the damaged world back: bytes, types, modes, owners, times, access lists
A dry run changes nothing, and opens nothing for writing. Worlds: as root, as nobody (read-only folders), and with each cache on a mount of its own (copies). Then two repairs at once, and
repairs that are killed again while they recover. --short takes a sample that is spread over all calls.
"""
import argparse
import ctypes
import json
import os
import queue
import random
import re
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from handmade import MODULE, VERSION, HandMade  # noqa: E402
from lib import DEFAULT_SCANNER, Tally  # noqa: E402
from snapshots import QUARANTINE, differences, digest, snapshot  # noqa: E402

NOBODY = 65534
ERRORS = ("ENOSPC", "EIO", "EACCES", "EXDEV", "EROFS")
CHANGES = {"mkdirat", "renameat2", "renameat", "linkat", "unlinkat", "symlinkat", "mknodat", "write", "pwrite64", "fsync", "fdatasync",
           "ftruncate", "fchmodat", "fchmodat2", "fchmod", "chmod", "fchown", "fchownat", "utimensat", "setxattr", "removexattr",
           "copy_file_range", "sendfile"}
READS = {"openat2", "openat", "newfstatat", "fstat", "statx", "flock", "getdents64", "read", "getxattr", "readlinkat"}
CALL = re.compile(r"^(\w+)\((.*)\) += (-?\d+|\?)")
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


class Call:
    """The n-th call of its kind of the main thread, from 1."""

    def __init__(self, name: str, number: int, args: str):
        self.name, self.number, self.args = name, number, args

    def changes(self) -> bool:
        if self.name == "write":
            return int(self.args.split(",")[0]) > 2
        return self.name in CHANGES or (self.name == "openat" and "O_CREAT" in self.args)


def traced(place: Place, *args: str) -> list:
    """The calls of an undisturbed run, from the first that changes something to the last."""
    log = place.top / "trace"
    log.unlink(missing_ok=True)
    rc, out, err = place.run(*args, prefix=["strace", "-qq", "-o", log, "-e", "trace=" + ",".join(f"?{c}" for c in sorted(CHANGES | READS))])
    counts, calls = {}, []
    for line in log.read_text(errors="replace").splitlines():
        if m := CALL.match(line):
            counts[m[1]] = counts.get(m[1], 0) + 1
            calls.append(Call(m[1], counts[m[1]], m[2]))
    changing = [i for i, c in enumerate(calls) if c.changes()]
    if rc or not changing:
        raise AssertionError(f"undisturbed: exit {rc}, {len(changing)} changes: {err} {out[-500:]}")
    return [c for c in calls[changing[0]:changing[-1] + 1] if not (c.name in ("write", "read") and c.args[0] in "012" and c.args[1] == ",")]


def inject(place: Place, call: Call, how: str) -> list:
    log = place.top / "injected"
    log.unlink(missing_ok=True)
    what, _, on = how.partition("+")
    what = "signal=KILL" if what == "KILL" else f"error={what}"
    return ["strace", "-qq", "-o", log, "-e", f"trace={call.name}", "-e", f"inject={call.name}:{what}:when={call.number}{'+' if how.endswith('+') else ''}"]


def was_hit(place: Place, code: int) -> bool:
    log = place.top / "injected"
    text = log.read_text(errors="replace") if log.exists() else ""
    return "(INJECTED" in text or code in (-signal.SIGKILL, 128 + signal.SIGKILL)


class Interrupter:
    def __init__(self, args, tally: Tally):
        self.args, self.tally, self.random = args, tally, random.Random(args.seed)
        self.shown = 0

    def sweep(self, place: Place, phase: str, kill_only: bool) -> None:
        """All calls of one phase, each in each way."""
        place.fresh()
        name = None
        if phase == "restore":
            rc, report, err = place.fix()
            if rc:
                raise AssertionError(f"the repair to be undone: exit {rc}: {err}")
            name = report["fix"]["run"]
        calls = traced(place, *(FIX if phase == "fix" else ["quarantine", "restore", name]))
        changing = [c for c in calls if c.changes()]
        if kill_only:
            points = [(c, "KILL") for c in changing]
        else:
            points = [(c, e + on) for c in changing for e in ERRORS for on in ("", "+")]
            points += [(c, e) for c in calls if not c.changes() for e in ("EIO", "EACCES")]
        total = len(points)
        share = self.args.sample.get("kill" if kill_only else "errors")
        if share and share < total:
            # Spread over all calls, another sample with another seed.
            start = self.random.random()
            points = [points[int((i + start) * total / share)] for i in range(share)]
        wrong, missed, begun = 0, 0, time.monotonic()

        def point(worker: Place, index: int) -> tuple:
            return points[index], self.one(worker, phase, *points[index], index)
        for (call, how), bad in self.each(place, point, len(points)):
            if bad is None:
                missed += 1
            elif bad:
                wrong += 1
                self.show(f"{place.name} {phase}: {how} at {call.name} {call.number} ({call.args[:100]})", bad)
        title = f"{place.name}: {phase} {'killed' if kill_only else 'refused'}"
        detail = f"{len(points)} of {total} points, {missed} not reached, {time.monotonic() - begun:.0f} s"
        bad = [f"{wrong} of {len(points)} wrong"] if wrong else []
        # What changes the path of a run is met before the point now and then, but never often.
        bad += ["too few points were reached"] if missed * 20 > len(points) else []
        self.tally.check(title, bad, detail)

    def each(self, place: Place, do, rounds: int):
        """Does all rounds, many at once, each worker in a world of its own: a scan waits a second for what is as new as these."""
        free = queue.SimpleQueue()
        for worker in place.workers(self.args.workers):
            free.put(worker)

        def one(number: int):
            worker = free.get()
            try:
                return do(worker, number)
            finally:
                free.put(worker)
        with ThreadPoolExecutor(self.args.workers) as pool:
            yield from pool.map(one, range(rounds))

    def show(self, what: str, bad: list) -> None:
        self.shown += 1
        if self.shown <= 40:
            print(f"        {what}: " + "; ".join(bad)[:1500], flush=True)

    def one(self, place: Place, phase: str, call: Call, how: str, index: int) -> list | None:
        place.fresh()
        bad = []
        if phase == "fix":
            rc, report, err = place.fix(prefix=inject(place, call, how))
        else:
            name = place.fix()[1]["fix"]["run"]
            rc, out, err = place.run("quarantine", "restore", name, prefix=inject(place, call, how))
        if not was_hit(place, rc):
            return None
        bad += place.lost()
        if how != "KILL":
            if phase == "fix" and (report or how[-1] != "+" or call.name != "write"):
                bad += self.told(place, rc, report, err)
            elif rc not in (0, 3, 4) or (rc == 0 and place.differs()):
                bad.append(f"exit {rc} with {place.differs()[:3]}: {err}")
        # On with a repair, or all back at once: by turns, and after a kill both.
        ways = [index % 2] if self.args.short or how != "KILL" else [0, 1]
        for way in ways:
            if way != ways[0]:
                place.fresh()
                if phase == "fix":
                    place.fix(prefix=inject(place, call, how))
                else:
                    name = place.fix()[1]["fix"]["run"]
                    place.run("quarantine", "restore", name, prefix=inject(place, call, how))
            if way == 0:
                bad += [f"then repaired: {b}" for b in place.mended() + place.lost()]
            bad += [f"{'repaired and' if way == 0 else 'then'} taken back: {b}" for b in place.taken_back() + place.lost()]
        return bad

    def told(self, place: Place, rc: int, report: dict | None, err: str) -> list:
        if report is None:
            return [f"exit {rc} without a report: {err}"]
        steps = report["fix"]["steps"]
        undone = any(not s["done"] or "error" in s for s in steps)
        bad = place.untrue(report)
        if (rc == 4) != undone or rc not in (0, 4):
            bad.append(f"exit {rc} with {sum(not s['done'] for s in steps)} of {len(steps)} steps not done: {err}")
        return bad

    def dry(self, place: Place) -> None:
        """A dry run opens nothing for writing and changes nothing."""
        place.fresh()
        log = place.top / "trace"
        names = sorted(CHANGES - {"write"} | {"openat", "openat2", "open", "creat", "mkdir", "rename", "unlink", "link", "symlink", "truncate"})
        rc, out, err = place.run(*FIX[:2], "--dry-run", *FIX[3:],
                                prefix=["strace", "-f", "-qq", "-o", log, "-e", "trace=" + ",".join(f"?{c}" for c in names)])
        steps = json.loads(out)["fix"]["steps"] if rc == 1 else []
        text = log.read_text(errors="replace")
        wrong = [line for line in text.splitlines()
                 if re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND", line) or re.match(rf"\d+ +({'|'.join(CHANGES - {'write'})})\(", line)]
        wrong += place.differs()
        if rc != 1 or not steps or "openat" not in text:
            wrong.append(f"exit {rc}, {len(steps)} steps: {err}")
        self.tally.check(f"{place.name}: a dry run opens nothing for writing", wrong[:5], f"{len(text.splitlines())} calls, {len(steps)} steps planned")

    def twice(self, place: Place, rounds: int) -> None:
        """Two repairs at once."""
        def two(worker: Place, number: int) -> tuple:
            worker.fresh()
            children = [worker.start(*FIX)]
            # From both at the same moment to one at work when the other comes.
            time.sleep(number % 4 * 0.004)
            children.append(worker.start(*FIX))
            outputs = [c.communicate(timeout=120) for c in children]
            reports = [json.loads(out) for out, _ in outputs]
            bad, done, met = worker.lost(), {}, 0
            for child, report in zip(children, reports):
                steps = report["fix"].get("steps", [])
                undone = [s for s in steps if not s["done"] or "error" in s]
                met += bool(undone)
                if child.returncode not in (0, 4) or (child.returncode == 4) != bool(undone):
                    left = [(f["rule"], f["path"]) for f in report["findings"] if f["level"] != "note"]
                    bad.append(f"exit {child.returncode} with {len(undone)} of {len(steps)} not done; {left}")
                for s in steps:
                    done[s["path"]] = done.get(s["path"], 0) + (s["done"] and s["act"] in ("quarantine", "unlink"))
            bad += [f"moved twice: {p}" for p, n in done.items() if n > 1]
            return bad + worker.mended() + worker.taken_back() + worker.lost(), met
        self.rounds(place, "two repairs at once", two, rounds, "met the other one's work")

    def again(self, place: Place, rounds: int) -> None:
        """Killed, and killed again while the next run recovers, up to five times."""
        place.fresh()
        calls = [c for c in traced(place, *FIX) if c.changes()]
        seeds = [self.random.random() for _ in range(rounds)]

        def killed(worker: Place, number: int) -> tuple:
            dice = random.Random(seeds[number])
            worker.fresh()
            bad, points, kills = [], [], 0
            for _ in range(dice.randint(2, 5)):
                call = dice.choice(calls)
                runs = [r["run"] for r in worker.runs()]
                args = ["quarantine", "restore", dice.choice(runs)] if runs and dice.random() < 0.4 else FIX
                rc, _, _ = worker.run(*args, prefix=inject(worker, call, "KILL"))
                kills += rc not in (0, 1, 4)
                points.append(f"{args[1]} {call.name} {call.number}")
                bad += worker.lost()
            bad += worker.mended() + worker.lost() + worker.taken_back() + worker.lost()
            return bad and [f"{points}", *bad], kills
        self.rounds(place, "killed again and again", killed, rounds, "kills")

    def rounds(self, place: Place, title: str, do, rounds: int, what: str) -> None:
        wrong = number = 0
        for bad, n in self.each(place, do, rounds):
            number += n
            if bad:
                wrong += 1
                self.show(f"{place.name}: {title}", bad)
        bad = [f"{wrong} of {rounds} wrong"] if wrong else []
        self.tally.check(f"{place.name}: {title}", bad, f"{rounds} rounds, {number} {what}")


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--scanner", type=Path, default=DEFAULT_SCANNER)
    ap.add_argument("--short", action="store_true")
    ap.add_argument("--only", default="")
    ap.add_argument("--dir", type=Path, help="where the worlds are made; in memory, if there is room")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--workers", type=int, default=12)
    ap.add_argument("--list", action="store_true")
    args = ap.parse_args()
    args.sample = {"kill": 14, "errors": 20} if args.short else {}
    os.umask(0o022)
    tally = Tally()
    tests = {
        "dry": lambda t, p: t.dry(p),
        "kill": lambda t, p: (t.sweep(p, "fix", True), t.sweep(p, "restore", True)),
        "errors": lambda t, p: (t.sweep(p, "fix", False), t.sweep(p, "restore", False)),
        "twice": lambda t, p: t.twice(p, 5 if args.short else 100),
        "again": lambda t, p: t.again(p, 5 if args.short else 200),
    }
    places = {"root": (0, False), "nobody": (NOBODY, False), "mounted": (0, True)}
    if args.list:
        print("\n".join(f"{p}-{t}" for p in places for t in tests))
        return 0
    wanted = set(filter(None, args.only.split(",")))
    root = os.geteuid() == 0
    if not shutil.which("strace"):
        tally.fail("interrupted repairs", "strace is missing: install it")
        return tally.close()
    if not root:
        places = {"own": (os.geteuid(), False)}
        tally.cannot("repairs as root, as another user, and of caches that are mounts", "needs root")
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="fix-", dir=args.dir or (memory if os.access(memory, os.W_OK) else None)) as temp:
        top = Path(temp)
        top.chmod(0o755)
        # Where another user reaches it.
        scanner = top / "gocachescan"
        shutil.copyfile(args.scanner, scanner)
        scanner.chmod(0o755)
        for name, (uid, mounted) in places.items():
            if mounted:
                try:
                    libc("unshare", CLONE_NEWNS)
                    libc("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
                except OSError as e:
                    tally.cannot(f"{name}: copies", f"no mounts of its own: {e}")
                    continue
            chosen = [t for t in tests if not wanted or wanted & {name, t, f"{name}-{t}"}]
            place = Place(name, top, scanner, uid if root else 0, mounted)
            if chosen:
                place.make()
            for test in chosen:
                try:
                    tests[test](Interrupter(args, tally), place)
                except (AssertionError, OSError, ValueError, subprocess.SubprocessError) as e:
                    tally.fail(f"{name} {test}", f"could not go on: {type(e).__name__}: {e}")
            for world in [place, *place.others]:
                world.wipe()
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
