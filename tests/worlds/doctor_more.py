"""More scenes of doctor.py: caches, who may change an installation or tool, toolchains of a folder, binaries and processes."""
from __future__ import annotations

from doctor import HOME, NEW
from doctor_run import by_docker
from doctor_scenes import ADD, APP, BOTH, SHELL_HAS, SOURCES, SYSTEM_UNIT, UNIT, VSCODE, Scene, built, home, in_service

# Caches that are links of the user's own.
LINKED_CACHE = [f"mkdir -p {HOME}/true", f"ln -s {HOME}/true {HOME}/cache", f"chown -h 4242:4242 {HOME}/true {HOME}/cache"]
THROUGH = "[ -L \"$(go env GOCACHE)\" ] && echo LINK"
Scene("gocache-through-a-link", home(bashrc=ADD + "export GOCACHE=$HOME/cache\n", profile=SOURCES), home(bashrc=ADD + "export GOCACHE=$HOME/true\n"),
      (f"{HOME}/.bashrc", 2), ask=THROUGH, wrong="LINK", setup=LINKED_CACHE, rule="root-is-link")
Scene("default-gocache-through-a-link", home(bashrc=ADD, profile=SOURCES), {}, (f"{HOME}/.cache/go-build",), ask=THROUGH, wrong="LINK",
      setup=[f"mkdir -p {HOME}/true {HOME}/.cache", f"ln -s {HOME}/true {HOME}/.cache/go-build", f"chown -hR 4242:4242 {HOME}/true {HOME}/.cache"],
      # A link of root's further up, as `/home` is on some systems.
      good_setup=["mkdir -p /opt/caches/go-build", f"ln -s /opt/caches {HOME}/.cache", "chown -R 4242:4242 /opt/caches"], rule="root-is-link")

# Who may change an installation, or a tool that Go starts.
OWN = ["mkdir /opt/own", f"cp -r {NEW}/bin {NEW}/pkg {NEW}/VERSION {NEW}/go.env /opt/own/", f"ln -s {NEW}/src /opt/own/src", "chmod -R go-w /opt/own",
       "chown -R 0:0 /opt/own"]
IN_OWN = home(bashrc="export PATH=$PATH:/opt/own/bin\n", profile=SOURCES)
TOOLS = "/opt/own/pkg/tool/linux_amd64"
Scene("goroot-writable", IN_OWN, {}, (TOOLS,), ask="find \"$(go env GOTOOLDIR)\" -maxdepth 0 -perm /o+w", wrong="tool", setup=[*OWN, f"chmod 777 {TOOLS}"],
      good_setup=OWN, rule="goroot-writable")
Scene("goroot-foreign-owner", IN_OWN, {}, (TOOLS,), ask="find \"$(go env GOTOOLDIR)\" -maxdepth 0 -uid 5555", wrong="tool",
      setup=[*OWN, f"chown 5555 {TOOLS}"], good_setup=OWN, rule="goroot-foreign-owner", hand=[f"chown -R 0 {TOOLS}"])
TOOL = ["mkdir /opt/tools", "printf '#!/bin/sh\\n' > /opt/tools/fossil", "chmod 755 /opt/tools/fossil"]
Scene("tool-writable", home(bashrc=ADD + "export PATH=$PATH:/opt/tools\n", profile=SOURCES), {}, ("/opt/tools/fossil",),
      ask="find \"$(command -v fossil)\" -perm /o+w", wrong="fossil", setup=[*TOOL, "chmod 777 /opt/tools/fossil"], good_setup=TOOL,
      rule="tool-writable")
Scene("path-entry-not-a-folder", home(bashrc=ADD + f"export PATH=$PATH:{NEW}/bin/go\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/.bashrc", 2),
      ask="case $PATH in */bin/go) echo FILE;; esac", wrong="FILE", levels=("note",), rule="path-entry-not-a-folder")

# The toolchain of a folder.
VERSIONED = [f"mkdir -p {HOME}/tools", f"printf '#!/bin/sh\\necho of PATH\\n' > {HOME}/tools/go1.99.1", f"chmod 755 {HOME}/tools/go1.99.1",
             f"chown -R 4242:4242 {HOME}/tools"]
MOD = {f"{HOME}/go.mod": "module x\n\ngo 1.99.1\n"}
Scene("toolchain-from-path", {**home(bashrc=ADD + "export GOTOOLCHAIN=path\nexport PATH=$PATH:$HOME/tools\n", profile=SOURCES), **MOD},
      {f"{HOME}/go.mod": "module x\n\ngo 1.21\n"}, (f"{HOME}/tools/go1.99.1",), wrong="of PATH", setup=VERSIONED, rule="toolchain-from-path",
      hand=[f"rm {HOME}/tools/go1.99.1"])
