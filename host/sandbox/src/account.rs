//! Memory, bounded thrice: the sum over a workload's live instances, over those of its tenant, and over all of the host's.
//!
//! An [`Account`] belongs to a workload, a [`Pool`] to a tenant or the engine, a [`Share`] to an instance. Growth past a limit
//! fails inside the guest, as it would on a machine that is full. Whoever wants to start an instance may wait until
//! others give back: that is for [`crate::room`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::Notify;
use wasmtime::ResourceLimiter;

use crate::settings::{
    CORE_INSTANCES_MAX, INSTANCE_MEMORY_BYTES_DEFAULT, MEMORIES_MAX, TABLE_ELEMENTS_MAX, TABLES_MAX,
};
use crate::slots::Counted;

/// Bytes that may be taken and are given back.
struct Bytes {
    used: AtomicU64,
    /// The most that was taken at once since somebody asked.
    most: AtomicU64,
    limit: AtomicU64,
}

impl Bytes {
    fn new(limit: u64) -> Self {
        Self { used: AtomicU64::new(0), most: AtomicU64::new(0), limit: AtomicU64::new(limit) }
    }

    fn limit(&self) -> u64 {
        self.limit.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: u64) -> bool {
        let limit = self.limit();
        let take = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= limit);
        let before = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        let Ok(before) = before else { return false };
        self.most.fetch_max(before + bytes, Ordering::Relaxed);
        true
    }

    /// The most that was taken at once since this was last asked.
    fn take_most(&self) -> u64 {
        let used = self.used.load(Ordering::Relaxed);
        self.most.swap(used, Ordering::Relaxed).max(used)
    }

    fn give_back(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Release);
    }
}

/// Workloads that have a bound on their memory in common. Clones are the same.
#[derive(Clone)]
pub struct Tenant(Arc<Pool>);

impl Tenant {
    /// A tenant whose instances have at most `memory_bytes_max` together.
    #[must_use]
    pub fn new(memory_bytes_max: u64) -> Self {
        Self(Arc::new(Pool::new(memory_bytes_max)))
    }

    /// Sets another bound. What is over it stays, and does not grow.
    pub fn set_memory_bytes_max(&self, bytes: u64) {
        self.0.bytes.limit.store(bytes, Ordering::Relaxed);
    }

    /// What its instances have.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        self.0.bytes.used.load(Ordering::Relaxed)
    }

    /// Whether there is another clone of it, such as a workload's.
    #[must_use]
    pub fn is_used(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    pub(crate) fn pool(&self) -> &Arc<Pool> {
        &self.0
    }
}

impl std::fmt::Debug for Tenant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tenant").field("memory_bytes", &self.memory_bytes()).finish()
    }
}

/// The memory of all instances of an engine, or of a tenant.
pub(crate) struct Pool {
    bytes: Bytes,
    /// Who waits for some of it: at most one for each workload.
    waiting: AtomicUsize,
    released: Notify,
}

impl Pool {
    pub(crate) fn new(limit_bytes: u64) -> Self {
        Self { bytes: Bytes::new(limit_bytes), waiting: AtomicUsize::new(0), released: Notify::new() }
    }

    /// From now on what is released is kept in mind for who waits.
    pub(crate) fn wait(&self) -> Counted<'_> {
        Counted::new(&self.waiting)
    }

    /// Completes when somebody gave memory back, or got what he waited for and leaves the rest to others. One of those
    /// who wait is woken at a time, so that they do not all try in vain.
    pub(crate) async fn released(&self) {
        self.released.notified().await;
    }

    /// Wakes one of those who wait.
    pub(crate) fn wake(&self) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.released.notify_one();
        }
    }
}

/// Whose memory is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The workload's own.
    Workload,
    /// Its tenant's, by all of the tenant's workloads.
    Tenant,
    /// The host's, by all workloads together.
    Host,
}

/// The memory of all instances of one workload.
pub(crate) struct Account {
    /// Of all instances together.
    bytes: Bytes,
    /// Of each.
    instance_limit_bytes: u64,
    tenant: Option<Tenant>,
    host: Arc<Pool>,
}

impl Account {
    /// An account of at most `limit_bytes`; without a limit, each instance has its default one and the sum has none
    /// but the host's.
    pub(crate) fn new(limit_bytes: Option<u64>, tenant: Option<Tenant>, host: Arc<Pool>) -> Self {
        Self {
            bytes: Bytes::new(limit_bytes.unwrap_or(u64::MAX)),
            instance_limit_bytes: limit_bytes.unwrap_or(INSTANCE_MEMORY_BYTES_DEFAULT),
            tenant,
            host,
        }
    }

