//! How many connections come from where, so that one address cannot take all there are.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The count. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Sources {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    max: usize,
}

/// A connection from an address, until this is dropped.
#[derive(Debug)]
pub(super) struct From {
    sources: Sources,
    address: IpAddr,
}

impl Sources {
    /// At most `max` from each address.
    pub(super) fn new(max: usize) -> Self {
        Self { open: Arc::default(), max }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a connection; `None` if there are too many from this address.
    pub(super) fn count(&self, address: IpAddr) -> Option<From> {
        let address = source(address);
        let mut open = self.lock();
        let count = open.entry(address).or_default();
        if *count >= self.max {
            return None;
        }
        *count += 1;
        Some(From { sources: self.clone(), address })
    }
}

/// What one machine can choose freely is one source: an IPv6 network of 64 bits.
fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
        address @ IpAddr::V4(_) => address,
    }
}

impl Drop for From {
    fn drop(&mut self) {
        let mut open = self.sources.lock();
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_source_leaves_room_for_others_and_gets_its_own_back() {
        let sources = Sources::new(2);
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let held = [sources.count(ip("10.0.0.1")), sources.count(ip("::ffff:10.0.0.1"))];
        assert!(held.iter().all(Option::is_some));
        assert!(sources.count(ip("10.0.0.1")).is_none() && sources.count(ip("10.0.0.2")).is_some());
        drop(held);
        assert!(sources.lock().is_empty());
        let held = [sources.count(ip("2001:db8::1")), sources.count(ip("2001:db8::2"))];
        assert!(held.iter().all(Option::is_some));
        assert!(sources.count(ip("2001:db8::3")).is_none(), "the same network");
        assert!(sources.count(ip("2001:db8:0:1::3")).is_some());
    }
}
