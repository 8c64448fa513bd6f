#!/usr/bin/env python3
"""Makes sets of init files, asks bash, dash and zsh what variables programs get in each way of starting them, and writes rows for
tests/shells_oracle.rs.

usage: run-shells.py [--sets N] [--seed S] OUT

Needs root (it changes the root folder for the shells), and bash, dash and zsh. Each row: the files, the environment, how the shell
is started, and what `env -0` printed as the command of -c; null where the shell never came to it.
"""
import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

TOOLS = "id uname cat tr sed grep ls dircolors hostname basename dirname mkdir readlink cut date tty head true touch".split()
MARK = b"\0--mark--\0"

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "shells"))
from idioms import make_set  # noqa: E402


def libraries(program):
    text = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    return [word for line in text.splitlines() for word in line.split() if word.startswith("/")]


def copy_program(root, program, to):
    target = root + to
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy(os.path.realpath(program), target)
    for library in libraries(program):
        if not os.path.exists(root + library):
            os.makedirs(os.path.dirname(root + library), exist_ok=True)
            shutil.copy(os.path.realpath(library), root + library)


def make_root(root):
    for name in ["bash", "dash", "zsh", "env", "printf"]:
        copy_program(root, shutil.which(name), "/.sh/" + name)
    os.makedirs(root + "/.sh/as")
    shutil.copy(root + "/.sh/bash", root + "/.sh/as/sh")
    for name in TOOLS:
        copy_program(root, shutil.which(name), "/usr/bin/" + name)
    for folder in ["/usr/lib/x86_64-linux-gnu/zsh", "/usr/share/zsh/functions"]:
        if os.path.isdir(folder):
            shutil.copytree(folder, root + folder, symlinks=False)
            for base, _, names in os.walk(folder):
                for name in names:
                    if name.endswith(".so"):
                        for library in libraries(os.path.join(base, name)):
                            if not os.path.exists(root + library):
                                os.makedirs(os.path.dirname(root + library), exist_ok=True)
                                shutil.copy(os.path.realpath(library), root + library)
    os.makedirs(root + "/dev")
    os.mknod(root + "/dev/null", 0o20666, os.makedev(1, 3))
    os.chmod(root + "/dev/null", 0o666)


def lay_out(root, files, made=set()):
    for path in made:
        if os.path.lexists(path):
            os.remove(path)
    made.clear()
    for folder in ["root", "etc", "opt", "home", "tmp", "var", "usr/local", "snap", "run"]:
        shutil.rmtree(os.path.join(root, folder), ignore_errors=True)
    for path, what in files.items():
        path = root + path
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if what is not None:
            made.add(path)
        if what is None:
            os.makedirs(path, exist_ok=True)
        elif isinstance(what, str):
            with open(path, "w") as f:
                f.write(what)
        elif "link" in what:
            os.symlink(what["link"], path)
        else:
            with open(path, "w") as f:
                f.write(what["exec"])
            os.chmod(path, 0o755)


def ask(root, start, env):
    program = {"bash": "/.sh/bash", "dash": "/.sh/dash", "zsh": "/.sh/zsh", "sh": "/.sh/as/sh"}[start["shell"]]
    command = [program] + (["-l"] if start["login"] else []) + (["-i"] if start["interactive"] else [])
    command += ["-c", "/.sh/printf '\\0--mark--\\0'; /.sh/env -0; :"]

    def enter():
        os.chroot(root)
        os.chdir("/root")

    try:
        done = subprocess.run(command, env=env, preexec_fn=enter, start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=10)
    except subprocess.TimeoutExpired:
        return "timeout"
    _, mark, rest = done.stdout.partition(MARK)
    if not mark:
        return None
    out = {}
    for item in rest.split(b"\0"):
        if b"=" in item:
            name, value = item.split(b"=", 1)
            if name != b"_":
                out[name.decode("latin-1")] = value.decode("latin-1")
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("out")
    args = parser.parse_args()
    rows = 0
    with tempfile.TemporaryDirectory() as root, open(args.out, "w") as out:
        make_root(root)
        out.write(json.dumps({"tools": ["/usr/bin/" + t for t in TOOLS]}) + "\n")
        for number in range(args.sets):
            rng = random.Random(f"{args.seed}/{number}")
            name, files, env = make_set(rng)
            for shell in ["bash", "sh", "dash", "zsh"]:
                for login in [False, True]:
                    for interactive in [False, True]:
                        start = {"shell": shell, "login": login, "interactive": interactive}
                        lay_out(root, files)
                        answer = ask(root, start, env)
                        if answer == "timeout":
                            print("timeout", number, start, file=sys.stderr)
                            continue
                        if answer and any(ord(c) > 126 for v in answer.values() for c in v):
                            continue
                        out.write(json.dumps({"name": f"{args.seed}/{number} {name}", "files": files, "env": env, "start": start, "answer": answer}) + "\n")
                        rows += 1
    print(rows, "rows", file=sys.stderr)


if __name__ == "__main__":
    main()
