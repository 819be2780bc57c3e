//! The present state and who watches it: what every backend's readers use.
//!
//! A backend calls [`Live::publish`] from one thread at a time; readers take a snapshot and wait for nobody.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::model::Model;
use crate::watch::{Hub, Past, matching};
use crate::{Batch, Entry, Error, Listing, Page, Revision, Watch, page};

#[derive(Debug)]
pub(crate) struct Live {
    model: ArcSwap<Model>,
    hub: Arc<Hub>,
}

impl Live {
    pub(crate) fn new(model: Model) -> Self {
        let hub = Arc::new(Hub::new(model.revision()));
        Self { model: ArcSwap::from_pointee(model), hub }
    }

    pub(crate) fn model(&self) -> Arc<Model> {
        self.model.load_full()
    }

    /// Makes `model` the present. `batches` are what led to it, in order.
    pub(crate) fn publish(&self, model: Model, batches: &[Arc<Batch>]) {
        let revision = model.revision();
        self.model.store(Arc::new(model));
        self.hub.publish(batches, revision);
    }

    pub(crate) fn get(&self, key: &str) -> (Option<Entry>, Revision) {
        let model = self.model.load();
        (model.get(key).cloned(), model.revision())
    }

    pub(crate) fn list(&self, prefix: &str, page: &Page) -> Result<Listing, Error> {
        page::list(&self.model(), prefix, page)
    }

    pub(crate) fn watch(&self, prefix: &str, after: Revision) -> Result<Watch, Error> {
        let past = self.past(prefix, after)?;
        self.join(prefix, after, past)
    }

    /// What happened under `prefix` after `after`, up to now.
    fn past(&self, prefix: &str, after: Revision) -> Result<Past, Error> {
        let model = self.model();
        page::check(&model, prefix, after)?;
        let mut batches: Vec<&Arc<Batch>> = model.histories(prefix).flat_map(|history| history.after(after)).collect();
        batches.sort_unstable_by_key(|batch| batch.revision);
        let batches = batches.into_iter().filter_map(|batch| matching(batch, prefix)).collect();
        Ok(Past { batches, through: model.revision() })
    }

    /// Starts a watch that goes on from a past read before. Publishing waits only while the little that happened
    /// since is read, not while a long past is.
    fn join(&self, prefix: &str, after: Revision, mut past: Past) -> Result<Watch, Error> {
        self.hub.watch(prefix, after, || {
            let Past { batches, through } = self.past(prefix, past.through)?;
            past.batches.extend(batches);
            Ok(Past { batches: past.batches, through })
        })
    }

    pub(crate) fn revision(&self) -> Revision {
        self.model.load().revision()
    }

    /// Ends every watch.
    pub(crate) fn close(&self) {
        self.hub.close();
    }
}

#[cfg(test)]
mod tests {
    use crate::conformance::put;
    use crate::model::{Bounds, Room};
    use crate::{Txn, Write};

    use super::*;

    fn write(live: &Live, write: Write) {
        let txn = Txn { guards: vec![], writes: vec![write] };
        let (model, applied) = live.model().apply(&txn, Room::Ample).expect("applies");
        live.publish(model, applied.batch.as_slice());
    }

    #[tokio::test]
    async fn a_watch_misses_nothing_that_happens_while_its_past_is_read() {
        let live = Live::new(Model::new(Bounds::default(), 0, 0));
        write(&live, put("/a", "1"));
        write(&live, put("/b", "1"));
        let past = live.past("/a", 0).expect("is known");
        write(&live, put("/a", "2"));
        write(&live, put("/b", "2"));
        let mut watch = live.join("/a", 0, past).expect("watches");
        write(&live, put("/a", "3"));
        for revision in [1, 3, 5] {
            assert_eq!(watch.next().await.map(|batch| batch.revision), Ok(revision));
        }
    }
}
