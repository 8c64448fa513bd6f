#!/usr/bin/env python3
"""CPU seconds of `go mod verify` against ours on the same modules, in pairs, A B A B.

    module_verify.py --scratch DIR [--scanner BIN] [--module PATH@VERSION ...] [--pairs N]

For each module DIR/NAME/mod becomes a module cache that holds its build list (fetched once, which needs the network) and
DIR/NAME/main a main module that requires it; without --module these are the tools of tests/worlds/real.py. BIN is
`gocachescan` or the bench `module_pass`. First both must agree: that everything is intact, and that it is not once a byte of one
extracted file is changed. Then each pair is measured one after the other, warm, and the ratio of each pair and their median are
printed; at the end those of all modules together, from the sum of the seconds of each round. CPU is user plus system time of the
process and its children.
"""
from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE / "tests/worlds"))
from real import TOOLS  # noqa: E402


def module_of(tool: str) -> str:
    """The module of a program: PATH/cmd/NAME@VERSION is in PATH."""
    path, version = tool.split("@")
    return path.split("/cmd/")[0] + "@" + version


def name_of(module: str) -> str:
    """The last part of its path that is no major version."""
    parts = module.split("@")[0].split("/")
    return next(part for part in reversed(parts) if not part.lstrip("v").isdigit())


def prepare(scratch: Path, module: str, env: dict) -> Path:
    main = scratch / "main"
    if not (main / "ready").exists():
        main.mkdir(parents=True, exist_ok=True)
        (main / "go.mod").write_text("module example.test/m\n")
        out = subprocess.run(["go", "mod", "download", "-json", module], cwd=main, env=env, check=True, capture_output=True)
        source = Path(json.loads(out.stdout)["Dir"])
        lines = (source / "go.mod").read_text().splitlines()
        path, version = module.split("@")
        lines = ["module example.test/m", f"require {path} {version}"] + [l for l in lines if not l.startswith("module ")]
        (main / "go.mod").write_text("\n".join(lines) + "\n")
        shutil.copyfile(source / "go.sum", main / "go.sum")
        (main / "main.go").write_text("package main\n\nfunc main() {}\n")
        subprocess.run(["go", "mod", "download"], cwd=main, env=env, check=True)
        # The first run reads go.mod files that are not there yet.
        subprocess.run(["go", "mod", "verify"], cwd=main, env=env, check=True)
        (main / "ready").touch()
    return main


def run(command: list[str], cwd: Path, env: dict) -> tuple[int, str, float, float]:
    before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    p = subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return p.returncode, p.stdout + p.stderr, cpu, time.monotonic() - clock


def damage(cache: Path) -> tuple[Path, str]:
    """The first source file of a module in the cache, and the path of the module."""
    for tree in sorted(p for p in cache.glob("*.*/**/*@v*") if p.is_dir() and "!" not in str(p)):
        for source in sorted(tree.glob("*.go")):
            if b"package" in source.read_bytes():
                return source, str(tree.relative_to(cache)).split("@")[0]
    raise SystemExit(f"{cache} holds no source file")


def measure(module: str, scratch: Path, a: argparse.Namespace) -> list[tuple[float, float, float, float]] | None:
    cache = scratch / "mod"
    env = {**os.environ, "GOMODCACHE": str(cache), "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    main_module = prepare(scratch, module, env)
    env["GOPROXY"] = "off"
    if "module_pass" in a.scanner.name:
        ours = [str(a.scanner.absolute()), str(cache)]
    else:
        ours = [str(a.scanner.absolute()), "scan", "--no-bin", "--progress", "never", str(cache)]
    go = ["go", "mod", "verify"]
    # What go needs here, and a scan would rightly tell of.
    plain = {name: value for name, value in env.items() if name != "GOFLAGS"}

    listed = subprocess.run(["go", "list", "-m", "-e", "-f", "{{.Dir}}", "all"], cwd=main_module, env=env, capture_output=True, text=True)
    theirs = sum(1 for line in listed.stdout.splitlines() if line.startswith(str(cache)))
    zips = sum(1 for _ in (cache / "cache/download").rglob("*.zip"))
    print(f"{module}: go mod verify looks at {theirs} extracted modules, ours at {zips} zips and their directories", flush=True)
    if theirs != zips:
        print("these are not the same modules")
        return None

    intact = [run(go, main_module, env)[:2], run(ours, main_module, plain)[:2]]
    if any(code for code, _ in intact):
        print("not intact:", *(text[-500:] for code, text in intact if code), sep="\n")
        return None
    victim, changed = damage(cache)
    content, mode = victim.read_bytes(), victim.stat().st_mode
    os.chmod(victim, 0o644)
    try:
        victim.write_bytes(content.replace(b"package", b"pachage", 1))
        os.chmod(victim, mode)
        told = [run(go, main_module, env), run(ours, main_module, plain)]
    finally:
        os.chmod(victim, 0o644)
        victim.write_bytes(content)
        os.chmod(victim, mode)
    if not all(code and changed in text for code, text, *_ in told):
        print("a changed byte is not told by both:", *((code, text[-500:]) for code, text, *_ in told), sep="\n")
        return None
    print(f"verdicts agree: intact, and one changed byte of {changed} found by both")

    rows = []
    for i in range(a.pairs):
        (_, _, go_cpu, go_wall), (_, _, our_cpu, our_wall) = run(go, main_module, env), run(ours, main_module, plain)
        rows.append((go_cpu, our_cpu, go_wall, our_wall))
        print(f"pair {i + 1}: go {go_cpu:6.2f} CPU s {go_wall:6.2f} s   ours {our_cpu:6.2f} CPU s {our_wall:6.2f} s   "
              f"ratio {go_cpu / our_cpu:.2f} CPU {go_wall / our_wall:.2f} wall")
    print(median(rows), flush=True)
    return rows


def median(rows: list[tuple[float, float, float, float]]) -> str:
    cpu, wall = [r[0] / r[1] for r in rows], [r[2] / r[3] for r in rows]
    return f"median ratio: {statistics.median(cpu):.2f} CPU, {statistics.median(wall):.2f} wall"


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--scratch", type=Path, required=True)
    ap.add_argument("--scanner", type=Path, default=HERE / "target/release/gocachescan")
    ap.add_argument("--module", action="append", help="one of those to be measured (default: the tools of tests/worlds/real.py)")
    ap.add_argument("--pairs", type=int, default=5)
    a = ap.parse_args()
    measured = []
    for module in a.module or [module_of(tool) for tool in TOOLS.values()]:
        scratch = a.scratch.absolute() / name_of(module)
        rows = measure(module, scratch, a)
        if rows is None:
            return 1
        measured.append(rows)
    if len(measured) > 1:
        together = [tuple(sum(column) for column in zip(*round_)) for round_ in zip(*measured)]
        print(f"all {len(measured)} together, {together[0][0]:.1f} CPU s of go's in a round: {median(together)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
