//! ELF, Mach-O, PE and the others: format, image, build info and build ID of one file.
#![no_main]

use gocachescan::format::binary::{format_of, map, read_build_id, read_build_info};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = format_of(&data);
    if let Ok(Ok(image)) = map(&data) {
        let _ = image.build_info(&data);
    }
    let _ = read_build_info(&data);
    let _ = read_build_id(&data);
});
