#!/usr/bin/env python3
"""How much longer a scan of a very large build cache takes when it also mends: less than a tenth.

    fix_many.py [--scanner BIN] [--entries 1000000] [--bad 1000] [--pairs 5] [--dir DIR]

Makes ENTRIES entries (half of them action entries, half outputs of a few bytes), damages BAD outputs, and runs a scan and a repair by
turns, PAIRS times; after each repair everything is put back. Each pair is compared with itself, the middle of the shares is held.
Also held: every repair moves what is bad, and nothing else; the next scan is clean; and the restored cache has the same findings.
Needs some 5 KB of DIR (in memory, if there is room) for each entry.
"""
import argparse
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from handmade import HandMade  # noqa: E402
from lib import DEFAULT_SCANNER, Tally, scan  # noqa: E402

LIMIT = 0.10


def make(home: HandMade, entries: int, bad: int) -> None:
    """A cache of `entries` files, of whose outputs `bad` hold other bytes than their names say."""
    home.make()
    there = sum(len(names) for shard in home.gocache.iterdir() if shard.is_dir() for _, _, names in os.walk(shard))
    pairs = (entries - there) // 2
    shards = {f"{i:02x}": os.open(home.gocache / f"{i:02x}", os.O_RDONLY | os.O_DIRECTORY) for i in range(256)}
    now = time.time_ns()

    def put(name: str, data: bytes) -> None:
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=shards[name[:2]])
        os.write(fd, data)
        os.close(fd)
    step = pairs // bad if bad else pairs + 1
    for i in range(pairs):
        data = b"./many%d.go\n" % i
        output, action = hashlib.sha256(data).hexdigest(), hashlib.sha256(b"many%d" % i).hexdigest()
        damaged = bad and i % step == 0 and i // step < bad
        put(f"{output}-d", data.swapcase() if damaged else data)
        put(f"{action}-a", b"v1 %s %s %20d %20d\n" % (action.encode(), output.encode(), len(data), now))
    for fd in shards.values():
        os.close(fd)


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--scanner", type=Path, default=DEFAULT_SCANNER)
    ap.add_argument("--entries", type=int, default=1_000_000)
    ap.add_argument("--bad", type=int, default=1_000)
    ap.add_argument("--pairs", type=int, default=5)
    ap.add_argument("--dir", type=Path)
    args = ap.parse_args()
    os.umask(0o022)
    tally = Tally()
    memory = Path("/dev/shm")
    room = os.statvfs(memory) if os.access(memory, os.W_OK) else None
    enough = room is not None and room.f_bavail * room.f_frsize > args.entries * 6000
    with tempfile.TemporaryDirectory(prefix="fix-many-", dir=args.dir or (memory if enough else None)) as temp:
        home = HandMade(Path(temp))
        begun = time.monotonic()
        make(home, args.entries, args.bad)
        print(f"        made {args.entries} entries in {temp}, {time.monotonic() - begun:.0f} s", flush=True)
        env = home.env()

        def run(*more: str):
            # What is as new as a second is waited for.
            time.sleep(1.2)
            return scan(args.scanner, env, home.main, ["--no-bin", *more], timeout=1800)
        run()  # warms the caches of the system
        shares, wrong, scans = [], [], []
        for pair in range(args.pairs):
            first = run()
            fixed = run("--fix", "--yes")
            if first.code != 1 or fixed.code != 0 or fixed.report is None or first.report is None:
                wrong.append(f"exit {first.code} and {fixed.code}: {first.stderr[-300:]} {fixed.stderr[-300:]}")
                break
            steps = fixed.report["fix"]["steps"]
            found = {f["path"] for f in first.report["findings"] if f["level"] != "note"}
            moved = {s["path"] for s in steps if s["path"].endswith("-d")}
            if moved != found or len(found) != args.bad or len(steps) != 2 * args.bad:
                wrong.append(f"{len(found)} found, {len(moved)} outputs and {len(steps)} nodes moved")
            share = fixed.seconds / first.seconds - 1
            shares.append(share)
            scans.append(first.seconds)
            print(f"        scan {first.seconds:.2f} s, with the repair {fixed.seconds:.2f} s ({len(steps)} steps): {share:+.1%}; "
                  f"peak memory {first.rss >> 20} and {fixed.rss >> 20} MB", flush=True)
            if pair == 0:
                clean = run()
                if clean.code != 0:
                    wrong.append(f"a scan after the repair: exit {clean.code}")
            back = subprocess.run([str(args.scanner.absolute()), "quarantine", "restore", fixed.report["fix"]["run"]],
                                  env={"PATH": os.defpath, "LC_ALL": "C", **env}, cwd=home.main, capture_output=True, text=True)
            if back.returncode:
                wrong.append(f"restore: exit {back.returncode} {back.stdout[-300:]}{back.stderr[-300:]}")
                break
            if pair == args.pairs - 1:
                last = run().report or {"findings": []}
                if {f["path"] for f in last["findings"] if f["level"] != "note"} != found:
                    wrong.append("other findings after the last restore")
        tally.check("repairs and restores of a large cache", wrong, f"{len(shares)} times")
        if shares:
            middle = statistics.median(shares)
            tally.check("what a repair adds to a scan", [f"{middle:+.1%}, more than {LIMIT:.0%}"] if middle >= LIMIT else [],
                        f"{middle:+.1%} of {statistics.median(scans):.2f} s; {args.entries} entries, {args.bad} bad ones")
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
