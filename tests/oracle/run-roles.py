#!/usr/bin/env python3
"""Holds the roles that the scanner tells of action entries against Go's own word: GODEBUG=gocachehash=1 prints every hash and
every subkey that the go command makes.

usage: run-roles.py SCANNER [--go GO] [--full] [--keep DIR]

It fills a fresh build cache by every kind of command that writes to one, on a module with cgo, a profile, coverage and a
dependency from a proxy in a folder, scans it, and compares row by row: a role told by key must be what Go says, and one told
by content must not contradict it. A healthy cache must give no finding above note.

  --go GO    the go command to use (default: go)
  --full     also -race and two other platforms
  --keep DIR work in DIR and leave it there
"""
import argparse
import collections
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

FILES = {
    "go.mod": "module example.test/roles\n\ngo 1.21\n\nrequire example.test/dep v1.0.0\n",
    "main.go": 'package main\n\nimport (\n\t"fmt"\n\n\t"example.test/dep"\n\t"example.test/roles/calc"\n\t"example.test/roles/cg"\n)\n\nfunc main() { fmt.Println(calc.Add(1, 2), cg.Add(1, 2), dep.Name) }\n',
    "calc/calc.go": "package calc\n\n// Add adds.\nfunc Add(a, b int) int { return a + b }\n\n// F takes anything.\nfunc F(x interface{}) interface{} { return x }\n",
    "calc/calc_test.go": 'package calc\n\nimport (\n\t"os"\n\t"testing"\n)\n\nfunc TestAdd(t *testing.T) {\n\tif Add(1, 2) != 3 || os.Getenv("ROLES_UNSET") != "" {\n\t\tt.Fail()\n\t}\n}\n\n'
    "func BenchmarkAdd(b *testing.B) {\n\tfor i := 0; i < b.N; i++ {\n\t\tAdd(i, i)\n\t}\n}\n",
    "cg/cg.go": "package cg\n\n// static int add(int a, int b) { return a + b; }\nimport \"C\"\n\n// Add adds in C.\nfunc Add(a, b int) int { return int(C.add(C.int(a), C.int(b))) }\n",
    "lib/main.go": "package main\n\nimport \"C\"\n\n//export Twice\nfunc Twice(a C.int) C.int { return 2 * a }\n\nfunc main() {}\n",
}
DEP = {"go.mod": "module example.test/dep\n\ngo 1.21\n", "dep.go": "package dep\n\n// Name is a name.\nconst Name = \"dep\"\n"}


def truth(text: str, known: dict) -> None:
    """Adds what Go said: key -> role. A subkey of a key that is not known yet is kept by its description."""
    for line in text.splitlines():
        if m := re.fullmatch(r"HASH\[(.*)\]: ([0-9a-f]{64})", line):
            name, key = m.groups()
            role = {"build": "build", "link": "executable", "vet": "vet"}.get(name.split(" ")[0])
            role = {"testmain": "test-main", "testResult": "test-log", "moduleIndex": "index", "gccCompilerID": "c-compiler"}.get(name, role)
            if name.startswith("preprocess PGO profile"):
                role = "pgo"
            if role:
                known.setdefault(key, role)
        elif m := re.fullmatch(r"HASH subkey ([0-9a-f]{64}) (\".*\") = ([0-9a-f]+)", line):
            parent, description, key = m.groups()
            description = json.loads(description)
            of = known.get(parent, "")
            if description == "stdout":
                role = "vet-stdout" if of == "vet" else "stdout"
            elif description.startswith("covmeta."):
                role = "cover-meta"
            elif description.startswith("inputs:"):
                role = "test-result"
            elif description.startswith("gccSupportsFlag "):
                role = "c-flag"
            elif description.startswith(("coverdeps:", "cgo compile ")):
                continue
            else:
                role = {"link-stdout": "link-stdout", "srcfiles": "srcfiles", "_cgo_install.h": "cgo-header", "fix.zip": "fix-zip",
                        "coverprofile": "cover-profile"}.get(description, "generated-source")
            known.setdefault(key, role)


def main() -> int:
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("scanner", type=Path)
    args.add_argument("--go", default="go")
    args.add_argument("--full", action="store_true")
    args.add_argument("--keep", type=Path)
    options = args.parse_args()
    with tempfile.TemporaryDirectory(prefix="roles-") as temp:
        root = options.keep or Path(temp)
        return compare(options, root.resolve())


