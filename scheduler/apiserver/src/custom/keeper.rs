//! Follows the definitions that are stored and puts them in force; the admission policies go along.
//!
//! A kind is in force before its definition says `Established`, so whoever waits for that may create at once. A
//! definition that is being deleted waits, by a finalizer, until its objects are gone; then its kind goes out of
//! force and its watches end. Level-triggered: what is decided depends on what is stored alone.

use std::collections::{BTreeMap, BTreeSet};

use api::resource::CUSTOM_RESOURCE_DEFINITIONS as DEFINITIONS;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{Error, Page, Watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::definition::Definition;
use super::names::{self, Taken};
use crate::kinds::Subresource;
use crate::objects::{DeleteOptions, Objects, Patch, Propagation, WriteOptions, decode_entry};
use crate::policy::Follower;
use crate::status::Status;
use crate::value;

/// Finalizer of definitions: their objects go first. Kubernetes' name.
pub(crate) const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";
/// Objects deleted at a time while a definition goes.
const DELETES_AT_ONCE: usize = 500;
/// How long to wait before what failed is tried again.
const AGAIN: std::time::Duration = std::time::Duration::from_millis(500);

/// Keeps the kinds of definitions in force.
pub struct Keeper {
    objects: Objects,
    watch: Watch,
    /// Definitions by name.
    known: BTreeMap<String, Value>,
    /// Those in force: what their rows were made of, and how their watches are ended.
    in_force: BTreeMap<String, (Value, CancellationToken)>,
    /// Definitions whose objects are being deleted, by name and UID.
    ending: BTreeSet<(String, String)>,
    tasks: JoinSet<(String, String)>,
    /// The admission policies; taken when it runs.
    policies: Option<Follower>,
}

impl Keeper {
    /// Reads the definitions and puts in force what was so before; [`Keeper::run`] must be spawned.
    ///
    /// # Errors
    /// The store's.
    pub async fn start(objects: Objects) -> Result<Self, Error> {
        let listing = objects.store().list(&DEFINITIONS.prefix(), Page::default()).await?;
        let watch = objects.store().watch(&DEFINITIONS.prefix(), listing.revision).await?;
        let known = listing.entries.iter().filter_map(read).collect();
        let policies = Some(Follower::start(objects.clone()).await?);
        let mut keeper = Self {
            objects,
            watch,
            known,
            in_force: BTreeMap::new(),
            ending: BTreeSet::new(),
            tasks: JoinSet::new(),
            policies,
        };
        keeper.put_in_force(|definition| names::holds(definition, "Established"));
        Ok(keeper)
    }

    /// Runs until the store ends.
    ///
    /// # Errors
    /// The store's; it does not come back.
    pub async fn run(mut self) -> Result<(), Error> {
        let policies = self.policies.take();
        let policies = async {
            match policies {
                Some(policies) => policies.run().await,
                None => Ok(()),
            }
        };
        tokio::try_join!(self.follow(), policies).map(drop)
    }

    async fn follow(&mut self) -> Result<(), Error> {
        let mut again = !self.settle().await;
        loop {
            tokio::select! {
                batch = self.watch.next() => match batch {
                    Ok(batch) => {
                        for change in &batch.changes {
                            self.take(change.key(), change.current.as_ref());
                        }
                    }
                    Err(Error::Lagged { .. } | Error::Compacted { .. }) => self.reload().await?,
                    Err(error) => return Err(error),
                },
                Some(Ok(ended)) = self.tasks.join_next(), if !self.tasks.is_empty() => {
                    self.ending.remove(&ended);
                }
                () = tokio::time::sleep(AGAIN), if again => {}
            }
            again = !self.settle().await;
        }
    }

    fn take(&mut self, key: &str, entry: Option<&store::Entry>) {
        let Some(name) = key.strip_prefix(&DEFINITIONS.prefix()) else { return };
        match entry.and_then(read) {
            Some((name, definition)) => drop(self.known.insert(name, definition)),
            None => drop(self.known.remove(name)),
        }
    }

    async fn reload(&mut self) -> Result<(), Error> {
        let store = self.objects.store();
        let listing = store.list(&DEFINITIONS.prefix(), Page::default()).await?;
        self.watch = store.watch(&DEFINITIONS.prefix(), listing.revision).await?;
        self.known = listing.entries.iter().filter_map(read).collect();
        Ok(())
    }

    /// Does what follows from what is known; returns whether all of it succeeded.
    async fn settle(&mut self) -> bool {
        let gone: Vec<String> = self.in_force.keys().filter(|name| !self.known.contains_key(*name)).cloned().collect();
        for name in gone {
            self.end(&name);
        }
        let wanted = self.judged();
        self.put_in_force(|definition| {
            let name = value::text(definition, &["metadata", "name"]);
            wanted
                .iter()
                .any(|(found, status)| found == name && names::holds(&json!({"status": status}), "Established"))
        });
        let mut succeeded = true;
        for (name, mut status) in wanted {
            let Some(definition) = self.known.get(&name) else { continue };
            if is_ending(definition) {
                self.finish(&name);
                continue;
            }
            if let Some(why) = self.unfit(&name, definition) {
                names::set(&mut status, ["Established", "False", "NotServed", &why], &now());
            }
            if status != definition["status"] {
                succeeded &= self.tell(&name, definition.clone(), &status).await;
            }
        }
        succeeded
    }

    /// What the status of each definition should say: the oldest have their names first.
    fn judged(&self) -> Vec<(String, Value)> {
        let mut order: Vec<&Value> = self.known.values().collect();
        order.sort_by_key(|definition| {
            let text = |path| value::text(definition, path).to_owned();
            // Who has its names keeps them.
            (
                !names::holds(definition, "NamesAccepted"),
                text(&["metadata", "creationTimestamp"]),
                text(&["metadata", "name"]),
            )
        });
        let (mut taken, mut judged) = (BTreeMap::<String, Taken>::new(), Vec::new());
        for definition in order {
            let group = value::text(definition, &["spec", "group"]).to_owned();
            let taken = taken.entry(group.clone()).or_insert_with(|| Taken::built(&group));
            let conflict = taken.conflict(definition);
            let status = names::status(definition, conflict.as_deref(), &now());
            taken.add(&json!({"metadata": definition["metadata"], "status": status}));
            judged.push((value::text(definition, &["metadata", "name"]).to_owned(), status));
        }
        judged
    }

    /// Makes rows of the definitions that may have them.
    fn put_in_force(&mut self, may: impl Fn(&Value) -> bool) {
        for (name, definition) in &self.known {
            let is_current = self.in_force.get(name).is_some_and(|(spec, _)| *spec == definition["spec"]);
            if is_current || !may(definition) {
                continue;
            }
            let gone = self.in_force.get(name).map(|(_, gone)| gone.clone()).unwrap_or_default();
            match Definition::rows(definition, &gone) {
                Ok(defined) => {
                    self.objects.kinds().put(name, defined);
                    self.in_force.insert(name.clone(), (definition["spec"].clone(), gone));
                }
                Err(why) => tracing::error!(name, why, "a stored definition cannot be served"),
            }
        }
    }

    /// Why a definition that should be served is not.
    fn unfit(&self, name: &str, definition: &Value) -> Option<String> {
        if self.in_force.contains_key(name) {
            return None;
        }
        Definition::rows(definition, &CancellationToken::new()).err()
    }

    fn end(&mut self, name: &str) {
        self.objects.kinds().remove(name);
        if let Some((_, gone)) = self.in_force.remove(name) {
            gone.cancel();
        }
    }

    async fn tell(&self, name: &str, definition: Value, status: &Value) -> bool {
        let text = |key: &str| Some(value::text(&definition, &["metadata", key]).to_owned());
        let options =
            WriteOptions { uid: text("uid"), resource_version: text("resourceVersion"), ..WriteOptions::default() };
        let patch = Patch::Merge(json!({"status": status}));
        match self.objects.patch(&DEFINITIONS, "", name, Subresource::Status, patch, options).await {
            Ok(_) => true,
            // Someone else wrote it; the watch brings the news.
            Err(status) if status.is_conflict() || status.is_not_found() => true,
            Err(status) => {
                tracing::warn!(name, %status, "the status of a definition cannot be written");
                false
            }
        }
    }

    /// Begins to delete the objects of a definition, once.
    fn finish(&mut self, name: &str) {
        let Some(definition) = self.known.get(name) else { return };
        let uid = value::text(definition, &["metadata", "uid"]).to_owned();
        if !value::finalizers(definition).contains(&CLEANUP) || !self.ending.insert((name.to_owned(), uid.clone())) {
            return;
        }
        let (objects, name, definition) = (self.objects.clone(), name.to_owned(), definition.clone());
        self.tasks.spawn(async move {
            if let Err(status) = empty(&objects, &name, &uid, &definition).await {
                tracing::warn!(name, %status, "the objects of a definition cannot be deleted yet");
                tokio::time::sleep(AGAIN).await;
            }
            (name, uid)
        });
    }
}

fn read(entry: &store::Entry) -> Option<(String, Value)> {
    let definition = decode_entry(entry)
        .inspect_err(|status| tracing::error!(key = %entry.key, %status, "a stored definition cannot be read"))
        .ok()?;
    Some((value::text(&definition, &["metadata", "name"]).to_owned(), definition))
}

fn is_ending(definition: &Value) -> bool {
    value::is_deleting(definition)
}

fn now() -> String {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}

/// Deletes every object of a definition, waits until they are gone, and lets the definition go.
async fn empty(objects: &Objects, name: &str, uid: &str, definition: &Value) -> Result<(), Status> {
    let prefix = format!("/registry/{name}/");
    loop {
        let listing = objects.store().list(&prefix, Page { limit: DELETES_AT_ONCE, ..Page::default() }).await?;
        if listing.entries.is_empty() {
            return release(objects, name, uid).await;
        }
        let mut watch = objects.store().watch(&prefix, listing.revision).await?;
        let mut deleted = 0;
        for entry in &listing.entries {
            let object = decode_entry(entry)?;
            if value::is_deleting(&object) {
                continue;
            }
            let text = |key: &str| value::text(&object, &["metadata", key]).to_owned();
            let options = DeleteOptions {
                uid: Some(text("uid")),
                propagation: Some(Propagation::Background),
                ..DeleteOptions::default()
            };
            let spec = &definition["spec"];
            let found =
                objects.kinds().find_any(value::text(spec, &["group"]), value::text(spec, &["names", "plural"]));
            let resource = found.ok_or_else(Status::no_such_path)?.resource;
            match objects.delete(resource, &text("namespace"), &text("name"), options).await {
                Ok(_) => deleted += 1,
                Err(status) if status.is_not_found() || status.is_conflict() => {}
                Err(status) => return Err(status),
            }
        }
        if deleted == 0 {
            // Finalizers hold what is left; whoever removes them changes it.
            watch.next().await?;
        }
    }
}

async fn release(objects: &Objects, name: &str, uid: &str) -> Result<(), Status> {
    let definition = match objects.get(&DEFINITIONS, "", name).await {
        Ok(definition) => definition,
        Err(status) if status.is_not_found() => return Ok(()),
        Err(status) => return Err(status),
    };
    let left: Vec<_> = value::finalizers(&definition).into_iter().filter(|finalizer| *finalizer != CLEANUP).collect();
    let options = WriteOptions {
        uid: Some(uid.to_owned()),
        resource_version: Some(value::text(&definition, &["metadata", "resourceVersion"]).to_owned()),
        ..WriteOptions::default()
    };
    let patch = Patch::Merge(json!({"metadata": {"finalizers": left}}));
    match objects.patch(&DEFINITIONS, "", name, Subresource::Main, patch, options).await {
        Ok(_) => Ok(()),
        Err(status) if status.is_not_found() => Ok(()),
        Err(status) => Err(status),
    }
}
