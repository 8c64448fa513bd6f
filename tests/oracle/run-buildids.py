#!/usr/bin/env python3
"""Holds our reading of the build IDs in a build cache against Go's own: `go tool buildid FILE` and `go tool buildid -w FILE`.

usage: run-buildids.py SCANNER [--go GO] [--cache GOCACHE]... [--damaged N] [--seed N] [--out DIR]

It fills a build cache with a small module, built in many modes and with many flags, `go run` and so cached programs among
them. For every archive and every cached program of that cache, and of those named with --cache (which are only read), the
scanner must give the ID that Go gives, and say that its content ID fits exactly if `-w`, which computes it anew, leaves a
copy as it is; and it must tell nothing above note. Then N damaged or forged copies of archives are stored under their own
sha256, and the same is asked of them; a finding must stand where Go's answer differs from what the entry or the ID claims.
"""
import argparse
import base64
import collections
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MAIN = 'package main\n\nimport (\n\t"fmt"\n\n\t"example.com/ids/lib"\n)\n\nfunc main() { fmt.Println("hello", lib.One()) }\n'
FILES = {
    "go.mod": "module example.com/ids\n\ngo 1.21\n",
    "main.go": MAIN,
    "lib/lib.go": "package lib\n\nfunc One() int { return one() }\n",
    "lib/pure.go": "//go:build !cgo\n\npackage lib\n\nfunc one() int { return 1 }\n",
    "lib/c.go": '//go:build cgo\n\npackage lib\n\n// static int one(void) { return 1; }\nimport "C"\n\nfunc one() int { return int(C.one()) }\n',
    "lib/lib_test.go": 'package lib\n\nimport "testing"\n\nfunc TestOne(t *testing.T) { if One() != 1 { t.Fatal() } }\n',
    "shared/main.go": 'package main\n\nimport "C"\n\n//export Two\nfunc Two() int { return 2 }\n\nfunc main() {}\n',
}
# Each is run with `-o OUT` or in the module; a `go run` leaves a program in the cache since Go 1.24.
PURE = {"CGO_ENABLED": "0"}
CGO = {"CGO_ENABLED": "1"}
COMMANDS = [
    (PURE, "build ."),
    (CGO, "build ."),
    (PURE, "build -ldflags=-buildid= ."),
    (PURE, "build -ldflags=-buildid=own/id ."),
    (PURE, "build -gcflags=-buildid= ."),
    (PURE, "build -gcflags=-buildid=own/id ."),
    (PURE, "build -gcflags=all=-buildid=x ."),
    (PURE, "build -trimpath ."),
    (CGO, "build -race ."),
    (CGO, "build -buildmode=pie ."),
    (CGO, "build -buildmode=c-shared ./shared"),
    (CGO, "build -buildmode=c-archive ./shared"),
    (CGO, "build -buildmode=plugin ./shared"),
    (CGO, "build -ldflags=-linkmode=external ."),
    (PURE, "build -cover ."),
    (PURE, "build -gcflags=all=-N ."),
    (PURE, "vet ./..."),
    (PURE, "test ./..."),
    (CGO, "test -cover ./..."),
    (PURE, "list -export -deps ./..."),
    (PURE, "run ."),
    (CGO, "run ."),
    (PURE, "run -ldflags=-s ."),
    (PURE, "run -ldflags=-buildid= ."),
    (PURE, "run -ldflags=-buildid=own/id ."),
    (PURE, "run -trimpath ."),
    (CGO, "run -race ."),
    (CGO, "run -buildmode=pie ."),
    (CGO, "run -ldflags=-linkmode=external ."),
    (CGO, "run -ldflags=-B=gobuildid ."),
] + [
    ({"GOOS": goos, "GOARCH": arch, "CGO_ENABLED": "0"}, f"{what} .")
    for goos, arch in [("windows", "amd64"), ("darwin", "arm64"), ("linux", "s390x"), ("plan9", "amd64"), ("js", "wasm"), ("aix", "ppc64")]
    for what in ("build", "run -exec=true")
]
ID = re.compile(r"[A-Za-z0-9_-]{20}(/[A-Za-z0-9_-]{20}){1,3}")


def show(hexadecimal):
    return base64.urlsafe_b64encode(bytes.fromhex(hexadecimal)[:15]).decode()


