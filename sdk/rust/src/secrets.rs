//! Secrets: values of the configuration and mounted files that are not told by accident.
//!
//! A [`Secret`] shows itself to [`Secret::expose`] alone; `{}`, `{:?}` and logs show `[secret]`. It does not guard
//! memory: who reads the instance's memory reads the secret.

use std::path::Path;

use crate::config;

/// A value that hides itself.
///
/// ```no_run
/// use insula_sdk::secrets;
///
/// let token = secrets::required("API_TOKEN")?;
/// println!("{token}"); // [secret]
/// let header = format!("Bearer {}", token.expose());
/// # drop(header);
/// # Ok::<(), insula_sdk::config::Error>(())
/// ```
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Hides `value`.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it is `other`, in a time that tells only their lengths.
    ///
    /// ```no_run
    /// # let (shown, expected) = ("open sesame", insula_sdk::secrets::Secret::new("open sesame"));
    /// if expected.matches(shown) {
    ///     println!("come in");
    /// }
    /// ```
    #[must_use]
    pub fn matches(&self, other: &str) -> bool {
        let differences = self.0.bytes().zip(other.bytes()).fold(0, |found, (a, b)| found | (a ^ b));
        // Opaque to the optimiser, which could otherwise leave early.
        self.0.len() == other.len() && std::hint::black_box(differences) == 0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl std::fmt::Display for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

/// The secret under `key` of the configuration, where the Pod's `env` puts it, or `None`.
///
/// ```no_run
/// let code = insula_sdk::secrets::get("STAFF_CODE")?;
/// # drop(code);
/// # Ok::<(), insula_sdk::config::Error>(())
/// ```
///
/// # Errors
/// The host could not say.
pub fn get(key: &str) -> Result<Option<Secret>, config::Error> {
    Ok(config::get(key)?.map(Secret))
}

/// The secret under `key` of the configuration, which must be there.
///
/// # Errors
/// It is not, or the host could not say.
pub fn required(key: &str) -> Result<Secret, config::Error> {
    config::required(key).map(Secret)
}

/// The secret in a file that the Pod mounts. A line break at the end is not part of it.
///
/// ```no_run
/// let password = insula_sdk::secrets::file("/etc/database/password")?;
/// # drop(password);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// It cannot be read, or is not text.
pub fn file(path: impl AsRef<Path>) -> std::io::Result<Secret> {
    let path = path.as_ref();
    let mut text = std::fs::read_to_string(path)
        .map_err(|error| std::io::Error::new(error.kind(), format!("the secret {}: {error}", path.display())))?;
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(Secret(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_told_by_accident() {
        let secret = Secret::new("open sesame");
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "[secret] [secret] Some([secret])");
        assert_eq!(secret.expose(), "open sesame");
    }

    #[test]
    fn a_secret_matches_itself_alone() {
        let secret = Secret::new("open");
        assert!(secret.matches("open"));
        for other in ["", "opem", "ope", "opens"] {
            assert!(!secret.matches(other), "{other}");
        }
    }
}
