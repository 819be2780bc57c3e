//! The objects of one resource, kept in step with the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::Resource;
use serde_json::Value;
use store::{Entry, Error, Page, Revision, Store, Watch};

use crate::objects::decode_entry;
use crate::seen::{self, Seen, Teller};

pub(super) struct Stored {
    pub(super) resource: &'static Resource,
    store: Arc<dyn Store>,
    watch: Watch,
    known: BTreeMap<String, Value>,
    teller: Teller,
}

impl Stored {
    /// Reads what is stored.
    pub(super) async fn start(store: Arc<dyn Store>, resource: &'static Resource) -> Result<(Self, Seen), Error> {
        let (known, watch, revision) = load(&store, resource).await?;
        let (teller, seen) = seen::pair(resource, revision);
        Ok((Self { resource, store, watch, known, teller }, seen))
    }

    /// The objects, by their names.
    pub(super) fn all(&self) -> impl Iterator<Item = &Value> {
        self.known.values()
    }

    /// Waits until there is something new; may be dropped while it waits. Who asks meanwhile is told that all there
    /// is counts, so what [`Self::all`] says must be in force by then.
    pub(super) async fn changed(&mut self) -> Result<(), Error> {
        loop {
            tokio::select! {
                next = self.watch.next() => match next {
                    Ok(batch) => {
                        for change in &batch.changes {
                            match change.current.as_ref().and_then(|entry| decode_entry(entry).ok()) {
                                Some(object) => drop(self.known.insert(change.key().to_string(), object)),
                                None => drop(self.known.remove(&**change.key())),
                            }
                        }
                        return Ok(());
                    }
                    Err(Error::Lagged { .. } | Error::Compacted { .. }) => {
                        (self.known, self.watch, _) = load(&self.store, self.resource).await?;
                        return Ok(());
                    }
                    Err(error) => return Err(error),
                },
                () = self.teller.asked() => self.counts(),
            }
        }
    }

    /// Says that what was read counts.
    pub(super) fn counts(&self) {
        self.teller.tell(self.watch.seen());
    }
}

type Loaded = (BTreeMap<String, Value>, Watch, Revision);

async fn load(store: &Arc<dyn Store>, resource: &Resource) -> Result<Loaded, Error> {
    let listing = store.list(&resource.prefix(), Page::default()).await?;
    let watch = store.watch(&resource.prefix(), listing.revision).await?;
    let read = |entry: &Entry| Some((entry.key.to_string(), decode_entry(entry).ok()?));
    Ok((listing.entries.iter().filter_map(read).collect(), watch, listing.revision))
}
