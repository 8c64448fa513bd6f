//! The environment at each command of a Dockerfile (docs.docker.com/reference/dockerfile `ENV`, `ARG`, `FROM`; BuildKit's
//! frontend/dockerfile/dockerfile2llb/convert.go).

use std::sync::Arc;

use super::substitute::{expand, words};
use super::{Command, Dockerfile};
use crate::format::machine::{Env, Growth, at, span};
use crate::format::shell::{At, Value};

/// Bytes of environments that are kept for all commands of a file together: what would be more is not told.
const KEPT: usize = 16 << 20;

/// What a base image brings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Base {
    /// Its variables.
    pub env: Env,
    /// Whether it may have others, and other values: an image that is not known.
    pub others_unknown: bool,
}

/// A command and what it starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// `RUN`, `CMD` or `ENTRYPOINT`.
    pub name: String,
    /// What it starts.
    pub command: Command,
    /// `--mount=` and the like.
    pub flags: Vec<Vec<u8>>,
    /// Variables of the image, and for `RUN` those of `ARG`.
    pub env: Arc<Env>,
    /// Where it runs, as far as `WORKDIR` tells.
    pub workdir: Value,
    /// As whom, where `USER` tells.
    pub user: Option<Value>,
    /// The line.
    pub at: At,
}

/// A stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The image, or the stage, that it starts from.
    pub from: Value,
    /// Its own name in lower case.
    pub name: Option<Vec<u8>>,
    /// The number of the stage that it starts from.
    pub parent: Option<usize>,
    /// Whether the image may set variables that are not told here.
    pub others_unknown: bool,
    /// The commands in order.
    pub runs: Vec<Run>,
    /// The environment at its end.
    pub env: Arc<Env>,
    /// The words of `SHELL`.
    pub shell: Option<Vec<String>>,
    /// Folders and owners at its end.
    place: Place,
    /// The line of `FROM`.
    pub at: At,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Place {
    workdir: Value,
    user: Option<Value>,
}

/// The stages in order. `base` tells of an image by its name; `file` is the Dockerfile's own.
pub fn stages(dockerfile: &Dockerfile, file: &Arc<[u8]>, base: &dyn Fn(&[u8]) -> Base) -> Vec<Stage> {
    let mut out: Vec<Stage> = Vec::new();
    let mut growth = Growth::default();
    // Arguments before the first stage are for `FROM`, and the default of the same `ARG` within a stage.
    let (mut global, mut args) = (Env::new(), Env::new());
    let mut kept = KEPT;
    for i in &dockerfile.instructions {
        let (escape, at) = (dockerfile.escape, at(file, i.line));
        if i.name == "FROM" {
            let words = words(&i.text, escape);
            let Some(image) = words.first() else { continue };
            let from = expand(image, escape, &|n| global.get(n), &at, &mut growth, 0);
            let is_as = words.get(1).is_some_and(|w| w.eq_ignore_ascii_case(b"AS"));
            let name = words.get(2).filter(|_| is_as).map(|w| w.to_ascii_lowercase());
            let lower = from.text().map(|t| t.to_ascii_lowercase());
            let parent = lower.and_then(|l| out.iter().rposition(|s| s.name.as_ref() == Some(&l)));
            let stage = match parent.and_then(|p| out.get(p)) {
                Some(p) => Stage { from, name, parent, runs: Vec::new(), at, ..p.clone() },
                None => {
                    let known = from.text().map_or(Base { env: Env::new(), others_unknown: true }, |t| base(&t));
                    let env = Arc::new(known.env);
                    let others_unknown = known.others_unknown;
                    let (runs, shell, place) = (Vec::new(), None, Place::default());
                    Stage { from, name, parent, others_unknown, runs, env, shell, place, at }
                }
            };
            args.clear();
            out.push(stage);
            continue;
        }
        let Some(stage) = out.last_mut() else {
            if i.name == "ARG" {
                for (name, value) in assignments(&i.text, escape) {
                    let value = value.map(|v| expand(v, escape, &|n| global.get(n), &at, &mut growth, 0));
                    // Without a default it is what `--build-arg` says.
                    global.insert(name.to_vec(), value.unwrap_or_else(|| Value::unknown(Some(&at))));
                }
            }
            continue;
        };
        let before = Arc::clone(&stage.env);
        let image_unknown = stage.others_unknown.then(|| Value::unknown(Some(&stage.at)));
        // ENV wins over ARG; a name that only an unknown image may have set is unknown.
        let get = |n: &[u8]| before.get(n).or_else(|| args.get(n)).or(image_unknown.as_ref());
        match i.name.as_str() {
            "ENV" => {
                let all: Vec<_> = assignments(&i.text, escape)
                    .into_iter()
                    .filter_map(|(n, v)| Some((n.to_vec(), expand(v?, escape, &get, &at, &mut growth, 0))))
                    .collect();
                Arc::make_mut(&mut stage.env).extend(all);
            }
            "ARG" => {
                let all: Vec<_> = assignments(&i.text, escape)
                    .into_iter()
                    .map(|(n, v)| {
                        let value = v.map(|v| expand(v, escape, &get, &at, &mut growth, 0)).or_else(|| global.get(n).cloned());
                        (n.to_vec(), value)
                    })
                    .collect();
                for (name, value) in all {
                    if let Some(value) = value {
                        args.insert(name, value);
                    } else {
                        args.insert(name, Value::unknown(Some(&at)));
                    }
                }
            }
            "WORKDIR" => {
                let to = expand(&i.text, escape, &get, &at, &mut growth, 0);
                let absolute = to.text().is_none_or(|t| t.starts_with(b"/"));
                if absolute {
                    stage.place.workdir = to;
                } else {
                    let mut whole = std::mem::take(&mut stage.place.workdir);
                    whole.push(b"/", Some(&at));
                    growth.append(&mut whole, &to, Some(&at));
                    stage.place.workdir = whole;
                }
            }
            "USER" => stage.place.user = Some(expand(&i.text, escape, &get, &at, &mut growth, 0)),
            "SHELL" => stage.shell = serde_json::from_slice(&i.text).ok().or(stage.shell.take()),
            "RUN" | "CMD" | "ENTRYPOINT" => {
                let mut env = Arc::clone(&before);
                if i.name == "RUN" && !args.is_empty() {
                    for (name, value) in &args {
                        if !env.contains_key(name) {
                            Arc::make_mut(&mut env).insert(name.clone(), value.clone());
                        }
                    }
                }
                let size: usize = env.iter().map(|(n, v)| n.len() + v.known_len() + 64 * (v.pieces().len() + 1)).sum();
                let Some(left) = kept.checked_sub(size) else { return out };
                kept = left;
                let command = match i.documents.first() {
                    Some(document) if i.text.starts_with(b"<<") => Command::Shell(document.text.clone()),
                    _ => i.command(),
                };
                let Place { workdir, user } = stage.place.clone();
                stage.runs.push(Run { name: i.name.clone(), command, flags: i.flags.clone(), env, workdir, user, at });
            }
            _ => {}
        }
    }
    out
}

