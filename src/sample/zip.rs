//! Writes module zips as Go's archive/zip does (`Writer.Create`: deflated, sizes in data descriptors, no times), and on demand
//! with one thing wrong.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use sha2::{Digest, Sha256};

use crate::format::dirhash::{H1, hash1};

/// One member of a zip, and what a damage makes of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ZipMember {
    /// Name in the directory, any bytes.
    pub name: Vec<u8>,
    /// Content.
    pub content: Vec<u8>,
    /// Another name in the local header.
    pub local_name: Option<Vec<u8>>,
    /// The sizes in the local header, without a data descriptor, as most other writers do.
    pub sizes_first: bool,
    /// Not deflated.
    pub stored: bool,
    /// Mode as Unix has it; Go writes none.
    pub unix_mode: Option<u32>,
    /// What is added to the CRC-32 of the directory.
    pub crc_offset: u32,
    /// Bytes behind the member that belong to nothing.
    pub gap: Vec<u8>,
}

impl ZipMember {
    /// A member as Go writes it.
    pub fn new(name: impl Into<Vec<u8>>, content: impl Into<Vec<u8>>) -> ZipMember {
        ZipMember { name: name.into(), content: content.into(), ..ZipMember::default() }
    }
}

/// The zip of these members.
pub fn pack(members: &[ZipMember]) -> io::Result<Vec<u8>> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for m in members {
        let data = if m.stored { m.content.clone() } else { deflate(&m.content)? };
        let crc32 = crc32fast::hash(&m.content).wrapping_add(m.crc_offset);
        let sums: Vec<u8> = [crc32, number(data.len())?, number(m.content.len())?].iter().flat_map(|n| n.to_le_bytes()).collect();
        let offset = number(out.len())?;
        // Version, flags, method, time, date.
        let flags: u16 = if m.sizes_first { 0 } else { 8 };
        let method: u16 = if m.stored { 0 } else { 8 };
        let common: Vec<u8> = [20, flags, method, 0, 0].iter().flat_map(|n| n.to_le_bytes()).collect();

        let local_name = m.local_name.as_ref().unwrap_or(&m.name);
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&common);
        out.extend_from_slice(if m.sizes_first { &sums } else { &[0; 12] });
        out.extend_from_slice(&short(local_name.len())?.to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(local_name);
        out.extend_from_slice(&data);
        if !m.sizes_first {
            out.extend_from_slice(b"PK\x07\x08");
            out.extend_from_slice(&sums);
        }
        out.extend_from_slice(&m.gap);

        directory.extend_from_slice(b"PK\x01\x02");
        directory.extend_from_slice(&[20, if m.unix_mode.is_some() { 3 } else { 0 }]);
        directory.extend_from_slice(&common);
        directory.extend_from_slice(&sums);
        directory.extend_from_slice(&short(m.name.len())?.to_le_bytes());
        // Extra fields, comment, disk, internal attributes.
        directory.extend_from_slice(&[0; 8]);
        directory.extend_from_slice(&(m.unix_mode.unwrap_or(0) << 16).to_le_bytes());
        directory.extend_from_slice(&offset.to_le_bytes());
        directory.extend_from_slice(&m.name);
    }
    let (start, len, count) = (number(out.len())?, number(directory.len())?, short(members.len())?);
    out.append(&mut directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    for n in [count, count] {
        out.extend_from_slice(&n.to_le_bytes());
    }
    for n in [len, start] {
        out.extend_from_slice(&n.to_le_bytes());
    }
    out.extend_from_slice(&[0; 2]);
    Ok(out)
}

/// The dirhash of the zip of these members.
pub fn sum(members: &[ZipMember]) -> io::Result<H1> {
    let mut rows: Vec<(&[u8], [u8; 32])> = members.iter().map(|m| (&m.name[..], Sha256::digest(&m.content).into())).collect();
    hash1(&mut rows).map_err(io::Error::other)
}

fn deflate(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content)?;
    encoder.finish()
}

fn number(n: usize) -> io::Result<u32> {
    u32::try_from(n).map_err(io::Error::other)
}

fn short(n: usize) -> io::Result<u16> {
    u16::try_from(n).map_err(io::Error::other)
}
