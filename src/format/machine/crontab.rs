//! Crontabs (crontab(5) of Debian's cron and of cronie; cronie's src/env.c `load_env`, src/entry.c `load_entry`): lines that set
//! variables, which hold for the jobs below them, and jobs.

use std::sync::Arc;

use super::{Env, at, lines, span};
use crate::format::shell::{At, Value};

/// Whose rules hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cron {
    /// Debian's: `A=` without quotes sets nothing, and is an error.
    Debian,
    /// cronie, of Fedora, RHEL, Arch.
    Cronie,
}

/// A line of a crontab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// `NAME=VALUE`. Nothing is expanded in it.
    Set(Vec<u8>, Value),
    /// A job.
    Job(Job),
    /// Neither: cron complains, and Debian's takes nothing of a crontab that has one.
    Bad,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// When, as written: five fields, or `@daily` and the like.
    pub when: Vec<u8>,
    /// Who runs it, in crontabs with that column.
    pub user: Option<Vec<u8>>,
    /// The text after it, `%` included.
    pub text: Vec<u8>,
}

impl Job {
    /// What the shell gets: the text up to the first `%`, `\%` standing for `%`.
    pub fn command(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = self.text.as_slice();
        loop {
            match rest {
                [] | [b'%', ..] => return out,
                [b'\\', b'%', after @ ..] => {
                    out.push(b'%');
                    rest = after;
                }
                [b, after @ ..] => {
                    out.push(*b);
                    rest = after;
                }
            }
        }
    }
}

/// The lines of a crontab. `with_user`: there is a column with the user, as in `/etc/crontab` and `/etc/cron.d`.
pub fn parse(bytes: &[u8], file: &Arc<[u8]>, with_user: bool, cron: Cron) -> Vec<(Line, At)> {
    let mut out = Vec::new();
    for (line, text) in lines(bytes) {
        let text = span(text, |b| !super::is_blank(b)).1;
        if text.is_empty() || text.starts_with(b"#") {
            continue;
        }
        let at = at(file, line);
        let told = match setting(text, cron) {
            Some((name, value)) => Line::Set(name, Value::put(&value, Some(&at))),
            None => job(text, with_user).map_or(Line::Bad, Line::Job),
        };
        out.push((told, at));
    }
    out
}

/// `load_env`: quotes only around the whole of a name or a value.
fn setting(text: &[u8], cron: Cron) -> Option<(Vec<u8>, Vec<u8>)> {
    let is_quote = |b: &u8| *b == b'"' || *b == b'\'';
    let (name, rest) = match text.split_first().filter(|(b, _)| is_quote(b)) {
        Some((quote, rest)) => {
            let (name, after) = span(rest, |b| b == *quote || b == b'=');
            (name, after.strip_prefix(&[*quote])?)
        }
        None => span(text, |b| b == b'=' || b.is_ascii_whitespace()),
    };
    let value = rest.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let value = match value.split_first().filter(|(b, _)| is_quote(b)) {
        Some((quote, rest)) => {
            let (value, after) = span(rest, |b| b == *quote);
            if !after.strip_prefix(&[*quote])?.trim_ascii().is_empty() {
                return None;
            }
            value
        }
        None if value.is_empty() && cron == Cron::Debian => return None,
        None => value.trim_ascii_end(),
    };
    Some((name.to_vec(), value.to_vec()))
}

fn job(text: &[u8], with_user: bool) -> Option<Job> {
    // A dash keeps the job out of the log.
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let fields = match text.first()? {
        b'@' => 1,
        b if b.is_ascii_digit() || *b == b'*' || *b == b'~' => 5,
        _ => return None,
    };
    let mut rest = text;
    for _ in 0..fields {
        let (word, after) = span(rest, super::is_blank);
        // The later fields know names of months and days too.
        if word.is_empty() {
            return None;
        }
        rest = span(after, |b| !super::is_blank(b)).1;
    }
    let when = text.get(..text.len() - rest.len())?.trim_ascii_end().to_vec();
    let mut user = None;
    if with_user {
        let (word, after) = span(rest, super::is_blank);
        user = Some(word.to_vec());
        rest = span(after, |b| !super::is_blank(b)).1;
    }
    (!rest.is_empty()).then(|| Job { when, user, text: rest.to_vec() })
}

/// The environment of the job that stands at `line`, before PAM: what the lines above it set, and what cron sets itself.
pub fn environment(lines: &[(Line, At)], line: u32, user: &[u8], home: &[u8], cron: Cron) -> Env {
    let put = |text: &[u8]| Value::put(text, None);
    let path: &[u8] = match cron {
        Cron::Debian => b"/usr/bin:/bin",
        Cron::Cronie => b"/usr/bin:/bin:/usr/sbin:/sbin",
    };
    let mut env = Env::from([(b"SHELL".to_vec(), put(b"/bin/sh")), (b"PATH".to_vec(), put(path)), (b"HOME".to_vec(), put(home))]);
    for (told, _) in lines.iter().take_while(|(_, at)| at.line < line) {
        if let Line::Set(name, value) = told {
            env.insert(name.clone(), value.clone());
        }
    }
    // These two can't be set.
    env.insert(b"LOGNAME".to_vec(), put(user));
    env.insert(b"USER".to_vec(), put(user));
    env
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_hold_for_the_jobs_below() {
        let file = Arc::from(&b"/etc/crontab"[..]);
        let text = b"# c\nSHELL=/bin/bash\n PATH = \"/usr/local/bin:/bin\" \n\"G P\"='a b'\n17 *\t* * * root cd / && date +\\%F %in\nGOPATH=$HOME/go \nE=\n\
            @daily ann go build\n* * * * * root\nBAD\nX='a' b\n*/5 1-3 * jan mon ann x";
        let got = parse(text, &file, true, Cron::Cronie);
        let jobs: Vec<_> =
            got.iter().filter_map(|(l, at)| if let Line::Job(j) = l { Some((j, at.line)) } else { None }).collect();
        assert_eq!(jobs.len(), 3);
        assert_eq!((jobs[0].1, jobs[0].0.when.as_slice()), (5, &b"17 *\t* * *"[..]));
        assert_eq!(jobs[0].0.command(), b"cd / && date +%F ");
        assert_eq!(jobs[1].0.user.as_deref(), Some(&b"ann"[..]));
        let bad: Vec<u32> = got.iter().filter(|(l, _)| *l == Line::Bad).map(|(_, at)| at.line).collect();
        assert_eq!(bad, [9, 10, 11]);
        let first = environment(&got, 5, b"root", b"/root", Cron::Cronie);
        assert_eq!(first[&b"PATH"[..]].text().unwrap(), b"/usr/local/bin:/bin");
        assert_eq!(first[&b"PATH"[..]].at().unwrap().line, 3);
        assert_eq!(first[&b"G P"[..]].text().unwrap(), b"a b");
        assert!(!first.contains_key(&b"GOPATH"[..]), "it stands below the job");
        let second = environment(&got, 8, b"ann", b"/home/ann", Cron::Cronie);
        assert_eq!(second[&b"GOPATH"[..]].text().unwrap(), b"$HOME/go", "nothing is expanded");
        assert_eq!(second[&b"E"[..]].text().unwrap(), b"");
        assert_eq!(second[&b"HOME"[..]].text().unwrap(), b"/home/ann");
        assert_eq!(parse(b"E=\n", &file, false, Cron::Debian)[0].0, Line::Bad);
        assert_eq!(parse(b"E=''\n", &file, false, Cron::Debian)[0].0, Line::Set(b"E".to_vec(), Value::new()));
    }
}
