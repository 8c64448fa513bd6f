#!/usr/bin/env python3
"""Damages and repairs the caches of builds that are running: no build gives a wrong result.

    fix_builds.py [--scanner BIN] [--runs 50] [--go VERSION] [--seed N] DIR

DIR holds the world (made on first use; needs a proxy then). Three loops run beside each other, RUNS times each: `go build`, `go test`
and `go mod download`. Meanwhile entries of the caches are damaged, in ways that go itself notices or that change no result (what a
compiler that is running could read would be the fault of the damage), and `--fix --yes` repairs them, over and over.
Held: a build that passes has made the program of the clean caches, byte for byte; no test fails by what it tests; a run that fails
does so with words of go's own (no crash of a compiler or linker), and passes when it is repeated after the repair; every repair
says truly what it did (4 where a build had changed something first, 1 or 3 where one changed what the scan read); in the end a scan finds nothing.
"""
import argparse
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from lib import DEFAULT_SCANNER, Failure, Tally, World, find_go, scan  # noqa: E402
from snapshots import QUARANTINE, digest  # noqa: E402

FILES = {
    "go.mod": "module example.test/main\n\ngo 1.21\n\nrequire rsc.io/quote v1.5.2\n",
    "main.go": 'package main\n\nimport (\n\t"fmt"\n\t"net/url"\n\n\t"example.test/main/inner"\n\t"rsc.io/quote"\n)\n\n'
               'func main() { fmt.Println(quote.Go(), inner.Twice(21), (&url.URL{Host: "x"}).String()) }\n',
    "inner/inner.go": "// Package inner doubles.\npackage inner\n\n// Twice doubles.\nfunc Twice(n int) int { return 2 * n }\n",
    "inner/inner_test.go": 'package inner\n\nimport (\n\t"testing"\n\n\t"rsc.io/quote"\n)\n\nfunc TestTwice(t *testing.T) {\n\t'
                           'if Twice(4) != 8 || quote.Go() == "" {\n\t\tt.Fatal("wrong")\n\t}\n}\n',
}
# What no failure of go may show.
CRASHES = ("panic:", "internal compiler error", "SIGSEGV", "SIGBUS", "fatal error:", "unexpected fault", "--- FAIL")


