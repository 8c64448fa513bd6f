// Buildinfo writes Go's own reading of executables, one JSON object a file, and makes the files to read.
//
// usage:
//
//	buildinfo rows BUILDID FILE...  rows on standard output; BUILDID is the tool, built from cmd/buildid (starting it
//	                              through `go tool` is ten times slower); FILE may be a folder, read whole
//	buildinfo testdata DIR        executables of the standard library's own tests, into DIR
//	buildinfo damage FROM TO      damaged copies of every executable in the folder FROM, into TO
//
// A row: path, pristine (whether the file lies below a folder "bin" or "sdk"), format (by magic), go (whether
// debug/buildinfo accepts it), err (its error without the path), go_version, path_pkg, main, deps, settings ([key, value]
// in order), build_id_ok and raw_build_id (the answer of `go tool buildid`).
package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
)

type module struct {
	Path    string  `json:"path"`
	Version string  `json:"version"`
	Sum     string  `json:"sum"`
	Replace *module `json:"replace,omitempty"`
}

type row struct {
	Path      string      `json:"path"`
	Pristine  bool        `json:"pristine"`
	Format    string      `json:"format"`
	Go        bool        `json:"go"`
	Err       string      `json:"err"`
	GoVersion string      `json:"go_version"`
	PkgPath   string      `json:"path_pkg"`
	Main      *module     `json:"main"`
	Deps      []*module   `json:"deps"`
	Settings  [][2]string `json:"settings"`
	BuildIDOK bool        `json:"build_id_ok"`
	BuildID   string      `json:"raw_build_id"`
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("buildinfo: rows BUILDID FILE... | testdata DIR | damage FROM TO")
	}
	switch args := os.Args[2:]; os.Args[1] {
	case "rows":
		rows(args[0], args[1:])
	case "testdata":
		testdata(args[0])
	case "damage":
		if len(args) != 2 {
			log.Fatal("buildinfo damage FROM TO")
		}
		damage(args[0], args[1])
	default:
		log.Fatalf("buildinfo: no command %q", os.Args[1])
	}
}

func rows(buildid string, roots []string) {
	enc := json.NewEncoder(os.Stdout)
	enc.SetEscapeHTML(false)
	for _, root := range roots {
		root, err := filepath.Abs(root)
		must(err)
		must(filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			return enc.Encode(read(buildid, p))
		}))
	}
}

func convert(m *debug.Module) *module {
	if m == nil || *m == (debug.Module{}) {
		return nil
	}
	return &module{m.Path, m.Version, m.Sum, convert(m.Replace)}
}

func read(buildid, path string) row {
	slashed := filepath.ToSlash(path)
	r := row{Path: path, Deps: []*module{}, Settings: [][2]string{}}
	r.Pristine = strings.Contains(slashed, "/bin/") || strings.Contains(slashed, "/sdk/")
	head := make([]byte, 16)
	f, err := os.Open(path)
	must(err)
	n, _ := io.ReadFull(f, head)
	f.Close()
	r.Format = format(head[:n])
	info, err := open(path)
	if err != nil {
		r.Err = err.Error()
		if _, tail, ok := strings.Cut(r.Err, path+": "); ok {
			r.Err = tail
		}
	} else {
		r.Go, r.GoVersion, r.PkgPath, r.Main = true, info.GoVersion, info.Path, convert(&info.Main)
		for _, d := range info.Deps {
			r.Deps = append(r.Deps, convert(d))
		}
		for _, s := range info.Settings {
			r.Settings = append(r.Settings, [2]string{s.Key, s.Value})
		}
	}
	if r.Format != "other" {
		out, err := exec.Command(buildid, path).Output()
		r.BuildIDOK = err == nil
		r.BuildID = strings.TrimSuffix(string(out), "\n")
	}
	return r
}

// Open is buildinfo.ReadFile with a panic of the standard library told as an error.
func open(path string) (info *buildinfo.BuildInfo, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return buildinfo.ReadFile(path)
}

func format(b []byte) string {
	has := func(s string) bool { return bytes.HasPrefix(b, []byte(s)) }
	switch {
	case has("\x7fELF"):
		return "elf"
	case has("MZ"):
		return "pe"
	case has("\xfe\xed\xfa"), len(b) > 4 && bytes.HasPrefix(b[1:], []byte("\xfa\xed\xfe")):
		return "macho"
	case has("\xca\xfe\xba\xbe"), has("\xca\xfe\xba\xbf"):
		return "fat"
	case has("\x01\xdf"), has("\x01\xf7"):
		return "xcoff"
	case has("\x00asm"):
		return "wasm"
	case has("\x00\x00\x01\xeb"), has("\x00\x00\x8a\x97"), has("\x00\x00\x06\x47"):
		return "plan9"
	}
	return "other"
}

func goroot() string {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	must(err)
	return strings.TrimSpace(string(out))
}

func unbase64(b []byte) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.NewReplacer("\n", "", "\r", "").Replace(string(b)))
}

