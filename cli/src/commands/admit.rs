//! Whether hosts of this release would run a component: what the cluster's registry asks of what is pushed, asked before
//! there is a cluster.

use anyhow::{Context, Result, bail, ensure};
use component::Description;

/// Says what the component is, or why hosts would not run it and what would mend that.
pub(crate) fn admit(name: &str, wasm: &[u8]) -> Result<Description> {
    let description = component::describe(wasm).with_context(|| name.to_owned())?;
    if let Some(why) = component::refusal(&description, &host::engine_interfaces()) {
        bail!("{name}: {why}");
    }
    ensure!(
        kind(&description).is_some(),
        "{name}: the component exports nothing that a host calls: it answers HTTP (wasi:http), runs to an end (wasi:cli/run) or \
         takes messages (wasi:messaging)"
    );
    Ok(description)
}

/// What a host would do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It answers requests.
    Server,
    /// It runs to an end.
    Command,
    /// It takes messages.
    Receiver,
}

pub(crate) fn kind(description: &Description) -> Option<Kind> {
    let receives = |export: &component::Interface| export.to_string().starts_with("wasi:messaging/incoming-handler");
    if description.serves_http() {
        Some(Kind::Server)
    } else if description.runs() {
        Some(Kind::Command)
    } else {
        description.exports.iter().any(receives).then_some(Kind::Receiver)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(exports: &[&str]) -> Description {
        let exports = exports.iter().map(|text| text.parse().expect("an interface")).collect();
        Description { kind: component::Kind::Component, imports: Vec::new(), exports, size_bytes: 0 }
    }

    #[test]
    fn what_is_exported_tells_what_a_host_does_with_it() {
        for (exports, wanted) in [
            (&["wasi:http/incoming-handler@0.2.10"][..], Some(Kind::Server)),
            (&["wasi:cli/run@0.2.0", "wasi:http/incoming-handler@0.2.0"], Some(Kind::Server)),
            (&["wasi:cli/run@0.2.0"], Some(Kind::Command)),
            (&["wasi:messaging/incoming-handler@0.2.0-draft"], Some(Kind::Receiver)),
            (&["shop:stock/api@1.0.0"], None),
        ] {
            assert_eq!(kind(&component(exports)), wanted, "{exports:?}");
        }
    }
}
