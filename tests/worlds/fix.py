#!/usr/bin/env python3
"""Damages a world of real Go in every way of an attack corpus, mends it with --fix, and holds the repair to its promises.

    fix.py --corpus FILE --world DIR [--scanner BIN] [--group G]... [--case ID]... [--verbose]

DIR.pristine is made on first use, at DIR, since Go keys some entries by absolute path; every case works on a fresh copy at DIR.
For each case:
  damage, snapshot (type, mode, owner, time of the last write, sha256, link target, access lists)
  `--fix --dry-run` changes nothing at all
  `--fix --yes` ends with 0, or with 1 where what is left has no repair; nothing outside the caches has changed
  a new scan finds nothing above note that a repair exists for
  `quarantine restore RUN` gives the snapshot back
  `--fix --yes` again, then `go build` passes and its program equals that of the clean cache, byte for byte;
  without a proxy where only the build cache or extracted directories were touched
A case may ask for more: `names`, what the first scan must find (rule and path); `after`, what must hold at the end; `alone`, a course of its own
in place of all this, for what one user alone meets.
A corpus is a module with `pristine`, `world_env`, `World` and `CASES`, such as symptoms.py. Exit status 0 if every case passed.
"""
import argparse
import importlib.util
import json
import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from snapshots import QUARANTINE, differences, digest, snapshot  # noqa: E402

PRIVATE = {"GOPRIVATE": "git.corp.test"}


def load(path: Path):
    spec = importlib.util.spec_from_file_location("corpus", path)
    mod = importlib.util.module_from_spec(spec)
    sys.modules["corpus"] = mod
    spec.loader.exec_module(mod)
    return mod


def wipe(world: Path) -> None:
    if world.is_symlink() or world.exists():
        subprocess.run(["chmod", "-R", "u+rwX", str(world)], stderr=subprocess.DEVNULL)
        shutil.rmtree(world)


def fresh(world: Path) -> None:
    wipe(world)
    subprocess.run(["cp", "-a", "--reflink=auto", f"{world}.pristine", str(world)], check=True)


