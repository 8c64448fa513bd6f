"""Scenes of doctor.py in a container, and in a service: where this process stands is what decides."""
from __future__ import annotations

import json
import shlex
import subprocess

from doctor import HOME, NEW, UID, Wrong
from doctor_run import by_manager

# A container as a runtime makes it: its own process numbers, a mark, a first process of ann's with the environment `first`, in which
# `entry` is the entry script; and `docker exec`, which begins with what the image gives, not with what the script has.
CONTAINER = """
mount -t tmpfs none /run && touch /run/.containerenv
exec setpriv --reuid={uid} --regid={uid} --clear-groups env -i {image} sh -c {entry}
"""
INNER = "{script}exec sh -c 'env -i {given} \"$@\"; exit $?' sh {words}"


def in_container(place, script: str, given: dict, words: list) -> subprocess.CompletedProcess:
    """Starts `words` as `docker exec` does, in a container whose first process is the entry script."""
    image = {"PATH": f"{NEW}/bin:/usr/bin:/bin", "HOME": HOME, "USER": "ann"}
    pairs = lambda env: " ".join(shlex.quote(f"{k}={v}") for k, v in env.items())
    # The command is found whatever PATH says.
    inner = INNER.format(script=script, given=pairs({**image, **given}), words=" ".join(map(shlex.quote, map(str, words))))
    outer = CONTAINER.format(uid=UID, image=pairs(image), entry=shlex.quote(inner))
    return place.run(["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", outer], as_root=True)


def told(place, script: str, given: dict, shell: list) -> tuple[list, str]:
    """The findings of doctor in that shell, and which go and flags it has."""
    p = in_container(place, script, given, [*shell, "-c", f"{place.scanner} doctor --format json"])
    if p.returncode not in (0, 1) or not p.stdout.startswith("{"):
        raise Wrong(f"doctor ended with {p.returncode}: {p.stderr[-300:]} {p.stdout[:200]}")
    said = in_container(place, script, given, [*shell, "-c", "go version; go env GOFLAGS"])
    return json.loads(p.stdout)["findings"], said.stdout + said.stderr


def container(place_of, verbose: bool) -> str | None:
    """Process 1 of a container against this process."""
    login, plain = ["/bin/bash", "-l", "-i"], ["/bin/bash", "-i"]
    vendor = "export GOFLAGS=-mod=vendor; "
    try:
        # A login shell loses what the image's ENV put into PATH.
        place = place_of()
        place.go(NEW, "new")
        place.write("/etc/profile", "# x\nPATH=/usr/local/bin:/usr/bin:/bin\nexport PATH\n")
        found, said = told(place, "", {}, login)
        if "not found" not in said:
            return f"the situation is not there: {said}"
        wanted = [f for f in found if f["rule"] == "container-env-differs" and f["path"] == "/etc/profile" and f["evidence"].get("line") == 2]
        if not wanted or "mend" not in wanted[0]:
            return f"that the login shell lost PATH is not told: {[(f['rule'], f['path'], f['message']) for f in found]}"
        if verbose:
            print(f"        container-env-differs: {wanted[0]['message']}")
        place.mend(wanted[0]["mend"], {"HOME": HOME, "PATH": "/usr/bin:/bin"})
        found, said = told(place, "", {}, login)
        if "go version go1" not in said or [f for f in found if f["level"] != "note"]:
            return f"after {wanted[0]['mend']}: {said}; {[(f['rule'], f['message']) for f in found]}"
        # What the entry script exports is not there in `docker exec`; given with `-e` it is.
        place = place_of()
        place.go(NEW, "new")
        found, said = told(place, vendor, {}, plain)
        wanted = [f for f in found if f["rule"] == "container-env-differs" and f["path"] == "env:GOFLAGS"]
        if "-mod=vendor" in said or not wanted:
            return f"what the entry script exports is not told: {said}; {[(f['rule'], f['path'], f['message']) for f in found]}"
        if verbose:
            print(f"        container-env-differs: {wanted[0]['message']}")
        for script, given in ((vendor, {"GOFLAGS": "-mod=vendor"}), ("", {})):
            found, said = told(place, script, given, plain)
            if ("-mod=vendor" in said) != bool(given) or [f for f in found if f["rule"] == "container-env-differs"]:
                return f"healthy, and told: {said}; {[(f['rule'], f['path'], f['message']) for f in found]}"
        return None
    except (Wrong, subprocess.TimeoutExpired) as e:
        return str(e)


UNIT = f"{HOME}/.config/systemd/user/nightly.service"
# A service that looks at itself, and one that looks at a process which it started.
ITSELF = "{scanner} doctor --format json; go version; go env GOSUMDB"
CHILD = "sleep 30 & {scanner} doctor --format json --pid $$!; go version; kill $$!"


def service(place_of, verbose: bool) -> str | None:
    """The control group of this process: that of a service of a real user manager."""
    def make(environment: str):
        place = place_of()
        place.go(NEW, "new")
        place.go("/opt/old", "old")
        place.write(f"{HOME}/.profile", ". ~/.bashrc\n")
        place.write(f"{HOME}/.bashrc", f"export PATH={NEW}/bin:/usr/bin:/bin\n")
        return place, environment

    def run(place, environment: str | None, command: str) -> tuple[dict, str]:
        if environment is not None:
            line = command.format(scanner=place.scanner)
            place.write(UNIT, f"[Service]\nType=oneshot\n{environment}ExecStart=/bin/sh -c '({line}) > {HOME}/said 2>&1'\n")
        said = by_manager(place, unit="nightly.service")
        report, end = json.JSONDecoder().raw_decode(said)
        return report, said[end:]

    path, old = f"Environment=PATH={NEW}/bin:/usr/bin:/bin\n", "Environment=PATH=/opt/old/bin:/usr/bin:/bin\n"
    try:
        place, bad = make(path + "Environment=GOSUMDB=off\n")
        report, said = run(place, bad, ITSELF)
        found = [f for f in report["findings"] if f["rule"] == "sumdb-off"]
        if "off" not in said or [(f["path"], f["evidence"].get("line")) for f in found] != [(UNIT, 4)]:
            return f"the service's line is not what is told: {said}; {[(f['path'], f['message']) for f in found]}"
        if verbose:
            print(f"        {found[0]['rule']}: {found[0]['path']}:4: {found[0]['message']}")
        place.mend(found[0]["mend"], {})
        report, said = run(place, None, ITSELF)
        if "off" in said or [f for f in report["findings"] if f["level"] != "note"]:
            return f"after {found[0]['mend']}: {said}; {[(f['rule'], f['message']) for f in report['findings']]}"
        place, bad = make(old)
        report, said = run(place, bad, ITSELF)
        if "go1.21" not in said or f"{UNIT}`:3" not in report["answer"]:
            return f"the answer does not name the service's line: {said}; {report['answer']}"
        report, said = run(place, bad, CHILD)
        found = [f for f in report["findings"] if f["rule"] == "process-go-differs"]
        if "go1.21" not in said or not found or found[0].get("mend") != {"command": ["systemctl", "--user", "restart", "nightly.service"]}:
            return f"the service is not to be started anew: {said}; {[(f['message'], f.get('mend')) for f in found]}"
        if verbose:
            print(f"        {found[0]['rule']}: {found[0]['message']}")
        # Started anew, with the lines that the unit has since.
        report, said = run(place, path, CHILD)
        left = [f for f in report["findings"] if f["level"] != "note"]
        return f"started anew, and told: {left}" if left or "go1.21" in said else None
    except (Wrong, subprocess.TimeoutExpired, ValueError) as e:
        return str(e)
