//! Kinds with little to show: Namespaces, configuration, identities and Leases.

use jiff::Timestamp;
use serde_json::Value;

use super::{AGE, NAME, Printer, age, integer, read, text};

pub(super) static NAMESPACE: Printer = Printer {
    columns: &[NAME, text("Status", "The status of the namespace."), AGE],
    cells: |object, now| around(object, now, [read::text(object, "/status/phase").into()]),
};

pub(super) static CONFIG_MAP: Printer = Printer {
    columns: &[NAME, integer("Data", "How many entries it holds."), AGE],
    cells: |object, now| {
        around(object, now, [(read::count(object, "/data") + read::count(object, "/binaryData")).into()])
    },
};

pub(super) static SECRET: Printer = Printer {
    columns: &[NAME, text("Type", "What kind of secret it is."), integer("Data", "How many entries it holds."), AGE],
    cells: |object, now| around(object, now, [read::text(object, "/type").into(), read::count(object, "/data").into()]),
};

pub(super) static SERVICE_ACCOUNT: Printer = Printer {
    columns: &[NAME, integer("Secrets", "How many secrets it lists."), AGE],
    cells: |object, now| around(object, now, [read::count(object, "/secrets").into()]),
};

pub(super) static LEASE: Printer = Printer {
    columns: &[NAME, text("Holder", "Who holds the lease."), AGE],
    cells: |object, now| around(object, now, [read::text(object, "/spec/holderIdentity").into()]),
};

/// Cells between the name and the age.
fn around<const N: usize>(object: &Value, now: Timestamp, cells: [Value; N]) -> Vec<Value> {
    std::iter::once(read::name(object)).chain(cells).chain([age::of(object, now)]).collect()
}
