"""The scenes of doctor.py: each a situation that people met, by its name."""
from __future__ import annotations

import dataclasses
import json
from typing import Callable

from doctor import HOME, NEW, OLD, Place
from doctor_run import by_docker, by_manager, by_unit

LOGIN, TERMINAL, LOGIN_SCRIPT = ["bash", "-l", "-i"], ["bash", "-i"], ["bash", "-l"]
ZLOGIN, ZTERMINAL = ["zsh", "-l", "-i"], ["zsh", "-i"]
FLOGIN, FTERMINAL = ["fish", "-l", "-i"], ["fish", "-i"]
SCENES: list["Scene"] = []
BOTH = {NEW: "new", OLD: "old"}
ONE = {NEW: "new"}
# What a distribution's ~/.profile does: a login shell has what an interactive one has.
SOURCES = "if [ -n \"$BASH_VERSION\" ]; then\n    if [ -f \"$HOME/.bashrc\" ]; then\n\t. \"$HOME/.bashrc\"\n    fi\nfi\n"
ADD = f"export PATH=$PATH:{NEW}/bin\n"


@dataclasses.dataclass
class Scene:
    """`files` make the situation, `good` laid over them the healthy counterpart. `ask` is said to the shell `start`; the situation is there
    while the answer holds `wrong`, or lacks `right`. The user looks from `looks`. `behind`: the rule
    that is told once the first change is made, whose change is made then. `by_hand`: what to change is told in words alone; `hand` are the
    commands, as root, that do what the words say, after which the situation must be gone and the finding with it. `manager`: a user manager
    of systemd is needed."""
    name: str
    files: dict
    good: dict
    at: tuple
    start: list = dataclasses.field(default_factory=lambda: LOGIN)
    looks: list = dataclasses.field(default_factory=lambda: LOGIN)
    ask: str = "go version"
    wrong: str = ""
    right: str = ""
    gos: dict = dataclasses.field(default_factory=lambda: ONE)
    setup: list = dataclasses.field(default_factory=list)
    good_setup: list | None = None
    shell: str = "/bin/bash"
    good_shell: str = ""
    rule: str = ""
    levels: tuple = ("error", "warning")
    flags: tuple = ()
    by_hand: bool = False
    hand: list = dataclasses.field(default_factory=list)
    behind: str = ""
    modes: dict = dataclasses.field(default_factory=dict)
    there: Callable | None = None
    manager: bool = False

    def __post_init__(self):
        self.by_hand = self.by_hand or bool(self.hand)
        SCENES.append(self)

    @property
    def path(self) -> str:
        return self.at[0]

    @property
    def line(self):
        return self.at[1] if len(self.at) > 1 else None

    def lay(self, place: Place, files: dict, setup: list, shell: str) -> None:
        for at, version in self.gos.items():
            place.go(at, version)
        place.setup += setup
        place.login_shell(shell)
        for path, text in files.items():
            if text is not None:
                place.write(path, text, self.modes.get(path, 0o644))

    def build(self, place: Place) -> None:
        self.lay(place, self.files, self.setup, self.shell)

    def healthy(self, place: Place) -> None:
        setup = self.setup if self.good_setup is None else self.good_setup
        self.lay(place, {**self.files, **self.good}, setup, self.good_shell or self.shell)

    def is_there(self, place: Place) -> bool:
        if self.there:
            return self.there(place)
        said = place.says(self.start, self.ask)
        return self.wrong in said if self.wrong else self.right not in said

    def environment(self, place: Place) -> dict:
        return place.env_of(self.looks)


def home(**files: str) -> dict:
    return {f"{HOME}/.{name}": text for name, text in files.items()}


# Which go.
Scene("append-then-prepend", home(profile=ADD + SOURCES, bashrc="# one\n# two\nexport PATH=/opt/old/bin:$PATH\n"), home(bashrc="# one\n"),
      (f"{HOME}/.bashrc", 3), wrong="go1.21", gos=BOTH)
Scene("prepend-in-profile-d", {**home(profile=ADD), "/etc/profile": ". /etc/profile.d/go.sh\n", "/etc/profile.d/go.sh": "PATH=/opt/old/bin:$PATH\nexport PATH\n"},
      {"/etc/profile.d/go.sh": "\n"}, ("/etc/profile.d/go.sh", 1), wrong="go1.21", gos=BOTH)
