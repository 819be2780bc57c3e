//! Where what guests keep and say lies: with this server, or in a service that is there already.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// All of it. By default it lies with this server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backing {
    /// Key-value buckets.
    pub keyvalue: KeyValueAt,
    /// Messages.
    pub messages: MessagesAt,
    /// Blobs.
    pub blobs: BlobsAt,
}

/// Where key-value buckets lie.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum KeyValueAt {
    /// In the data directory; an answered write is on the disk.
    #[default]
    Embedded,
    /// In Redis, by its URL; as durable as that is.
    Redis(String),
}

/// What carries messages.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum MessagesAt {
    /// This server.
    #[default]
    Embedded,
    /// NATS, by its URL.
    Nats(String),
}

/// Where blobs lie.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum BlobsAt {
    /// In the data directory.
    #[default]
    DataDir,
    /// In another directory.
    Directory(PathBuf),
}

/// URLs may hold passwords.
impl fmt::Debug for KeyValueAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedded => "Embedded",
            Self::Redis(_) => "Redis",
        })
    }
}

/// URLs may hold passwords.
impl fmt::Debug for MessagesAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedded => "Embedded",
            Self::Nats(_) => "Nats",
        })
    }
}

impl FromStr for KeyValueAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once("://").map_or(text, |(scheme, _)| scheme) {
            "embedded" => Ok(Self::Embedded),
            "redis" => Ok(Self::Redis(text.to_owned())),
            "rediss" => Err("TLS to Redis is not supported yet; use redis:// over a network that is yours".to_owned()),
            other => Err(format!("{other:?} is neither `embedded` nor a URL redis://HOST:PORT")),
        }
    }
}

impl FromStr for MessagesAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once("://").map_or(text, |(scheme, _)| scheme) {
            "embedded" => Ok(Self::Embedded),
            "nats" | "tls" => Ok(Self::Nats(text.to_owned())),
            other => Err(format!("{other:?} is neither `embedded` nor a URL nats://HOST:PORT or tls://HOST:PORT")),
        }
    }
}

impl FromStr for BlobsAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once("://") {
            Some(_) => Err(format!("{text:?} is no directory; object stores such as S3 are not supported yet")),
            None if text.is_empty() => Err("the directory of blobs must not be empty".to_owned()),
            None => Ok(Self::Directory(PathBuf::from(text))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_parse_and_passwords_stay_out_of_logs() {
        let redis: KeyValueAt = "redis://u:secret@h:1".parse().expect("parses");
        let nats: MessagesAt = "nats://u:secret@h:1".parse().expect("parses");
        assert_eq!(format!("{redis:?} {nats:?}"), "Redis Nats");
        assert_eq!("embedded".parse(), Ok(KeyValueAt::Embedded));
        assert_eq!("/srv/blobs".parse(), Ok(BlobsAt::Directory("/srv/blobs".into())));
        assert!("rediss://h".parse::<KeyValueAt>().is_err_and(|why| why.contains("not supported yet")));
        assert!("s3://b".parse::<BlobsAt>().is_err_and(|why| why.contains("not supported yet")));
        assert!("h:1".parse::<MessagesAt>().is_err());
    }
}
