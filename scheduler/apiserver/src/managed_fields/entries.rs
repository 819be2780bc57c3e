//! `metadata.managedFields`: who manages which fields, and since when.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value, json};

use super::compare::Changes;
use super::set::Set;
use super::update::ChangesIn;

/// How a manager came to its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    /// It applied them, and gives them up by not applying them again.
    Apply,
    /// It wrote them.
    Update,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Update => "Update",
        }
    }
}

/// Who manages fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manager {
    /// `kubectl`
    pub(crate) name: String,
    /// How it writes.
    pub(crate) operation: Operation,
    /// The version it wrote in, `apps/v1`.
    pub(crate) api_version: String,
    /// Which subresource it wrote to; empty for the object itself.
    pub(crate) subresource: String,
}

impl Manager {
    /// Whether two entries belong together. Who applies is the same in every version.
    fn is(&self, other: &Self) -> bool {
        let same_version = self.operation == Operation::Apply || self.api_version == other.api_version;
        same_version
            && (self.operation, &self.name, &self.subresource) == (other.operation, &other.name, &other.subresource)
    }
}

/// As messages about conflicts name it.
impl fmt::Display for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.name)?;
        if !self.subresource.is_empty() {
            write!(f, " with subresource {:?}", self.subresource)?;
        }
        match self.operation {
            Operation::Apply => Ok(()),
            Operation::Update => write!(f, " using {}", self.api_version),
        }
    }
}

/// One manager's fields.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) manager: Manager,
    /// When it last wrote, RFC 3339 with whole seconds; empty if that is not known.
    pub(crate) time: String,
    pub(crate) fields: Set,
}

/// Everyone who manages fields of an object.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Entries(Vec<Entry>);

/// Most managers that update an object and are told apart, as in Kubernetes.
const UPDATERS_MAX: usize = 10;
/// Whom the fields of the eldest go to.
const ANCIENT: &str = "ancient-changes";

impl Entries {
    /// Whether nobody manages anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }

    /// The fields of a manager.
    pub(crate) fn fields_of(&self, manager: &Manager) -> Option<&Set> {
        self.0.iter().find(|entry| entry.manager.is(manager)).map(|entry| &entry.fields)
    }

    /// The fields of everyone but a manager.
    pub(crate) fn others<'a>(&'a self, manager: &'a Manager) -> impl Iterator<Item = &'a Entry> {
        self.0.iter().filter(|entry| !entry.manager.is(manager))
    }

    /// Takes what has changed or is gone from every manager, and forgets those who have nothing left, or who know the
    /// kind in a version that is not served any more.
    pub(crate) fn give_up(&mut self, changes_in: &ChangesIn<'_>) {
        let mut known: BTreeMap<String, Option<Changes>> = BTreeMap::new();
        for entry in &mut self.0 {
            let version = &entry.manager.api_version;
            let changes = known.entry(version.clone()).or_insert_with(|| changes_in(version));
            match changes {
                Some(Changes { added, modified, removed }) => {
                    [added, modified, removed].into_iter().for_each(|fields| entry.fields.subtract(fields));
                }
                None => entry.fields = Set::default(),
            }
        }
        self.0.retain(|entry| !entry.fields.is_empty());
    }

    /// Gives a manager exactly these fields.
    pub(crate) fn set(&mut self, entry: Entry) {
        self.0.retain(|other| !other.manager.is(&entry.manager));
        if !entry.fields.is_empty() {
            self.0.push(entry);
        }
    }

    /// Gives a manager these fields besides those it has.
    pub(crate) fn add(&mut self, mut entry: Entry) {
        if let Some(held) = self.fields_of(&entry.manager) {
            entry.fields.extend(held);
        }
        self.set(entry);
    }

    /// Puts the fields of the eldest updaters of a version together until few enough are left.
    pub(crate) fn cap_updaters(&mut self) {
        let is_updater = |entry: &Entry| entry.manager.operation == Operation::Update;
        while self.0.iter().filter(|entry| is_updater(entry)).count() > UPDATERS_MAX {
            self.sort();
            let same = |a: &Entry, b: &Entry| is_updater(b) && a.manager.api_version == b.manager.api_version;
            let pair = self.0.iter().enumerate().filter(|(_, eldest)| is_updater(eldest)).find_map(|(at, eldest)| {
                let next = self.0.iter().skip(at + 1).position(|next| same(eldest, next))?;
                Some((at, at + 1 + next))
            });
            // As many versions as managers: Kubernetes keeps them all, too.
            let Some((eldest, next)) = pair else { return };
            let (next, mut merged) = (self.0.remove(next), self.0.remove(eldest));
            merged.fields.extend(&next.fields);
            ANCIENT.clone_into(&mut merged.manager.name);
            merged.manager.subresource.clear();
            merged.time = next.time;
            self.add(merged);
        }
    }

