#!/usr/bin/env python3
"""`--online` on real modules: a module cache that was filled by an existing go.sum, so that of most no checksum database was asked.

    online.py DIR [--scanner BIN] [--module PATH@VERSION] [--least N]

DIR becomes a world of its own. Three scans: offline every module must be proven, most by go.sum, and no socket may be made (strace);
with `--online` every module must be proven by the checksum database; from what that kept, once more. Needs a module proxy.
"""
import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from lib import World  # noqa: E402

HERE = Path(__file__).resolve().parent.parent.parent


def scan(scanner: Path, env: dict, main: Path, *flags: str, strace: Path = None) -> dict:
    command = [str(scanner), "--format", "json", "--no-bin", "--main-module", str(main), *flags]
    if strace:
        command = ["strace", "-f", "-e", "trace=%network", "-o", str(strace), *command]
    p = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if p.returncode != 0:
        print(p.stdout[-2000:], p.stderr[-2000:])
        raise SystemExit(f"FAILED  exit {p.returncode}: {' '.join(command)}")
    return json.loads(p.stdout)


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("dir", type=Path)
    ap.add_argument("--scanner", type=Path, default=HERE / "target/release/gocachescan")
    ap.add_argument("--module", default="github.com/rclone/rclone@v1.71.0")
    ap.add_argument("--least", type=int, default=500, help="modules that there must be")
    a = ap.parse_args()
    world = World(a.dir.absolute())
    world.make()
    env, folder = world.env(), world.root / "main"
    folder.mkdir(exist_ok=True)
    if not (folder / "ready").exists():
        # The go.mod and go.sum of the module itself, fetched into another cache than the one that is looked at.
        apart = dict(env, GOMODCACHE=str(world.root / "apart"), GOFLAGS="-modcacherw")
        said = subprocess.run(["go", "mod", "download", "-json", a.module], cwd=world.root, env=apart, check=True, capture_output=True)
        source = Path(json.loads(said.stdout)["Dir"])
        lines = [line for line in (source / "go.mod").read_text().splitlines() if not line.startswith("module ")]
        (folder / "go.mod").write_text("\n".join(["module example.test/m", *lines]) + "\n")
        (folder / "go.sum").write_bytes((source / "go.sum").read_bytes())
        subprocess.run(["go", "mod", "download", "all"], cwd=folder, env=env, check=True)
        (folder / "ready").touch()
    verdicts = []

    def hold(what: str, good: bool, told: object) -> None:
        verdicts.append(good)
        print(f"{'ok     ' if good else 'FAILED '} {what}: {told}")

    trace = world.root / "trace"
    offline = scan(a.scanner, env, folder, strace=trace)
    modules = offline["trust"]["modules"]
    total = sum(modules.values())
    hold(f"at least {a.least} modules", total >= a.least, total)
    # Go itself has asked the database for what that go.sum does not name.
    proven = modules["go.sum"] + modules["sumdb"] == total and modules["go.sum"] > modules["sumdb"]
    hold("offline all are proven, most by go.sum alone", proven, modules)
    calls = [line for line in trace.read_text().splitlines() if "(" in line]
    hold("offline no socket is made", not calls, calls[:3] or "none")
    for name in ["online", "online again, from what was kept"]:
        report = scan(a.scanner, env, folder, "--online")
        modules, spent = report["trust"]["modules"], report["online"]
        hold(f"{name}, all are proven by the checksum database", modules["sumdb"] == sum(modules.values()) == total, modules)
        hold(f"{name}, what was asked", name == "online" or spent["requests"] <= 1, spent)
    print(f"{sum(verdicts)} passed, {len(verdicts) - sum(verdicts)} failed")
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
