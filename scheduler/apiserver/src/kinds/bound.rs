//! A number of Pods or a percentage of all of them, in Kubernetes' words.

use api::IntOrString;

use crate::field::{Path, Problems};

/// Checks a bound, and returns it as a number if it is one.
pub(super) fn check(path: &Path, bound: Option<&IntOrString>, problems: &mut Problems) -> Option<i32> {
    match bound? {
        IntOrString::Int(count) if *count >= 0 => Some(*count),
        IntOrString::Int(count) => {
            problems.invalid(path, count, "must be greater than or equal to 0");
            None
        }
        IntOrString::String(text) => {
            let digits = text.strip_suffix('%').filter(|digits| digits.bytes().all(|c| c.is_ascii_digit()));
            let percent = digits.and_then(|digits| digits.parse().ok());
            if percent.is_none() {
                let why = "a valid percent string must be a numeric string followed by an ending '%' \
                           (e.g. '1%',  or '93%')";
                problems.invalid(path, text, why);
            }
            percent
        }
    }
}

/// Checks a bound that is a share of what there is, and returns it as a number if it is one.
pub(super) fn check_share(path: &Path, bound: Option<&IntOrString>, problems: &mut Problems) -> Option<i32> {
    let found = check(path, bound, problems);
    if matches!(bound, Some(IntOrString::String(_))) && found.is_some_and(|percent| percent > 100) {
        problems.invalid(path, bound, "must not be greater than 100%");
    }
    found
}
