// Modules writes what Go (and git) answer about many paths, versions, .info files and git settings, one JSON row a line:
//
//	{"fn": NAME, "in": [...], "ok": BOOL, "out": [...], "err": TEXT}
//
// A string that is not UTF-8 is written as {"hex": "..."}. The rows are made from seeds and a seeded generator, so the
// same flags give the same rows.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

type text string

func (t text) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return json.Marshal(string(t))
	}
	return json.Marshal(map[string]string{"hex": fmt.Sprintf("%x", string(t))})
}

type row struct {
	Fn  string `json:"fn"`
	In  []text `json:"in"`
	OK  bool   `json:"ok"`
	Out []text `json:"out"`
	Err text   `json:"err"`
}

var (
	out  *json.Encoder
	rng  *rand.Rand
	rows int
)

func put(fn string, err error, in []string, answers ...string) {
	r := row{Fn: fn, OK: err == nil, In: []text{}, Out: []text{}}
	for _, s := range in {
		r.In = append(r.In, text(s))
	}
	if err != nil {
		r.Err = text(err.Error())
	} else {
		for _, s := range answers {
			r.Out = append(r.Out, text(s))
		}
	}
	if e := out.Encode(r); e != nil {
		log.Fatal(e)
	}
	rows++
}

func pick(l []string) string { return l[rng.Intn(len(l))] }

func edit(s, alphabet string) string {
	b := []byte(s)
	for n := 1 + rng.Intn(3); n > 0; n-- {
		i := rng.Intn(len(b) + 1)
		c := alphabet[rng.Intn(len(alphabet))]
		switch {
		case rng.Intn(3) == 0 || i == len(b):
			b = append(b[:i:i], append([]byte{c}, b[i:]...)...)
		case rng.Intn(2) == 0:
			b[i] = c
		default:
			b = append(b[:i:i], b[i+1:]...)
		}
	}
	return string(b)
}

func path(s string) {
	in := []string{s}
	put("module.CheckPath", module.CheckPath(s), in)
	put("module.CheckImportPath", module.CheckImportPath(s), in)
	put("module.CheckFilePath", module.CheckFilePath(s), in)
	e, err := module.EscapePath(s)
	put("module.EscapePath", err, in, e)
	e, err = module.UnescapePath(s)
	put("module.UnescapePath", err, in, e)
	p, m, ok := module.SplitPathVersion(s)
	put("module.SplitPathVersion", nil, in, p, m, strconv.FormatBool(ok))
}

func version(s string) {
	in := []string{s}
	e, err := module.EscapeVersion(s)
	put("module.EscapeVersion", err, in, e)
	e, err = module.UnescapeVersion(s)
	put("module.UnescapeVersion", err, in, e)
	put("module.CanonicalVersion", nil, in, module.CanonicalVersion(s))
	put("semver.IsValid", nil, in, strconv.FormatBool(semver.IsValid(s)))
	put("semver.Canonical", nil, in, semver.Canonical(s), semver.Major(s), semver.MajorMinor(s), semver.Prerelease(s), semver.Build(s))
	put("module.IsPseudoVersion", nil, in, strconv.FormatBool(module.IsPseudoVersion(s)))
	if module.IsPseudoVersion(s) {
		t, err := module.PseudoVersionTime(s)
		put("module.PseudoVersionTime", err, in, t.Format("20060102150405"))
		r, err := module.PseudoVersionRev(s)
		put("module.PseudoVersionRev", err, in, r)
		r, err = module.PseudoVersionBase(s)
		put("module.PseudoVersionBase", err, in, r)
	}
}

// revInfo is cmd/go/internal/modfetch.RevInfo with its codehost.Origin, as far as JSON goes.
type revInfo struct {
	Version string
	Time    time.Time
	Name    string  `json:"-"`
	Short   string  `json:"-"`
	Origin  *origin `json:",omitempty"`
}

type origin struct {
	VCS, URL, Subdir, Hash, TagPrefix, TagSum, Ref, RepoSum string `json:",omitempty"`
}

func info(s string) {
	var i revInfo
	err := json.Unmarshal([]byte(s), &i)
	put("info.Unmarshal", err, []string{s}, i.Version, strconv.FormatBool(i.Origin != nil))
}

var jsonTokens = []string{"{", "}", "[", "]", ":", ",", `"Version"`, `"version"`, `"VERSION"`, "\"Ver\u017fion\"", `"V\u0065rsion"`, `"Time"`, `"Origin"`, `"origin"`,
	`"VCS"`, `"Name"`, `"v1.0.0"`, `"v2.0.0"`, `""`, "null", "true", "1", "-0", "1e999", "01", " ", "\n", `"2024-01-23T18:54:04Z"`, `"2024-02-30T00:00:00Z"`, `"2024-01-23T18:54:04.5+02:00"`,
	`"\ud83d\ude00"`, "\"\xff\"", `"\x"`, `{"VCS":"git"}`, `{"Hash":1}`, "\xef\xbb\xbf"}

