"""What people met in their caches, made with a real go: a corpus for fix.py.

    fix.py --corpus tests/worlds/symptoms.py --world DIR
"""
from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parent))
import lib  # noqa: E402
import symptoms_prune  # noqa: E402
from fix_builds import FILES  # noqa: E402

QUOTE, SAMPLER = ("rsc.io/quote", "v1.5.2"), ("rsc.io/sampler", "v1.3.0")
CASES: dict[str, "Case"] = {}
NOBODY = 65534


@dataclasses.dataclass
class Case:
    """One symptom. `refused`: go must refuse to build after the repair, and the report must have said why. `untouched`: nothing is to be
    done. `options`: what every scan of it is called with. `names`, `after`, `alone`: see fix.py."""
    id: str
    damage: Callable[["World"], None]
    refused: bool = False
    untouched: bool = False
    options: tuple = ()
    names: Callable[["World"], set] | None = None
    after: Callable[["World", "Tester"], list] | None = None
    alone: Callable[["World", "Tester"], list] | None = None
    group: str = "symptoms"

    def apply(self, world: "World") -> dict:
        self.damage(world)
        return {"env": {}}


def case(id: str, **more):
    def register(damage):
        CASES[id] = Case(id, damage, **more)
        return damage
    return register


def world_env(root: Path, extra: dict | None = None) -> dict:
    return lib.World(root).env(**(extra or {}))


def pristine(root: Path) -> None:
    world = lib.World(root)
    world.make()
    for name, text in FILES.items():
        path = root / "main" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "outside").mkdir()
    for command in (["mod", "tidy"], ["mod", "download"], ["build", "./..."], ["test", "./..."]):
        world.go(*command, cwd=root / "main")


class World:
    def __init__(self, root: Path):
        self.root, self.gocache, self.mod = root, root / "gocache", root / "gopath/pkg/mod"

    def at(self, module: tuple, end: str) -> Path:
        return self.mod / f"cache/download/{module[0]}/@v/{module[1]}.{end}"

    def tree(self, module: tuple) -> Path:
        return self.mod / f"{module[0]}@{module[1]}"

    def edit(self, path: Path, data: bytes | None, keep_time: bool = False) -> None:
        """Writes a file of a read-only directory, or takes it away."""
        folder, st = path.parent, path.stat() if path.exists() else None
        folder.chmod(0o755)
        if data is None:
            path.unlink()
        else:
            if st:
                path.chmod(0o644)
            path.write_bytes(data)
            path.chmod(0o444)
            if st and keep_time:
                os.utime(path, ns=(st.st_atime_ns, st.st_mtime_ns))
        folder.chmod(0o555)

    def action_of(self, marker: bytes) -> tuple[Path, Path]:
        """An action entry and its output, whose bytes hold `marker`."""
        for entry in sorted(self.gocache.glob("??/*-a")):
            name = entry.read_text().split()[2]
            output = self.gocache / name[:2] / f"{name}-d"
            if output.is_file() and marker in output.read_bytes():
                return entry, output
        raise AssertionError(f"no entry with {marker!r}")

    def zip_with(self, module: tuple, change: Callable[[dict], None]) -> str:
        """Makes the zip anew with other files, and the ziphash that fits; the new sum."""
        path = self.at(module, "zip")
        with zipfile.ZipFile(path) as z:
            files = {n: z.read(n) for n in z.namelist()}
        change(files)
        path.unlink()
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
            for name, data in files.items():
                z.writestr(name, data)
        lines = "".join(f"{hashlib.sha256(files[n]).hexdigest()}  {n}\n" for n in sorted(files))
        h1 = "h1:" + base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()
        self.at(module, "ziphash").write_text(h1)
        return h1


def prefix(module: tuple) -> str:
    return f"{module[0]}@{module[1]}"


@case("1-dangling-entry", untouched=True)
def _(w: World) -> None:
    # What a trim leaves, too: go takes it for a miss.
    w.action_of(b"example.test/main/inner")[1].unlink()


@case("3-stale-index")
def _(w: World) -> None:
    # The index tells of sources that the directory no longer has: same size, same time, other bytes.
    path = w.tree(SAMPLER) / "glass.go"
    data = path.read_bytes()
    w.edit(path, data.replace(b"package sampler", b"package samples"), keep_time=True)


