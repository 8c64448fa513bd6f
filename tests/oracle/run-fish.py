#!/usr/bin/env python3
"""Holds the evaluation of fish's init files against fish itself: makes sets of init files, starts fish on each in several ways, and
writes what it exports as rows for tests/fish_oracle.rs.

usage: run-fish.py [--sets N] [--seed N] [--out FILE] [--stand-in] [--only SET]

A copy of the fish program is put in a folder of its own, so that its data and its configuration of the machine are those of the set.
  --stand-in  use tests/oracle/fish/share instead of /usr/share/fish: such rows can be held anywhere (the frozen table)
Afterwards: FISH_ROWS=FILE cargo test --test fish_oracle
"""
import argparse
import json
import os
import pty
import random
import select
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FISH = "/usr/bin/fish"
MARK = "\x01MARK\x01"
# One copy that all sets link to: a program that is still open for writing can't be started.
PROGRAM = tempfile.NamedTemporaryFile(prefix="fish-oracle-program-")
DIRS = ["$HOME/go/bin", "~/.local/bin", "$HOME/bin", "~/.cargo/bin", "$W/opt/go/bin", "$W/opt/go1.22/bin", "$W/usr/local/bin", "~/missing/bin",
        "$HOME/nope", "$W/opt/sdk/bin"]
VARS = ["GOPATH", "GOBIN", "GOROOT", "GOFLAGS", "GOPROXY", "GOCACHE", "GOMODCACHE", "GOTOOLCHAIN", "GOPRIVATE", "CGO_ENABLED", "EDITOR", "FOO",
        "MY_PATH", "MANPATH", "GOENV"]
VALUES = ["~/go", "$HOME/go", "$W/opt/go", "off", "-mod=mod", "'-trimpath -mod=mod'", "\"$HOME/.cache/go\"", "direct", "a b", "1", "''", "a:b",
          "https://proxy.example.test,direct", "$HOME/{a,b}", "\"x$FOO\"y", "(echo sub)", "\"$(echo one; echo two)\"", "$undefined", "\"$undefined\"", "x\\ y",
          "tab\\tz", "'single $x'", "$PATH[1]", "$PATH[-1]", "\"$PATH[1..2]\"", "$FOO[2..-1]", "(string upper abc)", "{x,y}{1,2}", "pre{,post}",
          "(string join : a b c)", "(count $PATH)", "(math 1 + 2)", "(math \"7 / 2\")", "$HOME/*.txt", "(basename_ x)", "$status"]