    fn sort(&mut self) {
        self.0.sort_by(|a, b| {
            let key = |entry: &Entry| (entry.manager.operation, entry.time.clone(), entry.manager.name.clone());
            let rest = |entry: &Entry| (entry.manager.api_version.clone(), entry.manager.subresource.clone());
            key(a).cmp(&key(b)).then_with(|| rest(a).cmp(&rest(b)))
        });
    }

    /// Whether the same managers have the same fields, whenever they got them.
    pub(crate) fn same_fields(&self, other: &Self) -> bool {
        let is_in = |entry: &Entry| other.0.iter().any(|o| o.manager == entry.manager && o.fields == entry.fields);
        self.0.len() == other.0.len() && self.0.iter().all(is_in)
    }

    /// The list for the metadata; `None` if it would be empty.
    pub(crate) fn encode(mut self) -> Option<Value> {
        self.sort();
        let list: Vec<Value> = self.0.iter().map(encode_entry).collect();
        (!list.is_empty()).then_some(Value::Array(list))
    }

    /// Reads the list of some metadata; `None` if it is none.
    pub(crate) fn decode(list: &Value) -> Option<Self> {
        let mut entries = Self::default();
        for entry in list.as_array()? {
            entries.add(decode_entry(entry)?);
        }
        Some(entries)
    }
}

fn encode_entry(entry: &Entry) -> Value {
    let mut members = Map::new();
    members.insert("manager".to_owned(), json!(entry.manager.name));
    members.insert("operation".to_owned(), json!(entry.manager.operation.name()));
    members.insert("apiVersion".to_owned(), json!(entry.manager.api_version));
    if !entry.time.is_empty() {
        members.insert("time".to_owned(), json!(entry.time));
    }
    members.insert("fieldsType".to_owned(), json!("FieldsV1"));
    members.insert("fieldsV1".to_owned(), entry.fields.encode());
    if !entry.manager.subresource.is_empty() {
        members.insert("subresource".to_owned(), json!(entry.manager.subresource));
    }
    Value::Object(members)
}

fn decode_entry(entry: &Value) -> Option<Entry> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let operation = match text("operation").as_str() {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return None,
    };
    if text("fieldsType") != "FieldsV1" {
        return None;
    }
    let fields = entry.get("fieldsV1").map_or(Some(Set::default()), Set::decode)?;
    let manager =
        Manager { name: text("manager"), operation, api_version: text("apiVersion"), subresource: text("subresource") };
    Some(Entry { manager, time: text("time"), fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn updater(name: &str, second: usize) -> Entry {
        let manager = Manager {
            name: name.to_owned(),
            operation: Operation::Update,
            api_version: "v1".to_owned(),
            subresource: String::new(),
        };
        let fields = Set::decode(&json!({"f:data": {format!("f:{name}"): {}}})).expect("a set");
        Entry { manager, time: format!("2026-01-01T00:00:{second:02}Z"), fields }
    }

    #[test]
    fn the_eldest_updaters_are_put_together() {
        let mut entries = Entries::default();
        for second in 0..25 {
            entries.add(updater(&format!("m{second:02}"), second));
            entries.cap_updaters();
        }
        let list = entries.clone().encode().expect("a list");
        let names: Vec<&str> = list.as_array().expect("a list").iter().filter_map(|e| e["manager"].as_str()).collect();
        assert_eq!(names, [ANCIENT, "m16", "m17", "m18", "m19", "m20", "m21", "m22", "m23", "m24"]);
        assert_eq!(list[0]["fieldsV1"]["f:data"].as_object().map(Map::len), Some(16), "nothing is lost");
        assert_eq!(list[0]["time"], "2026-01-01T00:00:15Z", "the time of the youngest among them");
        assert_eq!(Entries::decode(&list).and_then(Entries::encode), Some(list));
    }

    #[test]
    fn lists_that_are_none_are_not_read() {
        let good =
            json!({"manager": "a", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {}});
        assert!(
            Entries::decode(&json!([good])).is_some_and(|entries| entries.is_empty()),
            "who manages nothing is none"
        );
        for (key, bad) in [("operation", "Eat"), ("fieldsType", "FieldsV2"), ("fieldsV1", "x")] {
            let mut entry = good.clone();
            entry[key] = json!(bad);
            assert_eq!(Entries::decode(&json!([entry])), None, "{key}");
        }
        assert_eq!(Entries::decode(&json!({})), None);
    }
}
