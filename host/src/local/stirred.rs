//! Which Pods did something since they were last measured: those, and no others, cost anything to measure.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::desired::Uid;

/// Pods that are to be measured. None is in it twice, so it is as long as there are Pods at most.
#[derive(Debug, Default)]
pub(crate) struct Stirred(Mutex<Vec<Uid>>);

impl Stirred {
    /// Everyone who stirred since this was last asked.
    pub(crate) fn take(&self) -> Vec<Uid> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether a Pod is among them.
#[derive(Debug)]
pub(super) struct Mark {
    set: AtomicBool,
    stirred: Arc<Stirred>,
}

impl Mark {
    pub(super) fn new(stirred: Arc<Stirred>) -> Self {
        Self { set: AtomicBool::new(false), stirred }
    }

    /// Puts the Pod of this UID on the list: one load of memory if it is there already.
    pub(super) fn set(&self, uid: &Uid) {
        if !self.set.load(Ordering::Relaxed) && !self.set.swap(true, Ordering::AcqRel) {
            self.stirred.0.lock().unwrap_or_else(PoisonError::into_inner).push(uid.clone());
        }
    }

    /// Cleared before what it stands for is read, so that nothing that comes later is missed.
    pub(super) fn clear(&self) {
        self.set.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_stirs_often_is_listed_once() {
        let (stirred, uid) = (Arc::<Stirred>::default(), Uid::from("u"));
        let mark = Mark::new(stirred.clone());
        mark.set(&uid);
        mark.set(&uid);
        assert_eq!(stirred.take(), std::slice::from_ref(&uid));
        mark.set(&uid);
        assert!(stirred.take().is_empty(), "it has not been measured yet");
        mark.clear();
        mark.set(&uid);
        assert_eq!(stirred.take(), [uid]);
    }
}
