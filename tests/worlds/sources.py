"""Source trees of the modules that the worlds build."""
from __future__ import annotations

from pathlib import Path

TINY = {"cmd/tiny/main.go": 'package main\n\nimport "os"\n\nfunc main() { os.Stdout.WriteString("tiny\\n") }\n'}

CALC = {
    "internal/calc/calc.go": "// Package calc has a test, a benchmark and a fuzz target.\npackage calc\n\n// Add adds.\n//\n//go:noinline\nfunc Add(a, b int) int { return a + b }\n",
    "internal/calc/calc_test.go": """package calc

import (
	"os"
	"testing"
)

func TestAdd(t *testing.T) {
	if os.Getenv("WORLD_SUM") != "" || Add(2, 3) != 5 {
		t.Fatal("bad sum")
	}
}

func BenchmarkAdd(b *testing.B) {
	for i := 0; i < b.N; i++ {
		Add(i, i)
	}
}

func FuzzAdd(f *testing.F) {
	f.Add("1", 2)
	f.Fuzz(func(t *testing.T, s string, b int) {
		n := 0
		for _, r := range s { // branches, so that the fuzzer finds something worth keeping
			switch {
			case r >= 'a' && r <= 'f':
				n += 10
			case r > 127:
				n--
			case r == ' ':
				n ^= 1
			}
		}
		if Add(n, b) != Add(b, n) {
			t.Fatal("not commutative")
		}
	})
}
""",
}

SMALL = {
    "go.mod": "module example.test/small\n\ngo 1.21\n\nrequire (\n\tgithub.com/BurntSushi/toml v1.4.0\n\tgithub.com/google/uuid v1.6.0\n)\n",
    "main.go": """package main

import (
	"fmt"

	"example.test/small/internal/calc"
	"github.com/BurntSushi/toml"
	"github.com/google/uuid"
)

func main() {
	var v struct{ A int }
	_, err := toml.Decode("A = 7", &v)
	fmt.Println(uuid.NewSHA1(uuid.NameSpaceDNS, []byte("x")), v.A, err, calc.Add(1, 2))
}
""",
    **TINY,
    **CALC,
}

FULL = {
    # An upper-case path, +incompatible, two kinds of pseudo-version, a replacement by a version and one by a folder.
    "go.mod": """module example.test/full

go 1.21

require (
	example.test/local v0.0.0
	github.com/BurntSushi/toml v1.4.0
	github.com/davecgh/go-spew v1.1.2-0.20180830191138-d8f796af33cc
	github.com/gofrs/uuid v4.4.0+incompatible
	github.com/google/uuid v1.5.0
	github.com/spf13/cobra v1.8.1
	golang.org/x/text v0.14.0
	gopkg.in/check.v1 v0.0.0-20161208181325-20d25e280405
)

replace example.test/local => ./local

replace github.com/google/uuid => github.com/google/uuid v1.6.0
""",
    "main.go": """package main

import (
	"fmt"
	"os"

	"example.test/full/internal/asmadd"
	"example.test/full/internal/calc"
	"example.test/full/internal/cg"
	"example.test/full/internal/emb"
	"example.test/local"
	"github.com/BurntSushi/toml"
	"github.com/davecgh/go-spew/spew"
	gofrs "github.com/gofrs/uuid"
	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"golang.org/x/text/language"
)

func main() {
	root := &cobra.Command{Use: "full", RunE: func(*cobra.Command, []string) error {
		var v struct{ A int }
		_, err := toml.Decode("A = 7", &v)
		fmt.Println(uuid.NewSHA1(uuid.NameSpaceDNS, []byte("x")), gofrs.Nil, spew.Sdump(v), language.English, err)
		fmt.Println(calc.Add(2, 3), cg.Add(2, 3), asmadd.Add(2, 3), emb.Text, local.Name)
		return nil
	}}
	if err := root.Execute(); err != nil {
		os.Exit(1)
	}
}
""",
    "local/go.mod": "module example.test/local\n\ngo 1.21\n",
    "local/local.go": "// Package local is replaced by a folder.\npackage local\n\n// Name is printed.\nconst Name = \"local\"\n",
    "internal/cg/cg.go": "// Package cg goes through cgo.\npackage cg\n\n// static int add(int a, int b) { return a + b; }\nimport \"C\"\n\n// Add adds in C.\nfunc Add(a, b int) int { return int(C.add(C.int(a), C.int(b))) }\n",
    "internal/cg/cg_test.go": "package cg\n\nimport (\n\t\"testing\"\n\n\t\"gopkg.in/check.v1\"\n)\n\nfunc Test(t *testing.T) { check.TestingT(t) }\n",
    "internal/asmadd/add.go": "//go:build amd64 || arm64\n\n// Package asmadd has an assembly body.\npackage asmadd\n\n// Add adds in assembly.\nfunc Add(a, b int64) int64\n",
    "internal/asmadd/add_amd64.s": '#include "textflag.h"\n\nTEXT ·Add(SB), NOSPLIT, $0-24\n\tMOVQ a+0(FP), AX\n\tMOVQ b+8(FP), BX\n\tADDQ BX, AX\n\tMOVQ AX, ret+16(FP)\n\tRET\n',
    "internal/asmadd/add_arm64.s": '#include "textflag.h"\n\nTEXT ·Add(SB), NOSPLIT, $0-24\n\tMOVD a+0(FP), R0\n\tMOVD b+8(FP), R1\n\tADD R1, R0, R0\n\tMOVD R0, ret+16(FP)\n\tRET\n',
    "internal/emb/emb.go": "// Package emb embeds a file.\npackage emb\n\nimport _ \"embed\"\n\n// Text is the embedded file.\n//\n//go:embed data.txt\nvar Text string\n",
    "internal/emb/data.txt": "embedded",
    "cmd/lib/main.go": "package main\n\nimport \"C\"\n\n//export Twice\nfunc Twice(a C.int) C.int { return 2 * a }\n\nfunc main() {}\n",
    "cmd/plug/main.go": "package main\n\n// Name is looked up.\nvar Name = \"plug\"\n\nfunc main() {}\n",
    **TINY,
    **CALC,
}

