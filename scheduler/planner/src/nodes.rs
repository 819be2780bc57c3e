//! Being written.

use crate::{Plan, Snapshot};

pub(crate) fn plan(_snapshot: &Snapshot) -> Plan {
    Plan::default()
}