func jsonText() string {
	value := func() string {
		return pick([]string{`"v1.0.0"`, `"v2.0.0"`, "null", "1", `"2024-01-23T18:54:04Z"`, `"x"`, `{"VCS":"git","URL":null}`, `{"VCS":1}`, `[]`, "{}", `"\u0076\n"`, "\"a\xffb\"", `""`})
	}
	switch rng.Intn(3) {
	case 0:
		var b strings.Builder
		for n := rng.Intn(9); n >= 0; n-- {
			b.WriteString(pick(jsonTokens))
		}
		return b.String()
	case 1:
		return edit(`{"Version":"v1.6.0","Time":"2024-01-23T18:54:04Z","Origin":{"VCS":"git","URL":"https://a.b/c","Hash":"0f11"}}`, "\"{}[]:,\\v01Vn \n\x00\xffe.Z-")
	}
	var fields []string
	for n := rng.Intn(5); n > 0; n-- {
		key := pick([]string{"Version", "Version", "version", "vERSION", "Ver\u017fion", "Time", "time", "Origin", "ORIGIN", "Name", "Short", "x", ""})
		fields = append(fields, strconv.Quote(key)+":"+value())
	}
	return "{" + strings.Join(fields, ",") + "}"
}

var configTokens = []string{"[core]", "[Core]", "[remote \"origin\"]", "[remote \"a\\\"b\\\\c\\d\"]", "[remote.Origin]", "[a.b.C]", "[ \"x\"]", "[a\t\"x\"]", "[a. \"x\"]", "[.a]", "[a.]", "[", "]", "\"", "\\", "\\\n", "\\n", "\\t", "\\b", "\\x", "=", " = ", "\n", "\n\t",
	"\r\n", "\r", "#", ";", " ", "\t", "fsmonitor", "url", "bare", "Key-1", "9", "_", "true", "x y", "\xff", "\v", "é", "\xef\xbb\xbf", "[include]\npath = x\n", "a = b\n", "[a \"b\"]c=d\n"}

func config(dir, s string) {
	file := filepath.Join(dir, "config")
	if err := os.WriteFile(file, []byte(s), 0o666); err != nil {
		log.Fatal(err)
	}
	cmd := exec.Command("git", "config", "--file", file, "--no-includes", "--list", "-z")
	cmd.Dir = dir
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	err := cmd.Run()
	var list []string
	for _, entry := range strings.Split(strings.TrimSuffix(stdout.String(), "\x00"), "\x00") {
		if entry == "" {
			continue
		}
		list = append(list, entry)
	}
	put("git.config", err, []string{s}, list...)
}

var workTokens = []string{"use", "use (", "(", ")", "()", "use ./a", "use ../b c", "./x", "\"y z\"", "\"a\\x2eb\"", "`raw`", "'q'", "// note", "/*", "//", "[", ",", "replace", "a.b/c => ./d", "=>", "\n", "\n", "\n", "\n\t", "\r\n", " ", "\t", "\r", "\"", "é", "\xff", "\v",
	"use\"q\"", "use(", "a//b", "\u00a0"}

// workText is mostly a go.work that Go takes.
func workText() string {
	if rng.Intn(3) > 0 {
		var b strings.Builder
		b.WriteString(pick([]string{"", "go 1.21\n", "go 1.24.0 // x\n\n", "// x\n"}))
		for n := rng.Intn(4); n >= 0; n-- {
			b.WriteString(pick([]string{"use ./a\n", "use \"./b c\"\r\n", "use (\n\t./d // one\n\n\t// two\n\t../e\n)\n", "use ()\n", "use(\n.\n) // end\n", "replace a.b/c v1.0.0 => ../use\n", "replace (\n\ta.b/c => d.e/f v1.0.0\n)\n", "use /f//g\n", "\n", "use )\n", "use \"\\u00e9\\t\"\n", "use a[\n", "use -\n", "toolchain default\n", "godebug x=y\n"}))
		}
		if rng.Intn(2) == 0 {
			return edit(b.String(), "use() \t\n\r\"./`[\\x")
		}
		return b.String()
	}
	var b strings.Builder
	for n := rng.Intn(9); n >= 0; n-- {
		b.WriteString(pick(workTokens))
	}
	return b.String()
}

func works(s string) {
	f, err := modfile.ParseWork("go.work", []byte(s), nil)
	var uses []string
	if err == nil {
		for _, u := range f.Use {
			uses = append(uses, u.Path)
		}
	}
	put("modfile.ParseWork", err, []string{s}, uses...)
}

