//! From a request and where it is to go, to a response: pick an endpoint, ask it, and try another where that is right.

use std::borrow::Cow;
use std::sync::Arc;

use futures::future::BoxFuture;
use http::request::Parts;
use http::{Request, Response};

use crate::Body;
use crate::balance::Spot;
use crate::cause::{self, Cause};
use crate::delta::Peer;
use crate::hygiene;
use crate::lane::Lane;
use crate::limits::{ATTEMPTS_MAX, DEPTH_MAX, PEER_CONNECTIONS_MAX};
use crate::local::{Depth, LocalError};
use crate::metrics::{InFlight, count};
use crate::peer::{self, Callee, RemoteError};
use crate::replay::Replay;
use crate::retry::{self, Circumstances, Failure};
use crate::route::{Backend, PodAddress, Table, Target};

/// Answers `request`, which is clean (see `hygiene`) and `depth` calls deep, from `target`.
pub(crate) async fn route(lane: &Arc<Lane>, target: &Target, request: Request<Body>, depth: Depth) -> Response<Body> {
    if depth.0 > DEPTH_MAX {
        return Cause::Loop.response(&format!("{target}: more than {DEPTH_MAX} calls in a chain"));
    }
    let mut call = Call { lane, target, tried: Tried::default(), last: None, in_flight: None };
    let response = call.run(Held::Whole(request), depth).await;
    if let Some(in_flight) = call.in_flight {
        in_flight.answered(response.status());
    }
    response
}

/// A request on its way through attempts.
struct Call<'c> {
    lane: &'c Arc<Lane>,
    target: &'c Target,
    tried: Tried,
    last: Option<RemoteError>,
    in_flight: Option<InFlight>,
}

/// The request between attempts.
enum Held {
    /// Never left this host.
    Whole(Request<Body>),
    /// May have been sent to another host; the body can be sent again as long as the replay allows.
    Sent(Parts, Replay),
}

/// What one look at the table decided.
enum Attempt {
    /// A Pod of this host is being called.
    Local(BoxFuture<'static, Result<Response<Body>, LocalError>>),
    Remote(Callee, Held),
    Nobody(Response<Body>),
}

/// Whom to ask.
enum Choice<'t> {
    Local { uid: Cow<'t, str>, port: u16, key: u64 },
    Remote { peer: &'t Peer, uid: &'t Arc<str>, port: u16, key: u64 },
    Nobody(Cause, String),
}

/// Ring places of endpoints already asked.
#[derive(Default)]
struct Tried {
    keys: [u64; ATTEMPTS_MAX],
    count: usize,
}

impl Tried {
    fn add(&mut self, key: u64) {
        if let Some(slot) = self.keys.get_mut(self.count) {
            *slot = key;
            self.count += 1;
        }
    }

    fn contains(&self, key: u64) -> bool {
        self.keys[..self.count].contains(&key)
    }
}

impl<'c> Call<'c> {
    async fn run(&mut self, mut held: Held, depth: Depth) -> Response<Body> {
        loop {
            let (error, next) = match self.attempt(held, depth) {
                Attempt::Nobody(response) => return response,
                Attempt::Local(call) => match call.await {
                    Ok(response) => return local_response(response),
                    Err(LocalError::Failed { status, cause, message }) => {
                        return cause::response(status, cause, &message);
                    }
                    Err(LocalError::Gone(request)) => (RemoteError::Gone, Held::Whole(*request)),
                },
                Attempt::Remote(callee, held) => {
                    let (parts, replay) = held.replayable();
                    // Boxed, so that the future of a local call, which is moved for each request, is small.
                    match Box::pin(self.ask(&callee, &parts, &replay, depth)).await {
                        Ok(response) => return response,
                        Err(error) => (error, Held::Sent(parts, replay)),
                    }
                }
            };
            if !self.may_try_again(&error, &next) {
                return self.give_up(&error);
            }
            count(&self.lane.counters.retries);
            self.last = Some(error);
            held = next;
        }
    }

    /// Asks another host. If the connection turns out to have been at its end, nobody has seen the request, and it is
    /// asked again by another one: each is then given up, so that the last is new, and what befalls a new one stands.
    async fn ask(
        &self,
        callee: &Callee,
        parts: &Parts,
        replay: &Replay,
        depth: Depth,
    ) -> Result<Response<Body>, RemoteError> {
        let mut stale = 0;
        loop {
            let request = Request::from_parts(parts.clone(), replay.body());
            match peer::call(self.lane, callee, request, depth).await {
                Err(RemoteError::Stale { .. }) if stale < PEER_CONNECTIONS_MAX && replay.can_replay() => stale += 1,
                answer => return answer,
            }
        }
    }

    /// Picks, and if a Pod of this host was picked, calls it, in one go: between the look at the table and the call
    /// nothing else runs on this lane, so a table that is in force on all lanes is one by which no more calls begin.
    fn attempt(&mut self, held: Held, depth: Depth) -> Attempt {
        let lane = self.lane;
        let table = lane.shared.table.load();
        match self.choose(&table) {
            Choice::Local { uid, port, key } => {
                self.tried.add(key);
                let mut request = held.whole();
                if depth > Depth::default() {
                    request.extensions_mut().insert(depth);
                }
                Attempt::Local(lane.shared.local.call(&uid, port, request))
            }
            Choice::Remote { peer, uid, port, key } => {
                self.tried.add(key);
                Attempt::Remote(Callee { peer: peer.clone(), uid: uid.clone(), port }, held)
            }
            Choice::Nobody(cause, why) => Attempt::Nobody(match &self.last {
                Some(error) => self.give_up(error),
                None => cause.response(&format!("{}: {why}", self.target)),
            }),
        }
    }

