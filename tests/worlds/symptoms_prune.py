"""Caches that only grow, made with a real go: rows of symptoms.py with a course of their own. `prune` bounds them, loses nothing, and go
builds as before."""
from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from snapshots import differences, digest, snapshot

HOUR, DAY = 3600, 86400
VARIANTS = {"plain": [], "debug": ["-gcflags=-N -l"], "trimmed": ["-trimpath", "-ldflags=-s -w"]}
WITH_OLD = {
    "go.mod": "module example.test/newer\n\ngo 1.21\n\nrequire (\n\trsc.io/quote v1.5.2\n\trsc.io/sampler v1.3.1\n)\n",
    "main.go": 'package main\n\nimport (\n\t"fmt"\n\n\t"rsc.io/quote"\n\t"rsc.io/sampler"\n)\n\nfunc main() { fmt.Println(quote.Go(), sampler.Hello()) }\n',
}
OTHER = {
    "go.mod": "module example.test/other\n\ngo 1.21\n\nrequire (\n\trsc.io/quote/v3 v3.1.0\n\trsc.io/sampler v1.99.99\n)\n",
    "main.go": 'package main\n\nimport (\n\t"fmt"\n\n\t"rsc.io/quote/v3"\n\t"rsc.io/sampler"\n)\n\nfunc main() { fmt.Println(quote.GoV3(), sampler.Hello()) }\n',
}