class Gen:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.extra = {}

    def dir(self):
        return self.r.choice(DIRS)

    def var(self):
        return self.r.choice(VARS)

    def value(self):
        return self.r.choice(VALUES)

    def cond(self):
        r = self.r
        v, d = self.var(), self.dir()
        return r.choice([
            "status is-interactive", "status is-login", "status --is-interactive", "not status is-login", f"test -d {d}", f"test -n \"${v}\"",
            f"test -z \"${v}\"", f"set -q {v}", f"not set -q {v}", f"[ -e {d} ]", "type -q tool", "type -q notool", "command -q tool",
            "command -sq notool", "command -v tool >/dev/null", f"contains {d} $PATH", f"not contains -- {d} $PATH", "test (id -u) -eq 0",
            "test \"$USER\" = root", "test (uname) = Linux", "tool --ok", "true", "false", "! false", f"string match -q '*o*' -- ${v}",
            f"string match -qr '^-' -- \"${v}\"", "test $FOO = a -o $SHLVL -gt 1", f"set -q {v}[1]", "test 1 -lt 2 -a 3 -ge 3", f"test -f {d}/tool",
            "functions -q helper", f"begin; test -d {d}; and set -q HOME; end", f"test -x {d}; and true", "true && false || true", "builtin -q set",
            f"path is -d {d}", "set -q argv[1]",
        ])

    def block(self, n, depth):
        return "\n".join("    " + line for _ in range(n) for line in self.snippet(depth + 1).split("\n"))

    def snippet(self, depth=0):
        r = self.r
        v, w, d, e = self.var(), self.var(), self.dir(), self.dir()
        val, val2 = self.value(), self.value()
        simple = [
            lambda: f"set -gx {v} {val}",
            # What follows a command that is not there.
            lambda: f"{r.choice(['notool', 'tool', 'not notool', 'set -l y (notool)', 'begin; notool; end', 'ls $HOME/none*'])} || set -gx {v} {val}",
            lambda: f"{r.choice(['notool', 'echo (notool)', 'true; and notool', '! notool'])}; or set -gx {v} {val}",
            lambda: f"if {r.choice(['notool', 'not notool', 'begin; notool; end', 'true; and notool', 'notool || true', 'tool'])}; or true; set -gx {v} 1; else; set -gx {w} 2; end",
            lambda: f"if notool; set -gx {v} 1; else if {r.choice(['true', 'notool; or true'])}; set -gx {w} 2; end; and set -gx FOO $status",
            lambda: f"while {r.choice(['notool', 'tool'])}; or true; set -gx {v} 1; break; end; set -gx {w} $status",
            lambda: f"set -x {v} {val}",
            lambda: f"set -Ux {v} {val}",
            lambda: f"set -gx {v} {val} {val2}",
            lambda: f"set --export --global {v} {val}",
            lambda: f"set {v} {val}",
            lambda: f"set -g {v} {val}; set -x {v}",
            lambda: f"set -l tmp {val}; set -gx {v} $tmp/x",
            lambda: f"set -e {v}",
            lambda: f"set -eg {v}",
            lambda: f"set -u {v} {val}",
            lambda: f"set -gu {v} {val}",
            lambda: f"set -gx PATH {d} $PATH",
            lambda: f"set -x PATH $PATH {d}",
            lambda: f"set PATH {d} {e} $PATH",
            lambda: f"set -gxa PATH {d}",
            lambda: f"set -gxp PATH {d} {e}",
            lambda: f"set -p PATH {d}",
            lambda: f"set -a PATH {d}:{e}",
            lambda: f"set --prepend PATH {d}",
            lambda: f"fish_add_path {d}",
            lambda: f"fish_add_path -g {d} {e}",
            lambda: f"fish_add_path -gm {d}",
            lambda: f"fish_add_path --path {d}",
            lambda: f"fish_add_path -aP {d}",
            lambda: f"fish_add_path -U {d}; fish_add_path --move --append {e}",
            lambda: f"fish_add_path -gP --move {d}",
            lambda: f"fish_add_path $HOME/go/bin/../bin",
            lambda: f"set -gx fish_user_paths {d} $fish_user_paths",
            lambda: f"set -U fish_user_paths {d} $fish_user_paths",
            lambda: f"set -Ua fish_user_paths {d}",
            lambda: f"set -g fish_user_paths {d}",
            lambda: f"set -e fish_user_paths[1]",
            lambda: f"set -e fish_user_paths",
            lambda: f"set -U --erase {v}",
            lambda: f"export {v}={d}",
            lambda: f"export PATH={d}:\"$PATH\"",
            lambda: f"export PATH=\"$HOME/go/bin:$PATH\"",
            lambda: f"export {v}",
            lambda: f"setenv {v} {val}",
            lambda: f"alias go='{d}/go'",
            lambda: "alias gs 'git status'",
            lambda: "alias ll='ls -l'",
            lambda: "abbr -a gb go build",
            lambda: f"set -gx {v} (tool --print)",
            lambda: f"set -gx {v} (notool --print)",
            lambda: f"set -gx {v} (command -v tool)",
            lambda: f"set -gx PATH (string match -v {d} $PATH)",
            lambda: f"set PATH (string replace -r '/bin$' '/sbin' $PATH)",
            lambda: f"set -gx {v} (string replace -a / _ /x/y/z (string replace -r -a '([a-z])([0-9]*)' '$2-$1' a1b22c))",
            lambda: f"set -gx {v} (string split , a,b,c)",
            lambda: f"set -gx {v} (string split -m 1 = -- key=val=ue)[2]",
            lambda: f"set -gx {v} (string trim \"  x y \")",
            lambda: f"set -gx {v} (string sub -s 2 -l 3 abcdef)",
            lambda: f"string match -qr '(?<major>\\d+)\\.(?<minor>\\d+)' 'go1.22.3'; and set -gx {v} $major-$minor",
            lambda: f"set -gx {v} (string match -r '(\\w+)@(.*)' 'user@host')[3]",
            lambda: f"set -gx {v} (path dirname {d})",
            lambda: f"set -gx {v} (path basename {d}) (path normalize $HOME/../x//y)",
            lambda: f"set -gx {v} (printf '%s-%d\\n' a 1 b 2)",
            lambda: f"set -gx {v} (echo -n a; echo b)",
            lambda: f"set -gx {v} (cat $HOME/data.txt)",
            lambda: f"set -gx {v} (string escape -- 'a b' \"it's\" plain)",
            lambda: f"set -gx {v} (string length hello; string repeat -n 3 ab; string lower ABC)",
            lambda: f"read -l line < $HOME/data.txt; set -gx {v} $line",
            lambda: f"while read -l k v; set -gx X_$k $v; end < $HOME/data.txt",
            lambda: f"cat $HOME/data.txt | while read -l k v; set -gx Y_$k $v; end",
            lambda: f"echo a b c | read -l one two; set -gx {v} $one; set -gx {w} $two",
            lambda: f"echo 'set -gx {v} piped' | source",
            lambda: f"eval set -gx {v} '(echo evaled)'",
            lambda: f"eval \"set -gx {v} 'x y'\"",
            lambda: f"tool init fish | source",
            lambda: f"notool init fish | source",
            lambda: f"source $HOME/extra.fish",
            lambda: f"source ~/extra.fish arg1; or set -gx {v} missing",
            lambda: f"test -f ~/extra.fish; and source ~/extra.fish",
            lambda: f"test -f ~/nothing.fish && source ~/nothing.fish",
            lambda: f"source ~/nothing.fish 2>/dev/null; or set -gx {v} nosource",
            lambda: f"helper {d}",
            lambda: f"lazy {v} {val}",
            lambda: f"cd {d}; and set -gx {v} $PWD; cd -",
            lambda: f"cd $HOME/go; set -gx {v} (pwd)",
            lambda: f"set -gx {v} $$w_name",
            lambda: f"set -l ref PATH; set -gx {v} $$ref[1]",
            lambda: f"set -gx {v}[2] second",
            lambda: f"set -gx {v} one two three; set -e {v}[2]; set {v}[1] first",
            lambda: f"set -gx --path {v} a b; set -a {v} c",
            lambda: f"set --unpath {v} a:b c",
            lambda: f"set -gx {v} $PATH[2..1] \"$PATH[-1..1]\"",
            lambda: f"set -q {v}; or set -gx {v} {val}",
            lambda: f"set -q {v} || set -gx {v} {val}",
            lambda: f"test -d {d}; and set -gx PATH {d} $PATH; or set -gx {v} nodir",
            lambda: f"test -d {d} && fish_add_path {d}",
            lambda: f"type -q tool; and set -gx {v} tool",
            lambda: f"tool --ok; and set -gx {v} ok",
            lambda: f"{v}=temp set -gx {w} \"$" + f"{v}\"",
            lambda: f"set -gx {v} {val} # comment",
            lambda: f"set -gx PATH \\\n    {d} \\\n    {e} \\\n    $PATH",
            lambda: f"begin; set -l {v} local; set -lx {w} inner; end",
            lambda: f"begin; set -fx F_{v} funcscope; end",
            lambda: f"set -lx {v} {val}",
            lambda: f"for d in {d} {e}; test -d $d; and set -gx PATH $d $PATH; end",
            lambda: f"for d in {d} {e}\n    if not contains $d $PATH\n        set -gx PATH $PATH $d\n    end\nend",
            lambda: f"for i in (seq 3); set -gxa {v} $i; end",
            lambda: f"for f in $HOME/conf/*.fish; source $f; end",
            lambda: f"for x in a b c; test $x = b; and break; set -gx {v} $x; end",
            lambda: f"for x in a b c; test $x = b; and continue; set -a {v} $x; end",
            lambda: f"set -l i 0; while test $i -lt 3; set i (math $i + 1); set -gx {v} $i; end",
            lambda: f"switch (uname)\n    case Linux\n        set -gx {v} linux\n    case Darwin\n        set -gx {v} mac\n    case '*'\n        set -gx {v} other\nend",
            lambda: f"switch \"${v}\"\n    case 'a*' ''\n        set -gx {w} A\n    case '*'\n        set -gx {w} B\nend",
            lambda: f"function setit --argument-names name val\n    set -gx $name $val\nend\nsetit {v} {val}",
            lambda: f"function setloc\n    set -x {v} inside\n    set {w} changed\nend\nsetloc",
            lambda: f"function early\n    if true\n        return 1\n    end\n    set -gx {v} never\nend\nearly; or set -gx {w} early",
            lambda: f"function onvar --on-variable {v}\n    set -gx SEEN_{v} $" + f"{v}\nend\nset -gx {v} {val}",
            lambda: f"function go; command go $argv; end",
            lambda: f"function noshadow -S; set hidden 1; end; set -l hidden 0; noshadow; set -gx {v} $hidden",
            lambda: f"set -l v {val}; function inh -V v; set -gx {v} $v; end; inh",
            lambda: f"set -gx {v} {val}; set -gx {v} \"${v}/more\"",
            lambda: f"exit",
            lambda: f"return 0",
            lambda: f"set -gx {v} (status filename | string replace -r '.*/' '')",
            lambda: f"set -gx {v} (status dirname)",
            lambda: f"not set -gx {v} {val}; or set -gx {w} notted",
            lambda: f"argparse_user -x 1 --long=val rest",
            lambda: f"set -S >/dev/null; set_color red; echo hi >/dev/null",
            lambda: f"set -gx {v} (set_default)",
            lambda: f"set -gx {v} (contains -i b a b c; or echo none)",
            lambda: f"set -gx {v} **.conf",
            lambda: f"set -gx {v} $HOME/conf/*",
            lambda: f"if command -q tool; set -gx {v} yes; else; set -gx {v} no; end",
            lambda: f"random choice a b >/dev/null; set -gx {v} r",
            lambda: f"set -gx {v} (random 1 1)",
            lambda: f"date >/dev/null; set -gx {v} $status",
            lambda: f"set -gx {v} {val}; and set -gx {w} chained",
            lambda: f"false; set -gx {v} $status",
            lambda: f"string match -q x y; set -gx {v} $status",
            lambda: f"set -gx {v} (false; echo $status)",
            lambda: f"set --erase --global PATH[1]",
            lambda: f"set -gx PATH (for p in $PATH; test $p != {d}; and echo $p; end)",
            lambda: f"if set -l idx (contains -i -- {d} $PATH)\n    set -e PATH[$idx]\nend",
        ]
        # What a program prints to be sourced makes all unknown: few of these, or little is compared.
        simple = [s for s in simple if "init fish" not in s() or r.random() < 0.25]
        if depth < 3 and r.random() < 0.25:
            kind = r.randrange(5)
            if kind == 0:
                return f"if {self.cond()}\n{self.block(r.randint(1, 2), depth)}\nend"
            if kind == 1:
                return f"if {self.cond()}\n{self.block(1, depth)}\nelse if {self.cond()}\n{self.block(1, depth)}\nelse\n{self.block(1, depth)}\nend"
            if kind == 2:
                return f"if {self.cond()}; and {self.cond()}\n    or {self.cond()}\n{self.block(1, depth)}\nend"
            if kind == 3:
                return f"begin\n{self.block(2, depth)}\nend"
            return f"{self.cond()}; and begin\n{self.block(1, depth)}\nend"
        return r.choice(simple)()

    def file(self, most):
        return "\n".join(self.snippet() for _ in range(self.r.randint(1, most))) + "\n"

    def universal(self):
        r = self.r
        lines = ["# This file contains fish universal variable definitions.", "# VERSION: 3.0"]
        for name in r.sample(VARS, r.randint(0, 3)):
            value = r.choice(["plain", "a\\x1eb", "\\x1d", "with\\x20space", "\\u00e4", "a:b", "$W/opt/go"])
            lines.append(f"SETUVAR {r.choice(['', '--export ', '--export --path '])}{name}:{value}")
        if r.random() < 0.5:
            lines.append("SETUVAR fish_user_paths:" + "\\x1e".join(r.sample(["$W/opt/go/bin", "$W/home/bin", "$W/home/.cargo/bin", "/nowhere/x"], r.randint(1, 3))))
        lines.append("SETUVAR __fish_initialized:3400")
        return "\n".join(lines) + "\n"

    def make(self):
        r = self.r
        files = {
            "$W/bin/tool": "#!/bin/sh\n[ \"$1\" = --ok ] && exit 0\necho 'set -gx FROM_TOOL yes'\n",
            "$W/opt/go/bin/go": "#!/bin/sh\n",
            "$W/home/data.txt": "one 1\ntwo 2 zwei\n",
            "$W/home/a.txt": "", "$W/home/b.txt": "",
            "$W/home/conf/10-a.fish": "set -gx CONF_A 10\n", "$W/home/conf/9-b.fish": "set -gx CONF_A 9\nset -gxa CONF_B b\n", "$W/home/conf/x.conf": "",
            "$W/home/extra.fish": self.file(2) if r.random() < 0.8 else "set -gx EXTRA \"$argv\"\n",
            "$W/home/.config/fish/functions/helper.fish": "function helper\n    set -gx PATH $argv[1] $PATH\n    set -gx HELPED (count $argv)\nend\n",
            "$W/home/.config/fish/functions/lazy.fish": "set -g loads (math 0$loads + 1)\nfunction lazy -a name val\n    set -q $name; or set -gx $name $val\n    set -gx LOADS $loads\nend\n",
            "$W/home/.config/fish/functions/argparse_user.fish": "function argparse_user\n    argparse 'x/ex=' 'long=' v/verbose -- $argv\n    or return\n    set -gx AP_X $_flag_x\n    set -gx AP_EX $_flag_ex\n    set -gx AP_LONG $_flag_long\n    set -gx AP_REST $argv\nend\n",
            "$W/home/.config/fish/functions/set_default.fish": "function set_default\n    echo default\n    return 3\nend\n",
        }
        config = "$W/home/.config"
        env = {"HOME": "$W/home", "PATH": "$W/bin:/usr/bin:/bin", "TERM": "dumb", "LANG": "C.UTF-8"}
        if r.random() < 0.85:
            files[f"{config}/fish/config.fish"] = self.file(7)
        for name in r.sample(["00-first.fish", "go.fish", "path.fish", "zz.fish"], r.randint(0, 2)):
            files[f"{config}/fish/conf.d/{name}"] = self.file(2)
        if r.random() < 0.4:
            files["$W/fish/etc/fish/config.fish"] = self.file(2)
        for name in r.sample(["go.fish", "sys.fish"], r.choice([0, 0, 1])):
            files[f"$W/fish/etc/fish/conf.d/{name}"] = self.file(2)
        if r.random() < 0.5:
            files[f"{config}/fish/fish_variables"] = self.universal()
        if r.random() < 0.25:
            env["XDG_DATA_DIRS"] = "$W/xdg/:/usr/share"
            files["$W/xdg/fish/vendor_conf.d/go.fish"] = self.file(1)
            files["$W/xdg/fish/vendor_conf.d/vend.fish"] = self.file(2)
        if r.random() < 0.1:
            env["XDG_CONFIG_HOME"] = "$W/cfg"
            files["$W/cfg/fish/config.fish"] = self.file(3)
        for name in r.sample(VARS, r.randint(0, 3)):
            env[name] = r.choice(["env", "a:b", "", "$W/opt/go", "x y"])
        if r.random() < 0.3:
            env["SHLVL"] = r.choice(["1", "2", "0", "x"])
        if r.random() < 0.1:
            del env["PATH"]
        if r.random() < 0.2:
            del env["LANG"]
        if r.random() < 0.3:
            env["USER"] = r.choice(["root", "someone"])
        folders = ["$W/home/go/bin", "$W/home/.local/bin", "$W/home/bin", "$W/home/.cargo/bin", "$W/opt/go1.22/bin", "$W/opt/sdk/bin", "$W/usr/local/bin",
                   "$W/home/.local/share/fish/generated_completions", "$W/fish/etc/fish", "$W/home/.cache"]
        return {"files": files, "env": env, "folders": folders}


