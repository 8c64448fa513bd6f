#!/usr/bin/env python3
"""Scans again and again while go builds, tests and cleans a large module in a loop: a running build is no finding.

    race.py [--scanner BIN] [--scans 20] [--go VERSION] DIR

DIR holds the world (made on first use). Asserted for each scan: no finding at warning or error, exit 0, complete.
At the end: the loop really went round, and really took files away while scans ran.
"""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from check import complaints  # noqa: E402
from lib import DEFAULT_SCANNER, Failure, Tally, World, find_go, run, scan  # noqa: E402

# A module of some 200 packages with few requirements.
MODULE = "golang.org/x/tools@v0.30.0"
# Builds are stopped now and then, and another go cleans beside them, so that files vanish often even on a slow machine.
LOOP = """
while sleep 8; do go clean -cache; done &
n=0
while :; do
  timeout 15 go build ./...
  timeout 10 go test -short ./go/ast/... ./internal/diff/... ./container/...
  go clean -testcache
  timeout 5 go vet ./go/ast/... ./container/...
  go clean -cache
  n=$((n+1)); echo $n > "$ROUNDS"
done
"""


def make(world: World) -> Path:
    main = world.root / "main"
    if not main.exists():
        world.make()
        world.go("mod", "download", MODULE, cwd=world.home)
        fresh = world.root / "main.new"
        shutil.copytree(world.gomodcache / MODULE, fresh)
        run(["chmod", "-R", "u+w", str(fresh)], world.root, None)
        world.go("mod", "download", cwd=fresh)
        world.save(world.version(), main)
        os.rename(fresh, main)
    return main


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--scanner", type=Path, default=DEFAULT_SCANNER)
    ap.add_argument("--scans", type=int, default=20)
    ap.add_argument("--go", default="1.26")
    ap.add_argument("dir", type=Path)
    args = ap.parse_args()
    os.umask(0o022)
    tally = Tally()
    root = args.dir.absolute()
    go, _ = find_go(args.go, root.parent / "go-toolchains")
    world = World(root, go)
    try:
        main_module = make(world)
    except Failure as e:
        tally.fail("the world", str(e))
        return tally.close()
    rounds = root / "rounds"
    rounds.write_text("0")
    loop = subprocess.Popen(["sh", "-c", LOOP], cwd=main_module, env=world.env(ROUNDS=str(rounds)), stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    seen, vanished = set(), 0
    try:
        i, limit = 0, time.monotonic() + 900
        # Until go has also cleaned the cache under a scan, however slow this machine is.
        while i < args.scans or (int(rounds.read_text().strip() or 0) < 2 and time.monotonic() < limit):
            time.sleep(i % 4 + i % 7 / 7)  # at different moments of the round
            result = scan(args.scanner, world.env(), root)
            if loop.poll() is not None:
                tally.fail("the loop", "it ended before the scans did")
                break
            counts = (result.report or {}).get("counts", {})
            gone = counts.get("vanished", 0)
            vanished += gone
            seen.add(counts.get("actions", counts.get("files", 0)))
            tally.check(f"scan {i + 1}", complaints(result), f"{result.seconds:.1f} s, {counts.get('files', 0)} files, {counts.get('actions', 0)} actions, {gone} vanished")
            i += 1
    finally:
        try:
            os.killpg(loop.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        loop.wait()
    went = int(rounds.read_text().strip() or 0)
    wrong = [] if len(seen) > args.scans // 3 else [f"only {len(seen)} different sizes were seen"]
    if went < 2:
        wrong.append(f"go went round {went} times: the cache was hardly cleaned")
    tally.check("the cache changed between scans", wrong,
                f"{len(seen)} sizes, {went} whole rounds, {vanished} files vanished under the scans")
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
