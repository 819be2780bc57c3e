//! Resources that users define, under names that live as long as the process.
//!
//! A [`Resource`] is compared and kept as `&'static` everywhere. Those of CustomResourceDefinitions are made
//! at run time, so their names are kept for the life of the process: the same name is kept once, however often
//! its definition is made anew, and all of them together have a bound. Nothing here says which resources are
//! served at present; that differs between clusters, and one process may hold several.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::{Resource, Scope};

/// Most bytes of names kept: some 20,000 definitions. Whoever defines more needs a restart now and then.
const BYTES_MAX: usize = 4 << 20;

/// There is no room for another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this server has seen too many different custom resources since it started ({BYTES_MAX} bytes of names)")]
pub struct Full;

#[derive(Default)]
struct Pool {
    texts: BTreeSet<&'static str>,
    lists: BTreeSet<&'static [&'static str]>,
    resources: BTreeSet<&'static Resource>,
    bytes: usize,
}

static POOL: Mutex<Option<Pool>> = Mutex::new(None);

fn with_pool<T>(act: impl FnOnce(&mut Pool) -> T) -> T {
    act(POOL.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default())
}

impl Pool {
    fn make_room(&mut self, bytes: usize) -> Result<(), Full> {
        if self.bytes + bytes > BYTES_MAX {
            return Err(Full);
        }
        self.bytes += bytes;
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<&'static str, Full> {
        if let Some(known) = self.texts.get(text) {
            return Ok(known);
        }
        self.make_room(size_of::<&str>() + text.len())?;
        let kept: &'static str = Box::leak(text.to_owned().into_boxed_str());
        self.texts.insert(kept);
        Ok(kept)
    }

    fn list(&mut self, texts: &[String]) -> Result<&'static [&'static str], Full> {
        let texts = texts.iter().map(|text| self.text(text)).collect::<Result<Vec<_>, _>>()?;
        if let Some(known) = self.lists.get(texts.as_slice()) {
            return Ok(known);
        }
        self.make_room(size_of_val(texts.as_slice()))?;
        let kept: &'static [&'static str] = Box::leak(texts.into_boxed_slice());
        self.lists.insert(kept);
        Ok(kept)
    }

    fn resource(&mut self, wanted: &Wanted<'_>) -> Result<&'static Resource, Full> {
        let resource = Resource {
            group: self.text(wanted.group)?,
            version: self.text(wanted.version)?,
            kind: self.text(wanted.kind)?,
            plural: self.text(wanted.plural)?,
            scope: wanted.scope,
        };
        if let Some(known) = self.resources.get(&resource) {
            return Ok(known);
        }
        self.make_room(size_of::<Resource>())?;
        let kept: &'static Resource = Box::leak(Box::new(resource));
        self.resources.insert(kept);
        Ok(kept)
    }
}

/// The names of a resource to be kept; as in [`Resource`].
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// API group.
    pub group: &'a str,
    /// API version.
    pub version: &'a str,
    /// Kind in CamelCase.
    pub kind: &'a str,
    /// Plural name in URLs.
    pub plural: &'a str,
    /// Whether objects live in a namespace.
    pub scope: Scope,
}

/// The resource with these names: the same reference for the same names.
///
/// # Errors
/// [`Full`] when the names are new and there is no room.
pub fn resource(wanted: &Wanted<'_>) -> Result<&'static Resource, Full> {
    with_pool(|pool| pool.resource(wanted))
}

/// A name, kept.
///
/// # Errors
/// [`Full`] when it is new and there is no room.
pub fn text(text: &str) -> Result<&'static str, Full> {
    with_pool(|pool| pool.text(text))
}

/// Several names, kept together.
///
/// # Errors
/// [`Full`] when they are new and there is no room.
pub fn list(texts: &[String]) -> Result<&'static [&'static str], Full> {
    with_pool(|pool| pool.list(texts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_names_are_the_same_resource() {
        let wanted = |version| Wanted {
            group: "example.com",
            version,
            kind: "Widget",
            plural: "widgets",
            scope: Scope::Namespaced,
        };
        let (one, other) = (resource(&wanted("v1")).expect("has room"), resource(&wanted("v1")).expect("has room"));
        assert!(std::ptr::eq(one, other));
        assert_eq!(one.key("a", "b"), "/registry/widgets.example.com/a/b");
        let next = resource(&wanted("v2")).expect("has room");
        assert_eq!((next.prefix(), next.api_version()), (one.prefix(), "example.com/v2".to_owned()));
        let names = ["a".to_owned(), "b".to_owned()];
        assert!(std::ptr::eq(list(&names).expect("has room"), list(&names).expect("has room")));
    }

    #[test]
    fn names_are_kept_within_a_bound() {
        let mut pool = Pool::default();
        let outcome = (0..).map(|n| pool.text(&format!("{n:01000}"))).find_map(Result::err);
        assert_eq!(outcome, Some(Full));
        assert!(pool.bytes <= BYTES_MAX && pool.text(&format!("{:01000}", 0)).is_ok(), "what is known stays");
    }
}
