#!/usr/bin/env python3
"""Holds a scanner against hostile input: whatever lies in a cache, it ends, in bounded memory, with a true exit code.

    hostile.py [--scanner BIN] [--short] [--only NAME,NAME] [--list]

Every case makes a small world without Go, does one hostile thing to it and scans. Asserted each time: no panic (exit 101), no
signal, an end within the time limit, peak memory of at most 512 MB, a whole JSON report, and the exit code that the report
itself calls for (1 with a finding at warning or error, else 3 if incomplete, else 0; 2 without a report for wrong input).
"""
import argparse
import contextlib
import os
import resource
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from check import readonly_command  # noqa: E402
from handmade import HandMade  # noqa: E402
from lib import DEFAULT_SCANNER, Tally, measure  # noqa: E402

MEMORY = 512 << 20
SPARSE = 5 << 30
NOBODY = 65534


class Case:
    """What one case wants done, and what it asserts beyond what is asserted always."""

    def __init__(self, options=(), env=None, prefix=(), preexec=None, codes=None, unread=None, extra=None, timeout=120, runs=1, cwd=None):
        self.options, self.env, self.prefix, self.preexec, self.codes = list(options), env or {}, list(prefix), preexec, codes
        self.unread, self.extra, self.timeout, self.runs, self.cwd = unread, extra, timeout, runs, cwd


class Cannot(Exception):
    """This machine forbids what the case needs."""


CASES = {}
SLOW = set()


def case(function=None, *, slow=False):
    def register(f):
        name = f.__name__.replace("_", "-")
        CASES[name] = f
        if slow:
            SLOW.add(name)
        return f
    return register(function) if function else register


def names(r, path: Path, rule: str | None = None) -> list[str]:
    """What is wrong where no finding (of this rule), nor for want of a rule anything unread, names this path."""
    if r.report is None:
        return ["no report"]
    told = [f["path"] for f in r.report["findings"] if rule in (None, f["rule"])]
    told += [] if rule else [u["path"] for u in r.report["unread"]]
    return [] if str(path) in told else [f"nothing names {path}{' for ' + rule if rule else ''}"]


# ---------------------------------------------------------------- kinds of file

@case
def healthy(w: HandMade):
    """Nothing hostile at all: the other cases mean nothing without this one."""
    return Case(codes={0})


@case
def fifos_everywhere(w: HandMade):
    """A FIFO in the place of every kind of file: an open for reading would wait for ever."""
    for path in w.one_of_each():
        path.unlink()
        os.mkfifo(path)
    return Case(codes={1}, options=["--main-module", str(w.main)])


@case
def vendor_folder_of_odd_things(w: HandMade):
    """Links, a pipe, a name that is no text and a folder that is too deep in the vendor folder, whose list has 600,000 packages."""
    vendor = w.main / "vendor"
    vendor.mkdir()
    (vendor / "modules.txt").write_text("# a.b/c v1.0.0\n" + "".join(f"a.b/c/p{i}\n" for i in range(600_000)))
    (vendor / "loop").symlink_to(".")
    (vendor / "zero.go").symlink_to("/dev/zero")
    os.mkfifo(vendor / "pipe.go")
    raw = os.fsencode(vendor) + b"/\xff.go"
    open(raw, "wb").close()
    here = os.getcwd()
    try:
        os.chdir(vendor)
        for _ in range(60):
            os.mkdir("d" * 100)
            os.chdir("d" * 100)
    finally:
        os.chdir(here)
    told = lambda r: [f for f in r.report["findings"] if f["root"] == "vendor" and f["level"] == "error"]  # noqa: E731
    return Case(options=["--main-module", str(w.main)], codes={1},
                extra=lambda r: [] if len(told(r)) == 4 else [f"{len(told(r))} errors, not 4"])


@case
def vendor_list_is_a_fifo(w: HandMade):
    """Whoever reads modules.txt would wait for ever."""
    (w.main / "vendor").mkdir()
    os.mkfifo(w.main / "vendor/modules.txt")
    return Case(options=["--main-module", str(w.main)], codes={3}, extra=lambda r: names(r, w.main / "vendor/modules.txt"))