# Programs for GOBIN, each under its own name: a program under another's name is rightly a finding, and so is one that was
# built with a folder in the place of a module.
PROGRAMS = ("plain", "stripped", "trimpath", "pie", "external", "nocompress")
BINARIES = {
    "go.mod": "module example.test/binaries\n\ngo 1.21\n\nrequire (\n\tgithub.com/BurntSushi/toml v1.4.0\n\tgithub.com/gofrs/uuid v4.4.0+incompatible\n"
    "\tgithub.com/google/uuid v1.5.0\n)\n\nreplace github.com/google/uuid => github.com/google/uuid v1.6.0\n",
    "internal/cg/cg.go": FULL["internal/cg/cg.go"],
    "cmd/lib/main.go": FULL["cmd/lib/main.go"],
    "cmd/nocgo/main.go": TINY["cmd/tiny/main.go"],
    **{f"cmd/{name}/main.go": """package main

import (
	"fmt"

	"example.test/binaries/internal/cg"
	"github.com/BurntSushi/toml"
	gofrs "github.com/gofrs/uuid"
	"github.com/google/uuid"
)

func main() {
	var v struct{ A int }
	_, err := toml.Decode("A = 7", &v)
	fmt.Println(uuid.NewSHA1(uuid.NameSpaceDNS, []byte("x")), gofrs.Nil, v, err, cg.Add(2, 3))
}
""" for name in PROGRAMS},
    **TINY,
}

FIXME = {
    "go.mod": "module example.test/fixme\n\ngo 1.26\n",
    "fx.go": "// Package fixme has something for go fix to do.\npackage fixme\n\n// F takes anything.\nfunc F(x interface{}) interface{} { return x }\n",
}

TOOLUSER = {
    "go.mod": "module example.test/tooluser\n\ngo 1.24\n\ntool golang.org/x/tools/cmd/stringer\n\nrequire golang.org/x/tools v0.30.0\n",
    "kind.go": "// Package tooluser uses a tool of its go.mod.\npackage tooluser\n\n// Kind has names.\ntype Kind int\n\n// The kinds.\nconst (\n\tOne Kind = iota\n\tTwo\n)\n",
}

FIPS = {
    "go.mod": "module example.test/fips\n\ngo 1.24\n",
    "main.go": 'package main\n\nimport (\n\t"crypto/sha256"\n\t"fmt"\n)\n\nfunc main() { fmt.Printf("%x\\n", sha256.Sum256(nil)) }\n',
}

PRIVATE = {
    "go.mod": "module example.test/private\n\ngo 1.21\n\nrequire (\n\tgit.corp.test/infra/greet.git v1.0.0\n\tgithub.com/google/uuid v1.6.0\n)\n",
    "main.go": 'package main\n\nimport (\n\t"fmt"\n\n\t"git.corp.test/infra/greet.git"\n\t"github.com/google/uuid"\n)\n\nfunc main() { fmt.Println(greet.Hello(), uuid.Nil) }\n',
}

GREET = {
    "go.mod": "module git.corp.test/infra/greet.git\n\ngo 1.20\n",
    "greet.go": "// Package greet greets.\npackage greet\n\n// Hello greets.\nfunc Hello() string { return \"hello\" }\n",
}


def write(folder: Path, files: dict[str, str]) -> None:
    """Writes a source tree."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def private_repository(world) -> None:
    """A bare git repository on disk stands in for a company's server: its path ends in .git, so go asks no server where it is."""
    from lib import run
    bare, work = world.root / "build/greet.git", world.root / "build/greet"
    (world.home / ".gitconfig").write_text(
        "[user]\n\tname = w\n\temail = w@example.test\n[init]\n\tdefaultBranch = main\n[protocol \"file\"]\n\tallow = always\n"
        f"[safe]\n\tdirectory = *\n[url \"file://{bare}\"]\n\tinsteadOf = https://git.corp.test/infra/greet.git\n"
        "\tinsteadOf = https://git.corp.test/infra/greet\n")
    write(work, GREET)
    env = world.env()
    for step in ("init -q", "add -A", "commit -qm one", "tag v1.0.0"):
        run(["git", *step.split()], work, env)
    write(work, {"more.go": "package greet\n\n// More is newer than the tag.\nconst More = 1\n"})
    for step in ("add -A", "commit -qm two"):
        run(["git", *step.split()], work, env)
    run(["git", "clone", "-q", "--bare", str(work), str(bare)], world.root, env)