Scene("zsh-path-array-prepends", home(zshenv=ADD, zshrc="typeset -U path\npath=(/opt/old/bin $path)\n"), home(zshrc="typeset -U path\n"),
      (f"{HOME}/.zshrc", 2), start=ZLOGIN, looks=ZLOGIN, shell="/bin/zsh", wrong="go1.21", gos=BOTH)
Scene("fish-add-path-prepends", {f"{HOME}/.config/fish/config.fish": f"set -gx PATH $PATH {NEW}/bin\nfish_add_path -gP /opt/old/bin\n"},
      {f"{HOME}/.config/fish/config.fish": f"set -gx PATH $PATH {NEW}/bin\n"},
      (f"{HOME}/.config/fish/config.fish", 2), start=FLOGIN, looks=FLOGIN, shell="/usr/bin/fish", wrong="go1.21", gos=BOTH)
Scene("alias-go", home(bashrc=ADD + "alias go=/opt/old/bin/go\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/.bashrc", 2), ask="alias go",
      wrong="/opt/old", gos=BOTH)
Scene("function-go", home(bashrc=ADD + "go() {\n  /opt/old/bin/go \"$@\"\n}\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/.bashrc", 2),
      ask="go version", wrong="go1.21", gos=BOTH, hand=[f"sed -i 2,4d {HOME}/.bashrc"])
LINK_OLD = ["ln -s /opt/old/bin/go /usr/local/bin/go"]
Scene("link-in-usr-local-bin-to-old", home(profile="export PATH=/usr/local/bin:/usr/bin:/bin\n" + SOURCES, bashrc=ADD), {},
      ("/usr/local/bin/go",), wrong="go1.21", gos=BOTH, setup=LINK_OLD, good_setup=["ln -s /usr/local/go/bin/go /usr/local/bin/go"])
Scene("link-to-a-go-that-is-gone", home(profile="export PATH=/usr/local/bin:/usr/bin:/bin\n" + SOURCES, bashrc="# x\n"), home(bashrc=ADD, profile=SOURCES),
      ("/usr/local/bin/go",), right="go version go1", setup=["ln -s /opt/gone/bin/go /usr/local/bin/go"], good_setup=[], behind="go-not-in-path")
Scene("link-loop", home(profile="export PATH=/usr/local/bin:/usr/bin:/bin\n" + SOURCES, bashrc="# x\n"), home(bashrc=ADD, profile=SOURCES),
      ("/usr/local/bin/go",), right="go version go1", setup=["ln -s go2 /usr/local/bin/go", "ln -s go /usr/local/bin/go2"], good_setup=[], behind="go-not-in-path")
Scene("no-go-in-path", home(profile="# nothing\n"), home(profile=ADD + SOURCES, bashrc=ADD), ("env:PATH",), right="go version go1")

# Entries of PATH.
Scene("empty-entry", home(bashrc=ADD + "export PATH=$TOOLS:$PATH\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/.bashrc", 2),
      ask="case $PATH in :*) echo EMPTY;; esac", wrong="EMPTY")
Scene("relative-entry", home(bashrc=ADD + "export PATH=go/bin:$PATH\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/.bashrc", 2),
      ask="case $PATH in go/bin:*) echo RELATIVE;; esac", wrong="RELATIVE")
Scene("quoted-tilde", home(bashrc=ADD + "export PATH=\"$PATH:~/go/bin\"\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/.bashrc", 2),
      ask="case $PATH in *~/go/bin*) echo TILDE;; esac; echo \"$PATH\" | grep -F '~' && echo TILDE", wrong="TILDE")
Scene("entry-that-others-may-write", home(bashrc="export PATH=/opt/shared:$PATH\n" + ADD, profile=SOURCES), home(bashrc=ADD), ("/opt/shared",),
      ask="case $PATH in */opt/shared*) find /opt/shared -maxdepth 0 -perm /o+w;; esac", wrong="/opt/shared", setup=["mkdir -m 0777 /opt/shared"])