Scene("toolchain-switches", {**home(bashrc=ADD + "export GOTOOLCHAIN=path\nexport PATH=$PATH:$HOME/go/bin\n", profile=SOURCES), **MOD},
      {f"{HOME}/go.mod": "module x\n\ngo 1.21\n"}, (f"{HOME}/go.mod", 3), wrong="of PATH",
      setup=[line.replace("/tools", "/go/bin") for line in VERSIONED] + [f"chown 4242:4242 {HOME}/go"], levels=("note",), rule="toolchain-switches",
      # Its words: `GOTOOLCHAIN=local` keeps to the one that is installed.
      hand=[f"sed -i s/GOTOOLCHAIN=path/GOTOOLCHAIN=local/ {HOME}/.bashrc"])

# Dockerfiles, editors, services.
STAGES = "FROM debian:12 AS build\nENV GOAPP=/opt/app/bin\nFROM debian:12\n{0}CMD exec $GOAPP/run\n"
Scene("dockerfile-env-of-another-stage", {**SHELL_HAS, f"{HOME}/Dockerfile": STAGES.format("")}, {f"{HOME}/Dockerfile": STAGES.format("ENV GOAPP=/opt/app/bin\n")},
      (f"{HOME}/Dockerfile", 4), there=lambda place: "it runs" not in by_docker(place), setup=APP,
      flags=("--dockerfile", f"{HOME}/Dockerfile"), rule="dockerfile-env-of-another-stage")
READS = f"python3 -c 'import json; json.load(open(\"{VSCODE}\"))' 2>/dev/null || echo BROKEN"
Scene("editor-settings-unreadable", {**SHELL_HAS, VSCODE: "{\n  \"go.goroot\":\n}\n"}, {VSCODE: "{\n}\n"}, (VSCODE, 3), ask=READS, wrong="BROKEN",
      levels=("note",), rule="editor-settings-unreadable", hand=[f"sed -i 2d {VSCODE}"])
Scene("systemd-unit-setting-differs", {**SHELL_HAS, SYSTEM_UNIT: UNIT.format("Environment=GOFLAGS=-mod=vendor\n", f"{NEW}/bin/go env GOFLAGS")},
      {SYSTEM_UNIT: UNIT.format("", f"{NEW}/bin/go env GOFLAGS")}, (SYSTEM_UNIT, 7), there=in_service(SYSTEM_UNIT, "vendor"), manager=True,
      levels=("warning", "note"), rule="systemd-unit-setting-differs", hand=[f"sed -i 7d {SYSTEM_UNIT}"])

# Binaries, and tools of another Go.
HELLO = built("")
Scene("target-of-newer-go", home(bashrc="export PATH=$PATH:/opt/old/bin\n", profile=SOURCES), home(bashrc=ADD), (f"{HOME}/hello/hello",),
      ask=f"{NEW}/bin/go version ~/hello/hello | cut -d' ' -f2; go env GOVERSION", wrong="go1.21", gos=BOTH, setup=HELLO, levels=("note",),
      flags=(f"{HOME}/hello/hello",), rule="target-of-newer-go", hand=[f"sed -i s,/opt/old,{NEW}, {HOME}/.bashrc"])
GOPLS = ["mkdir -p /opt/gopls", "cd /opt/gopls", "printf 'module golang.org/x/tools/gopls\\n\\ngo 1.21\\n' > go.mod", "printf 'package main\\n\\nfunc main() {{}}\\n' > main.go",
         f"mkdir -p {HOME}/tools", f"env HOME=/opt/gopls GOTOOLCHAIN=local {{0}}/bin/go build -o {HOME}/tools/gopls .", f"chown -R 4242:4242 {HOME}/tools"]
Scene("gopls-older-than-go", home(bashrc=ADD + "export PATH=$PATH:$HOME/tools\n", profile=SOURCES), {}, (f"{HOME}/tools/gopls",),
      ask="go version \"$(command -v gopls)\"", wrong="go1.21", gos=BOTH, setup=[line.format("/opt/old") for line in GOPLS],
      good_setup=[line.format(NEW) for line in GOPLS], levels=("note",), rule="gopls-older-than-go",
      # Its change fetches the newest from the network: it is built anew here, with the Go that runs.
      hand=[f"cd /opt/gopls && env HOME=/opt/gopls GOTOOLCHAIN=local {NEW}/bin/go build -o {HOME}/tools/gopls ."])
