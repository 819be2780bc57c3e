//! Interface ids: `namespace:package/name@version`, as they stand in a component's imports and exports.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

pub use semver::Version;

/// An interface id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interface {
    /// `wasi` in `wasi:http/types@0.2.12`.
    pub namespace: String,
    /// `http` in `wasi:http/types@0.2.12`.
    pub package: String,
    /// `types` in `wasi:http/types@0.2.12`.
    pub name: String,
    /// `0.2.12` in `wasi:http/types@0.2.12`; absent for unversioned packages.
    pub version: Option<Version>,
}

/// The text is no interface id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an interface id such as `wasi:http/types@0.2.12`: {reason}")]
pub struct ParseInterfaceError {
    text: String,
    reason: &'static str,
}

impl Interface {
    /// Whether an implementation of `granted` satisfies an import of `self`.
    ///
    /// Versions on one semver track are interchangeable, whichever is newer: interfaces only grow along a track, and
    /// a guest that calls what an older host lacks is refused when it is linked. A pre-release matches only itself,
    /// as does `0.0.x`.
    #[must_use]
    pub fn satisfied_by(&self, granted: &Interface) -> bool {
        self.namespace == granted.namespace
            && self.package == granted.package
            && self.name == granted.name
            && match (&self.version, &granted.version) {
                (None, None) => true,
                (Some(wanted), Some(given)) => {
                    wanted == given || (track(wanted).is_some() && track(wanted) == track(given))
                }
                (Some(_), None) | (None, Some(_)) => false,
            }
    }

    /// Whether this is `namespace:package/name` at some version of the track `major.minor`.
    #[must_use]
    pub(crate) fn is(&self, namespace: &str, package: &str, name: &str, major: u64, minor: u64) -> bool {
        self.namespace == namespace
            && self.package == package
            && self.name == name
            && self.version.as_ref().is_some_and(|v| v.pre.is_empty() && v.major == major && v.minor == minor)
    }
}

/// The leading version numbers that must agree, or `None` where nothing but equality will do.
fn track(version: &Version) -> Option<(u64, u64)> {
    match (version.pre.is_empty(), version.major, version.minor) {
        (false, _, _) | (true, 0, 0) => None,
        (true, 0, minor) => Some((0, minor)),
        (true, major, _) => Some((major, 0)),
    }
}

impl FromStr for Interface {
    type Err = ParseInterfaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |reason| ParseInterfaceError { text: text.chars().take(TEXT_SHOWN_MAX).collect(), reason };
        let (path, version) = match text.split_once('@') {
            Some((path, version)) => {
                (path, Some(Version::parse(version).map_err(|_| fail("the version is not major.minor.patch"))?))
            }
            None => (text, None),
        };
        let (namespace, rest) = path.split_once(':').ok_or_else(|| fail("there is no `:` after a namespace"))?;
        let (package, name) = rest.split_once('/').ok_or_else(|| fail("there is no `/` after a package"))?;
        if ![namespace, package, name].into_iter().all(is_label) {
            return Err(fail("names are words of letters and digits joined by `-`"));
        }
        Ok(Self { namespace: namespace.into(), package: package.into(), name: name.into(), version })
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.namespace, self.package, self.name)?;
        match &self.version {
            Some(version) => write!(f, "@{version}"),
            None => Ok(()),
        }
    }
}

/// As text.
impl Serialize for Interface {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How much of a bad id an error repeats.
const TEXT_SHOWN_MAX: usize = 100;

/// Labels of the component model, loosely: the validator of a component holds them to the letter.
fn is_label(text: &str) -> bool {
    text.split('-').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric()))
        && text.as_bytes()[0].is_ascii_alphabetic()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Interface {
        text.parse().unwrap()
    }

    #[test]
    fn text_survives_the_round_trip() {
        for text in ["wasi:http/types@0.2.12", "wasi:config/store@0.2.0-rc.1", "a-b:c/d", "insula:x2/y@1.0.0+build"] {
            assert_eq!(id(text).to_string(), text);
        }
    }

    #[test]
    fn nonsense_is_refused_with_a_reason() {
        for (text, reason) in [
            ("", "no `:`"),
            ("run", "no `:`"),
            ("wasi:http", "no `/`"),
            ("wasi:http/types@0.2", "major.minor.patch"),
            ("wasi:http/types@", "major.minor.patch"),
            ("wasi:/types", "joined by"),
            ("wasi:http/ty pes", "joined by"),
            ("wasi:a/b/c", "joined by"),
            ("9a:b/c", "joined by"),
            ("wasi:http/-types", "joined by"),
        ] {
            let error = text.parse::<Interface>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
        assert!("x".repeat(1 << 20).parse::<Interface>().unwrap_err().to_string().len() < 300);
    }

    #[test]
    fn versions_on_one_track_are_interchangeable() {
        for (wanted, granted, expected) in [
            ("wasi:http/types@0.2.10", "wasi:http/types@0.2.12", true),
            ("wasi:http/types@0.2.12", "wasi:http/types@0.2.0", true),
            ("wasi:http/types@0.3.2", "wasi:http/types@0.3.0", true),
            ("wasi:http/types@0.3.0", "wasi:http/types@0.2.0", false),
            ("wasi:http/types@0.2.0", "wasi:http/handler@0.2.0", false),
            ("wasi:http/types@0.2.0", "wasi:io/types@0.2.0", false),
            ("wasi:http/types@0.2.0", "other:http/types@0.2.0", false),
            ("a:b/c@1.2.0", "a:b/c@1.9.4", true),
            ("a:b/c@1.2.0", "a:b/c@2.0.0", false),
            ("a:b/c@0.0.1", "a:b/c@0.0.2", false),
            ("a:b/c@0.0.1", "a:b/c@0.0.1", true),
            ("a:b/c@0.3.0-rc-1", "a:b/c@0.3.0", false),
            ("a:b/c@0.3.0-rc-1", "a:b/c@0.3.0-rc-1", true),
            ("a:b/c", "a:b/c", true),
            ("a:b/c", "a:b/c@1.0.0", false),
            ("a:b/c@1.0.0", "a:b/c", false),
        ] {
            assert_eq!(id(wanted).satisfied_by(&id(granted)), expected, "{wanted} by {granted}");
        }
    }
}
