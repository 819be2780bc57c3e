//! EndpointSlices of one Service: from what stands behind it to the fewest changes of what is stored.
//!
//! Endpoints keep their slice and place while they are wanted; new ones fill slices that have room;
//! only then is a slice added. So a Pod that comes or goes changes one slice, not all.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use api::core::{ObjectReference, Pod, ServicePort};
use api::discovery::{Endpoint, EndpointConditions, EndpointPort, EndpointSlice};
use api::label;
use api::resource::{ENDPOINT_SLICES, SERVICES};
use serde_json::{Value, json};

use super::backend::{self, Backend, Family, Selecting};
use crate::name::{self, Hash};
use crate::{Action, Part, Plan, Snapshot, object};

/// Who writes our slices.
pub(crate) const MANAGER: &str = "endpointslice-controller.insula.dev";
/// Most endpoints of one slice, as in Kubernetes: an update stays small.
const ENDPOINTS_MAX: usize = 100;
const HEADLESS: &str = "service.kubernetes.io/headless";

/// Slices with the same family and ports; only these can hold each other's endpoints.
type Shape = (Family, Vec<EndpointPort>);
type Key<'a> = (&'a str, &'a str);

/// The slices of one Service in the middle of a decision.
pub(super) struct Slices<'a> {
    snapshot: &'a Snapshot,
    selecting: Selecting<'a>,
    stored: &'a [&'a EndpointSlice],
    zones: &'a BTreeMap<&'a str, &'a str>,
    labels: BTreeMap<String, String>,
}

/// A slice as it shall be. Endpoints that stay as they are are not copied.
struct Draft<'a> {
    stored: Option<&'a EndpointSlice>,
    endpoints: Vec<Cow<'a, Endpoint>>,
    is_changed: bool,
}