def build(root, made, share):
    w = str(root)
    for folder in made["folders"]:
        os.makedirs(folder.replace("$W", w), exist_ok=True)
    for path, text in made["files"].items():
        path = Path(path.replace("$W", w))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("$W", w))
        if text.startswith("#!"):
            path.chmod(0o755)
    os.makedirs(f"{w}/fish/bin")
    os.makedirs(f"{w}/fish/share", exist_ok=True)
    os.link(PROGRAM.name, f"{w}/fish/bin/fish")
    if share:
        os.symlink(share, f"{w}/fish/share/fish")


def ask(root, made, flags, terminal):
    w = str(root)
    env = {k: v.replace("$W", w) for k, v in made["env"].items()}
    out = f"{w}/answer"
    program = f"{w}/fish/bin/fish"
    if not terminal:
        got = subprocess.run([program, *flags, "-c", f"printf '{MARK}'; /usr/bin/env -0"], env=env, cwd=f"{w}/home", stdin=subprocess.DEVNULL,
                             capture_output=True, timeout=60, start_new_session=True)
        if MARK.encode() not in got.stdout:
            return None
        raw = got.stdout.split(MARK.encode())[-1]
    else:
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(f"{w}/home")
            os.execve(program, [program, *flags], env)
        os.write(fd, f"/usr/bin/env -0 > {out}.part; /bin/mv {out}.part {out}; exit\n".encode())
        end = time.time() + 30
        while time.time() < end and not os.path.exists(out):
            if select.select([fd], [], [], 0.05)[0]:
                try:
                    if not os.read(fd, 65536):
                        break
                except OSError:
                    break
        os.close(fd)
        os.waitpid(pid, 0)
        if not os.path.exists(out):
            return None
        raw = Path(out).read_bytes()
    pairs = (entry.split(b"=", 1) for entry in raw.split(b"\0") if b"=" in entry)
    try:
        return {k.decode(): v.decode().replace(w, "$W") for k, v in pairs}
    except UnicodeDecodeError:
        return None


