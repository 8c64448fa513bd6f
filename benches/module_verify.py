#!/usr/bin/env python3
"""CPU seconds of `go mod verify` against ours on the same modules, in pairs, A B A B.

    module_verify.py --scratch DIR [--scanner BIN] [--module PATH@VERSION] [--pairs N]

DIR/mod becomes a module cache that holds the build list of the module (fetched once, which needs the network), DIR/main a main
module that requires it. BIN is `gocachescan` or the bench `module_pass`. First both must agree: that everything is intact,
and that it is not once a byte of one extracted file is changed. Then each pair is measured one after the other, warm, and
the ratio of each pair and their median are printed. CPU is user plus system time of the process and its children.
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


def prepare(scratch: Path, module: str, env: dict) -> Path:
    main = scratch / "main"
    if not (main / "ready").exists():
        main.mkdir(parents=True, exist_ok=True)
        (main / "go.mod").write_text("module example.test/m\n")
        out = subprocess.run(["go", "mod", "download", "-json", module], cwd=main, env=env, check=True, capture_output=True)
        source = Path(json.loads(out.stdout)["Dir"])
        lines = (source / "go.mod").read_text().splitlines()
        (main / "go.mod").write_text("\n".join(["module example.test/m"] + [l for l in lines if not l.startswith("module ")]) + "\n")
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


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--scratch", type=Path, required=True)
    ap.add_argument("--scanner", type=Path, default=HERE / "target/release/gocachescan")
    ap.add_argument("--module", default="github.com/rclone/rclone@v1.71.0")
    ap.add_argument("--pairs", type=int, default=5)
    a = ap.parse_args()
    scratch = a.scratch.absolute()
    cache = scratch / "mod"
    env = {**os.environ, "GOMODCACHE": str(cache), "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    main_module = prepare(scratch, a.module, env)
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
    print(f"go mod verify looks at {theirs} extracted modules, ours at {zips} zips and their directories")

    intact = [run(go, main_module, env)[:2], run(ours, main_module, plain)[:2]]
    if any(code for code, _ in intact):
        print("not intact:", *(text[-500:] for code, text in intact if code), sep="\n")
        return 1
    victim = next(p for p in sorted(cache.glob("golang.org/x/text@*/language/parse.go")))
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
    if not all(code and "golang.org/x/text" in text for code, text, *_ in told):
        print("a changed byte is not told by both:", *((code, text[-500:]) for code, text, *_ in told), sep="\n")
        return 1
    print("verdicts agree: intact, and one changed byte found by both")

    cpu, wall = [], []
    for i in range(a.pairs):
        (_, _, go_cpu, go_wall), (_, _, our_cpu, our_wall) = run(go, main_module, env), run(ours, main_module, plain)
        cpu.append(go_cpu / our_cpu)
        wall.append(go_wall / our_wall)
        print(f"pair {i + 1}: go {go_cpu:6.2f} CPU s {go_wall:6.2f} s   ours {our_cpu:6.2f} CPU s {our_wall:6.2f} s   "
              f"ratio {cpu[-1]:.2f} CPU {wall[-1]:.2f} wall")
    print(f"median ratio: {statistics.median(cpu):.2f} CPU, {statistics.median(wall):.2f} wall")
    return 0


if __name__ == "__main__":
    sys.exit(main())
