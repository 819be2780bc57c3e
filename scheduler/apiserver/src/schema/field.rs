//! One field of a type, and the small vocabulary the generated table writes it in.

use super::Shape;
#[cfg(test)]
use super::Type;

/// A field of a type.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its JSON name.
    pub(crate) name: &'static str,
    /// Its protobuf number; 0 if it has none of its own (`apiVersion`, `kind`, inlined fields).
    pub(crate) tag: u32,
    /// What its value is.
    pub(crate) shape: Shape,
    /// Whether the schema requires it.
    pub(crate) required: bool,
    /// Whether protobuf writes zero where JSON writes nothing (Go holds it by value, with `omitempty`).
    pub(crate) zero_is_absent: bool,
    /// How a strategic merge patch treats it.
    pub(crate) patch: Patch,
    /// Whether a strategic merge patch may list the keys to keep (`$retainKeys`).
    pub(crate) retains_keys: bool,
    /// What makes its elements one, for server-side apply.
    pub(crate) listing: Listing,
}

/// How a strategic merge patch treats a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patch {
    /// Objects are merged, lists replaced.
    Ordinary,
    /// Objects are replaced too.
    Replace,
    /// A list of plain values: those that are absent are added.
    Merge,
    /// A list of objects: those with the same value of this key are merged.
    MergeBy(&'static str),
}

/// `x-kubernetes-list-type`, or `x-kubernetes-map-type: atomic`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listing {
    /// The schema says nothing.
    Unmarked,
    /// One value, owned whole.
    Atomic,
    /// Distinct values.
    Set,
    /// Objects told apart by these keys.
    Keyed(&'static [&'static str]),
}

pub(super) const fn f(tag: u32, name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        tag,
        shape,
        required: false,
        zero_is_absent: false,
        patch: Patch::Ordinary,
        retains_keys: false,
        listing: Listing::Unmarked,
    }
}

impl Field {
    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn zero_is_absent(mut self) -> Self {
        self.zero_is_absent = true;
        self
    }

    pub(super) const fn replaces(mut self) -> Self {
        self.patch = Patch::Replace;
        self
    }

    pub(super) const fn merges(mut self) -> Self {
        self.patch = Patch::Merge;
        self
    }

    pub(super) const fn merges_by(mut self, key: &'static str) -> Self {
        self.patch = Patch::MergeBy(key);
        self
    }

    pub(super) const fn retains_keys(mut self) -> Self {
        self.retains_keys = true;
        self
    }

    pub(super) const fn keyed(mut self, keys: &'static [&'static str]) -> Self {
        self.listing = Listing::Keyed(keys);
        self
    }

    pub(super) const fn set(mut self) -> Self {
        self.listing = Listing::Set;
        self
    }

    pub(super) const fn atomic(mut self) -> Self {
        self.listing = Listing::Atomic;
        self
    }
}

impl Shape {
    /// The type of the objects in this value, however deep in lists and maps.
    #[cfg(test)]
    pub(super) fn object(self) -> Option<&'static Type> {
        match self {
            Self::Object(schema) => Some(schema),
            Self::List(inner) | Self::Wrapped(inner) | Self::Map(inner) => inner.object(),
            _ => None,
        }
    }
}
