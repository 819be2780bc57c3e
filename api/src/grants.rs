//! What a Pod is granted of the cluster's backing services, from annotations of `insula.dev`: key-value buckets, blob
//! containers, topics. Nothing is granted that is not named.

/// Bytes of a name.
const NAME_BYTES_MAX: usize = 128;
/// Names in one annotation.
const NAMES_MAX: usize = 64;

/// Names that are granted, from a list such as `default, sessions`; `*` grants every name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    names: Vec<String>,
    all: bool,
}

impl Names {
    /// Parses `insula.dev/keyvalue` or `insula.dev/blobs`.
    ///
    /// # Errors
    /// A sentence that names the part.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut granted = Self::default();
        for name in parts(text)? {
            match name {
                "*" => granted.all = true,
                name => granted.names.push(checked(name)?),
            }
        }
        Ok(granted)
    }

    /// Whether `name` is granted.
    #[must_use]
    pub fn grants(&self, name: &str) -> bool {
        (self.all && check(name).is_ok()) || self.names.iter().any(|granted| granted == name)
    }
}

/// Topics that are granted, or asked for, from a list such as `orders.created, payments.>`.
///
/// A topic is words joined by `.`; `*` stands for one word and a last `>` for one or more, as in NATS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topics(Vec<String>);

impl Topics {
    /// Parses `insula.dev/publish` or `insula.dev/subscribe`.
    ///
    /// # Errors
    /// A sentence that names the part.
    pub fn parse(text: &str) -> Result<Self, String> {
        parts(text)?.into_iter().map(pattern).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a message may be sent to `topic`, which has no wildcard.
    #[must_use]
    pub fn grants(&self, topic: &str) -> bool {
        check(topic).is_ok() && self.0.iter().any(|pattern| matches(pattern, topic))
    }

    /// The patterns.
    #[must_use]
    pub fn patterns(&self) -> &[String] {
        &self.0
    }
}

fn parts(text: &str) -> Result<Vec<&str>, String> {
    let parts: Vec<&str> = text.split([',', ' ']).filter(|part| !part.is_empty()).collect();
    if parts.len() > NAMES_MAX { Err(format!("more than {NAMES_MAX} names")) } else { Ok(parts) }
}

fn checked(name: &str) -> Result<String, String> {
    check(name).map(|()| name.to_owned())
}

/// Names become parts of keys and paths, so they are plain words joined by dots.
fn check(name: &str) -> Result<(), String> {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if name.len() <= NAME_BYTES_MAX && name.split('.').all(word) {
        Ok(())
    } else {
        Err(format!("{name:?} must be at most {NAME_BYTES_MAX} letters, digits, `-` and `_`, in words joined by `.`"))
    }
}

fn pattern(text: &str) -> Result<String, String> {
    let words: Vec<&str> = text.split('.').collect();
    let last = words.len() - 1;
    for (at, word) in words.iter().enumerate() {
        match *word {
            "*" => {}
            ">" if at == last => {}
            ">" => return Err(format!("{text:?}: `>` may only be the last word")),
            word => check(word).map_err(|why| format!("{text:?}: {why}"))?,
        }
    }
    if text.len() > NAME_BYTES_MAX {
        Err(format!("{text:?} is longer than {NAME_BYTES_MAX}"))
    } else {
        Ok(text.to_owned())
    }
}

fn matches(pattern: &str, topic: &str) -> bool {
    let (mut wanted, mut given) = (pattern.split('.'), topic.split('.'));
    loop {
        match (wanted.next(), given.next()) {
            (Some(">"), Some(_)) | (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == "*" || wanted == given => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // F50
    #[test]
    fn nothing_is_granted_that_is_not_named() {
        let granted = Names::parse("default, sessions.eu").unwrap();
        for (name, expected) in [("default", true), ("sessions.eu", true), ("sessions", false), ("", false)] {
            assert_eq!(granted.grants(name), expected, "{name}");
        }
        assert!(!Names::default().grants("default") && !Names::parse("").unwrap().grants(""));
        let all = Names::parse("*").unwrap();
        assert!(all.grants("any") && !all.grants("../etc") && !all.grants(""), "every name that is one");
    }

    #[test]
    fn topics_match_word_by_word() {
        for (pattern, topic, expected) in [
            ("orders.created", "orders.created", true),
            ("orders.*", "orders.created", true),
            ("orders.*", "orders.created.eu", false),
            ("orders.*", "orders", false),
            ("orders.>", "orders.created.eu", true),
            ("orders.>", "orders", false),
            ("*.created", "orders.created", true),
            (">", "a", true),
            ("a", "b", false),
        ] {
            assert_eq!(Topics::parse(pattern).unwrap().grants(topic), expected, "{pattern} {topic}");
        }
        assert!(!Topics::parse(">").unwrap().grants("a.*"), "a message goes to one topic");
    }

    #[test]
    fn mistakes_name_the_part() {
        for (text, part) in [("a/b", "a/b"), ("a..b", "a..b"), ("ok,../x", "../x")] {
            assert!(Names::parse(text).unwrap_err().contains(part), "{text}");
        }
        assert!(Topics::parse("a.>.b").unwrap_err().contains("last word"));
        assert!(Topics::parse("a.b*").unwrap_err().contains("b*"));
        assert!(Names::parse(&"x".repeat(NAME_BYTES_MAX + 1)).is_err());
        assert!(Names::parse(&"x ".repeat(NAMES_MAX + 1)).is_err());
    }
}
