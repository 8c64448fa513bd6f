"""How the scenes of doctor.py start things that no shell starts: by a real `systemd --user`, by PAM, from a Dockerfile."""
from __future__ import annotations

import functools
import json
import os
import shlex
import subprocess

from doctor import HOME, NEW, UID, Place, Wrong

# A manager of ann's own in control groups of its own, as pam_systemd would have it started, until the unit has run.
MANAGER = """
mount -t tmpfs none /run
mkdir -p /run/systemd/system /run/user/{uid}/systemd/user
printf '%s\\n' '[Unit]' 'Wants={unit}' 'After={unit}' 'SuccessAction=exit' 'FailureAction=exit' '[Service]' 'Type=oneshot' 'ExecStart=/bin/true' \\
  > /run/user/{uid}/systemd/user/last.service
printf '%s\\n' '[Service]' 'Type=oneshot' {exec} > /run/user/{uid}/systemd/user/probe.service
{more}
chown -R {uid}:{uid} /run/user/{uid}
for tree in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
  [ -e $tree/cgroup.procs ] || continue
  group=$tree/{group}/user@{uid}.service
  mkdir -p $group && chown -R {uid} $group && echo $$ > $group/cgroup.procs
done
rm -f {home}/said
setpriv --reuid={uid} --regid={uid} --clear-groups env -i HOME={home} USER=ann LOGNAME=ann SHELL=/bin/bash PATH=/usr/bin:/bin XDG_RUNTIME_DIR=/run/user/{uid} \\
  timeout -s KILL 30 /usr/lib/systemd/systemd --user --unit=last.service >&2
cat {home}/said
"""


def by_unit(place: Place, path: str) -> str:
    """What the service at `path` says, and its exit status where it fails (203: its program was not found). One of the system's is run by a user manager, in
    ann's name: what it says of the environment holds alike."""
    folder = f"/run/user/{UID}/systemd/user"
    ended = "ExecStopPost=/bin/sh -c \"[ $$SERVICE_RESULT = success ] || echo $$EXIT_STATUS\""
    lines = ["[Service]", f"StandardOutput=append:{HOME}/said", f"StandardError=append:{HOME}/said", ended]
    more = f"mkdir {folder}/nightly.service.d; printf '%s\\n' {shlex.join(lines)} > {folder}/nightly.service.d/said.conf"
    if not path.startswith(HOME):
        more += f"; sed /^User=/d {path} > {folder}/nightly.service; cp {path}.d/* {folder}/nightly.service.d/ 2>/dev/null"
    return by_manager(place, unit="nightly.service", more=more)


def by_manager(place: Place, command: str = "", unit: str = "probe.service", more: str = "") -> str:
    """What `command` says as a service of a real user manager; or what `unit` writes to `~/said`. `more` is done before the manager
    starts."""
    group = f"doctor-{os.getpid()}.slice"
    line = shlex.quote(f"ExecStart=/bin/sh -c \"({command}) > {HOME}/said 2>&1\"")
    script = MANAGER.format(uid=UID, home=HOME, unit=unit, exec=line, group=group, more=more or ":")
    try:
        p = place.run(["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", script], as_root=True)
    finally:
        # The kernel lets go of the groups when their last process is gone.
        subprocess.run(["sh", "-c", f"sleep 0.2; find /sys/fs/cgroup/*/{group} /sys/fs/cgroup/{group} -depth -type d -exec rmdir {{}} + 2>/dev/null"])
    if not p.stdout:
        raise Wrong(f"systemd --user ran nothing: {p.stderr[-400:]}")
    return p.stdout


@functools.cache
def has_manager() -> bool:
    """Whether a manager can run on this machine at all."""
    script = "[ -x /usr/lib/systemd/systemd ] && mount -t tmpfs none /run && mkdir /run/x && /usr/lib/systemd/systemd --version"
    return subprocess.run(["unshare", "-m", "--pid", "--fork", "--mount-proc", "sh", "-c", script], capture_output=True).returncode == 0


def by_login(place: Place, command: str) -> str:
    """What a command says in a login of ann's through PAM: `su -l` reads what pam_env gives."""
    p = place.run(["su", "-l", "ann", "-c", command], as_root=True)
    return p.stdout + p.stderr


def image(name: str) -> dict:
    """What an image sets."""
    usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {"PATH": f"/go/bin:{NEW}/bin:{usual}", "GOPATH": "/go", "GOTOOLCHAIN": "local"} if name.startswith("golang") else {"PATH": usual}


def by_docker(place: Place) -> str:
    """What ann's Dockerfile says when its instructions are carried out here, each in a process of its own, as `docker build` and then
    `docker run` do: the home folder is the image's."""
    env, said, last = {}, "", None
    home = {"HOME": f"{HOME}/image"}
    place.run(["mkdir", "-p", home["HOME"]])

    def start(rest: str, env: dict) -> str:
        words = json.loads(rest) if rest.startswith("[") else ["/bin/sh", "-c", rest]
        p = place.run(words, env={**env, **home})
        return p.stdout + p.stderr

    for line in place.run(["cat", f"{HOME}/Dockerfile"]).stdout.splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            env, last = image(rest), None
        elif word == "ENV":
            env.update(pair.split("=", 1) for pair in shlex.split(rest))
        elif word == "RUN":
            said += start(rest, env)
        elif word in ("ENTRYPOINT", "CMD"):
            last = rest
    return said + (start(last, env) if last else "")
