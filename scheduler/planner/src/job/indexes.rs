//! Sets of indexes as a Job's status writes them: `1,3-5,7`.

use std::collections::BTreeSet;
use std::fmt::Write;

/// Indexes in rising order.
pub(super) type Indexes = BTreeSet<i32>;

/// Reads the text form; what is not an index below `end` is left out.
pub(super) fn parse(text: Option<&str>, end: i32) -> Indexes {
    let parts = text.unwrap_or_default().split(',').filter(|part| !part.is_empty());
    let ranges = parts.filter_map(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.parse::<i32>().ok()?..=last.parse::<i32>().ok()?.min(end.saturating_sub(1)))
    });
    ranges.flatten().filter(|index| *index >= 0).collect()
}

/// Writes the text form; an empty set is absent. Three and more in a row are a range.
pub(super) fn text(indexes: &Indexes) -> Option<String> {
    let mut text = String::new();
    let mut rest = indexes.iter().copied().peekable();
    while let Some(first) = rest.next() {
        let mut last = first;
        while rest.next_if_eq(&(last + 1)).is_some() {
            last += 1;
        }
        let comma = if text.is_empty() { "" } else { "," };
        let written = match last - first {
            0 => write!(text, "{comma}{first}"),
            1 => write!(text, "{comma}{first},{last}"),
            _ => write!(text, "{comma}{first}-{last}"),
        };
        written.expect("a String takes everything");
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_written_and_read_as_kubernetes_does() {
        for (set, written) in [
            (vec![], None),
            (vec![0], Some("0")),
            (vec![1, 2], Some("1,2")),
            (vec![1, 3, 4, 5, 7], Some("1,3-5,7")),
            (vec![0, 1, 2, 8, 9, 10, 11], Some("0-2,8-11")),
        ] {
            let set: Indexes = set.into_iter().collect();
            assert_eq!(text(&set).as_deref(), written);
            assert_eq!(parse(written, 100), set);
        }
        assert_eq!(parse(Some("0-2,8-11"), 10), [0, 1, 2, 8, 9].into());
        assert_eq!(parse(Some("x,-4,3-1,5"), 10), [5].into(), "damage is passed over");
        assert_eq!(parse(Some("0-2147483647"), 2), [0, 1].into(), "and cannot fill the memory");
    }
}
