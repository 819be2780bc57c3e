//! What the schema says about a place in an object, as far as sharing it among managers goes.
//!
//! Everything else in this module sees schemas through [`Place`] only, so that a kind whose schema is not in the static
//! table needs a variant here and nothing elsewhere.

use std::collections::BTreeMap;

use api::Resource;
use serde_json::{Map, Value};

use super::element::Element;
use crate::cel;
use crate::custom::{Schema, SchemaKind as Kinds};
use crate::kinds::Kind;
use crate::schema::{self, Field, Listing, Patch, Shape};

/// A place: what is known of the values that stand there.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'s> {
    /// The static table knows it.
    Known {
        /// What the value is.
        shape: Shape,
        /// How its elements are told apart.
        listing: Listing,
        /// How a strategic merge patch does it, where the schema is silent.
        patch: Patch,
    },
    /// A definition's schema knows it.
    Custom(&'s Schema),
    /// No schema knows it: objects are shared by their members, everything else is one value.
    Free,
}

/// How a value is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Not at all: it has the managers that set it, and no inside.
    Whole,
    /// By its fields, which the schema names.
    Fields,
    /// By its members, whose names are free.
    Members,
    /// By its elements, which the values of some of their fields tell apart.
    Keyed,
    /// By its elements, which are distinct values.
    Distinct,
}

/// What a list key is, where an element does not say it: the defaults of Kubernetes' schemas.
const KEY_DEFAULTS: [(&str, &str); 1] = [("protocol", "TCP")];

impl<'s> Place<'s> {
    /// The place of whole objects of a resource.
    pub(crate) fn of(resource: &Resource) -> Self {
        match schema::find(resource.group, resource.version, resource.kind) {
            Some(schema) => Self::inner(Shape::Object(schema)),
            None => Self::Free,
        }
    }

    /// The place of whole objects of a kind.
    pub(crate) fn of_kind(kind: &'s Kind) -> Self {
        kind.custom.as_ref().map_or_else(|| Self::of(kind.resource), |custom| Self::Custom(&custom.schema))
    }

    /// A place that only its shape says something about.
    fn inner(shape: Shape) -> Self {
        Self::Known { shape, listing: Listing::Unmarked, patch: Patch::Ordinary }
    }

    /// How values here are shared.
    pub(crate) fn sharing(self) -> Sharing {
        let (shape, listing, patch) = match self {
            Self::Known { shape, listing, patch } => (shape, listing, patch),
            Self::Custom(schema) => return sharing_by(schema),
            Self::Free => return Sharing::Members,
        };
        match (shape, listing, patch) {
            (Shape::Json, ..) => Sharing::Members,
            (Shape::Object(_) | Shape::Map(_) | Shape::List(_) | Shape::Wrapped(_), Listing::Atomic, _) => {
                Sharing::Whole
            }
            (Shape::Object(schema), ..) if schema.atomic => Sharing::Whole,
            (Shape::Object(_), ..) => Sharing::Fields,
            (Shape::Map(_), ..) => Sharing::Members,
            (Shape::List(_) | Shape::Wrapped(_), Listing::Keyed(_), _)
            | (Shape::List(_) | Shape::Wrapped(_), Listing::Unmarked, Patch::MergeBy(_)) => Sharing::Keyed,
            (Shape::List(_) | Shape::Wrapped(_), Listing::Set, _)
            | (Shape::List(_) | Shape::Wrapped(_), Listing::Unmarked, Patch::Merge) => Sharing::Distinct,
            _ => Sharing::Whole,
        }
    }

    /// How two values here are compared: whole, if either is not of the shape the schema says, or both are empty.
    pub(crate) fn sharing_of(self, old: Option<&Value>, new: Option<&Value>) -> Sharing {
        let sharing = self.sharing();
        let both = [old, new];
        let present = || both.iter().flatten().filter(|value| !value.is_null());
        let fits = match sharing {
            Sharing::Whole => false,
            Sharing::Fields | Sharing::Members => {
                present().all(|value| value.is_object())
                    && present().any(|value| value.as_object().is_some_and(|map| !map.is_empty()))
            }
            Sharing::Keyed | Sharing::Distinct => {
                present().all(|value| value.is_array())
                    && present().any(|value| value.as_array().is_some_and(|list| !list.is_empty()))
            }
        };
        if fits { sharing } else { Sharing::Whole }
    }

