#!/usr/bin/env python3
"""Holds the toolchain that doctor says will run in a folder against what the real go does there.

    run-toolchain.py --scanner BIN [--go GO_OR_VERSION]... [--count N] [--seed N] [--keep DIR]

For every go: N folders with random `go` and `toolchain` lines in go.mod and go.work, random GOTOOLCHAIN in the environment or in the GOENV
file, and toolchains that only print their names in PATH and in the module cache, some without the sum that Go asks for. `go version` there
must run the one that doctor names, or stop with the words that doctor tells; where doctor says that go.mod is too new, `go list -m` must.
Nothing is fetched: GOPROXY is `off`, or an empty folder. Prints how many folders were compared, by outcome.
"""
import argparse
import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "worlds"))
from lib import find_go  # noqa: E402

OTHERS = ["go1.19.3", "go1.21.0", "go1.22.4", "go1.23.0", "go1.25.2", "go1.26.8", "go1.27.0", "go1.27.1-corp", "go1.28.0", "go1.28rc1", "go1.99.1"]
GO_LINES = ["", "1.16", "1.20", "1.21", "1.21.0", "1.22", "1.22.4", "1.23", "1.24.11", "1.25.2", "1.26", "1.26.8", "1.27", "1.27.0", "1.27.3", "1.28",
            "1.28rc1", "1.28.0", "1.99.1", "1.30"]
TOOLCHAIN_LINES = [""] * 6 + ["default", "local", "go2.1", "bad", "go1.26.8-corp"] + OTHERS
SETTINGS = [None, "", "auto", "path", "local", "local+auto", "local+path", "go1.22.4", "go1.23.0+auto", "go1.25.2+path", "go1.28.0+auto", "go1.99.1",
            "go1.26.8", "go1.27.3+auto", "go1.24.11+path", "auto+path", "bad", "go2.1", "local+x", "go1.99.1+path", "go1.27.1-corp+auto", "go1.28", "go1.20"]


