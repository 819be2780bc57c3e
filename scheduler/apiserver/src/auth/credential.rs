//! What a request shows of who sends it. Pure.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};

/// The `Authorization` header, read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Credential {
    /// There is none.
    None,
    /// A token.
    Token(String),
    /// Something nobody here understands.
    Unusable,
}

/// Names of query parameters that carry credentials elsewhere.
const IN_QUERY: [&str; 4] = ["access_token", "bearer_token", "id_token", "token"];

impl Credential {
    /// Reads the header. OCI clients send their token as the password of Basic authentication.
    pub(super) fn of(headers: &HeaderMap, is_oci: bool) -> Self {
        let Some(value) = headers.get(header::AUTHORIZATION) else { return Self::None };
        match value.to_str().ok().and_then(|value| token(value, is_oci)) {
            Some(token) => Self::Token(token),
            None => Self::Unusable,
        }
    }
}

fn token(value: &str, is_oci: bool) -> Option<String> {
    let (scheme, rest) = value.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.to_owned()).filter(|token| !token.is_empty());
    }
    if !is_oci || !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned()).filter(|token| !token.is_empty())
}

/// Whether a query carries a credential: URLs are written down along the way (F85).
pub(crate) fn is_in_query(query: &str) -> bool {
    query.split('&').filter_map(|pair| pair.split('=').next()).any(|key| IN_QUERY.contains(&key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn tokens_come_as_bearer_and_to_the_registry_as_password() {
        let of = |value: &str, is_oci| {
            let headers = [(header::AUTHORIZATION, HeaderValue::from_str(value).expect("a value"))];
            Credential::of(&headers.into_iter().collect(), is_oci)
        };
        let token = || Credential::Token("abc".to_owned());
        assert_eq!(of("Bearer abc", false), token());
        assert_eq!(of("bearer abc", true), token());
        let basic = format!("Basic {}", STANDARD.encode("x:abc"));
        assert_eq!(of(&basic, true), token());
        for (value, is_oci) in [(basic.as_str(), false), ("Bearer ", false), ("abc", true), ("Basic !", true)] {
            assert_eq!(of(value, is_oci), Credential::Unusable, "{value}");
        }
        assert_eq!(Credential::of(&HeaderMap::new(), true), Credential::None);
    }

    // F85
    #[test]
    fn a_token_in_a_url_is_seen() {
        for (query, wanted) in [
            ("limit=500&access_token=abc", true),
            ("token=abc", true),
            ("id_token", true),
            ("continue=abc&fieldSelector=token%3Dx", false),
            ("", false),
        ] {
            assert_eq!(is_in_query(query), wanted, "{query}");
        }
    }
}
