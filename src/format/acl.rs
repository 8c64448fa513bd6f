//! POSIX access control lists as Linux keeps them in extended attributes (`linux/posix_acl_xattr.h`): a little-endian
//! 32-bit version 2, then rows of tag (16 bits), permission (16 bits), number (32 bits).

/// Whom a row of an ACL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grantee {
    /// A named user.
    User(u32),
    /// A named group.
    Group(u32),
    /// The owning group.
    OwningGroup,
    /// Everybody else.
    Others,
}

/// Those beside the owner to whom the list grants write access, the mask applied. `None`: not in the known form.
pub fn writers(acl: &[u8]) -> Option<Vec<Grantee>> {
    const WRITE: u16 = 2;
    let (version, rows) = acl.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*version) != 2 || rows.len() % 8 != 0 {
        return None;
    }
    let mut mask = WRITE;
    let mut found = Vec::new();
    for row in rows.chunks_exact(8) {
        let (tag, row) = row.split_first_chunk::<2>()?;
        let (perm, id) = row.split_first_chunk::<2>()?;
        let (perm, id) = (u16::from_le_bytes(*perm), u32::from_le_bytes(*id.first_chunk::<4>()?));
        let who = match u16::from_le_bytes(*tag) {
            0x02 => Grantee::User(id),
            0x04 => Grantee::OwningGroup,
            0x08 => Grantee::Group(id),
            0x10 => {
                mask = perm & WRITE;
                continue;
            }
            0x20 => Grantee::Others,
            _ => continue,
        };
        if perm & WRITE != 0 {
            found.push(who);
        }
    }
    // The mask bounds all but the owner and the others.
    found.retain(|who| mask != 0 || *who == Grantee::Others);
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(rows: &[(u16, u16, u32)]) -> Vec<u8> {
        let mut out = 2u32.to_le_bytes().to_vec();
        for (tag, perm, id) in rows {
            out.extend(tag.to_le_bytes());
            out.extend(perm.to_le_bytes());
            out.extend(id.to_le_bytes());
        }
        out
    }

    #[test]
    fn the_mask_bounds_named_users() {
        let rows = [(1, 6, 0), (2, 6, 12345), (4, 4, 0), (0x10, 6, 0), (0x20, 4, 0)];
        assert_eq!(writers(&list(&rows)), Some(vec![Grantee::User(12345)]));
        let masked = [(1, 6, 0), (2, 6, 12345), (4, 6, 0), (0x10, 4, 0), (0x20, 6, 0)];
        assert_eq!(writers(&list(&masked)), Some(vec![Grantee::Others]));
        assert_eq!(writers(b"\x03\0\0\0"), None);
        assert_eq!(writers(b""), None);
    }
}
