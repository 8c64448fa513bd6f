//! Changes to one line of an init file, by its text alone. Where a line is not of a shape that is known, none is proposed.

use crate::format::machine::systemd::words;

/// The line without one entry of PATH: `Some(None)` where the whole line is to go, `None` where no change can be named. Of lines of
/// sh, bash, zsh and fish that put folders into PATH.
pub fn without_entry(line: &str, entry: &str, home: &str) -> Option<Option<String>> {
    let Some((at, length)) = find_entry(line, entry, home) else { return sets_one(line).then_some(None) };
    let (before, after) = (line.get(..at)?, line.get(at + length..)?);
    let rest = if let Some(after) = after.strip_prefix(':') {
        format!("{before}{after}")
    } else if let Some(before) = before.strip_suffix(':') {
        format!("{before}{after}")
    } else {
        // A word of its own: fish's lists, zsh's arrays, what a helper is given. Quotes around it go with it.
        let (mut before, mut after) = (before, after);
        for quote in ['"', '\''] {
            if let (Some(b), Some(a)) = (before.strip_suffix(quote), after.strip_prefix(quote)) {
                (before, after) = (b, a);
            }
        }
        let after = if before.ends_with([' ', '(', '=']) { after.strip_prefix(' ').unwrap_or(after) } else { after };
        let before = if after.trim_start().starts_with(')') { before.trim_end_matches(' ') } else { before };
        format!("{before}{after}")
    };
    Some((!says_nothing(&rest)).then(|| rest.trim_end().to_owned()))
}

/// The line with one entry or value written as `new`.
pub fn entry_as(line: &str, entry: &str, new: &str, home: &str) -> Option<String> {
    let plain = new.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-+@".contains(&b));
    let (at, length) = find_entry(line, entry, home)?;
    plain.then_some(format!("{}{new}{}", line.get(..at)?, line.get(at + length..)?))
}

/// Where an entry stands in a line, in one of its spellings, and how long that is.
fn find_entry(line: &str, entry: &str, home: &str) -> Option<(usize, usize)> {
    spellings(entry, home).iter().filter(|s| !s.is_empty()).find_map(|s| Some((position(line, s)?, s.len())))
}

/// The line of an empty entry: a colon that belongs to none is taken away, a variable that may be empty takes its colon along.
pub fn without_empty(line: &str) -> Option<String> {
    let value_at = line.find("PATH=")? + "PATH=".len();
    let (head, value) = line.split_at_checked(value_at)?;
    let mut out = value.replace("::", ":");
    for quote in ["", "\"", "'"] {
        if let Some(rest) = out.strip_prefix(&format!("{quote}:")) {
            out = format!("{quote}{rest}");
        }
    }
    for end in ["\"", "'"] {
        if let Some(rest) = out.trim_end().strip_suffix(&format!(":{end}")) {
            out = format!("{rest}{end}");
        }
    }
    if let Some(rest) = out.trim_end().strip_suffix(':') {
        out = rest.to_owned();
    }
    if out == value {
        out = guard_variables(value)?;
    }
    Some(format!("{head}{out}"))
}

/// `$X:` as `${X:+$X:}` and `:$X` as `${X:+:$X}`, for every X but PATH.
fn guard_variables(value: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = value;
    let mut changed = false;
    while let Some(at) = rest.find('$') {
        let (before, tail) = rest.split_at_checked(at)?;
        let (name, length) = variable(tail)?;
        let after = tail.get(length..)?;
        let whole_entry = matches!(after.chars().next(), None | Some(':' | '"' | '\'' | ' ' | ';'));
        let leads = matches!(before.chars().next_back(), None | Some(':' | '"'));
        if name == "PATH" || !whole_entry || !leads {
            out.push_str(before);
            out.push_str(tail.get(..length)?);
            rest = after;
        } else if let Some(after) = after.strip_prefix(':') {
            out.push_str(&format!("{before}${{{name}:+${name}:}}"));
            (rest, changed) = (after, true);
        } else if let Some(before) = before.strip_suffix(':') {
            out.push_str(&format!("{before}${{{name}:+:${name}}}"));
            (rest, changed) = (after, true);
        } else {
            return None;
        }
    }
    out.push_str(rest);
    changed.then_some(out)
}

/// The name of the variable that a text begins with, and the length of `$NAME` or `${NAME}`.
fn variable(text: &str) -> Option<(&str, usize)> {
    let braced = text.strip_prefix("${");
    let body = braced.or_else(|| text.strip_prefix('$'))?;
    let end = body.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(body.len());
    let name = body.get(..end).filter(|n| !n.is_empty())?;
    match braced {
        Some(body) => body.get(end..)?.starts_with('}').then_some((name, end + 3)),
        None => Some((name, end + 1)),
    }
}

