//! What Go keeps in an index of one source file: name and constraints of every file, imports, embedding patterns, cgo lines and
//! directives of Go files. Derived from the bytes as cmd/go/internal/modindex does, which uses go/scanner, go/parser, go/ast and go/doc.

mod comment;
mod constraint;
mod embed;
mod lexer;
mod parse;
mod reader;

use std::borrow::Cow;

pub use lexer::{Place, clean};

use self::parse::Trouble;
use self::reader::Cut;

/// A text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<'a> {
    /// The text.
    pub text: Cow<'a, [u8]>,
    /// Where it begins.
    pub at: Place,
}

/// What a file holds (scan.go: `rawFile`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source<'a> {
    /// Whether Go would give an error in the place of all else.
    pub unreadable: bool,
    /// Whether Go would give a syntax error in the place of all that is parsed. Package name and synopsis are then what Go keeps if it
    /// keeps any.
    pub syntax_error: bool,
    /// What is parsed is not known: it has a form that is not told apart here as Go does.
    pub unsure: bool,
    /// First sentence of the package's comment; `None` where it is not known.
    pub synopsis: Option<String>,
    /// Of the package clause.
    pub package: &'a [u8],
    /// Whether it says that there is no source.
    pub binary_only: bool,
    /// `#cgo` lines.
    pub cgo: String,
    /// The `//go:build` line.
    pub go_build: &'a [u8],
    /// The `// +build` lines.
    pub plus_build: Vec<&'a [u8]>,
    /// Imported paths.
    pub imports: Vec<Text<'a>>,
    /// `//go:embed` patterns.
    pub embeds: Vec<Text<'a>>,
    /// `//go:` lines above the package clause.
    pub directives: Vec<Text<'a>>,
}

/// In what versions of Go differ. The default is that of Go 1.26.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dialect {
    /// Whether an import path may be anything (modindex before Go 1.26), and a NUL counts wherever it is.
    pub any_import: bool,
    /// Whether `//line` comments move a comment away from what it stands above (go/parser before Go 1.26).
    pub adjusted_lines: bool,
    /// Whether embedding patterns are looked for line by line (modindex before Go 1.26).
    pub embeds_of_lines: bool,
}

impl Dialect {
    /// All that there are, the newest first.
    pub fn all() -> impl Iterator<Item = Dialect> {
        (0..8u8).map(|n| Dialect { any_import: n & 1 != 0, adjusted_lines: n & 2 != 0, embeds_of_lines: n & 4 != 0 })
    }
}

/// Whether a file of this name is a source file that an index holds (modindex/build.go: `getFileInfo`).
pub fn is_source(name: &[u8]) -> bool {
    const KNOWN: &[&[u8]] = &[
        b".go",
        b".c",
        b".cc",
        b".cpp",
        b".cxx",
        b".m",
        b".h",
        b".hh",
        b".hpp",
        b".hxx",
        b".f",
        b".F",
        b".for",
        b".f90",
        b".s",
        b".S",
        b".sx",
        b".swig",
        b".swigcxx",
        b".syso",
    ];
    let extension = memchr::memrchr(b'.', name).and_then(|at| name.get(at..));
    !name.starts_with(b"_") && !name.starts_with(b".") && extension.is_some_and(|e| KNOWN.contains(&e))
}

/// Whether what is in the file matters at all: Go opens no object file.
pub fn is_read(name: &[u8]) -> bool {
    !name.ends_with(b".syso")
}

