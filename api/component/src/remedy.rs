//! What would satisfy an import that nothing here satisfies. Pure: reasons as data, text at the edge.

use std::fmt;

use crate::{Description, Interface};

/// What comes nearest to an import among what is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The same interface in versions that are not interchangeable with the one wanted.
    Versions(Vec<Interface>),
    /// Other interfaces of the same package.
    Package(Vec<Interface>),
    /// Nothing like it.
    Nothing,
}

impl Remedy {
    /// What comes nearest to `import` in `offered`, in the order of `offered`.
    #[must_use]
    pub fn of(import: &Interface, offered: &[Interface]) -> Self {
        let package = |other: &&Interface| (&other.namespace, &other.package) == (&import.namespace, &import.package);
        let (same, others): (Vec<_>, Vec<_>) =
            offered.iter().filter(package).cloned().partition(|other| other.name == import.name);
        match (same.is_empty(), others.is_empty()) {
            (false, _) => Self::Versions(same),
            (true, false) => Self::Package(others),
            (true, true) => Self::Nothing,
        }
    }
}

/// Why hosts that grant `granted` cannot run a component, and what would mend each import; `None` if they can.
#[must_use]
pub fn refusal(description: &Description, granted: &[Interface]) -> Option<String> {
    let missing = description.missing(granted);
    if missing.is_empty() {
        return None;
    }
    let reasons: Vec<String> = missing.iter().map(|import| Unmet { import, granted }.to_string()).collect();
    Some(format!("the component needs what hosts of this cluster do not grant: {}", reasons.join("; ")))
}

/// One import that no host grants.
struct Unmet<'a> {
    import: &'a Interface,
    granted: &'a [Interface],
}

impl fmt::Display for Unmet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let import = self.import;
        write!(f, "it imports {import}, and ")?;
        match Remedy::of(import, self.granted) {
            Remedy::Versions(versions) => {
                write!(f, "hosts grant {}; build it against that version, or", listed(&versions, " and "))?;
            }
            Remedy::Package(others) => write!(
                f,
                "no host grants any version of that; of {}:{} they grant {}; use those, or",
                import.namespace,
                import.package,
                listed(&others, ", ")
            )?,
            Remedy::Nothing => write!(f, "no host grants any version of that;")?,
        }
        write!(f, " put a component that exports it inside: insula compose FILE.wasm --plug PLUG.wasm -o OUT.wasm")
    }
}

/// Interfaces as text.
pub(crate) fn listed(interfaces: &[Interface], separator: &str) -> String {
    let names: Vec<String> = interfaces.iter().map(ToString::to_string).collect();
    names.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    fn ids(names: &[&str]) -> Vec<Interface> {
        names.iter().map(|name| name.parse().expect("an interface")).collect()
    }

    // F50
    #[test]
    fn each_missing_import_is_named_with_what_would_mend_it() {
        let granted = ["wasi:http/types@0.2.12", "wasi:keyvalue/store@0.2.0-draft", "wasi:cli/stdout@0.2.12"];
        for (import, wanted) in [
            ("wasi:http/types@0.3.0", "hosts grant wasi:http/types@0.2.12; build it against that version, or put"),
            ("wasi:keyvalue/store@0.2.0-draft2", "hosts grant wasi:keyvalue/store@0.2.0-draft; build it against"),
            ("wasi:keyvalue/watcher@0.2.0", "of wasi:keyvalue they grant wasi:keyvalue/store@0.2.0-draft; use those"),
            ("shop:prices/api@1.0.0", "no host grants any version of that; put a component that exports it inside"),
        ] {
            let (imports, granted) = (ids(&[import]), ids(&granted));
            let description = Description { kind: Kind::Component, imports, exports: Vec::new(), size_bytes: 0 };
            let text = refusal(&description, &granted).expect("is refused");
            assert!(text.contains(&format!("it imports {import}, and ")) && text.contains(wanted), "{text}");
            assert!(text.contains("insula compose FILE.wasm --plug PLUG.wasm -o OUT.wasm"), "{text}");
        }
    }

    #[test]
    fn what_is_granted_is_not_refused() {
        let imports = ids(&["wasi:http/types@0.2.3"]);
        let description = Description { kind: Kind::Component, imports, exports: Vec::new(), size_bytes: 0 };
        assert_eq!(refusal(&description, &ids(&["wasi:http/types@0.2.12"])), None);
    }
}
