//! Components of one Pod that are linked to each other by interface, so that a call between them is a function call. Pure.
//!
//! A Pod asks for it with `insula.dev/link: "true"`. All its containers then run the same code, which the compiler makes of
//! all their components ([`component::link`]): the one that answers HTTP is entered, the others are its libraries. What
//! fits whom is found by the compiler; here it is only told which container is entered, and what nobody can satisfy.

use api::core::Pod;
use api::label;
use component::Interface;

use super::Component;

/// What an entered component exports. Versions of one minor are compatible, so the oldest of each stands for all.
const HANDLERS: [&str; 2] = ["wasi:http/incoming-handler@0.2.0", "wasi:http/handler@0.3.0"];

/// Whether a Pod wants its components linked.
pub(super) fn is_asked(pod: &Pod) -> bool {
    let annotations = pod.metadata.annotations.as_ref();
    annotations.and_then(|all| all.get(label::LINK)).is_some_and(|value| value == "true")
}

/// The container that is entered, by its place.
///
/// # Errors
///
/// None, or several.
pub(super) fn front(parts: &[(&str, &Component)]) -> Result<usize, String> {
    let entered: Vec<usize> = (0..parts.len()).filter(|at| serves_http(parts[*at].1)).collect();
    match entered.as_slice() {
        [one] => Ok(*one),
        [] => Err(format!("none of the linked components exports {}", HANDLERS.join(" or "))),
        several => {
            let names: Vec<&str> = several.iter().map(|at| parts[*at].0).collect();
            Err(format!(
                "of linked components one is entered, and {} all export a handler of wasi:http: put them into Pods of their own",
                names.join(", ")
            ))
        }
    }
}

fn serves_http(component: &Component) -> bool {
    let handlers = HANDLERS.iter().filter_map(|id| id.parse::<Interface>().ok());
    let exports: Vec<Interface> = component.exports.iter().filter_map(|id| id.parse().ok()).collect();
    handlers.into_iter().any(|handler| exports.iter().any(|export| handler.satisfied_by(export)))
}

/// What names the code of linked components: all of them, whatever their order.
pub(super) fn digest(parts: &[(&str, &Component)]) -> String {
    let mut lines: Vec<String> = parts.iter().map(|(name, part)| format!("{name} {}", part.digest)).collect();
    lines.sort();
    format!("linked\n{}", lines.join("\n"))
}

/// Why a component that is not linked cannot run: no host grants interfaces that are not WASI's.
pub(super) fn unmet(component: &Component) -> Option<String> {
    let own: Vec<&str> = component.imports.iter().map(String::as_str).filter(|id| !id.starts_with("wasi:")).collect();
    if own.is_empty() {
        return None;
    }
    Some(format!(
        "the component imports {}, which no host grants: give the Pod a container that exports it and the annotation {}: \"true\", or put it inside with `insula compose`",
        own.join(", "),
        label::LINK
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(digest: &str, imports: &[&str], exports: &[&str]) -> Component {
        let text = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        Component { digest: digest.to_owned(), wasm: "w".into(), imports: text(imports), exports: text(exports) }
    }

    #[test]
    fn the_one_that_answers_http_is_entered() {
        let web = component("1", &["shop:stock/lookup@1.0.0"], &["wasi:http/incoming-handler@0.2.12"]);
        let stock = component("2", &[], &["shop:stock/lookup@1.0.0"]);
        assert_eq!(front(&[("stock", &stock), ("web", &web)]), Ok(1));
        assert!(front(&[("stock", &stock)]).unwrap_err().contains("none of the linked"));
        assert!(front(&[("a", &web), ("b", &web)]).unwrap_err().contains("a, b all export"));
        assert_eq!(digest(&[("stock", &stock), ("web", &web)]), digest(&[("web", &web), ("stock", &stock)]));
        assert_ne!(digest(&[("stock", &web), ("web", &stock)]), digest(&[("web", &web), ("stock", &stock)]));
    }

    // F50
    #[test]
    fn alone_a_component_needs_wasi_and_nothing_else() {
        assert_eq!(unmet(&component("1", &["wasi:http/types@0.2.0"], &[])), None);
        let said = unmet(&component("1", &["wasi:io/poll@0.2.0", "shop:stock/lookup@1.0.0"], &[])).unwrap();
        assert!(said.contains("shop:stock/lookup@1.0.0") && said.contains("insula.dev/link"), "{said}");
    }
}
