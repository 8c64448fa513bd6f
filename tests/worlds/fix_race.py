#!/usr/bin/env python3
"""Repairs while somebody swaps the folders that lead to what is bad for links to a folder outside: nothing outside is touched.

    fix_race.py [--scanner BIN] [--swaps 10000] [--dir DIR]

A small world without Go is damaged, and repaired again and again, until SWAPS swaps have been made from the moment on at which a
repair has begun to change things, and repairs have both done and refused something. Each swap is one step of the system (renameat2
with RENAME_EXCHANGE), so that a folder is never missing. Every second round the racer rests between its turns, so that a repair meets
a folder as well as a link. The folder outside holds the same names, with the same bytes, sizes and times: only by being another node
does it differ.
Held after each round: everything outside is what it was (types, modes, owners, times, bytes), and every file of the caches is in
its place or in quarantine; and in the end that repairs have done something under the swaps, and have refused something.
"""
import argparse
import ctypes
import multiprocessing
import os
import random
import shutil
import stat
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from fix_place import Place  # noqa: E402
from handmade import MODULE  # noqa: E402
from lib import DEFAULT_SCANNER, Tally  # noqa: E402
from snapshots import QUARANTINE, differences, snapshot  # noqa: E402

RENAME_EXCHANGE, AT_FDCWD = 2, -100
# Seconds, at most.
REST = 0.002


def folders(place: Place) -> list[Path]:
    """The folders that are swapped: the shards with damage in them, what leads to the module and to its downloads, quarantines."""
    home = place.home
    bad = {os.path.dirname(p) for p, node in place.before.items() if stat.S_IFMT(node[0]) != stat.S_IFDIR}
    shards = sorted(Path(os.fsdecode(p)) for p in bad if p.startswith(os.fsencode(home.gocache) + b"/"))
    # None lies in another: else the racer itself would write to the folder outside.
    return [*shards, home.gomodcache / Path(MODULE).parts[0], home.download, place.world / QUARANTINE, home.gopath / "pkg" / QUARANTINE]


def prepare(place: Place) -> list[tuple[Path, Path]]:
    """Bait outside for every folder, and beside each folder the link that is swapped with it."""
    swaps = []
    for number, folder in enumerate(folders(place)):
        bait = place.top / "bait" / str(number)
        if folder.name == QUARANTINE:
            folder.mkdir(0o700, exist_ok=True)
        shutil.copytree(folder, bait, symlinks=True, copy_function=same if folder.name != QUARANTINE else shutil.copy2)
        bait.chmod(stat.S_IMODE(folder.stat().st_mode))
        link = folder.with_name(f"{folder.name}.swapped")
        link.symlink_to(bait)
        swaps.append((folder, link))
    return swaps


def same(source: str, target: str) -> None:
    mode = os.lstat(source).st_mode
    if stat.S_ISFIFO(mode):
        os.mkfifo(target)
    else:
        shutil.copy2(source, target, follow_symlinks=False)


def race(swaps: list[tuple[Path, Path]], done, stop, rest: float) -> None:
    """Swaps until told to stop, with up to REST seconds between turns; what a repair has taken away is made anew."""
    rename = ctypes.CDLL(None).renameat2
    pairs = [(os.fsencode(a), os.fsencode(b), os.readlink(b)) for a, b in swaps]
    n = 0
    while not stop.is_set():
        for folder, link, target in pairs:
            if rename(AT_FDCWD, folder, AT_FDCWD, link, RENAME_EXCHANGE) == 0:
                n += 1
                continue
            # A repair has moved the link, under one name or the other.
            for name in (link, folder):
                try:
                    os.symlink(target, name)
                except OSError:
                    pass
        done.value = n
        if rest:
            time.sleep(random.uniform(0, rest))


def settle(swaps: list[tuple[Path, Path]]) -> None:
    """Every folder under its own name, and no link of ours left."""
    for folder, link in swaps:
        if folder.is_symlink():
            folder.unlink()
        if link.is_symlink():
            link.unlink()
        elif link.exists() and not folder.exists():
            os.rename(link, folder)


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--scanner", type=Path, default=DEFAULT_SCANNER)
    ap.add_argument("--swaps", type=int, default=10_000)
    ap.add_argument("--dir", type=Path)
    args = ap.parse_args()
    os.umask(0o022)
    tally = Tally()
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="fix-race-", dir=args.dir or (memory if os.access(memory, os.W_OK) else None)) as temp:
        top = Path(temp)
        place = Place("race", top, args.scanner.absolute(), 0, False)
        place.make()
        swaps_made = rounds = moved = refused = 0
        wrong, begun = [], time.monotonic()
        codes: dict[int, int] = {}
        while (swaps_made < args.swaps or not moved or not refused) and not wrong and rounds < 2000:
            rounds += 1
            place.fresh()
            shutil.rmtree(place.top / "bait", ignore_errors=True)
            swaps = prepare(place)
            # A scan waits a second for what is as new as this; the race is to meet the repair.
            time.sleep(1.1)
            outside = snapshot(place.top / "bait")
            done, stop = multiprocessing.Value("q", 0), multiprocessing.Event()
            racer = multiprocessing.Process(target=race, args=(swaps, done, stop, REST * (rounds % 2)))
            racer.start()
            try:
                # Several repairs of one world: each does what the last one had to leave.
                for _ in range(6):
                    start = done.value
                    rc, report, err = place.fix()
                    steps = report["fix"].get("steps", []) if report else []
                    codes[rc] = codes.get(rc, 0) + 1
                    if rc not in (0, 1, 3, 4):
                        wrong.append(f"exit {rc}: {err[-300:]}")
                    if steps:
                        swaps_made += done.value - start
                    moved += sum(s["done"] for s in steps)
                    refused += sum(not s["done"] for s in steps)
            finally:
                stop.set()
                racer.join()
            settle(swaps)
            wrong += [f"outside: {d}" for d in differences(outside, snapshot(place.top / "bait"))][:6]
            wrong += [b for b in place.lost() if not b.startswith("new: ")][:6]
        place.wipe()
        if swaps_made < args.swaps:
            wrong.append(f"only {swaps_made} swaps while repairs were at work")
        if not moved or not refused:
            wrong.append(f"{moved} steps done and {refused} refused: the race did not meet the repair")
        detail = f"{swaps_made} swaps, {rounds} rounds, {moved} steps done, {refused} refused, exits {codes}, {time.monotonic() - begun:.0f} s"
        tally.check("parents swapped for links that lead outside", wrong, detail)
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
