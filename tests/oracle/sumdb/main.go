// Sumdb writes what golang.org/x/mod's checksum database client answers, one JSON row a line:
//
//	{"fn": NAME, "in": [...], "ok": BOOL, "out": [...]}          a function and its answer
//	{"base": {FILE: BASE64, ...}, "key": KEY, "truth": {...}}    a database as the client left it on disk
//	{"kind": KIND, "edit": {FILE: BASE64 or null}, "go": VERDICT}  the same with some files changed
//
// The client has no network: it reads the files and nothing else. VERDICT is the worst over all lookups of the base: `ok`,
// `offline` (something is missing), `error`, or `loops` where Go's arithmetic never ends and was not asked.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"maps"
	"math/rand"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const name = "sum.oracle.test"

var errOffline = errors.New("offline")

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func keys(seed string) (note.Signer, string) {
	digest := sha256.Sum256([]byte(seed))
	private := ed25519.NewKeyFromSeed(digest[:])
	vkey, err := note.NewEd25519VerifierKey(name, private.Public().(ed25519.PublicKey))
	check(err)
	hash := strings.Split(vkey, "+")[1]
	skey := fmt.Sprintf("PRIVATE+KEY+%s+%s+%s", name, hash, base64.StdEncoding.EncodeToString(append([]byte{1}, digest[:]...)))
	signer, err := note.NewSigner(skey)
	check(err)
	return signer, vkey
}

// A server is a log that grows.
type server struct {
	signer  note.Signer
	hashes  []tlog.Hash
	records [][]byte
}

func (s *server) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		out = append(out, s.hashes[i])
	}
	return out, nil
}

func mod(i int) module.Version { return module.Version{Path: fmt.Sprintf("example.com/Mod%d", i), Version: "v1.0.0"} }

func h1(text string) string {
	digest := sha256.Sum256([]byte(text))
	return "h1:" + base64.StdEncoding.EncodeToString(digest[:])
}

func (s *server) grow(n int, salt string) {
	for i := len(s.records); i < n; i++ {
		m := mod(i)
		text := fmt.Appendf(nil, "%s %s %s\n%s %s/go.mod %s\n", m.Path, m.Version, h1(salt+m.Path), m.Path, m.Version, h1(salt+"mod"+m.Path))
		s.records = append(s.records, text)
		hashes, err := tlog.StoredHashes(int64(i), text, s)
		check(err)
		s.hashes = append(s.hashes, hashes...)
	}
}

func (s *server) head(n int) []byte {
	root, err := tlog.TreeHash(int64(n), s)
	check(err)
	return s.sign(tlog.Tree{N: int64(n), Hash: root}, s.signer)
}

func (s *server) sign(tree tlog.Tree, signer note.Signer) []byte {
	msg, err := note.Sign(&note.Note{Text: string(tlog.FormatTree(tree))}, signer)
	check(err)
	return msg
}

func (s *server) lookup(i, size int) []byte {
	msg, err := tlog.FormatRecord(int64(i), s.records[i])
	check(err)
	return append(msg, s.head(size)...)
}

// An ops is a client's world: files, and perhaps a server.
type ops struct {
	key      string
	files    map[string][]byte
	server   *server
	security bool
}

func (o *ops) ReadRemote(path string) ([]byte, error) {
	if o.server == nil {
		return nil, errOffline
	}
	if tile, err := tlog.ParseTilePath(path[1:]); err == nil {
		return tlog.ReadTileData(tile, o.server)
	}
	var i int
	if _, err := fmt.Sscanf(path, "/lookup/example.com/!mod%d@v1.0.0", &i); err != nil {
		return nil, err
	}
	return o.server.lookup(i, len(o.server.records)), nil
}

func (o *ops) ReadConfig(file string) ([]byte, error) {
	if file == "key" {
		return []byte(o.key), nil
	}
	return o.files[file], nil
}

func (o *ops) WriteConfig(file string, old, new []byte) error {
	if o.server != nil {
		o.files[file] = new
	}
	return nil
}

func (o *ops) ReadCache(file string) ([]byte, error) {
	data := o.files[file]
	if len(data) == 0 {
		return nil, os.ErrNotExist
	}
	return data, nil
}

