#!/usr/bin/env python3
"""The same report, byte for byte except the times, for --jobs 1 and --jobs 64.

    jobs.py [--scanner BIN] [--runs 3] [WORLD...]

A handmade world and each WORLD are scanned RUNS times with one and with 64 workers, as they are and as a damaged copy with many
findings. A large WORLD takes as long as four times RUNS scans of it, and the room of a copy in the temporary folder.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from handmade import HandMade  # noqa: E402
from lib import DEFAULT_SCANNER, Tally, load_world, scan  # noqa: E402

TIMES = re.compile(rb'"(started_at|elapsed_ms)"\s*:\s*("[^"]*"|[0-9.]+)')


def damage(root: Path) -> int:
    """Damages every 17th file below the caches, each in one of several ways; returns how many."""
    done = 0
    files = sorted(p for top in ("gocache", "gopath") for p in (root / top).rglob("*") if p.is_file() and not p.is_symlink())
    for i, path in enumerate(files):
        if i % 17:
            continue
        done += 1
        path.parent.chmod(path.parent.stat().st_mode | 0o700)
        path.chmod(0o644)
        match done % 5:
            case 0:
                path.write_bytes(path.read_bytes()[:-1])
            case 1:
                data = path.read_bytes()
                path.write_bytes(bytes([data[0] ^ 1]) + data[1:] if data else b"x")
            case 2:
                path.unlink()
                os.symlink("/etc/hostname", path)
            case 3:
                path.chmod(0o666)
            case 4:
                path.with_name(path.name + ".stray").write_bytes(b"stray")
    return done


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--scanner", type=Path, default=DEFAULT_SCANNER)
    ap.add_argument("--runs", type=int, default=3)
    ap.add_argument("worlds", nargs="*", type=Path)
    args = ap.parse_args()
    os.umask(0o022)
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="jobs-") as temp:
        cases = []
        made = HandMade(Path(temp) / "handmade")
        made.root.mkdir()
        made.make()
        made.fill(500)
        cases.append(("handmade", made.root, made.env()))
        cases += [(f"{load_world(w)['go']} {w.name}", w, load_world(w)["env"]) for w in args.worlds]
        for name, root, env in list(cases):
            copy = Path(temp) / f"damaged-{len(cases)}"
            subprocess.run(["cp", "-a", "--reflink=auto", str(root), str(copy)], check=True)
            count = damage(copy)
            cases.append((f"{name}, {count} files damaged", copy, {k: v.replace(str(root), str(copy)) for k, v in env.items()}))
        for name, root, env in cases:
            wrong, first, slowest = [], None, 0.0
            for jobs in ["1", "64"] * args.runs:
                r = scan(args.scanner, env, root, ["--jobs", jobs])
                slowest = max(slowest, r.seconds)
                if r.report is None:
                    wrong.append(f"--jobs {jobs}: no report, exit {r.code}: {r.stderr.strip()[-200:]}")
                    break
                text, times = TIMES.subn(rb'"\1": 0', r.stdout)
                if times != 2:
                    wrong.append(f"{times} times in the report, wanted 2")
                    break
                first = first or (text, r.code)
                if (text, r.code) != first:
                    at = next((i for i, (a, b) in enumerate(zip(text, first[0])) if a != b), min(len(text), len(first[0])))
                    wrong.append(f"--jobs {jobs} differs at byte {at}: {first[0][at - 40:at + 40]!r} became {text[at - 40:at + 40]!r}")
                    break
            if not wrong and "damaged" in name and not r.report["findings"]:
                wrong.append("no finding in a damaged world: the comparison says nothing")
            tally.check(name, wrong, "" if wrong else f"{len(r.stdout)} bytes, {len(r.report['findings'])} findings, at most {slowest:.1f} s")
        subprocess.run(["chmod", "-R", "u+rwX", temp], check=False)
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
