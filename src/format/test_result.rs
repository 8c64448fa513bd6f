//! Cached test results: the log of what a test read, the key that its inputs give, and the output that is replayed
//! (cmd/go/internal/test/test.go: `tryCacheWithID`, `computeTestInputsID`, `saveOutput`; testing/internal/testdeps/deps.go).

use super::action::ActionId;
use super::hex;
use super::subkey::{GoVersion, subkey};

/// What a test log begins with.
pub const LOG_MAGIC: &[u8] = b"# test log\n";

/// A log as far as the key of its result needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestLog {
    /// Variables that the test asked for, in the order of the log, each as often as it stands there.
    pub variables: Vec<Box<[u8]>>,
    /// Whether a file or folder is named that may lie in the module of the test: what it was then is not known here.
    pub names_files: bool,
}

/// Reads a log; `None` if Go would not take it, and so would never have stored it.
pub fn parse_log(bytes: &[u8]) -> Option<TestLog> {
    let lines = bytes.strip_prefix(LOG_MAGIC)?;
    if bytes.last() != Some(&b'\n') {
        return None;
    }
    let mut log = TestLog { variables: Vec::new(), names_files: false };
    for line in lines.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
        let at = line.iter().position(|b| *b == b' ')?;
        match (line.get(..at)?, line.get(at + 1..)?) {
            (b"getenv", name) => log.variables.push(name.into()),
            (b"chdir" | b"stat" | b"open", _) => log.names_files = true,
            _ => return None,
        }
    }
    Some(log)
}

impl TestLog {
    /// The hash of the inputs, for a test that found none of its variables set; `None` where files decide too.
    pub fn inputs(&self, go: &GoVersion) -> Option<ActionId> {
        if self.names_files {
            return None;
        }
        let unset = hex(&go.hash(&[b"\0"]).0);
        // The runtime looks at GODEBUG without a word in the log.
        let mut text: Vec<&[u8]> = vec![b"env GODEBUG ", unset.as_bytes(), b"\n"];
        for name in &self.variables {
            text.extend([b"env ", &**name, b" ", unset.as_bytes(), b"\n"]);
        }
        Some(go.hash(&text))
    }
}

/// The key of the result of a test, from that of its log and from its inputs.
pub fn result_key(test: ActionId, inputs: ActionId) -> ActionId {
    subkey(test, format!("inputs:{inputs}").as_bytes())
}

/// Whether Go would replay this as the output of a test: the last line is `ok`, a tab, the package, a tab and the rest. What
/// has no such line is never stored.
pub fn is_result(bytes: &[u8]) -> bool {
    let Some(text) = bytes.strip_suffix(b"\n") else { return false };
    let last = text.rsplit(|b| *b == b'\n').next().unwrap_or(text);
    last.strip_prefix(b"ok  \t").is_some_and(|rest| rest.contains(&b'\t'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_log_is_read_as_go_reads_it() {
        let log = parse_log(b"# test log\ngetenv HOME\n\ngetenv A B\n").unwrap();
        assert_eq!(log.variables, [&b"HOME"[..], b"A B"].map(Box::from));
        assert!(!log.names_files);
        assert!(parse_log(b"# test log\nopen testdata/x\n").unwrap().names_files);
        for bad in [&b""[..], b"# test log", b"# test log\ngetenv A", b"# test log\ngetenv\n", b"# test log\nread x\n"] {
            assert_eq!(parse_log(bad), None, "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn a_log_without_files_gives_the_inputs_of_its_result() {
        let go = GoVersion::new("go1.26.8");
        let inputs = |text: &[u8]| parse_log(text).unwrap().inputs(&go);
        assert_ne!(inputs(b"# test log\ngetenv A\n").unwrap(), inputs(b"# test log\n").unwrap());
        assert_eq!(inputs(b"# test log\nstat a\n"), None);
    }

    #[test]
    fn a_result_ends_with_ok() {
        assert!(is_result(b"ok  \texample.test/x\t0.01s\n"));
        assert!(is_result(b"\x16=== RUN   T\n\x16--- PASS: T (0.00s)\nPASS\nok  \tx\t0.01s\tcoverage: 5% of statements\n"));
        for bad in [&b""[..], b"\n", b"ok  \tx\t1s", b"ok  \tx\n", b"ok  \tx\t1s\nFAIL\n", b"ok   x\t1s\n"] {
            assert!(!is_result(bad), "{}", bad.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = (parse_log(&bytes), is_result(&bytes));
        }
    }
}
