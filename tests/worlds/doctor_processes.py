"""A scene of doctor.py that takes running processes: `doctor --pid N`."""
from __future__ import annotations

import json
import subprocess

from doctor import HOME, NEW, Wrong

# A process begins, its init files or its program are changed as an argument says, and doctor looks at it.
LOOK = """
export PATH={path}
{program} 30 &
pid=$!
# Until it runs its own program: before, it is a copy of this shell.
until [ "$(readlink /proc/$pid/exe)" != "$(readlink /proc/$$/exe)" ]; do sleep 0.05; done
{change}
{scanner} doctor --format json --pid $pid; code=$?
kill $pid
exit $code
"""


def told(place, path: str, program: str = "/usr/bin/sleep", change: str = "") -> list:
    place.go(NEW, "new")
    place.go("/opt/old", "old")
    place.write(f"{HOME}/.profile", "[ -n \"$BASH_VERSION\" ] && . ~/.bashrc\n")
    place.write(f"{HOME}/.bashrc", f"export PATH={NEW}/bin:/usr/bin:/bin\n")
    place.setup = [f"mkdir -p {HOME}/tools", f"cp /usr/bin/sleep {HOME}/tools/worker", f"chown -R 4242:4242 {HOME}/tools"]
    p = place.run(["bash", "-c", LOOK.format(path=path, program=program, change=change, scanner=place.scanner)])
    if p.returncode not in (0, 1) or not p.stdout.startswith("{"):
        raise Wrong(f"doctor ended with {p.returncode}: {p.stderr[-300:]}")
    return [f for f in json.loads(p.stdout)["findings"] if f["level"] != "note"]


def processes(place_of, verbose: bool) -> str | None:
    """What a process was started with, and with which program, against what is there now."""
    now, before, worker = f"{NEW}/bin:/usr/bin:/bin", "/opt/old/bin:/usr/bin:/bin", f"{HOME}/tools/worker"
    replace = f"cp {worker} {worker}.new && mv {worker}.new {worker}"
    cases = [("process-go-differs", (before,), (now,)),
             ("process-program-replaced", (now, worker, replace), (now, worker))]
    try:
        for rule, bad, good in cases:
            found = told(place_of(), *bad)
            if [f["rule"] for f in found] != [rule]:
                return f"{rule} is not what is told: {[(f['rule'], f['message']) for f in found]}"
            if verbose:
                print(f"        {rule}: {found[0]['message']}")
            # What its words say: started anew it has what is there now.
            found = told(place_of(), *good)
            if found:
                return f"started anew, and told: {[(f['rule'], f['message']) for f in found]}"
        return None
    except (Wrong, subprocess.TimeoutExpired) as e:
        return str(e)