Scene("entry-of-a-stranger", home(bashrc="export PATH=/opt/theirs:$PATH\n" + ADD, profile=SOURCES), home(bashrc=ADD), ("/opt/theirs",),
      ask="case $PATH in */opt/theirs*) echo THEIRS;; esac", wrong="THEIRS", setup=["mkdir /opt/theirs", "chown 5555 /opt/theirs"])
FAKE = [f"mkdir -p {HOME}/tools", f"printf '#!/bin/sh\\necho fake\\n' > {HOME}/tools/{{0}}", f"chmod 755 {HOME}/tools/{{0}}", f"chown -R 4242 {HOME}/tools"]
for tool in ("git", "gcc", "ld", "asm"):
    Scene(f"fake-{tool}", home(bashrc=ADD + "export PATH=$HOME/tools:$PATH\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/tools/{tool}",),
          ask=f"command -v {tool}; {tool} x", wrong="fake", setup=[line.format(tool) for line in FAKE])
Scene("go-bin-twice", home(zshenv=ADD + "export PATH=$PATH:$HOME/go/bin\n", zprofile="export PATH=$PATH:$HOME/go/bin\n"), home(zprofile="# x\n"),
      (f"{HOME}/.zprofile", 1), start=ZLOGIN, looks=ZLOGIN, shell="/bin/zsh", ask="echo $PATH | grep -o go/bin | wc -l", wrong="3", levels=("warning", "note"))

# Which shell.
Scene("only-in-bashrc", home(bashrc=ADD), home(bash_profile=". ~/.bashrc\n"), (f"{HOME}/.bashrc", 1), right="go version go1", looks=TERMINAL)
Scene("only-in-bash-profile", home(bash_profile=ADD), home(bash_profile=". ~/.bashrc\n", bashrc=ADD), (f"{HOME}/.bash_profile", 1),
      start=TERMINAL, looks=TERMINAL, right="go version go1")
Scene("profile-hidden-by-bash-profile", home(profile=ADD, bash_profile="# made by an installer\n", bashrc="# x\n"), home(bash_profile=". ~/.profile\n. ~/.bashrc\n", bashrc=ADD),
      (f"{HOME}/.profile", 1), right="go version go1")
Scene("zsh-only-in-zprofile", home(zprofile=ADD), home(zprofile="# x\n", zshenv=ADD), (f"{HOME}/.zprofile", 1), start=ZTERMINAL, looks=ZTERMINAL, shell="/bin/zsh",
      right="go version go1")
Scene("fish-only-for-login", {f"{HOME}/.config/fish/config.fish": f"if status is-login\n  set -gx PATH $PATH {NEW}/bin\nend\n"},
      {f"{HOME}/.config/fish/config.fish": f"set -gx PATH $PATH {NEW}/bin\n"}, (f"{HOME}/.config/fish/config.fish", 2), start=FTERMINAL, looks=FTERMINAL,
      shell="/usr/bin/fish", right="go version go1", hand=[f"sed -i '1d;3d' {HOME}/.config/fish/config.fish"])
Scene("shell-changed-to-zsh", home(bashrc=ADD, profile=SOURCES), home(zshenv=ADD), (f"{HOME}/.bashrc", 1), start=ZLOGIN, looks=ZLOGIN, shell="/bin/zsh",
      right="go version go1")
Scene("shell-not-listed", {**home(zshenv=ADD), "/etc/shells": "/bin/sh\n/bin/bash\n"}, {"/etc/shells": "/bin/sh\n/bin/zsh\n"}, ("/etc/shells",),
      start=ZLOGIN, looks=ZLOGIN, shell="/bin/zsh", ask="grep -qx \"$(getent passwd ann | cut -d: -f7)\" /etc/shells || echo UNLISTED", wrong="UNLISTED")
Scene("zdotdir-elsewhere", {**home(zshenv="export ZDOTDIR=$HOME/.zsh\n", zshrc=ADD), f"{HOME}/.zsh/.zshrc": "# x\n"}, {f"{HOME}/.zsh/.zshrc": ADD},
      (f"{HOME}/.zshrc", 1), start=ZLOGIN, looks=ZLOGIN, shell="/bin/zsh", right="go version go1")
