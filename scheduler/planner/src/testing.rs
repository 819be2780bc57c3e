//! What the tests of this crate share: clusters as text, a small world that does what plans say,
//! and a checker that knows the rules by heart and nothing of how plans are made.

pub(crate) mod checker;
pub(crate) mod fixture;
mod properties;
pub(crate) mod world;

use expect_test::Expect;

use crate::{Plan, Snapshot};

/// Plans once on a cluster in text form and compares what comes out.
#[track_caller]
pub(crate) fn check(plan: fn(&Snapshot) -> Plan, cluster: &str, expected: &Expect) {
    expected.assert_eq(&plan(&fixture::parse(cluster)).to_string());
}
