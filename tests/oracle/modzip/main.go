// Modzip writes Go's own verdict on module zips, one JSON object a line.
//
// usage:
//
//	modzip hostile SEED COUNT   zips made and damaged at random, the same for the same SEED
//	modzip mod                  the cases of golang.org/x/mod/zip's own tests
//	modzip cache GOMODCACHE     every zip of a module cache
//
// A row: name; path and version of the module; zip (base64) or file; listed (archive/zip lists it); checked (zip.CheckZip
// accepts it); extracted (zip.Unzip does); h1 (dirhash.HashZip, empty where it fails); why (the first error).
package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	modzip "golang.org/x/mod/zip"
)

type row struct {
	Name      string `json:"name"`
	Path      string `json:"path"`
	Version   string `json:"version"`
	Zip       string `json:"zip,omitempty"`
	File      string `json:"file,omitempty"`
	Listed    bool   `json:"listed"`
	Checked   bool   `json:"checked"`
	Extracted bool   `json:"extracted"`
	H1        string `json:"h1,omitempty"`
	Why       string `json:"why,omitempty"`
}

var out = json.NewEncoder(os.Stdout)

func judge(r row, file string) {
	m := module.Version{Path: r.Path, Version: r.Version}
	note := func(err error) bool {
		if err != nil && r.Why == "" {
			r.Why = err.Error()
		}
		return err == nil
	}
	z, err := zip.OpenReader(file)
	if r.Listed = note(err); r.Listed {
		z.Close()
	}
	_, err = modzip.CheckZip(m, file)
	r.Checked = note(err)
	dir, err := os.MkdirTemp("", "modzip")
	if err != nil {
		log.Fatal(err)
	}
	r.Extracted = note(modzip.Unzip(filepath.Join(dir, "x"), m, file))
	os.RemoveAll(dir)
	h1, err := dirhash.HashZip(file, dirhash.Hash1)
	if err == nil {
		r.H1 = h1
	}
	r.Why = strings.ReplaceAll(r.Why, file, "zip")
	if err := out.Encode(r); err != nil {
		log.Fatal(err)
	}
}

func judgeBytes(name, path, version string, b []byte) {
	f, err := os.CreateTemp("", "modzip*.zip")
	if err != nil {
		log.Fatal(err)
	}
	defer os.Remove(f.Name())
	f.Write(b)
	f.Close()
	judge(row{Name: name, Path: path, Version: version, Zip: base64.StdEncoding.EncodeToString(b)}, f.Name())
}

// txtar splits an archive as golang.org/x/tools/txtar does.
func txtar(data string) (comment string, files [][2]string) {
	name, body := "", &strings.Builder{}
	flush := func() {
		if name == "" {
			comment = body.String()
		} else {
			files = append(files, [2]string{name, body.String()})
		}
		body = &strings.Builder{}
	}
	for _, line := range strings.SplitAfter(data, "\n") {
		l := strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(l, "-- ") && strings.HasSuffix(l, " --") && len(l) >= 7 {
			flush()
			name = strings.TrimSpace(l[3 : len(l)-3])
			continue
		}
		body.WriteString(line)
	}
	flush()
	return
}

func ownTests() {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/mod").Output()
	if err != nil {
		log.Fatal(err)
	}
	for _, kind := range []string{"check_zip", "unzip", "create"} {
		names, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "zip/testdata", kind, "*.txt"))
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				log.Fatal(err)
			}
			comment, files := txtar(string(data))
			path, version := "", ""
			for _, line := range strings.Split(comment, "\n") {
				if v, ok := strings.CutPrefix(line, "path="); ok {
					path = v
				}
				if v, ok := strings.CutPrefix(line, "version="); ok {
					version = v
				}
			}
			var buf bytes.Buffer
			zw := zip.NewWriter(&buf)
			for _, f := range files {
				file := f[0]
				if kind == "create" {
					file = path + "@" + version + "/" + file
				}
				w, err := zw.Create(file)
				if err != nil {
					log.Fatal(err)
				}
				w.Write([]byte(f[1]))
			}
			zw.Close()
			judgeBytes(kind+"/"+filepath.Base(name), path, version, buf.Bytes())
		}
	}
}

