//! File names that match a pattern.

use super::expand::MANY;
use super::pattern::{Seen, Written};
use super::shell::Shell;

/// Whether it has a wildcard.
pub(super) fn is_wild(text: &[Written]) -> bool {
    text.iter().any(|w| matches!(w, Written::Bare(b'*' | b'?' | b'(' | b'<'))) || {
        let open = text.iter().position(|w| *w == Written::Bare(b'['));
        open.is_some_and(|o| text.get(o + 2..).is_some_and(|t| t.contains(&Written::Bare(b']'))))
    }
}

/// The names, sorted; `None` where they can't be told.
pub(super) fn glob(shell: &mut Shell<'_>, text: &[Written], bytes: &[u8], qualifier: &[u8]) -> Option<Vec<Vec<u8>>> {
    if !qualifier.iter().all(|b| matches!(b, b'N' | b'-' | b'/' | b'.' | b'@')) || qualifier.contains(&b'@') {
        return None;
    }
    if !is_wild(text) {
        // zsh: a qualifier alone asks whether the path is there.
        if !shell.zsh() || qualifier.is_empty() {
            return Some(Vec::new());
        }
        let there = shell.node(bytes)?;
        return Some(if fits(&there, qualifier) { vec![bytes.to_vec()] } else { Vec::new() });
    }
    let dotted = shell.state.option(if shell.zsh() { b"globdots" } else { b"dotglob" })?;
    if text.windows(2).any(|w| w == [Written::Bare(b'*'), Written::Bare(b'*')])
        && (shell.zsh() || shell.state.option(b"globstar") != Some(false))
    {
        return None;
    }
    let mut found: Vec<Vec<u8>> = vec![Vec::new()];
    let segments: Vec<&[Written]> = text.split(|w| matches!(w, Written::Bare(b'/') | Written::Quoted(b'/'))).collect();
    let last = segments.len() - 1;
    for (i, segment) in segments.iter().enumerate() {
        let mut next = Vec::new();
        for base in &found {
            if !shell.step(4) || next.len() > MANY {
                return None;
            }
            let slash = |mut p: Vec<u8>| {
                if i < last {
                    p.push(b'/');
                }
                p
            };
            if !is_wild(segment) {
                let name: Vec<u8> = segment
                    .iter()
                    .filter_map(|w| if let Written::Bare(b) | Written::Quoted(b) = w { Some(*b) } else { None })
                    .collect();
                let path = [base.as_slice(), &name].concat();
                if i == last && !shell.node(if path.is_empty() { b"/" } else { &path })?.exists() {
                    continue;
                }
                next.push(slash(path));
                continue;
            }
            let pattern = shell.make_pattern(segment);
            let folder = if base.is_empty() { b".".to_vec() } else { base.clone() };
            let folder = shell.absolute(&folder)?;
            if shell.state.written.iter().any(|w| w.starts_with(&folder)) {
                return None;
            }
            let mut names = shell.world.list(&folder)?;
            names.sort();
            if names.iter().any(|n| n.iter().any(|b| !b.is_ascii_alphanumeric() || b.is_ascii_uppercase())) && names.len() > 1 {
                // The order of names is the locale's; it is told where every locale agrees.
                shell.step(1);
            }
            let dot = matches!(segment.first(), Some(Written::Bare(b'.') | Written::Quoted(b'.')));
            for name in names {
                if name.first() == Some(&b'.') && !dot && !dotted {
                    continue;
                }
                let seen: Vec<Seen> = name.iter().map(|b| Seen::Byte(*b)).collect();
                if !pattern.matches(&seen)? {
                    continue;
                }
                let path = [base.as_slice(), &name].concat();
                if i < last && !shell.node(&path)?.folder {
                    continue;
                }
                if i == last && !qualifier.is_empty() && !fits(&shell.node(&path)?, qualifier) {
                    continue;
                }
                next.push(slash(path));
            }
        }
        found = next;
    }
    Some(found)
}

fn fits(node: &super::super::world::NodeState, qualifier: &[u8]) -> bool {
    let follow = qualifier.contains(&b'-');
    node.exists()
        && (!qualifier.contains(&b'/') || node.folder && (follow || !node.link))
        && (!qualifier.contains(&b'.') || node.file && (follow || !node.link))
}
