//! Dockerfiles (docs.docker.com/reference/dockerfile; BuildKit's frontend/dockerfile/parser/parser.go, line_parsers.go): instructions
//! with their lines, continuations, here-documents, the directive `escape`.

pub mod stages;
mod substitute;

use super::{lines, span};

/// Instructions that are read: an image has at most 127 layers.
pub const MAX_INSTRUCTIONS: usize = 2000;

/// An instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// In upper case, such as `RUN`.
    pub name: String,
    /// Options before the rest, such as `--mount=type=cache`.
    pub flags: Vec<Vec<u8>>,
    /// The rest, continued lines joined, comments between them taken out.
    pub text: Vec<u8>,
    /// Here-documents, in order.
    pub documents: Vec<Document>,
    /// The line, from 1.
    pub line: u32,
}

/// A here-document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The word that ends it.
    pub word: Vec<u8>,
    /// Its lines, with their newlines.
    pub text: Vec<u8>,
    /// Whether variables in it are expanded (`COPY` and `ADD`); not with quotes around the word.
    pub expands: bool,
    /// The line where it begins, from 1.
    pub line: u32,
}

/// What `RUN`, `CMD` and `ENTRYPOINT` start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A text for the shell.
    Shell(Vec<u8>),
    /// Words of a JSON array, without a shell.
    Exec(Vec<String>),
}

impl Instruction {
    /// Its command: an array of JSON strings, or else a text for the shell.
    pub fn command(&self) -> Command {
        match serde_json::from_slice(&self.text) {
            Ok(words) => Command::Exec(words),
            Err(_) => Command::Shell(self.text.clone()),
        }
    }
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dockerfile {
    /// What escapes: `\`, or a back-quote by `# escape=`.
    pub escape: u8,
    /// In order.
    pub instructions: Vec<Instruction>,
    /// More than [`MAX_INSTRUCTIONS`] stood there.
    pub cut: bool,
}

/// Reads a file.
pub fn parse(bytes: &[u8]) -> Dockerfile {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let escape = directive(bytes);
    let (mut out, mut cut) = (Vec::new(), false);
    let mut rest = lines(bytes).map(|(n, text)| (n, text.strip_suffix(b"\r").unwrap_or(text)));
    while let Some((line, text)) = rest.next() {
        if is_comment(text) || text.trim_ascii().is_empty() {
            continue;
        }
        if out.len() == MAX_INSTRUCTIONS {
            cut = true;
            break;
        }
        let mut whole = Vec::new();
        let mut part = text.trim_ascii_start();
        // An instruction goes on behind the escape at the end of a line; comments and empty lines between are passed over.
        while let Some(kept) = part.trim_ascii_end().strip_suffix(&[escape]) {
            whole.extend_from_slice(kept);
            part = &[];
            for (_, next) in rest.by_ref() {
                if !is_comment(next) && !next.trim_ascii().is_empty() {
                    part = next;
                    break;
                }
            }
        }
        whole.extend_from_slice(part);
        let mut instruction = instruction(&whole, line);
        if matches!(instruction.name.as_str(), "RUN" | "COPY" | "ADD") {
            for (word, strip, expands) in markers(&instruction.text) {
                let mut document = Document { word, text: Vec::new(), expands, line: 0 };
                for (n, next) in rest.by_ref() {
                    if document.line == 0 {
                        document.line = n;
                    }
                    let next = if strip { span(next, |b| b != b'\t').1 } else { next };
                    if next == document.word {
                        break;
                    }
                    document.text.extend_from_slice(next);
                    document.text.push(b'\n');
                }
                instruction.documents.push(document);
            }
        }
        out.push(instruction);
    }
    Dockerfile { escape, instructions: out, cut }
}

fn is_comment(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"#")
}

/// `# escape=` among the directives, which are the comments `# name=value` before everything else.
fn directive(bytes: &[u8]) -> u8 {
    for (_, text) in lines(bytes) {
        let Some(comment) = text.trim_ascii().strip_prefix(b"#") else { break };
        let (name, value) = span(comment, |b| b == b'=');
        let Some(value) = value.strip_prefix(b"=") else { break };
        if name.trim_ascii().eq_ignore_ascii_case(b"escape") {
            return if value.trim_ascii() == b"`" { b'`' } else { b'\\' };
        }
    }
    b'\\'
}

fn instruction(text: &[u8], line: u32) -> Instruction {
    let (name, mut rest) = span(text.trim_ascii(), |b| b.is_ascii_whitespace());
    let mut flags = Vec::new();
    rest = rest.trim_ascii_start();
    while rest.starts_with(b"--") {
        let (flag, after) = span(rest, |b| b.is_ascii_whitespace());
        flags.push(flag.to_vec());
        rest = after.trim_ascii_start();
    }
    let name = String::from_utf8_lossy(name).to_ascii_uppercase();
    Instruction { name, flags, text: rest.to_vec(), documents: Vec::new(), line }
}

/// `<<WORD`, `<<-WORD`, `<<"WORD"` at the start of words: the word, whether tabs are stripped, whether variables are expanded.
fn markers(text: &[u8]) -> Vec<(Vec<u8>, bool, bool)> {
    let mut out = Vec::new();
    for word in text.split(u8::is_ascii_whitespace) {
        let digits = word.iter().take_while(|b| b.is_ascii_digit()).count();
        let Some(rest) = word.get(digits..).and_then(|w| w.strip_prefix(b"<<")) else { continue };
        let stripped = rest.strip_prefix(b"-");
        let rest = stripped.unwrap_or(rest);
        let quote = rest.first().filter(|b| **b == b'"' || **b == b'\'');
        let name = match quote {
            Some(q) => rest.get(1..).and_then(|r| r.strip_suffix(&[*q])),
            None => Some(rest),
        };
        if let Some(name) = name.filter(|n| !n.is_empty() && !n.iter().any(|b| b"<\"'".contains(b))) {
            out.push((name.to_vec(), stripped.is_some(), quote.is_none()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_have_lines_flags_and_documents() {
        let got = parse(
            b"# syntax=docker/dockerfile:1\nfrom golang:1.24 AS b\nRUN --mount=type=cache,target=/x go build \\\n# between\n\n  ./...\nRUN <<EOF\necho 1\n# kept\nEOF\nCOPY <<-\"X\" /a\n\tone\n\tX\nCMD [\"go\", \"env\"]\n",
        );
        let told: Vec<_> = got.instructions.iter().map(|i| (i.name.as_str(), i.text.as_slice(), i.line)).collect();
        let want: [(&str, &[u8], u32); 5] = [
            ("FROM", b"golang:1.24 AS b", 2),
            ("RUN", b"go build   ./...", 3),
            ("RUN", b"<<EOF", 7),
            ("COPY", b"<<-\"X\" /a", 11),
            ("CMD", b"[\"go\", \"env\"]", 14),
        ];
        assert_eq!(told, want);
        assert_eq!(got.instructions[1].flags, [b"--mount=type=cache,target=/x".to_vec()]);
        assert_eq!(got.instructions[2].documents[0].text, b"echo 1\n# kept\n");
        let copied = &got.instructions[3].documents[0];
        assert_eq!((copied.text.as_slice(), copied.expands, copied.line), (&b"one\n"[..], false, 12));
        assert_eq!(got.instructions[4].command(), Command::Exec(vec!["go".into(), "env".into()]));
        assert_eq!(parse(b"#escape=`\nRUN a `\n b\n").instructions[0].text, b"a  b");
    }
}
