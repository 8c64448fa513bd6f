#!/usr/bin/env python3
"""Holds the hashing of build-cache outputs against `openssl speed`: benches/output_hash.py GOCACHESCAN GOCACHE [PAIRS]

A is `gocachescan GOCACHE --no-bin --jobs 1`: walk, open, read, hash and judge, in CPU seconds (user + system). It is run
twice: as users run it, which takes two hashes of nearly every byte (the sha256 that the name stands for, and the content ID
in the build ID), and with the rules on content skipped, which takes the first alone, as openssl does. B is
`openssl speed -evp sha256 -bytes 16384`, which hashes the same memory over and over on one core. They take turns, so that
all meet the same minute of the machine. Before that the scan must be clean, and a byte that is flipped in a copy of one
output must be found. The cache is read twice before the first measurement, so that it comes from memory if it fits there.
"""

import json
import os
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path


ONE_HASH = ["--skip", "archive-content-mismatch", "--skip", "executable-content-mismatch"]


def scan(program, cache, *more):
    """CPU seconds, exit status and report of one scan."""
    command = [program, cache, "--no-bin", "--jobs", "1", "--format", "json", *more]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(map(str, command))} ends with status {done.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, done.returncode, json.loads(done.stdout)


def outputs(cache):
    return [p for p in Path(cache).glob("[0-9a-f][0-9a-f]/*-d") if p.is_file() and not p.is_symlink()]


def openssl():
    """Bytes a second of CPU time."""
    command = ["openssl", "speed", "-seconds", "2", "-evp", "sha256", "-bytes", "16384"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True)
    found = re.search(r"^sha256\s+([0-9.]+)k\s*$", done.stdout, re.MULTILINE | re.IGNORECASE)
    if not found:
        sys.exit(f"no figure in what openssl says:\n{done.stdout}")
    return float(found[1]) * 1000


def prove_found(program, cache, files):
    """A flipped byte in a copy of one output, its action entry beside it, must be told; the untouched copy must not."""
    by_output = {}
    for entry in Path(cache).glob("[0-9a-f][0-9a-f]/*-a"):
        words = entry.read_bytes().split()
        if len(words) > 2:
            by_output.setdefault(words[2].decode("ascii", "replace"), entry)
    named = [f for f in files if f.stat().st_size > 0 and f.name[:-2] in by_output]
    if not named:
        sys.exit("no output of this cache is named by an action entry")
    output = random.choice(named)
    with tempfile.TemporaryDirectory() as temp:
        copy = Path(temp, "cache")
        copy.mkdir(mode=0o755)
        # By this and its shards a build cache is told.
        shutil.copy(Path(cache, "README"), copy / "README")
        for path in (output, by_output[output.name[:-2]]):
            target = copy / path.parent.name / path.name
            target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            shutil.copy(path, target)
        verdict = scan(program, copy)
        if verdict[1] != 0:
            sys.exit(f"the scan of an untouched copy of {output.name} ends with status {verdict[1]}: {verdict[2]['findings']}")
        changed = copy / output.parent.name / output.name
        content = bytearray(changed.read_bytes())
        at = random.randrange(len(content))
        content[at] ^= 1 << random.randrange(8)
        changed.write_bytes(content)
        _, status, report = scan(program, copy)
        if status == 0 or output.name not in json.dumps(report["findings"]):
            sys.exit(f"a flipped bit at offset {at} of {output.name} was not found (exit status {status})")
    print(f"a flipped bit at offset {at} of a copy of {output.name} is found")


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    program, cache = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    pairs = int(sys.argv[3]) if len(sys.argv) == 4 else 5
    if not shutil.which("openssl"):
        sys.exit("openssl is not installed: there is nothing to hold the scan against")
    version = subprocess.run(["openssl", "version"], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
    files = outputs(cache)
    size = sum(f.stat().st_size for f in files)
    print(f"{len(files)} outputs, {size / 1e9:.3f} GB; {version}")
    for _ in range(2):
        _, status, report = scan(program, cache)
        if status != 0:
            rules = sorted({f["rule"] for f in report["findings"]})
            sys.exit(f"the scan is not clean (exit status {status}): {', '.join(rules)}")
    if report["counts"]["outputs"] < len(files):
        sys.exit(f"the scan read {report['counts']['outputs']} outputs of {len(files)}")
    prove_found(program, cache, files)
    print(f"{'':>4} {'openssl':>8} {'sha256 alone':>21} {'and content IDs':>21}")
    print(f"{'pair':>4} {'GB/s':>8} {'CPU s':>7} {'GB/s':>6} {'ratio':>6} {'CPU s':>7} {'GB/s':>6} {'ratio':>6}")
    ratios = {"sha256 alone": [], "and content IDs": []}
    for number in range(1, pairs + 1):
        peer = openssl()
        line = f"{number:>4} {peer / 1e9:>8.2f}"
        for more, kept in zip((ONE_HASH, []), ratios.values()):
            seconds, status, _ = scan(program, cache, *more)
            if status != 0:
                sys.exit(f"scan {number} ends with status {status}")
            kept.append(size / seconds / peer)
            line += f" {seconds:>7.2f} {size / seconds / 1e9:>6.2f} {kept[-1]:>6.2f}"
        print(line, flush=True)
    for name, kept in ratios.items():
        print(f"{name}: median ratio {statistics.median(kept):.2f}, from {min(kept):.2f} to {max(kept):.2f}")


if __name__ == "__main__":
    main()
