#!/usr/bin/env python3
"""Situations in which a Go environment does not take effect, made for real, and what `doctor` must say of each.

    doctor.py [--scanner BIN] [--only NAME,NAME] [--verbose]

Each scene (doctor_scenes.py) has an /etc, a home folder and Go installations of its own, in a mount namespace, and a user who
starts real shells there. It is shown first that the situation is there (by the shell and by go), then `doctor` must name the
cause by file and line, then the change that it proposes is made, and the situation must be gone. In the healthy counterpart it
must say nothing. Needs root, or a user namespace in which mounts are allowed.
"""
from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from lib import VERSIONS, find_go  # noqa: E402

HERE = Path(__file__).resolve().parent.parent.parent
UID = 4242
HOME = "/home/ann"
NEW, OLD = "/usr/local/go", "/opt/old"
BASE = "/usr/local/bin:/usr/bin:/bin"


class Wrong(Exception):
    """A scene did not turn out as it must."""


class Place:
    """An /etc, a home and Go installations of their own; commands run in a mount namespace that has them."""

    def __init__(self, root: Path, scanner: Path, toolchains: dict):
        self.root, self.scanner, self.toolchains = root, scanner, toolchains
        self.gos: dict[str, str] = {}
        self.setup: list[str] = []
        shutil.copytree("/etc", root / "etc", symlinks=True, ignore_dangling_symlinks=True)
        for kept in ("home", "opt", "usr-local"):
            (root / kept).mkdir()
        (root / "usr-local/bin").mkdir()
        os.chown(root / "home", UID, UID)
        for name in ("environment", "profile", "bash.bashrc", "crontab"):
            (root / "etc" / name).write_text("")
        for name in ("profile.d", "cron.d", "sudoers.d"):
            shutil.rmtree(root / "etc" / name, ignore_errors=True)
            (root / "etc" / name).mkdir()
        for name in ("zshenv", "zprofile", "zshrc", "zlogin"):
            (root / "etc/zsh").mkdir(exist_ok=True)
            (root / "etc/zsh" / name).unlink(missing_ok=True)
        (root / "etc/fish").mkdir(exist_ok=True)
        (root / "etc/fish/config.fish").write_text("")
        (root / "etc/sudoers").write_text("Defaults env_reset\nroot ALL=(ALL:ALL) ALL\nann ALL=(ALL:ALL) NOPASSWD: ALL\n")
        (root / "etc/sudoers").chmod(0o440)
        (root / "etc/shells").write_text("/bin/sh\n/bin/bash\n/usr/bin/bash\n/bin/zsh\n/usr/bin/zsh\n/usr/bin/fish\n")
        self.login_shell("/bin/bash")

    def login_shell(self, shell: str) -> None:
        for name, line in (("passwd", f"ann:x:{UID}:{UID}::{HOME}:{shell}\n"), ("group", f"ann:x:{UID}:\n"), ("shadow", "ann:*:19000:0:99999:7:::\n")):
            kept = [row for row in Path("/etc", name).read_text().splitlines(True) if not row.startswith("ann:")]
            (self.root / "etc" / name).write_text("".join(kept) + line)

    def real(self, path: str) -> Path:
        """Where a path of the place lies outside of it."""
        for inside, outside in ((HOME, "home"), ("/etc", "etc"), ("/opt", "opt"), ("/usr/local", "usr-local")):
            if path == inside or path.startswith(inside + "/"):
                return self.root / outside / path[len(inside):].lstrip("/")
        raise Wrong(f"{path} is none of the place's own")

    def write(self, path: str, text: str, mode: int = 0o644, uid: int | None = None) -> None:
        real = self.real(path)
        missing = [folder for folder in real.parents if not folder.exists()]
        real.parent.mkdir(parents=True, exist_ok=True)
        owner = uid if uid is not None else (UID if path.startswith(HOME) else 0)
        if real.exists():
            real.chmod(0o644)
        real.write_text(text)
        real.chmod(mode)
        for made in [real, *missing]:
            os.chown(made, owner, owner)

    def go(self, at: str, version: str) -> None:
        self.gos[at] = version

    def script(self, as_root: bool) -> str:
        q = shlex.quote
        # The installations first: one of them may lie below what is covered next.
        kept = {version: self.root / f"go-{version}" for version in self.gos.values()}
        lines = ["set -e", "mount --make-rprivate /"]
        for version, at in kept.items():
            lines += [f"mkdir -p {q(str(at))}", f"mount --bind {q(str(self.toolchains[version]))} {q(str(at))}"]
        lines += ["mount -t tmpfs -o mode=0755 none /home", f"mkdir -p {HOME}"]
        for outside, inside in (("opt", "/opt"), ("usr-local", "/usr/local"), ("home", HOME), ("etc", "/etc")):
            lines += [f"mount --bind {q(str(self.root / outside))} {inside}"]
        for at, version in self.gos.items():
            lines += [f"mkdir -p {at}", f"mount --bind {q(str(kept[version]))} {at}"]
        # Once: what a mend changes later stays changed.
        done = q(str(self.root / "set-up"))
        lines += [f"if [ ! -e {done} ]; then", *self.setup, f"touch {done}", "fi"]
        who = "" if as_root else f"setpriv --reuid={UID} --regid={UID} --clear-groups "
        return "\n".join([*lines, f'cd {HOME}', f'exec {who}"$@"'])

    def run(self, command: list, env: dict | None = None, as_root: bool = False, timeout: int = 60) -> subprocess.CompletedProcess:
        base = {"HOME": "/root" if as_root else HOME, "USER": "root" if as_root else "ann", "LOGNAME": "root" if as_root else "ann", "PATH": BASE,
                "SHELL": "/bin/bash", "TERM": "dumb"}
        words = ["env", "-i", *(f"{k}={v}" for k, v in (env if env is not None else base).items()), *map(str, command)]
        return subprocess.run(["unshare", "-m", "setsid", "sh", "-c", self.script(as_root), "sh", *words], capture_output=True, text=True,
                              errors="replace", stdin=subprocess.DEVNULL, timeout=timeout)

    def env_of(self, start: list) -> dict:
        """The environment that a real start of a shell hands to programs."""
        p = self.run([*start, "-c", "printf '\\nMARK\\n'; /usr/bin/env -0"])
        if "\nMARK\n" not in p.stdout:
            raise Wrong(f"{start} said nothing: {p.stderr[-300:]}")
        pairs = p.stdout.rsplit("\nMARK\n", 1)[1].split("\0")
        return dict(pair.split("=", 1) for pair in pairs if "=" in pair)

    def says(self, start: list, command: str) -> str:
        p = self.run([*start, "-c", f"printf '\\nMARK\\n'; {command}"])
        return (p.stdout.rsplit("\nMARK\n", 1)[-1] + p.stderr).strip()

    def doctor(self, env: dict, *args: str) -> dict:
        p = self.run([self.scanner, "doctor", "--format", "json", *args], env=env)
        if p.returncode not in (0, 1) or not p.stdout.startswith("{"):
            raise Wrong(f"doctor ended with {p.returncode}: {p.stderr[-300:]}")
        return json.loads(p.stdout)

    def mend(self, mend: dict, env: dict) -> None:
        """Makes the change that a finding proposes; a command is run in the environment `env`."""
        if "command" in mend:
            to_root = mend["command"][0] in ("chown", "chsh", "install", "usermod")
            as_root = to_root or not (mend["command"][0] == "go" or any(HOME in word for word in mend["command"]))
            p = self.run(mend["command"], None if as_root else env, as_root)
            if p.returncode:
                raise Wrong(f"{mend['command']} failed: {p.stderr[-300:]}")
            return
        real = self.real(mend["file"])
        lines = real.read_text().split("\n")
        at = mend["line"] - 1
        if at >= len(lines) or lines[at] != mend["old"]:
            raise Wrong(f"line {mend['line']} of {mend['file']} is not {mend['old']!r}")
        lines[at:at + 1] = [] if mend["new"] is None else mend["new"].split("\n")
        mode = real.stat().st_mode & 0o7777
        real.chmod(0o644)
        real.write_text("\n".join(lines))
        real.chmod(mode)