@case
def fifo_as_settings(w: HandMade):
    """The GOENV file and go.sum are FIFOs: go itself would wait for ever."""
    for path in (w.goenv, w.main / "go.sum"):
        path.unlink()
        os.mkfifo(path)
    return Case(options=["--main-module", str(w.main)], codes={1}, extra=lambda r: names(r, w.goenv, rule="goenv-special-file") + names(r, w.main / "go.sum"))


@case
def device_as_settings(w: HandMade):
    """The GOENV file is a link to /dev/zero, which never ends."""
    w.goenv.unlink()
    w.goenv.symlink_to("/dev/zero")
    return Case(codes={1}, extra=lambda r: names(r, w.goenv, rule="goenv-special-file"))


@case
def settings_behind_a_megabyte(w: HandMade):
    """A million lines of comment in the GOENV file, and at its end the one that counts."""
    w.goenv.write_bytes(b"GOFLAGS=-v\n" + b"# nothing\n" * 1_000_000 + b"GOFLAGS=-toolexec=/tmp/x\n")
    return Case(codes={1}, extra=lambda r: names(r, w.goenv, rule="goflags-toolexec") + names(r, w.goenv, rule="goenv-too-long")
                + ([] if r.report and r.report["complete"] else ["incomplete, though all was read"]))


@case
def sockets(w: HandMade):
    """Sockets in the caches and in GOBIN."""
    for path in w.one_of_each():
        path.unlink()
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as s:
            with inside(path.parent):
                s.bind(path.name)
    return Case(codes={1})


@case
def devices(w: HandMade):
    """/dev/zero's device in the place of every kind of file: it never ends."""
    for path in w.one_of_each():
        path.unlink()
        try:
            os.mknod(path, 0o644 | stat.S_IFCHR, os.makedev(1, 5))
        except PermissionError as e:
            raise Cannot("no right to make a device (root only)") from e
    return Case(codes={1})


@case
def named_devices(w: HandMade):
    """Devices named on the command line."""
    return Case(options=["--bin", "/dev/zero", "--bin", "/dev/tty", "--bin", "/dev/stdin"], codes={1, 2, 3})


@case
def folders_for_files(w: HandMade):
    """A folder in the place of every kind of file."""
    for path in w.one_of_each():
        path.unlink()
        path.mkdir()
    return Case(codes={1, 3})


@case
def files_for_folders(w: HandMade):
    """A file in the place of folders."""
    for path in (w.gocache / "00", w.module / "sub", w.download.parent / "sumdb"):
        w.remove(path)
        path.write_bytes(b"not a folder")
    return Case(codes={1, 3})


# ---------------------------------------------------------------- sizes

def sparse(path: Path, head: bytes = b"") -> None:
    with path.open("wb") as f:
        f.write(head)
        f.truncate(SPARSE)


def sparse_case(name: str, place, head: bytes = b"", code: int = 1):
    """`code`: 1 for a finding, 3 for what can't be read whole, 0 for a file that may be so, which is told as a note."""
    def function(w: HandMade):
        path = place(w)
        path.parent.mkdir(parents=True, exist_ok=True)
        sparse(path, head)
        return Case(options=["--main-module", str(w.main)], timeout=180, codes={code}, extra=lambda r: names(r, path))
    function.__name__ = f"sparse_{name}"
    function.__doc__ = f"5 GB of holes as {name}."
    case(function, slow=True)


sparse_case("output", lambda w: w.output)
sparse_case("entry", lambda w: w.entry)
sparse_case("zip", lambda w: w.zip, b"PK\x03\x04")
sparse_case("info", lambda w: w.download / "v1.0.0.info", b"{")
sparse_case("mod", lambda w: w.download / "v1.0.0.mod", b"module example.com/m\n")
sparse_case("ziphash", lambda w: w.download / "v1.0.0.ziphash", b"h1:")
sparse_case("list", lambda w: w.download / "list", b"v1.0.0\n")
sparse_case("tree_file", lambda w: w.writable(w.module / "a.go"))
sparse_case("binary", lambda w: w.gobin / "big", code=0)  # nobody may start it: not a program, and no harm
sparse_case("program", lambda w: w.program("big"))
sparse_case("elf", lambda w: w.gobin / "elf", b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 1 << 32, 0, 64, 56, 65535, 64, 65535, 1))
sparse_case("goenv", lambda w: w.goenv, b"GOFLAGS=-v\n")
sparse_case("gosum", lambda w: w.main / "go.sum", b"example.com/m v1.0.0 h1:\n", code=3)
sparse_case("lookup", lambda w: w.lookup)