func (o *ops) WriteCache(file string, data []byte) {
	if o.server != nil {
		o.files[file] = data
	}
}

func (o *ops) Log(string)           {}
func (o *ops) SecurityError(string) { o.security = true }

// ask has a fresh client look a module up.
func ask(key string, files map[string][]byte, m module.Version) (verdict string) {
	o := &ops{key: key, files: maps.Clone(files)}
	defer func() {
		if recover() != nil {
			verdict = "error"
		}
	}()
	lines, err := sumdb.NewClient(o).Lookup(m.Path, m.Version)
	switch {
	case err != nil && strings.Contains(err.Error(), errOffline.Error()) && !o.security:
		return "offline"
	case err != nil || len(lines) == 0:
		return "error"
	}
	return "ok"
}

var rng *rand.Rand

func pick[T any](list []T) T { return list[rng.Intn(len(list))] }

func flip(b []byte) []byte {
	b = bytes.Clone(b)
	if len(b) > 0 {
		b[rng.Intn(len(b))] ^= 1 << rng.Intn(8)
	}
	return b
}

type text string

func (t text) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return json.Marshal(string(t))
	}
	return json.Marshal(map[string]string{"hex": fmt.Sprintf("%x", string(t))})
}

var enc *json.Encoder

type row struct {
	Fn  string `json:"fn"`
	In  []text `json:"in"`
	OK  bool   `json:"ok"`
	Out []text `json:"out"`
}

func put(fn, in string, err error, out ...string) {
	r := row{Fn: fn, In: []text{text(in)}, OK: err == nil, Out: []text{}}
	for _, s := range out {
		if err == nil {
			r.Out = append(r.Out, text(s))
		}
	}
	check(enc.Encode(r))
}

func functions(in string) {
	t, err := tlog.ParseTilePath(in)
	put("ParseTilePath", in, err, fmt.Sprint(t.H), fmt.Sprint(t.L), fmt.Sprint(t.N), fmt.Sprint(t.W))
	tree, err := tlog.ParseTree([]byte(in))
	put("ParseTree", in, err, fmt.Sprint(tree.N), tree.Hash.String())
	id, record, rest, err := tlog.ParseRecord([]byte(in))
	put("ParseRecord", in, err, fmt.Sprint(id), string(record), string(rest))
	v, err := note.NewVerifier(in)
	if err == nil {
		put("NewVerifier", in, nil, v.Name(), fmt.Sprintf("%08x", v.KeyHash()))
	} else {
		put("NewVerifier", in, err)
	}
	_, vkey := keys("the key")
	known, err := note.NewVerifier(vkey)
	check(err)
	n, err := note.Open([]byte(in), note.VerifierList(known))
	if err == nil {
		put("Open", in, nil, n.Text)
	} else {
		put("Open", in, err)
	}
}

func mutate(s string) string {
	b := []byte(s)
	for range 1 + rng.Intn(3) {
		i := rng.Intn(len(b) + 1)
		switch rng.Intn(5) {
		case 0:
			b = append(b[:i:i], append([]byte(pick([]string{"\n", " ", "+", "=", "/", "x", "0", "-", "\r", "\xff", "\u2014", ".p/", "\n\n", "\t", "9", "\u0085", "\u2028"})), b[i:]...)...)
		case 1:
			b = append(b[:i:i], b[min(i+1+rng.Intn(4), len(b)):]...)
		case 2:
			if i < len(b) {
				b[i] ^= 1 << rng.Intn(8)
			}
		case 3:
			if lines := strings.SplitAfter(string(b), "\n"); len(lines) > 1 {
				j := rng.Intn(len(lines))
				b = []byte(strings.Join(lines[:j], "") + lines[j] + strings.Join(lines[j:], ""))
			}
		case 4:
			b = b[:i]
		}
	}
	return string(b)
}