func cache(root string) {
	download := filepath.Join(root, "cache/download")
	filepath.WalkDir(download, func(p string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(p) != ".zip" {
			return err
		}
		rel, _ := filepath.Rel(download, p)
		esc, ver, ok := strings.Cut(strings.TrimSuffix(filepath.ToSlash(rel), ".zip"), "/@v/")
		path, err1 := module.UnescapePath(esc)
		version, err2 := module.UnescapeVersion(ver)
		if ok && err1 == nil && err2 == nil {
			judge(row{Name: path + "@" + version, Path: path, Version: version, File: p}, p)
		}
		return nil
	})
}

// A member of a zip, every field of which can be wrong.
type member struct {
	name, local         string
	content             []byte
	data                []byte
	method, localMethod uint16
	flags, localFlags   uint16
	crc, localCRC       uint32
	csize, usize        uint64
	localC, localU      uint32
	extra, localExtra   []byte
	descriptor          []byte
	gap                 []byte
	comment             string
	creator             uint16
	attributes          uint32
	offset              uint64 // as claimed
	at                  uint64 // as it is
	wide                bool
}

type archive struct {
	members                []*member
	prefix, between, after []byte
	comment                string
	records, size, offset  func(uint64) uint64
	wide                   bool
	noLocator              bool
}

func deflate(b []byte, level int) []byte {
	var buf bytes.Buffer
	w, _ := flate.NewWriter(&buf, level)
	w.Write(b)
	w.Close()
	return buf.Bytes()
}

var le = binary.LittleEndian

func newMember(r *rand.Rand, name string, content []byte) *member {
	m := &member{name: name, local: name, content: content, creator: 20, crc: crc32.ChecksumIEEE(content), usize: uint64(len(content))}
	m.method, m.data = 8, deflate(content, []int{-1, 0, 1, 9, -2}[r.Intn(5)])
	if r.Intn(4) == 0 {
		m.method, m.data = 0, content
	}
	m.csize = uint64(len(m.data))
	m.localMethod = m.method
	if r.Intn(2) == 0 { // as Go does
		m.flags, m.localFlags = 8, 8
		m.setDescriptor(r.Intn(4))
	} else {
		m.localCRC, m.localC, m.localU = m.crc, uint32(m.csize), uint32(m.usize)
	}
	return m
}

func (m *member) setDescriptor(form int) {
	var b []byte
	if form < 3 {
		b = le.AppendUint32(b, 0x08074b50)
	}
	b = le.AppendUint32(b, m.crc)
	if form == 2 {
		b = le.AppendUint64(le.AppendUint64(b, m.csize), m.usize)
	} else {
		b = le.AppendUint32(le.AppendUint32(b, uint32(m.csize)), uint32(m.usize))
	}
	m.descriptor = b
}

