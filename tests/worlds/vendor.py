#!/usr/bin/env python3
"""Vendor folders that a real `go mod vendor` makes: nothing is said of a healthy one, and of a damaged one exactly what was done to it.

    vendor.py DIR [--scanner BIN] [--all]

Made-up main modules with nested modules, embedded files, C code, replacements by a module and by a folder, an old go line, and a workspace;
with --all real ones too (some 2,000 modules, 50,000 files). Needs a module proxy.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import lib  # noqa: E402

REAL = ("github.com/spf13/cobra@v1.9.1", "golang.org/x/tools/gopls@v0.20.0", "github.com/rclone/rclone@v1.71.0",
        "github.com/prometheus/prometheus@v0.305.0", "github.com/gohugoio/hugo@v0.150.0", "github.com/containerd/containerd/v2@v2.1.4",
        "k8s.io/kubectl@v0.33.3", "github.com/caddyserver/caddy/v2@v2.10.2", "github.com/go-delve/delve@v1.25.2")
SQLITE, PPROF, COBRA, TEXT = ("github.com/mattn/go-sqlite3@v1.14.32", "github.com/google/pprof@v0.0.0-20250923004556-9e5a51aed1e8",
                              "github.com/spf13/cobra@v1.9.1", "golang.org/x/text@v0.28.0")
NESTED = ("go.opentelemetry.io/otel@v1.38.0", "go.opentelemetry.io/otel/trace@v1.38.0", "go.opentelemetry.io/otel/metric@v1.38.0")
IMPORTS = ("github.com/spf13/cobra", "github.com/mattn/go-sqlite3", "github.com/google/pprof/driver", "go.opentelemetry.io/otel",
           "go.opentelemetry.io/otel/trace/noop", "golang.org/x/text/language", "example.test/local/inner")
FORK = "golang.org/x/text=github.com/golang/text@v0.27.0"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def make(world: lib.World, name: str, go: str, imports: tuple, modules: tuple, edits: tuple = (), vendor: bool = True) -> Path:
    """A main module that imports these packages; `vendor` makes its vendor folder."""
    main = world.root / name
    if (main / "ready").exists():
        return main
    shutil.rmtree(main, ignore_errors=True)
    write(main / "main.go", "package main\n\nimport (\n" + "".join(f"\t_ \"{i}\"\n" for i in imports) + ")\n\nfunc main() {}\n")
    write(main / "go.mod", f"module example.test/{name}\n\ngo {go}\n")
    write(main / "local/go.mod", "module example.test/local\n\ngo 1.21\n")
    write(main / "local/inner/inner.go", "package inner\n")
    world.go("mod", "edit", *edits, *(f"-require={m}" for m in modules), cwd=main)
    world.go("mod", "tidy", cwd=main)
    if vendor:
        world.go("mod", "vendor", cwd=main)
    write(main / "ready", "")
    return main


def real(world: lib.World, module: str) -> Path:
    """A published main module with the vendor folder that go makes for it."""
    main = world.root / "real" / module.replace("/", "_")
    if not (main / "ready").exists():
        shutil.rmtree(main, ignore_errors=True)
        source = Path(json.loads(world.go("mod", "download", "-json", module).stdout)["Dir"])
        shutil.copytree(source, main)
        lib.run(["chmod", "-R", "u+w", str(main)], main, None)
        world.go("mod", "vendor", cwd=main, timeout=3600)
        write(main / "ready", "")
    return main


class Tester:
    def __init__(self, world: lib.World, scanner: Path):
        self.world, self.scanner, self.tally = world, scanner, lib.Tally()

    def scan(self, main: Path, *options: str) -> lib.Result:
        place = ["--no-bin", "--gomodcache", str(self.world.gomodcache), "--main-module", str(main)]
        return lib.scan(self.scanner, self.world.env(), main, [*place, *options])

    def told(self, result: lib.Result, vendor: Path) -> tuple[set, dict]:
        """The findings in a vendor folder, and how its files were held."""
        findings = {(f["rule"], f["level"], os.path.relpath(f["path"], vendor)) for f in result.report["findings"] if f["root"] == "vendor"}
        held = [r["vendored"] for r in result.report["roots"] if r["path"] == str(vendor)]
        return findings, held[0] if len(held) == 1 else {}

    def healthy(self, name: str, main: Path, folder: Path | None = None, local: int = 0) -> None:
        """Nothing is found, and every file was held against its zip but those of a folder."""
        vendor = (folder or main) / "vendor"
        files = sum(len(names) for _, _, names in os.walk(vendor)) - 1
        result = self.scan(main)
        if result.report is None:
            self.tally.fail(name, f"exit {result.code}: {result.stderr[-300:]}")
            return
        findings, held = self.told(result, vendor)
        want = {"same": files - local, "no_zip": 0, "unsound_zip": 0, "folder": local}
        wrong = [f"found {f}" for f in sorted(findings)[:5]]
        wrong += [] if held == want and files > local else [f"held {held}, not {want}"]
        wrong += [] if result.code == 0 else [f"exit {result.code}"]
        self.tally.check(name, wrong, f"{files - local} files checked, {local} not")

    def damage(self, name: str, main: Path, do, want: set, code: int = 1, mend: bool = False, held=None) -> None:
        """Does something to the vendor folder; exactly `want` must be found. `mend`: the command of each finding must make an end of it."""
        vendor, keep = main / "vendor", main / "vendor.keep"
        shutil.copytree(vendor, keep, symlinks=True)
        undo = None
        try:
            undo = do(vendor)
            result = self.scan(main)
            findings, now = self.told(result, vendor)
            wrong = [f"not found {f}" for f in want - findings] + [f"found {f}" for f in findings - want]
            wrong += [] if result.code == code else [f"exit {result.code}, not {code}"]
            if held and not held(now):
                wrong.append(f"held {now}")
            if mend:
                for f in [f for f in result.report["findings"] if f["root"] == "vendor"]:
                    lib.run(f["mend"]["command"], self.world.root, self.world.env())
                result = self.scan(main)
                left, _ = self.told(result, vendor)
                wrong += [f"after the mend {f}" for f in left] + ([f"after the mend exit {result.code}"] if result.code else [])
            self.tally.check(name, wrong)
        finally:
            if undo:
                undo()
            shutil.rmtree(vendor)
            keep.rename(vendor)


def append(rel: str, data: bytes = b"\n"):
    def do(vendor: Path) -> None:
        with open(vendor / rel, "ab") as f:
            f.write(data)
    return do


def change(rel: str):
    def do(vendor: Path) -> None:
        data = bytearray((vendor / rel).read_bytes())
        data[len(data) // 2] ^= 1
        (vendor / rel).write_bytes(data)
    return do


def add(rel: str, text: str = "package x\n"):
    return lambda vendor: write(vendor / rel, text)


def link(rel: str):
    def do(vendor: Path) -> None:
        elsewhere = vendor.parent.parent / "elsewhere"
        (vendor / rel).rename(elsewhere)
        (vendor / rel).symlink_to(elsewhere)
    return do


def crlf(rel: str):
    def do(vendor: Path) -> None:
        (vendor / rel).write_bytes((vendor / rel).read_bytes().replace(b"\n", b"\r\n"))
    return do


def damages(t: Tester, main: Path) -> None:
    differs, added, missing, linked = (f"vendor-file-{what}" for what in ("differs", "added", "missing", "linked"))
    pprof, sqlite, cobra = "github.com/google/pprof", "github.com/mattn/go-sqlite3", "github.com/spf13/cobra"
    html = next(str(p.relative_to(main / "vendor")) for p in sorted((main / "vendor" / pprof).rglob("html/*.js")))
    t.damage("a byte of a Go file", main, change(f"{cobra}/command.go"), {(differs, "error", f"{cobra}/command.go")}, mend=True)
    t.damage("a Go file in a package", main, add(f"{cobra}/more.go"), {(added, "error", f"{cobra}/more.go")}, mend=True)
    t.damage("a Go file where no package is", main, add("evil.test/x/x.go"), {(added, "error", "evil.test/x/x.go")})
    t.damage("an object file", main, add(f"{cobra}/x_amd64.syso"), {(added, "error", f"{cobra}/x_amd64.syso")})
    t.damage("an embedded file", main, append(html), {(differs, "error", html)}, mend=True)
    new = f"{Path(html).parent}/new.js"
    t.damage("a file in an embedded folder", main, add(new), {(added, "warning", new)})
    t.damage("a file that nobody reads", main, add(f"{cobra}/BUILD.bazel"), {(added, "note", f"{cobra}/BUILD.bazel")}, code=0)
    t.damage("a licence", main, append(f"{cobra}/LICENSE.txt"), {(differs, "warning", f"{cobra}/LICENSE.txt")})
    t.damage("C code", main, change(f"{sqlite}/sqlite3-binding.c"), {(differs, "error", f"{sqlite}/sqlite3-binding.c")})
    nested = "go.opentelemetry.io/otel/trace/noop/noop.go"
    t.damage("a nested module", main, change(nested), {(differs, "error", nested)})
    text = "golang.org/x/text/language/language.go"
    t.damage("a module in the place of another", main, change(text), {(differs, "error", text)})
    t.damage("a link", main, link(f"{cobra}/args.go"), {(linked, "error", f"{cobra}/args.go")}, mend=True)
    t.damage("a Go file that is gone", main, lambda vendor: (vendor / cobra / "args.go").unlink(), {(missing, "warning", f"{cobra}/args.go")},
             mend=True)
    t.damage("line ends", main, crlf(f"{cobra}/args.go"), {(differs, "note", f"{cobra}/args.go")}, code=0)
    local = "example.test/local/inner/inner.go"
    t.damage("what can't be checked", main, change(local), set(), code=0, held=lambda now: now["folder"] == 1)

    def without_zip(vendor: Path):
        zip = t.world.gomodcache / "cache/download" / cobra / "@v" / (COBRA.split("@")[1] + ".zip")
        away = zip.rename(t.world.root / "away")
        append(f"{cobra}/command.go")(vendor)
        return lambda: away.rename(zip)
    t.damage("what has no zip", main, without_zip, set(), code=0, held=lambda now: now["no_zip"] > 10 and now["same"] > 100)

    def with_tree(vendor: Path) -> None:
        # What go copies from is wrong, too: its repair comes first.
        tree = t.world.gomodcache / COBRA / "command.go"
        tree.chmod(0o644)
        tree.write_bytes(tree.read_bytes() + b"// more\n")
        tree.chmod(0o444)
        shutil.copyfile(tree, vendor / cobra / "command.go")
        first = [f for f in t.scan(main).report["findings"] if f["root"] == "vendor"]
        if len(first) != 1 or "mend" in first[0] or "--fix" not in first[0]["message"]:
            raise lib.Failure(f"a wrong tree is not told: {first}")
        p = t.scan(main, "--fix", "--yes")
        if p.code != 1 or not all(s["done"] for s in p.report["fix"]["steps"]):
            raise lib.Failure(f"--fix: exit {p.code} {p.report['fix']}")
    t.damage("a tree that is wrong, too", main, with_tree, {(differs, "error", f"{cobra}/command.go")}, mend=True)
    every = {json.dumps(t.scan(main, "--jobs", jobs).report["findings"]) for jobs in ("1", "16")}
    t.tally.check("one and 16 workers", [] if len(every) == 1 else ["they differ"])


def beside(t: Tester, main: Path, scans: int) -> None:
    """Scans while `go mod vendor` writes the folder again and again: nothing that is being written is called wrong."""
    loop = subprocess.Popen(["sh", "-c", "while :; do go mod vendor || exit 1; done"], cwd=main, env=t.world.env(), stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    wrong, codes = [], []
    try:
        for _ in range(scans):
            result = t.scan(main)
            codes.append(result.code)
            wrong += [str(f) for f in t.told(result, main / "vendor")[0]] if result.report else [result.stderr[-200:]]
    finally:
        os.killpg(loop.pid, 15)
        loop.wait()
    t.world.go("mod", "vendor", cwd=main)
    t.tally.check("beside go mod vendor", wrong[:5], f"exit codes {codes}")


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("dir", type=Path)
    ap.add_argument("--scanner", type=Path, default=lib.DEFAULT_SCANNER)
    ap.add_argument("--all", action="store_true")
    args = ap.parse_args()
    world = lib.World(args.dir.absolute())
    world.make()
    t = Tester(world, args.scanner.absolute())
    edits = (f"-replace={FORK}", "-replace=example.test/local=./local", "-require=example.test/local@v0.0.0")
    many = make(world, "many", "1.24.0", IMPORTS, (COBRA, SQLITE, PPROF, TEXT, *NESTED), edits)
    t.healthy("nested, embedded, C, replaced", many, local=1)
    both = ("github.com/spf13/cobra", "github.com/google/pprof/driver")
    old = make(world, "old", "1.16", both, (COBRA, "github.com/google/pprof@v0.0.0-20221118152302-e6195bd50e26"))
    t.healthy("an old go line, which keeps go.mod files", old)
    tests = make(world, "tests", "1.21", both[1:], ("github.com/google/pprof@v0.0.0-20240227163752-401108e1b7e7",))
    t.healthy("a go line that keeps what tests embed", tests)
    work = world.root / "work"
    for name, imports, modules in (("a", ("github.com/spf13/cobra",), (COBRA,)), ("b", ("github.com/mattn/go-sqlite3",), (SQLITE,))):
        make(world, f"work/{name}", "1.24.0", imports, modules, vendor=False)
    if not (work / "vendor/modules.txt").exists():
        write(work / "go.work", "go 1.24.0\n\nuse (\n\t./a\n\t./b\n)\n")
        world.go("work", "vendor", cwd=work)
    t.healthy("a workspace", work / "a", work)
    damages(t, many)
    beside(t, old, 12 if args.all else 5)
    for module in REAL if args.all else ():
        t.healthy(module, real(world, module))
    return t.tally.close()


if __name__ == "__main__":
    sys.exit(main())
