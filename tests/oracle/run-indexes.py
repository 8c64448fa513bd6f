#!/usr/bin/env python3
"""Holds what the scanner derives from source files against the indexes that real Go makes of them.

    run-indexes.py --scanner BIN [--go GO]... [--files N] [--seed N] [WORLD...]

For every GO: a module of N odd Go and C files (hand-made ones, and these changed at random) is served by a file proxy, Go
downloads and indexes it, and the scan of that cache must call the index the same as the files; so must every index of the WORLDs
(folders with a world.json, or holding such). Then single words of the index are changed, one at a time, and each change that Go could see
must be told.
Prints for each Go how many module and package indexes were compared, were equal, and could not be verified.
"""
import argparse
import collections
import hashlib
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

SEEDS = [
    b'// Package p is p. More.\n//\n// Text\npackage p\n\nimport (\n\t"fmt"\n\tx "os" // x\n)\n\nvar _ = fmt.Sprint\n',
    b'/*\nPackage p is in a block.\n\n    code\n*/\npackage p\n\nimport "a/b"\nimport . "c"\nimport _ `d`\n\nfunc f() {}\n',
    b'//go:build linux && !cgo\n// +build linux\n\n// Copyright 2020 X.\n\npackage p // trailing\n',
    b'// +build a,b c\n//+build d\n\n/* x */ package p; import "e"; import ("f"; "g")\n',
    b'package p\n\n// #cgo LDFLAGS: -lm\n// #cgo linux,amd64 CFLAGS: -O2\n// #include <math.h>\nimport "C"\n\nimport "unsafe"\n',
    b'package p\n\n/*\n#cgo pkg-config: x\n #cgo  CFLAGS: -DX="a b"\n#include "x.h"\n*/\nimport "C"\n',
    b'package p\n\nimport (\n\t"embed"\n)\n\n//go:embed a.txt "b c" `d`\nvar f embed.FS\n\nvar s = "//go:embed no" + `\n//go:embed no\n`\n\t//go:embed all:e*\nvar c = \'"\'\n',
    b'// Code generated. DO NOT EDIT.\n\n//line y.y:2\n\npackage p\n\n//line y.y:10:4\nimport "fmt"\n/*line z.go:5*/ import "os"\n',
    b'//go:debug a=1\n//go:generate x\n\n// Package p does it with [os.File] and ``q\'\', as J. Doe said. Not this.\npackage p\n//go:embed late\n',
    b'\xef\xbb\xbf// Package p has a mark.\npackage p\n\nimport "fmt"\n',
    b'// Package p has wide \xe2\x80\x9cquotes\xe2\x80\x9d \xe3\x80\x82 And more.\r\npackage p\r\n\r\nimport "fmt"\r\n',
    b'package documentation\n', b'package p_test\nimport "testing"\n', b'', b'package', b'// only a comment', b'{{.Template}}\n',
    b'//go:binary-only-package\n\npackage p\n', b'/* a */ // b\n\n/* c\n*/\n\n// Package p: d\n// - list\n//   more\npackage p\nif x\n',
    b'// Package p\n// has two lines with a {\n//\tcode\n// }\npackage p\nimport x "y" ; import "z" // c\n',
]
PIECES = [b'\n', b'\n\n', b' ', b'\t', b'\r\n', b';', b'"', b'`', b"'", b'\\', b'//', b'/*', b'*/', b'(', b')', b'import ', b'import "q"\n',
          b'package ', b'p', b'.', b',', b'_', b'//line f.go:7\n', b'//line :0\n', b'/*line g.go:3:2*/', b'//go:build x\n', b'// +build y\n',
          b'//go:embed z\n', b'//go:z\n', b'//go:embed "q" r\n', b'#cgo X: y\n', b'// #cgo LDFLAGS: -lz\n', b'import "C"\n', b'"embed"', b'\0',
          b'\xff', b'\xc2\xa0', b'\xef\xbb\xbf', b'\f', b'i', b'if', b'0', b'[os]', b'[a/b.C]', b"''", b'``', b'. ', b'Copyright ', b'- ', b'# ', b'\xe3\x80\x82']
