//! The order of API versions: which of several a client is offered first. Pure.
//!
//! Kubernetes' order: stable versions before beta before alpha, higher numbers first, then everything else by name.

use std::cmp::{Ordering, Reverse};

/// Compares two versions; the one that is offered first is less.
#[must_use]
pub fn order(a: &str, b: &str) -> Ordering {
    match (parse(a), parse(b)) {
        (Some(a), Some(b)) => Reverse(a).cmp(&Reverse(b)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

/// `v2beta1` as its stability, its major and its minor number.
fn parse(version: &str) -> Option<(u8, u64, u64)> {
    let rest = version.strip_prefix('v')?;
    let (major, stability, minor) = if let Some((major, minor)) = rest.split_once("alpha") {
        (major, 0, minor)
    } else if let Some((major, minor)) = rest.split_once("beta") {
        (major, 1, minor)
    } else {
        (rest, 2, "0")
    };
    let number = |text: &str| Some(text).filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?.parse().ok();
    Some((stability, number(major)?, number(minor)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stable_comes_before_beta_and_higher_before_lower() {
        let sorted = ["v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1", "v11alpha2", "foo1", "foo10"];
        let mut versions = sorted;
        versions.reverse();
        versions.sort_by(|a, b| order(a, b));
        assert_eq!(versions, sorted);
    }
}