func testdata(dir string) {
	must(os.MkdirAll(dir, 0o777))
	src := filepath.Join(goroot(), "src")
	n := 0
	for _, d := range []string{"debug/buildinfo", "debug/elf", "debug/macho", "debug/pe", "debug/plan9obj", "internal/xcoff"} {
		must(filepath.WalkDir(filepath.Join(src, d, "testdata"), func(p string, e fs.DirEntry, err error) error {
			if os.IsNotExist(err) {
				return nil
			}
			if err != nil || !e.Type().IsRegular() || strings.HasSuffix(p, ".c") || strings.HasSuffix(p, ".s") {
				return err
			}
			b, err := os.ReadFile(p)
			must(err)
			if strings.HasSuffix(p, ".base64") {
				b, err = unbase64(b)
				must(err)
			}
			if _, quoted, ok := strings.Cut(string(b), "[]byte("); ok && strings.HasPrefix(string(b), "go test fuzz v1") {
				s, err := strconv.Unquote(strings.TrimSuffix(strings.TrimSpace(quoted), ")"))
				must(err)
				b = []byte(s)
			}
			name := strings.ReplaceAll(d, "/", "-") + "-" + strings.TrimSuffix(filepath.Base(p), ".base64")
			n++
			return os.WriteFile(filepath.Join(dir, name), b, 0o644)
		}))
	}
	fmt.Printf("%d executables of the standard library's tests\n", n)
}

var magic = []byte("\xff Go buildinf:")

// Damage makes of each file the copies that debug/buildinfo's own tests make, and more: the header's numbers, the text's
// lines, cut files, and one in which every table that the headers name is moved.
func damage(from, to string) {
	must(os.MkdirAll(to, 0o777))
	files, err := filepath.Glob(filepath.Join(from, "*"))
	must(err)
	n := 0
	for _, p := range files {
		b, err := os.ReadFile(p)
		if err != nil {
			continue
		}
		put := func(name string, change func(c []byte) []byte) {
			n++
			must(os.WriteFile(filepath.Join(to, filepath.Base(p)+"+"+name), change(bytes.Clone(b)), 0o644))
		}
		for _, size := range []int{0, 7, 15, 16, 63, 64, 200, 1024, 5000, len(b) / 2, len(b) - 1} {
			put(fmt.Sprintf("cut%d", size), func(c []byte) []byte { return c[:min(size, len(c))] })
		}
		// One byte of the first 512 of the headers, in turn by file, so that all are met.
		for k := 0; k < 24; k++ {
			i := (len(filepath.Base(p))*7 + n*13 + k*29) % 512
			put(fmt.Sprintf("flip%d", i), func(c []byte) []byte {
				if i < len(c) {
					c[i] ^= byte(1 << (k % 8))
				}
				return c
			})
		}
		put("ff32", func(c []byte) []byte {
			for i := 32; i < 64 && i+4 <= len(c); i += 8 {
				binary.LittleEndian.PutUint32(c[i:], 0xffffffff)
			}
			return c
		})
		i := bytes.Index(b, magic)
		if i < 0 || i+64 > len(b) {
			continue
		}
		all := func(c []byte, change func(at int)) []byte {
			for at := bytes.Index(c, magic); at >= 0; {
				change(at)
				next := bytes.Index(c[at+1:], magic)
				if next < 0 {
					break
				}
				at += 1 + next
			}
			return c
		}
		put("magic", func(c []byte) []byte { return all(c, func(at int) { c[at+2] = 'N' }) })
		put("misaligned", func(c []byte) []byte {
			copy(c[i+1:], bytes.Clone(c[i:i+48]))
			return c
		})
		put("two", func(c []byte) []byte {
			// An unaligned magic before the true one, where there is room.
			if i >= 32 {
				copy(c[i-30:], magic)
			}
			return c
		})
		for name, v := range map[string][]byte{
			"strlen":   []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
			"strlen7f": []byte("\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
			"overlong": bytes.Repeat([]byte{0xff}, 10),
			"version0": {0},
			"longer":   {0x7f},
		} {
			put(name, func(c []byte) []byte { copy(c[i+32:], v); return c })
		}
		for flags := byte(0); flags < 4; flags++ {
			for _, size := range []byte{3, 4, 8} {
				put(fmt.Sprintf("flags%d-%d", flags, size), func(c []byte) []byte { c[i+14], c[i+15] = size, flags; return c })
			}
		}
		line := func(name, old, new string) {
			put(name, func(c []byte) []byte {
				if k := bytes.Index(c[i:], []byte(old)); k >= 0 {
					copy(c[i+k:], new)
				}
				return c
			})
		}
		line("mod", "\nmod\t", "\nmxd\t")
		line("columns", "\nmod\t", "\nmod\t\t\t\t")
		line("build", "\nbuild\t", "\nbuild\t=")
		line("quote", "\nbuild\t", "\nbuild\t\"")
		line("newline", "\nbuild\t", "\n\n\n\n\n\n\n")
		line("tab", "\nbuild\t-compiler=gc", "\nbuild\t-compil r=gc")
		line("replace", "\nbuild\t-buildmode=exe", "\n=>\ta\tb\tc\nbuild\tx=")
		line("frame", "GOAMD64=v1\n", "GOAMD64=v1x")
		line("invalid", "GOOS=", "\xff\xfeOS=")
	}
	fmt.Printf("%d damaged copies\n", n)
}