SUFFIXES = ["go"] * 16 + ["s", "c", "h", "S", "m", "syso", "txt"]


def odd_files(count: int, seed: int) -> dict[str, bytes]:
    rnd = random.Random(seed)
    out = {f"seed/s{i}.go": text for i, text in enumerate(SEEDS)}
    for i in range(count - len(out)):
        text = rnd.choice(SEEDS)
        for _ in range(rnd.randint(1, 4)):
            at, to = sorted((rnd.randint(0, len(text)), rnd.randint(0, len(text))))
            match rnd.randint(0, 3):
                case 0:
                    text = text[:at] + rnd.choice(PIECES) + text[at:]
                case 1:
                    text = text[:at] + text[min(to, at + 9):]
                case 2:
                    text = text[:at] + rnd.choice(PIECES) + text[min(to, at + 3):]
                case 3:
                    text = text[:at] + rnd.choice(SEEDS)
        name = f"f{i}{rnd.choice(['', '', '', '_test', '_linux'])}.{rnd.choice(SUFFIXES)}"
        out[f"d{i % 40}/{'sub/' if i % 7 == 0 else ''}{name}"] = text
    return out


# Files that every Go can load: on them `go list -json` says without error what an index says.
GOOD = {
    "a.go": b'// Package good is good.\npackage good\n\nimport (\n\t"fmt"\n\t"os"\n)\n\nvar _ = fmt.Sprint(os.Args)\n',
    "embed.go": b'package good\n\nimport _ "embed"\n\n//go:embed a.txt\nvar Text string\n',
    "a.txt": b"text\n",
    "tag.go": b'//go:build linux && !windows\n// +build linux,!windows\n\npackage good\n\nimport "strings"\n\nvar _ = strings.ToUpper\n',
    "other_windows.go": b'package good\n\nimport "syscall"\n\nvar _ = syscall.EINVAL\n',
    "never.go": b'//go:build never\n\npackage good\n\nimport "sort"\n',
    "c.go": b'package good\n\n// #cgo CFLAGS: -DONE=1\n// #cgo LDFLAGS: -lm\n// int one(void) { return ONE; }\nimport "C"\n\nvar One = C.one()\n',
    "x.h": b"// nothing\n",
    "a_test.go": b'package good\n\nimport "testing"\n\nfunc TestA(t *testing.T) {}\n',
    "x_test.go": b'package good_test\n\nimport "testing"\n\nfunc TestX(t *testing.T) {}\n',
}


def good_files() -> dict[str, bytes]:
    """The same package in a few directories, with a file less each."""
    left_out = [None, "embed.go", "c.go", "tag.go", "x_test.go"]
    return {f"d{i}/{name}": data for i, less in enumerate(left_out) for name, data in GOOD.items() if name != less}


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def run(cmd: list, env: dict, cwd: Path) -> bytes:
    p = subprocess.run(cmd, env=env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True)
    if p.returncode and "list" not in cmd:
        raise SystemExit(f"{cmd}: {p.stderr.decode(errors='replace')[-800:]}")
    return p.stdout