func (a *archive) bytes() []byte {
	b := append([]byte(nil), a.prefix...)
	for _, m := range a.members {
		m.at = uint64(len(b))
		b = append(b, "PK\x03\x04\x14\x00"...)
		for _, v := range []uint16{m.localFlags, m.localMethod, 0, 0} {
			b = le.AppendUint16(b, v)
		}
		for _, v := range []uint32{m.localCRC, m.localC, m.localU} {
			b = le.AppendUint32(b, v)
		}
		b = le.AppendUint16(b, uint16(len(m.local)))
		b = le.AppendUint16(b, uint16(len(m.localExtra)))
		b = append(append(append(b, m.local...), m.localExtra...), m.data...)
		b = append(append(b, m.descriptor...), m.gap...)
	}
	b = append(b, a.between...)
	start := uint64(len(b))
	for _, m := range a.members {
		extra := m.extra
		c, u, o := uint32(m.csize), uint32(m.usize), uint32(m.at+m.offset)
		if m.wide {
			c, u, o = ^uint32(0), ^uint32(0), ^uint32(0)
			x := le.AppendUint16(le.AppendUint16(nil, 1), 24)
			x = le.AppendUint64(le.AppendUint64(le.AppendUint64(x, m.usize), m.csize), m.at+m.offset)
			extra = append(x, extra...)
		}
		b = append(b, "PK\x01\x02"...)
		for _, v := range []uint16{m.creator, 20, m.flags, m.method, 0, 0} {
			b = le.AppendUint16(b, v)
		}
		for _, v := range []uint32{m.crc, c, u} {
			b = le.AppendUint32(b, v)
		}
		for _, v := range []int{len(m.name), len(extra), len(m.comment), 0, 0} {
			b = le.AppendUint16(b, uint16(v))
		}
		b = le.AppendUint32(le.AppendUint32(b, m.attributes), o)
		b = append(append(append(b, m.name...), extra...), m.comment...)
	}
	end := uint64(len(b))
	fix := func(f func(uint64) uint64, v uint64) uint64 {
		if f != nil {
			return f(v)
		}
		return v
	}
	records, size, offset := fix(a.records, uint64(len(a.members))), fix(a.size, end-start), fix(a.offset, start)
	if a.wide {
		b = append(b, "PK\x06\x06"...)
		b = le.AppendUint64(b, 44)
		b = append(b, 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		for _, v := range []uint64{records, records, size, offset} {
			b = le.AppendUint64(b, v)
		}
		if !a.noLocator {
			b = append(b, "PK\x06\x07\x00\x00\x00\x00"...)
			b = le.AppendUint32(le.AppendUint64(b, end), 1)
		}
		records, size, offset = 0xffff, 0xffffffff, 0xffffffff
	}
	b = append(b, "PK\x05\x06\x00\x00\x00\x00"...)
	b = le.AppendUint16(le.AppendUint16(b, uint16(records)), uint16(records))
	b = le.AppendUint32(le.AppendUint32(b, uint32(size)), uint32(offset))
	b = le.AppendUint16(b, uint16(len(a.comment)))
	return append(append(b, a.comment...), a.after...)
}

const prefix = "example.com/m@v1.0.0/"

var names = []string{
	"a.go", "A.go", "a.GO", "b/c.go", "b/C.go", "b", "B/x", "b/", "b/c.go/d", "go.mod", "GO.MOD", "b/go.mod", "b/Go.Mod", "LICENSE",
	"../x", "..", ".", "a/../b", "/abs", "x//y", "x/", "a\\b", "con.txt", "aux", "NUL.go", "k.go", "\u212a.go", "ſ.go", "s.go", "é.go", "e\u0301.go", "É.go",
	"a b.go", "a:b", "a*b", "a?b", "a\"b", "a'b", "a<b", "a|b", "a\x00b", "a\nb", "\xff.go", "dot.", "dot./x", "...", "x/...", "-dash", "~1", "a~1.go", "日本.go", "½.go",
	"vendor/modules.txt", "vendor/x/y.go", ".git/config", "a/b/c/d/e/f/g.go", "", "ß.go", "ẞ.go", "ǆ", "ǅ", "Ω", "Ω", "sub/ſ", "sub/S",
}

func hostile(seed int64, count int) {
	r := rand.New(rand.NewSource(seed))
	text := func() []byte {
		b := make([]byte, []int{0, 1, 10, 300, 3000, 70000, 140000}[r.Intn(7)])
		for i := range b {
			b[i] = "abc \n\x00\xff"[r.Intn(1+r.Intn(7))]
		}
		return b
	}
	junk := func(n int) []byte {
		b := make([]byte, 1+r.Intn(n))
		r.Read(b)
		return b
	}
	for i := range count {
		a := &archive{}
		for n := r.Intn(5); n >= 0; n-- {
			a.members = append(a.members, newMember(r, prefix+fmt.Sprintf("f%d/%d.go", r.Intn(2), n), text()))
		}
		what := []string{}
		for n := r.Intn(3); n >= 0; n-- {
			m := a.members[r.Intn(len(a.members))]
			kind := r.Intn(36)
			what = append(what, strconv.Itoa(kind))
			switch kind {
			case 0, 1, 2, 3, 4, 5:
				name := prefix + names[r.Intn(len(names))]
				if r.Intn(12) == 0 {
					name = names[r.Intn(len(names))]
				}
				x := newMember(r, name, text())
				a.members = append(a.members, x)
			case 6:
				m.name, m.local = prefix+names[r.Intn(len(names))], prefix+names[r.Intn(len(names))]
			case 7:
				a.members = append(a.members, newMember(r, m.name, text()))
			case 8:
				m.local = prefix + "other"
			case 9:
				m.crc ^= 1 << r.Intn(32)
			case 10:
				m.crc, m.localCRC = 0, 0
			case 11:
				m.usize += uint64(r.Intn(5)) - 2
			case 12:
				m.csize += uint64(r.Intn(5)) - 2
			case 13:
				m.data = append(m.data, junk(9)...)
				if r.Intn(2) == 0 {
					m.csize = uint64(len(m.data))
				}
			case 14:
				m.method = []uint16{0, 8, 9, 12, 99}[r.Intn(5)]
			case 15:
				m.flags ^= []uint16{1, 8, 0x40, 0x800, 0x2000}[r.Intn(5)]
			case 16:
				m.localFlags, m.localMethod = uint16(r.Intn(1<<16)), uint16(r.Intn(10))
			case 17:
				m.descriptor = junk(30)
			case 18:
				m.descriptor = nil
			case 19:
				m.gap = junk(50)
			case 20:
				m.offset = uint64(r.Intn(100)) - 50
			case 21:
				m.wide = true
			case 22:
				m.extra = junk(40)
			case 23:
				m.extra = append(le.AppendUint16(le.AppendUint16(nil, 1), uint16(r.Intn(30))), junk(30)...)
			case 24:
				m.wide, m.usize = true, []uint64{1 << 63, 1 << 40, 500<<20 + 1, ^uint64(0), uint64(len(m.content))}[r.Intn(5)]
			case 25:
				m.wide, m.csize = true, []uint64{1 << 63, 1 << 40, ^uint64(0)}[r.Intn(3)]
			case 26:
				m.wide, m.offset = true, []uint64{1 << 63, 1 << 40, ^uint64(0)}[r.Intn(3)]
			case 27:
				a.prefix = junk(200)
			case 28:
				a.between = junk(200)
			case 29:
				a.after = junk([]int{10, 900, 2000, 70000}[r.Intn(4)])
			case 30:
				a.comment = string(junk([]int{10, 900, 2000, 65000}[r.Intn(4)]))
			case 31:
				a.wide, a.noLocator = true, r.Intn(4) == 0
			case 32:
				d := []uint64{1, ^uint64(0), 0x10000, 0xffff - uint64(len(a.members))}[r.Intn(4)]
				a.records = func(v uint64) uint64 { return v + d }
			case 33:
				d := []uint64{1, 46, ^uint64(0), ^uint64(45), 0x7fffffff, 1 << 62, 1 << 63}[r.Intn(7)]
				a.size = func(v uint64) uint64 { return v + d }
			case 34:
				d := []uint64{1, 30, ^uint64(0), ^uint64(29), 0x7fffffff, 1 << 62, 1 << 63}[r.Intn(7)]
				a.offset = func(v uint64) uint64 { return v + d }
			case 35:
				m.attributes, m.creator, m.comment = r.Uint32(), uint16(r.Intn(1<<16)), string(junk(30))
			}
		}
		b := a.bytes()
		switch r.Intn(8) {
		case 0: // one bit, anywhere
			b[r.Intn(len(b))] ^= 1 << r.Intn(8)
			what = append(what, "bit")
		case 1: // one byte of the headers at the end
			k := len(b) - 1 - r.Intn(min(len(b), 300))
			b[k] = byte(r.Intn(256))
			what = append(what, "byte")
		case 2:
			if r.Intn(3) == 0 {
				b = b[:r.Intn(len(b))]
				what = append(what, "cut")
			}
		}
		judgeBytes(fmt.Sprintf("%d/%d %s", seed, i, strings.Join(what, "+")), "example.com/m", "v1.0.0", b)
	}
}

func main() {
	log.SetFlags(0)
	args := append(os.Args[1:], "", "", "")
	switch args[0] {
	case "hostile":
		seed, err1 := strconv.ParseInt(args[1], 10, 64)
		count, err2 := strconv.Atoi(args[2])
		if err1 != nil || err2 != nil {
			log.Fatal("modzip hostile SEED COUNT")
		}
		hostile(seed, count)
	case "mod":
		ownTests()
	case "cache":
		cache(args[1])
	default:
		log.Fatal("usage: modzip hostile SEED COUNT | mod | cache GOMODCACHE")
	}
}
