//! Configuration: what the Pod's `env` resolved to, through `wasi:config`.
//!
//! ConfigMaps and Secrets named in a Pod's `env` and `envFrom` arrive here by the names the Pod gives them. A value
//! that should not be told by accident is better asked of [`secrets`](crate::secrets).

use std::fmt::Display;
use std::str::FromStr;

use crate::bindings::config::wasi::config::store;

/// Why there is no such value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The host could not say.
    Unavailable(String),
    /// The Pod sets no value under this key.
    Missing(String),
    /// The value is not what was expected. It is not told: it may be a secret.
    Malformed {
        /// The key.
        key: String,
        /// What is wrong with its value.
        why: String,
    },
}

impl Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unavailable(why) => write!(f, "configuration is not available: {why}"),
            Self::Missing(key) => write!(f, "{key} is not configured: set it in the Pod's env or envFrom"),
            Self::Malformed { key, why } => write!(f, "the value of {key} in the Pod's env is not understood: {why}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Upstream(message) | store::Error::Io(message) => Self::Unavailable(message),
        }
    }
}

/// The value under `key`, or `None` if the Pod sets none.
///
/// ```no_run
/// let currency = insula_sdk::config::get("CURRENCY")?.unwrap_or_else(|| "EUR".to_owned());
/// # drop(currency);
/// # Ok::<(), insula_sdk::config::Error>(())
/// ```
///
/// # Errors
/// The host could not say.
pub fn get(key: &str) -> Result<Option<String>, Error> {
    Ok(store::get(key)?)
}

/// The value under `key`, which must be there.
///
/// ```no_run
/// let database = insula_sdk::config::required("DATABASE_URL")?;
/// # drop(database);
/// # Ok::<(), insula_sdk::config::Error>(())
/// ```
///
/// # Errors
/// [`Error::Missing`], or the host could not say.
pub fn required(key: &str) -> Result<String, Error> {
    get(key)?.ok_or_else(|| Error::Missing(key.to_owned()))
}

/// The value under `key` as a number, an address or whatever else can be read from text, or `None`.
///
/// ```no_run
/// let workers: u32 = insula_sdk::config::parse("WORKERS")?.unwrap_or(4);
/// # drop(workers);
/// # Ok::<(), insula_sdk::config::Error>(())
/// ```
///
/// # Errors
/// [`Error::Malformed`], or the host could not say.
pub fn parse<T: FromStr<Err: Display>>(key: &str) -> Result<Option<T>, Error> {
    get(key)?.map(|value| read(key, &value)).transpose()
}

fn read<T: FromStr<Err: Display>>(key: &str, value: &str) -> Result<T, Error> {
    value.trim().parse().map_err(|why: T::Err| Error::Malformed { key: key.to_owned(), why: why.to_string() })
}

/// Every key and value.
///
/// ```no_run
/// for (key, value) in insula_sdk::config::all()? {
///     println!("{key} has {} bytes", value.len());
/// }
/// # Ok::<(), insula_sdk::config::Error>(())
/// ```
///
/// # Errors
/// The host could not say.
pub fn all() -> Result<Vec<(String, String)>, Error> {
    Ok(store::get_all()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_value_is_told_by_its_key_and_not_its_text() {
        assert_eq!(read::<u16>("PORT", " 80\n"), Ok(80));
        let error = read::<u16>("PORT", "sesame").unwrap_err().to_string();
        assert_eq!(error, "the value of PORT in the Pod's env is not understood: invalid digit found in string");
    }
}
