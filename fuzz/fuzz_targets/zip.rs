//! Module zips: directory, names, local headers, content and descriptors of one file.
#![no_main]

use gocachescan::format::zip::{
    Damages, Inflater, WINDOW, Window, check_descriptor, check_names, printable, read_directory, read_local,
};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut held = vec![0; WINDOW];
    let mut window = Window::new(data, &mut held);
    let mut damage = Damages::default();
    let Ok(directory) = read_directory(&mut window, &mut damage) else { return };
    let _ = check_names(&directory, "example.com/m@v1.0.0/", &mut damage);
    let mut inflater = Inflater::default();
    // Members may share their data: a bound on the work, as the scan has one.
    let mut left: u64 = 1 << 20;
    for (i, member) in directory.members.iter().enumerate() {
        let name = directory.name(member);
        let Ok(Some(local)) = read_local(&mut window, member, name, &mut damage) else { continue };
        let end = local.data.saturating_add(member.compressed);
        if member.size > left {
            continue;
        }
        left -= member.size;
        let mut size = 0u64;
        let mut take = |piece: &[u8]| size += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        if let Ok(Ok(content)) = inflater.content(&mut window, member, local.data, &mut take) {
            assert_eq!(content.size, size);
            assert_eq!(content.size, member.size);
            inflater.keep(i);
        }
        let _ = check_descriptor(&mut window, member, local, end, name, &mut damage);
    }
    let _ = inflater.digests();
    for found in damage.iter() {
        assert!(!printable(found.to_string().as_bytes()).contains('\x1b'));
    }
});
