#!/usr/bin/env python3
"""Asks the `go` in PATH what it makes of many environments, one JSON row each: the truth for tests/settings_oracle.rs.

usage: generate.py OUT.jsonl [--n 400] [--seed 1] [--jobs 2]

The first row describes the Go that was asked. In every text $W is the sandbox of the row and $GOROOT the root of that Go.
Nothing here reaches a network: no GOTOOLCHAIN is used that Go would have to fetch.
"""
import argparse
import concurrent.futures
import json
import os
import random
import re
import shutil
import subprocess
import tempfile

ASKED = """AR CC CXX FC GCCGO GO111MODULE GOARCH GOAUTH GOBIN GOCACHE GOCACHEPROG GODEBUG GOENV GOEXPERIMENT GOFIPS140 GOFLAGS
GOHOSTARCH GOHOSTOS GOINSECURE GOMODCACHE GONOPROXY GONOSUMDB GOOS GOPATH GOPRIVATE GOPROXY GOROOT GOSUMDB GOTMPDIR GOTOOLCHAIN
GOTOOLDIR GOVCS GOVERSION GOWORK CGO_CFLAGS_ALLOW CGO_LDFLAGS_DISALLOW""".split()
# These make `go env` look at the whole build configuration first, which refuses more; asked apart.
COSTLY = "CGO_CFLAGS CGO_CPPFLAGS CGO_CXXFLAGS CGO_FFLAGS CGO_LDFLAGS PKG_CONFIG".split()

FOLDERS = ["$W/a", "$W/a/", "$W//a/../b", "relative", "./x", "~/x", "off", "OFF", " ", "/", "", '"$W/q"', "$W/with space", "$W/a\n", "$W/\u00fc \u65e5"]
LISTS = ["$W/p", "$W/p:$W/q", ":$W/q", "$W/p:", "::", "$W/p:rel", "$W/p:~/x", "~/go", "gp", "", "$GOROOT", "$GOROOT/", "$W/p;$W/q", "$W/home/go", "$W/cwd"]
PATTERNS = ["*", "corp.example.com", "*.corp.example.com,github.com/x", "none", "", "[bad", "a,,b,"]
WORDS = ["gcc", "sh", "/bin/sh -c", "'a b' c", "", "'unclosed", "no-such-program", "clang -m64"]
POOL = {
    "HOME": ["$W/home"] * 6 + ["", "home", "/", ".", "$W/home/", "$W/none", "$W/home/../home", "~"],
    "XDG_CACHE_HOME": ["$W/cache", "cache", "", "$W/cache/", "$W//cache/./x", "/", "~"],
    "XDG_CONFIG_HOME": ["$W/config", "config", "", "$W/config/"],
    "GOENV": ["off", "$W/goenv", "goenv", "./goenv", "", "OFF", "off ", "$W/none", "$W/home", "/dev/null", "$W/goenv/../goenv"],
    "GOPATH": LISTS, "GOCACHE": FOLDERS, "GOMODCACHE": FOLDERS, "GOBIN": FOLDERS, "GOTMPDIR": FOLDERS,
    "GOROOT": ["", "$GOROOT", "$GOROOT/", "$GOROOT/x/..", "$W/none", "relroot"],
    "GOFLAGS": ["-mod=mod", "--mod=vendor -v", "x", "-=", "--=1", "-", "''", "'-ldflags=-X a=b'", "-unknown=1", "-x", "-x=maybe", "-n=true", "-json=0",
                "-changed", "-w", "-u=false", "-C=/", "-tags=a\t-v\n-x", "'unclosed", "ax", "=x", ""],
    "GOSUMDB": ["off", "sum.golang.org", "sum.golang.google.cn", "x https://y", "a b c", ""],
    "GOPROXY": ["off", "direct", "https://p.example.com,direct", ",,", "file://$W/p", "p", ""],
    "GONOSUMDB": PATTERNS, "GONOPROXY": PATTERNS, "GOPRIVATE": PATTERNS, "GOINSECURE": PATTERNS,
    "GOTOOLCHAIN": ["local", "local+auto", "local+path", "auto", "path", "bad", "go1.2.3.4", "go", "local+x", "bad+auto", "go1.x+path", "a/b", ""],
    "GOCACHEPROG": WORDS, "CC": WORDS, "CXX": WORDS, "AR": WORDS, "FC": WORDS, "GCCGO": WORDS,
    "PKG_CONFIG": ["pkg-config", "sh -c", "'a b' c", ""],
    "CGO_CFLAGS": ["-O3", "'-DX=a b' -g", "  -a   -b ", ""], "CGO_LDFLAGS": ["-s", "\"-Wl,-rpath,a'b\"", ""],
    "CGO_CFLAGS_ALLOW": [".*", ""], "CGO_LDFLAGS_DISALLOW": ["-x", ""],
    "GO111MODULE": ["on", "off", "auto", "", "ON", "yes"],
    "GODEBUG": ["gocacheverify=1", "", "x"], "GOEXPERIMENT": ["", "none", "bad", "nobad", "regabi", "noregabiargs,", "loopvar,x", "loopvar"],
    "GOOS": ["windows", "darwin", "", "bad", "freebsd"], "GOARCH": ["arm64", "", "bad"],
    "GOVCS": ["*:all", "public:git", "x", ""], "GOAUTH": ["off", "netrc", "/x y", ""], "GOWORK": ["off", "auto", "", "rel", "$W/go.work"],
    "GOFIPS140": ["off", "latest", "bad", "", "v1", "a/b"],
    "GOMIPS": ["hardfloat", "bad", ""], "GOARM64": ["v8.0", "v9.5,lse,crypto", "v9.6", "bad"], "GOAMD64": ["v1", "v9"], "GOARM": ["5", "8", "7,softfloat"],
    "GOPPC64": ["power8", "power7"], "GORISCV64": ["rva20u64", "x"], "GOWASM": ["satconv,signext", ",", "x,y"],
    "USER": ["someone"],
}
IN_FILE = [k for k in POOL if k not in ("USER",)] + ["UNKNOWN", "GOVERSION", "gopath", "X"]
GARBLE = [
    lambda k, v: f"# {k}={v}", lambda k, v: f" {k}={v}", lambda k, v: f"\t{k}={v}", lambda k, v: f"{k}={v} ", lambda k, v: f"export {k}={v}",
    lambda k, v: f"set {k}={v}", lambda k, v: f"{k} = {v}", lambda k, v: f"{k.lower()}={v}", lambda k, v: k, lambda k, v: f'{k}="{v}"',
    lambda k, v: f"{k}='{v}'", lambda k, v: f"={v}", lambda k, v: f"{k}={v} # why", lambda k, v: f"{k}={v}\0x", lambda k, v: f"{k}:{v}",
    lambda k, v: f"{k}=/" + "x" * 5000, lambda k, v: f"{k}=={v}", lambda k, v: f"{k}={v}\n{k}=", lambda k, v: f"{k}=\n{k}={v}",
]