def one(seed, share, standin):
    made = Gen(seed).make()
    whole = {**made, "files": dict(made["files"])}
    if standin:
        for path in sorted(standin.rglob("*.fish")):
            whole["files"][f"$W/fish/share/fish/{path.relative_to(standin)}"] = path.read_text()
    rows = []
    for flags, login, interactive, terminal in [([], False, False, False), (["-l"], True, False, False), (["-i"], False, True, False),
                                                (["-l", "-i"], True, True, False), ([], False, True, True)]:
        if terminal and seed % 4:
            continue
        with tempfile.TemporaryDirectory(prefix="fish-oracle-") as temp:
            root = Path(temp).resolve()
            build(root, whole, share)
            try:
                answer = ask(root, made, flags, terminal)
            except subprocess.TimeoutExpired:
                answer = None
        if answer is None:
            print(f"set {seed} {flags}: fish gave no answer", file=sys.stderr)
            continue
        row = {"set": seed, "login": login, "interactive": interactive, "command": not terminal, "user": "root", "uid": os.getuid(), "version": "3.6.0",
               **made, "answer": answer}
        row["stand_in"] = bool(standin)
        if share:
            row["links"] = {"$W/fish/share/fish": share}
        rows.append(json.dumps(row, sort_keys=True))
    return rows


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--sets", type=int, default=400)
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--out", type=Path, default=Path("fish-rows.jsonl"))
    args.add_argument("--stand-in", action="store_true")
    args.add_argument("--only", type=int)
    options = args.parse_args()
    shutil.copy2(FISH, PROGRAM.name)
    PROGRAM.file.close()
    standin = Path(__file__).parent / "fish" / "share" if options.stand_in else None
    share = None if options.stand_in else "/usr/share/fish"
    seeds = [options.only] if options.only is not None else range(options.seed, options.seed + options.sets)
    count = 0
    with options.out.open("w") as out, ThreadPoolExecutor(2) as pool:
        for rows in pool.map(lambda seed: one(seed, share, standin), seeds):
            for row in rows:
                print(row, file=out)
                count += 1
    print(f"{count} starts of {len(seeds)} sets in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