def make(go: str, root: Path, files: dict[str, bytes]) -> dict[str, str]:
    """A world in which `go` has indexed a module of these files and built something."""
    proxy = root / "proxy/example.test/odd/@v"
    mod = b"module example.test/odd\n\ngo 1.21\n"
    write(proxy / "v1.0.0.info", b'{"Version":"v1.0.0"}')
    write(proxy / "v1.0.0.mod", mod)
    write(proxy / "list", b"v1.0.0\n")
    with zipfile.ZipFile(proxy / "v1.0.0.zip", "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in {"go.mod": mod, **files}.items():
            z.writestr(f"example.test/odd@v1.0.0/{name}", data)
    write(root / "main/go.mod", b"module main\n\ngo 1.21\n\nrequire example.test/odd v1.0.0\n")
    write(root / "main/main.go", b'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println() }\n')
    os.utime(root / "main/main.go", (1_700_000_000, 1_700_000_000))
    env = {"HOME": str(root / "home"), "PATH": f"{Path(go).parent}:/usr/bin:/bin", "GOPATH": str(root / "gopath"),
           "GOCACHE": str(root / "gocache"), "GOFLAGS": "-mod=mod", "GOPROXY": f"file://{root}/proxy", "GONOSUMDB": "*", "GOTOOLCHAIN": "local",
           "GOTELEMETRY": "off", "GOENV": "off"}
    run([go, "build", "-o", os.devnull, "."], env, root / "main")
    run([go, "list", "-e", "-deps", "example.test/odd/..."], env, root / "main")
    return env


def listed(go: str, env: dict, root: Path, index: bool = True) -> dict:
    """What `go list -json` says of each package of the module, from its index or from the files alone, but whether it must be built."""
    text = run([go, "list", "-e", "-json", "example.test/odd/..."], env if index else {**env, "GODEBUG": "goindex=0"}, root / "main").decode()
    decoder, at, out = json.JSONDecoder(), 0, {}
    while at < len(text.rstrip()):
        package, at = decoder.raw_decode(text, at + len(text[at:]) - len(text[at:].lstrip()))
        out[package["ImportPath"]] = {k: v for k, v in package.items() if not k.startswith("Stale")}
    return out


def scan(scanner: str, env: dict, cwd: Path, main: str | None) -> tuple[list, list]:
    with tempfile.NamedTemporaryFile() as facts:
        cmd = [scanner, "scan", "--format", "json", "--progress", "never", "--facts", facts.name]
        p = subprocess.run(cmd + (["--main-module", main] if main else []), env=env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True)
        try:
            report = json.loads(p.stdout)
        except ValueError:
            raise SystemExit(f"no report: {p.stderr.decode(errors='replace')[-500:]}")
        rows = [json.loads(line) for line in Path(facts.name).read_text().splitlines()]
    return [f for f in report["findings"] if "index" in f["rule"]], [r for r in rows if r["kind"] == "index"]


def count(rows: list) -> collections.Counter:
    kind = lambda r: "unknown" if r["of"] is None else "module" if not r["of"].startswith("/") else "package"
    return collections.Counter((kind(r), r["verdict"]) for r in rows)


def show(name: str, tally: collections.Counter) -> None:
    total = lambda kind: sum(n for (k, v), n in tally.items() if k == kind and v != "unverifiable")
    same = lambda kind: tally[kind, "same"]
    unverifiable = sum(n for (_, v), n in tally.items() if v == "unverifiable")
    print(f"{name}: module indexes {total('module')} compared, {same('module')} equal; package indexes {total('package')} compared, "
          f"{same('package')} equal; {unverifiable} unverifiable", flush=True)


def words(data: bytes) -> list[tuple[int, str]]:
    """Words of an index that hold no offset of their own (texts, flags, lines and columns): where they are, and what they are. What an error
    says is left out, which Go only prints, and so is what Go keeps of a file that it can't parse: such a file fails the build."""
    word = lambda at: struct.unpack_from("<I", data, at)[0]
    out, at = [], 12 + 8
    for i in range(word(16)):
        out.append((at, "directory"))
        package = word(at + 4)
        out.append((package + 4, "own directory"))
        for j in range(word(package + 8)):
            f = word(package + 12 + 4 * j)
            names = ["error", "parse error", "synopsis", "name", "package", "ignored", "binary only", "cgo", "go:build"]
            out += [(f + 4 * k, n) for k, n in enumerate(names) if not (word(f + 4 * k) and k < 2) and not (word(f + 4) and k in (2, 4))]
            p = f + 36
            out += [(p + 4 + 4 * k, "+build") for k in range(word(p))]
            p += 4 + 4 * word(p)
            for kind in ("import", "embed", "directive"):
                out += [(p + 4 + 4 * k, f"{kind} {'text file offset line column'.split()[k % 5]}") for k in range(5 * word(p))]
                p += 4 + 20 * word(p)
        at += 8
    return out


def damages(scanner: str, go: str, env: dict, root: Path, row: dict, number: int, seed: int) -> tuple[int, int]:
    """Changes one word of an index at a time; how many changes `go list -json` shows, and how many were not told."""
    cache = Path(env["GOCACHE"])
    entry = cache / row["action_id"][:2] / f"{row['action_id']}-a"
    data, old, missed, seen, whole = Path(row["path"]).read_bytes(), entry.read_bytes(), 0, 0, listed(go, env, root)
    rnd = random.Random(seed)
    places = rnd.sample(words(data), number)
    for at, what in places:
        new = bytearray(data)
        value = struct.unpack_from("<I", data, at)[0]
        struct.pack_into("<I", new, at, 1 if value == 0 else 0 if rnd.random() < 0.7 else value + 1)
        name = hashlib.sha256(new).hexdigest()
        out = cache / name[:2] / f"{name}-d"
        out.write_bytes(new)
        entry.write_bytes(old.replace(row["path"].rsplit("/", 1)[1][:-2].encode(), name.encode()))
        seen += listed(go, env, root) != whole
        findings, _ = scan(scanner, env, root, str(root / "main"))
        if not any(f["path"] == str(out) and f["level"] == "error" for f in findings):
            missed += 1
            print(f"  missed: {what}, word at {at}: {value} changed to {struct.unpack_from('<I', new, at)[0]}")
        out.unlink()
    entry.write_bytes(old)
    return seen, missed


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--scanner", required=True)
    ap.add_argument("--go", action="append", default=[])
    ap.add_argument("--files", type=int, default=4000)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--damages", type=int, default=40, help="how many words of the index are changed, one at a time")
    ap.add_argument("worlds", nargs="*", type=Path)
    args = ap.parse_args()
    scanner, bad = str(Path(args.scanner).absolute()), 0
    for go, good in ((go, good) for go in args.go for good in (False, True)):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve()
            files = good_files() if good else odd_files(args.files, args.seed)
            env = make(go, root, files)
            version = run([go, "env", "GOVERSION"], env, root).decode().strip()
            findings, rows = scan(scanner, env, root, str(root / "main"))
            tally = count(rows)
            show(f"{version}, {len(files)} {'good' if good else 'odd'} files", tally)
            for f in findings:
                print(f"  {f['rule']}: {f['message'][-700:]}")
            own = [r for r in rows if r["of"] == "example.test/odd@v1.0.0"]
            if len(own) != 1 or own[0]["verdict"] != "same" or any(v not in ("same", "unverifiable") for _, v in tally):
                bad += 1
            else:
                if good:
                    by_index, by_files = listed(go, env, root), listed(go, env, root, index=False)
                    equal = sum(by_files.get(path) == package for path, package in by_index.items())
                    print(f"  `go list -json` by the index and by the files: {equal} of {len(by_files)} packages equal")
                    bad += equal != len(by_files) or not equal or any("Error" in package for package in by_index.values())
                seen, missed = damages(scanner, go, env, root, own[0], args.damages, args.seed)
                # What an odd file says is not the same each time.
                shown = f", `go list -json` shows {seen}" if good else ""
                print(f"  {args.damages} changes of single words{shown}, {missed} not told")
                bad += missed + (good and not seen)
            subprocess.run(["chmod", "-R", "u+w", folder])
    tallies = collections.defaultdict(collections.Counter)
    for folder in args.worlds:
        for found in sorted({p.parent for depth in ("", "*/", "*/*/") for p in folder.glob(f"{depth}world.json")}):
            world = json.loads((found / "world.json").read_text())
            _, rows = scan(scanner, world["env"], found, world["main"])
            tally = count(rows)
            wrong = [r for r in rows if r["verdict"] not in ("same", "unverifiable")]
            for row in wrong[:5]:
                print(f"  {found}: {row}")
            bad += len(wrong)
            tallies[world["go"]].update(tally)
    for version, tally in sorted(tallies.items()):
        show(f"worlds of {version}", tally)
        bad += not tally["package", "same"]
    print("all equal" if not bad else f"{bad} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
