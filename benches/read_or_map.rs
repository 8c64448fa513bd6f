//! Why other people's files are read and not mapped: CPU seconds of hashing every file below a folder through `read` into a
//! reused buffer, and through a memory map, in pairs: `cargo bench --bench read_or_map -- FOLDER [PAIRS]`.
//!
//! Both must give the same digest of digests. A map is safe here only because the folder is the reader's own and quiet: a file
//! that someone truncates while it is mapped kills the process with SIGBUS, which is the other half of the answer.
#![allow(clippy::print_stdout, clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used, reason = "a measuring tool")]
#![expect(unsafe_code, reason = "mapping a file is the thing that is measured")]

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sha2::{Digest, Sha256};

/// Size of the read buffer, as the scan has it.
const BUFFER: usize = 64 << 10;

fn by_read(files: &[PathBuf], buffer: &mut [u8]) -> [u8; 32] {
    let mut all = Sha256::new();
    for path in files {
        let mut file = File::open(path).expect("the file opens");
        let mut one = Sha256::new();
        loop {
            match file.read(buffer).expect("the file is read") {
                0 => break,
                n => one.update(&buffer[..n]),
            }
        }
        all.update(one.finalize());
    }
    all.finalize().into()
}

fn by_map(files: &[PathBuf]) -> [u8; 32] {
    let mut all = Sha256::new();
    for path in files {
        let file = File::open(path).expect("the file opens");
        // An empty file can't be mapped everywhere.
        let digest = if file.metadata().expect("the file is there").len() == 0 {
            Sha256::digest(b"")
        } else {
            // SAFETY: the folder is the caller's own and nobody writes to it while this runs; see the head of this file.
            let map = unsafe { memmap2::Mmap::map(&file) }.expect("the file is mapped");
            Sha256::digest(&map[..])
        };
        all.update(digest);
    }
    all.finalize().into()
}

/// CPU seconds of this process so far, user and system, from `/proc/self/stat` (proc_pid_stat(5), fields 14 and 15).
fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks: f64 = fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
    // The kernel shows these in hundredths of a second on every platform (USER_HZ).
    Some(ticks / 100.0)
}

fn timed(work: impl FnOnce() -> [u8; 32]) -> Option<([u8; 32], f64)> {
    let before = cpu_seconds()?;
    let digest = work();
    Some((digest, cpu_seconds()? - before))
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).filter(|a| a != "--bench");
    let Some(folder) = arguments.next() else {
        println!("usage: cargo bench --bench read_or_map -- FOLDER [PAIRS]");
        return ExitCode::from(2);
    };
    let pairs: u32 = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(5);
    let files: Vec<PathBuf> = walkdir::WalkDir::new(Path::new(&folder))
        .sort_by_file_name()
        .into_iter()
        .flatten()
        .filter(|e| e.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect();
    let mut buffer = vec![0; BUFFER];
    // Once each before it counts, so that both find the same warm page cache.
    assert_eq!(by_read(&files, &mut buffer), by_map(&files), "both must see the same bytes");
    let mut ratios = Vec::new();
    for pair in 1..=pairs {
        let (Some((a, read)), Some((b, map))) = (timed(|| by_read(&files, &mut buffer)), timed(|| by_map(&files))) else {
            println!("this system does not tell CPU seconds in /proc/self/stat");
            return ExitCode::FAILURE;
        };
        assert_eq!(a, b, "the folder changed while it was measured");
        println!("pair {pair}: read {read:.2} s, map {map:.2} s, map / read {:.2}", map / read.max(0.01));
        ratios.push(map / read.max(0.01));
    }
    ratios.sort_by(f64::total_cmp);
    println!("{} files; median of map / read: {:.2}", files.len(), ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN));
    ExitCode::SUCCESS
}