    pub(crate) fn used_bytes(&self) -> u64 {
        self.bytes.used.load(Ordering::Relaxed)
    }

    /// The most that was used at once since this was last asked: instances live for a request, so what is used at the
    /// moment of a question says little.
    pub(crate) fn take_most_bytes(&self) -> u64 {
        self.bytes.take_most()
    }

    /// What bounds an instance of this workload.
    pub(crate) fn instance_limit_bytes(&self) -> u64 {
        self.instance_limit_bytes
    }

    fn take(&self, bytes: u64) -> Result<(), Whose> {
        if !self.bytes.take(bytes) {
            return Err(Whose::Workload);
        }
        if let Some(tenant) = &self.tenant
            && !tenant.0.bytes.take(bytes)
        {
            self.bytes.give_back(bytes);
            return Err(Whose::Tenant);
        }
        if !self.host.bytes.take(bytes) {
            self.bytes.give_back(bytes);
            if let Some(tenant) = &self.tenant {
                tenant.0.bytes.give_back(bytes);
            }
            return Err(Whose::Host);
        }
        Ok(())
    }

    fn give_back(&self, bytes: u64) {
        self.bytes.give_back(bytes);
        self.pools().for_each(|pool| pool.bytes.give_back(bytes));
    }

    /// What it has in common with others.
    fn pools(&self) -> impl Iterator<Item = &Arc<Pool>> {
        self.tenant.iter().map(Tenant::pool).chain([&self.host])
    }

    /// The pool that others may give memory back to; none if those are the workload's own instances.
    pub(crate) fn pool(&self, whose: Whose) -> Option<&Arc<Pool>> {
        match whose {
            Whose::Workload => None,
            Whose::Tenant => self.tenant.as_ref().map(Tenant::pool),
            Whose::Host => Some(&self.host),
        }
    }
}

/// What one instance has of its workload's memory; and its other bounds.
pub(crate) struct Share {
    account: Arc<Account>,
    taken: u64,
    last_taken: u64,
    refused: Option<Whose>,
    /// What it had when it was complete.
    started: Option<u64>,
}

impl Share {
    pub(crate) fn new(account: Arc<Account>) -> Self {
        Self { account, taken: 0, last_taken: 0, refused: None, started: None }
    }

    /// The instance is complete: what it gives back is worth waiting for. An attempt that failed gives back only what
    /// it took itself, and would wake itself for that.
    pub(crate) fn started(&mut self) {
        self.started = Some(self.taken);
    }

    /// Bytes it has taken since it was complete.
    pub(crate) fn grown_bytes(&self) -> u64 {
        self.started.map_or(0, |started| self.taken.saturating_sub(started))
    }

    /// Who had no more memory for this instance, if it asked in vain.
    pub(crate) fn refused(&self) -> Option<Whose> {
        self.refused
    }

    /// The limit in whose name it asked in vain.
    pub(crate) fn refused_bytes(&self) -> Option<u64> {
        self.refused.map(|whose| match whose {
            Whose::Workload => self.account.instance_limit_bytes(),
            Whose::Tenant | Whose::Host => self.account.pool(whose).map_or(u64::MAX, |pool| pool.bytes.limit()),
        })
    }

