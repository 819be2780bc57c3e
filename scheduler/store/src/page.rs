//! Listings of a [`Model`], of the present and of the past. Pure.
//!
//! The past is the present with every later change undone, so a page costs its entries and the history since; only
//! counting what follows costs the rest.

use std::collections::BTreeMap;
use std::iter;
use std::ops::Bound;

use crate::history::History;
use crate::model::Model;
use crate::{Entry, Error, Listing, Page, Revision};

/// The entries under `prefix`, as `page` wants them.
pub(crate) fn list(model: &Model, prefix: &str, page: &Page) -> Result<Listing, Error> {
    let revision = page.at.unwrap_or(model.revision());
    check(model, prefix, revision)?;
    let mut then = BTreeMap::new();
    if revision < model.revision() {
        for history in model.histories(prefix) {
            history.undo(prefix, revision, &mut then);
        }
    }
    let after = page.after.as_deref();
    let mut entries = merge(
        present(model, prefix, after).filter(|entry| !then.contains_key(&entry.key)),
        then.values().flatten().filter(|entry| after.is_none_or(|after| &*entry.key > after)),
    );
    let limit = if page.limit == 0 { usize::MAX } else { page.limit };
    let taken = entries.by_ref().take(limit).cloned().collect();
    let more = entries.next().is_some();
    let remaining = page.count.then(|| usize::from(more) + entries.count());
    Ok(Listing { entries: taken, revision, more, remaining })
}

/// Whether everything under `prefix` is known as of `revision`.
pub(crate) fn check(model: &Model, prefix: &str, revision: Revision) -> Result<(), Error> {
    if revision > model.revision() {
        return Err(Error::Future { requested: revision, current: model.revision() });
    }
    let oldest = model.histories(prefix).map(History::compacted).max().unwrap_or_default();
    if revision < oldest {
        return Err(Error::Compacted { requested: revision, oldest });
    }
    Ok(())
}

fn present<'a>(model: &'a Model, prefix: &'a str, after: Option<&'a str>) -> impl Iterator<Item = &'a Entry> {
    let start = match after {
        Some(after) if after >= prefix => Bound::Excluded(after),
        _ => Bound::Included(prefix),
    };
    let from_start = model.entries().range::<_, str>((start, Bound::Unbounded));
    from_start.map(|(_, entry)| entry).take_while(move |entry| entry.key.starts_with(prefix))
}

/// Two runs ordered by key, with no key in both, as one.
fn merge<'a>(
    left: impl Iterator<Item = &'a Entry>,
    right: impl Iterator<Item = &'a Entry>,
) -> impl Iterator<Item = &'a Entry> {
    let (mut left, mut right) = (left.peekable(), right.peekable());
    iter::from_fn(move || {
        let right_is_next = match (left.peek(), right.peek()) {
            (Some(left), Some(right)) => left.key > right.key,
            (left, _) => left.is_none(),
        };
        if right_is_next { right.next() } else { left.next() }
    })
}
