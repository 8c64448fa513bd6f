"""Scenes of doctor.py on ways of starting that no init file of a shell decides alone: systemd's user manager, PAM, sudo, cron, and
shells that say otherwise than their files."""
from __future__ import annotations

from doctor import HOME, NEW
from doctor_run import by_login, by_manager
from doctor_scenes import ADD, BOTH, CRON_JOB, SHELL_HAS, SOURCES, ZLOGIN, Scene, home

SUMDB = f"{NEW}/bin/go env GOSUMDB"


def in_manager(wrong: str, command: str = SUMDB):
    return lambda place: wrong in by_manager(place, command)


# environment.d and the manager's own files, with a real manager.
CONF = f"{HOME}/.config/environment.d/go.conf"
Scene("environment-d-turns-sumdb-off", {**SHELL_HAS, CONF: "# x\nGOSUMDB=off\n"}, {CONF: "# x\n"}, (CONF, 2), rule="sumdb-off", there=in_manager("off"), manager=True)
USER_CONF = "/etc/systemd/user.conf"
Scene("user-conf-turns-sumdb-off", {**SHELL_HAS, USER_CONF: "[Manager]\nDefaultEnvironment=GOTOOLCHAIN=local GOSUMDB=off\n"},
      {USER_CONF: "[Manager]\nDefaultEnvironment=GOTOOLCHAIN=local\n"}, (USER_CONF, 2), rule="sumdb-off", there=in_manager("off"), manager=True)
DROP_IN = "/etc/systemd/user.conf.d/go.conf"
Scene("manager-environment-has-toolexec", {**SHELL_HAS, DROP_IN: "[Manager]\nManagerEnvironment=\"GOFLAGS=-toolexec=/opt/wrap\"\n"}, {DROP_IN: "[Manager]\n"},
      (DROP_IN, 2), there=in_manager("toolexec", f"{NEW}/bin/go env GOFLAGS"), manager=True)

# PAM, with a real session.
ETC, PAM_CONF = "/etc/environment", "/etc/security/pam_env.conf"
Scene("etc-environment-turns-sumdb-off", {**SHELL_HAS, ETC: "LANG=C.UTF-8\nGOSUMDB=off\n"}, {ETC: "LANG=C.UTF-8\n"}, (ETC, 2), rule="sumdb-off",
      there=lambda place: "off" in by_login(place, SUMDB))
Scene("pam-env-has-goinsecure", {**SHELL_HAS, PAM_CONF: "# x\nGOINSECURE DEFAULT=*.example.com\n"}, {PAM_CONF: "# x\n"}, (PAM_CONF, 2),
      there=lambda place: "example" in by_login(place, f"{NEW}/bin/go env GOINSECURE"))

# sudo, with the real one.
SUDO = "Defaults env_reset\n{0}ann ALL=(ALL:ALL) NOPASSWD: ALL\n"
SUDO_FILES = {"/etc/sudoers": SUDO.format("Defaults env_file=/etc/sudo.env\n"), "/etc/sudo.env": "# x\nexport GOSUMDB=off\n"}
Scene("sudo-env-file-turns-sumdb-off", {**SHELL_HAS, **SUDO_FILES}, {"/etc/sudo.env": "# x\n"}, ("/etc/sudo.env", 2), rule="sumdb-off",
      ask=f"sudo {SUMDB}", wrong="off", modes={"/etc/sudoers": 0o444})
SUDO_PAM = {"/etc/sudoers": SUDO.format(""), "/etc/pam.d/sudo": "session required pam_env.so\nauth sufficient pam_permit.so\naccount required pam_permit.so\n"}
Scene("sudo-reads-etc-environment", {**SHELL_HAS, **SUDO_PAM, ETC: "GOSUMDB=off\n"}, {ETC: "# x\n"}, (ETC, 1), rule="sumdb-off", ask=f"sudo {SUMDB}", wrong="off",
      modes={"/etc/sudoers": 0o444})

# cron: a line of the crontab.
CRONTAB = "SHELL=/bin/sh\nPATH={0}/bin:/usr/bin:/bin\n{1}17 * * * * ann cd ~/src && go env GOSUMDB; true build\n"
Scene("crontab-turns-sumdb-off", {**SHELL_HAS, "/etc/crontab": CRONTAB.format(NEW, "GOSUMDB=off\n")}, {"/etc/crontab": CRONTAB.format(NEW, "")}, ("/etc/crontab", 3),
      rule="sumdb-off", ask=CRON_JOB.replace("'^PATH='", "'^[A-Z]*='"), wrong="off")

# Shells that say otherwise: a compiled file is newer than the one that was put back over it, and zsh reads that.
TRIMMED = home(zshrc=ADD + "export GOFLAGS=-trimpath\n")
COMPILE = f"cd {HOME}; setpriv --reuid=4242 --regid=4242 --clear-groups zsh -fc 'zcompile .zshrc'"
STALE = [f"cd {HOME}; cp .zshrc kept; sed -i s/-trimpath/-buildvcs=false/ .zshrc", COMPILE, "cat kept > .zshrc; touch -d 2020-01-01 .zshrc"]
Scene("compiled-zshrc-is-stale", TRIMMED, {}, (f"{HOME}/.zshrc", 2), start=ZLOGIN, looks=ZLOGIN, shell="/bin/zsh", ask="go env GOFLAGS", wrong="buildvcs",
      setup=STALE, good_setup=[COMPILE], levels=("note",), rule="shell-says-otherwise")
# What reads the clock can't be told from the file: the shell is asked, and its answer counts.
CLOCK = "[ \"$(date +%Y)\" -gt 2000 ] && export PATH=/opt/old/bin:$PATH\n"
Scene("bashrc-asks-the-clock", home(bashrc=ADD + CLOCK, profile=SOURCES), home(bashrc=ADD + CLOCK.replace("2000", "9000")), ("env:PATH",), wrong="go1.21", gos=BOTH,
      rule="go-shadowed", hand=[f"sed -i 2d {HOME}/.bashrc"])

# A module cache through a link.
LINKED = [f"mkdir -p {HOME}/true {HOME}/go", f"ln -s {HOME}/true {HOME}/mods", f"chown -hR 4242:4242 {HOME}/true {HOME}/mods {HOME}/go"]
THROUGH = "[ -L \"$(go env GOMODCACHE)\" ] && echo LINK"
Scene("gomodcache-through-a-link", home(bashrc=ADD + "export GOMODCACHE=$HOME/mods\n", profile=SOURCES), home(bashrc=ADD + "export GOMODCACHE=$HOME/true\n"),
      (f"{HOME}/.bashrc", 2), ask=THROUGH, wrong="LINK", setup=LINKED, rule="root-is-link")
Scene("gomodcache-in-goenv-through-a-link", {**SHELL_HAS, f"{HOME}/.config/go/env": f"GOMODCACHE={HOME}/mods\n"}, {f"{HOME}/.config/go/env": f"GOMODCACHE={HOME}/true\n"},
      (f"{HOME}/mods",), ask=THROUGH, wrong="LINK", setup=LINKED, rule="root-is-link")
