"""What lies below a folder, node by node, so that two moments can be compared."""
from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

QUARANTINE = ".gocachescan-quarantine"


def digest(path: str) -> str:
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def snapshot(top: Path) -> dict:
    """Everything below a folder but quarantines: what each node is."""
    seen = {}
    stack = [os.fsencode(top)]
    while stack:
        folder = stack.pop()
        for entry in [None, *os.scandir(folder)]:
            path = folder if entry is None else entry.path
            if os.path.basename(path) == QUARANTINE.encode():
                continue
            st = os.lstat(path)
            if entry is not None and stat.S_ISDIR(st.st_mode):
                stack.append(path)
                continue
            what = ""
            if stat.S_ISREG(st.st_mode):
                what = digest(path)
            elif stat.S_ISLNK(st.st_mode):
                what = os.readlink(path)
            lists = () if stat.S_ISLNK(st.st_mode) else tuple(
                (n, os.getxattr(path, n)) for n in sorted(os.listxattr(path)) if n.startswith("system.posix_acl"))
            seen[path] = (st.st_mode, st.st_uid, st.st_gid, st.st_mtime_ns, what, lists)
    return seen


def differences(before: dict, after: dict, but_times: set = frozenset()) -> list:
    out = []
    for path in sorted(before.keys() | after.keys()):
        a, b = before.get(path), after.get(path)
        if a and b and path in but_times:
            a, b = a[:3] + a[4:], b[:3] + b[4:]
        if a != b:
            out.append(f"{os.fsdecode(path)!r}: {'absent' if a is None else oct(a[0])} -> {'absent' if b is None else oct(b[0])}"
                       + (f" mtime {a[3]} -> {b[3]}" if a and b and a[3] != b[3] else ""))
    return out
