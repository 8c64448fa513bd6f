//! ELF, Mach-O, PE and the others: format, image, build info and build ID of one file.
#![no_main]

use gocachescan::format::ReadAt;
use gocachescan::format::binary::{format_of, map, read_build_id, read_build_info};

struct Bytes<'a>(&'a [u8]);

impl ReadAt for Bytes<'_> {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> std::io::Result<usize> {
        self.0.read_at(offset, buf)
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let file = Bytes(data);
    let _ = format_of(&file);
    if let Ok(Ok(image)) = map(&file) {
        let _ = image.build_info(&file);
    }
    let _ = read_build_info(&file);
    let _ = read_build_id(&file);
});