class Course:
    """What both rows do: build, prune, put back, compare."""

    def __init__(self, w, t):
        self.w, self.t, self.bad = w, t, []
        # Folders in which a quarantine is made.
        self.places = {os.fsencode(p) for p in (w.root, w.root / "gopath", w.root / "gopath/pkg")}

    def need(self, fine: bool, what) -> bool:
        if not fine:
            self.bad.append(str(what)[:400])
        return fine

    def go(self, *args: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess:
        env = self.t.corpus.world_env(self.w.root, {"GOPROXY": "off", **env})
        return subprocess.run(["go", *args], cwd=cwd or self.w.root / "main", env=env, capture_output=True, text=True, timeout=900)

    def build(self, flags: list, cwd: Path | None = None, **env: str) -> str:
        """The digest of the program that is built without a network, or what go says."""
        out = self.w.root / "outside/program"
        out.unlink(missing_ok=True)
        p = self.go("build", "-o", str(out), *flags, ".", cwd=cwd, **env)
        return digest(str(out)) if p.returncode == 0 else f"go build {flags}: {p.stderr[-300:]}"

    def prune(self, *args: str, code: int = 0) -> dict:
        rc, out, err = self.t.run("prune", "--format", "json", "--progress", "never", *args, env={})
        self.need(rc == code, f"prune {args}: exit {rc}: {err[-300:]}")
        return json.loads(out) if out else {}

    def dry(self, *args: str) -> None:
        """A dry run opens nothing for writing, and changes nothing."""
        before, log = snapshot(self.w.root), Path(f"{self.w.root}.trace")
        calls = "openat,openat2,open,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,truncate,ftruncate," \
                "utimensat,chmod,fchmod,fchmodat,chown,fchown,fchownat,fsync,fdatasync"
        command = ["strace", "-f", "-qq", "-o", str(log), "-e", "trace=" + ",".join(f"?{c}" for c in calls.split(",")),
                   str(self.t.args.scanner), "prune", "--progress", "never", *args, "--dry-run"]
        p = subprocess.run(command, env=self.t.corpus.world_env(self.w.root), cwd=self.w.root / "main", capture_output=True, text=True, timeout=300)
        lines = log.read_text(errors="replace").splitlines()
        wrong = [x for x in lines if re.search("O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND", x) or not re.match(r"\d+ +(open|<... open|\+\+\+|---)", x)]
        self.need(p.returncode == 0 and "dry run" in p.stdout and len(lines) > 100 and not wrong, f"dry run: exit {p.returncode} {wrong[:3]} {p.stderr}")
        self.bad += [f"the dry run changed {d}" for d in differences(before, snapshot(self.w.root))][:3]
        log.unlink()

    def restore(self, run: str, before: dict) -> None:
        rc, out, err = self.t.run("quarantine", "restore", run, env={})
        self.need(rc == 0, f"restore: exit {rc} {out[-200:]!r} {err[-200:]}")
        self.bad += [f"after restore: {d}" for d in differences(before, snapshot(self.w.root), self.places)][:4]

    def clean(self, when: str) -> None:
        rc, report, err = self.t.scan(env={})
        findings = [(f["rule"], f["path"]) for f in (report or {}).get("findings", [])]
        self.need(rc == 0 and report is not None and not findings, f"scan {when}: exit {rc} {findings[:4]} {err[-200:]}")


def files(cache: Path) -> dict:
    """Size and time of last use of every action entry and output: of an executable directory, its own time and what is in it."""
    seen = {}
    for path in [*cache.glob("??/*-a"), *cache.glob("??/*-d")]:
        size = path.stat().st_size if path.is_file() else sum(p.stat().st_size for p in path.iterdir())
        seen[path] = (size, path.stat().st_mtime)
    return seen


def size_of(cache: Path) -> int:
    return sum(p.stat().st_size for p in cache.rglob("*") if p.is_file())


def last_use(cache: Path) -> tuple[dict, set]:
    """When each output was last used, by itself or through an entry; and those that no entry names."""
    there = files(cache)
    used = {path: at for path, (_, at) in there.items() if path.name.endswith("-d")}
    named = set()
    for path, (_, at) in there.items():
        if path.name.endswith("-a"):
            output = path.read_text().split()[2]
            output = cache / output[:2] / f"{output}-d"
            if output in used:
                used[output] = max(used[output], at)
                named.add(output)
    return used, set(used) - named


def age(cache: Path, seconds: float, since: float) -> None:
    """Moves every use that go has noted after `since` so far into the past."""
    for path, (_, at) in files(cache).items():
        if at > since:
            os.utime(path, (time.time() - seconds, time.time() - seconds))


def bounded(w, t) -> list:
    """Row 28: several builds, whose last use lies days apart."""
    c, cache = Course(w, t), w.gocache
    programs = {name: c.build(flags) for name, flags in VARIANTS.items()}
    c.go("run", ".")
    c.go("test", "./...")
    c.need(not any("go build" in p for p in programs.values()) and programs["plain"] == t.clean, programs)
    # Each build refreshes what it uses; what it alone used is then as old as it is.
    age(cache, 20 * DAY, 0)
    for name, days in (("trimmed", 9), ("debug", 3)):
        c.build(VARIANTS[name])
        age(cache, days * DAY, time.time() - 2 * DAY)
    c.build(VARIANTS["plain"])
    used, orphans = last_use(cache)
    old = sorted((p for p in used if used[p] < time.time() - DAY and used[p] > time.time() - 15 * DAY), key=lambda p: used[p])
    c.need(len(old) > 10, "the world has too few old outputs")
    # An orphan, as an action leaves it that has another output now; and an entry whose output a trim took.
    dangling, lonely = old[-1], old[-2]
    names = {p: p.read_text().split()[2] for p in cache.glob("??/*-a")}
    for entry in [p for p, output in names.items() if lonely.name == f"{output}-d"]:
        entry.unlink()
    shutil.rmtree(dangling) if dangling.is_dir() else dangling.unlink()
    os.utime(lonely, (time.time() - 3 * HOUR, time.time() - 3 * HOUR))
    fresh = {p for p, (_, at) in files(cache).items() if at > time.time() - 2 * HOUR}
    before, total = snapshot(w.root), size_of(cache)
    held = sum(size for p, (size, _) in files(cache).items() if p in fresh)
    bound = held + (total - held) // 3

    shown = c.prune()
    told = shown["prune"]["build_caches"][0]
    c.need(told["bytes"] == total, f"{told['bytes']} of {total} bytes are told")
    c.need(told["orphans"]["number"] == 1 and told["dangling"]["number"] >= 1, told)
    c.dry("--max-size", f"{bound}B", "--orphans", "--used-by", str(w.root / "main"))
    c.prune("--max-size", f"{bound}B", code=2)  # there is no terminal
    c.prune("--max-size", f"{total}B", "--yes")  # it is that small already
    c.bad += [f"without being told: {d}" for d in differences(before, snapshot(w.root))][:3]

    was, _ = last_use(cache)
    report = c.prune("--max-size", f"{bound}B", "--yes")
    now, left = last_use(cache)
    c.need(size_of(cache) <= bound, f"{size_of(cache)} bytes are left, more than {bound}")
    c.need(all(p.exists() for p in fresh), "something of the last build was taken")
    c.need(lonely not in now and not left, "the orphan is still there")
    gone = {p: at for p, at in was.items() if p not in now and p != lonely}
    stays = [at for p, at in now.items() if p not in fresh and at < time.time() - 2 * HOUR]
    c.need(gone and stays and max(gone.values()) <= min(stays), "it was not the oldest that went")
    steps = report["fix"]["steps"]
    c.need(all(s["done"] for s in steps) and not report["findings"], report["findings"][:2])
    c.need(total - size_of(cache) == report["fix"]["bytes"] == sum(s["bytes"] for s in steps), "the bytes are told wrong")
    c.clean("after prune")
    c.restore(report["fix"]["run"], before)

    # Now everything that may go: what the last build used stays, and that is said.
    report = c.prune("--max-size", "1B", "--yes")
    c.need(any(f["rule"] == "build-cache-over-size" and f["path"] == str(cache) for f in report["findings"]), "the bound is not told as out of reach")
    c.need(all(p.exists() for p in fresh), "something of the last build was taken")
    c.clean("after all that may go has gone")
    for name, flags in [*VARIANTS.items(), *VARIANTS.items()]:
        c.need((is_now := c.build(flags)) == programs[name], f"{name}: {is_now}")
    c.need((p := c.go("test", "./...")).returncode == 0, p.stdout + p.stderr)
    c.clean("after the builds")
    return c.bad


def module(c: Course, name: str, sources: dict) -> Path:
    folder = c.w.root / "outside" / name
    folder.mkdir()
    for file, text in sources.items():
        (folder / file).write_text(text)
    env = c.t.corpus.world_env(c.w.root)
    for command in (["mod", "tidy"], ["mod", "download"], ["build", "-o", os.devnull, "."]):
        subprocess.run(["go", *command], cwd=folder, env=env, check=True, capture_output=True)
    return folder


def pruned(w, t) -> list:
    """Row 29: one module cache of three main modules, of which one still builds here."""
    c = Course(w, t)
    newer, other = module(c, "newer", WITH_OLD), module(c, "other", OTHER)
    subprocess.run(["go", "mod", "download", "rsc.io/quote@v1.5.1"], cwd=newer, env=t.corpus.world_env(w.root), check=True, capture_output=True)
    program = c.build([], newer)
    old, gone = ("rsc.io/sampler", "v1.3.0"), [("rsc.io/quote/v3", "v3.1.0"), ("rsc.io/sampler", "v1.99.99"), ("rsc.io/quote", "v1.5.1")]
    kept = [("rsc.io/quote", "v1.5.2"), ("rsc.io/sampler", "v1.3.1")]
    before = snapshot(w.root)

    good = (newer / "go.sum").read_bytes()
    for wrong in (b"", good[:-20], b"<<<<<<< HEAD\n" + good, None):
        path = w.root / "outside/wrong.sum"
        path.write_bytes(wrong) if wrong is not None else path.unlink()
        rc, out, err = t.run("prune", "--used-by", str(newer), "--used-by", str(path), "--yes", env={})
        c.need(rc == 2 and not out and err.count("\n") == 1, f"a bad list: exit {rc} {out[-100:]!r} {err}")
    shown = c.prune("--used-by", str(newer / "go.sum"), "--dry-run")
    c.bad += [f"without being told: {d}" for d in differences(before, snapshot(w.root), {os.fsencode(w.root / "outside")})][:3]
    c.need(shown["prune"]["module_caches"][0]["named"]["go_mod"]["number"] >= 1, shown["prune"])

    report = c.prune("--used-by", str(newer / "go.sum"), "--yes")
    c.need(all(s["done"] for s in report["fix"]["steps"]) and not report["findings"], report["findings"][:2])
    for m in gone:
        c.need(not any(p.exists() for p in (w.tree(m), *(w.at(m, e) for e in ("zip", "ziphash", "mod", "info")))), f"{m} is still there")
    c.need(w.at(old, "mod").exists() and w.at(old, "info").exists(), f"the go.mod of {old} is gone")
    c.need(not (w.tree(old).exists() or w.at(old, "zip").exists()), f"the source of {old} is still there")
    c.need(all(w.tree(m).exists() and w.at(m, "zip").exists() for m in kept), "what is needed is gone")
    c.need((is_now := c.build([], newer)) == program, is_now)
    c.need((p := c.go("mod", "verify", cwd=newer)).returncode == 0, p.stderr)
    c.need((p := c.go("list", "-m", "all", cwd=newer)).returncode == 0, p.stderr)
    c.need("disabled by GOPROXY=off" in c.build([], other), "the other module builds without its modules")
    c.clean("after prune")
    # The builds have written elsewhere, to the build cache above all.
    c.need(t.run("quarantine", "restore", report["fix"]["run"], env={})[0] == 0, "restore")
    modules = os.fsencode(w.mod)
    before, after = ({p: v for p, v in snap.items() if p.startswith(modules)} for snap in (before, snapshot(w.root)))
    c.bad += [f"after restore: {d}" for d in differences(before, after)][:4]

    # A workspace, which has no sums of its own before its first build, and the third module by its folder.
    (w.root / "outside/go.work").write_text("go 1.21\n\nuse (\n\t./newer\n\t../main\n)\n")
    for folder in (newer, w.root / "main"):
        c.need("go build" not in (said := c.build([], folder, GOWORK=str(w.root / "outside/go.work"))), said)
    report = c.prune("--used-by", str(w.root / "outside"), "--yes")
    c.need(not any(p.exists() for p in map(w.tree, gone)) and w.tree(kept[1]).exists(), report["fix"]["steps"][:2])
    for folder, env in ((newer, {}), (newer, {"GOWORK": "off"}), (w.root / "main", {"GOWORK": "off"})):
        c.need("go build" not in (said := c.build([], folder, **env)), f"in the workspace: {said}")
    c.need((is_now := c.build([], w.root / "main")) == t.clean, is_now)
    c.clean("after prune of the workspace")
    return c.bad


def register(case) -> None:
    """Adds the rows to the corpus."""
    case("28-build-cache-fills-the-disk", alone=bounded)(lambda w: None)
    case("29-module-cache-only-grows", alone=pruned)(lambda w: None)