/// A line that appends to PATH as one that prepends.
pub fn prepended(line: &str) -> Option<String> {
    if let Some(rest) = line.trim_start().strip_prefix("fish_add_path ") {
        let indent = line.get(..line.len() - line.trim_start().len())?;
        let words: Vec<&str> =
            rest.split_whitespace().filter(|w| !matches!(*w, "-a" | "--append" | "-p" | "--prepend")).collect();
        return Some(format!("{indent}fish_add_path --prepend --move {}", words.join(" ")));
    }
    for fish in [" PATH $PATH ", " -x PATH $PATH ", " fish_user_paths $fish_user_paths "] {
        if let Some(at) = line.find(fish).filter(|_| line.trim_start().starts_with("set ")) {
            let name = fish.trim_end().rsplit(' ').next()?;
            let head = line.get(..at + fish.len() - name.len() - 1)?;
            let tail = line.get(at + fish.len()..)?.trim_end();
            return Some(format!("{head}{tail} {name}"));
        }
    }
    if let Some(rest) = line.trim_start().strip_prefix("path+=(") {
        let (words, end) = rest.split_once(')')?;
        return Some(format!("path=({words} $path){end}"));
    }
    let value_at = line.find("PATH=")? + "PATH=".len();
    let (head, value) = line.split_at_checked(value_at)?;
    let quote = value.chars().next().filter(|c| *c == '"').map_or("", |_| "\"");
    let inner = value.strip_prefix(quote)?;
    let old = ["${PATH}:", "$PATH:", "${PATH:+$PATH:}", "${PATH:+${PATH}:}"].iter().find(|o| inner.starts_with(**o))?;
    let rest = inner.strip_prefix(old)?;
    let ends = |c: char| if quote.is_empty() { c == ' ' || c == ';' || c == '\t' } else { c == '"' };
    let end = rest.find(ends).unwrap_or(rest.len());
    let (entries, tail) = rest.split_at_checked(end)?;
    (!entries.is_empty()).then(|| format!("{head}{quote}{entries}:$PATH{tail}"))
}

/// A line that sets a variable as one that exports it.
pub fn exported(line: &str, name: &str) -> Option<String> {
    let bare = line.trim_start();
    let indent = line.get(..line.len() - bare.len())?;
    if bare.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')) {
        return Some(format!("{indent}export {bare}"));
    }
    let words: Vec<&str> = bare.split_whitespace().collect();
    match words.as_slice() {
        // fish.
        ["set", flag, var, ..] if *var == name && flag.starts_with('-') && !flag.contains('x') => {
            Some(format!("{indent}{}", bare.replacen(flag, &format!("{flag}x"), 1)))
        }
        ["set", var, ..] if *var == name => Some(format!("{indent}{}", bare.replacen("set ", "set -gx ", 1))),
        _ => None,
    }
}

