//! Where it is written down who did what.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

/// Where the audit log lies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AuditAt {
    /// `audit.log` in the data directory.
    #[default]
    DataDir,
    /// In another file.
    File(PathBuf),
    /// Nowhere.
    Off,
}

impl FromStr for AuditAt {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "off" { Self::Off } else { Self::File(PathBuf::from(text)) })
    }
}
