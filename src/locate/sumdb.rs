//! The databases that the go command knows (`cmd/go/internal/modfetch/sumdb.go`, dbDial; `cmd/go/internal/modfetch/key.go`).

/// The checksum databases that Go knows by name.
pub const KNOWN_SUMDB: &[&str] = &["sum.golang.org", "sum.golang.google.cn"];

/// The key of sum.golang.org.
pub const SUM_GOLANG_ORG: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
