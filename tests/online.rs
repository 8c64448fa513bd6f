//! `--online`: what leaves the machine, what is believed of what comes, and what is kept. No network: a proxy in memory, and one on
//! this machine that misbehaves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::as_conversions,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "test code"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gocachescan::check::sumdb::{fetched, latest as judge_latest};
use gocachescan::evidence::modcache::Content;
use gocachescan::evidence::node::Root;
use gocachescan::evidence::online::{Places, Session, Usable, gather};
use gocachescan::evidence::owners::Owners;
use gocachescan::evidence::sumdb::{HeadState, Notes, head};
use gocachescan::facts::{ModuleTrust, ModuleVersion};
use gocachescan::finding::{RootKind, Sink};
use gocachescan::format::sumdb::key::VerifierKey;
use gocachescan::locate::{self, Ask, Flags, Host, Rest};
use gocachescan::net::{Client, Limits};
use gocachescan::plan::{Online, Plan, Request};
use gocachescan::remote::{NoAnswer, Remote};
use gocachescan::report::{Report, Silent};
use gocachescan::rule::Level;
use gocachescan::sample::Sample;
use gocachescan::sample::served::{Files, PROXY, Serve};
use gocachescan::sample::sumdb::DATABASE;
use serde_json::Value;

fn sample() -> (tempfile::TempDir, Sample) {
    let folder = tempfile::tempdir().unwrap();
    let sample = Sample::make(&folder.path().join("world")).unwrap();
    (folder, sample)
}

fn scan_with(sample: &Sample, change: impl FnOnce(&mut Request)) -> Report {
    let env = sample.environment().into_iter().map(|(k, v)| (k.into(), v.into())).collect();
    let settings = locate::survey(&Host { env, cwd: sample.root().to_path_buf() }, &Flags::default());
    let mut request = Request::of_sample(sample);
    request.options.jobs = 2;
    change(&mut request);
    gocachescan::scan::run(&Plan::assemble(settings, request).unwrap(), &Silent)
}

fn scan(sample: &Sample) -> Report {
    scan_with(sample, |_| {})
}

fn told(report: &Report) -> Vec<String> {
    report.findings.iter().map(|f| format!("{} {}: {}", f.level, f.rule.id, f.message)).collect()
}

fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    // Nothing was kept: no folder either.
    let files = walkdir::WalkDir::new(folder).into_iter().flatten().filter(|e| e.file_type().is_file());
    files.map(|e| (e.path().to_path_buf(), std::fs::read(e.path()).unwrap())).collect()
}

#[test]
fn what_is_fetched_proves_and_is_kept_apart_from_go() {
    let (_folder, mut sample) = sample();
    sample.serve(|_| {}).unwrap();
    let before = tree(&sample.gomodcache());
    let report = scan(&sample);
    assert_eq!(told(&report), [""; 0]);
    assert_eq!((report.trust.sumdb, report.trust.go_sum), (1, 0));
    let asked = sample.remote.as_ref().unwrap().asked();
    let spent = report.online.unwrap();
    assert_eq!((spent.requests, spent.base.unwrap()), (5, format!("{PROXY}/sumdb/{DATABASE}")), "{asked:?}");
    assert_eq!(tree(&sample.gomodcache()), before, "nothing of it lies in Go's cache");
    assert!(!sample.root().join("gopath/pkg/sumdb").exists());
    // From what was kept, with nobody to ask, and without asking.
    sample.unreachable();
    let report = scan(&sample);
    assert_eq!((told(&report), report.trust.sumdb), (Vec::new(), 1));
    assert_eq!(report.online.unwrap().requests, 0);
}

#[test]
fn without_online_nobody_is_asked() {
    let (_folder, mut sample) = sample();
    sample.serve(|_| {}).unwrap();
    let report = scan_with(&sample, |request| request.options.online = None);
    assert_eq!((report.trust.sumdb, report.trust.go_sum, report.online.is_none()), (0, 1, true));
    assert_eq!(sample.remote.as_ref().unwrap().asked(), [""; 0]);
}