class Oracle:
    def __init__(self, go, out, env):
        self.tool, self.out = out / "buildid", out
        subprocess.run([go, "build", "-o", self.tool, "cmd/buildid"], check=True, cwd=out, env=env)

    def id(self, file):
        """What Go reads, or None where it gives up."""
        done = subprocess.run([self.tool, file], capture_output=True)
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n") if done.returncode == 0 else None

    def rewritten(self, data):
        """The file as `-w` leaves it; None where it refuses."""
        with tempfile.NamedTemporaryFile(dir=self.out) as f:
            f.write(data)
            f.flush()
            done = subprocess.run([self.tool, "-w", f.name], capture_output=True)
            return Path(f.name).read_bytes() if done.returncode == 0 else None

    def answer(self, file):
        """The ID and whether its content part fits, as the scanner says it."""
        data = Path(file).read_bytes()
        found = self.id(file)
        parts = 2 if data.startswith(b"!<arch>\n") else 4
        shaped = found is not None and ID.fullmatch(found) and found.count("/") == parts - 1
        return found or "", (self.rewritten(data) == data if shaped else None)


def scan(scanner, cache, out):
    facts = out / "facts.jsonl"
    done = subprocess.run([scanner, "scan", "--gocache", cache, "--gomodcache", out / "none", "--allow-empty", "--no-bin", "--format", "json",
                           "--facts", facts], stdout=subprocess.PIPE, env={"HOME": str(out), "PATH": "/usr/bin:/bin"})
    rows = [json.loads(line) for line in facts.read_text().splitlines()]
    entries = collections.defaultdict(list)
    for row in rows:
        if row["kind"] == "action":
            entries[row["output_id"]].append(row["action_id"])
    return json.loads(done.stdout), [row for row in rows if row["kind"] == "output"], entries


def judge(oracle, rows):
    """Rows in which the scanner and Go differ; how many were compared."""
    def one(row):
        path = Path(row["path"])
        files = list(path.iterdir()) if path.is_dir() else [path]
        want = oracle.answer(files[0])
        got = row["build_id"], row["content_id_ok"]
        return None if want == got else f"{path}: Go says {want}, the scanner {got}"
    wanted = [row for row in rows if row["class"] in ("archive", "executable") or Path(row["path"]).open("rb").read(8) == b"!<arch>\n"]
    with ThreadPoolExecutor(2) as pool:
        return [e for e in pool.map(one, wanted) if e], wanted


def healthy(scanner, oracle, cache, out):
    report, rows, entries = scan(scanner, cache, out)
    wrong, compared = judge(oracle, rows)
    wrong += [f"{f['level']} {f['rule']} {f['path']}: {f['message']}" for f in report["findings"] if f["level"] != "note"]
    archives = [row for row in compared if row["class"] == "archive"]
    for row in compared:
        for action in entries[row["output_id"]]:
            if not row["build_id"].startswith(show(action) + "/"):
                wrong.append(f"{row['path']}: action {action} is not that of {row['build_id']}")
    print(f"{cache}: {len(archives)} archives, {len(compared) - len(archives)} programs, {len(wrong)} differ", flush=True)
    return wrong, [(Path(row["path"]), entries[row["output_id"]][0]) for row in archives if entries[row["output_id"]]]


def forge(oracle, data, rng):
    """A name and other bytes."""
    own = re.search(rb'build id "([^"]*)"', data)[1]
    at = rng.randrange(len(data) - len(own))
    body = rng.randrange(200, len(data) - 200)
    other = bytes(rng.choice(b"ABCDEFabcdef0123456789_-") for _ in range(20))
    kinds = {
        "bit": lambda: data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1:],
        "third id": lambda: data[:body] + own + data[body + len(own):],
        "inserted ids": lambda: data[:body] + own * rng.randrange(1, 4) + own[:rng.randrange(len(own))] + data[body:],
        "coherent": lambda: oracle.rewritten(data[:body] + b"\x90" + data[body + 1:]) or data,
        "coherent, more ids": lambda: oracle.rewritten(data[:body] + own * 3 + data[body:]) or data,
        "other content": lambda: data.replace(own[21:], other),
        "other action": lambda: data.replace(own[:20], other),
        "no id": lambda: re.sub(rb'build id "[^"]*"\n', b"\n", data, count=1),
        "odd id": lambda: data.replace(own, b"x/y" + b"z" * 38),
        "three parts": lambda: data.replace(own, own[:20] + b"/" + own),
        "escaped id": lambda: data.replace(b'build id "' + own, b'build id "\\x' + own[:1].hex().encode() + own[1:], 1),
        "cut": lambda: data[:rng.randrange(60, len(data))],
        "cut head": lambda: data[:rng.randrange(60, 200)],
        "no header": lambda: data.replace(b"go object", b"no object", 1),
        "no package header": lambda: data[:8] + data[data.index(b"_go_.o  "):],
        "bare object": lambda: data[data.rindex(b"go object "):],
    }
    kind = rng.choice(list(kinds))
    return kind, kinds[kind]()