def play(scene, place_of, verbose: bool) -> str | None:
    """Plays a scene; why it failed, or nothing."""
    try:
        place = place_of()
        scene.build(place)
        if not scene.is_there(place):
            return "the situation is not there"
        report = place.doctor(scene.environment(place), *scene.flags)
        wanted = [f for f in report["findings"] if f["path"] == scene.path and (scene.line is None or f["evidence"].get("line") == scene.line)
                  and f["level"] in scene.levels and (not scene.rule or f["rule"] == scene.rule)]
        if not wanted:
            told = "\n      ".join(f"{f['level']} {f['rule']} {f['path']}:{f['evidence'].get('line')}: {f['message']}" for f in report["findings"])
            return f"no finding at {scene.path}:{scene.line}; told instead:\n      {told or 'nothing'}"
        mends = [f["mend"] for f in wanted if "mend" in f]
        if not mends and not scene.by_hand:
            return f"no change is proposed: {wanted[0]['rule']}: {wanted[0]['message']}"
        # What only a person can decide is told, and not tried.
        for mend in mends[:1] if not scene.by_hand else []:
            place.mend(mend, scene.environment(place))
        if scene.behind:
            # The first cause hid another, which is told when the user asks once more.
            more = [f["mend"] for f in place.doctor(scene.environment(place), *scene.flags)["findings"] if f["rule"] == scene.behind]
            if not more:
                return f"{scene.behind} is not told after {mends[0]}"
            place.mend(more[0], scene.environment(place))
        if mends and not scene.by_hand and scene.is_there(place):
            return f"the situation is there after {mends[0]}"
        if scene.hand:
            p = place.run(["sh", "-ec", "\n".join(scene.hand)], as_root=True)
            if p.returncode:
                return f"by hand: {p.stderr[-300:]}"
            if scene.is_there(place):
                return f"the situation is there after {scene.hand}"
            left = [f for f in place.doctor(scene.environment(place), *scene.flags)["findings"] if f["rule"] == wanted[0]["rule"] and f["path"] == scene.path]
            if left:
                return f"told after {scene.hand}: {left[0]['message']}"
        healthy = place_of()
        scene.healthy(healthy)
        if scene.is_there(healthy):
            return "the healthy counterpart is not healthy"
        noise = [f for f in healthy.doctor(scene.environment(healthy), *scene.flags)["findings"] if f["level"] != "note" or f["rule"] == wanted[0]["rule"]]
        if noise:
            return "healthy, and told: " + "; ".join(f"{f['level']} {f['rule']} {f['path']}:{f['evidence'].get('line')}: {f['message']}" for f in noise)
        if verbose:
            print(f"        {wanted[0]['rule']}: {wanted[0]['message']}")
        return None
    except (Wrong, subprocess.TimeoutExpired) as e:
        return str(e)