def compare(options, root: Path) -> int:
    work, proxy, cache = root / "work", root / "proxy/example.test/dep/@v", root / "gocache"
    for name, text in FILES.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text)
    proxy.mkdir(parents=True)
    (proxy / "v1.0.0.info").write_text('{"Version":"v1.0.0","Time":"2024-01-01T00:00:00Z"}')
    (proxy / "v1.0.0.mod").write_text(DEP["go.mod"])
    (proxy / "list").write_text("v1.0.0\n")
    with zipfile.ZipFile(proxy / "v1.0.0.zip", "w") as z:
        for name, text in DEP.items():
            z.writestr(f"example.test/dep@v1.0.0/{name}", text)
    env = {"PATH": os.environ["PATH"], "HOME": str(root / "home"), "GOPATH": str(root / "gopath"), "GOCACHE": str(cache), "GOPROXY": f"file://{root}/proxy",
           "GONOSUMDB": "*", "GOFLAGS": "-modcacherw -mod=mod", "GOTOOLCHAIN": "local", "GOENV": "off", "CGO_ENABLED": "1"}
    if "GOROOT" in os.environ:
        env["GOROOT"] = os.environ["GOROOT"]
    known: dict[str, str] = {}

    def go(*words: str, check: bool = True, hashes: bool = True, **more: str) -> None:
        debug = {"GODEBUG": "gocachehash=1"} if hashes else {}
        done = subprocess.run([options.go, *words], cwd=work, env={**env, **debug, **more}, capture_output=True, text=True, errors="replace")
        if check and done.returncode:
            told = [line for line in done.stderr.splitlines() if not line.startswith("HASH")]
            sys.exit(f"go {' '.join(words)} failed: {done.stdout[-2000:]}\n" + "\n".join(told[-30:]))
        truth(done.stderr, known)

    version = subprocess.run([options.go, "env", "GOVERSION"], env=env, cwd=root, capture_output=True, text=True, check=True).stdout.strip()
    minor = int(re.match(r"go1\.(\d+)", version).group(1))
    go("build", "./...")
    go("vet", "./...")
    go("vet", "-json", "./...", check=False)
    go("test", "./...")
    # Without GODEBUG the inputs of the test are known: nothing is set. The keys of its logs are those of the run before.
    go("test", "./calc", hashes=False)
    if minor >= 25:
        # Built where it is first needed, by a go command of its own whose word nobody hears: so it is built beforehand.
        go("tool", "covdata", check=False)
    go("test", "-coverpkg=./...", "-coverprofile=c.out", "./...")
    go("test", "-run=^$", "-bench=.", "-cpuprofile=cpu.pprof", "./calc")
    go("build", "-pgo=cpu.pprof", "-o", "out/pgo", ".")
    go("run", ".")
    go("list", "-export", "-test", "-deps", "-compiled", "./...")
    go("build", "-gcflags=-m", "-o", "out/m", ".")
    go("build", "-buildmode=c-archive", "-o", "out/lib.a", "./lib")
    if minor >= 26:
        go("fix", "-diff", "./...", check=False)
        go("fix", "./...")
    if options.full:
        go("test", "-race", "./...")
        for goos, goarch in (("windows", "amd64"), ("darwin", "arm64")):
            go("build", "./calc", GOOS=goos, GOARCH=goarch, CGO_ENABLED="0")

    facts = root / "facts.jsonl"
    scan = [options.scanner.resolve(), "--gocache", cache, "--gomodcache", root / "gopath/pkg/mod", "--no-bin", "--format", "json", "--facts", facts]
    report = json.loads(subprocess.run([str(a) for a in scan], env=env, cwd=root, capture_output=True, text=True).stdout)
    # The module comes from a proxy of our own, and the flags make the tree writable: told of the settings, and rightly.
    loud = [f for f in report["findings"] if f["level"] != "note" and f["root"] != "environment"]
    # Hashes of one name are made side by side: which index is that of a module is told by its text alone.
    salt = version.encode()
    for module in ("example.test/dep@v1.0.0",):
        key = hashlib.sha256(salt + b"module index " + salt + f" go index v2 {root}/gopath/pkg/mod/{module}\n".encode()).hexdigest()
        if known.get(key) != "index":
            sys.exit(f"go made no index of {module}")
        known[key] = "module-index"
    rows = [json.loads(line) for line in facts.read_text().splitlines()]
    wrong, table = [], collections.Counter()
    for row in (r for r in rows if r["kind"] == "action"):
        key, role, by = row["action_id"], row["role"], row.get("role_by")
        said = known.get(key)
        table[by or "unexplained"] += 1
        if by == "key" and said is None and role in ("test-result", "cover-profile"):
            table["result of the run without a word"] += 1
        elif by == "key" and said != role:
            wrong.append((key, role, by, said))
        elif by == "content" and role != "empty" and said not in (None, role):
            wrong.append((key, role, by, said))
    roles = collections.Counter(r["role"] for r in rows if r["kind"] == "action" and r.get("role_by") == "key")
    total = sum(table[k] for k in ("key", "content", "unexplained"))
    print(f"{version}: {total} entries, by key {table['key']} ({100 * table['key'] / total:.1f} %), by content {table['content']}, "
          f"unexplained {table['unexplained']}; {len(known)} keys from go, {len(wrong)} told wrongly")
    print("  " + ", ".join(f"{role} {n}" for role, n in sorted(roles.items())))
    for row in wrong[:20]:
        print("  wrong: {} is told as {} by {}, and is {}".format(*row))
    for f in loud:
        print(f"  {f['level']}: {f['rule']} {f['path']}: {f['message']}")
    wanted = {"build", "stdout", "link-stdout", "srcfiles", "generated-source", "cgo-header", "module-index", "test-main", "c-compiler", "c-flag"}
    # What the keys of test logs and results follow from is in the cache since Go 1.24 only.
    wanted |= {"executable", "test-log", "test-result"} if minor >= 24 else set()
    wanted |= {"vet", "vet-stdout", "fix-zip"} if minor >= 26 else set()
    missing = wanted - set(roles)
    if missing:
        print(f"  never told by key: {', '.join(sorted(missing))}")
    return 1 if wrong or loud or missing or not total else 0


if __name__ == "__main__":
    sys.exit(main())