func main() {
	log.SetFlags(0)
	file := flag.String("out", "", "file to write")
	n := flag.Int("n", 2000, "random inputs of each kind")
	configs := flag.Int("configs", 1500, "git configuration files")
	seed := flag.Int64("seed", 1, "seed")
	flag.Parse()
	if *file == "" {
		log.Fatal("modules: -out FILE is needed")
	}
	w, err := os.Create(*file)
	if err != nil {
		log.Fatal(err)
	}
	out, rng = json.NewEncoder(w), rand.New(rand.NewSource(*seed))
	out.SetEscapeHTML(false)

	elements := []string{"example.com", "github.com", "gopkg.in", "golang.org", "A.b", "-a.b", "x", "yaml.v2", "yaml.v2-unstable", "v1", "v2", "v02", "v2.0", "Azure", "!azure", "!", "a!B", "con", "COM1.txt", "lpt0", "a~1", "a~b", ".git", "a.", "..",
		"", "é", "日本", "a b", "x@v1", "go.mod", "a+b", "nul", "\u017fub", "c\u2126n", "ⅷ", "½", "\xff", "\x00", "a:b", "a\\b", "x.v1"}
	for i := 0; i < *n; i++ {
		var p []string
		for k := rng.Intn(4); k >= 0; k-- {
			p = append(p, pick(elements))
		}
		s := strings.Join(p, "/")
		path(s)
		path(edit(s, "/.-!~v012@A \xffé"))
	}
	// Every character once, where most rules tell it apart.
	for r := rune(0); r < 0x3400; r++ {
		s := "a" + string(r)
		put("module.CheckFilePath", module.CheckFilePath(s), []string{s})
	}
	versions := []string{"v1", "v1.2", "v0.0.0-20191109021931-daa7c04131f5", "v1.2.4-0.20191109021931-daa7c04131f5", "v1.2.0-0.20240229235959-abc", "v1.2.3-pre.0.20230229000000-x+incompatible", "v2.0.0+incompatible", "v1.0.0-RC1", "v1.0.0-!r!c1",
		"v1.0.0-01", "v1.0.0+meta", "v10.20.30-a.b-c.1", "v0.0.0-20191109021931-x+y", "master", "v1.2.3.4", "", "v01.0.0", "v1.1000000000000000000000000.0", "v1.10.0-0.20191109021931-0"}
	for i := 0; i < *n; i++ {
		a, b := pick(versions), pick(versions)
		if rng.Intn(3) > 0 {
			a = edit(a, "v0129.-+aZ!é")
		}
		if rng.Intn(3) > 0 {
			b = edit(b, "v0129.-+aZ")
		}
		version(a)
		put("semver.Compare", nil, []string{a, b}, fmt.Sprint(semver.Compare(a, b)))
		p := pick([]string{"a.b/c", "a.b/c/v2", "gopkg.in/x.v1", "gopkg.in/x.v0", "gopkg.in/x.v2-unstable", "bad", "a.b/v1"})
		put("module.Check", module.Check(p, a), []string{p, a})
		m := pick([]string{"", "/v2", "/v10", ".v1", ".v0", ".v2-unstable", "v2"})
		put("module.CheckPathMajor", module.CheckPathMajor(a, m), []string{a, m})
	}
	globs := []string{"*", "*.corp.com", "a.b/*", "a.b/c", "a.b/c/", "a.b/[a-c]", "a.b/[^a]", "a.?/x", "[", "a\\*", "\\", "", "**/x", "a.b/*/v[23]", "a.*,c.d"}
	for i := 0; i < *n; i++ {
		g := edit(pick(globs), "*?[]^-\\/,a.b")
		t := pick([]string{"a.b/c", "a.b/c/d", "git.corp.com/x", "a*", "", "a.b", "x/y/z", "a.b/c/v2", "é/c"})
		put("module.MatchPrefixPatterns", nil, []string{g, t}, strconv.FormatBool(module.MatchPrefixPatterns(g, t)))
	}
	mods := []string{"module a.b/c\n", "module \"a.b/c\" // x\n", "// x\nmodule `a.b`\n", "module\ta.b\r\n", "go 1.21\nmodule x", "module (\n x\n)\n", "modulex\n", "module \"a\\x2e\\u0062\\101\"\n", "module \u00a0 a.b\u2003\n"}
	for i := 0; i < *n; i++ {
		s := edit(pick(mods), "\"`\\/ \t\n\rmx07u\xff\x85")
		put("modfile.ModulePath", nil, []string{s}, modfile.ModulePath([]byte(s)))
		info(jsonText())
		info(jsonText())
	}
	for i := 0; i < *n; i++ {
		works(workText())
	}
	dir, err := os.MkdirTemp("", "oracle-config-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for i := 0; i < *configs; i++ {
		var b strings.Builder
		if rng.Intn(4) > 0 {
			b.WriteString("[core]\n")
		}
		for k := rng.Intn(12); k >= 0; k-- {
			b.WriteString(pick(configTokens))
		}
		config(dir, b.String())
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(rows, "rows")
}