Scene("set-and-not-exported", home(bashrc=ADD + "GOFLAGS=-mod=vendor\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/.bashrc", 2),
      ask="[ -n \"$GOFLAGS\" ] && go env GOFLAGS | grep -q vendor || echo \"set=$GOFLAGS\"", wrong="set=-mod=vendor")

# Which settings.
Scene("goroot-of-another-go", home(profile=ADD + "export GOROOT=/opt/old\n" + SOURCES, bashrc=ADD), home(profile=ADD + SOURCES), (f"{HOME}/.profile", 2),
      ask="go env GOROOT", wrong="/opt/old", gos=BOTH)
Scene("goroot-that-is-gone", home(bashrc=ADD + "export GOROOT=/opt/gone\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/.bashrc", 2),
      ask="go version; go env GOROOT", wrong="/opt/gone")
Scene("goroot-in-goenv", {**home(bashrc=ADD, profile=SOURCES), f"{HOME}/.config/go/env": "GOROOT=/opt/old\n"}, {f"{HOME}/.config/go/env": "GOTOOLCHAIN=local\n"},
      (f"{HOME}/.config/go/env", 1), ask="go env GOROOT", wrong="/opt/old", gos=BOTH)
Scene("goenv-value-hidden", {**home(bashrc=ADD + "export GOPRIVATE=a.example.com\n", profile=SOURCES), f"{HOME}/.config/go/env": "GOPRIVATE=b.example.com\n"},
      {f"{HOME}/.config/go/env": "GOTOOLCHAIN=local\n"}, (f"{HOME}/.config/go/env", 1), ask="go env GOPRIVATE; cat ~/.config/go/env", wrong="b.example.com",
      levels=("error", "warning", "note"))
Scene("sumdb-off-in-bashrc", home(bashrc=ADD + "export GOSUMDB=off\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/.bashrc", 2), ask="go env GOSUMDB",
      wrong="off")
Scene("sumdb-off-in-etc-profile", {**home(bashrc=ADD, profile=SOURCES), "/etc/profile": "# x\nexport GOSUMDB=off\n"}, {"/etc/profile": "# x\n"}, ("/etc/profile", 2),
      ask="go env GOSUMDB", wrong="off")
Scene("goflags-mod-mod", home(bashrc=ADD + "\nexport GOFLAGS='-mod=mod'\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/.bashrc", 3), ask="go env GOFLAGS",
      wrong="-mod=mod")
Scene("gocache-off", home(bashrc=ADD + "export GOCACHE=off\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/.bashrc", 2), ask="go env GOCACHE", wrong="off")
Scene("gocache-relative", home(bashrc=ADD + "export GOCACHE=cache\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/.bashrc", 2),
      ask="go build x 2>&1; go env GOCACHE", wrong="off")
Scene("gocache-not-writable", home(bashrc=ADD + "export GOCACHE=/opt/cache\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/.bashrc", 2),
      ask="mkdir -p $(go env GOCACHE) && touch $(go env GOCACHE)/x 2>&1", wrong="denied", setup=["mkdir /opt/cache"])
Scene("gopath-is-goroot", home(bashrc=ADD + f"export GOPATH={NEW}\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/.bashrc", 2),
      ask="go env GOPATH", wrong=NEW)
Scene("nested-goroot", home(bashrc="export PATH=$PATH:/opt/two/bin\n", profile=SOURCES), {}, ("/opt/two/go",), ask="[ -d /opt/two/go/bin ] && echo NESTED", wrong="NESTED",
      gos=BOTH, setup=["mkdir -p /opt/two", "cp -rs /usr/local/go/. /opt/two/", "cp --remove-destination /usr/local/go/bin/go /opt/two/bin/go",
                       "cp -L --remove-destination /usr/local/go/VERSION /opt/two/VERSION", "mkdir -p /opt/two/go/bin", "cp /opt/old/VERSION /opt/two/go/",
                       "cp /opt/old/bin/go /opt/two/go/bin/"],
      good_setup=["mkdir -p /opt/two", "cp -rs /usr/local/go/. /opt/two/", "cp --remove-destination /usr/local/go/bin/go /opt/two/bin/go",
                  "cp -L --remove-destination /usr/local/go/VERSION /opt/two/VERSION"], hand=["rm -r /opt/two/go"])
