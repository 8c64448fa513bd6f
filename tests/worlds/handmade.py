"""A small healthy world made byte for byte without Go, for tests that need no compiler."""
from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import time
import zipfile
from pathlib import Path

MODULE, VERSION = "example.com/m", "v1.0.0"
FILES = {"go.mod": b"module example.com/m\n\ngo 1.21\n", "a.go": b"// Package m is small.\npackage m\n", "sub/b.go": b"package sub\n"}


def h1(files: dict[str, bytes]) -> str:
    """golang.org/x/mod/sumdb/dirhash.Hash1."""
    text = "".join(f"{hashlib.sha256(files[n]).hexdigest()}  {n}\n" for n in sorted(files))
    return "h1:" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


class HandMade:
    """The world's places; `make` fills them."""

    def __init__(self, root: Path):
        self.root = root
        self.home = root / "home"
        self.gopath = root / "gopath"
        self.gomodcache = self.gopath / "pkg/mod"
        self.gocache = root / "gocache"
        self.gobin = self.gopath / "bin"
        self.main = root / "main"
        self.goenv = self.home / ".config/go/env"
        self.download = self.gomodcache / f"cache/download/{MODULE}/@v"
        self.zip = self.download / f"{VERSION}.zip"
        self.module = self.gomodcache / f"{MODULE}@{VERSION}"
        self.lookup = self.gomodcache / f"cache/download/sumdb/sum.golang.org/lookup/{MODULE}@{VERSION}"
        self.tool = self.gobin / "tool"
        self.output = self.entry = self.gocache

    def env(self) -> dict[str, str]:
        return {"HOME": str(self.home), "GOENV": str(self.goenv), "GOPATH": str(self.gopath), "GOMODCACHE": str(self.gomodcache),
                "GOCACHE": str(self.gocache), "GOBIN": str(self.gobin)}

    def make(self) -> None:
        self.root.chmod(0o755)
        for folder in (self.gobin, self.download, self.main, self.goenv.parent):
            folder.mkdir(parents=True)
        self.goenv.write_text("GOTOOLCHAIN=local\n")
        for i in range(256):
            (self.gocache / f"{i:02x}").mkdir(parents=True)
        (self.gocache / "README").write_text("This directory holds cached build artifacts from the Go build system.\n"
                                             "Run \"go clean -cache\" if the directory is getting too large.\n"
                                             "Run \"go clean -fuzzcache\" to delete the fuzz cache.\nSee go.dev to learn more about Go.\n")
        (self.gocache / "trim.txt").write_text(str(int(time.time())))
        self.output = self.put_output(b"./a.go\n")
        self.entry = self.put_entry(b"first", self.output)
        self.fill(20)
        named = {f"{MODULE}@{VERSION}/{n}": d for n, d in FILES.items()}
        with zipfile.ZipFile(self.zip, "w", zipfile.ZIP_DEFLATED) as z:
            for name, data in named.items():
                info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                info.create_system = info.external_attr = 0
                z.writestr(info, data)
        (self.download / f"{VERSION}.ziphash").write_text(h1(named))
        (self.download / f"{VERSION}.mod").write_bytes(FILES["go.mod"])
        (self.download / f"{VERSION}.info").write_text('{"Version":"v1.0.0","Time":"2024-01-02T03:04:05Z"}')
        (self.download / f"{VERSION}.lock").touch()
        (self.download / "list").write_text("v1.0.0\n")
        (self.gomodcache / "cache/lock").touch()
        for name, data in FILES.items():
            path = self.module / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            path.chmod(0o444)
        for folder in (self.module / "sub", self.module):
            folder.chmod(0o555)
        (self.main / "go.mod").write_text(f"module example.test/main\n\ngo 1.21\n\nrequire {MODULE} {VERSION}\n")
        (self.main / "go.sum").write_text(f"{MODULE} {VERSION} {h1(named)}\n{MODULE} {VERSION}/go.mod {h1({'go.mod': FILES['go.mod']})}\n")
        shutil.copyfile(shutil.which("true") or "/bin/true", self.tool)  # a program that was not made by Go
        self.tool.chmod(0o755)

    def put_output(self, data: bytes) -> Path:
        digest = hashlib.sha256(data).hexdigest()
        path = self.gocache / digest[:2] / f"{digest}-d"
        path.write_bytes(data)
        return path

    def put_entry(self, seed: bytes, output: Path) -> Path:
        action = hashlib.sha256(b"action" + seed).hexdigest()
        path = self.gocache / action[:2] / f"{action}-a"
        path.write_text(f"v1 {action} {output.name[:64]} {output.stat().st_size:20d} {time.time_ns():20d}\n")
        return path

    def fill(self, count: int) -> None:
        """Adds healthy pairs of action entries and outputs."""
        for i in range(count):
            self.put_entry(b"fill%d" % i, self.put_output(b"./file%d.go\n" % i))

    def one_of_each(self) -> list[Path]:
        """A file of every kind; the folders above them become writable."""
        for folder in (self.module, self.module / "sub"):
            folder.chmod(0o755)
        self.lookup.parent.mkdir(parents=True, exist_ok=True)
        self.lookup.touch()
        return [self.output, self.entry, self.gocache / "trim.txt", self.gocache / "README", self.zip, self.download / f"{VERSION}.ziphash",
                self.download / f"{VERSION}.info", self.download / f"{VERSION}.mod", self.download / f"{VERSION}.lock", self.download / "list",
                self.gomodcache / "cache/lock", self.module / "a.go", self.module / "sub/b.go", self.tool, self.lookup]

    def writable(self, path: Path) -> Path:
        """Makes a file or folder of the module tree changeable and returns it."""
        if path.is_file():
            path.parent.chmod(0o755)
            path.chmod(0o644)
        else:
            path.chmod(0o755)
        return path

    def program(self, name: str) -> Path:
        """An empty file of GOBIN that may be started."""
        path = self.gobin / name
        path.touch()
        path.chmod(0o755)
        return path

    def remove(self, path: Path) -> None:
        if path.exists():
            subprocess.run(["chmod", "-R", "u+w", str(path), str(path.parent)], check=True)
            shutil.rmtree(path)
