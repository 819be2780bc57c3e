//! What a write does, decided from what is there. Pure.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{Bounds, Swap, cost, not_a_number, over_buckets, over_bytes, overflow};
use crate::{Error, Key, Namespace};

/// Longest decimal text that is read as a number; 20 digits hold every number of 64 bits.
const NUMBER_BYTES_MAX: usize = 20;

/// A write.
#[derive(Debug, Clone)]
pub(super) enum Ask {
    /// Sets keys that have a value here, and deletes the others.
    Write(Vec<(Key, Option<Bytes>)>),
    /// Adds to a number.
    Increment { key: Key, delta: u64 },
    /// Replaces a value that is as expected.
    Swap { key: Key, expected: Option<Bytes>, value: Option<Bytes> },
}

/// What a write is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Written,
    /// Some of it; ask again for the rest.
    More,
    Sum(u64),
    Swap(Swap),
}

/// What a namespace keeps already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) bytes: u64,
    pub(super) buckets: u64,
}

/// What a write leads to: each key at most once.
pub(super) type Writes = BTreeMap<Key, Option<Bytes>>;

impl Ask {
    /// How much it carries.
    pub(super) fn bytes(&self) -> usize {
        let size = |value: &Option<Bytes>| value.as_ref().map_or(0, Bytes::len);
        match self {
            Self::Write(writes) => writes.iter().map(|(key, value)| key.as_str().len() + size(value)).sum(),
            Self::Increment { key, .. } => key.as_str().len(),
            Self::Swap { key, expected, value } => key.as_str().len() + size(expected) + size(value),
        }
    }

    /// Decides, given what lies under a key.
    pub(super) fn decide<E: From<Error>>(
        self,
        read: impl FnOnce(&Key) -> Result<Option<Bytes>, E>,
    ) -> Result<(Writes, Answer), E> {
        match self {
            Self::Write(writes) => Ok((writes.into_iter().collect(), Answer::Written)),
            Self::Increment { key, delta } => {
                let sum = add(&key, read(&key)?.as_deref(), delta)?;
                Ok((Writes::from([(key, Some(sum.to_string().into()))]), Answer::Sum(sum)))
            }
            Self::Swap { key, expected, value } => {
                let found = read(&key)?;
                if found != expected {
                    return Ok((Writes::new(), Answer::Swap(Swap::Differs(found))));
                }
                Ok((Writes::from([(key, value)]), Answer::Swap(Swap::Swapped)))
            }
        }
    }
}

fn add(key: &Key, value: Option<&[u8]>, delta: u64) -> Result<u64, Error> {
    let number = match value {
        None => 0,
        Some(text) => number(text).ok_or_else(|| not_a_number(key.as_str()))?,
    };
    number.checked_add(delta).ok_or_else(|| overflow(key.as_str()))
}

/// Digits only: the standard library would also take a sign.
fn number(text: &[u8]) -> Option<u64> {
    let digits = text.len() <= NUMBER_BYTES_MAX && text.iter().all(u8::is_ascii_digit);
    if digits { std::str::from_utf8(text).ok()?.parse().ok() } else { None }
}

/// What a namespace keeps after some writes to one of its buckets, if it may. `before` tells the size of what lies
/// under a key.
pub(super) fn admit<E: From<Error>>(
    usage: Usage,
    is_new_bucket: bool,
    writes: &Writes,
    mut before: impl FnMut(&Key) -> Result<Option<usize>, E>,
    (namespace, bounds): (&Namespace, Bounds),
) -> Result<Usage, E> {
    let (mut more, mut less) = (0, 0);
    for (key, value) in writes {
        more += value.as_ref().map_or(0, |value| cost(key.as_str(), value.len()));
        less += before(key)?.map_or(0, |size| cost(key.as_str(), size));
    }
    let bytes = usage.bytes.saturating_add(more).saturating_sub(less);
    // Who is over a bound that was lowered may still shrink.
    if more > less && bytes > bounds.bytes {
        return Err(over_bytes(namespace.as_str(), bytes, bounds.bytes).into());
    }
    let begins = is_new_bucket && writes.values().any(Option::is_some);
    if begins && usage.buckets >= bounds.buckets {
        return Err(over_buckets(namespace.as_str(), bounds.buckets).into());
    }
    Ok(Usage { bytes, buckets: usage.buckets + u64::from(begins) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_are_a_number() {
        let check = |text: &str, wanted| assert_eq!(number(text.as_bytes()), wanted, "{text}");
        check("0", Some(0));
        check("007", Some(7));
        check("18446744073709551615", Some(u64::MAX));
        for wrong in ["", "+5", "-1", " 1", "1.0", "18446744073709551616", "000000000000000000001"] {
            check(wrong, None);
        }
    }
}
