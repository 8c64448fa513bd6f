#!/usr/bin/env python3
"""Builds one large real world: several public tools installed by the machine's own Go.

    real.py DIR [--tools NAME,NAME]

DIR holds home/ (HOME), gopath/ (GOPATH, with pkg/mod and bin) and gocache/ (GOCACHE). At the end the world has
at least 500 modules, 10,000 files in the build cache and five large tools in GOBIN, or the script fails.
A second run goes on where the first was stopped.
"""
import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from lib import World, count_world  # noqa: E402

# Versions are fixed, so that everybody gets the same world. All of them build with Go 1.26.
TOOLS = {
    "protoc-gen-go": "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.9",
    "dlv": "github.com/go-delve/delve/cmd/dlv@v1.25.2",
    "staticcheck": "honnef.co/go/tools/cmd/staticcheck@v0.6.1",
    "gopls": "golang.org/x/tools/gopls@v0.20.0",
    "caddy": "github.com/caddyserver/caddy/v2/cmd/caddy@v2.10.2",
    "rclone": "github.com/rclone/rclone@v1.71.0",
    "hugo": "github.com/gohugoio/hugo@v0.150.0",
    "golangci-lint": "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.5.0",
}
LARGE = 15_000_000


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("dir", type=Path)
    ap.add_argument("--tools", default=",".join(TOOLS), help="names of the tools to install (default: all)")
    args = ap.parse_args()
    os.umask(0o022)
    world = World(args.dir)
    world.make()
    for name in args.tools.split(","):
        start = time.time()
        world.go("install", TOOLS[name], cwd=world.home, timeout=3600)
        print(f"{time.time() - start:7.1f} s  {TOOLS[name]}", flush=True)
    counts = count_world(world)
    large = sorted(p.name for p in world.gobin.iterdir() if p.stat().st_size >= LARGE)
    world.save(world.version())
    print(f"{counts['modules']} modules, {counts['cache_files']} build-cache files, large tools: {' '.join(large)}")
    if counts["modules"] < 500 or counts["cache_files"] < 10_000 or len(large) < 5:
        print("too small: 500 modules, 10,000 build-cache files and 5 large tools are wanted", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
