//! The words of a command line that name objects: `TYPE`, `TYPE NAME...`, `TYPE,TYPE`, `TYPE/NAME...`; and those that
//! follow them and say what to change, `KEY=VALUE` and `KEY-`.

use anyhow::Result;

use crate::failure::usage;

/// Kinds, as they were written, and names of objects of each; no names stands for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) kinds: String,
    pub(crate) names: Vec<String>,
}

/// Reads the words that name objects. There may be none.
pub(crate) fn objects(words: &[String]) -> Result<Vec<Named>> {
    let Some((first, rest)) = words.split_first() else { return Ok(Vec::new()) };
    if !words.iter().any(|word| word.contains('/')) {
        return Ok(vec![Named { kinds: first.clone(), names: rest.to_vec() }]);
    }
    words.iter().map(|word| one(word)).collect()
}

fn one(word: &str) -> Result<Named> {
    match word.split_once('/') {
        Some((kind, name)) if !kind.is_empty() && !name.is_empty() && !name.contains('/') && !kind.contains(',') => {
            Ok(Named { kinds: kind.to_owned(), names: vec![name.to_owned()] })
        }
        Some(_) => Err(usage(format!("{word:?} is not of the form TYPE/NAME"))),
        None => {
            Err(usage(format!("{word:?} stands beside TYPE/NAME; write all objects as TYPE/NAME, or as TYPE NAME...")))
        }
    }
}

/// What is to become of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) key: String,
    /// None takes the key away.
    pub(crate) value: Option<String>,
}

/// Parts words into those that name objects and, from the first that is one, changes.
pub(crate) fn with_changes(words: &[String]) -> Result<(&[String], Vec<Change>)> {
    let is_change = |word: &String| word.contains('=') || word.ends_with('-');
    let at = words.iter().position(is_change).unwrap_or(words.len());
    let changes = words[at..].iter().map(|word| change(word)).collect::<Result<Vec<_>>>()?;
    for (at, change) in changes.iter().enumerate() {
        if changes[..at].iter().any(|before| before.key == change.key && before.value != change.value) {
            return Err(usage(format!("{:?} is to be changed in two ways", change.key)));
        }
    }
    Ok((&words[..at], changes))
}

fn change(word: &str) -> Result<Change> {
    let (key, value) = match (word.split_once('='), word.strip_suffix('-')) {
        (Some((key, value)), _) => (key, Some(value.to_owned())),
        (None, Some(key)) => (key, None),
        (None, None) => return Err(usage(format!("{word:?} is neither KEY=VALUE nor KEY-"))),
    };
    if key.is_empty() {
        return Err(usage(format!("{word:?} names no key")));
    }
    Ok(Change { key: key.to_owned(), value })
}

/// Splits `KEY=VALUE`, for clap.
pub(crate) fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(format!("{text:?} is not of the form KEY=VALUE")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn objects_are_named_in_either_form() {
        for (text, wanted) in [
            ("", vec![]),
            ("pods", vec![("pods", vec![])]),
            ("pods,svc", vec![("pods,svc", vec![])]),
            ("pod a b", vec![("pod", vec!["a", "b"])]),
            ("pod/a deploy.apps/b", vec![("pod", vec!["a"]), ("deploy.apps", vec!["b"])]),
        ] {
            let named = objects(&words(text)).expect(text);
            let named: Vec<_> =
                named.iter().map(|n| (n.kinds.as_str(), n.names.iter().map(String::as_str).collect())).collect();
            assert_eq!(named, wanted, "{text}");
        }
        for text in ["pod/a b", "pods a/b c", "pod/", "/a", "pod/a/b", "po,svc/a"] {
            assert!(objects(&words(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn changes_begin_at_the_first_word_that_is_one() {
        let all = words("pod a b tier=front old- x=");
        let (named, changes) = with_changes(&all).expect("parses");
        assert_eq!(named, words("pod a b"));
        let shown: Vec<_> = changes.iter().map(|c| (c.key.as_str(), c.value.as_deref())).collect();
        assert_eq!(shown, [("tier", Some("front")), ("old", None), ("x", Some(""))]);
        for text in ["pod a x=1 b", "pod a =1", "pod a x=1 x-", "pod a x=1 x=2"] {
            assert!(with_changes(&words(text)).is_err(), "{text}");
        }
    }
}
