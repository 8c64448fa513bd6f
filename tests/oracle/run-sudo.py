#!/usr/bin/env python3
"""Asks the sudo of this machine what environment it gives: run-sudo.py ROWS [SEED] > rows.jsonl

Needs root, util-linux and a throw-away user `sudo-oracle`, which it makes. Each row has its own sudoers, bound over /etc/sudoers in a
mount namespace of its own; the machine's stays as it is. Hold the rows with SUDO_ROWS=rows.jsonl cargo test --test sudo_oracle.
"""
import json, os, pwd, random, subprocess, sys, tempfile

USER = "sudo-oracle"
NAMES = ["GOPATH", "GOPROXY", "GOFLAGS", "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TZ", "LANG", "LC_ALL", "MAIL",
         "PS1", "SUDO_PS1", "LD_PRELOAD_X", "PYTHONPATH", "DISPLAY", "EDITOR", "BASH_FUNC_x%%", "GO_X", "XGO"]
VALUES = ["/a:/b", "plain", "", "() { :; }", "50%", "C.UTF-8", "Europe/Berlin", "/usr/share/zoneinfo/UTC", "/etc/x", "../x",
          ":/usr/share/zoneinfo/UTC", "two words", "/usr/bin:/bin"]
PATTERNS = ["GOPATH", "GO*", "*GO", "G*X", "HOME", "USER", "LOGNAME", "MAIL", "SHELL", "PATH", "LANG", "LC_*", "TZ", "EDITOR",
            "GOFLAGS=plain", "GO*=p*n", "BASH_FUNC_*", "BASH_FUNC_x%%=()*", "TERM", "PYTHONPATH", "SUDO_PS1", "*=()*"]
SCOPES = ["", "", "", ":" + USER, ":root", ":!" + USER, ":ALL", ":DEVS", ":%" + USER, ">root", ">games", "!/usr/bin/env", "!GOS",
          "!/bin/true", ":ALL,!" + USER, ":DEVS, root"]


def setting(r):
    kind = r.randrange(8)
    if kind < 4:
        op = r.choice(["=", "+=", "-=", "+="])
        words = " ".join(r.sample(PATTERNS, r.randrange(1, 4)))
        return "%s%s%s%s\"%s\"" % (r.choice(["env_keep", "env_keep", "env_check", "env_delete"]), r.choice(["", " "]), op,
                                   r.choice(["", " "]), words)
    if kind == 4:
        return r.choice(["", "!"]) + r.choice(["env_reset", "env_reset", "always_set_home", "set_logname", "set_home"])
    if kind == 5:
        return r.choice(["!secure_path", "secure_path=/s/bin\\:/bin", 'secure_path="/x:/usr/bin"', "secure_path = /only"])
    if kind == 6:
        return r.choice(["exempt_group=" + USER, "!exempt_group", "!env_keep", "!env_check", "!env_delete"])
    return r.choice(["env_keep+=GOPATH", "env_keep = HOME", "env_check -= LC_*", "env_delete+=GOPROXY"])


def sudoers(r):
    lines = ["User_Alias DEVS = bob, %s : OPS = root" % USER, "Cmnd_Alias GOS = /bin/true, /usr/bin/env"]
    for _ in range(r.randrange(0, 7)):
        settings = [setting(r) for _ in range(r.randrange(1, 4))]
        lines.append("Defaults%s %s%s" % (r.choice(SCOPES), r.choice([", ", ",", ", \\\n   "]).join(settings),
                                         r.choice(["", " # end"])))
    return "\n".join(lines) + "\n%s ALL=(ALL:ALL) NOPASSWD: ALL\n" % USER


def main():
    rows, r = int(sys.argv[1]), random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    try:
        who = pwd.getpwnam(USER)
    except KeyError:
        subprocess.run(["useradd", "-M", "-s", "/bin/sh", USER], check=True)
        who = pwd.getpwnam(USER)
    host = os.uname().nodename.split(".")[0]
    done = 0
    while done < rows:
        text = sudoers(r)
        env = {n: r.choice(VALUES) for n in r.sample(NAMES, r.randrange(4, len(NAMES)))}
        target = r.choice(["root", "root", "games"])
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "sudoers")
            with open(path, "w") as f:
                f.write(text)
            os.chmod(path, 0o440)
            if subprocess.run(["visudo", "-cqf", path], capture_output=True).returncode:
                continue
            inner = ("mount --bind %s /etc/sudoers && exec setpriv --reuid %d --regid %d --init-groups env -i \"$@\" "
                     "/usr/bin/sudo -n -u %s /usr/bin/env -0" % (path, who.pw_uid, who.pw_gid, target))
            got = subprocess.run(["unshare", "-m", "--", "sh", "-c", inner, "sh"] + ["%s=%s" % p for p in env.items()],
                                 capture_output=True)
        if got.returncode:
            print(got.stderr.decode(), file=sys.stderr)
            continue
        answer = dict(p.split("=", 1) for p in got.stdout.decode().split("\0") if p)
        to = pwd.getpwnam(target)
        print(json.dumps({"sudoers": text, "env": env, "host": host, "user": [who.pw_name, who.pw_uid, who.pw_gid],
                          "target": [to.pw_name, to.pw_uid, to.pw_gid, to.pw_dir, to.pw_shell], "answer": answer}))
        done += 1


main()