/// Derives what Go keeps of a file. `name`: base name, of a source file; `dir`: directory, absolute.
pub fn source<'a>(name: &[u8], bytes: &'a [u8], dir: &'a [u8], dialect: Dialect) -> Source<'a> {
    let mut out = Source { synopsis: Some(String::new()), ..Source::default() };
    if !is_read(name) {
        return out;
    }
    let go = name.ends_with(b".go");
    let cut = if go { reader::go_header(bytes, dialect.any_import) } else { reader::comments(bytes) };
    let (Cut::Header(header) | Cut::Whole(header)) = cut else {
        return Source { unreadable: true, ..out };
    };
    let Some(constraints) = constraint::constraints(header) else {
        return Source { unreadable: true, ..out };
    };
    out.go_build = constraints.go_build;
    out.plus_build = constraints.plus_build;
    out.binary_only = constraints.binary_only && !name.ends_with(b"_test.go");
    if !go {
        return out;
    }
    let parsed = parse::parse(header, dir, dialect);
    match parsed.trouble {
        Some(Trouble::Unsure) => out.unsure = true,
        Some(Trouble::Syntax) => {
            out.syntax_error = true;
            clause(&mut out, &parsed, header);
        }
        None => fill(&mut out, &parsed, header, reader::without_mark(bytes), dir, dialect),
    }
    out
}

fn text<'a>(parsed: &parse::Parsed<'_>, at: usize, header: &'a [u8]) -> &'a [u8] {
    parsed.comments.get(at).and_then(|c| header.get(c.start..c.end)).unwrap_or(&[])
}

/// Package name and synopsis.
fn clause<'a>(out: &mut Source<'a>, parsed: &parse::Parsed<'a>, header: &'a [u8]) {
    out.package = parsed.package;
    if !parsed.doc.is_empty() {
        out.synopsis = comment::synopsis(&comment::text(parsed.doc.clone().map(|at| text(parsed, at, header))));
    }
}

fn fill<'a>(out: &mut Source<'a>, parsed: &parse::Parsed<'a>, header: &'a [u8], whole: &'a [u8], dir: &[u8], dialect: Dialect) {
    clause(out, parsed, header);
    for import in &parsed.imports {
        if !dialect.any_import {
            match is_valid_import(import.path) {
                Some(true) => {}
                Some(false) => {
                    *out = Source { syntax_error: true, imports: Vec::new(), ..std::mem::take(out) };
                    return;
                }
                None => out.unsure = true,
            }
        }
        if import.path == b"C" {
            let text = comment::text(import.doc.clone().map(|at| text(parsed, at, header)));
            for line in text.split('\n').map(str::trim) {
                if line.strip_prefix("#cgo").is_some_and(|l| l.starts_with([' ', '\t'])) {
                    if !out.cgo.is_empty() {
                        out.cgo.push('\n');
                    }
                    out.cgo.push_str(line);
                }
            }
        }
        let at = parsed.infos.place(import.at.start, import.at.line, import.at.line_start);
        out.imports.push(Text { text: import.path.into(), at });
    }
    for token in parsed.comments.iter().take_while(|c| c.start < parsed.clause) {
        let text = header.get(token.start..token.end).unwrap_or(&[]);
        if text.starts_with(b"//go:") {
            let text = if text.contains(&b'\r') { text.iter().copied().filter(|b| *b != b'\r').collect() } else { text.into() };
            out.directives.push(Text { text, at: parsed.infos.place(token.start, token.line, token.line_start) });
        }
    }
    // Where the imports end with the file, the line by line search began at its end.
    let searched = !dialect.embeds_of_lines || header.len() < whole.len();
    if searched && parsed.imports.iter().any(|i| i.path == b"embed") {
        match embed::embeds(whole, dir, dialect) {
            Some(embeds) => out.embeds = embeds,
            None => out.unsure = true,
        }
    }
}