impl<'a> Slices<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot,
        selecting: Selecting<'a>,
        stored: &'a [&'a EndpointSlice],
        zones: &'a BTreeMap<&'a str, &'a str>,
    ) -> Self {
        Self { snapshot, selecting, stored, zones, labels: labels(selecting) }
    }

    pub(super) fn plan(&self, backends: &[Backend<'_>], plan: &mut Plan) {
        let mut groups: BTreeMap<(Family, Vec<Option<i32>>), Vec<Backend<'_>>> = BTreeMap::new();
        for backend in backends {
            groups.entry((backend.family, self.numbers(backend.pod))).or_default().push(*backend);
        }
        if groups.is_empty() {
            // An empty slice tells readers that there is nobody, not that nobody has looked yet.
            groups.insert((self.first_family(), self.numbers(&Pod::default())), Vec::new());
        }
        let shapes: Vec<(Shape, _)> =
            groups.into_iter().map(|((family, numbers), members)| ((family, self.ports(&numbers)), members)).collect();
        let mut used = BTreeSet::new();
        for (shape, members) in &shapes {
            let stored = self.stored.iter().copied().filter(|slice| has_shape(slice, shape));
            let drafts = self.pack(stored, members);
            used.extend(drafts.iter().filter_map(|draft| draft.stored).map(|slice| object::uid(&slice.metadata)));
            self.write(shape, drafts, plan);
        }
        let unused = self.stored.iter().filter(|slice| !used.contains(object::uid(&slice.metadata)));
        plan.actions.extend(unused.map(|slice| object::delete(&ENDPOINT_SLICES, &slice.metadata)));
    }

    fn pack(&self, stored: impl Iterator<Item = &'a EndpointSlice>, members: &[Backend<'_>]) -> Vec<Draft<'a>> {
        let mut missing: BTreeMap<Key<'_>, Backend<'_>> =
            members.iter().map(|backend| ((object::uid(&backend.pod.metadata), backend.ip), *backend)).collect();
        let mut drafts: Vec<Draft<'a>> = stored.map(|slice| self.keep(slice, &mut missing)).collect();
        // Slices that change anyway first, then the fullest with room.
        let mut order: Vec<_> = (0..drafts.len()).collect();
        order.sort_by_key(|at| (!drafts[*at].is_changed, std::cmp::Reverse(drafts[*at].endpoints.len())));
        let added = members.iter().filter(|b| missing.contains_key(&(object::uid(&b.pod.metadata), b.ip)));
        let mut added = added.map(|backend| Cow::Owned(self.endpoint(*backend))).peekable();
        for at in order {
            let draft = &mut drafts[at];
            while draft.endpoints.len() < ENDPOINTS_MAX && added.peek().is_some() {
                draft.endpoints.extend(added.next());
                draft.is_changed = true;
            }
        }
        while added.peek().is_some() {
            let endpoints = added.by_ref().take(ENDPOINTS_MAX).collect();
            drafts.push(Draft { stored: None, endpoints, is_changed: true });
        }
        if members.is_empty() && drafts.is_empty() {
            drafts.push(Draft { stored: None, endpoints: Vec::new(), is_changed: true });
        }
        let keep_one = usize::from(members.is_empty());
        let is_kept = |(at, draft): &(usize, Draft<'_>)| *at < keep_one || !draft.endpoints.is_empty();
        drafts.into_iter().enumerate().filter(is_kept).map(|(_, draft)| draft).collect()
    }

    /// What of a stored slice is still wanted, brought up to date.
    fn keep<'b>(&self, slice: &'a EndpointSlice, missing: &mut BTreeMap<Key<'b>, Backend<'b>>) -> Draft<'a>
    where
        'a: 'b,
    {
        let mut draft = Draft { stored: Some(slice), endpoints: Vec::new(), is_changed: false };
        for endpoint in slice.endpoints.iter().flatten() {
            let uid = endpoint.target_ref.as_ref().and_then(|target| target.uid.as_deref()).unwrap_or_default();
            let ip = endpoint.addresses.first().map_or("", String::as_str);
            let Some(backend) = missing.remove(&(uid, ip)) else {
                draft.is_changed = true;
                continue;
            };
            let is_current = self.is_current(endpoint, backend);
            draft.is_changed |= !is_current;
            draft.endpoints.push(if is_current { Cow::Borrowed(endpoint) } else { Cow::Owned(self.endpoint(backend)) });
        }
        draft
    }

    fn write(&self, shape: &Shape, drafts: Vec<Draft<'a>>, plan: &mut Plan) {
        let mut taken = BTreeSet::new();
        for draft in drafts {
            match draft.stored {
                Some(slice) => plan.actions.extend(self.update(slice, &draft)),
                None => plan.actions.push(self.create(shape, &draft, &mut taken, plan.actions.len())),
            }
        }
    }

    fn update(&self, slice: &EndpointSlice, draft: &Draft<'_>) -> Option<Action> {
        let has_labels = slice.metadata.labels.as_ref() == Some(&self.labels);
        if !draft.is_changed && has_labels {
            return None;
        }
        let mut patch = json!({"endpoints": draft.endpoints});
        if !has_labels {
            let gone = slice.metadata.labels.iter().flatten().filter(|(key, _)| !self.labels.contains_key(*key));
            let gone = gone.map(|(key, _)| (key.clone(), Value::Null));
            let set = self.labels.iter().map(|(key, value)| (key.clone(), Value::String(value.clone())));
            patch["metadata"] = json!({"labels": Value::Object(gone.chain(set).collect())});
        }
        Some(object::guarded_patch(&ENDPOINT_SLICES, &slice.metadata, Part::Main, patch))
    }

    fn create(&self, shape: &Shape, draft: &Draft<'_>, taken: &mut BTreeSet<String>, salt: usize) -> Action {
        let (family, ports) = shape;
        let service = &self.selecting.service.metadata;
        let base = format!("{}-", self.selecting.name.name);
        let mut hash =
            Hash::new().number(self.snapshot.seed).bytes(object::uid(service).as_bytes()).number(salt as u64);
        let name = loop {
            let name = name::generated(&base, hash);
            let key = api::NamespacedName::new(self.selecting.name.namespace.as_str(), name.as_str());
            if !self.snapshot.endpoint_slices.contains_key(&key) && taken.insert(name.clone()) {
                break name;
            }
            hash = hash.number(1);
        };
        let object = json!({
            "apiVersion": ENDPOINT_SLICES.api_version(),
            "kind": ENDPOINT_SLICES.kind,
            "metadata": {
                "name": name,
                "generateName": base,
                "namespace": self.selecting.name.namespace,
                "labels": self.labels,
                "ownerReferences": [object::owner_reference(&SERVICES, service)],
            },
            "addressType": family.as_str(),
            "endpoints": draft.endpoints,
            "ports": ports,
        });
        Action::Create {
            resource: &ENDPOINT_SLICES,
            namespace: self.selecting.name.namespace.clone(),
            object,
            guard: Some(object::guard(&SERVICES, service)),
        }
    }

    fn is_current(&self, endpoint: &Endpoint, backend: Backend<'_>) -> bool {
        let conditions = endpoint.conditions.as_ref();
        let says = |read: fn(&EndpointConditions) -> Option<bool>| conditions.and_then(read);
        endpoint.addresses.len() == 1
            && says(|c| c.ready) == Some(backend.is_ready)
            && says(|c| c.serving) == Some(backend.is_serving)
            && says(|c| c.terminating) == Some(backend.is_terminating)
            && endpoint.node_name.as_deref() == backend.node
            && endpoint.zone.as_deref() == self.zone(backend)
            && endpoint.hostname.as_deref() == self.hostname(backend)
            && endpoint.target_ref.as_ref().and_then(|target| target.name.as_deref()) == Some(&backend.name.name)
    }

    fn endpoint(&self, backend: Backend<'_>) -> Endpoint {
        let meta = &backend.pod.metadata;
        Endpoint {
            addresses: vec![backend.ip.to_owned()],
            conditions: Some(EndpointConditions {
                ready: Some(backend.is_ready),
                serving: Some(backend.is_serving),
                terminating: Some(backend.is_terminating),
            }),
            hostname: self.hostname(backend).map(str::to_owned),
            node_name: backend.node.map(str::to_owned),
            target_ref: Some(ObjectReference {
                kind: Some("Pod".to_owned()),
                namespace: meta.namespace.clone(),
                name: meta.name.clone(),
                uid: meta.uid.clone(),
                ..ObjectReference::default()
            }),
            zone: self.zone(backend).map(str::to_owned),
            ..Endpoint::default()
        }
    }

    fn zone(&self, backend: Backend<'_>) -> Option<&'a str> {
        self.zones.get(backend.node?).copied()
    }

    /// A Pod has a name of its own below the Service that its `subdomain` names.
    fn hostname<'b>(&self, backend: Backend<'b>) -> Option<&'b str> {
        let spec = backend.pod.spec.as_ref()?;
        let is_below = spec.subdomain.as_deref() == Some(&self.selecting.name.name);
        spec.hostname.as_deref().filter(|_| is_below)
    }

    fn service_ports(&self) -> &'a [ServicePort] {
        self.selecting.service.spec.as_ref().and_then(|spec| spec.ports.as_deref()).unwrap_or_default()
    }

    /// Where the Service's ports lead on one Pod.
    fn numbers(&self, pod: &Pod) -> Vec<Option<i32>> {
        self.service_ports().iter().map(|port| backend::target_port(pod, port)).collect()
    }

    /// Ports that lead nowhere are left out.
    fn ports(&self, numbers: &[Option<i32>]) -> Vec<EndpointPort> {
        let resolved = self.service_ports().iter().zip(numbers).filter_map(|(port, number)| {
            Some(EndpointPort {
                name: Some(port.name.clone().unwrap_or_default()),
                port: Some((*number)?),
                protocol: Some(port.protocol.clone().unwrap_or_else(|| "TCP".to_owned())),
                app_protocol: port.app_protocol.clone(),
            })
        });
        resolved.collect()
    }

    fn first_family(&self) -> Family {
        let families = self.selecting.service.spec.as_ref().and_then(|spec| spec.ip_families.as_deref());
        let first = families.and_then(|families| families.first()).map(String::as_str);
        if first == Some(Family::V6.as_str()) { Family::V6 } else { Family::V4 }
    }
}

fn has_shape(slice: &EndpointSlice, (family, ports): &Shape) -> bool {
    let own = slice.ports.as_deref().unwrap_or_default();
    let is_same = |(a, b): (&EndpointPort, &EndpointPort)| {
        a.name.as_deref().unwrap_or_default() == b.name.as_deref().unwrap_or_default()
            && a.port == b.port
            && a.protocol.as_deref().unwrap_or("TCP") == b.protocol.as_deref().unwrap_or("TCP")
            && a.app_protocol == b.app_protocol
    };
    slice.address_type == family.as_str() && own.len() == ports.len() && own.iter().zip(ports).all(is_same)
}

/// A slice carries its Service's labels besides its own.
fn labels(selecting: Selecting<'_>) -> BTreeMap<String, String> {
    let mut labels = selecting.service.metadata.labels.clone().unwrap_or_default();
    labels.insert(label::SERVICE_NAME.to_owned(), selecting.name.name.clone());
    labels.insert(label::ENDPOINT_SLICE_MANAGED_BY.to_owned(), MANAGER.to_owned());
    if backend::is_headless(selecting.service) {
        labels.insert(HEADLESS.to_owned(), String::new());
    } else {
        labels.remove(HEADLESS);
    }
    labels
}
