//! Names that came from outside and were found to be names. Only these become paths, so no path can lead elsewhere.

use std::fmt;
use std::str::FromStr;

use ring::digest::{SHA256, digest};

/// Longest name of a repository, as the specification's clients assume with a host before it.
const REPOSITORY_LEN_MAX: usize = 255;
/// Longest tag (OCI distribution specification 1.1).
const TAG_LEN_MAX: usize = 128;
const SHA256_HEX_LEN: usize = 64;
const ALGORITHM: &str = "sha256";

/// A repository: `web`, `shop/web`. Every component begins with a letter or digit, so none is `..` or begins with `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Repository(String);

/// A tag: `v1`, `latest`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Tag(String);

/// The SHA-256 of some content.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Digest(String);

/// What a manifest is asked for by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    Tag(Tag),
    Digest(Digest),
}

impl Repository {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// `shop` and `web` of `shop/web`.
    pub(crate) fn components(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }
}

impl Tag {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What an image without a tag means.
    pub(crate) fn latest() -> Self {
        Self("latest".to_owned())
    }
}

impl Digest {
    /// Of content that is in memory.
    pub(crate) fn of(content: &[u8]) -> Self {
        Self(hex::encode(digest(&SHA256, content)))
    }

    /// Of content that was hashed piece by piece.
    pub(crate) fn finish(context: ring::digest::Context) -> Self {
        Self(hex::encode(context.finish()))
    }

    /// The 64 hexadecimal digits.
    pub(crate) fn hex(&self) -> &str {
        &self.0
    }

    /// Reads the 64 hexadecimal digits.
    pub(crate) fn from_hex(hex: &str) -> Option<Self> {
        let digits = |text: &str| text.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c));
        (hex.len() == SHA256_HEX_LEN && digits(hex)).then(|| Self(hex.to_owned()))
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ALGORITHM}:{}", self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Repository {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() > REPOSITORY_LEN_MAX {
            return Err(format!("the name is longer than {REPOSITORY_LEN_MAX} characters"));
        }
        if text.split('/').all(is_component) {
            return Ok(Self(text.to_owned()));
        }
        Err("a name is made of lower case letters and digits, joined by '/', '-', '.', '_' or '__'".to_owned())
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separator = |text: &str| matches!(text, "." | "_" | "__") || text.chars().all(|c| c == '-');
    let mut separators = text.split(letter).filter(|part| !part.is_empty());
    text.starts_with(letter) && text.ends_with(letter) && separators.all(separator)
}

impl FromStr for Tag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let inner = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.' | b'-');
        let starts = text.bytes().next().is_some_and(|c| c.is_ascii_alphanumeric() || c == b'_');
        if starts && text.len() <= TAG_LEN_MAX && text.bytes().all(inner) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "a tag has at most {TAG_LEN_MAX} letters, digits, '_', '.' and '-', and does not begin with '.' or '-'"
        ))
    }
}

impl FromStr for Digest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let hex = text.strip_prefix(ALGORITHM).and_then(|rest| rest.strip_prefix(':'));
        hex.and_then(Self::from_hex)
            .ok_or_else(|| format!("a digest is `{ALGORITHM}:` and {SHA256_HEX_LEN} lower case hexadecimal digits"))
    }
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains(':') { text.parse().map(Self::Digest) } else { text.parse().map(Self::Tag) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_are_components_joined_by_slashes() {
        for good in ["a", "web", "shop/web", "a.b/c_d/e__f/g---h", "0/1", &"a".repeat(255)] {
            assert!(good.parse::<Repository>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "/",
            "a/",
            "/a",
            "a//b",
            ".",
            "..",
            "a/..",
            "../a",
            "a/../b",
            "_a",
            "a_",
            "a___b",
            "a._b",
            "a..b",
            "-a",
            "A",
            "a b",
            "a\0b",
            "a%2fb",
            "a:b",
            "ä",
            "_tags/a",
            "a/_tags",
            &"a".repeat(256),
        ] {
            assert!(bad.parse::<Repository>().is_err(), "{bad}");
        }
    }

    #[test]
    fn tags_and_digests_are_told_apart() {
        for good in ["v1", "latest", "_x", "1.2.3-rc.1", "A_b", &"t".repeat(128)] {
            assert!(matches!(good.parse(), Ok(Reference::Tag(_))), "{good}");
        }
        for bad in ["", ".", "..", "-v", "a/b", "a b", "a\\b", "\0", &"t".repeat(129)] {
            assert!(bad.parse::<Reference>().is_err(), "{bad}");
        }
        let hex = "0123456789abcdef".repeat(4);
        assert!(matches!(format!("sha256:{hex}").parse(), Ok(Reference::Digest(_))));
        for bad in [
            format!("sha256:{}", hex.to_uppercase()),
            format!("sha256:{}", &hex[1..]),
            format!("sha512:{hex}"),
            "sha256:../../../../etc/passwd".to_owned(),
            ":".to_owned(),
        ] {
            assert!(bad.parse::<Reference>().is_err(), "{bad}");
        }
    }
}