/// modindex/build_read.go: `isValidImport`. `None`: not told apart.
fn is_valid_import(path: &[u8]) -> Option<bool> {
    if path.is_ascii() {
        return Some(
            !path.is_empty() && path.iter().all(|b| b.is_ascii_graphic() && !b"!\"#$%&'()*,:;<=>?[\\]^{|}`".contains(b)),
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Source<'_> {
        source(b"x.go", text.as_bytes(), b"/m/d", Dialect::default())
    }

    fn rows(texts: &[Text<'_>]) -> Vec<(String, usize, u32, u32)> {
        texts.iter().map(|t| (String::from_utf8(t.text.to_vec()).unwrap(), t.at.offset, t.at.line, t.at.column)).collect()
    }

    #[test]
    fn imports_are_where_their_names_are() {
        let s = of(
            "// Package p is p.\npackage p\n\nimport (\n\t\"a\"\n\tb \"c/d\" // e\n)\nimport . `x`; import _ \"y\"\n\nvar v = 1\n",
        );
        assert_eq!(s.package, b"p");
        assert_eq!(s.synopsis.as_deref(), Some("Package p is p."));
        let want = [("a", 40, 5, 2), ("c/d", 45, 6, 2), ("x", 67, 8, 8), ("y", 81, 8, 22)];
        assert_eq!(rows(&s.imports), want.map(|(t, o, l, c)| (t.to_owned(), o, l, c)));
        assert!(!s.syntax_error && !s.unsure && !s.unreadable);
    }

    #[test]
    fn line_comments_move_what_follows() {
        let s = of("package p\n\n//line y.go:10\nimport \"a\"\n/*line /z/../q.go:7:3*/import \"b\"\n");
        let places: Vec<_> = s.imports.iter().map(|i| (i.at.file.clone().unwrap(), i.at.line, i.at.column)).collect();
        assert_eq!(places, [(b"/m/d/y.go".to_vec(), 10, 0), (b"/q.go".to_vec(), 7, 10)]);
        assert!(of("package p\n//line y.go:0\n").syntax_error);
        assert!(!of("package p\n // line y.go:0\n").syntax_error);
    }

    #[test]
    fn cgo_lines_stand_above_the_import_of_c() {
        let s = of("package p\n\n/*\n#cgo linux LDFLAGS: -lm\n #cgo CFLAGS: -O2 \n#cgonot\n*/\nimport \"C\"\n");
        assert_eq!(s.cgo, "#cgo linux LDFLAGS: -lm\n#cgo CFLAGS: -O2");
        let s = of("package p\n\n// #cgo LDFLAGS: -lm\nimport (\n\t\"C\"\n)\n");
        assert_eq!(s.cgo, "#cgo LDFLAGS: -lm");
        assert_eq!(of("package p\n\n// #cgo LDFLAGS: -lm\n\nimport \"C\"\n").cgo, "");
    }

    #[test]
    fn what_go_can_not_parse_is_told_as_such() {
        for text in [
            "package\n",
            "package p\nimport (\n\"a\" \"b\"\n)\n",
            "package p\n/* no end",
            "func f() {}\n",
            "package p\n// \u{feff}\n",
            "package p; import \"a b\"\n",
        ] {
            assert!(of(text).syntax_error, "{text}");
        }
        for text in ["//go:build a\n//go:build b\n\npackage p\n", "package p\n// \0\n"] {
            assert!(of(text).unreadable, "{text}");
        }
        // Past the imports nothing counts.
        for text in ["package p\nvar x = \"\n\0", "package p\nif x", "\u{feff}package p\nimport \"a\"\n"] {
            let s = of(text);
            assert!(!s.syntax_error && !s.unreadable && s.package == b"p", "{text}");
        }
    }

    #[test]
    fn directives_stand_above_the_package_clause() {
        let s = of("//go:debug a=b\r\n\n// //go:x\n//go:generate y\npackage p\n//go:z\n");
        assert_eq!(rows(&s.directives), [("//go:debug a=b".to_owned(), 0, 1, 1), ("//go:generate y".to_owned(), 27, 4, 1)]);
    }

    #[test]
    fn names_tell_what_is_source() {
        for name in ["a.go", "b.S", "c.d.syso", "x.F"] {
            assert!(is_source(name.as_bytes()), "{name}");
        }
        for name in ["_a.go", ".go", "go", "a.txt", "a.GO", "README"] {
            assert!(!is_source(name.as_bytes()), "{name}");
        }
    }
}