/// `NAME=value ...`, `NAME` alone, or the old form `NAME value`.
fn assignments(text: &[u8], escape: u8) -> Vec<(&[u8], Option<&[u8]>)> {
    let (first, rest) = span(text, |b| b.is_ascii_whitespace());
    if !first.contains(&b'=') && !rest.is_empty() && !rest.contains(&b'=') {
        return vec![(first, Some(rest.trim_ascii()))];
    }
    let one = |word| {
        let (name, value) = span(word, |b| b == b'=');
        (name, value.strip_prefix(b"="))
    };
    words(text, escape).into_iter().map(one).filter(|(n, _)| !n.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_has_its_environment() {
        let text = "ARG V=1.24\nFROM golang:${V} AS build\nENV GOPATH=/work GOFLAGS=\"-mod=mod -v\"\nARG EXTRA=x\nRUN go env\n\
            ENV PATH=$GOPATH/bin:$PATH\nENV OLD a b\nRUN [\"go\"]\nFROM build\nENV A=1 B=$A-${OLD:+set}-${NO:-d}\nENTRYPOINT go\nFROM other\nENV P=/x:$PATH\nCMD x\n";
        let file = Arc::from(&b"Dockerfile"[..]);
        let base = |image: &[u8]| match image {
            b"golang:1.24" => {
                Base { env: Env::from([(b"PATH".to_vec(), Value::put(b"/go/bin:/usr/bin", None))]), others_unknown: false }
            }
            _ => Base { env: Env::new(), others_unknown: true },
        };
        let got = stages(&super::super::parse(text.as_bytes()), &file, &base);
        let told = |run: &Run, n: &str| run.env.get(n.as_bytes()).map(|v| String::from_utf8(v.text().unwrap()).unwrap());
        assert_eq!(got.len(), 3);
        let first = &got[0].runs[0];
        assert_eq!(told(first, "GOFLAGS").unwrap(), "-mod=mod -v");
        assert_eq!(told(first, "EXTRA").unwrap(), "x");
        assert_eq!(told(first, "PATH").unwrap(), "/go/bin:/usr/bin");
        assert_eq!(told(&got[0].runs[1], "PATH").unwrap(), "/work/bin:/go/bin:/usr/bin");
        assert_eq!(got[0].runs[1].env[&b"PATH"[..]].at().unwrap().line, 3, "the part that GOPATH gave");
        let entry = &got[1].runs[0];
        assert_eq!(got[1].parent, Some(0));
        assert_eq!(told(entry, "B").unwrap(), "-set-d", "an instruction sees what was before it");
        assert_eq!(told(entry, "OLD").unwrap(), "a b");
        assert_eq!(told(entry, "EXTRA"), None);
        assert!(got[2].others_unknown && !got[2].runs[0].env[&b"P"[..]].is_known());
    }
}