@case("4-broken-archive")
def _(w: World) -> None:
    output = w.action_of(b"rsc.io/sampler")[1]
    data = bytearray(output.read_bytes())
    data[len(data) // 2] ^= 0x40
    output.write_bytes(data)


@case("6-zip-cut")
def _(w: World) -> None:
    path = w.at(QUOTE, "zip")
    os.truncate(path, path.stat().st_size - 30)


@case("7-zip-of-zeros")
def _(w: World) -> None:
    path = w.at(QUOTE, "zip")
    path.write_bytes(bytes(path.stat().st_size))


@case("8-empty-ziphash")
def _(w: World) -> None:
    w.at(QUOTE, "ziphash").write_bytes(b"")


@case("9-file-missing")
def _(w: World) -> None:
    w.edit(w.tree(QUOTE) / "quote.go", None)


@case("9-file-empty")
def _(w: World) -> None:
    w.edit(w.tree(QUOTE) / "quote.go", b"")


@case("10-dependency-edited")
def _(w: World) -> None:
    path = w.tree(QUOTE) / "quote.go"
    w.edit(path, path.read_bytes() + b"\nvar Added = 1\n")


@case("12-go-sum-has-another-sum", untouched=True)
def _(w: World) -> None:
    # The cache agrees with itself and with the checksum database; only go.sum is another's word.
    path = w.root / "main/go.sum"
    lines = path.read_text().splitlines(True)
    lines = [f"{QUOTE[0]} {QUOTE[1]} h1:{'A' * 43}=\n" if line.startswith(f"{QUOTE[0]} {QUOTE[1]} ") else line for line in lines]
    path.write_text("".join(lines))


@case("13-only-the-cache-was-bad")
def _(w: World) -> None:
    w.zip_with(QUOTE, lambda files: files.update({f"{prefix(QUOTE)}/quote.go": files[f"{prefix(QUOTE)}/quote.go"] + b"// more\n"}))


@case("14-zip-with-a-nested-vendor")
def _(w: World) -> None:
    w.zip_with(QUOTE, lambda files: files.update({f"{prefix(QUOTE)}/buggy/vendor/x/x.go": b"package x\n"}))


@case("go-sum-was-changed-along", refused=True)
def _(w: World) -> None:
    h1 = w.zip_with(QUOTE, lambda files: files.update({f"{prefix(QUOTE)}/added.go": b"package quote\n"}))
    tree = w.tree(QUOTE)
    w.edit(tree / "added.go", b"package quote\n")
    path = w.root / "main/go.sum"
    lines = [f"{QUOTE[0]} {QUOTE[1]} {h1}\n" if line.startswith(f"{QUOTE[0]} {QUOTE[1]} ") else line
             for line in path.read_text().splitlines(True)]
    path.write_text("".join(lines))


def verify(w: World) -> tuple[int, str]:
    p = subprocess.run(["go", "mod", "verify"], cwd=w.root / "main", env=world_env(w.root, {"GOPROXY": "off"}), capture_output=True, text=True)
    return p.returncode, p.stdout + p.stderr


def verified(w: World, _: "Tester") -> list:
    code, said = verify(w)
    return [] if code == 0 and "all modules verified" in said else [f"go mod verify: exit {code} {said}"]


def in_quote(rule: str, name: str) -> Callable[[World], set]:
    return lambda w: {(rule, str(w.tree(QUOTE) / name))}


def verify_fails(w: World, name: str, data: bytes | None) -> None:
    """Another content for a file; go mod verify then names the directory alone."""
    w.edit(w.tree(QUOTE) / name, data)
    code, said = verify(w)
    if code == 0 or "dir has been modified" not in said or "LICENSE" in said or ".go" in said:
        raise AssertionError(f"go mod verify: exit {code} {said}")


@case("18-verify-fails-file-changed", names=in_quote("tree-file-differs", "LICENSE"), after=verified)
def _(w: World) -> None:
    verify_fails(w, "LICENSE", b"none\n")


@case("18-verify-fails-file-added", names=in_quote("tree-file-added", "buggy/more.go"), after=verified)
def _(w: World) -> None:
    verify_fails(w, "buggy/more.go", b"package buggy\n")


@case("18-verify-fails-file-missing", names=in_quote("tree-file-missing", "quote_test.go"), after=verified)
def _(w: World) -> None:
    verify_fails(w, "quote_test.go", None)


class Nobody:
    """A user without rights, in whose name things are run in a world that is given to him. Needs root."""

    def __init__(self, w: World, home: Path, env: dict):
        self.w, self.extra, self.home = w, env, home
        subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", str(w.root)], check=True)

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess:
        env = {**world_env(self.w.root, {"HOME": str(self.home), "GOENV": None, **self.extra}), **more}
        who = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        return subprocess.run([*who, *command], cwd=self.w.root / "main", env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)

    def build(self) -> subprocess.CompletedProcess:
        return self.run("go", "build", "-o", os.devnull, ".", GOPROXY="off")


def cannot_write(lock: Callable[[World, Path], None]) -> Callable[[World, "Tester"], list]:
    """The build cache is where go puts it by itself; `lock` takes it from the user. The command that doctor prints, run by root, gives it back."""
    def course(w: World, t: "Tester") -> list:
        home = w.root / "outside/home"
        home.mkdir()
        user = Nobody(w, home, {"GOCACHE": None})
        lock(w, home)
        if "permission denied" not in (said := user.build().stderr):
            return [f"the symptom is not there: {said!r}"]
        before, bad = t.snapshot(), []
        fix = user.run(str(t.args.scanner), "--fix", "--yes", "--format", "json", "--progress", "never")
        if fix.returncode != 0 or json.loads(fix.stdout)["fix"]["steps"]:
            bad.append(f"--fix of the user: exit {fix.returncode} {fix.stderr[-200:]}")
        doctor = ("doctor", "--no-exec", "--format", "json")
        told = json.loads(user.run(str(t.args.scanner), *doctor).stdout)
        found = [f for f in told["findings"] if f["rule"] == "cache-not-writable"]
        if [f["path"] for f in found] != ["env:GOCACHE"] or "command" not in found[0].get("mend", {}):
            return bad + [f"doctor: {found}"]
        bad += [f"changed without being asked: {d}" for d in t.differences(before)]
        subprocess.run(found[0]["mend"]["command"], check=True)
        if (p := user.build()).returncode:
            bad.append(f"go build after {found[0]['mend']['command']}: {p.stderr}")
        told = json.loads(user.run(str(t.args.scanner), *doctor).stdout)
        bad += [f"still told: {f}" for f in told["findings"] if f["rule"] == "cache-not-writable"]
        return bad
    return course


def made_by_root(w: World, home: Path) -> None:
    # A volume mounted there, or a `sudo go` that was stopped. Where all 256 folders are there go builds, and keeps nothing.
    (home / ".cache/go-build").mkdir(parents=True)
    os.chown(home / ".cache", NOBODY, NOBODY)


def home_of_root(_: World, home: Path) -> None:
    # A container's user without an account: HOME is a folder of root's.
    os.chown(home, 0, 0)


def mode_without_write(_: World, home: Path) -> None:
    home.chmod(0o555)


for id, lock in (("root-made-it", made_by_root), ("home-is-roots", home_of_root), ("home-is-read-only", mode_without_write)):
    case(f"22-cache-not-writable-{id}", alone=cannot_write(lock))(lambda w: None)


@case("22-chown-only-when-asked", alone=lambda w, t: chown_is_asked_for(w, t))
def _(w: World) -> None:
    os.chown(w.action_of(b"rsc.io/quote")[1], 4_000_001, 4_000_001)


def chown_is_asked_for(w: World, t: "Tester") -> list:
    """Root's own repair, without a terminal and without --yes."""
    before = t.snapshot()
    code, _, said = t.scan("--fix", env={})
    bad = [f"changed: {d}" for d in t.differences(before)]
    return bad if code == 2 and "--yes" in said else bad + [f"exit {code}: {said}"]


def remove_read_only(w: World, t: "Tester") -> list:
    """A bad directory as go writes it (0555, 0444) that its owner can't remove: repaired, purged, and the rest cleaned by go."""
    user = Nobody(w, w.root / "home", {})
    place = ("--main-module", str(w.root / "main"))
    copy = w.root / "outside/copy"
    user.run("cp", "-a", str(w.tree(SAMPLER)), str(copy))
    if user.run("rm", "-rf", str(copy)).returncode == 0:
        return ["the symptom is not there: rm -rf removes a read-only directory"]
    p = user.run(str(t.args.scanner), "--fix", "--yes", "--format", "json", "--progress", "never", *place)
    report = json.loads(p.stdout)
    bad = [] if p.returncode == 0 else [f"--fix: exit {p.returncode} {p.stderr[-300:]} {report['findings']}"]
    if not any(s["path"] == str(w.tree(SAMPLER)) and s["done"] for s in report["fix"]["steps"]) or w.tree(SAMPLER).exists():
        bad.append(f"not taken away: {report['fix']['steps']}")
    p = user.run(str(t.args.scanner), "quarantine", "purge", report["fix"]["run"], "--yes")
    left = [str(x) for top in w.root.rglob(".gocachescan-quarantine") for x in top.rglob("*") if report["fix"]["run"] in str(x)]
    if p.returncode or left:
        bad.append(f"purge: exit {p.returncode} {p.stderr[-300:]}, left {left[:3]}")
    if (p := user.build()).returncode:
        bad.append(f"go build: {p.stderr}")
    if (p := user.run("go", "clean", "-modcache")).returncode or w.mod.exists():
        bad.append(f"go clean -modcache: exit {p.returncode} {p.stderr}")
    return bad


@case("24-read-only-directory", alone=remove_read_only)
def _(w: World) -> None:
    w.edit(w.tree(SAMPLER) / "glass.go", b"package sampler\n")


@case("23-files-of-somebody-else")
def _(w: World) -> None:
    for path in w.action_of(b"rsc.io/quote"):
        os.chown(path, 4_000_001, 4_000_001)
    os.chown(w.at(QUOTE, "info"), 4_000_001, 4_000_001)


@case("25-writable-by-all")
def _(w: World) -> None:
    for path in (w.gocache, w.gocache / "a0", w.tree(QUOTE), w.at(QUOTE, "zip")):
        path.chmod(0o777)


@case("26-one-module-of-two", options=("--only", f"{QUOTE[0]}@{QUOTE[1]}"))
def _(w: World) -> None:
    for module in (QUOTE, SAMPLER):
        w.edit(w.tree(module) / "LICENSE", b"none\n")


def vendor_mended(w: World, t: "Tester") -> list:
    """A vendored file that was changed, and one that was added: go builds both, --fix leaves them, the command that is printed mends them."""
    main, env = w.root / "main", world_env(w.root)
    subprocess.run(["go", "mod", "vendor"], cwd=main, env=env, check=True)
    package = main / "vendor/rsc.io/quote"
    changed, added = package / "quote.go", package / "added.go"
    changed.write_text(changed.read_text() + "\nvar Added = more\n")
    added.write_text("package quote\n\nconst more = 1\n")
    if said := t.build(Path(os.devnull))[1]:
        return [f"the symptom is not there: {said}"]
    code, report, err = t.scan("--fix", "--yes", env={})
    if report is None:
        return [f"no report: exit {code} {err}"]
    want = {("vendor-file-differs", str(changed)), ("vendor-file-added", str(added))}
    found = {(f["rule"], f["path"]) for f in report["findings"]}
    bad = [] if code == 1 and found == want and not report["fix"]["steps"] else [f"exit {code} {found} {report['fix']['steps']}"]
    commands = {tuple(f["mend"]["command"]) for f in report["findings"]}
    for command in commands:
        subprocess.run(command, cwd=w.root, env=env, check=True)
    code, report, err = t.scan(env={})
    left = [f["path"] for f in (report or {}).get("findings", [])]
    return bad + ([] if code == 0 and commands and not left and not added.exists() else [f"after {commands}: exit {code} {left} {err}"])


@case("34-vendor-tampered", alone=vendor_mended)
def _(w: World) -> None:
    pass


@case("30-half-a-directory")
def _(w: World) -> None:
    tree = w.tree(SAMPLER)
    tree.chmod(0o755)
    for path in sorted(tree.iterdir())[::2]:
        if path.is_file():
            path.unlink()
    shutil.rmtree(w.gocache / "fuzz", ignore_errors=True)
    tree.chmod(0o555)


symptoms_prune.register(case)