MIXED = ["mkdir -p /opt/two/bin /opt/two/pkg", "cp -s /usr/local/go/VERSION /opt/two/VERSION", "ln -s /opt/old/pkg/tool /opt/two/pkg/tool",
         "cp -s /usr/local/go/go.env /opt/two/", "ln -s /usr/local/go/src /opt/two/src", "cp /usr/local/go/bin/go /opt/two/bin/go"]
Scene("mixed-goroot", home(bashrc="export PATH=$PATH:/opt/two/bin\n", profile=SOURCES), {}, ("/opt/two",), ask="go tool compile -V; cat /opt/two/VERSION",
      wrong="version go1.21", gos=BOTH, setup=MIXED, good_setup=[line.replace("/opt/old/pkg/tool", "/usr/local/go/pkg/tool") for line in MIXED], hand=["ln -sfn /usr/local/go/pkg/tool /opt/two/pkg/tool"])
Scene("toolchain-local-is-too-old", {**home(bashrc=ADD + "export GOTOOLCHAIN=local\n", profile=SOURCES), f"{HOME}/go.mod": "module x\n\ngo 1.99\n"}, {f"{HOME}/go.mod": "module x\n\ngo 1.21\n"},
      (f"{HOME}/go.mod", 3), ask="go list 2>&1", wrong="requires go >= 1.99", hand=[f"sed -i s/1.99/1.21/ {HOME}/go.mod"])

# Other ways of starting.
Scene("sudo-has-another-go", {**home(bashrc=ADD, profile=SOURCES), "/etc/sudoers": f"Defaults env_reset\nDefaults secure_path=\"/opt/old/bin:/usr/bin:/bin\"\nann ALL=(ALL:ALL) NOPASSWD: ALL\n"},
      {"/etc/sudoers": f"Defaults env_reset\nDefaults secure_path=\"{NEW}/bin:/usr/bin:/bin\"\nann ALL=(ALL:ALL) NOPASSWD: ALL\n"}, ("/etc/sudoers", 2),
      ask="sudo go version", wrong="go1.21", gos=BOTH, modes={"/etc/sudoers": 0o444})
# The job as cron starts it, with `version` for what it builds.
CRON_JOB = """mkdir -p ~/src; sed -n 's/^17 \\* \\* \\* \\* ann //p' /etc/crontab | sed 's/build .*/version/' > ~/job
env -i HOME=$HOME PATH=/usr/bin:/bin $(grep '^PATH=' /etc/crontab) sh ~/job 2>&1"""
Scene("cron-has-no-go", {**home(bashrc=ADD, profile=SOURCES), "/etc/crontab": "SHELL=/bin/sh\n17 * * * * ann cd ~/src && go build ./...\n"},
      {"/etc/crontab": f"SHELL=/bin/sh\nPATH={NEW}/bin:/usr/bin:/bin\n17 * * * * ann cd ~/src && go build ./...\n"}, ("/etc/crontab", 2),
      ask=CRON_JOB, right="go version go1")
# The instructions are carried out.
FILE = f"{HOME}/Dockerfile"
DOCKER = "FROM golang:1.26\n{0}RUN go env GOFLAGS\n"
Scene("docker-export-in-run", {**home(bashrc=ADD, profile=SOURCES), FILE: DOCKER.format("RUN export GOFLAGS=-mod=vendor\n")},
      {FILE: DOCKER.format("ENV GOFLAGS=-mod=vendor\n")}, (FILE, 2), there=lambda place: "-mod=vendor" not in by_docker(place), flags=("--dockerfile", FILE))
APP = ["mkdir -p /opt/app/bin", "printf '#!/bin/sh\\necho it runs\\n' > /opt/app/bin/run", "chmod 755 /opt/app/bin/run"]
ENTRY = "FROM golang:1.26\nENV GOPATH=/opt/app\nENTRYPOINT [\"{0}/bin/run\"]\n"
Scene("docker-entrypoint-exec-form", {**home(bashrc=ADD, profile=SOURCES), FILE: ENTRY.format("$GOPATH")}, {FILE: ENTRY.format("/opt/app")}, (FILE, 3),
      there=lambda place: "it runs" not in by_docker(place), setup=APP, flags=("--dockerfile", FILE))