#[test]
fn no_private_module_is_named_to_anybody() {
    for (name, value, other) in [
        ("GOPRIVATE", "example.com", None),
        ("GONOSUMDB", "*.com/greet", None),
        ("GOPRIVATE", "example.com/*", Some(("GONOSUMDB", "none"))),
        ("GOSUMDB", "off", None),
        ("GOPROXY", "off", None),
    ] {
        let (_folder, mut sample) = sample();
        sample.serve(|_| {}).unwrap();
        sample.env.insert(name.to_owned(), value.to_owned());
        sample.env.extend(other.map(|(k, v)| (k.to_owned(), v.to_owned())));
        sample.require_trust = Some(ModuleTrust::Sumdb);
        let report = scan(&sample);
        assert_eq!(sample.remote.as_ref().unwrap().asked(), [""; 0], "{name}={value}");
        assert_eq!(report.trust.sumdb, 0, "{name}={value}");
        assert_eq!(report.online.as_ref().unwrap().withheld, u64::from(name != "GOPROXY"), "{name}={value}");
        let below = report.findings.iter().find(|f| f.rule.id == "trust-below-required").expect("it is told");
        let exempt = name != "GOPROXY" && other.is_none();
        assert_eq!(below.message.contains("exempts it"), exempt, "{}", below.message);
        let said = report.findings.iter().any(|f| f.rule.id == "database-not-asked" && f.message.contains("off"));
        assert_eq!(said, value == "off" && name == "GOPROXY", "{:?}", told(&report));
    }
}

#[test]
fn a_forged_module_is_found_by_the_record_that_is_fetched() {
    let (_folder, mut sample) = sample();
    sample.serve(|_| {}).unwrap();
    let mut members = sample.zip_members();
    members.iter_mut().find(|m| m.name.ends_with(b"greet.go")).unwrap().content.extend_from_slice(b"// forged\n");
    sample.put_zip(&members).unwrap();
    let report = scan(&sample);
    assert!(report.findings.iter().any(|f| f.rule.id == "zip-sumdb-mismatch" && f.level == Level::Error), "{:?}", told(&report));
    assert_eq!(report.trust.sumdb, 0);
}

#[test]
fn what_was_kept_is_believed_no_more_than_what_comes() {
    let (_folder, mut sample) = sample();
    sample.serve(|_| {}).unwrap();
    scan(&sample);
    for (path, bytes) in tree(&sample.root().join("kept")) {
        let mut forged = bytes.clone();
        let middle = forged.len() / 2;
        forged[middle] ^= 1;
        std::fs::write(&path, forged).unwrap();
        let report = scan(&sample);
        assert_eq!((told(&report), report.trust.sumdb), (Vec::new(), 1), "{}", path.display());
        assert!(report.online.unwrap().requests > 0, "{} was fetched anew", path.display());
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "and took its place");
    }
}

#[test]
fn a_head_that_go_remembers_is_held_against_what_comes() {
    let (_folder, mut sample) = sample();
    sample.make_forked_database(gocachescan::sample::sumdb::Fork::Latest).unwrap();
    std::fs::remove_dir_all(sample.gomodcache().join("cache/download/sumdb")).unwrap();
    sample.serve(|_| {}).unwrap();
    let report = scan(&sample);
    assert!(report.findings.iter().any(|f| f.rule.id == "tree-heads-contradict"), "{:?}", told(&report));
    assert_eq!(report.trust.sumdb, 0, "of two histories neither proves anything");
}

/// A proxy that answers from memory.
#[derive(Debug)]
struct Memory(Files);

impl Remote for Memory {
    fn get(&self, url: &str, _: u64) -> Result<Vec<u8>, NoAnswer> {
        self.0.get(url).cloned().ok_or(NoAnswer::Status(404))
    }
}

