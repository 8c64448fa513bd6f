//! Which GOOS and GOARCH fit a file header.

use super::elf::Header;

/// The GOOS and GOARCH that the header of a file allows; empty where it says nothing that we know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Platform {
    /// Operating systems, the most usual first.
    pub goos: Vec<&'static str>,
    /// Architectures.
    pub goarch: Vec<&'static str>,
}

impl Platform {
    /// Only this system and this architecture, an empty one meaning that it is not known.
    pub(super) fn of(goos: &[&'static str], goarch: &'static str) -> Platform {
        let goarch = if goarch.is_empty() { Vec::new() } else { vec![goarch] };
        Platform { goos: goos.to_vec(), goarch }
    }

    /// The one system, if there is only one.
    pub fn sole_goos(&self) -> Option<&'static str> {
        match self.goos.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// The one architecture, if there is only one.
    pub fn sole_goarch(&self) -> Option<&'static str> {
        match self.goarch.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// From the ELF header, the names in its notes and its interpreter.
    ///
    /// Go's linker brands FreeBSD, NetBSD and OpenBSD in the header (`cmd/link/internal/ld/elf.go`, `asmbElf`), and the
    /// kernels of these want a brand or a note; the other systems have neither.
    pub(super) fn of_elf(header: &Header, notes: &[Vec<u8>], interpreter: &[u8]) -> Platform {
        let noted = |name: &[u8]| notes.iter().any(|n| n == name);
        let below = |dir: &[u8]| interpreter.starts_with(dir);
        let goos: &[&str] = match header.osabi {
            2 => &["netbsd"],
            6 => &["solaris", "illumos"],
            9 => &["freebsd"],
            12 => &["openbsd"],
            // None, or GNU, which linkers of several systems set where the file uses GNU's extensions.
            0 | 3 => {
                if noted(b"NetBSD") {
                    &["netbsd"]
                } else if noted(b"OpenBSD") {
                    &["openbsd"]
                } else if noted(b"FreeBSD") {
                    &["freebsd"]
                } else if noted(b"DragonFly") || below(b"/usr/libexec/ld-elf.so.2") {
                    &["dragonfly"]
                } else if noted(b"Android") || below(b"/system/") {
                    &["android"]
                } else if [b"/lib/ld-".as_slice(), b"/lib64/ld-", b"/lib32/ld-", b"/libx32/ld-"].iter().any(|p| below(p)) {
                    &["linux"]
                } else if interpreter.ends_with(b"/ld.so.1") && !below(b"/lib64/") && !below(b"/lib/ld.so.1") {
                    &["solaris", "illumos", "linux"]
                } else {
                    &["linux", "android", "dragonfly", "solaris", "illumos", "hurd"]
                }
            }
            _ => &[],
        };
        Platform { goos: goos.to_vec(), goarch: elf_goarch(header) }
    }
}

/// `GOARCH` by machine, class and byte order (`debug/elf`, `internal/syslist`).
fn elf_goarch(header: &Header) -> Vec<&'static str> {
    let one: &[&str] = match (header.machine, header.wide, header.big) {
        (3, false, false) => &["386"],
        (62, true, false) => &["amd64"],
        (62, false, false) => &["amd64p32"],
        (40, false, false) => &["arm"],
        (40, false, true) => &["armbe"],
        (183, true, false) => &["arm64"],
        (183, true, true) => &["arm64be"],
        (20, false, true) => &["ppc"],
        (21, true, true) => &["ppc64"],
        (21, true, false) => &["ppc64le"],
        (8, false, true) => &["mips", "mips64p32"],
        (8, false, false) => &["mipsle", "mips64p32le"],
        (8, true, true) => &["mips64"],
        (8, true, false) => &["mips64le"],
        (22, true, true) => &["s390x"],
        (22, false, true) => &["s390"],
        (243, true, false) => &["riscv64"],
        (243, false, false) => &["riscv"],
        (258, true, false) => &["loong64"],
        (2 | 18, false, true) => &["sparc"],
        (43, true, true) => &["sparc64"],
        _ => &[],
    };
    one.to_vec()
}

/// The owners of ELF notes, without their NULs; at most 64 of each segment.
pub(super) fn note_names(notes: &[(Vec<u8>, u64)], big: bool) -> Vec<Vec<u8>> {
    use super::field::{Fields, cstring};
    let mut out = Vec::new();
    for (segment, align) in notes {
        let pad = |n: u32| if *align == 8 { u64::from(n).div_ceil(8) * 8 } else { u64::from(n).div_ceil(4) * 4 };
        let mut f = Fields::new(segment, big);
        for _ in 0..64 {
            let (Ok(name), Ok(desc), Ok(_kind)) = (f.u32(), f.u32(), f.u32()) else { break };
            let Some(owner) = usize::try_from(name).ok().and_then(|n| f.take(n).ok()) else { break };
            out.push(cstring(owner).to_vec());
            let rest = pad(name.saturating_add(12)).saturating_sub(u64::from(name) + 12).saturating_add(pad(desc));
            if usize::try_from(rest).ok().and_then(|n| f.take(n).ok()).is_none() {
                break;
            }
        }
    }
    out
}