Scene("docker-env-turns-sumdb-off", {**home(bashrc=ADD, profile=SOURCES), FILE: DOCKER.format("ENV GOSUMDB=off GOFLAGS=-mod=vendor\nRUN go env GOSUMDB\n")},
      {FILE: DOCKER.format("ENV GOFLAGS=-mod=vendor\nRUN go env GOSUMDB\n")}, (FILE, 2), there=lambda place: "off" in by_docker(place), flags=("--dockerfile", FILE),
      rule="sumdb-off")


def in_editor(place: Place) -> str:
    """What `go version` says to the Go extension: it starts the `go` of `go.goroot`, else that of its PATH."""
    text = "".join(line for line in place.real(VSCODE).read_text().splitlines() if "//" not in line).replace(",}", "}")
    path = place.env_of(TERMINAL)["PATH"]
    root = json.loads(text).get("go.goroot")
    p = place.run(["sh", "-c", f"{root}/bin/go version" if root else "go version"], env={"PATH": path, "HOME": HOME})
    return p.stdout + p.stderr


VSCODE = f"{HOME}/.vscode-server/data/Machine/settings.json"
Scene("vscode-goroot-of-old", {**home(bashrc=ADD, profile=SOURCES), VSCODE: "{\n  // machine\n  \"go.goroot\": \"/opt/old\",\n}\n"}, {VSCODE: "{\n}\n"}, (VSCODE, 3),
      there=lambda place: "go1.21" in in_editor(place), gos=BOTH)
Scene("environment-d-has-old", {**home(bashrc=ADD, profile=SOURCES), f"{HOME}/.config/environment.d/go.conf": "# x\nPATH=/opt/old/bin:$PATH\n"},
      {f"{HOME}/.config/environment.d/go.conf": f"PATH={NEW}/bin:$PATH\n"}, (f"{HOME}/.config/environment.d/go.conf", 2),
      there=lambda place: "go1.21" in by_manager(place, "go version"), gos=BOTH, manager=True)

# Services of systemd, run by a real manager.
SYSTEM_UNIT, USER_UNIT = "/etc/systemd/system/nightly.service", f"{HOME}/.config/systemd/user/nightly.service"
UNIT = "[Unit]\nDescription=Builds by night\n\n[Service]\nType=oneshot\nUser=ann\n{0}ExecStart={1}\n"
# A manager without root's rights can't change to a user, not even to the same one (216/GROUP).
OWN_UNIT = UNIT.replace("User=ann\n", "")
IN_SHELL = "/bin/sh -c 'cd /tmp && go version'"
SHELL_HAS = home(bashrc=ADD, profile=SOURCES)


def in_service(path: str, wrong: str) -> Callable:
    return lambda place: wrong in by_unit(place, path)


Scene("systemd-unit-has-another-go", {**SHELL_HAS, SYSTEM_UNIT: UNIT.format("Environment=PATH=/opt/old/bin:/usr/bin:/bin\n", IN_SHELL)},
      {SYSTEM_UNIT: UNIT.format(f"Environment=PATH={NEW}/bin:/usr/bin:/bin\n", IN_SHELL)}, (SYSTEM_UNIT, 7), rule="systemd-unit-has-another-go",
      there=in_service(SYSTEM_UNIT, "go1.21"), manager=True, gos=BOTH)
Scene("systemd-unit-has-no-go", {**SHELL_HAS, SYSTEM_UNIT: UNIT.format("", IN_SHELL)},
      {SYSTEM_UNIT: UNIT.format(f"Environment=PATH={NEW}/bin:/usr/bin:/bin\n", IN_SHELL)}, (SYSTEM_UNIT, 7), rule="systemd-unit-has-another-go",
      there=in_service(SYSTEM_UNIT, "not found"), manager=True)
# PATH names the right folder, and systemd doesn't look there.
Scene("systemd-unit-names-go-without-folder", {**SHELL_HAS, USER_UNIT: OWN_UNIT.format(f"Environment=PATH={NEW}/bin:/usr/bin:/bin\n", "go version")},
      {USER_UNIT: OWN_UNIT.format("", f"{NEW}/bin/go version")}, (USER_UNIT, 7), rule="systemd-unit-has-another-go", there=in_service(USER_UNIT, "203"), manager=True)