/// Over a thousand damaged databases with the verdict of x/mod's client: here a proxy serves them, and only `latest` lies on disk.
#[test]
fn no_database_that_go_refuses_proves_what_it_says() {
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/sumdb/frozen.jsonl.gz");
    let lines = BufReader::new(flate2::read::GzDecoder::new(std::fs::File::open(table).unwrap())).lines();
    let rows: Vec<Value> = lines.map(|l| serde_json::from_str(&l.unwrap()).unwrap()).collect();
    let first = rows.iter().find(|r| r.get("base").is_some()).unwrap();
    let key = VerifierKey::parse(first["key"].as_str().unwrap()).unwrap();
    let base = "https://proxy.test/sumdb";
    let decode = |v: &Value| v.as_str().map(|s| STANDARD.decode(s).unwrap());
    let whole: Files =
        first["base"].as_object().unwrap().iter().map(|(f, v)| (format!("{base}/{f}"), decode(v).unwrap())).collect();
    let latest = format!("{base}/{}/latest", key.name());
    let truth = first["truth"].as_object().unwrap();
    let wanted: Vec<ModuleVersion> =
        truth.keys().map(|path| ModuleVersion { path: path.clone(), version: "v1.0.0".to_owned() }).collect();
    let world = tempfile::tempdir().unwrap();
    let root = Root::open(RootKind::Gomodcache, world.path(), &Owners::look()).unwrap();
    let ask = Ask { key: key.clone(), base: Some(format!("{base}/{}", key.name())), proxies: Vec::new(), rest: Rest::End };
    let mut table: BTreeMap<(&str, &str, &str), u32> = BTreeMap::new();
    for row in rows.iter().filter(|r| r.get("kind").is_some()) {
        let mut files = whole.clone();
        for (file, content) in row["edit"].as_object().unwrap() {
            match decode(content) {
                Some(content) => files.insert(format!("{base}/{file}"), content),
                None => files.remove(&format!("{base}/{file}")),
            };
        }
        let mut usable = Usable::default();
        let mut sink = Sink::default();
        // As a scan does: what stands in `latest` is judged where it lies, and is a head to hold the rest to if it is one.
        let content = Content::Bytes(files.get(&latest).cloned().unwrap_or_default());
        if let Some(state) = head(&content, &mut Notes::new(&key)) {
            if let HeadState::Signed(tree) = state {
                usable.heads.push(tree);
            }
            judge_latest(key.name(), &world.path().join("latest"), state, &mut sink);
        }
        let remote = Memory(files);
        let session = Session::new(&remote, &ask, &world.path().join("kept")).unwrap();
        let gathered = gather(&session, &key, &wanted, &usable, &root, false, &|| {});
        let places = Places::default();
        let out = fetched(&gathered, &usable, &session, key.name(), (world.path(), &places), &mut sink);
        let proven: Vec<_> = wanted.iter().filter_map(|m| Some((m, out.proofs.of(m)?.zip?.to_string()))).collect();
        let (kind, go) = (row["kind"].as_str().unwrap(), row["go"].as_str().unwrap());
        for (module, sum) in &proven {
            assert_eq!(truth[&module.path], **sum, "{kind}: {row}");
        }
        let ours = match (sink.iter().any(|f| f.level == Level::Error), proven.len() == wanted.len()) {
            (true, _) => "error",
            (false, true) => "ok",
            (false, false) => "offline",
        };
        *table.entry((kind, go, ours)).or_default() += 1;
        assert!(kind != "untouched" || ours == "ok", "{:?}", sink.iter().map(|f| &f.message).collect::<Vec<_>>());
        // Stricter only: where Go lacks a file before it sees what is false, and where it loops for ever.
        let same = ours == go || matches!((go, ours), ("offline", "error") | ("loops", "offline"));
        assert!(same, "{kind}: go says {go}, we say {ours}: {}", row["edit"]);
    }
    for ((kind, go, ours), n) in &table {
        println!("{n:6}  {kind:30} go {go:8} ours {ours:8}{}", if go == ours { "" } else { "  *" });
    }
    let equal: u32 = table.iter().filter(|((_, go, ours), _)| go == ours).map(|(_, n)| n).sum();
    assert!(equal >= 1000, "{equal} verdicts are those of Go");
}