func main() {
	out := flag.String("out", "", "file for the rows")
	seed := flag.Int64("seed", 1, "seed")
	count := flag.Int("count", 2000, "variations of the database")
	inputs := flag.Int("inputs", 2000, "inputs for the functions")
	flag.Parse()
	rng = rand.New(rand.NewSource(*seed))
	f, err := os.Create(*out)
	check(err)
	enc = json.NewEncoder(f)
	enc.SetEscapeHTML(false)

	// The base: lookups while the log grows, as the client keeps them.
	signer, key := keys("the key")
	wrong, _ := keys("another key")
	s := &server{signer: signer}
	files := map[string][]byte{}
	asked := map[int]int{5: 100, 200: 256, 256: 257, 260: 300, 299: 300, 511: 520, 40: 700, 699: 700}
	order := slices.SortedFunc(maps.Keys(asked), func(a, b int) int { return asked[a]*1000 + a - asked[b]*1000 - b })
	var mods []module.Version
	for _, i := range order {
		s.grow(asked[i], "")
		_, err := sumdb.NewClient(&ops{key: key, files: files, server: s}).Lookup(mod(i).Path, mod(i).Version)
		check(err)
		mods = append(mods, mod(i))
	}
	fork := &server{signer: signer}
	fork.grow(300, "")
	fork.records = fork.records[:250]
	fork.hashes = fork.hashes[:tlog.StoredHashCount(250)]
	fork.grow(700, "forged ")
	lookup := func(i int) string { return fmt.Sprintf("%s/lookup/example.com/!mod%d@v1.0.0", name, i) }
	latest := name + "/latest"
	var lookups, tiles []string
	for file := range files {
		if strings.Contains(file, "/lookup/") {
			lookups = append(lookups, file)
		} else if strings.Contains(file, "/tile/") {
			tiles = append(tiles, file)
		}
	}
	slices.Sort(lookups)
	slices.Sort(tiles)
	truth := map[string]string{}
	for _, i := range order {
		truth[mod(i).Path] = h1(mod(i).Path)
	}
	check(enc.Encode(map[string]any{"base": files, "key": key, "truth": truth}))

	tile := func(l int, n int64, w int) (string, []byte) {
		t := tlog.Tile{H: 8, L: l, N: n, W: w}
		data, err := tlog.ReadTileData(t, s)
		check(err)
		return name + "/" + t.Path(), data
	}
	edits := []struct {
		kind string
		make func() map[string][]byte
	}{
		{"untouched", func() map[string][]byte { return nil }},
		{"lookup bit flipped", func() map[string][]byte { l := pick(lookups); return map[string][]byte{l: flip(files[l])} }},
		{"lookup sum forged", func() map[string][]byte {
			l := pick(lookups)
			return map[string][]byte{l: bytes.Replace(files[l], []byte(" h1:"), []byte(" h1:"+pick([]string{"A", "b", "7", "/"})), 1)}
		}},
		{"lookup number", func() map[string][]byte {
			l := pick(lookups)
			_, rest, _ := bytes.Cut(files[l], []byte("\n"))
			id := pick([]string{"-1", "-2", "0", "1", "699", "700", "255", "4611686018427387904", "9223372036854775807", "+5", "005", strconv.Itoa(rng.Intn(900))})
			return map[string][]byte{l: append([]byte(id+"\n"), rest...)}
		}},
		{"lookup of another module", func() map[string][]byte {
			i, j := pick(order), rng.Intn(700)
			return map[string][]byte{lookup(i): s.lookup(j, 700)}
		}},
		{"lookup cut off", func() map[string][]byte { l := pick(lookups); return map[string][]byte{l: files[l][:rng.Intn(len(files[l]))]} }},
		{"lookup empty or gone", func() map[string][]byte { return map[string][]byte{pick(lookups): nil} }},
		{"lookup head of wrong key", func() map[string][]byte {
			i := pick(order)
			msg, _ := tlog.FormatRecord(int64(i), s.records[i])
			root, _ := tlog.TreeHash(700, s)
			return map[string][]byte{lookup(i): append(msg, s.sign(tlog.Tree{N: 700, Hash: root}, wrong)...)}
		}},
		{"lookup of a fork", func() map[string][]byte {
			i := pick(order)
			return map[string][]byte{lookup(i): fork.lookup(i, pick([]int{700, 600 + rng.Intn(100)}))}
		}},
		{"latest bit flipped", func() map[string][]byte { return map[string][]byte{latest: flip(files[latest])} }},
		{"latest cut off", func() map[string][]byte { return map[string][]byte{latest: files[latest][:rng.Intn(len(files[latest]))]} }},
		{"latest gone", func() map[string][]byte { return map[string][]byte{latest: nil} }},
		{"latest of wrong key", func() map[string][]byte {
			root, _ := tlog.TreeHash(700, s)
			return map[string][]byte{latest: s.sign(tlog.Tree{N: 700, Hash: root}, wrong)}
		}},
		{"latest older", func() map[string][]byte { return map[string][]byte{latest: s.head(pick([]int{100, 256, 257, 300, 520}))} }},
		{"latest of a fork", func() map[string][]byte { return map[string][]byte{latest: fork.head(pick([]int{300, 520, 700}))} }},
		{"tile bit flipped", func() map[string][]byte { t := pick(tiles); return map[string][]byte{t: flip(files[t])} }},
		{"tile cut off", func() map[string][]byte { t := pick(tiles); return map[string][]byte{t: files[t][:rng.Intn(len(files[t]))]} }},
		{"tile too long", func() map[string][]byte { t := pick(tiles); return map[string][]byte{t: append(bytes.Clone(files[t]), make([]byte, 1+rng.Intn(64))...)} }},
		{"tile gone", func() map[string][]byte { return map[string][]byte{pick(tiles): nil} }},
		{"tiles gone", func() map[string][]byte {
			m := map[string][]byte{}
			for range 1 + rng.Intn(4) {
				m[pick(tiles)] = nil
			}
			return m
		}},
		{"partial beside full", func() map[string][]byte { p, b := tile(0, int64(rng.Intn(2)), 1+rng.Intn(255)); return map[string][]byte{p: b} }},
		{"altered partial beside full", func() map[string][]byte { p, b := tile(0, int64(rng.Intn(2)), 1+rng.Intn(255)); return map[string][]byte{p: flip(b)} }},
		{"tile past the end", func() map[string][]byte {
			return map[string][]byte{name + "/" + tlog.Tile{H: 8, L: rng.Intn(3), N: int64(3 + rng.Intn(5000)), W: 256}.Path(): bytes.Repeat([]byte{7}, 8192)}
		}},
		{"signed size beyond all", func() map[string][]byte {
			return map[string][]byte{latest: s.sign(tlog.Tree{N: pick([]int64{1 << 62, 1<<62 + 1, 1<<63 - 1}), Hash: tlog.Hash{1}}, signer)}
		}},
		{"two edits", nil},
	}
	for n := range *count {
		e := edits[n%len(edits)]
		edit := map[string][]byte{}
		if e.make != nil {
			maps.Copy(edit, e.make())
		} else {
			for range 2 {
				maps.Copy(edit, edits[1+rng.Intn(len(edits)-3)].make())
			}
		}
		changed := maps.Clone(files)
		for file, data := range edit {
			if data == nil {
				delete(changed, file)
			} else {
				changed[file] = data
			}
		}
		verdict := "ok"
		if e.kind == "signed size beyond all" {
			verdict = "loops"
		} else {
			for _, m := range mods {
				switch v := ask(key, changed, m); {
				case v == "error" || verdict == "error":
					verdict = "error"
				case v == "offline":
					verdict = v
				}
			}
		}
		check(enc.Encode(map[string]any{"kind": e.kind, "edit": edit, "go": verdict}))
	}

	seeds := []string{"", key, "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8", string(files[latest]), string(files[lookups[0]]),
		"go.sum database tree\n700\n" + strings.TrimPrefix(h1(""), "h1:") + "\n", "tile/8/0/000", "tile/8/1/x123/x456/789.p/255", "tile/3/data/001.p/7", "tile/8/0/x009/x223/x372/x036/x854/x775/807",
		"1\na b\n\nrest", "-9223372036854775808\na\n\n", string(files[latest]) + "\u2014 x.y AAAAAAAA\n"}
	for _, in := range seeds {
		functions(in)
	}
	for range *inputs {
		functions(mutate(pick(seeds)))
	}
	check(f.Close())
}
