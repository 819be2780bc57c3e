//! A workload's memory: the sum over its live instances, bounded.
//!
//! An [`Account`] belongs to a workload, a [`Share`] to an instance. Growth past the account's limit fails inside the
//! guest, as it would on a machine that is full; a new instance may wait until siblings give back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;
use wasmtime::ResourceLimiter;

use crate::settings::{
    CORE_INSTANCES_MAX, INSTANCE_MEMORY_BYTES_DEFAULT, MEMORIES_MAX, TABLE_ELEMENTS_MAX, TABLES_MAX,
};

/// The memory of all instances of one workload.
pub(crate) struct Account {
    used: AtomicU64,
    /// Of all instances together.
    limit_bytes: u64,
    /// Of each.
    instance_limit_bytes: u64,
    released: Notify,
}

impl Account {
    /// An account of at most `limit_bytes`; without a limit, each instance has its default one and the sum has none.
    pub(crate) fn new(limit_bytes: Option<u64>) -> Self {
        Self {
            used: AtomicU64::new(0),
            limit_bytes: limit_bytes.unwrap_or(u64::MAX),
            instance_limit_bytes: limit_bytes.unwrap_or(INSTANCE_MEMORY_BYTES_DEFAULT),
            released: Notify::new(),
        }
    }

    pub(crate) fn used_bytes(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// What bounds an instance of this workload.
    pub(crate) fn instance_limit_bytes(&self) -> u64 {
        self.instance_limit_bytes
    }

    fn take(&self, bytes: u64) -> bool {
        let take = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.limit_bytes);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    fn give_back(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Release);
    }

    /// Completes when an instance gave its memory back, from the moment of this call on.
    pub(crate) fn released(&self) -> impl Future<Output = ()> + Send + '_ {
        // A `Notified` counts every `notify_waiters` since it was made.
        self.released.notified()
    }
}

/// What one instance has of its workload's memory; and its other bounds.
pub(crate) struct Share {
    account: Arc<Account>,
    taken: u64,
    last_taken: u64,
    refused: bool,
    started: bool,
}

impl Share {
    pub(crate) fn new(account: Arc<Account>) -> Self {
        Self { account, taken: 0, last_taken: 0, refused: false, started: false }
    }

    /// The instance is complete: what it gives back is worth waiting for. An attempt that failed gives back only what
    /// it took itself, and would wake itself for that.
    pub(crate) fn started(&mut self) {
        self.started = true;
    }

    /// The limit in whose name this instance was refused memory, if it was.
    pub(crate) fn refused(&self) -> Option<u64> {
        self.refused.then(|| self.account.instance_limit_bytes())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.account.give_back(self.taken);
        if self.started {
            self.account.released.notify_waiters();
        }
    }
}

// C70, F39, F40
impl ResourceLimiter for Share {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let more = desired.saturating_sub(current) as u64;
        let granted = self.taken + more <= self.account.instance_limit_bytes && self.account.take(more);
        if granted {
            self.taken += more;
            self.last_taken = more;
        } else {
            self.refused = true;
        }
        Ok(granted)
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        // The system refused what the account had granted.
        self.taken -= self.last_taken;
        self.account.give_back(std::mem::take(&mut self.last_taken));
        Ok(())
    }

    fn table_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS_MAX && maximum.is_none_or(|maximum| desired <= maximum))
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES_MAX as usize
    }

    fn tables(&self) -> usize {
        TABLES_MAX as usize
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 65_536;

    fn share(account: &Arc<Account>) -> Share {
        Share::new(account.clone())
    }

    // F39
    #[test]
    fn the_sum_over_instances_is_bounded() {
        let account = Arc::new(Account::new(Some(10 * PAGE as u64)));
        let (mut one, mut two) = (share(&account), share(&account));
        assert!(one.memory_growing(0, 6 * PAGE, None).unwrap());
        assert!(!two.memory_growing(0, 6 * PAGE, None).unwrap());
        assert!(two.refused().is_some() && one.refused().is_none());
        assert!(two.memory_growing(0, 4 * PAGE, None).unwrap());
        assert!(!one.memory_growing(6 * PAGE, 7 * PAGE, None).unwrap());
        drop(two);
        assert!(one.memory_growing(6 * PAGE, 7 * PAGE, None).unwrap());
        assert_eq!(account.used_bytes(), 7 * PAGE as u64);
        drop(one);
        assert_eq!(account.used_bytes(), 0);
    }

    #[test]
    fn without_a_limit_each_instance_has_the_default_one() {
        let account = Arc::new(Account::new(None));
        let most = usize::try_from(INSTANCE_MEMORY_BYTES_DEFAULT).unwrap();
        let (mut one, mut two) = (share(&account), share(&account));
        for share in [&mut one, &mut two] {
            assert!(share.memory_growing(0, most, None).unwrap());
            assert!(!share.memory_growing(most, most + PAGE, None).unwrap());
        }
    }

    #[test]
    fn what_fails_later_is_given_back() {
        let account = Arc::new(Account::new(Some(10 * PAGE as u64)));
        let mut one = share(&account);
        assert!(!one.memory_growing(0, 2 * PAGE, Some(PAGE)).unwrap());
        assert!(one.memory_growing(0, 2 * PAGE, None).unwrap());
        assert!(one.memory_growing(2 * PAGE, 5 * PAGE, None).unwrap());
        one.memory_grow_failed(wasmtime::Error::msg("no")).unwrap();
        assert_eq!(account.used_bytes(), 2 * PAGE as u64);
    }

    // F40
    #[test]
    fn tables_are_bounded() {
        let mut one = share(&Arc::new(Account::new(None)));
        assert!(one.table_growing(0, TABLE_ELEMENTS_MAX, None).unwrap());
        assert!(!one.table_growing(0, TABLE_ELEMENTS_MAX + 1, None).unwrap());
        assert!(!one.table_growing(0, 10, Some(9)).unwrap());
    }

    #[tokio::test]
    async fn a_newcomer_hears_of_what_instances_give_back_but_not_of_its_own_attempts() {
        let account = Arc::new(Account::new(Some(PAGE as u64)));
        let released = account.released();
        drop(share(&account));
        tokio::pin!(released);
        assert!(futures::poll!(released.as_mut()).is_pending());
        let mut sibling = share(&account);
        sibling.started();
        drop(sibling);
        assert!(futures::poll!(released.as_mut()).is_ready());
    }
}