def all_users(place_of, _verbose: bool) -> str | None:
    """Root looks at everybody: what ann's files do is told to root, and nothing where they are in order. Nothing of hers is run."""
    def told(place: Place, bashrc: str) -> tuple[list, dict]:
        place.go(NEW, "new")
        place.write(f"{HOME}/.profile", "[ -n \"$BASH_VERSION\" ] && . ~/.bashrc\n")
        place.write(f"{HOME}/.bashrc", bashrc + f"touch {HOME}/was-run\n")
        # Root's own affair, whatever ann's shell has.
        place.write("/etc/systemd/system/nightly.service", "[Service]\nEnvironment=PATH=/usr/bin:/bin\nExecStart=/bin/sh -c 'go version'\n")
        p = place.run([place.scanner, "doctor", "--all-users", "--format", "json"], as_root=True)
        if p.returncode not in (0, 1):
            raise Wrong(f"doctor ended with {p.returncode}: {p.stderr[-300:]}")
        report = json.loads(p.stdout)
        return [f for f in report["findings"] if HOME in f["path"] or "ann" in f["message"]], report

    try:
        bad, good = place_of(), place_of()
        found, report = told(bad, f"export PATH=$PATH:{NEW}/bin\nexport GOSUMDB=off\n")
        if not [f for f in found if f["rule"] == "sumdb-off" and f["path"] == f"{HOME}/.bashrc" and f["evidence"].get("line") == 2]:
            return f"GOSUMDB=off of ann's .bashrc is not told: {found}"
        if any("user `ann`" not in f["message"] or not f["subject"].endswith(" of ann") for f in found):
            return f"not all say whose they are: {found}"
        starts = [s for s in report["shells"] if s.get("user") == "ann"]
        if not starts or any(s["asked"] for s in starts) or not any((s["go"] or {}).get("path") == f"{NEW}/bin/go" for s in starts):
            return f"ann's starts are not told as predicted alone: {starts}"
        if not [a for a in report["answers"] if a["user"] == "ann" and f"from `{NEW}/bin`" in a["answer"]]:
            return f"which go ann has is not answered: {report['answers']}"
        if bad.real(f"{HOME}/was-run").exists():
            return "ann's .bashrc was run as root"
        found, _ = told(good, f"export PATH=$PATH:{NEW}/bin\n")
        if any(f["level"] != "note" for f in found):
            return f"healthy, and told: {found}"
        p = good.run([good.scanner, "doctor", "--all-users"])
        return None if p.returncode == 2 and "root" in p.stderr else f"ann herself gets {p.returncode}: {p.stderr[-300:]}"
    except (Wrong, subprocess.TimeoutExpired) as e:
        return str(e)


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--scanner", type=Path, default=HERE / "target/release/gocachescan")
    ap.add_argument("--toolchains", type=Path, default=HERE / "target/worlds/go-toolchains")
    ap.add_argument("--only", default="")
    ap.add_argument("--verbose", action="store_true")
    a = ap.parse_args()
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        print("NOT RUN doctor scenes: no mount namespace can be made here")
        return 0
    import doctor_more  # noqa: F401
    import doctor_ways  # noqa: F401
    from doctor_container import container, service
    from doctor_processes import processes
    from doctor_run import has_manager
    from doctor_scenes import SCENES
    new = Path(subprocess.run(["go", "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip())
    old = find_go(VERSIONS[0].rsplit(".", 1)[0], a.toolchains)[0].parent.parent
    toolchains = {"new": new, "old": old}
    wanted = set(filter(None, a.only.split(",")))
    passed = failed = mended = 0
    plays = [(scene.name, scene.by_hand, scene.manager, lambda *a, scene=scene: play(scene, *a)) for scene in SCENES]
    plays += [("all-users", True, False, all_users), ("processes", True, False, processes), ("container", True, False, container), ("service", True, True, service)]
    not_run = 0
    for name, by_hand, manager, played in plays:
        if wanted and name not in wanted:
            continue
        if manager and not has_manager():
            print(f"NOT RUN {name}: no user manager of systemd can run here")
            not_run += 1
            continue
        with tempfile.TemporaryDirectory(prefix="doctor-") as folder:
            os.chmod(folder, 0o755)
            count = iter(range(9))

            def place_of() -> Place:
                root = Path(folder, str(next(count)))
                root.mkdir()
                return Place(root, a.scanner.absolute(), toolchains)

            why = played(place_of, a.verbose)
        passed, failed, mended = passed + (why is None), failed + (why is not None), mended + (why is None and not by_hand)
        print(f"{'ok     ' if why is None else 'FAILED '} {name}{': ' + why if why else ''}", flush=True)
    print(f"in {mended} of them the change that is proposed was made, and undid the situation")
    print(f"{passed} passed, {failed} failed" + (f", {not_run} not run" if not_run else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    # As the module that the scenes know: they raise its `Wrong`.
    import doctor
    sys.exit(doctor.main())
