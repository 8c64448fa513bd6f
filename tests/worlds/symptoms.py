"""What people met in their caches, made with a real go: a corpus for fix.py.

    fix.py --corpus tests/worlds/symptoms.py --world DIR
"""
from __future__ import annotations

import base64
import dataclasses
import hashlib
import os
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parent))
import lib  # noqa: E402
from fix_builds import FILES  # noqa: E402

QUOTE, SAMPLER = ("rsc.io/quote", "v1.5.2"), ("rsc.io/sampler", "v1.3.0")
CASES: dict[str, "Case"] = {}


@dataclasses.dataclass
class Case:
    """One symptom. `refused`: go must refuse to build after the repair, and the report must have said why. `untouched`: nothing is to be
    done. `options`: what every scan of it is called with."""
    id: str
    damage: Callable[["World"], None]
    refused: bool = False
    untouched: bool = False
    options: tuple = ()
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


@case("30-half-a-directory")
def _(w: World) -> None:
    tree = w.tree(SAMPLER)
    tree.chmod(0o755)
    for path in sorted(tree.iterdir())[::2]:
        if path.is_file():
            path.unlink()
    shutil.rmtree(w.gocache / "fuzz", ignore_errors=True)
    tree.chmod(0o555)