/// How a server on this machine behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Status(u16),
    Truncated,
    Slow,
    Endless,
    Redirect,
    Loop,
    Garbage,
    Hangup,
}

struct Server {
    url: String,
    hits: Arc<AtomicU32>,
}

/// Serves `files` by their path; what `misbehaves` names is answered with `fault`.
fn serve(files: Files, fault: Fault, misbehaves: fn(&str) -> bool) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let hits = Arc::new(AtomicU32::new(0));
    let (files, counted) = (Arc::new(files), hits.clone());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (files, hits) = (files.clone(), counted.clone());
            std::thread::spawn(move || drop(answer(stream, &files, fault, misbehaves, &hits)));
        }
    });
    Server { url: format!("http://{address}"), hits }
}

fn answer(
    mut stream: TcpStream,
    files: &Files,
    fault: Fault,
    misbehaves: fn(&str) -> bool,
    hits: &AtomicU32,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let mut line = String::new();
        while reader.read_line(&mut line)? > 2 {
            line.clear();
        }
        hits.fetch_add(1, Ordering::SeqCst);
        let path = first.split(' ').nth(1).unwrap_or("").to_owned();
        let body = files.get(&path);
        let fault = if misbehaves(&path) { fault } else { Fault::None };
        let head = |status: &str, n: usize| format!("HTTP/1.1 {status}\r\ncontent-length: {n}\r\n\r\n");
        match (fault, body) {
            (Fault::Status(code), _) => stream.write_all(head(&format!("{code} No"), 0).as_bytes())?,
            (_, None) => stream.write_all(head("404 Not Found", 0).as_bytes())?,
            (Fault::Truncated, Some(body)) => {
                stream.write_all(head("200 OK", body.len() + 10).as_bytes())?;
                return stream.write_all(body);
            }
            (Fault::Slow, Some(body)) => {
                stream.write_all(head("200 OK", body.len()).as_bytes())?;
                for b in body {
                    stream.write_all(&[*b])?;
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
            (Fault::Endless, Some(_)) => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
                loop {
                    stream.write_all(b"400\r\n")?;
                    stream.write_all(&[b'1'; 1024])?;
                    stream.write_all(b"\r\n")?;
                }
            }
            (Fault::Redirect, Some(_)) => {
                let target = "http://localhost.invalid/elsewhere";
                stream.write_all(format!("HTTP/1.1 302 Found\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n").as_bytes())?;
            }
            (Fault::Loop, Some(_)) => {
                stream.write_all(format!("HTTP/1.1 302 Found\r\nlocation: {path}\r\ncontent-length: 0\r\n\r\n").as_bytes())?;
            }
            (Fault::Garbage, Some(_)) => return stream.write_all(b"\0\x01SSH-2.0-hello\r\n\r\n"),
            (Fault::Hangup, Some(_)) => return Ok(()),
            (_, Some(body)) => {
                stream.write_all(head("200 OK", body.len()).as_bytes())?;
                stream.write_all(body)?;
            }
        }
    }
}

/// The sample's database by path, as a proxy on this machine would serve it.
fn database(sample: &mut Sample, change: impl FnOnce(&mut Files)) -> Files {
    let mut out = Files::new();
    sample
        .serve(|files| {
            out = files.iter().map(|(url, bytes)| (url.strip_prefix(PROXY).unwrap().to_owned(), bytes.clone())).collect();
        })
        .unwrap();
    change(&mut out);
    out
}