    fn take(&mut self, bytes: u64) -> Result<(), Whose> {
        if self.taken.saturating_add(bytes) > self.account.instance_limit_bytes {
            return Err(Whose::Workload);
        }
        self.account.take(bytes)?;
        self.taken += bytes;
        self.last_taken = bytes;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.account.give_back(self.taken);
        if self.started.is_some() {
            self.account.pools().for_each(|pool| pool.wake());
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
        let taken = self.take(more);
        self.refused = taken.err().or(self.refused);
        Ok(taken.is_ok())
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

    fn account(limit_bytes: Option<u64>) -> Arc<Account> {
        Arc::new(Account::new(limit_bytes, None, Arc::new(Pool::new(u64::MAX))))
    }

    #[test]
    fn the_most_that_was_used_is_told_once() {
        let account = account(None);
        let mut one = share(&account);
        assert!(one.memory_growing(0, 3 * PAGE, None).unwrap());
        drop(one);
        assert_eq!((account.take_most_bytes(), account.take_most_bytes()), (3 * PAGE as u64, 0));
        let mut two = share(&account);
        assert!(two.memory_growing(0, PAGE, None).unwrap());
        assert_eq!((account.take_most_bytes(), account.take_most_bytes()), (PAGE as u64, PAGE as u64));
    }

    // F39
    #[test]
    fn the_sum_over_instances_is_bounded() {
        let account = account(Some(10 * PAGE as u64));
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
        let account = account(None);
        let most = usize::try_from(INSTANCE_MEMORY_BYTES_DEFAULT).unwrap();
        let (mut one, mut two) = (share(&account), share(&account));
        for share in [&mut one, &mut two] {
            assert!(share.memory_growing(0, most, None).unwrap());
            assert!(!share.memory_growing(most, most + PAGE, None).unwrap());
        }
    }

    #[test]
    fn what_fails_later_is_given_back() {
        let account = account(Some(10 * PAGE as u64));
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
        let mut one = share(&account(None));
        assert!(one.table_growing(0, TABLE_ELEMENTS_MAX, None).unwrap());
        assert!(!one.table_growing(0, TABLE_ELEMENTS_MAX + 1, None).unwrap());
        assert!(!one.table_growing(0, 10, Some(9)).unwrap());
    }

    // F39
    #[test]
    fn the_sum_over_workloads_is_bounded() {
        let host = Arc::new(Pool::new(10 * PAGE as u64));
        let [one, two] = [None, Some(20 * PAGE as u64)].map(|limit| Arc::new(Account::new(limit, None, host.clone())));
        let (mut first, mut second) = (share(&one), share(&two));
        assert!(first.memory_growing(0, 6 * PAGE, None).unwrap());
        assert!(!second.memory_growing(0, 6 * PAGE, None).unwrap());
        assert_eq!((second.refused(), second.refused_bytes()), (Some(Whose::Host), Some(10 * PAGE as u64)));
        assert_eq!(two.used_bytes(), 0, "what the host refused is not charged to the workload");
        drop(first);
        assert!(second.memory_growing(0, 10 * PAGE, None).unwrap());
    }

    // F39
    #[test]
    fn the_sum_over_a_tenants_thousand_instances_is_bounded() {
        let host = Arc::new(Pool::new(u64::MAX));
        let tenant = Tenant::new(100 * PAGE as u64);
        let accounts: Vec<_> =
            (0..10).map(|_| Arc::new(Account::new(None, Some(tenant.clone()), host.clone()))).collect();
        let mut shares: Vec<_> = accounts.iter().cycle().take(1_000).map(share).collect();
        let granted = shares.iter_mut().filter_map(|share| share.memory_growing(0, PAGE, None).ok()).filter(|had| *had);
        assert_eq!(granted.count(), 100);
        assert_eq!((tenant.memory_bytes(), shares[999].refused()), (100 * PAGE as u64, Some(Whose::Tenant)));
        let mut other = share(&Arc::new(Account::new(None, Some(Tenant::new(PAGE as u64)), host.clone())));
        assert!(other.memory_growing(0, PAGE, None).unwrap(), "another tenant has its own");
        tenant.set_memory_bytes_max(50 * PAGE as u64);
        drop(shares.drain(..50));
        assert!(!shares[940].memory_growing(0, PAGE, None).unwrap(), "it is still full by the new bound");
        drop(shares);
        assert_eq!((tenant.memory_bytes(), host.bytes.used.load(Ordering::Relaxed)), (0, PAGE as u64));
    }

    #[tokio::test]
    async fn a_newcomer_hears_of_what_instances_give_back_but_not_of_its_own_attempts() {
        let host = Arc::new(Pool::new(PAGE as u64));
        let account = Arc::new(Account::new(None, None, host.clone()));
        let _waiting = (host.wait(), host.wait());
        let (one, two) = (host.released(), host.released());
        tokio::pin!(one, two);
        assert!(futures::poll!(one.as_mut()).is_pending() && futures::poll!(two.as_mut()).is_pending());
        drop(share(&account));
        assert!(futures::poll!(one.as_mut()).is_pending());
        let mut sibling = share(&account);
        sibling.started();
        drop(sibling);
        assert!(futures::poll!(one.as_mut()).is_ready());
        assert!(futures::poll!(two.as_mut()).is_pending(), "one at a time");
    }
}