    fn choose<'t>(&mut self, table: &'t Table) -> Choice<'t>
    where
        'c: 't,
    {
        let (lane, target) = (self.lane, self.target);
        match target {
            Target::Pod { uid, port } => self.one_pod(table, Some(Cow::Borrowed(&**uid)), None, *port),
            Target::PodIp { ip, port } => {
                let here = lane.shared.local.by_ip(*ip).map(Cow::Owned);
                self.one_pod(table, here, table.pod(*ip), *port)
            }
            Target::NodePort { .. } | Target::ClusterIp { .. } | Target::Service { .. } => {
                match table.backend_of(target) {
                    Some(backend) => self.among(table, backend),
                    None => Choice::Nobody(Cause::NoRoute, "no Service is there".to_owned()),
                }
            }
        }
    }

    /// One particular Pod, which is asked once.
    fn one_pod<'t>(
        &mut self,
        table: &'t Table,
        here: Option<Cow<'t, str>>,
        elsewhere: Option<&'t PodAddress>,
        port: u16,
    ) -> Choice<'t> {
        let key = u64::from(port);
        self.in_flight.get_or_insert_with(|| InFlight::begin(self.lane.to_pods.clone()));
        if self.tried.contains(key) {
            return Choice::Nobody(Cause::Gone, "the Pod is gone".to_owned());
        }
        if let Some(uid) = here {
            return Choice::Local { uid, port, key };
        }
        match elsewhere.map(|pod| (pod, table.peer(&pod.node_name))) {
            Some((pod, Some(peer))) if !pod.local => Choice::Remote { peer, uid: &pod.uid, port, key },
            Some((pod, _)) if pod.local => Choice::Local { uid: Cow::Borrowed(&*pod.uid), port, key },
            Some((pod, _)) => Choice::Nobody(Cause::PeerUnreachable, format!("host {} is not known", pod.node_name)),
            None => Choice::Nobody(Cause::NoEndpoints, "no Pod known has this address".to_owned()),
        }
    }

    /// The endpoint whose turn it is. A host the control plane has lost is asked only if nobody else is left, because
    /// the control plane may be the one that is cut off; one we could not reach ourselves a moment ago is not asked.
    fn among<'t>(&mut self, table: &'t Table, backend: &'t Backend) -> Choice<'t> {
        let lane = self.lane;
        let share = &backend.shares[lane.index];
        self.in_flight.get_or_insert_with(|| InFlight::begin(share.path.clone()));
        let may = |spot: &Spot, lost_too: bool| {
            let dialable = |peer: &Peer| (peer.reachable || lost_too) && !lane.links.suspects(peer);
            !self.tried.contains(spot.key) && (spot.local || table.peer(&spot.endpoint.node_name).is_some_and(dialable))
        };
        let next = |lost_too| share.rotation.next(&backend.ring, |spot| may(spot, lost_too));
        let Some(spot) = next(false).or_else(|| next(true)) else {
            return if backend.ring.is_empty() {
                Choice::Nobody(Cause::NoEndpoints, format!("{} has no ready endpoint", backend.service))
            } else {
                Choice::Nobody(Cause::PeerUnreachable, format!("no host of {} can be reached", backend.service))
            };
        };
        let (uid, port, key) = (&spot.endpoint.pod_uid, spot.endpoint.port, spot.key);
        let elsewhere = if spot.local { None } else { table.peer(&spot.endpoint.node_name) };
        match elsewhere {
            Some(peer) => Choice::Remote { peer, uid, port, key },
            None => Choice::Local { uid: Cow::Borrowed(&**uid), port, key },
        }
    }

    fn may_try_again(&self, error: &RemoteError, held: &Held) -> bool {
        let counters = &self.lane.counters;
        match error.failure() {
            Some(Failure::Gone) => count(&counters.gone),
            Some(Failure::Broken) => count(&counters.broken),
            Some(Failure::NotSent) | None => {}
        }
        let (replayable, idempotent) = match held {
            Held::Whole(request) => (true, request.method().is_idempotent()),
            Held::Sent(parts, replay) => (replay.can_replay(), parts.method.is_idempotent()),
        };
        let attempts = self.tried.count;
        let request = Circumstances { attempts, replayable, idempotent };
        error.failure().is_some_and(|failure| retry::again(failure, request, &self.lane.budget))
    }

    fn give_up(&self, error: &RemoteError) -> Response<Body> {
        error.cause().response(&format!("{}: {error}", self.target))
    }
}

impl Held {
    fn whole(self) -> Request<Body> {
        match self {
            Self::Whole(request) => request,
            Self::Sent(parts, replay) => {
                let body = replay.body();
                Request::from_parts(parts, body)
            }
        }
    }

    fn replayable(self) -> (Parts, Replay) {
        match self {
            Self::Whole(request) => {
                let (parts, body) = request.into_parts();
                (parts, Replay::new(body))
            }
            Self::Sent(parts, replay) => (parts, replay),
        }
    }
}

/// A workload's response, without what is not its to say.
pub(crate) fn local_response(mut response: Response<Body>) -> Response<Body> {
    if response.status().is_informational() {
        return Cause::BadResponse.response("the workload answered with an informational status");
    }
    hygiene::release(response.headers_mut());
    response
}
