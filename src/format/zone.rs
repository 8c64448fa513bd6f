//! Time zones, as Go's `Local` has them: offset and abbreviation at a time (TZif, RFC 9636).

use tz::TimeZone;

/// The largest zone file that Go reads, in bytes (time/zoneinfo_read.go: `maxFileSize`).
pub const LIMIT: u64 = 10 << 20;

/// A time zone.
#[derive(Debug, Clone)]
pub struct Zone(Option<TimeZone>);

impl Zone {
    /// Greenwich, called `UTC`.
    pub const UTC: Zone = Zone(None);

    /// Reads a zone file; `None` where it is malformed: Go then takes UTC.
    pub fn parse(bytes: &[u8]) -> Option<Zone> {
        TimeZone::from_tz_data(bytes).ok().map(|z| Zone(Some(z)))
    }

    /// Seconds east of Greenwich and abbreviation at a time in seconds since 1970; `None` where the zone does not tell.
    pub fn at(&self, seconds: i64) -> Option<(i32, String)> {
        match &self.0 {
            None => Some((0, "UTC".to_owned())),
            Some(zone) => {
                let kind = zone.find_local_time_type(seconds).ok()?;
                Some((kind.ut_offset(), kind.time_zone_designation().to_owned()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_behind_the_table_counts() {
        // A file of version 2 with one type and a rule: Berlin, as the slim files of tzdata have it.
        let block = |with: &[u8]| {
            let mut out = b"TZif2".to_vec();
            out.extend([0; 15]);
            for n in [0u32, 0, 0, 0, 1, 4] {
                out.extend(n.to_be_bytes());
            }
            out.extend(3600u32.to_be_bytes());
            out.extend([0, 0]);
            out.extend(b"CET\0");
            out.extend(with);
            out
        };
        let bytes = [block(b""), block(b"\nCET-1CEST,M3.5.0,M10.5.0/3\n")].concat();
        let zone = Zone::parse(&bytes).unwrap();
        assert_eq!(zone.at(1_787_000_000).unwrap(), (7200, "CEST".to_owned()));
        assert_eq!(zone.at(1_770_000_000).unwrap(), (3600, "CET".to_owned()));
        assert_eq!(Zone::UTC.at(0).unwrap(), (0, "UTC".to_owned()));
        assert!(Zone::parse(b"TZif").is_none());
    }
}
