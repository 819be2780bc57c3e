//! The Pods of this host as the proxy calls them: found by UID or address, counted while they answer.
//!
//! This is the hot path: finding a Pod takes no lock, and a request costs two atomic changes at its start and two
//! at its end. A Pod that drains refuses new requests before their body is read, so that the caller can try
//! another; the request counts until the last byte of its answer is gone (C44, C45).

mod answerer;
mod count;
mod gauge;
mod shards;
mod stirred;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use http::{Request, Response};
use network::{Body, LocalError, LocalPods};
use tokio_util::sync::CancellationToken;

use crate::desired::Uid;
use crate::up::events::About;
pub(crate) use answerer::{Answerer, Trouble};
use count::Count;
use shards::Shards;
use stirred::Mark;
pub(crate) use stirred::Stirred;

/// A container as requests see it.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) ports: Vec<u16>,
    /// It answers every port that no container declares.
    pub(crate) answers_rest: bool,
    /// Who answers for it; none while it does not run.
    pub(crate) answerer: Option<Answerer>,
}

/// Picks who answers a port: whoever declares it, or else the first that answers the rest.
pub(crate) fn pick(targets: &[Target], port: u16) -> Option<&Target> {
    let declared = targets.iter().find(|target| target.ports.contains(&port));
    declared.or_else(|| targets.iter().find(|target| target.answers_rest))
}

/// A Pod as requests see it.
pub(crate) struct Slot {
    pub(crate) uid: Uid,
    pub(crate) namespace: Arc<str>,
    pub(crate) name: Arc<str>,
    targets: ArcSwap<Vec<Target>>,
    count: Arc<Count>,
    /// What it used is to be measured.
    mark: Mark,
    ip: OnceLock<IpAddr>,
    /// Cancelled when the Pod is here no longer.
    gone: CancellationToken,
}

impl Slot {
    /// A Pod that nobody can ask yet. What it does later puts it among `stirred`.
    pub(crate) fn new(uid: Uid, namespace: &str, name: &str, stirred: Arc<Stirred>) -> Arc<Self> {
        Arc::new(Self {
            uid,
            namespace: namespace.into(),
            name: name.into(),
            targets: ArcSwap::default(),
            count: Arc::default(),
            mark: Mark::new(stirred),
            ip: OnceLock::new(),
            gone: CancellationToken::new(),
        })
    }

    /// It did something: what it uses is to be measured.
    pub(crate) fn stir(&self) {
        self.mark.set(&self.uid);
    }

    /// It is measured now, and listed again by what it does from here on.
    pub(crate) fn settle(&self) {
        self.mark.clear();
    }

    /// Thousandths of a request inside, on average over `window`, the time since this was last asked.
    pub(crate) fn take_average_milli(&self, window: Duration) -> u64 {
        self.count.gauge.take_average_milli(window)
    }

    /// Requests from now on see these containers.
    pub(crate) fn set(&self, targets: Vec<Target>) {
        self.targets.store(Arc::new(targets));
    }

    /// Who answers a port now.
    pub(crate) fn answerer(&self, port: u16) -> Option<Answerer> {
        pick(&self.targets.load(), port)?.answerer.clone()
    }

    /// The Pod's address, once it has one.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.ip.get().copied()
    }

    /// The Pod is here no longer, or soon will not be.
    pub(crate) fn leave(&self) {
        self.gone.cancel();
    }

    /// Returns when the Pod is here no longer.
    pub(crate) async fn gone(&self) {
        self.gone.cancelled().await;
    }

    /// Whether a container declares this port.
    fn declares(&self, port: u16) -> bool {
        self.targets.load().iter().any(|target| target.ports.contains(&port))
    }

    /// From now on new requests are refused.
    pub(crate) fn close(&self) {
        self.count.close();
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.count.in_flight()
    }

    /// Waits until the last request of a closed Pod has ended.
    pub(crate) async fn drained(&self) {
        self.count.drained().await;
    }

    pub(crate) fn about(&self) -> About<'_> {
        About { uid: &self.uid, namespace: &self.namespace, name: &self.name }
    }
}

/// All Pods of this host.
#[derive(Default)]
pub(crate) struct Local {
    slots: Shards<Uid, Arc<Slot>>,
    addresses: Shards<IpAddr, Uid>,
}

impl Local {
    pub(crate) fn insert(&self, slot: Arc<Slot>, ip: Option<IpAddr>) {
        if let Some(ip) = ip {
            // An address is for life.
            slot.ip.get_or_init(|| ip);
            self.addresses.insert(ip, slot.uid.clone());
        }
        self.slots.insert(slot.uid.clone(), slot);
    }

