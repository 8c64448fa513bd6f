#!/usr/bin/env python3
"""Kills a repair, and makes the system refuse it, at every call by which it changes something: nothing may be lost.

    fix_interrupted.py [--scanner BIN] [--short] [--only NAME,NAME] [--dir DIR] [--seed N] [--workers N] [--list]

A small world without Go is damaged in every way that a repair mends. `--fix --yes`, then `quarantine restore`, is stopped by
strace before the n-th call of each kind, for every n: by SIGKILL, and by ENOSPC, EIO, EACCES, EXDEV and EROFS, once and from then
on. Held each time:
  every file lies in its place or in quarantine, whole; nothing outside the caches has changed
  a step that is told as done is done, one that is told as not done is not; exit 4 with any of these, never a signal of its own
  the next `--fix` leaves a clean cache and no run half done; or `quarantine restore` takes all back at once
  restoring what there is, the last run first, gives the damaged world back: bytes, types, modes, owners, times, access lists
A dry run changes nothing, and opens nothing for writing. Worlds: as root, as nobody (read-only folders), and with each cache on a mount of its own (copies). Then two repairs at once, and
repairs that are killed again while they recover. --short takes a sample that is spread over all calls.
"""
import argparse
import json
import os
import queue
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from fix_place import CLONE_NEWNS, FIX, MS_PRIVATE, MS_REC, NOBODY, Place, libc  # noqa: E402
from lib import DEFAULT_SCANNER, Tally  # noqa: E402

ERRORS = ("ENOSPC", "EIO", "EACCES", "EXDEV", "EROFS")
CHANGES = {"mkdirat", "renameat2", "renameat", "linkat", "unlinkat", "symlinkat", "mknodat", "write", "pwrite64", "fsync", "fdatasync",
           "ftruncate", "fchmodat", "fchmodat2", "fchmod", "chmod", "fchown", "fchownat", "utimensat", "setxattr", "removexattr",
           "copy_file_range", "sendfile"}
READS = {"openat2", "openat", "newfstatat", "fstat", "statx", "flock", "getdents64", "read", "getxattr", "readlinkat"}
CALL = re.compile(r"^(\w+)\((.*)\) += (-?\d+|\?)")


class Call:
    """The n-th call of its kind of the main thread, from 1."""

    def __init__(self, name: str, number: int, args: str):
        self.name, self.number, self.args = name, number, args

    def changes(self) -> bool:
        if self.name == "write":
            return int(self.args.split(",")[0]) > 2
        return self.name in CHANGES or (self.name == "openat" and "O_CREAT" in self.args)


def traced(place: Place, *args: str) -> list:
    """The calls of an undisturbed run, from the first that changes something to the last."""
    log = place.top / "trace"
    log.unlink(missing_ok=True)
    rc, out, err = place.run(*args, prefix=["strace", "-qq", "-o", log, "-e", "trace=" + ",".join(f"?{c}" for c in sorted(CHANGES | READS))])
    counts, calls = {}, []
    for line in log.read_text(errors="replace").splitlines():
        if m := CALL.match(line):
            counts[m[1]] = counts.get(m[1], 0) + 1
            calls.append(Call(m[1], counts[m[1]], m[2]))
    changing = [i for i, c in enumerate(calls) if c.changes()]
    if rc or not changing:
        raise AssertionError(f"undisturbed: exit {rc}, {len(changing)} changes: {err} {out[-500:]}")
    return [c for c in calls[changing[0]:changing[-1] + 1] if not (c.name in ("write", "read") and c.args[0] in "012" and c.args[1] == ",")]


def inject(place: Place, call: Call, how: str) -> list:
    log = place.top / "injected"
    log.unlink(missing_ok=True)
    what, _, on = how.partition("+")
    what = "signal=KILL" if what == "KILL" else f"error={what}"
    return ["strace", "-qq", "-o", log, "-e", f"trace={call.name}", "-e", f"inject={call.name}:{what}:when={call.number}{'+' if how.endswith('+') else ''}"]


