#!/usr/bin/env python3
"""Holds a scanner to its promise on healthy worlds: no finding at warning or error, exit 0, complete.

    check.py [--scanner BIN] [--verbose] DIR...

Each DIR is a world (it has a world.json) or holds worlds. Every world is scanned in its own environment, with and without its
main module; one that asks for it also on a read-only mount.
"""
import argparse
import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from lib import DEFAULT_SCANNER, Tally, World, count_world, load_world, scan  # noqa: E402


def find_worlds(folder: Path) -> list[Path]:
    """The worlds at or below a folder, two levels deep."""
    if (folder / "world.json").exists():
        return [folder]
    return sorted(p.parent for depth in ("*", "*/*") for p in folder.glob(f"{depth}/world.json"))


def complaints(result) -> list[str]:
    """Everything about a scan that breaks the promise."""
    if result.report is None:
        return [f"no report, exit {result.code}: {result.stderr.strip()[-300:]}"]
    out = [f"{f['level']} {f['rule']} {f['path']}: {f['message']}" for f in result.report["findings"] if f["level"] != "note"]
    if result.code != 0:
        out.append(f"exit {result.code}: {result.stderr.strip()[-300:]}")
    if not result.report["complete"]:
        out.append(f"incomplete: {result.report.get('unread', [])[:3]}")
    return out


def missed(result, folder: Path) -> list[str]:
    """What lies in the world and was not looked at: silence about that is worth nothing."""
    world = World(folder)
    there, seen = count_world(world), result.report["counts"]
    pairs = [("zips", there["modules"]), ("binaries", there["binaries"])]
    out = [f"{n} {name} are there, {seen.get(name, 0)} were seen" for name, n in pairs if seen.get(name, 0) != n]
    entries = seen.get("actions", 0) + seen.get("outputs", 0)
    # An output that is a directory is one output and one file; the fuzz corpus is in neither count.
    if entries != there["cache_files"]:
        out.append(f"{there['cache_files']} action entries and outputs are there, {entries} were seen")
    return out


def readonly_command(world: Path) -> list[str] | None:
    """What runs a command while `world` is mounted read-only, or None where this machine allows no mount."""
    if not shutil.which("unshare") or not shutil.which("mount"):
        return None
    flags = "-m" if os.geteuid() == 0 else "-Urm"
    script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && ! touch "$0/x" 2>/dev/null && exec "$@"'
    prefix = ["unshare", flags, "sh", "-c", script, str(world)]
    return prefix if os.spawnvp(os.P_WAIT, prefix[0], [*prefix, "true"]) == 0 else None


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--scanner", type=Path, default=DEFAULT_SCANNER)
    ap.add_argument("--verbose", action="store_true", help="show notes too")
    ap.add_argument("dirs", nargs="+", type=Path)
    args = ap.parse_args()
    tally = Tally()
    worlds = [w for d in args.dirs for w in find_worlds(d)]
    if not worlds:
        tally.fail("no world found", f"nothing below {', '.join(map(str, args.dirs))} has a world.json")
    for folder in worlds:
        world = load_world(folder)
        name = f"go{world['go'].removeprefix('go')} {world['name']}"
        ways = [("", [], [])]
        if world["main"]:
            ways.append((" with --main-module", ["--main-module", world["main"]], []))
        if world["readonly"]:
            prefix = readonly_command(folder.absolute())
            if prefix is None:
                tally.cannot(f"{name} read-only", "no mount is allowed here")
            else:
                ways.append((" read-only", [], prefix))
        for words, options, prefix in ways:
            result = scan(args.scanner, world["env"], folder, options, prefix=prefix)
            wrong = complaints(result) or missed(result, folder)
            if wrong:
                tally.fail(name + words, "\n".join(wrong[:20] + ([f"... {len(wrong) - 20} more"] if len(wrong) > 20 else [])))
                continue
            counts = result.report["counts"]
            notes = [f for f in result.report["findings"]]
            tally.ok(name + words, f"{result.seconds:5.1f} s, {result.rss >> 20:4} MB, {counts.get('files', 0)} files, "
                     f"{counts.get('actions', 0)} actions, {counts.get('zips', 0)} zips, {counts.get('binaries', 0)} binaries, {len(notes)} notes")
            if args.verbose:
                for f in notes:
                    print(f"        note {f['rule']} {f['path']}: {f['message']}")
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
