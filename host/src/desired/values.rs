//! Values of ConfigMaps and Secrets, each held once however many Pods refer to it.
//!
//! The replicas of a Deployment are told the same values again and again; a thousand of them with a configuration of
//! some kilobytes would hold megabytes of it.

use std::collections::HashSet;

use bytes::Bytes;

/// Values below which it is not worth looking for those that nobody has any more.
const SWEEP_LEAST: usize = 64;

/// The values that Pods have, and some that they had a moment ago.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Values {
    held: HashSet<Bytes>,
    /// Number of values at which those that only this set has are let go; it grows with what is left, so that
    /// sweeping stays cheap and the set at most twice what is needed.
    sweep_at: usize,
}

impl Values {
    /// An equal value that is held, or else a copy out of the message it arrived in, which may be a thousand times
    /// its size.
    pub(super) fn share(&mut self, value: &Bytes) -> Bytes {
        if let Some(held) = self.held.get(&value[..]) {
            return held.clone();
        }
        if self.held.len() >= self.sweep_at {
            self.held.retain(|held| !held.is_unique());
            self.sweep_at = (self.held.len() * 2).max(SWEEP_LEAST);
        }
        let copy = Bytes::copy_from_slice(value);
        self.held.insert(copy.clone());
        copy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_one_and_the_message_is_let_go() {
        let mut values = Values::default();
        let message = Bytes::from(b"fast fast slow".to_vec());
        let [first, second, third] = [0..4, 5..9, 10..14].map(|range| values.share(&message.slice(range)));
        assert_eq!((first.as_ptr(), &first[..], &third[..]), (second.as_ptr(), &b"fast"[..], &b"slow"[..]));
        assert!(message.is_unique());
    }

    #[test]
    fn what_no_pod_has_any_more_is_let_go() {
        let mut values = Values::default();
        let kept: Vec<Bytes> = (0..100_u32).map(|n| values.share(&n.to_string().into())).collect();
        for n in 0..10_000_u32 {
            values.share(&n.to_string().into());
        }
        assert!(values.held.len() <= kept.len() * 2, "{}", values.held.len());
        assert!(kept.iter().all(|value| values.share(value).as_ptr() == value.as_ptr()), "what Pods have stays");
    }
}