/// The line without its assignment to a variable: `Some(None)` where it has no other and the whole line is to go, `None` where no
/// change can be named. Of init files, `/etc/environment` and the like, and of systemd's `Environment=`.
pub fn without_assignment(line: &str, name: &str) -> Option<Option<String>> {
    if line.ends_with('\\') {
        return None;
    }
    let is_it = |word: &str| word.strip_prefix(name).is_some_and(|rest| rest.starts_with('='));
    let is_other = |word: &str| {
        let before = word.trim_start_matches(['"', '\'']).split_once('=').map(|(before, _)| before);
        before.is_some_and(|b| !b.is_empty() && b != name && b.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_'))
    };
    let bare = line.trim_start();
    let (key, rest) = bare.split_once(['=', ' ', '\t'])?;
    if matches!(key, "Environment" | "DefaultEnvironment" | "ManagerEnvironment") {
        let (key, list) = line.split_once('=')?;
        let all: Vec<String> = words(list.as_bytes()).0.into_iter().map(String::from_utf8).collect::<Result<_, _>>().ok()?;
        let rest: Vec<&str> = all.iter().map(String::as_str).filter(|word| !is_it(word)).collect();
        return match rest.as_slice() {
            _ if rest.len() + 1 != all.len() => None,
            [] => Some(None),
            _ if list.contains(['"', '\'', '\\']) => None,
            rest => Some(Some(format!("{key}={}", rest.join(" ")))),
        };
    }
    // pam_env.conf: `NAME DEFAULT=VALUE OVERRIDE=VALUE`.
    let of_pam = key == name && (rest.trim_start().starts_with("DEFAULT=") || rest.trim_start().starts_with("OVERRIDE="));
    if of_pam || !bare.split_whitespace().any(is_other) {
        return Some(None);
    }
    let plain = !rest.contains(['"', '\'', '\\', ';', '&', '|', '(', '`', '#', '<', '>']);
    if !plain || !matches!(key, "export" | "ENV") {
        return None;
    }
    let kept: Vec<&str> = bare.split_whitespace().filter(|word| !is_it(word)).collect();
    let indent = line.get(..line.len() - bare.len())?;
    (kept.len() + 1 == bare.split_whitespace().count()).then(|| Some(format!("{indent}{}", kept.join(" "))))
}

/// How an entry may be written in an init file.
fn spellings(entry: &str, home: &str) -> Vec<String> {
    let mut all = vec![entry.to_owned()];
    if let Some(rest) = entry.strip_prefix(home).filter(|r| !home.is_empty() && r.starts_with('/')) {
        all.extend(["$HOME", "${HOME}", "~"].map(|h| format!("{h}{rest}")));
    }
    all
}

/// Where `entry` stands as a whole entry or word.
fn position(line: &str, entry: &str) -> Option<usize> {
    const EDGES: &[char] = &[':', '"', '\'', '=', ' ', '\t', '(', ')', ';'];
    line.match_indices(entry).map(|(at, _)| at).find(|at| {
        let before = line.get(..*at).and_then(|b| b.chars().next_back());
        let after = line.get(at + entry.len()..).and_then(|a| a.chars().next());
        before.is_none_or(|c| EDGES.contains(&c)) && after.is_none_or(|c| EDGES.contains(&c))
    })
}

/// Whether a line does nothing but put one entry, however it is written, before or behind PATH.
fn sets_one(line: &str) -> bool {
    let bare = line.trim();
    let bare = bare.strip_prefix("export ").unwrap_or(bare).trim_start();
    let Some(value) = bare.strip_prefix("PATH=") else { return false };
    let value = value.replace(['"', '\''], "").replace("${PATH}", "$PATH");
    let entries: Vec<&str> = value.split(':').collect();
    let plain = !value.contains([';', '&', '|', '(', '`', ' ', '#']);
    plain && entries.len() == 2 && entries.iter().filter(|e| **e == "$PATH").count() == 1
}

/// Whether nothing is left of a line that only put folders into PATH.
fn says_nothing(line: &str) -> bool {
    let bare = line.replace(['"', '\''], "").replace("${PATH}", "$PATH");
    let words: Vec<&str> = bare.split_whitespace().filter(|w| *w != "export" && !w.starts_with('-')).collect();
    matches!(
        words.as_slice(),
        ["PATH=" | "PATH=$PATH" | "path+=()" | "path=($path)" | "path=()" | "fish_add_path"]
            | ["set", "PATH", "$PATH"]
            | ["set", "fish_user_paths", "$fish_user_paths"]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_is_taken_out_of_its_line() {
        for (line, want) in [
            ("Environment=GOSUMDB=off", Some(None)),
            ("Environment=\"GOSUMDB=off\"", Some(None)),
            ("Environment=A=1 GOSUMDB=off B=2", Some(Some("Environment=A=1 B=2"))),
            ("DefaultEnvironment=A=1 GOSUMDB=off", Some(Some("DefaultEnvironment=A=1"))),
            ("ManagerEnvironment=GOSUMDB=off", Some(None)),
            ("Environment=\"A=x y\" GOSUMDB=off", None),
            ("Environment=GOSUMDB=off \\", None),
            ("GOSUMDB=off", Some(None)),
            ("PassEnvironment=GOSUMDB", None),
            ("GOSUMDB DEFAULT=off", Some(None)),
            ("export GOSUMDB=off", Some(None)),
            ("  export PATH=$PATH:/x GOSUMDB=off", Some(Some("  export PATH=$PATH:/x"))),
            ("export GOSUMDB=off; PATH=/x:$PATH", None),
            ("if true; then export GOSUMDB=off; fi", Some(None)),
            ("set -gx GOSUMDB off", Some(None)),
            ("ENV GOSUMDB=off", Some(None)),
            ("ENV A=1 GOSUMDB=off", Some(Some("ENV A=1"))),
        ] {
            assert_eq!(without_assignment(line, "GOSUMDB"), want.map(|w| w.map(str::to_owned)), "{line}");
        }
        assert_eq!(without_assignment("export GOFLAGS=\"-mod=mod -x=1\"", "GOFLAGS"), Some(None));
    }

    #[test]
    fn an_entry_is_taken_out_of_its_line() {
        let out = |line: &str, entry: &str| without_entry(line, entry, "/home/ann");
        for line in [
            "export PATH=/opt/old/bin:$PATH",
            "PATH=\"$PATH:/opt/old/bin\"",
            "  export PATH=\"/opt/old/bin:${PATH}\"",
            "fish_add_path /opt/old/bin",
            "fish_add_path -g '/opt/old/bin'",
            "set -gx PATH /opt/old/bin $PATH",
            "path+=(/opt/old/bin)",
            "path=(/opt/old/bin $path)",
            "export PATH=$OLD/bin:$PATH",
        ] {
            assert_eq!(out(line, "/opt/old/bin"), Some(None), "{line}");
        }
        let changed = |line: &str, entry: &str| out(line, entry).unwrap().unwrap();
        assert_eq!(changed("export PATH=$HOME/go/bin:/a:$PATH", "/home/ann/go/bin"), "export PATH=/a:$PATH");
        assert_eq!(changed("PATH=\"$PATH:/a:${HOME}/go/bin\" # x", "/home/ann/go/bin"), "PATH=\"$PATH:/a\" # x");
        assert_eq!(changed("PATH=\"~/go/bin:$PATH\"; X=1", "~/go/bin"), "PATH=\"$PATH\"; X=1");
        assert_eq!(changed("fish_add_path /a /b", "/a"), "fish_add_path /b");
        assert_eq!(changed("path=(/a /b $path)", "/b"), "path=(/a $path)");
        assert_eq!(out("[ -d $X ] && PATH=$X:$PATH", "/a"), None);
        assert_eq!(out("PATH=/ab:$PATH:$X", "/a"), None);
    }

    #[test]
    fn a_value_is_written_otherwise() {
        let out = |line: &str, new: &str| entry_as(line, "/home/ann/c", new, "/home/ann");
        assert_eq!(out("export GOCACHE=\"$HOME/c\" # x", "/srv/c").as_deref(), Some("export GOCACHE=\"/srv/c\" # x"));
        assert_eq!(out("set -gx GOCACHE /home/ann/c", "/srv/c").as_deref(), Some("set -gx GOCACHE /srv/c"));
        assert_eq!(out("export GOCACHE=$X/c", "/srv/c"), None);
        assert_eq!(out("export GOCACHE=~/c", "/srv/my c"), None, "it would have to be quoted");
    }

    #[test]
    fn an_empty_entry_is_closed() {
        for (line, want) in [
            ("export PATH=:$PATH", Some("export PATH=$PATH")),
            ("PATH=\"$PATH:\"", Some("PATH=\"$PATH\"")),
            ("PATH=$PATH::/a", Some("PATH=$PATH:/a")),
            ("PATH=\"$NOT_SET:$PATH\"", Some("PATH=\"${NOT_SET:+$NOT_SET:}$PATH\"")),
            ("export PATH=$PATH:$X", Some("export PATH=$PATH${X:+:$X}")),
            ("PATH=$X/bin:$PATH", None),
            ("PATH=$(x):$PATH", None),
            ("fish_add_path ''", None),
        ] {
            assert_eq!(without_empty(line).as_deref(), want, "{line}");
        }
    }

    #[test]
    fn what_is_appended_is_put_first() {
        for (line, want) in [
            ("export PATH=$PATH:/usr/local/go/bin", Some("export PATH=/usr/local/go/bin:$PATH")),
            ("PATH=\"${PATH}:/a:$HOME/b\" # c", Some("PATH=\"/a:$HOME/b:$PATH\" # c")),
            ("export PATH=${PATH:+$PATH:}/a;x", Some("export PATH=/a:$PATH;x")),
            ("path+=(/a)", Some("path=(/a $path)")),
            ("fish_add_path -a /a", Some("fish_add_path --prepend --move /a")),
            ("set -gx PATH $PATH /a", Some("set -gx PATH /a $PATH")),
            ("export PATH=/a:$PATH", None),
            ("eval \"$(x)\"", None),
        ] {
            assert_eq!(prepended(line).as_deref(), want, "{line}");
        }
    }

    #[test]
    fn a_variable_is_exported() {
        assert_eq!(exported("  GOPATH=/x", "GOPATH").as_deref(), Some("  export GOPATH=/x"));
        assert_eq!(exported("set -g GOPATH /x", "GOPATH").as_deref(), Some("set -gx GOPATH /x"));
        assert_eq!(exported("set GOPATH /x", "GOPATH").as_deref(), Some("set -gx GOPATH /x"));
        assert_eq!(exported("[ x ] && GOPATH=/x", "GOPATH"), None);
    }
}