    /// Lets go of all Pods. Workloads hold the proxy, which holds this, and their own Pods' slots, which hold them.
    pub(crate) fn clear(&self) {
        for slot in self.slots.take() {
            slot.leave();
            slot.set(Vec::new());
        }
        drop(self.addresses.take());
    }

    pub(crate) fn remove(&self, uid: &str, ip: Option<IpAddr>) {
        if let Some(slot) = self.slots.get(uid) {
            slot.leave();
        }
        self.slots.remove(uid);
        if let Some(ip) = ip {
            // A Pod that has ended and lies about has given its address back, and another may have it by now.
            self.addresses.remove_if(&ip, |owner| **owner == *uid);
        }
    }
}

impl Local {
    /// The Pod of this UID.
    pub(crate) fn slot(&self, uid: &str) -> Option<Arc<Slot>> {
        self.slots.get(uid)
    }

    /// Whether a Pod of this host has this address and declares this port.
    pub(crate) fn declares(&self, address: SocketAddr) -> bool {
        let slot = self.addresses.get(&address.ip()).and_then(|uid| self.slots.get(&uid));
        slot.is_some_and(|slot| slot.declares(address.port()))
    }
}

/// The Pods, in the hands of the proxy.
pub(crate) struct Handle(pub(crate) Arc<Local>);

impl LocalPods for Handle {
    fn call(
        &self,
        pod_uid: &str,
        port: u16,
        request: Request<Body>,
    ) -> BoxFuture<'static, Result<Response<Body>, LocalError>> {
        let Some(slot) = self.0.slots.get(pod_uid) else { return gone(request) };
        // Counted before it is asked who answers, so that a Pod that closes now waits for this request.
        let Some(counted) = slot.count.enter() else { return gone(request) };
        let Some(answerer) = slot.answerer(port) else { return gone(request) };
        slot.stir();
        async move {
            match answerer.call(port, request).await {
                Ok(response) => Ok(response.map(|body| counted.until_end_of(body))),
                Err(Trouble::Refused(request, _)) => Err(LocalError::Gone(request)),
                Err(trouble) => Err(failed(&slot, &trouble)),
            }
        }
        .boxed()
    }

    fn by_ip(&self, ip: IpAddr) -> Option<String> {
        self.0.addresses.get(&ip).map(|uid| uid.to_string())
    }
}

/// What the client is told: what failed, where and why, on one line.
fn failed(slot: &Slot, trouble: &Trouble) -> LocalError {
    let message = format!("pod {}/{}: {trouble}", slot.namespace, slot.name);
    LocalError::Failed { status: trouble.status(), cause: trouble.cause(), message }
}

fn gone(request: Request<Body>) -> BoxFuture<'static, Result<Response<Body>, LocalError>> {
    ready(Err(LocalError::Gone(Box::new(request)))).boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(ports: &[u16], answers_rest: bool) -> Target {
        Target { ports: ports.to_vec(), answers_rest, answerer: None }
    }

    #[test]
    fn the_first_container_answers_what_no_other_declares() {
        let two = [target(&[80], true), target(&[9090, 80], false)];
        let index = |port| pick(&two, port).and_then(|picked| two.iter().position(|t| std::ptr::eq(t, picked)));
        assert_eq!((index(80), index(9090), index(1234)), (Some(0), Some(1), Some(0)));
        assert!(pick(&[target(&[80], false)], 81).is_none());
    }

    #[tokio::test]
    async fn who_is_not_here_gives_the_request_back() {
        let local = Arc::new(Local::default());
        let handle = Handle(local.clone());
        let ip: IpAddr = [127, 64, 0, 1].into();
        let slot = Slot::new("u".into(), "n", "p", Arc::default());
        local.insert(slot.clone(), Some(ip));
        assert_eq!(handle.by_ip(ip).as_deref(), Some("u"));
        for uid in ["u", "stranger"] {
            let request = Request::builder().uri("/x").body(network::text("body")).expect("is valid");
            let answer = handle.call(uid, 80, request).await;
            assert!(matches!(answer, Err(LocalError::Gone(request)) if request.uri() == "/x"), "{uid}");
        }
        assert_eq!(slot.in_flight(), 0, "a request that was given back is not inside");
        local.remove("u", Some(ip));
        assert_eq!(handle.by_ip(ip), None);
    }

    // C47
    #[test]
    fn a_pod_that_goes_takes_only_its_own_address_along() {
        let local = Arc::new(Local::default());
        let ip: IpAddr = [127, 64, 0, 1].into();
        local.insert(Slot::new("new".into(), "n", "p", Arc::default()), Some(ip));
        local.remove("old", Some(ip));
        assert_eq!(Handle(local).by_ip(ip).as_deref(), Some("new"));
    }
}