fn ask_over_http(sample: &mut Sample, server: &Server, proxy: &str) -> Report {
    sample.env.insert("GOPROXY".to_owned(), proxy.replace("SERVER", &server.url));
    let limits = Limits { connect: Duration::from_secs(2), whole: Duration::from_millis(1500) };
    let host = Host { env: BTreeMap::new(), cwd: sample.root().to_path_buf() };
    let folder = sample.root().join("kept");
    scan_with(sample, |request| request.options.online = Some(Online { remote: Arc::new(Client::new(&host, limits)), folder }))
}

/// Without the note that the proxy is not asked by TLS.
fn rules(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|f| f.rule.id).filter(|id| *id != "proxy-without-tls").collect()
}

#[test]
fn a_proxy_on_this_machine_serves_the_proof() {
    let (_folder, mut sample) = sample();
    let files = database(&mut sample, |_| {});
    let server = serve(files, Fault::None, |_| true);
    let report = ask_over_http(&mut sample, &server, "SERVER,direct");
    assert_eq!((rules(&report), report.trust.sumdb), (Vec::new(), 1), "{:?}", told(&report));
    assert_eq!(server.hits.load(Ordering::SeqCst), 5);
}

#[test]
fn a_server_that_fails_proves_nothing_and_stops_nothing() {
    let lookup: fn(&str) -> bool = |path| path.contains("/lookup/");
    let tile: fn(&str) -> bool = |path| path.contains("/tile/8/0/000");
    for (fault, wanted) in [
        (Fault::Status(500), "database-not-asked"),
        (Fault::Status(429), "database-not-asked"),
        (Fault::Truncated, "database-not-asked"),
        (Fault::Slow, "database-not-asked"),
        (Fault::Endless, "database-answer-false"),
        (Fault::Redirect, "database-not-asked"),
        (Fault::Loop, "database-not-asked"),
        (Fault::Garbage, "database-not-asked"),
        (Fault::Hangup, "database-not-asked"),
    ] {
        for misbehaves in [lookup, tile] {
            let (_folder, mut sample) = sample();
            let files = database(&mut sample, |_| {});
            let server = serve(files, fault, misbehaves);
            let started = Instant::now();
            let report = ask_over_http(&mut sample, &server, "SERVER");
            assert_eq!(rules(&report), [wanted], "{fault:?}: {:?}", told(&report));
            assert_eq!((report.trust.sumdb, report.trust.go_sum, report.complete), (0, 1, true), "{fault:?}");
            assert!(started.elapsed() < Duration::from_secs(20), "{fault:?} took {:?}", started.elapsed());
        }
    }
}

