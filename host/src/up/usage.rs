//! What is used, on its way: the latest of each Pod, and of the Node. Nothing acknowledges it: the next one comes by
//! itself, and a new session begins from nothing.

use std::collections::BTreeMap;

use protocol::MESSAGE_BYTES_MAX;
use protocol::v1::{NodeUsage, PodUsage, Usage};

use crate::desired::Uid;

/// Bytes of a message, about: what goes before waits for less than that of a status.
const BATCH_BYTES_MAX: usize = MESSAGE_BYTES_MAX / 16;
/// Bytes of a message for a Pod or a container beside its name.
const ENTRY_BYTES: usize = 24;

/// What has not been told.
#[derive(Debug, Default)]
pub(crate) struct Usages {
    node: Option<NodeUsage>,
    pods: BTreeMap<Uid, PodUsage>,
}

impl Usages {
    /// Replaces whatever was to be told about the Node.
    pub(crate) fn put_node(&mut self, node: NodeUsage) {
        self.node = Some(node);
    }

    /// Replaces whatever was to be told about a Pod.
    pub(crate) fn put(&mut self, uid: Uid, usage: PodUsage) {
        self.pods.insert(uid, usage);
    }

    /// The Pod is gone.
    pub(crate) fn forget(&mut self, uid: &str) {
        self.pods.remove(uid);
    }

    /// The next message, unless there is nothing to tell.
    pub(crate) fn next(&mut self) -> Option<Usage> {
        let mut usage = Usage { node: self.node.take(), pods: Vec::new() };
        let mut bytes = 0;
        while bytes < BATCH_BYTES_MAX
            && let Some((_, pod)) = self.pods.pop_first()
        {
            let names = pod.containers.iter().map(|container| container.name.len() + ENTRY_BYTES);
            bytes += pod.uid.len() + ENTRY_BYTES + names.sum::<usize>();
            usage.pods.push(pod);
        }
        (usage.node.is_some() || !usage.pods.is_empty()).then_some(usage)
    }

    /// The session is lost. In the next one everything is measured and told anew.
    pub(crate) fn lost(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uid: &str, requests_milli: u64) -> PodUsage {
        PodUsage { uid: uid.to_owned(), requests_milli, ..PodUsage::default() }
    }

    #[test]
    fn only_the_latest_counts_and_is_told_once() {
        let mut usages = Usages::default();
        assert_eq!(usages.next(), None);
        usages.put("a".into(), of("a", 1));
        usages.put("a".into(), of("a", 2));
        usages.put("b".into(), of("b", 3));
        usages.forget("b");
        usages.put_node(NodeUsage::default());
        assert_eq!(usages.next(), Some(Usage { node: Some(NodeUsage::default()), pods: vec![of("a", 2)] }));
        assert_eq!(usages.next(), None);
        usages.put("a".into(), of("a", 4));
        usages.lost();
        assert_eq!(usages.next(), None);
    }

    #[test]
    fn messages_are_bounded() {
        let mut usages = Usages::default();
        for n in 0..10_000 {
            let uid = format!("{n:036}");
            usages.put(uid.as_str().into(), of(&uid, 0));
        }
        let (mut messages, mut pods) = (0, 0);
        while let Some(usage) = usages.next() {
            (messages, pods) = (messages + 1, pods + usage.pods.len());
        }
        assert_eq!((messages, pods), (3, 10_000));
    }
}