def fake(path: Path, name: str, origin: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho fake {name} {origin}\n")
    path.chmod(0o755)


class Case:
    """One folder, its environment, and what lies around."""

    def __init__(self, rnd: random.Random, root: Path, go: Path, platform: str):
        self.root = root
        self.cwd = root / "work/sub" if rnd.random() < 0.3 else root / "work"
        self.cwd.mkdir(parents=True)
        go_line, toolchain = rnd.choice(GO_LINES), rnd.choice(TOOLCHAIN_LINES)
        self.lines = (go_line, toolchain)
        space = rnd.choice([" ", "\t", "  "])
        text = "".join(f"{word}{space}{value}{rnd.choice(['', ' // x'])}\n" for word, value in (("go", go_line), ("toolchain", toolchain)) if value)
        shape = rnd.choice(["mod"] * 6 + ["work", "none"])
        self.shape = shape
        if shape == "mod":
            (root / "work/go.mod").write_text("module example.com/x\n\n" + text)
        elif shape == "work":
            (root / "work/go.mod").write_text("module example.com/x\n\ngo 1.16\n")
            (root / "work/go.work").write_text(text + "\nuse .\n")
        tools, cache = root / "tools", root / "mod"
        tools.mkdir()
        for name in OTHERS:
            where = rnd.random()
            if where < 0.3:
                fake(tools / name, name, "path")
            elif where < 0.7:
                version = f"v0.0.1-{name}.{platform}"
                folder = cache / f"golang.org/toolchain@{version}"
                fake(folder / "bin/go", name, "cache")
                (folder / "src").mkdir()
                for file in ("_go.mod", "go.mod"):
                    (folder / "src" / file).write_text("module std\n")
                if where < 0.6:
                    sums = cache / f"cache/download/golang.org/toolchain/@v/{version}.ziphash"
                    sums.parent.mkdir(parents=True, exist_ok=True)
                    sums.write_text("h1:" + "A" * 43 + "=")
        # What lies in the cache is taken without the checksum database only where the proxy is a folder (modfetch/sumdb.go, useSumDB).
        self.proxy = (root / "proxy").as_uri()
        (root / "proxy").mkdir()
        if rnd.random() < 0.3:
            self.proxy = "off"
            subprocess.run(["rm", "-rf", str(cache)], check=True)
        self.env = {"HOME": str(root / "home"), "PATH": f"{go.parent}:{tools}:/usr/bin:/bin", "GOMODCACHE": str(cache), "GOPROXY": self.proxy,
                    "GOSUMDB": "off", "GOFLAGS": "" if shape == "work" else "-mod=mod", "GOCACHE": str(root / "cache"), "GOTELEMETRY": "off", "LC_ALL": "C"}
        setting = rnd.choice(SETTINGS)
        self.setting = setting
        goenv = root / "home/.config/go/env"
        goenv.parent.mkdir(parents=True)
        if setting is not None and rnd.random() < 0.3:
            goenv.write_text(f"GOTOOLCHAIN={setting}\n")
        elif setting is not None:
            self.env["GOTOOLCHAIN"] = setting

    def run(self, *command: str) -> subprocess.CompletedProcess:
        return subprocess.run(command, cwd=self.cwd, env=self.env, capture_output=True, text=True, timeout=120)

    def real(self, go: Path, *arguments: str) -> tuple[str, str]:
        """The outcome of a go command: who answered, or the words that it stopped with."""
        done = self.run(str(go), *arguments)
        out = done.stdout.strip()
        if out.startswith("fake "):
            _, name, origin = out.split()
            return f"switch {origin}", name
        if done.returncode == 0:
            return "local", ""
        words = next((line for line in done.stderr.splitlines() if line.startswith("go: ") and not line.startswith("go: downloading")), done.stderr)
        if words.startswith("go: download ") and self.proxy != "off":
            return "download", words.split()[2].rstrip(":")
        return "stop", words.removeprefix("go: ")

    def told(self, scanner: Path) -> tuple[str, str]:
        """What doctor says will happen."""
        rules = ["toolchain-switches", "toolchain-unavailable", "go-refuses-environment"]
        done = self.run(str(scanner), "doctor", "--no-exec", "--format", "json", *(word for rule in rules for word in ("--only", rule)))
        found = json.loads(done.stdout)["findings"]
        for finding in found:
            message = finding["message"]
            if finding["rule"] in ("toolchain-unavailable", "go-refuses-environment"):
                return "stop", re.search(r"`go: (.*)`$", message, re.S).group(1)
        for finding in found:
            origin = "path" if "from PATH" in finding["message"] else "cache" if "module cache" in finding["message"] else None
            return (f"switch {origin}" if origin else "download"), finding["evidence"]["computed"]
        return "local", ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scanner", required=True, type=Path)
    parser.add_argument("--go", action="append", help="a go command, or a version to fetch")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="where fetched toolchains are kept")
    args = parser.parse_args()
    scanner = args.scanner.resolve()
    failures = 0
    with tempfile.TemporaryDirectory(prefix="toolchain-", ignore_cleanup_errors=True) as temp:
        for wanted in args.go or ["1.26"]:
            go = Path(wanted).resolve() if os.sep in wanted else find_go(wanted, (args.keep or Path(temp) / "go").absolute())[0]
            own = subprocess.run([go, "env", "GOVERSION", "GOHOSTOS", "GOHOSTARCH"], env={**os.environ, "GOTOOLCHAIN": "local"}, cwd="/",
                                 capture_output=True, text=True, check=True).stdout.split()
            rnd = random.Random(f"{args.seed} {own[0]}")
            counts: collections.Counter[str] = collections.Counter()
            for i in range(args.count):
                case = Case(rnd, Path(temp) / f"{own[0]}-{i}", go, f"{own[1]}-{own[2]}")
                told = case.told(scanner)
                # A go.mod that is too new stops what reads the module, not `go version`.
                too_new = told[0] == "stop" and " requires go >= " in told[1]
                real = case.real(go, *(("list", "-m") if too_new else ("version",)))
                counts[("too new" if too_new else told[0])] += 1
                if too_new and case.real(go, "version")[0] not in ("local", "switch path", "switch cache", "download"):
                    real = ("stop before", real[1])
                if not too_new and told[0] == "local" and case.lines[1] in ("", *OTHERS) and case.real(go, "list", "-m")[0] == "stop":
                    words = case.real(go, "list", "-m")[1]
                    if "requires go" in words:
                        real = ("too new and not told", words)
                # A toolchain that only prints its name refuses nothing: it must be the one that would.
                if too_new and real[0].startswith(("switch", "download")) and f"(running go {real[1][2:].split('-')[0]};" in told[1]:
                    real = told
                # Go stops there too, on a toolchain line that it can't read.
                if too_new and real[0] == "stop" and real[1].startswith("errors parsing") and case.lines[1] in ("bad", "go2.1", "local"):
                    real = told
                if real != told:
                    failures += 1
                    print(f"{own[0]} case {i}: GOTOOLCHAIN={case.setting} {case.shape} go {case.lines[0]!r} toolchain {case.lines[1]!r} GOPROXY={case.proxy}\n"
                          f"  told {told}\n  real {real}")
                subprocess.run(["chmod", "-R", "u+w", str(case.root)], check=False)
                # What go leaves running for its statistics may still write below it.
                subprocess.run(["rm", "-rf", str(case.root)], check=False, stderr=subprocess.DEVNULL)
            print(f"{own[0]}: {args.count} folders: " + ", ".join(f"{n} {what}" for what, n in sorted(counts.items())))
    print(f"{failures} differ")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