    /// The place of a member.
    pub(crate) fn member(self, name: &str) -> Self {
        match self {
            Self::Known { shape: Shape::Object(_), .. } => match self.named(name) {
                Some(field) => Self::Known { shape: field.shape, listing: field.listing, patch: field.patch },
                None => Self::Free,
            },
            Self::Known { shape: Shape::Map(inner), .. } => Self::inner(*inner),
            Self::Custom(schema) => match schema.properties.get(name).or(schema.additional.as_deref()) {
                Some(inner) => Self::Custom(inner),
                None if schema.embedded && name == "metadata" => metadata(),
                None => Self::Free,
            },
            Self::Known { .. } | Self::Free => Self::Free,
        }
    }

    /// Whether the schema names a member, rather than allowing or not knowing it.
    pub(crate) fn names(self, name: &str) -> bool {
        match self {
            Self::Custom(schema) => schema.properties.contains_key(name) || schema.embedded,
            Self::Known { .. } | Self::Free => self.named(name).is_some(),
        }
    }

    /// Whether a member is always there for Kubernetes' own types, so that nobody brings it in: Go holds it by value.
    pub(crate) fn always_has(self, name: &str) -> bool {
        self.named(name).is_some_and(|field| field.required || field.zero_is_absent)
    }

    fn named(self, name: &str) -> Option<&'static Field> {
        match self {
            Self::Known { shape: Shape::Object(schema), .. } => schema.field(name),
            Self::Known { .. } | Self::Custom(_) | Self::Free => None,
        }
    }

    /// The place of elements of a list.
    pub(crate) fn element(self) -> Self {
        match self {
            Self::Known { shape: Shape::List(inner) | Shape::Wrapped(inner), .. } => Self::inner(*inner),
            Self::Custom(Schema { items: Some(items), .. }) => Self::Custom(items),
            Self::Known { .. } | Self::Custom(_) | Self::Free => Self::Free,
        }
    }

    /// The fields whose values tell elements of a list apart.
    fn keys(self) -> Vec<&'s str> {
        match self {
            Self::Known { listing: Listing::Keyed(keys), .. } => keys.to_vec(),
            Self::Known { patch: Patch::MergeBy(key), .. } => vec![key],
            Self::Custom(Schema { listing: cel::Listing::Map(keys), .. }) => keys.iter().map(String::as_str).collect(),
            Self::Known { .. } | Self::Custom(_) | Self::Free => Vec::new(),
        }
    }

    /// What a key of an element is that does not say it.
    fn key_default(self, key: &str) -> Option<Value> {
        match self {
            Self::Custom(schema) => schema.items.as_ref()?.properties.get(key)?.default.clone(),
            Self::Known { .. } | Self::Free => {
                KEY_DEFAULTS.iter().find(|(name, _)| *name == key).map(|(_, value)| Value::from(*value))
            }
        }
    }

    /// What tells an element of a list here from the others.
    ///
    /// # Errors
    /// A sentence, in the words of structured-merge-diff.
    pub(crate) fn identify(self, element: &Value) -> Result<Element, String> {
        match (self.sharing(), element) {
            (Sharing::Keyed, Value::Object(members)) => identify_keyed(self, members),
            (Sharing::Keyed, Value::Null) => Err("associative list with keys may not have a null element".to_owned()),
            (Sharing::Keyed, _) => Err("associative list with keys may not have non-map elements".to_owned()),
            (_, Value::Object(_)) => Err("associative list without keys has an element that's a map type".to_owned()),
            (_, Value::Array(_)) => Err("not supported: associative list with lists as elements".to_owned()),
            (_, Value::Null) => Err("associative list without keys has an element that's an explicit null".to_owned()),
            (_, value) => Ok(Element::value(value)),
        }
    }

    /// The elements of a list with what tells them apart; `None` if something is not to be told apart.
    pub(crate) fn identify_all(self, list: &[Value]) -> Option<Vec<(Element, &Value)>> {
        list.iter().map(|element| Some((self.identify(element).ok()?, element))).collect()
    }
}