Scene("drop-in-turns-sumdb-off", {**SHELL_HAS, SYSTEM_UNIT: UNIT.format("", f"{NEW}/bin/go env GOSUMDB"),
                                  f"{SYSTEM_UNIT}.d/proxy.conf": "[Service]\nEnvironment=GOSUMDB=off GOTOOLCHAIN=local\n"},
      {f"{SYSTEM_UNIT}.d/proxy.conf": "[Service]\nEnvironment=GOTOOLCHAIN=local\n"}, (f"{SYSTEM_UNIT}.d/proxy.conf", 2), rule="sumdb-off",
      there=in_service(SYSTEM_UNIT, "off"), manager=True)
Scene("environment-file-turns-sumdb-off", {**SHELL_HAS, USER_UNIT: OWN_UNIT.format("EnvironmentFile=/etc/default/nightly\n", f"{NEW}/bin/go env GOSUMDB"),
                                           "/etc/default/nightly": "GOTOOLCHAIN=local\nGOSUMDB=off\n"},
      {"/etc/default/nightly": "GOTOOLCHAIN=local\n"}, ("/etc/default/nightly", 2), rule="sumdb-off", there=in_service(USER_UNIT, "off"), manager=True)

# Programs that were built here, tools beside go, and editors.
def built(env: str) -> list:
    """Commands that build a program of ann's."""
    return [f"mkdir -p {HOME}/hello", f"cd {HOME}/hello", "printf 'module example.test/hello\\n\\ngo 1.21\\n' > go.mod",
            "printf 'package main\\n\\nfunc main() { println(\"it runs\") }\\n' > main.go",
            f"env HOME={HOME} {env} {NEW}/bin/go build -o hello .", f"chown -R 4242:4242 {HOME}"]


Scene("goarch-left-in-the-environment", home(bashrc=ADD + "export GOARCH=arm64\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/.bashrc", 2),
      setup=built("GOARCH=arm64"), good_setup=built(""), flags=(f"{HOME}/hello/hello",), rule="target-other-platform",
      ask="cd ~/hello && go build -o hello . && ./hello", right="it runs")
COPIES = built("") + [f"mkdir -p {HOME}/go/bin {HOME}/older", f"cp {HOME}/hello/hello {HOME}/go/bin/",
                      f"cp {HOME}/hello/hello {HOME}/older/hello", f"chown -R 4242:4242 {HOME}/go {HOME}/older"]
Scene("another-copy-is-started", home(bashrc=ADD + "export PATH=$PATH:$HOME/go/bin\nexport PATH=$HOME/older:$PATH\n", profile=SOURCES),
      home(bashrc=ADD + "export PATH=$PATH:$HOME/go/bin\n"), (f"{HOME}/older/hello",), ask="command -v hello", wrong="/older/", setup=COPIES,
      flags=(f"{HOME}/go/bin/hello",), rule="target-shadowed")
Scene("folder-of-go-without-bin", home(bashrc=f"export PATH=$PATH:{NEW}\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/.bashrc", 1), right="go version go1",
      rule="path-entry-lacks-bin")
SCRIPT = [f"mkdir -p {HOME}/tools", f"printf '#!/bin/sh\\nGOFLAGS=-mod=vendor exec {NEW}/bin/go \"$@\"\\n' > {HOME}/tools/go", f"chmod 755 {HOME}/tools/go",
          f"chown -R 4242 {HOME}/tools"]
Scene("script-called-go", home(bashrc=ADD + "export PATH=$HOME/tools:$PATH\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/tools/go",), ask="go env GOFLAGS",
      wrong="-mod=vendor", setup=SCRIPT, rule="go-is-script")
Scene("gofmt-of-the-old-go", home(bashrc=ADD + "export PATH=$HOME/tools:$PATH\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/tools/gofmt",),
      ask="command -v gofmt", wrong="/tools/", gos=BOTH, setup=[f"mkdir -p {HOME}/tools", f"cp /opt/old/bin/gofmt {HOME}/tools/", f"chown -R 4242 {HOME}/tools"],
      rule="gofmt-of-another-go")


