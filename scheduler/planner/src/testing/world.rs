//! A small world that does what plans say: an API with versions, finalizers and preconditions, and
//! hosts that start and stop Pods. No time passes unless a test lets it.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::meta::ObjectMeta;
use api::resource::{
    CONTROLLER_REVISIONS, CRON_JOBS, DAEMON_SETS, DEPLOYMENTS, ENDPOINT_SLICES, JOBS, NAMESPACES, NODES,
    POD_DISRUPTION_BUDGETS, PODS, REPLICA_SETS, SERVICES, STATEFUL_SETS,
};
use api::{NamespacedName, Resource};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::fixture::{self, json_merge};
use crate::{Action, CONTROLLERS, Objects, Part, Plan, Session, Snapshot, namespaces, object, pod};

/// Rounds after which a world that should be quiet is declared to run in circles.
const ROUNDS_MAX: usize = 400;

pub(crate) struct World {
    pub(crate) snapshot: Snapshot,
    version: u64,
    /// Pods whose containers end at once, by prefix of their names.
    pub(crate) broken: Vec<String>,
    /// Pods whose containers do their work at once, by prefix of their names.
    pub(crate) quick: Vec<String>,
    /// Pods that run and never get ready, by prefix of their names.
    pub(crate) unready: Vec<String>,
    /// Most Pods a host starts per round; none if absent.
    pub(crate) starts_per_round: usize,
    /// Steps of a plan are applied from last to first: they must not depend on each other.
    pub(crate) is_backwards: bool,
    /// Steps that were refused, and why.
    pub(crate) refused: Vec<String>,
}