def was_hit(place: Place, code: int) -> bool:
    log = place.top / "injected"
    text = log.read_text(errors="replace") if log.exists() else ""
    return "(INJECTED" in text or code in (-signal.SIGKILL, 128 + signal.SIGKILL)


class Interrupter:
    def __init__(self, args, tally: Tally):
        self.args, self.tally, self.random = args, tally, random.Random(args.seed)
        self.shown = 0

    def sweep(self, place: Place, phase: str, kill_only: bool) -> None:
        """All calls of one phase, each in each way."""
        place.fresh()
        name = None
        if phase == "restore":
            rc, report, err = place.fix()
            if rc:
                raise AssertionError(f"the repair to be undone: exit {rc}: {err}")
            name = report["fix"]["run"]
        calls = traced(place, *(FIX if phase == "fix" else ["quarantine", "restore", name]))
        changing = [c for c in calls if c.changes()]
        if kill_only:
            points = [(c, "KILL") for c in changing]
        else:
            points = [(c, e + on) for c in changing for e in ERRORS for on in ("", "+")]
            points += [(c, e) for c in calls if not c.changes() for e in ("EIO", "EACCES")]
        total = len(points)
        share = self.args.sample.get("kill" if kill_only else "errors")
        if share and share < total:
            # Spread over all calls, another sample with another seed.
            start = self.random.random()
            points = [points[int((i + start) * total / share)] for i in range(share)]
        wrong, missed, begun = 0, 0, time.monotonic()

        def point(worker: Place, index: int) -> tuple:
            return points[index], self.one(worker, phase, *points[index], index)
        for (call, how), bad in self.each(place, point, len(points)):
            if bad is None:
                missed += 1
            elif bad:
                wrong += 1
                self.show(f"{place.name} {phase}: {how} at {call.name} {call.number} ({call.args[:100]})", bad)
        title = f"{place.name}: {phase} {'killed' if kill_only else 'refused'}"
        detail = f"{len(points)} of {total} points, {missed} not reached, {time.monotonic() - begun:.0f} s"
        bad = [f"{wrong} of {len(points)} wrong"] if wrong else []
        # What changes the path of a run is met before the point now and then, but never often.
        bad += ["too few points were reached"] if missed * 20 > len(points) else []
        self.tally.check(title, bad, detail)

    def each(self, place: Place, do, rounds: int):
        """Does all rounds, many at once, each worker in a world of its own: a scan waits a second for what is as new as these."""
        free = queue.SimpleQueue()
        for worker in place.workers(self.args.workers):
            free.put(worker)

        def one(number: int):
            worker = free.get()
            try:
                return do(worker, number)
            finally:
                free.put(worker)
        with ThreadPoolExecutor(self.args.workers) as pool:
            yield from pool.map(one, range(rounds))

    def show(self, what: str, bad: list) -> None:
        self.shown += 1
        if self.shown <= 40:
            print(f"        {what}: " + "; ".join(bad)[:1500], flush=True)

    def one(self, place: Place, phase: str, call: Call, how: str, index: int) -> list | None:
        place.fresh()
        bad = []
        if phase == "fix":
            rc, report, err = place.fix(prefix=inject(place, call, how))
        else:
            name = place.fix()[1]["fix"]["run"]
            rc, out, err = place.run("quarantine", "restore", name, prefix=inject(place, call, how))
        if not was_hit(place, rc):
            return None
        bad += place.lost()
        if how != "KILL":
            if phase == "fix" and (report or how[-1] != "+" or call.name != "write"):
                bad += self.told(place, rc, report, err)
            elif rc not in (0, 3, 4) or (rc == 0 and place.differs()):
                bad.append(f"exit {rc} with {place.differs()[:3]}: {err}")
        # On with a repair, or all back at once: by turns, and after a kill both.
        ways = [index % 2] if self.args.short or how != "KILL" else [0, 1]
        for way in ways:
            if way != ways[0]:
                place.fresh()
                if phase == "fix":
                    place.fix(prefix=inject(place, call, how))
                else:
                    name = place.fix()[1]["fix"]["run"]
                    place.run("quarantine", "restore", name, prefix=inject(place, call, how))
            if way == 0:
                bad += [f"then repaired: {b}" for b in place.mended() + place.lost()]
            bad += [f"{'repaired and' if way == 0 else 'then'} taken back: {b}" for b in place.taken_back() + place.lost()]
        return bad

    def told(self, place: Place, rc: int, report: dict | None, err: str) -> list:
        if report is None:
            return [f"exit {rc} without a report: {err}"]
        steps = report["fix"]["steps"]
        undone = any(not s["done"] or "error" in s for s in steps)
        bad = place.untrue(report)
        if (rc == 4) != undone or rc not in (0, 4):
            bad.append(f"exit {rc} with {sum(not s['done'] for s in steps)} of {len(steps)} steps not done: {err}")
        return bad

    def dry(self, place: Place) -> None:
        """A dry run opens nothing for writing and changes nothing."""
        place.fresh()
        log = place.top / "trace"
        names = sorted(CHANGES - {"write"} | {"openat", "openat2", "open", "creat", "mkdir", "rename", "unlink", "link", "symlink", "truncate"})
        rc, out, err = place.run(*FIX[:2], "--dry-run", *FIX[3:],
                                prefix=["strace", "-f", "-qq", "-o", log, "-e", "trace=" + ",".join(f"?{c}" for c in names)])
        steps = json.loads(out)["fix"]["steps"] if rc == 1 else []
        text = log.read_text(errors="replace")
        wrong = [line for line in text.splitlines()
                 if re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND", line) or re.match(rf"\d+ +({'|'.join(CHANGES - {'write'})})\(", line)]
        wrong += place.differs()
        if rc != 1 or not steps or "openat" not in text:
            wrong.append(f"exit {rc}, {len(steps)} steps: {err}")
        self.tally.check(f"{place.name}: a dry run opens nothing for writing", wrong[:5], f"{len(text.splitlines())} calls, {len(steps)} steps planned")

    def twice(self, place: Place, rounds: int) -> None:
        """Two repairs at once."""
        def two(worker: Place, number: int) -> tuple:
            worker.fresh()
            children = [worker.start(*FIX)]
            # From both at the same moment to one at work when the other comes.
            time.sleep(number % 4 * 0.004)
            children.append(worker.start(*FIX))
            outputs = [c.communicate(timeout=120) for c in children]
            reports = [json.loads(out) for out, _ in outputs]
            bad, done, met = worker.lost(), {}, 0
            for child, report in zip(children, reports):
                steps = report["fix"].get("steps", [])
                undone = [s for s in steps if not s["done"] or "error" in s]
                met += bool(undone)
                if child.returncode not in (0, 4) or (child.returncode == 4) != bool(undone):
                    left = [(f["rule"], f["path"]) for f in report["findings"] if f["level"] != "note"]
                    bad.append(f"exit {child.returncode} with {len(undone)} of {len(steps)} not done; {left}")
                for s in steps:
                    done[s["path"]] = done.get(s["path"], 0) + (s["done"] and s["act"] in ("quarantine", "unlink"))
            bad += [f"moved twice: {p}" for p, n in done.items() if n > 1]
            return bad + worker.mended() + worker.taken_back() + worker.lost(), met
        self.rounds(place, "two repairs at once", two, rounds, "met the other one's work")

    def again(self, place: Place, rounds: int) -> None:
        """Killed, and killed again while the next run recovers, up to five times."""
        place.fresh()
        calls = [c for c in traced(place, *FIX) if c.changes()]
        seeds = [self.random.random() for _ in range(rounds)]

        def killed(worker: Place, number: int) -> tuple:
            dice = random.Random(seeds[number])
            worker.fresh()
            bad, points, kills = [], [], 0
            for _ in range(dice.randint(2, 5)):
                call = dice.choice(calls)
                runs = [r["run"] for r in worker.runs()]
                args = ["quarantine", "restore", dice.choice(runs)] if runs and dice.random() < 0.4 else FIX
                rc, _, _ = worker.run(*args, prefix=inject(worker, call, "KILL"))
                kills += rc not in (0, 1, 4)
                points.append(f"{args[1]} {call.name} {call.number}")
                bad += worker.lost()
            bad += worker.mended() + worker.lost() + worker.taken_back() + worker.lost()
            return bad and [f"{points}", *bad], kills
        self.rounds(place, "killed again and again", killed, rounds, "kills")

    def rounds(self, place: Place, title: str, do, rounds: int, what: str) -> None:
        wrong = number = 0
        for bad, n in self.each(place, do, rounds):
            number += n
            if bad:
                wrong += 1
                self.show(f"{place.name}: {title}", bad)
        bad = [f"{wrong} of {rounds} wrong"] if wrong else []
        self.tally.check(f"{place.name}: {title}", bad, f"{rounds} rounds, {number} {what}")


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--scanner", type=Path, default=DEFAULT_SCANNER)
    ap.add_argument("--short", action="store_true")
    ap.add_argument("--only", default="")
    ap.add_argument("--dir", type=Path, help="where the worlds are made; in memory, if there is room")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--workers", type=int, default=12)
    ap.add_argument("--list", action="store_true")
    args = ap.parse_args()
    args.sample = {"kill": 14, "errors": 20} if args.short else {}
    os.umask(0o022)
    tally = Tally()
    tests = {
        "dry": lambda t, p: t.dry(p),
        "kill": lambda t, p: (t.sweep(p, "fix", True), t.sweep(p, "restore", True)),
        "errors": lambda t, p: (t.sweep(p, "fix", False), t.sweep(p, "restore", False)),
        "twice": lambda t, p: t.twice(p, 5 if args.short else 100),
        "again": lambda t, p: t.again(p, 5 if args.short else 200),
    }
    places = {"root": (0, False), "nobody": (NOBODY, False), "mounted": (0, True)}
    if args.list:
        print("\n".join(f"{p}-{t}" for p in places for t in tests))
        return 0
    wanted = set(filter(None, args.only.split(",")))
    root = os.geteuid() == 0
    if not shutil.which("strace"):
        tally.fail("interrupted repairs", "strace is missing: install it")
        return tally.close()
    if not root:
        places = {"own": (os.geteuid(), False)}
        tally.cannot("repairs as root, as another user, and of caches that are mounts", "needs root")
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="fix-", dir=args.dir or (memory if os.access(memory, os.W_OK) else None)) as temp:
        top = Path(temp)
        top.chmod(0o755)
        # Where another user reaches it.
        scanner = top / "gocachescan"
        shutil.copyfile(args.scanner, scanner)
        scanner.chmod(0o755)
        for name, (uid, mounted) in places.items():
            if mounted:
                try:
                    libc("unshare", CLONE_NEWNS)
                    libc("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
                except OSError as e:
                    tally.cannot(f"{name}: copies", f"no mounts of its own: {e}")
                    continue
            chosen = [t for t in tests if not wanted or wanted & {name, t, f"{name}-{t}"}]
            place = Place(name, top, scanner, uid if root else 0, mounted)
            if chosen:
                place.make()
            for test in chosen:
                try:
                    tests[test](Interrupter(args, tally), place)
                except (AssertionError, OSError, ValueError, subprocess.SubprocessError) as e:
                    tally.fail(f"{name} {test}", f"could not go on: {type(e).__name__}: {e}")
            for world in [place, *place.others]:
                world.wipe()
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
