//! Why a Node does not take a Pod: data until the last moment, then the sentence Kubernetes' users know.

use std::collections::BTreeMap;
use std::fmt;

/// One reason of one Node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Refusal<'a> {
    /// Its host does not answer.
    Silent,
    /// It is cordoned.
    Unschedulable,
    /// A taint the Pod does not tolerate.
    Taint { key: &'a str, value: &'a str },
    /// Labels the Pod asks for are missing.
    NodeAffinity,
    /// A port of the Node is taken.
    Ports,
    /// Too little of a resource.
    Insufficient(&'a str),
    /// As many Pods as it may have.
    TooManyPods,
    /// No label for the domain of a spread constraint.
    SpreadLabel,
    /// One more here would be too uneven.
    Spread,
    /// None of the Pods it must be near to.
    Affinity,
    /// A Pod it must be far from.
    AntiAffinity,
    /// A Pod that must be far from it (C21).
    ExistingAntiAffinity,
}

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent => f.write_str("node(s) had a host that does not answer"),
            Self::Unschedulable => f.write_str("node(s) were unschedulable"),
            Self::Taint { key, value } => write!(f, "node(s) had untolerated taint {{{key}: {value}}}"),
            Self::NodeAffinity => f.write_str("node(s) didn't match Pod's node affinity/selector"),
            Self::Ports => f.write_str("node(s) didn't have free ports for the requested pod ports"),
            Self::Insufficient(resource) => write!(f, "Insufficient {resource}"),
            Self::TooManyPods => f.write_str("Too many pods"),
            Self::SpreadLabel => {
                f.write_str("node(s) didn't match pod topology spread constraints (missing required label)")
            }
            Self::Spread => f.write_str("node(s) didn't match pod topology spread constraints"),
            Self::Affinity => f.write_str("node(s) didn't match pod affinity rules"),
            Self::AntiAffinity => f.write_str("node(s) didn't match pod anti-affinity rules"),
            Self::ExistingAntiAffinity => f.write_str("node(s) didn't satisfy existing pods anti-affinity rules"),
        }
    }
}

/// How many Nodes refuse, per reason (C18).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Refusals<'a> {
    pub nodes: usize,
    pub counts: BTreeMap<Refusal<'a>, usize>,
}

impl<'a> Refusals<'a> {
    pub(super) fn add(&mut self, refusal: Refusal<'a>) {
        *self.counts.entry(refusal).or_default() += 1;
    }
}

impl fmt::Display for Refusals<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nodes == 0 {
            return f.write_str("no nodes available to schedule pods");
        }
        let mut reasons: Vec<_> = self.counts.iter().map(|(why, count)| format!("{count} {why}")).collect();
        reasons.sort();
        write!(f, "0/{} nodes are available: {}.", self.nodes, reasons.join(", "))
    }
}