def cut(path: Path) -> None:
    """Leaves half of a file under its name. As another node: who cuts a file that go has mapped into memory kills go himself."""
    half = path.with_name(path.name + ".cut")
    data = path.read_bytes()
    half.write_bytes(data[:len(data) // 2])
    os.rename(half, path)


class Builds:
    def __init__(self, world: World, scanner: Path, runs: int, seed: int):
        self.world, self.scanner, self.runs, self.random = world, scanner, runs, random.Random(seed)
        self.main = world.root / "main"
        self.commands = {
            "go build": ["build", "-o", str(world.root / "out/program"), "."],
            "go test": ["test", "-count=1", "./..."],
            "go mod download": ["mod", "download"],
        }
        self.wrong: list[str] = []
        self.failed: dict[str, int] = {}
        self.count: dict[str, int] = {}
        self.codes: dict[int, int] = {}
        self.steps = self.repairs = 0
        self.paused = threading.Lock()
        self.clean = ""

    def prepare(self) -> None:
        if not self.main.exists():
            self.world.make()
            for name, text in FILES.items():
                path = self.world.root / "main.new" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            self.world.go("mod", "tidy", cwd=self.world.root / "main.new")
            os.rename(self.world.root / "main.new", self.main)
        for command in self.commands.values():
            self.world.go(*command, cwd=self.main)
        self.clean = digest(self.commands["go build"][2])

    def go(self, name: str):
        return self.world.go(*self.commands[name], cwd=self.main, check=False)

    def loop(self, name: str) -> None:
        for _ in range(self.runs):
            done = self.go(name)
            self.count[name] = self.count.get(name, 0) + 1
            words = (done.stderr + done.stdout).strip()
            if any(c in words for c in CRASHES):
                self.wrong.append(f"{name}: {words[-600:]}")
            elif done.returncode and not words:
                self.wrong.append(f"{name}: exit {done.returncode} without a word")
            if done.returncode:
                self.failed[name] = self.failed.get(name, 0) + 1
                print(f"        {name} failed: {' / '.join(words.splitlines())[:300]}", flush=True)
                # No new damage until it is repeated: the repair of the last one is done when the lock is had.
                with self.paused:
                    again = self.go(name)
                if again.returncode:
                    self.wrong.append(f"{name} fails when it is repeated: {(again.stderr + again.stdout)[-600:]}")
            if name == "go build" and digest(self.commands[name][2]) != self.clean:
                self.wrong.append("go build: another program than from the clean caches")

    def damage(self) -> str:
        """One damage; what was done."""
        world, pick = self.world, self.random.choice
        entries = sorted(p for p in world.gocache.glob("??/*-a"))
        outputs = sorted(p for p in world.gocache.glob("??/*-d") if p.is_file())
        downloads = world.gomodcache / "cache/download"
        zips = sorted(downloads.glob("**/@v/*.zip"))
        trees = sorted(p for p in world.gomodcache.glob("**/*@*") if p.is_dir() and "cache" not in p.relative_to(world.gomodcache).parts)
        kind = self.random.randrange(10)
        try:
            match kind:
                case 0:
                    pick(entries).write_text("v1 this is no entry\n")
                case 1:
                    pick(outputs).unlink()
                case 2:
                    pick(outputs).chmod(0o4755)
                case 3:
                    pick(entries).chmod(0o666)
                case 4:
                    pick(outputs).parent.chmod(0o777)
                case 5:
                    tree = pick(trees)
                    tree.chmod(0o755)
                    (tree / "zz-added.txt").write_text("added\n")
                    tree.chmod(0o555)
                case 6:
                    path = pick([p for p in trees if (p / "LICENSE").exists()])
                    path.chmod(0o755)
                    (path / "LICENSE").unlink()
                    path.chmod(0o555)
                case 7:
                    cut(pick(zips))
                case 8:
                    pick(zips).with_suffix(".ziphash").write_text("h1:" + "A" * 43 + "=")
                case 9:
                    pick(trees).chmod(0o777)
        except (OSError, IndexError):
            return "nothing: a build was faster"
        return f"damage {kind}"

    def mend(self) -> None:
        env = {k: v for k, v in self.world.env().items() if k.startswith(("GO", "HOME", "PATH"))}
        result = scan(self.scanner, env, self.main, ["--main-module", str(self.main), "--fix", "--yes"])
        self.codes[result.code] = self.codes.get(result.code, 0) + 1
        self.repairs += 1
        if result.report is None:
            self.wrong.append(f"a repair without a report, exit {result.code}: {result.stderr[-300:]}")
            return
        steps = result.report["fix"].get("steps", [])
        self.steps += sum(s["done"] for s in steps)
        undone = [s for s in steps if not s["done"] or "error" in s]
        if (result.code == 4) != bool(undone) or result.code not in (0, 1, 3, 4):
            self.wrong.append(f"a repair ends with {result.code}, {len(undone)} of {len(steps)} not done: {result.stderr[-300:]}")

    def race(self) -> None:
        loops = [threading.Thread(target=self.loop, args=(name,)) for name in self.commands]
        for thread in loops:
            thread.start()
        while any(t.is_alive() for t in loops):
            with self.paused:
                for _ in range(self.random.randint(1, 3)):
                    self.damage()
                for _ in range(5):
                    before = self.steps
                    self.mend()
                    if self.steps == before:
                        break
            # So that the others come to hold the lock.
            time.sleep(0.05)
        for thread in loops:
            thread.join()


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--scanner", type=Path, default=DEFAULT_SCANNER)
    ap.add_argument("--runs", type=int, default=50)
    ap.add_argument("--go", default="1.26")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("dir", type=Path)
    args = ap.parse_args()
    os.umask(0o022)
    tally = Tally()
    try:
        go, _ = find_go(args.go, args.dir.parent / "go-toolchains")
        builds = Builds(World(args.dir, go), args.scanner, args.runs, args.seed)
        builds.prepare()
        begun = time.monotonic()
        builds.race()
        builds.mend()
        env = {k: v for k, v in builds.world.env().items() if k.startswith(("GO", "HOME", "PATH"))}
        last = scan(args.scanner, env, builds.main, ["--main-module", str(builds.main)])
        if last.code:
            builds.wrong.append(f"the last scan: exit {last.code} {[(f['rule'], f['path']) for f in (last.report or {'findings': []})['findings']]}")
        if builds.steps < args.runs // 2:
            builds.wrong.append(f"only {builds.steps} steps were done beside the builds")
        detail = (f"{builds.count}, failed and repeated {builds.failed}; {builds.repairs} repairs, {builds.steps} steps, exits {builds.codes}, "
                  f"{time.monotonic() - begun:.0f} s")
        tally.check("repairs beside running builds", builds.wrong[:6], detail)
        print(f"        {detail}")
        for place in (builds.world.root, builds.world.gopath / "pkg"):
            kept = place / QUARANTINE
            if kept.exists():
                subprocess.run(["chmod", "-R", "u+rwX", str(kept)], check=True)
                shutil.rmtree(kept)
    except Failure as e:
        tally.fail("repairs beside running builds", str(e))
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