#[test]
fn answers_that_are_not_signed_are_told_and_not_kept() {
    type Change = fn(&mut Files);
    let flip = |files: &mut Files, name: &str, at: usize| {
        let bytes = files.iter_mut().find(|(path, _)| path.contains(name)).unwrap().1;
        bytes[at] ^= 1;
    };
    let cases: [(&str, Change); 5] = [
        ("forged record", |files| {
            let bytes = files.iter_mut().find(|(path, _)| path.contains("/lookup/")).unwrap().1;
            let text = String::from_utf8(bytes.clone()).unwrap();
            let at = text.find("h1:").unwrap() + 5;
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        }),
        ("head of another key", |files| {
            let bytes = files.iter_mut().find(|(path, _)| path.contains("/lookup/")).unwrap().1;
            *bytes = String::from_utf8(bytes.clone()).unwrap().replace("tree\n300\n", "tree\n301\n").into_bytes();
        }),
        ("another number", |files| {
            let bytes = files.iter_mut().find(|(path, _)| path.contains("/lookup/")).unwrap().1;
            *bytes = String::from_utf8(bytes.clone()).unwrap().replacen("7\n", "8\n", 1).into_bytes();
        }),
        ("short tile", |files| {
            let bytes = files.iter_mut().find(|(path, _)| path.contains("/tile/8/0/000")).unwrap().1;
            bytes.truncate(bytes.len() - 1);
        }),
        ("another module", |files| {
            let bytes = files.iter_mut().find(|(path, _)| path.contains("/lookup/")).unwrap().1;
            *bytes = String::from_utf8(bytes.clone()).unwrap().replace("example.com/greet", "example.com/great").into_bytes();
        }),
    ];
    for (name, change) in cases {
        let (_folder, mut sample) = sample();
        let files = database(&mut sample, change);
        let server = serve(files, Fault::None, |_| true);
        let report = ask_over_http(&mut sample, &server, "SERVER");
        assert_eq!(rules(&report), ["database-answer-false"], "{name}: {:?}", told(&report));
        assert_eq!((report.trust.sumdb, report.trust.go_sum), (0, 1), "{name}");
        let kept: Vec<PathBuf> = tree(&sample.root().join("kept")).into_keys().collect();
        assert!(!kept.iter().any(|p| p.to_string_lossy().contains("lookup")), "{name}: {kept:?}");
    }
    for (tile, at) in
        [("/tile/8/0/000", 7 * 32), ("/tile/8/0/001.p/44", 5), ("/tile/8/1/000.p/1", 5), ("/tile/8/0/000", 100 * 32)]
    {
        let (_folder, mut sample) = sample();
        let files = database(&mut sample, |files| flip(files, tile, at));
        let server = serve(files, Fault::None, |_| true);
        let report = ask_over_http(&mut sample, &server, "SERVER");
        assert_eq!((rules(&report), report.trust.sumdb), (vec!["database-answer-false"], 0), "{tile}: {:?}", told(&report));
    }
}

#[test]
fn proxies_are_tried_as_go_tries_them() {
    let supported: fn(&str) -> bool = |path| path.ends_with("/supported") && path.starts_with("/bad");
    for (list, status, proven) in [
        ("SERVER/bad,SERVER", 404, 1),
        ("SERVER/bad,SERVER", 410, 1),
        ("SERVER/bad,SERVER", 500, 0),
        ("SERVER/bad|SERVER", 500, 1),
        ("SERVER/bad|off", 404, 0),
        ("off", 404, 0),
    ] {
        let (_folder, mut sample) = sample();
        let files = database(&mut sample, |_| {});
        let server = serve(files, Fault::Status(status), supported);
        let report = ask_over_http(&mut sample, &server, list);
        assert_eq!(report.trust.sumdb, proven, "{list} {status}: {:?}", told(&report));
        let noted = rules(&report) == ["database-not-asked"];
        assert_eq!(noted, proven == 0, "{list} {status}: {:?}", told(&report));
    }
}

#[test]
fn a_password_of_a_proxy_is_never_shown_nor_sent_in_the_clear() {
    let (_folder, mut sample) = sample();
    let files = database(&mut sample, |_| {});
    let server = serve(files, Fault::None, |_| true);
    let with_password = server.url.replace("http://", "http://user:s3cret@");
    let report = ask_over_http(&mut sample, &server, &with_password);
    assert_eq!(server.hits.load(Ordering::SeqCst), 0, "nothing was sent");
    let shown = told(&report).join("\n");
    assert!(shown.contains("credentials") && !shown.contains("s3cret"), "{shown}");
}

#[test]
fn an_answer_is_read_no_further_than_it_may_be_long() {
    let mut files = Files::new();
    files.insert("/x".to_owned(), vec![7; 1000]);
    let server = serve(files, Fault::None, |_| false);
    let client = Client::new(&Host { env: BTreeMap::new(), cwd: PathBuf::from("/") }, Limits::default());
    let url = format!("{}/x", server.url);
    assert_eq!(client.get(&url, 1000).map(|b| b.len()), Ok(1000));
    assert_eq!(client.get(&url, 999), Err(NoAnswer::TooLong));
    assert_eq!(client.get(&format!("{}/y", server.url), 999), Err(NoAnswer::Status(404)));
}
