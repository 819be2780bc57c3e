//! Names that are known to be good: parsed once, at the edge.

use std::fmt;
use std::sync::Arc;

use crate::Error;
use crate::limits::{
    BLOB_NAME_BYTES_MAX, BUCKET_NAME_BYTES_MAX, CONTAINER_NAME_BYTES_MAX, KEY_BYTES_MAX, NAMESPACE_BYTES_MAX,
};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $check:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks a name.
            ///
            /// # Errors
            /// [`Error::Invalid`] says what is wrong with it.
            pub fn parse(text: &str) -> Result<Self, Error> {
                $check(text)?;
                Ok(Self(text.into()))
            }

            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// Whose data it is. Data of different namespaces never meets.
    Namespace,
    check_namespace
);
name!(
    /// The name of a bucket: letters, digits, `-`, `_` and `.`.
    BucketName,
    check_bucket
);
name!(
    /// A key in a bucket: any text that is not empty.
    Key,
    check_key
);
name!(
    /// The name of a container.
    ContainerName,
    check_container
);
name!(
    /// The name of a blob in its container.
    BlobName,
    check_blob
);

/// A bucket of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bucket {
    /// Whose it is.
    pub namespace: Namespace,
    /// What it is called there.
    pub name: BucketName,
}

fn check_namespace(text: &str) -> Result<(), Error> {
    let good = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    check_length("a namespace", text, NAMESPACE_BYTES_MAX)?;
    if text.bytes().all(good) { Ok(()) } else { Err(wrong("a namespace", text, "lower-case letters, digits and `-`")) }
}

fn check_bucket(text: &str) -> Result<(), Error> {
    let good = |c: u8| c.is_ascii_alphanumeric() || b"-_.".contains(&c);
    check_length("the name of a bucket", text, BUCKET_NAME_BYTES_MAX)?;
    if text.bytes().all(good) {
        Ok(())
    } else {
        Err(wrong("the name of a bucket", text, "letters, digits, `-`, `_` and `.`"))
    }
}

fn check_key(text: &str) -> Result<(), Error> {
    check_length("a key", text, KEY_BYTES_MAX)
}

fn check_container(text: &str) -> Result<(), Error> {
    check_length("the name of a container", text, CONTAINER_NAME_BYTES_MAX)?;
    check_path("the name of a container", text)
}

fn check_blob(text: &str) -> Result<(), Error> {
    check_length("the name of a blob", text, BLOB_NAME_BYTES_MAX)?;
    check_path("the name of a blob", text)
}

fn check_length(what: &str, text: &str, max: usize) -> Result<(), Error> {
    match text.len() {
        0 => Err(Error::Invalid(format!("{what} must not be empty"))),
        size if size > max => Err(Error::too_large(&format!("bytes of {what}"), size, max)),
        _ => Ok(()),
    }
}

/// Names become paths somewhere, be it only in the tools of whoever looks at them.
fn check_path(what: &str, text: &str) -> Result<(), Error> {
    if text.chars().any(char::is_control) {
        return Err(wrong(what, text, "no control characters"));
    }
    if text.split('/').any(|segment| segment == "." || segment == "..") {
        return Err(wrong(what, text, "no segment `.` or `..`"));
    }
    Ok(())
}

fn wrong(what: &str, text: &str, wanted: &str) -> Error {
    Error::Invalid(format!("{what} has {wanted}; this is {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_names_parse_and_bad_ones_say_why() {
        let long = "k".repeat(KEY_BYTES_MAX);
        assert!(Key::parse(&long).is_ok() && Key::parse("any \u{1F3DB} \n").is_ok());
        assert!(Namespace::parse("shop-1").is_ok() && BucketName::parse("My_bucket.v1").is_ok());
        assert!(ContainerName::parse("Übersicht").is_ok() && BlobName::parse("a//b/..c/...").is_ok());
        let why = |error: Error| error.to_string();
        let refused = [
            (Key::parse("").map(drop), "a key must not be empty"),
            (Key::parse(&format!("{long}k")).map(drop), "bytes of a key: 1025 is more than 1024"),
            (Namespace::parse("a/b").map(drop), "a namespace has lower-case letters, digits and `-`; this is \"a/b\""),
            (BucketName::parse("a/b").map(drop), "letters, digits, `-`, `_` and `.`; this is \"a/b\""),
            (BlobName::parse("a/../b").map(drop), "the name of a blob has no segment `.` or `..`; this is \"a/../b\""),
            (ContainerName::parse("a\nb").map(drop), "no control characters; this is \"a\\nb\""),
        ];
        for (found, wanted) in refused {
            let found = why(found.expect_err("is refused"));
            assert!(found.contains(wanted), "{found} does not say {wanted}");
        }
    }
}