impl World {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            snapshot: fixture::parse(text),
            version: 100,
            broken: Vec::new(),
            quick: Vec::new(),
            unready: Vec::new(),
            starts_per_round: usize::MAX,
            is_backwards: false,
            refused: Vec::new(),
        }
    }

    /// Lets controllers and hosts work until nobody has anything to do; returns the rounds it took.
    #[track_caller]
    pub(crate) fn settle(&mut self) -> usize {
        for round in 0..ROUNDS_MAX {
            if !self.round() {
                return round;
            }
        }
        panic!("still busy after {ROUNDS_MAX} rounds:\n{}", self.pending());
    }

    /// What every controller would do next.
    pub(crate) fn pending(&self) -> String {
        CONTROLLERS
            .iter()
            .map(|controller| format!("{}:\n{}", controller.name, (controller.plan)(&self.snapshot)))
            .collect()
    }

    /// Every controller once, then the hosts; returns whether anything was done.
    pub(crate) fn round(&mut self) -> bool {
        let mut is_busy = false;
        for controller in CONTROLLERS {
            is_busy |= self.run(controller.plan);
        }
        is_busy | self.work_hosts()
    }

    /// Plans and applies once; returns whether there was anything to do.
    pub(crate) fn run(&mut self, plan: fn(&Snapshot) -> Plan) -> bool {
        let plan = plan(&self.snapshot);
        self.apply(&plan);
        !plan.is_settled()
    }

    pub(crate) fn apply(&mut self, plan: &Plan) {
        self.snapshot.seed += 1;
        let mut actions: Vec<_> = plan.actions.iter().collect();
        if self.is_backwards {
            actions.reverse();
        }
        for action in actions {
            if let Err(why) = self.act(action) {
                self.refused.push(format!("{action}: {why}"));
            }
        }
    }

    pub(crate) fn pass(&mut self, seconds: i64) {
        self.snapshot.now = object::after_seconds(self.snapshot.now, seconds);
    }

    /// Lets time pass to the next moment a controller asks for, within `seconds`.
    pub(crate) fn pass_to_wake(&mut self, seconds: i64) -> bool {
        let end = object::after_seconds(self.snapshot.now, seconds);
        let wakes = CONTROLLERS.iter().filter_map(|controller| (controller.plan)(&self.snapshot).wake_at);
        let next: Option<Timestamp> = wakes.filter(|at| *at > self.snapshot.now && *at <= end).min();
        self.snapshot.now = next.unwrap_or(self.snapshot.now);
        next.is_some()
    }

    pub(crate) fn set_session(&mut self, node: &str, connected: bool) {
        let session = Session { connected, since: self.snapshot.now };
        Arc::make_mut(&mut self.snapshot.sessions).insert(node.to_owned(), session);
    }

    fn next_version(&mut self) -> String {
        self.version += 1;
        self.version.to_string()
    }

    fn act(&mut self, action: &Action) -> Result<(), String> {
        match action {
            Action::Create { resource, namespace, object, guard } => {
                if let Some(guard) = guard {
                    let meta = self.snapshot.meta(guard.resource, &guard.name).ok_or("guard is gone")?;
                    same(object::version(meta), &guard.resource_version, "guard has moved")?;
                }
                self.create(resource, namespace, object)
            }
            Action::Patch { resource, name, uid, resource_version, part, patch } => {
                self.expect(resource, name, uid, resource_version.as_deref())?;
                self.edit(resource, name, |object| json_merge(object, patch), *part);
                self.reap(resource, name);
                Ok(())
            }
            Action::Together { changes } => {
                for change in changes {
                    self.expect(change.resource, &change.name, &change.uid, Some(&change.resource_version))?;
                }
                for change in changes {
                    self.edit(change.resource, &change.name, |object| json_merge(object, &change.patch), change.part);
                    self.reap(change.resource, &change.name);
                }
                Ok(())
            }
            Action::Bind { pod, uid, node, resource_version } => {
                self.expect(&PODS, pod, uid, Some(resource_version))?;
                let patch = json!({"spec": {"nodeName": node}});
                self.edit(&PODS, pod, |object| json_merge(object, &patch), Part::Status);
                Ok(())
            }
            Action::Delete { resource, name, uid, resource_version, grace_seconds, propagation } => {
                self.expect(resource, name, uid, resource_version.as_deref())?;
                self.delete(resource, name, *grace_seconds, *propagation);
                Ok(())
            }
            Action::Event { .. } => Ok(()),
        }
    }

    fn expect(
        &self,
        resource: &Resource,
        name: &NamespacedName,
        uid: &str,
        version: Option<&str>,
    ) -> Result<(), String> {
        let meta = self.snapshot.meta(resource, name).ok_or("not found")?;
        same(object::uid(meta), uid, "another UID")?;
        version.map_or(Ok(()), |version| same(object::version(meta), version, "conflict"))
    }

    fn create(&mut self, resource: &'static Resource, namespace: &str, object: &Value) -> Result<(), String> {
        if namespaces::is_terminating(&self.snapshot, namespace) {
            return Err("namespace is leaving".to_owned());
        }
        let mut object = object.clone();
        let name = NamespacedName::new(namespace, object["metadata"]["name"].as_str().ok_or("no name")?);
        if self.snapshot.meta(resource, &name).is_some() {
            return Err("already exists".to_owned());
        }
        let version = self.next_version();
        object["metadata"]["uid"] = json!(format!("{}-{version}", resource.plural));
        object["metadata"]["resourceVersion"] = json!(version);
        object["metadata"]["generation"] = json!(1);
        object["metadata"]["creationTimestamp"] = json!(self.snapshot.now.to_string());
        self.store(resource, name, object);
        Ok(())
    }

    /// Changes an object through its JSON form, as the API does.
    pub(crate) fn edit(
        &mut self,
        resource: &'static Resource,
        name: &NamespacedName,
        change: impl FnOnce(&mut Value),
        part: Part,
    ) {
        let mut object = self.load(resource, name);
        let before = object["spec"].clone();
        change(&mut object);
        if part == Part::Main && object["spec"] != before {
            let generation = object["metadata"]["generation"].as_i64().unwrap_or(0);
            object["metadata"]["generation"] = json!(generation + 1);
        }
        object["metadata"]["resourceVersion"] = json!(self.next_version());
        self.store(resource, name.clone(), object);
    }

    pub(crate) fn delete(
        &mut self,
        resource: &'static Resource,
        name: &NamespacedName,
        grace: Option<i64>,
        propagation: Option<&str>,
    ) {
        let finalizer = match propagation {
            Some("Foreground") => Some("foregroundDeletion"),
            Some("Orphan") => Some("orphan"),
            _ => None,
        };
        let is_graceful = *resource == PODS
            && grace != Some(0)
            && self.snapshot.pods.get(name).is_some_and(|pod| pod::node(pod).is_some() && !pod::is_finished(pod));
        let now = self.snapshot.now.to_string();
        let change = |object: &mut Value| {
            let meta = &mut object["metadata"];
            meta["deletionGracePeriodSeconds"] = json!(if is_graceful { grace.unwrap_or(30) } else { 0 });
            if meta["deletionTimestamp"].is_null() {
                meta["deletionTimestamp"] = json!(now);
            }
            if let Some(finalizer) = finalizer {
                let mut finalizers = meta["finalizers"].as_array().cloned().unwrap_or_default();
                finalizers.push(json!(finalizer));
                meta["finalizers"] = json!(finalizers);
            }
        };
        self.edit(resource, name, change, Part::Status);
        if !is_graceful {
            self.reap(resource, name);
        }
    }

    /// Removes what is leaving and held by nobody.
    fn reap(&mut self, resource: &'static Resource, name: &NamespacedName) {
        let Some(meta) = self.snapshot.meta(resource, name) else { return };
        let is_held = meta.finalizers.as_ref().is_some_and(|finalizers| !finalizers.is_empty());
        let is_stopping = *resource == PODS && meta.deletion_grace_period_seconds != Some(0);
        let mut is_furnished = false;
        if *resource == NAMESPACES {
            let spec = self.snapshot.namespaces[name].spec.as_ref();
            is_furnished = spec.and_then(|spec| spec.finalizers.as_ref()).is_some_and(|all| !all.is_empty());
        }
        if object::is_terminating(meta) && !is_held && !is_stopping && !is_furnished {
            self.remove(resource, name);
        }
    }

    /// Hosts that are heard start what is bound to them and end what is leaving.
    pub(crate) fn work_hosts(&mut self) -> bool {
        let bound: Vec<_> = self
            .snapshot
            .pods
            .iter()
            .filter(|(_, pod)| self.is_hosted(pod))
            .map(|(n, p)| (n.clone(), Arc::clone(p)))
            .collect();
        let mut is_busy = false;
        let mut started = 0;
        for (name, pod) in bound {
            let is_any = |prefixes: &[String]| prefixes.iter().any(|prefix| name.name.starts_with(prefix));
            if pod::is_terminating(&pod) {
                self.edit(
                    &PODS,
                    &name,
                    |object| object["metadata"]["deletionGracePeriodSeconds"] = json!(0),
                    Part::Status,
                );
                self.reap(&PODS, &name);
                is_busy |= !self.snapshot.pods.contains_key(&name);
            } else if pod::phase(&pod) == "Pending" && started < self.starts_per_round {
                started += 1;
                is_busy = true;
                let (phase, ready) = match () {
                    () if is_any(&self.broken) => ("Failed", false),
                    () if is_any(&self.quick) => ("Succeeded", false),
                    () => ("Running", !is_any(&self.unready)),
                };
                self.report(&name, phase, ready);
            }
        }
        is_busy
    }

    fn is_hosted(&self, pod: &api::core::Pod) -> bool {
        pod::node(pod).is_some_and(|node| self.snapshot.is_connected(node))
    }

    /// What a host says of a Pod.
    pub(crate) fn report(&mut self, name: &NamespacedName, phase: &str, ready: bool) {
        let now = self.snapshot.now.to_string();
        let version = self.version;
        let change = |object: &mut Value| {
            let status = &mut object["status"];
            status["phase"] = json!(phase);
            if status["podIP"].is_null() {
                status["podIP"] = json!(format!("10.{}.{}.{}", version >> 16 & 255, version >> 8 & 255, version & 255));
            }
            let condition =
                json!({"type": "Ready", "status": if ready { "True" } else { "False" }, "lastTransitionTime": now});
            let mut conditions = status["conditions"].as_array().cloned().unwrap_or_default();
            conditions.retain(|condition| condition["type"] != "Ready");
            conditions.push(condition);
            status["conditions"] = json!(conditions);
        };
        self.edit(&PODS, name, change, Part::Status);
    }

    fn load(&self, resource: &Resource, name: &NamespacedName) -> Value {
        fn json<T: Serialize>(objects: &Objects<T>, name: &NamespacedName) -> Value {
            serde_json::to_value(&*objects[name]).unwrap()
        }
        let s = &self.snapshot;
        match resource {
            r if *r == NODES => json(&s.nodes, name),
            r if *r == NAMESPACES => json(&s.namespaces, name),
            r if *r == SERVICES => json(&s.services, name),
            r if *r == ENDPOINT_SLICES => json(&s.endpoint_slices, name),
            r if *r == DEPLOYMENTS => json(&s.deployments, name),
            r if *r == REPLICA_SETS => json(&s.replica_sets, name),
            r if *r == STATEFUL_SETS => json(&s.stateful_sets, name),
            r if *r == DAEMON_SETS => json(&s.daemon_sets, name),
            r if *r == CONTROLLER_REVISIONS => json(&s.controller_revisions, name),
            r if *r == POD_DISRUPTION_BUDGETS => json(&s.pod_disruption_budgets, name),
            r if *r == JOBS => json(&s.jobs, name),
            r if *r == CRON_JOBS => json(&s.cron_jobs, name),
            r if *r == PODS => json(&s.pods, name),
            _ => {
                let (_, objects) = s.others.iter().find(|(r, _)| **r == resource).unwrap();
                json!({"metadata": json(objects, name)})
            }
        }
    }

    fn store(&mut self, resource: &'static Resource, name: NamespacedName, object: Value) {
        fn put<T: DeserializeOwned + Clone>(objects: &mut Objects<T>, name: NamespacedName, object: Value) {
            let object = serde_json::from_value(object).unwrap_or_else(|why| panic!("{name}: {why}"));
            objects.insert(name, Arc::new(object));
        }
        let s = &mut self.snapshot;
        match resource {
            r if *r == NODES => put(&mut s.nodes, name, object),
            r if *r == NAMESPACES => put(&mut s.namespaces, name, object),
            r if *r == SERVICES => put(&mut s.services, name, object),
            r if *r == ENDPOINT_SLICES => put(&mut s.endpoint_slices, name, object),
            r if *r == DEPLOYMENTS => put(&mut s.deployments, name, object),
            r if *r == REPLICA_SETS => put(&mut s.replica_sets, name, object),
            r if *r == STATEFUL_SETS => put(&mut s.stateful_sets, name, object),
            r if *r == DAEMON_SETS => put(&mut s.daemon_sets, name, object),
            r if *r == CONTROLLER_REVISIONS => put(&mut s.controller_revisions, name, object),
            r if *r == POD_DISRUPTION_BUDGETS => put(&mut s.pod_disruption_budgets, name, object),
            r if *r == JOBS => put(&mut s.jobs, name, object),
            r if *r == CRON_JOBS => put(&mut s.cron_jobs, name, object),
            r if *r == PODS => put(&mut s.pods, name, object),
            _ => {
                let objects: &mut Objects<ObjectMeta> = s.others.entry(resource).or_default();
                put(objects, name, object["metadata"].clone());
            }
        }
    }

    fn remove(&mut self, resource: &'static Resource, name: &NamespacedName) {
        fn drop<T: Clone>(objects: &mut Objects<T>, name: &NamespacedName) {
            objects.remove(name);
        }
        let s = &mut self.snapshot;
        match resource {
            r if *r == NODES => drop(&mut s.nodes, name),
            r if *r == NAMESPACES => drop(&mut s.namespaces, name),
            r if *r == SERVICES => drop(&mut s.services, name),
            r if *r == ENDPOINT_SLICES => drop(&mut s.endpoint_slices, name),
            r if *r == DEPLOYMENTS => drop(&mut s.deployments, name),
            r if *r == REPLICA_SETS => drop(&mut s.replica_sets, name),
            r if *r == STATEFUL_SETS => drop(&mut s.stateful_sets, name),
            r if *r == DAEMON_SETS => drop(&mut s.daemon_sets, name),
            r if *r == CONTROLLER_REVISIONS => drop(&mut s.controller_revisions, name),
            r if *r == POD_DISRUPTION_BUDGETS => drop(&mut s.pod_disruption_budgets, name),
            r if *r == JOBS => drop(&mut s.jobs, name),
            r if *r == CRON_JOBS => drop(&mut s.cron_jobs, name),
            r if *r == PODS => drop(&mut s.pods, name),
            _ => drop(s.others.get_mut(resource).unwrap(), name),
        }
    }

    /// Pods by ReplicaSet and Node, for a look at the whole: `web-1: a=2 b=1`.
    pub(crate) fn layout(&self) -> String {
        let mut sets: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
        for pod in self.snapshot.pods.values().filter(|pod| pod::is_active(pod)) {
            let set = object::controller(&pod.metadata).map_or("-", |owner| owner.name.as_str());
            *sets.entry(set).or_default().entry(pod::node(pod).unwrap_or("-")).or_default() += 1;
        }
        let line = |(set, nodes): (&str, BTreeMap<&str, usize>)| {
            let nodes: Vec<_> = nodes.iter().map(|(node, count)| format!("{node}={count}")).collect();
            format!("{set}: {}\n", nodes.join(" "))
        };
        sets.into_iter().map(line).collect()
    }
}

fn same(a: &str, b: &str, why: &str) -> Result<(), String> {
    if a == b { Ok(()) } else { Err(why.to_owned()) }
}

/// The Pods that a plan makes and stops: `+web-0 -web-1`.
pub(crate) fn steps(plan: &Plan) -> String {
    let step = |action: &Action| match action {
        Action::Create { resource, object, .. } if **resource == PODS => {
            Some(format!("+{}", object["metadata"]["name"].as_str().unwrap()))
        }
        Action::Delete { resource, name, .. } if **resource == PODS => Some(format!("-{}", name.name)),
        _ => None,
    };
    plan.actions.iter().filter_map(step).collect::<Vec<_>>().join(" ")
}

impl World {
    /// Lets everyone work until nobody has anything to do; returns what one controller did to Pods, round by round.
    #[track_caller]
    pub(crate) fn story(&mut self, plan: fn(&Snapshot) -> Plan) -> String {
        let mut told = Vec::new();
        for _ in 0..ROUNDS_MAX {
            told.push(steps(&plan(&self.snapshot)));
            if !self.round() {
                told.retain(|round| !round.is_empty());
                return told.join(", ");
            }
        }
        panic!("still busy after {ROUNDS_MAX} rounds:\n{}", self.pending());
    }
}
