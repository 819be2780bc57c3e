//! Names: what RFC 1123 and RFC 1035 allow, and how Kubernetes words a refusal.

/// Longest DNS label (RFC 1035).
pub const LABEL_LEN_MAX: usize = 63;
/// Longest DNS subdomain (RFC 1123).
pub const SUBDOMAIN_LEN_MAX: usize = 253;

const LABEL_RULE: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name', or '123-abc')";
const SUBDOMAIN_RULE: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com')";
const LABEL_1035_RULE: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name', or 'abc-123')";
const QUALIFIED_RULE: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName', or 'my.name', or '123-abc')";
const VALUE_RULE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue', or 'my_value', or '12345')";

fn bounded(value: &str, len_max: usize) -> Result<(), String> {
    if value.len() > len_max { Err(format!("must be no more than {len_max} characters")) } else { Ok(()) }
}

fn is_label(value: &str) -> bool {
    let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    !value.is_empty() && value.bytes().all(inner) && !value.starts_with('-') && !value.ends_with('-')
}

/// Checks an RFC 1123 label: names of Namespaces, containers, ports' parts.
///
/// # Errors
/// The sentence Kubernetes' clients know.
pub fn check_label(value: &str) -> Result<(), String> {
    bounded(value, LABEL_LEN_MAX)?;
    if is_label(value) { Ok(()) } else { Err(LABEL_RULE.to_owned()) }
}

/// Checks an RFC 1123 subdomain: names of most objects.
///
/// # Errors
/// The sentence Kubernetes' clients know.
pub fn check_subdomain(value: &str) -> Result<(), String> {
    bounded(value, SUBDOMAIN_LEN_MAX)?;
    if value.split('.').all(is_label) { Ok(()) } else { Err(SUBDOMAIN_RULE.to_owned()) }
}

/// Checks an RFC 1035 label: names of Services.
///
/// # Errors
/// The sentence Kubernetes' clients know.
pub fn check_label_1035(value: &str) -> Result<(), String> {
    bounded(value, LABEL_LEN_MAX)?;
    let starts_alphabetic = value.bytes().next().is_some_and(|c| c.is_ascii_lowercase());
    if starts_alphabetic && is_label(value) { Ok(()) } else { Err(LABEL_1035_RULE.to_owned()) }
}

/// Checks a name that has no rule but to fit into one segment of a path: names of roles and bindings.
///
/// # Errors
/// The sentence Kubernetes' clients know.
pub fn check_path_segment(value: &str) -> Result<(), String> {
    match value {
        "." | ".." => Err(format!("may not be '{value}'")),
        _ => match value.chars().find(|c| matches!(c, '/' | '%')) {
            Some(found) => Err(format!("may not contain '{found}'")),
            None => Ok(()),
        },
    }
}

fn is_qualified_part(value: &str) -> bool {
    let inner = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
    let edge = |c: Option<u8>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    value.bytes().all(inner) && edge(value.bytes().next()) && edge(value.bytes().last())
}

/// Checks the key of a label or annotation: `[prefix/]name`.
///
/// # Errors
/// The sentence Kubernetes' clients know.
pub fn check_qualified(value: &str) -> Result<(), String> {
    let (prefix, name) = match value.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, value),
    };
    if let Some(prefix) = prefix {
        check_subdomain(prefix).map_err(|why| format!("prefix part {why}"))?;
    }
    bounded(name, LABEL_LEN_MAX).map_err(|why| format!("name part {why}"))?;
    if is_qualified_part(name) { Ok(()) } else { Err(QUALIFIED_RULE.to_owned()) }
}

/// Checks the value of a label.
///
/// # Errors
/// The sentence Kubernetes' clients know.
pub fn check_label_value(value: &str) -> Result<(), String> {
    bounded(value, LABEL_LEN_MAX)?;
    if value.is_empty() || is_qualified_part(value) { Ok(()) } else { Err(VALUE_RULE.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subdomains_are_labels_joined_by_dots() {
        for good in ["a", "web-1", "a.b-c.d", "0"] {
            assert_eq!(check_subdomain(good), Ok(()), "{good}");
        }
        for bad in ["", "A", "-a", "a-", "a..b", "a_b", "ü", "a/b", "a\0"] {
            assert!(check_subdomain(bad).is_err(), "{bad}");
        }
        assert!(check_subdomain(&"a".repeat(254)).is_err());
    }

    #[test]
    fn qualified_names_may_carry_one_prefix() {
        for good in ["app", "insula.dev/reuse", "A_b.c"] {
            assert_eq!(check_qualified(good), Ok(()), "{good}");
        }
        for bad in ["", "/a", "a/", "a/b/c", "In.Dev/a", "-a"] {
            assert!(check_qualified(bad).is_err(), "{bad}");
        }
    }
}
