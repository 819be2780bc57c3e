//! What may be pushed: an artifact whose parts are all here, and a component only if hosts can run it.

use component::Interface;

use crate::layout::{Layout, Shelf};
use crate::manifest::{Content, Descriptor, Manifest};
use crate::name::Repository;
use crate::{Error, resolve};

/// Why a manifest is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{repository} has no {what} {digest}; push it first", digest = part.digest)]
    Missing { repository: Repository, what: &'static str, part: Box<Descriptor> },
    #[error("{digest} has {found} bytes, but the manifest says {size}", digest = part.digest, size = part.size)]
    Size { part: Box<Descriptor>, found: u64 },
    #[error("{0}")]
    Wasm(String),
    #[error(transparent)]
    Failed(#[from] Error),
}

/// Whether everything a manifest refers to is here, and can run. Reads the disk.
pub(crate) fn check(
    layout: &Layout,
    repository: &Repository,
    manifest: &Manifest,
    granted: Option<&[Interface]>,
) -> Result<(), Refusal> {
    let (shelf, what) = match manifest.content {
        Content::Image { .. } => (Shelf::Blobs, "blob"),
        Content::Index(_) => (Shelf::Manifests, "manifest"),
    };
    for part in manifest.references() {
        match layout.has(repository, shelf, &part.digest)? {
            None => {
                return Err(Refusal::Missing { repository: repository.clone(), what, part: Box::new(part.clone()) });
            }
            Some(found) if found != part.size => {
                resolve::discard_damaged(layout, &part.digest);
                return Err(Refusal::Size { part: Box::new(part.clone()), found });
            }
            Some(_) => {}
        }
    }
    match manifest.wasm_layer() {
        None => Ok(()),
        Some(layer) => {
            let wasm = layer.and_then(|layer| resolve::read_wasm(layout, layer)).map_err(Refusal::Wasm)?;
            check_wasm(&wasm, granted).map_err(Refusal::Wasm)
        }
    }
}

/// Whether it is a component, or a module that can be made one, and imports of WASI only what is granted. Other interfaces
/// may be another container's of its Pod; that is seen when there is one. Pure.
fn check_wasm(wasm: &[u8], granted: Option<&[Interface]>) -> Result<(), String> {
    let mut description = component::describe(wasm).map_err(|error| error.to_string())?;
    description.imports.retain(|import| import.namespace == "wasi");
    let refusal = granted.and_then(|granted| component::refusal(&description, granted));
    refusal.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interfaces(names: &[&str]) -> Vec<Interface> {
        names.iter().map(|name| name.parse().expect("an interface")).collect()
    }

    fn component(import: &str) -> Vec<u8> {
        wat::parse_str(format!(r#"(component (import "{import}" (instance)))"#)).expect("is text of a component")
    }

    // F50
    #[test]
    fn a_missing_import_is_named_with_what_would_mend_it() {
        let granted = interfaces(&["wasi:http/types@0.2.12", "wasi:cli/environment@0.2.12"]);
        let check = |import: &str| check_wasm(&component(import), Some(&granted));
        assert_eq!(check("wasi:http/types@0.2.3"), Ok(()));
        assert_eq!(check_wasm(&component("wasi:x/y@1.0.0"), None), Ok(()), "no host is known");
        assert_eq!(check("x:y/z@1.0.0"), Ok(()), "another component of its Pod may export it");
        let other_version = check("wasi:http/types@0.3.0").expect_err("is refused");
        assert!(other_version.contains("wasi:http/types@0.3.0"), "{other_version}");
        assert!(other_version.contains("hosts grant wasi:http/types@0.2.12; build it against"), "{other_version}");
        let unknown = check("wasi:keyvalue/store@0.2.0").expect_err("is refused");
        assert!(unknown.contains("wasi:keyvalue/store@0.2.0, and no host grants any version"), "{unknown}");
    }

    // F50
    #[test]
    fn a_preview_1_module_is_checked_as_the_component_it_becomes() {
        let text = r#"(module (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
            (memory (export "memory") 1) (func (export "_start")))"#;
        let module = wat::parse_str(text).expect("is text of a module");
        assert_eq!(check_wasm(&module, None), Ok(()));
        let refused = check_wasm(&module, Some(&[])).expect_err("is refused");
        assert!(refused.contains("it imports wasi:random/random@0.2."), "{refused}");
    }

    // F46
    #[test]
    fn what_is_no_wasm_is_refused() {
        for bytes in [&b""[..], b"\x7fELF", b"\0asm", b"\0asm\x0d\0\x01\0\xff\xff\xff"] {
            assert!(check_wasm(bytes, None).is_err(), "{bytes:?}");
        }
        let module = check_wasm(b"\0asm\x01\0\0\0", None).expect_err("is refused");
        assert!(module.contains("nothing says how to run it"), "{module}");
    }
}