def damaged(scanner, oracle, archives, number, rng, out):
    cache = out / "damaged"
    for shard in range(256):
        (cache / f"{shard:02x}").mkdir(parents=True)
    (cache / "README").write_text("See go.dev to learn more about Go.\n")
    made = {}
    for path, action in rng.sample(archives, min(number, len(archives))):
        kind, data = forge(oracle, path.read_bytes(), rng)
        output = hashlib.sha256(data).hexdigest()
        made[output] = (kind, action)
        (cache / output[:2] / f"{output}-d").write_bytes(data)
        entry = f"v1 {action} {output} {len(data):>20} {1_700_000_000_000_000_000:>20}\n"
        (cache / action[:2] / f"{action}-a").write_text(entry)
    report, rows, _ = scan(scanner, cache, out)
    wrong, compared = judge(oracle, rows)
    told = collections.defaultdict(set)
    for f in report["findings"]:
        told[Path(f["path"]).name].add(f["rule"])
    tally = collections.Counter()
    for row in rows:
        kind, action = made[row["output_id"]]
        file = Path(row["path"])
        found, fits = oracle.answer(file)
        package = file.read_bytes().startswith((b"!<arch>\n__.PKGDEF", b"!<arch>\n_go_.o", b"go object "))
        want = set()
        if fits is not None:
            want |= {"archive-content-mismatch"} if not fits else set()
            want |= {"archive-action-mismatch"} if not found.startswith(show(action) + "/") else set()
        elif package:
            want |= {"archive-without-build-id"}
        got = told[f"{row['output_id']}-d"] | told[f"{action}-a"]
        tally[f"{kind}: {', '.join(sorted(want)) or 'nothing'}"] += 1
        if got != want:
            wrong.append(f"{kind} {file}: {got} instead of {want}")
    for kind, n in sorted(tally.items()):
        print(f"{n:>6}  {kind}")
    print(f"{len(rows)} damaged or forged, {len(compared)} compared with Go, {len(wrong)} wrong", flush=True)
    return wrong


def fill(go, out, env):
    """A cache of builds in many modes."""
    for name, text in FILES.items():
        (out / "src" / name).parent.mkdir(parents=True, exist_ok=True)
        (out / "src" / name).write_text(text)
    failed = []
    for more, command in COMMANDS:
        words = command.split()
        if words[0] == "build":
            words[1:1] = ["-o", str(out / "built")]
        done = subprocess.run([go, *words], cwd=out / "src", env=dict(env, **more), capture_output=True, text=True)
        if done.returncode != 0:
            failed.append(f"NOT BUILT {more} go {command}: {done.stderr.strip()[-200:]}")
    print("\n".join([*failed, f"{len(COMMANDS) - len(failed)} of {len(COMMANDS)} commands"]), flush=True)
    return len(failed) < len(COMMANDS) // 2


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("scanner", type=Path)
    ap.add_argument("--go", default="go")
    ap.add_argument("--cache", type=Path, action="append", default=[])
    ap.add_argument("--damaged", type=int, default=500)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--out", type=Path)
    a = ap.parse_args()
    out = Path(tempfile.mkdtemp(dir=a.out))
    env = {"HOME": str(out), "PATH": os.environ["PATH"], "GOCACHE": str(out / "gocache"), "GOPATH": str(out / "gopath"), "GOTOOLCHAIN": "local",
           "GOFLAGS": "", "GOPROXY": "off", "GOWORK": "off"}
    try:
        filled = fill(a.go, out, env)
        oracle = Oracle(a.go, out, dict(env, GOCACHE=str(out / "toolcache")))
        wrong, archives = ([], []) if filled else (["too few commands could be run"], [])
        for cache in [out / "gocache", *a.cache]:
            more, some = healthy(a.scanner.absolute(), oracle, cache, out)
            wrong, archives = wrong + more, archives + some
        wrong += damaged(a.scanner.absolute(), oracle, archives, a.damaged, random.Random(a.seed), out)
    finally:
        subprocess.run(["chmod", "-R", "u+w", out])
        shutil.rmtree(out)
    print("\n".join(wrong[:40]))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