@case(slow=True)
def crowded_folders(w: HandMade):
    """100,000 entries in one shard, one module folder and GOBIN each."""
    w.writable(w.module)
    for folder, name in ((w.gocache / "00", "00%062x-d"), (w.module, "f%d.go"), (w.gobin, "tool%d")):
        fd = os.open(folder, os.O_RDONLY)
        for i in range(100_000):
            os.close(os.open(name % i, os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=fd))
        os.close(fd)
    return Case(codes={1, 3}, timeout=300)


@case
def many_top_level_entries(w: HandMade):
    """5,000 strays at the top of each cache."""
    for i in range(5000):
        (w.gocache / f"stray{i}").touch()
        (w.gomodcache / f"stray{i}").mkdir()
    return Case(timeout=180)


@case
def deep_nesting(w: HandMade):
    """10,000 folders inside one another: longer than any path may be."""
    for top in (w.gocache / "00", w.writable(w.module), w.gomodcache / "cache/download"):
        fd = os.open(top, os.O_RDONLY)
        for _ in range(10_000):
            os.mkdir("d", dir_fd=fd)
            deeper = os.open("d", os.O_RDONLY, dir_fd=fd)
            os.close(fd)
            fd = deeper
        os.close(os.open("bottom", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
        os.close(fd)
    return Case(codes={1, 3})


# ---------------------------------------------------------------- zips

def bomb(size: int) -> tuple[bytes, int, int]:
    """A deflate stream of `size` zero bytes, and its CRC-32."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    chunk, out, crc, left = bytes(1 << 20), [], 0, size
    while left:
        part = chunk[:min(left, len(chunk))]
        out.append(squeeze.compress(part))
        crc = zlib.crc32(part, crc)
        left -= len(part)
    out.append(squeeze.flush())
    return b"".join(out), crc, size


def local(name: bytes, data: bytes, crc: int, size: int) -> bytes:
    return struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(data), min(size, 0xFFFFFFFF), len(name), 0) + name + data


def central(name: bytes, length: int, crc: int, size: int, at: int) -> bytes:
    return struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 8, 0, 0, crc, length, min(size, 0xFFFFFFFF), len(name), 0, 0, 0, 0, 0, at) + name


def ending(entries: int, length: int, at: int) -> bytes:
    return struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, min(entries, 65535), min(entries, 65535), length, at, 0)


def put_zip(w: HandMade, data: bytes) -> Case:
    w.zip.write_bytes(data)
    return Case(codes={1}, timeout=120)


@case
def zip_bomb(w: HandMade):
    """One file of 2 GB of zeros in 2 MB, told truly."""
    name = b"example.com/m@v1.0.0/a.go"
    data, crc, size = bomb(2 << 30)
    body = local(name, data, crc, size)
    index = central(name, len(data), crc, size, 0)
    return put_zip(w, body + index + ending(1, len(index), len(body)))


@case
def zip_bomb_that_lies(w: HandMade):
    """2 GB of zeros that claim to be 10 bytes."""
    name = b"example.com/m@v1.0.0/a.go"
    data, crc, _ = bomb(2 << 30)
    body = local(name, data, crc, 10)
    index = central(name, len(data), crc, 10, 0)
    return put_zip(w, body + index + ending(1, len(index), len(body)))


@case
def zip_overlap_bomb(w: HandMade):
    """20,000 entries that share one compressed body of 16 MB."""
    data, crc, size = bomb(16 << 20)
    body = local(b"example.com/m@v1.0.0/a.go", data, crc, size)
    index = b"".join(central(b"example.com/m@v1.0.0/%05d.go" % i, len(data), crc, size, 0) for i in range(20_000))
    return put_zip(w, body + index + ending(20_000, len(index), len(body)))


@case
def zip_of_many_entries(w: HandMade):
    """200,000 empty entries with long names."""
    part = local(b"a", b"\3\0", 0, 0)
    index = b"".join(central(b"example.com/m@v1.0.0/" + b"%0200d.go" % i, 2, 0, 0, 0) for i in range(200_000))
    return put_zip(w, part + index + ending(200_000, len(index), len(part)))


@case
def zip_claims(w: HandMade):
    """An end record, then a zip64 record, that claim far more than is there."""
    z64 = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1 << 62, 1 << 62, 1 << 62, 0)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, 0, 1)
    return put_zip(w, z64 + locator + struct.pack("<4sHHHHIIH", b"PK\5\6", 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))


@case
def zip_names(w: HandMade):
    """Names that climb, are absolute, hold NULs, escapes and backslashes, or are 60 KB long."""
    names = [b"../../../../tmp/out", b"/etc/passwd", b"example.com/m@v1.0.0/a\0b", b"example.com/m@v1.0.0/\x1b]0;owned\x07", b"C:\\x", b"",
             b"example.com/m@v1.0.0/" + b"x" * 60_000, b"example.com/m@v1.0.0/\xff\xfe", b"example.com/m@v1.0.0/a.go/b", b"example.com/m@v1.0.0/a.go"]
    part = local(b"a", b"\3\0", 0, 0)
    index = b"".join(central(n, 2, 0, 0, 0) for n in names)
    return put_zip(w, part + index + ending(len(names), len(index), len(part)))


# ---------------------------------------------------------------- names

HOSTILE_NAMES = [b"new\nline", b"x\nerror: forged-rule", b"\x1b[2J\x1b]0;owned\x07", b"\xff\xfe not utf-8 \x80", b"\xe2\x80\xae txt.og", b"tab\there", b"\r\rback",
                 b" ", b"-rf", b"%0a%1b", b"a" * 255, b"\xc2\x9b31m", b"\x7f", "é".encode()]


def put_names(w: HandMade) -> None:
    for folder in (w.gocache, w.gocache / "00", w.writable(w.module), w.download, w.gomodcache, w.gobin, w.gocache / "fuzz"):
        folder.mkdir(exist_ok=True)
        for name in HOSTILE_NAMES:
            with open(os.path.join(os.fsencode(folder), name), "wb") as f:
                f.write(b"x")


@case
def names_in_json(w: HandMade):
    """Newlines, escapes, non-UTF-8 and bidirectional names in every folder."""
    put_names(w)

    def extra(r):
        return ["a raw control byte in the JSON"] if any(b < 32 and b not in (9, 10, 13) for b in r.stdout) else []
    return Case(codes={1, 0}, extra=extra)


@case
def names_on_a_terminal(w: HandMade):
    """The same for people: nothing that moves a cursor, sets a title or forges a line."""
    put_names(w)
    os.symlink(b"target\x1b[2J\nerror: forged-rule", os.fsencode(w.gocache) + b"/link")

    def extra(r):
        text = r.stdout + r.stderr.encode("utf-8", "replace")
        wrong = []
        if b"\x1b" in text or b"\x07" in text or b"\xc2\x9b" in text or b"\xe2\x80\xae" in text:
            wrong.append("a terminal escape or bidirectional mark got through")
        if any(line.startswith(b"error: forged-rule") for line in text.replace(b"\r", b"\n").split(b"\n")):
            wrong.append("a name forged a line of the report")
        return wrong
    return Case(options=["--format", "human", "--color", "never"], extra=extra)


# ---------------------------------------------------------------- things that change

@contextlib.contextmanager
def racer(function, *args):
    """A process that does one thing over and over while the scans run."""
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            while True:
                function(*args)
        os._exit(0)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def swap(folder: Path, aside: Path, target: Path) -> None:
    os.rename(folder, aside)
    os.symlink(target, folder)
    time.sleep(0.0005)
    os.unlink(folder)
    os.rename(aside, folder)
    time.sleep(0.0005)


@case
def swapped_for_links(w: HandMade):
    """Folders that are swapped for links to the outside while the scan runs: nothing outside may be looked at."""
    outside = w.root / "outside"
    outside.mkdir()
    (outside / "OUTSIDE-MARK-d").write_bytes(b"outside")
    (outside / "OUTSIDE-MARK.go").write_bytes(b"outside")
    (outside / "sub").mkdir()
    (outside / "sub/OUTSIDE-MARK.go").write_bytes(b"outside")
    w.fill(400)
    w.writable(w.module.parent)

    def extra(r):
        return ["what lies behind a link was reported"] if b"OUTSIDE-MARK" in r.stdout else []
    one = Case(codes={0, 1, 3}, extra=extra, runs=20)
    one.racers = [(swap, w.gocache / "00", w.gocache.parent / "aside-shard", outside),
                  (swap, w.module, w.gopath / "aside-module", outside)]
    return one


def cut(path: Path, data: bytes) -> None:
    with path.open("r+b") as f:
        f.truncate(0)
        time.sleep(0.001)
        f.write(data)


@case
def truncated_while_read(w: HandMade):
    """Files of every kind that are cut to nothing and written again while they are read: a map of one would be a SIGBUS."""
    big = w.put_output(os.urandom(1 << 20) * 24)
    binary = w.gobin / "busy"
    shutil.copy(sys.executable, binary)
    one = Case(codes={0, 1, 3}, runs=15)
    one.racers = [(cut, p, p.read_bytes()) for p in (big, w.zip, binary, w.writable(w.module / "a.go"))]
    return one


@case
def vanishing(w: HandMade):
    """Entries that come and go by the hundred."""
    w.fill(2000)

    def churn(folder: Path):
        for shard in sorted(folder.glob("??")):
            moved = [(p, p.with_name("away")) for p in list(shard.iterdir())[:4]]
            for a, _ in moved:
                data = a.read_bytes()
                a.unlink()
                a.write_bytes(data)
    one = Case(codes={0, 1, 3}, runs=10)
    one.racers = [(churn, w.gocache)]
    return one


# ---------------------------------------------------------------- the process's own surroundings

@case
def few_descriptors(w: HandMade):
    """64 file descriptors and 64 workers."""
    w.fill(3000)
    return Case(options=["--jobs", "64"], preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)), codes={0})


@case
def many_workers(w: HandMade):
    """A thousand workers are asked for."""
    return Case(options=["--jobs", "1000"], codes={0, 2})


@case
def no_home(w: HandMade):
    """No HOME and no variable of Go's at all."""
    return Case(env={k: None for k in w.env()}, codes={1, 2, 3})


@case
def empty_home(w: HandMade):
    """A HOME without anything in it: nothing to scan is no success."""
    empty = w.root / "empty"
    empty.mkdir()
    return Case(env={**{k: None for k in w.env()}, "HOME": str(empty)}, codes={3})


@case
def variables_that_are_not_text(w: HandMade):
    """Variables that hold bytes which are no text."""
    return Case(env={"GOFLAGS": b"\xff\xfe", "GOPROXY": b"\xff", "GOCACHE": os.fsencode(w.gocache) + b"\xff"}, codes={1, 2, 3})


@case
def closed_pipe(w: HandMade):
    """The reader goes away: the scanner ends quietly."""
    w.fill(200)
    for i in range(3000):
        (w.gocache / "00" / f"stray-{i:0100}").touch()
    one = Case()
    one.pipe = True
    return one


@case
def closed_streams(w: HandMade):
    """Standard output and error are closed from the start."""
    one = Case(preexec=lambda: (os.close(1), os.close(2)))
    one.mute = True
    return one


@case
def full_disk(w: HandMade):
    """Standard output is /dev/full: a report that could not be written is no success."""
    if not os.path.exists("/dev/full"):
        raise Cannot("there is no /dev/full")

    def full():
        fd = os.open("/dev/full", os.O_WRONLY)
        os.dup2(fd, 1)
    one = Case(preexec=full, codes={1, 2, 3})
    one.mute = True
    return one


# ---------------------------------------------------------------- rights and mounts

def as_nobody(w: HandMade) -> Case:
    """Runs the scan as a user without rights: the world is given to that user where we are root."""
    if os.geteuid() != 0:
        return Case(codes={1, 3})
    if not shutil.which("setpriv"):
        raise Cannot("setpriv is missing (util-linux)")
    for base, dirs, files in os.walk(w.root):
        for name in [*dirs, *files]:
            os.chown(os.path.join(base, name), NOBODY, NOBODY, follow_symlinks=False)
    os.chown(w.root, NOBODY, NOBODY)
    return Case(prefix=["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"], codes={1, 3})


def unreadable_case(name: str, place):
    def function(w: HandMade):
        path = place(w)
        one = as_nobody(w)
        path.chmod(0)
        one.unread = path
        return one
    function.__name__ = f"unreadable_{name}"
    function.__doc__ = f"An unreadable {name.replace('_', ' ')}: incomplete, never clean."
    case(function)


unreadable_case("output", lambda w: w.output)
unreadable_case("entry", lambda w: w.entry)
unreadable_case("shard", lambda w: w.output.parent)
unreadable_case("zip", lambda w: w.zip)
unreadable_case("ziphash", lambda w: w.download / "v1.0.0.ziphash")
unreadable_case("tree_file", lambda w: w.module / "a.go")
unreadable_case("tree_folder", lambda w: w.module / "sub")
unreadable_case("versions_folder", lambda w: w.download)
unreadable_case("binary", lambda w: w.tool)
unreadable_case("build_cache", lambda w: w.gocache)
unreadable_case("module_cache", lambda w: w.gomodcache)


@case
def read_only_mount(w: HandMade):
    """On a read-only mount, which cannot be written even by root."""
    prefix = readonly_command(w.root)
    if prefix is None:
        raise Cannot("no mount is allowed here")
    return Case(prefix=prefix, codes={0})


# ---------------------------------------------------------------- links and odd roots

@case
def link_loops(w: HandMade):
    """Links to themselves, to each other and to their parents, in both caches and GOBIN."""
    for folder in (w.gocache, w.gocache / "00", w.writable(w.module), w.gomodcache, w.download, w.gobin):
        os.symlink("self", folder / "self")
        os.symlink("b", folder / "a")
        os.symlink("a", folder / "b")
        os.symlink("..", folder / "up")
        os.symlink("/", folder / "everything")
    return Case(codes={1})


@case
def looping_root(w: HandMade):
    """GOCACHE itself is a link to itself."""
    os.symlink("loop", w.root / "loop")
    return Case(options=["--gocache", str(w.root / "loop")], codes={1, 2, 3})


@case
def proc_as_caches(w: HandMade):
    """/proc/self as both caches and GOBIN: files of size 0 that never end, links that change."""
    return Case(options=["--gocache", "/proc/self", "--gomodcache", "/proc/self/task", "--bin", "/proc/self/fd"], codes={1, 2, 3})


@case
def roots_inside_each_other(w: HandMade):
    """The module cache inside the build cache, and the same folder as all roots."""
    return Case(options=["--gocache", str(w.root), "--gomodcache", str(w.root), "--bin", str(w.root)], codes={1, 2, 3})


@case
def odd_roots(w: HandMade):
    """A file, a device and nothing as caches."""
    return Case(options=["--gocache", str(w.zip), "--gomodcache", "/dev/null", "--bin", str(w.root / "absent")], codes={1, 2, 3})


@contextlib.contextmanager
def inside(folder: Path):
    old = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(old)


# ---------------------------------------------------------------- running

def true_code(report: dict) -> int:
    """The exit code that a report calls for."""
    if any(f["level"] in ("warning", "error") for f in report["findings"]):
        return 1
    anything = any(root["state"] == "ok" for root in report["roots"])
    return 0 if report["complete"] and anything else 3


def judge(one: Case, r, human: bool) -> list[str]:
    """Everything that is wrong with one run."""
    wrong = []
    if r.code == 124:
        return [f"no end within {one.timeout} s"]
    if r.code < 0:
        return [f"killed by signal {-r.code}: {r.stderr[-200:]}"]
    if r.code == 101 or "panicked at" in r.stderr:
        return [f"panic: {r.stderr[-300:]}"]
    if r.code not in (0, 1, 2, 3):
        wrong.append(f"exit {r.code} is not in the contract")
    if r.rss > MEMORY:
        wrong.append(f"peak memory {r.rss >> 20} MB")
    if one.codes is not None and r.code not in one.codes:
        wrong.append(f"exit {r.code}, wanted one of {sorted(one.codes)}: {r.stderr.strip()[-200:]}")
    if getattr(one, "mute", False) or getattr(one, "pipe", False) or human:
        return wrong + (one.extra(r) if one.extra else [])
    if r.report is None:
        if r.code != 2:
            wrong.append(f"no report, exit {r.code}: {r.stderr.strip()[-200:]}")
        elif len(r.stderr.strip().splitlines()) != 1:
            wrong.append("exit 2 owes one line on standard error")
    else:
        if r.code != true_code(r.report):
            wrong.append(f"exit {r.code}, but the report calls for {true_code(r.report)}")
        if one.unread:
            paths = [u["path"] for u in r.report.get("unread", [])] + [x["path"] for x in r.report.get("roots", []) if x["state"] == "unreadable"]
            if r.report["complete"]:
                wrong.append("complete, though something could not be read")
            if str(one.unread) not in paths:
                wrong.append(f"`unread` does not name {one.unread}")
    return wrong + (one.extra(r) if one.extra else [])


def close_pipe(command: list[str], env: dict, cwd: Path) -> tuple[list[str], str]:
    """Runs a scan whose reader takes 100 bytes and goes, then one whose reader goes at once."""
    wrong = []
    for take in (100, 0):
        with subprocess.Popen(command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
            if take:
                child.stdout.read(take)
            child.stdout.close()
            err = child.stderr.read().decode("utf-8", "replace")
            code = child.wait(120)
        if code < 0 or code == 101 or err.strip():
            wrong.append(f"after {take} bytes: exit {code}, {err.strip()[-200:]!r}")
    return wrong, "quiet"


def run_case(name: str, scanner: Path, base: Path, tally: Tally) -> None:
    root = Path(tempfile.mkdtemp(prefix="w", dir=base))
    try:
        w = HandMade(root)
        w.make()
        try:
            one = CASES[name](w)
        except Cannot as e:
            tally.cannot(name, str(e))
            return
        human = "human" in one.options
        command = [*one.prefix, str(scanner), "scan", *([] if human else ["--format", "json"]), "--progress", "never", *one.options]
        env = {"PATH": os.defpath, "LC_ALL": "C", **w.env(), **one.env}
        env = {k: v for k, v in env.items() if v is not None}
        if getattr(one, "pipe", False):
            wrong, detail = close_pipe(command, env, root)
            tally.check(name, wrong, detail)
            return
        wrong, rss, seconds, codes = [], 0, 0.0, set()
        with contextlib.ExitStack() as stack:
            for job in getattr(one, "racers", []):
                stack.enter_context(racer(*job))
            for _ in range(one.runs):
                r = measure(command, env, root, one.timeout, one.preexec)
                rss, seconds = max(rss, r.rss), max(seconds, r.seconds)
                codes.add(r.code)
                wrong = judge(one, r, human)
                if wrong:
                    break
        tally.check(name, wrong, f"exit {','.join(map(str, sorted(codes)))}, {seconds:.1f} s, {rss >> 20} MB" + (f", {one.runs} runs" if one.runs > 1 else ""))
    finally:
        subprocess.run(["chmod", "-R", "u+rwX", str(root)], stderr=subprocess.DEVNULL)
        subprocess.run(["rm", "-rf", str(root)], check=False)


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--scanner", type=Path, default=DEFAULT_SCANNER)
    ap.add_argument("--short", action="store_true", help="without the cases that take gigabytes or 100,000 files")
    ap.add_argument("--only", help="names of cases, separated by commas")
    ap.add_argument("--dir", type=Path, help="where to make the worlds (default: the temporary folder)")
    ap.add_argument("--list", action="store_true")
    args = ap.parse_args()
    if args.list:
        for name, function in CASES.items():
            print(f"{name:28} {function.__doc__}")
        return 0
    os.umask(0o022)
    tally = Tally()
    base = Path(tempfile.mkdtemp(prefix="hostile-", dir=args.dir))
    base.chmod(0o755)
    try:
        scanner = base / "scanner"  # where a user without rights can run it
        shutil.copy(args.scanner, scanner)
        scanner.chmod(0o755)
        for name in args.only.split(",") if args.only else CASES:
            if args.short and name in SLOW:
                continue
            try:
                run_case(name, scanner, base, tally)
            except OSError as e:
                tally.fail(name, f"the case itself did not work: {e}")
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