fn identify_keyed(place: Place<'_>, members: &Map<String, Value>) -> Result<Element, String> {
    let (keys, mut values) = (place.keys(), Vec::new());
    for key in &keys {
        let found = members.get(*key).filter(|value| !value.is_null()).cloned();
        let Some(value) = found.or_else(|| place.key_default(key)) else {
            return Err(format!(
                "associative list with keys has an element that omits key field {key:?} (and doesn't have default value)"
            ));
        };
        values.push(value);
    }
    let found: BTreeMap<&str, &Value> = keys.iter().copied().zip(&values).collect();
    Ok(Element::keyed(&found))
}

/// How a definition's schema shares values.
fn sharing_by(schema: &Schema) -> Sharing {
    match (schema.kind, &schema.listing) {
        _ if schema.atomic => Sharing::Whole,
        (Some(Kinds::Object), _) if schema.embedded || !schema.properties.is_empty() => Sharing::Fields,
        (Some(Kinds::Object), _) => Sharing::Members,
        (None, _) if schema.preserves => Sharing::Members,
        (Some(Kinds::Array), cel::Listing::Map(_)) => Sharing::Keyed,
        (Some(Kinds::Array), cel::Listing::Set) => Sharing::Distinct,
        _ => Sharing::Whole,
    }
}

/// The metadata of custom objects is that of all objects.
fn metadata() -> Place<'static> {
    let found = schema::named("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
    found.map_or(Place::Free, |schema| Place::inner(Shape::Object(schema)))
}

#[cfg(test)]
mod tests {
    use api::resource::{DEPLOYMENTS, PODS, SERVICES};
    use serde_json::json;

    use super::*;

    fn at(resource: &Resource, path: &str) -> Place<'static> {
        path.split('.').fold(Place::of(resource), |place, step| match step {
            "*" => place.element(),
            name => place.member(name),
        })
    }

    #[test]
    fn the_schema_says_how_values_are_shared() {
        for (resource, path, sharing) in [
            (&PODS, "metadata", Sharing::Fields),
            (&PODS, "metadata.labels", Sharing::Members),
            (&PODS, "metadata.finalizers", Sharing::Distinct),
            (&PODS, "metadata.ownerReferences", Sharing::Keyed),
            (&PODS, "metadata.managedFields", Sharing::Whole),
            (&PODS, "spec.containers", Sharing::Keyed),
            (&PODS, "spec.containers.*.ports", Sharing::Keyed),
            (&PODS, "spec.containers.*.args", Sharing::Whole),
            (&PODS, "spec.nodeSelector", Sharing::Whole),
            (&PODS, "spec.containers.*.resources.limits", Sharing::Members),
            (&PODS, "spec.tolerations", Sharing::Whole),
            (&DEPLOYMENTS, "spec.selector", Sharing::Whole),
            (&DEPLOYMENTS, "spec.replicas", Sharing::Whole),
            (&SERVICES, "spec.selector", Sharing::Whole),
            (&SERVICES, "spec.ports", Sharing::Keyed),
            (&SERVICES, "spec.colours", Sharing::Members),
        ] {
            assert_eq!(at(resource, path).sharing(), sharing, "{path}");
        }
    }

    #[test]
    fn keys_have_defaults_and_must_be_there() {
        let ports = at(&PODS, "spec.containers.*.ports");
        let bare = ports.identify(&json!({"containerPort": 80}));
        assert_eq!(bare, ports.identify(&json!({"protocol": "TCP", "containerPort": 80, "name": "web"})));
        assert!(bare.is_ok());
        assert!(ports.identify(&json!({"protocol": "TCP"})).is_err_and(|why| why.contains("\"containerPort\"")));
        assert!(ports.identify(&json!(1)).is_err());
        assert!(at(&PODS, "metadata.finalizers").identify(&json!({})).is_err());
    }
}
