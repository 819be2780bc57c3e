//! The header `Warning: 299 - "text"` (RFC 7234, 5.5), by which Kubernetes' servers speak to people.

/// The text of a header's value; the value itself if it has another form.
pub(super) fn text(value: &str) -> String {
    let after_code = value.strip_prefix("299 ").and_then(|rest| rest.split_once(' ')).map(|(_agent, text)| text);
    let text = after_code.unwrap_or(value).trim();
    let Some(quoted) = text.strip_prefix('"') else { return text.to_owned() };
    let mut plain = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => plain.extend(characters.next()),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_stands_between_the_quotes() {
        for (value, wanted) in [
            (r#"299 - "unknown field \"spec.x\"""#, r#"unknown field "spec.x""#),
            (r#"299 insula "stored" "Wed, 1 Jan 2025""#, "stored"),
            ("299 - bare", "bare"),
            ("something else", "something else"),
        ] {
            assert_eq!(text(value), wanted);
        }
    }
}