def value(rng, key):
    return rng.choice(POOL.get(key, ["x", "", "a=b"]))


def env_file(rng):
    lines = []
    for _ in range(rng.choice([0, 1, 2, 3, 5, 8])):
        key = rng.choice(IN_FILE)
        text = value(rng, key).replace("\n", "")
        lines.append(rng.choice(GARBLE)(key, text) if rng.random() < 0.35 else f"{key}={text}")
    end = rng.choice(["\n"] * 8 + ["\r\n", "\r\n", "\r", "\n\n"])
    text = end.join(lines) + rng.choice([end, end, end, ""])
    return ("\ufeff" if rng.random() < 0.05 else "") + text


def rows(n, seed):
    rng = random.Random(seed)
    out = [({}, {}), ({"HOME": "$W/home"}, {}), ({"XDG_CACHE_HOME": "$W/c"}, {}), ({"GOPATH": "$W/p"}, {})]
    while len(out) < n:
        few = rng.random() < 0.75
        env = {k: value(rng, k) for k in POOL if k != "HOME" and rng.random() < (0.06 if few else 0.3)}
        if rng.random() < 0.95:
            env["HOME"] = value(rng, "HOME") if rng.random() < 0.3 else "$W/home"
        files = {}
        if rng.random() < 0.6:
            files["$W/home/.config/go/env"] = env_file(rng)
        if env.get("XDG_CONFIG_HOME", "").startswith("$W"):
            files["$W/config/go/env"] = env_file(rng)
        if "goenv" in env.get("GOENV", ""):
            files["$W/goenv" if env["GOENV"].startswith("$W") else "$W/cwd/goenv"] = env_file(rng)
        if rng.random() < 0.1:
            files["$W/cwd/go.mod"] = "module x\n\ngo 1.20\n"
        if rng.random() < 0.1:
            files[rng.choice(["$W/go.work", "$W/cwd/go.work", "$W/cwd/go.work/x"])] = "go 1.20\n"
        out.append((env, files))
    return out


def ask(go, goroot, row):
    env, files = row
    box = tempfile.mkdtemp(prefix="settings")
    try:
        fill = lambda text: text.replace("$W", box).replace("$GOROOT", goroot)
        strip = lambda data: data.decode("utf-8", "backslashreplace").replace(box, "$W").replace(goroot, "$GOROOT")
        for name in ("home", "cwd"):
            os.makedirs(os.path.join(box, name))
        for path, text in files.items():
            path = fill(path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(fill(text).encode())
        whole = {k: fill(v) for k, v in env.items()}
        whole["PATH"] = goroot + "/bin:/usr/bin:/bin"

        def run(names):
            try:
                p = subprocess.run([go, "env", "-json", *names], cwd=box + "/cwd", env=whole, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
            except subprocess.TimeoutExpired:  # a compiler that was put in CC may wait for ever
                return None, "timeout"
            return (json.loads(strip(p.stdout)) if p.returncode == 0 else None), strip(p.stderr).strip()

        answer, why = run(ASKED)
        costly, _ = run(COSTLY) if answer is not None else (None, "")
        return {"env": env, "files": files, "answer": answer, "costly": costly, "why": why}
    finally:
        shutil.rmtree(box, ignore_errors=True)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("out")
    ap.add_argument("--n", type=int, default=400)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--jobs", type=int, default=2)
    a = ap.parse_args()
    clean = {"PATH": os.environ["PATH"], "GOENV": "off", "GOTOOLCHAIN": "local", "HOME": "/nonexistent"}
    goroot = subprocess.run(["go", "env", "GOROOT"], capture_output=True, text=True, env=clean, check=True).stdout.strip()
    read = lambda name: open(os.path.join(goroot, name), encoding="utf-8").read()
    host = sorted(os.listdir(goroot + "/pkg/tool"))[0]
    flags = re.findall(r"^\t([A-Z]\w*) +bool", read("src/internal/goexperiment/flags.go"), re.M)
    about = {"go": read("VERSION").split("\n")[0], "host": host, "go.env": read("go.env"), "experiments": flags}
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool, open(a.out, "w", encoding="utf-8") as out:
        print(json.dumps(about), file=out)
        for row in pool.map(lambda r: ask(goroot + "/bin/go", goroot, r), rows(a.n, a.seed)):
            if row["why"] != "timeout":
                print(json.dumps(row), file=out)


main()