def path_in_terminal(place: Place) -> str:
    """PATH in the editor's terminal: that of the settings, where they name one."""
    set_to = json.loads(place.real(VSCODE).read_text()).get("terminal.integrated.env.linux", {}).get("PATH", "${env:PATH}")
    return set_to.replace("${env:PATH}", place.env_of(TERMINAL)["PATH"])


def in_terminal(place: Place) -> str:
    """What `go version` says in the editor's terminal."""
    p = place.run(["sh", "-c", "go version"], env={"PATH": path_in_terminal(place), "HOME": HOME})
    return p.stdout + p.stderr


Scene("editor-replaces-path", {**home(bashrc=ADD, profile=SOURCES), VSCODE: "{\n  \"terminal.integrated.env.linux\": {\n    \"PATH\": \"/usr/bin:/bin\"\n  }\n}\n"},
      {VSCODE: "{\n  \"terminal.integrated.env.linux\": {\n    \"PATH\": \"/opt/tools:${env:PATH}\"\n  }\n}\n"}, (VSCODE, 3), rule="editor-path-replaced",
      there=lambda place: "go version go1" not in in_terminal(place))
Scene("editor-adds-go-bin-twice", {**home(bashrc=ADD + "export PATH=$PATH:$HOME/go/bin\n", profile=SOURCES),
                                   VSCODE: "{\n  \"terminal.integrated.env.linux\": {\n    \"PATH\": \"${env:PATH}:/home/ann/go/bin\"\n  }\n}\n"},
      {**home(bashrc=ADD + "export PATH=$PATH:$HOME/go/bin\n", profile=SOURCES), VSCODE: "{\n}\n"}, (VSCODE, 3), rule="path-entry-twice", levels=("warning", "note"),
      there=lambda place: path_in_terminal(place).count("/home/ann/go/bin") > 1)
Scene("docker-writes-an-init-file", {**home(bashrc=ADD, profile=SOURCES),
                                     FILE: DOCKER.format("RUN echo 'export GOFLAGS=-mod=vendor' >> ~/.bashrc\n")},
      {FILE: DOCKER.format("ENV GOFLAGS=-mod=vendor\n")}, (FILE, 2), there=lambda place: "-mod=vendor" not in by_docker(place),
      flags=("--dockerfile", FILE), rule="dockerfile-init-file-not-read")
CHAIN = ["mkdir -p /opt/two", "cp -rs /usr/local/go/. /opt/two/"]
Scene("bin-go-links-to-another-go", home(bashrc="export PATH=$PATH:/opt/two/bin\n", profile=SOURCES), {}, ("/opt/two/bin/go",), ask="go version", wrong="go1.21",
      gos=BOTH, setup=[*CHAIN, "ln -sf /opt/old/bin/go /opt/two/bin/go"], good_setup=CHAIN, hand=["ln -sf /usr/local/go/bin/go /opt/two/bin/go"])
Scene("missing-entry", home(bashrc=ADD + "export PATH=$PATH:/opt/nope/go/bin\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/.bashrc", 2),
      ask="case $PATH in */opt/nope*) echo MISSING;; esac", wrong="MISSING", levels=("warning", "note"))
Scene("bash-env-prepends", home(profile=ADD + "export BASH_ENV=$HOME/.bash_env\n", bash_env="export PATH=/opt/old/bin:$PATH\n"), home(bash_env="# x\n"),
      (f"{HOME}/.bash_env", 1), ask="bash -c 'go version'", wrong="go1.21", gos=BOTH, levels=("error", "warning", "note"))
LINKED = ["mkdir -p /opt/theirs/go", "chmod 777 /opt/theirs/go", "chown -R 5555 /opt/theirs", f"ln -s /opt/theirs/go {HOME}/go"]
Scene("gopath-through-the-link-of-another", home(bashrc=ADD, profile=SOURCES), {}, ("/opt/theirs/go",), ask="readlink ~/go", wrong="theirs", setup=LINKED,
      good_setup=[f"mkdir {HOME}/go", f"chown 4242:4242 {HOME}/go"], hand=[f"rm {HOME}/go"])
