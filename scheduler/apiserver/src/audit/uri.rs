//! A URL as it may be written down: values that may be credentials are left out, and its length is bounded. Pure.

use http::Uri;

/// Longest URL that is written down.
const CHARS_MAX: usize = 2_048;
/// Words in a parameter's name that make its value nobody's business.
const SECRET_WORDS: [&str; 7] = ["token", "secret", "password", "passwd", "credential", "authorization", "apikey"];
/// How tokens of this cluster and of most others begin.
const SECRET_STARTS: [&str; 2] = ["eyJ", "insula1."];
const LEFT_OUT: &str = "REDACTED";

/// Path and query.
pub(super) fn shown(uri: &Uri) -> String {
    let mut shown: String = uri.path().split('/').map(segment).collect::<Vec<_>>().join("/");
    if let Some(query) = uri.query() {
        shown.push('?');
        shown.push_str(&query.split('&').map(pair).collect::<Vec<_>>().join("&"));
    }
    match shown.char_indices().nth(CHARS_MAX) {
        Some((at, _)) => format!("{}...", &shown[..at]),
        None => shown,
    }
}

fn segment(text: &str) -> &str {
    if looks_secret(text) { LEFT_OUT } else { text }
}

fn looks_secret(text: &str) -> bool {
    SECRET_STARTS.iter().any(|start| text.starts_with(start))
}

fn pair(pair: &str) -> String {
    let Some((name, value)) = pair.split_once('=') else { return segment(pair).to_owned() };
    let lower = name.to_ascii_lowercase();
    let is_named = SECRET_WORDS.iter().any(|word| lower.contains(word));
    if is_named || looks_secret(value) { format!("{name}={LEFT_OUT}") } else { pair.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    // F85, C67
    #[test]
    fn what_may_be_a_credential_is_left_out() {
        for (uri, wanted) in [
            ("/api/v1/pods?limit=500&watch=1", "/api/v1/pods?limit=500&watch=1"),
            ("/api?access_token=abc", "/api?access_token=REDACTED"),
            ("/x?X-Secret-Key=abc&a", "/x?X-Secret-Key=REDACTED&a"),
            ("/api?q=eyJhbGciOi.x.y", "/api?q=REDACTED"),
            ("/api/eyJhbGciOi.x.y/a", "/api/REDACTED/a"),
            ("/api?insula1.ab.cd", "/api?REDACTED"),
            ("/api?token", "/api?token"),
        ] {
            assert_eq!(shown(&uri.parse().expect("a URI")), wanted, "{uri}");
        }
        let long = format!("/{}", "x".repeat(10_000));
        assert!(shown(&long.parse().expect("a URI")).len() < CHARS_MAX + 10);
    }
}