class Tester:
    def __init__(self, args, corpus):
        self.args, self.corpus, self.world = args, corpus, args.world
        self.caches = [os.fsencode(self.world / p) for p in ("gocache", "gopath/pkg/mod", "gopath/pkg/sumdb", "gopath/bin")]
        self.clean = None

    def run(self, *args: str, env: dict, timeout: float = 300):
        cmd = [str(self.args.scanner), *args]
        p = subprocess.run(cmd, env=self.corpus.world_env(self.world, env), cwd=self.world / "main", stdin=subprocess.DEVNULL,
                           capture_output=True, timeout=timeout)
        return p.returncode, p.stdout, p.stderr.decode("utf-8", "replace")

    def scan(self, *extra: str, env: dict):
        rc, out, err = self.run("scan", "--format", "json", "--progress", "never", "--main-module", str(self.world / "main"), *extra,
                                env=env)
        try:
            return rc, json.loads(out), err
        except ValueError:
            return rc, None, err or out[-300:].decode("utf-8", "replace")

    def build(self, out: Path, **env: str) -> tuple[int, str]:
        env = self.corpus.world_env(self.world, {**PRIVATE, **env})
        p = subprocess.run(["go", "build", "-o", str(out), "."], cwd=self.world / "main", env=env, capture_output=True, text=True, timeout=900)
        return p.returncode, p.stderr[-800:]

    def clean_program(self) -> str:
        fresh(self.world)
        out = Path(f"{self.world}.clean")
        rc, err = self.build(out)
        if rc:
            raise SystemExit(f"the clean world does not build: {err}")
        return digest(str(out))

    def snapshot(self) -> dict:
        return snapshot(self.world)

    def differences(self, before: dict) -> list:
        return differences(before, self.snapshot())

    def outside(self, snap: dict) -> dict:
        # Everything that is no cache. A folder in which a quarantine was made has a new time.
        return {p: v for p, v in snap.items() if not any(p == c or p.startswith(c + b"/") for c in self.caches)}

    def case(self, c) -> list:
        bad = []
        fresh(self.world)
        world = self.corpus.World(self.world)
        want = c.apply(world)
        if alone := getattr(c, "alone", None):
            bad = alone(world, self)
            self.line(c, bad, "a course of its own")
            return bad
        env = {k: v for k, v in want["env"].items()}
        before = snapshot(self.world)
        options = list(getattr(c, "options", ()))
        extra = [*options, *(["--fix-binaries"] if c.group == "binaries" else [])]
        rc, dry, err = self.scan("--fix", "--dry-run", *extra, env=env)
        if dry is None:
            return [f"dry run: no report, exit {rc}: {err[-200:]}"]
        if names := getattr(c, "names", None):
            bad += [f"not found: {f}" for f in names(world) - {(f["rule"], f["path"]) for f in dry["findings"]}]
        bad += [f"the dry run changed {d}" for d in differences(before, snapshot(self.world))]
        rc, report, err = self.scan("--fix", "--yes", *extra, env=env)
        if report is None:
            return bad + [f"no report, exit {rc}: {err[-300:]}"]
        fix = report["fix"]
        plan = [(s["act"], s["path"]) for s in fix["steps"]]
        if plan != [(s["act"], s["path"]) for s in dry["fix"]["steps"]]:
            bad.append("the plan is not that of the dry run")
        bad += [f"not done: {s}" for s in fix["steps"] if not s["done"] or "error" in s]
        loud = [f for f in report["findings"] if f["level"] != "note"]
        said = json.dumps(report)
        mendable = [f for f in loud if f["fix"] != "none" and not self.told_only(f, extra)]
        bad += [f"left: {f['rule']} {f['path']}" for f in mendable]
        if rc != (1 if loud else 0):
            bad.append(f"exit {rc} with {len(loud)} findings left")
        after = snapshot(self.world)
        places = {os.fsencode(self.world), os.fsencode(self.world / "gopath"), os.fsencode(self.world / "gopath/pkg"),
                  os.fsencode(self.world / "outside")}
        bad += [f"outside: {d}" for d in differences(self.outside(before), self.outside(after), places)]
        rc2, again, err = self.scan(*options, env=env)
        if again is None:
            return bad + [f"no second report: {err[-300:]}"]
        key = lambda f: (f["rule"], f["path"])  # noqa: E731
        if {key(f) for f in again["findings"] if f["level"] != "note"} != {key(f) for f in loud}:
            bad.append(f"a whole scan finds otherwise: {sorted({key(f) for f in again['findings'] if f['level'] != 'note'} ^ {key(f) for f in loud})}")
        if getattr(c, "untouched", False) != (not plan) and hasattr(c, "untouched"):
            bad.append(f"{len(plan)} steps")
        if not plan:
            bad += [f"changed without a plan: {d}" for d in differences(before, after)]
            self.line(c, bad, "no repair" if loud else "nothing to mend")
            return bad
        bad += self.quarantine()
        rc3, out, err = self.run("quarantine", "restore", fix["run"], env=env)
        if rc3:
            bad.append(f"restore: exit {rc3}: {out[-300:]!r} {err[-300:]}")
        bad += [f"after restore: {d}" for d in differences(before, snapshot(self.world), places)][:6]
        rc, report, err = self.scan("--fix", "--yes", *extra, env=env)
        if report is None or any(not s["done"] for s in report["fix"]["steps"]):
            return bad + [f"second repair: exit {rc}: {err[-300:]}"]
        out = Path(f"{self.world}.out")
        out.unlink(missing_ok=True)
        mod = str(self.world / "gopath/pkg/mod")
        offline = all(not p.startswith(mod) or "@" in p[len(mod):].split("/cache/")[0] and not p.startswith(mod + "/cache") for _, p in plan)
        rc, err = self.build(out, **({"GOPROXY": "off"} if offline else {}))
        if getattr(c, "refused", False):
            if rc == 0 or "checksum mismatch" not in err:
                bad.append(f"go build is not refused: exit {rc} {err}")
            if "go.sum" not in said:
                bad.append("the report does not tell of go.sum")
        elif rc:
            bad.append(f"go build{' without a proxy' if offline else ''}: {err}")
        elif digest(str(out)) != self.clean:
            bad.append("the program is not that of the clean cache")
        rc, last, err = self.scan(*options, env=env)
        left = [f for f in (last or {}).get("findings", []) if f["level"] != "note" and key(f) not in {key(g) for g in loud}]
        bad += [f"after the build: {f['rule']} {f['path']}" for f in left]
        if after := getattr(c, "after", None):
            bad += after(world, self)
        self.line(c, bad, f"{len(plan)} steps{', offline' if offline else ''}: {sorted({a for a, _ in plan})}")
        return bad

    def told_only(self, f: dict, extra: list) -> bool:
        """What --fix leaves alone whatever its rule says: programs, roots that are links, what lies above a root."""
        return f["root"] in ("gobin", "binary") and (not extra or f["kind"] not in ("integrity", "tamper"))

    def quarantine(self) -> list:
        bad = []
        for top in self.world.rglob(QUARANTINE):
            if stat.S_IMODE(os.lstat(top).st_mode) != 0o700:
                bad.append(f"{top} is {oct(os.lstat(top).st_mode)}")
            for path in top.rglob("*"):
                st = os.lstat(path)
                if stat.S_ISREG(st.st_mode) and st.st_nlink == 1 and st.st_mode & 0o6133:
                    bad.append(f"in quarantine {path} is {oct(st.st_mode)}")
                if stat.S_ISDIR(st.st_mode) and st.st_mode & 0o022:
                    bad.append(f"in quarantine {path} is {oct(st.st_mode)}")
        return bad[:5]

    def line(self, c, bad: list, what: str) -> None:
        if self.args.verbose or bad:
            print(f"{'FAILED' if bad else 'ok    '} {c.id}: {what}", flush=True)


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--corpus", type=Path, required=True)
    ap.add_argument("--world", type=Path, required=True)
    ap.add_argument("--scanner", type=Path, default=Path("target/release/gocachescan"))
    ap.add_argument("--group", action="append")
    ap.add_argument("--case", action="append")
    ap.add_argument("--verbose", action="store_true")
    args = ap.parse_args()
    args.world, args.scanner = args.world.absolute(), args.scanner.absolute()
    sys.dont_write_bytecode = True
    corpus = load(args.corpus)
    keep = Path(f"{args.world}.pristine")
    if not keep.exists():
        corpus.pristine(args.world)
        os.rename(args.world, keep)
    cases = [c for c in corpus.CASES.values()
             if (not args.group or c.group in args.group) and (not args.case or c.id in args.case)]
    tester = Tester(args, corpus)
    tester.clean = tester.clean_program()
    failed = 0
    begun = time.monotonic()
    for c in cases:
        try:
            bad = tester.case(c)
        except Exception as e:  # noqa: BLE001 the machinery of the test itself
            bad = [f"the test could not go on: {type(e).__name__}: {e}"]
            tester.line(c, bad, "")
        failed += bool(bad)
        for b in bad[:8]:
            print(f"       {b}", flush=True)
    wipe(args.world)
    for name in (".clean", ".out"):
        Path(f"{args.world}{name}").unlink(missing_ok=True)
    print(f"{len(cases) - failed} passed, {failed} failed in {time.monotonic() - begun:.0f} s")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
