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

pub(super) static DEFINITION: Printer = Printer {
    columns: &[NAME, text("Created At", "When it was created.")],
    cells: |object, _| vec![read::name(object), read::text(object, "/metadata/creationTimestamp").into()],
};

pub(super) static POLICY: Printer = Printer {
    columns: &[
        NAME,
        integer("Validations", "How many rules it has."),
        text("ParamKind", "The kind of its parameters."),
        AGE,
    ],
    cells: |object, now| {
        let kind = match (read::text(object, "/spec/paramKind/apiVersion"), read::text(object, "/spec/paramKind/kind"))
        {
            ("", _) | (_, "") => "<unset>".to_owned(),
            (version, kind) => format!("{version}/{kind}"),
        };
        around(object, now, [read::count(object, "/spec/validations").into(), kind.into()])
    },
};

pub(super) static POLICY_BINDING: Printer = Printer {
    columns: &[
        NAME,
        text("PolicyName", "The policy it puts in force."),
        text("ParamRef", "Where the parameters are."),
        AGE,
    ],
    cells: |object, now| {
        let param = match (read::text(object, "/spec/paramRef/namespace"), read::text(object, "/spec/paramRef/name")) {
            (_, "") if object.pointer("/spec/paramRef/selector").is_some() => "<selector>".to_owned(),
            (_, "") => "<unset>".to_owned(),
            ("", name) => name.to_owned(),
            (namespace, name) => format!("{namespace}/{name}"),
        };
        around(object, now, [read::text(object, "/spec/policyName").into(), param.into()])
    },
};

/// Cells between the name and the age.
fn around<const N: usize>(object: &Value, now: Timestamp, cells: [Value; N]) -> Vec<Value> {
    std::iter::once(read::name(object)).chain(cells).chain([age::of(object, now)]).collect()
}
