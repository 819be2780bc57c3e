//! Which Pods a drain moves. Pure.

use serde_json::Value;

use crate::value::{flag, items, text};

/// What the command line allows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Allowed {
    pub(super) unmanaged: bool,
    pub(super) beside_daemon_sets: bool,
    pub(super) empty_dirs: bool,
}

/// What becomes of a Pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Go,
    /// It goes, and somebody should know what that means.
    GoWith(&'static str),
    Stay,
    StayWith(&'static str),
    /// Nothing may be moved before somebody allows it.
    Refuse(&'static str),
}

/// Judges one Pod.
pub(super) fn judge(pod: &Value, allowed: Allowed) -> Verdict {
    if pod.pointer("/metadata/annotations/kubernetes.io~1config.mirror").is_some() {
        return Verdict::Stay;
    }
    // What has ended loses nothing.
    let is_over = matches!(text(pod, "/status/phase"), "Succeeded" | "Failed");
    let controller = items(pod, "/metadata/ownerReferences").find(|owner| flag(owner, "/controller"));
    match controller.map(|owner| text(owner, "/kind")) {
        Some("DaemonSet") if !is_over && allowed.beside_daemon_sets => {
            return Verdict::StayWith("a DaemonSet's Pod stays");
        }
        Some("DaemonSet") if !is_over => {
            return Verdict::Refuse("a DaemonSet would make it again here; --ignore-daemonsets leaves it");
        }
        None if !is_over && !allowed.unmanaged => {
            return Verdict::Refuse("no controller would make it again elsewhere; --force deletes it");
        }
        _ => {}
    }
    let has_empty_dir = items(pod, "/spec/volumes").any(|volume| volume.get("emptyDir").is_some());
    match (has_empty_dir && !is_over, allowed.empty_dirs) {
        (true, false) => Verdict::Refuse("its emptyDir would be lost; --delete-emptydir-data allows that"),
        (true, true) => Verdict::GoWith("its emptyDir is lost"),
        (false, _) if controller.is_none() && !is_over => Verdict::GoWith("nothing makes it again"),
        (false, _) => Verdict::Go,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_may_go_goes() {
        let pod = |owner: &str, volume: &str, phase: &str| {
            let owners = if owner.is_empty() { json!([]) } else { json!([{ "kind": owner, "controller": true }]) };
            json!({ "metadata": { "ownerReferences": owners }, "spec": { "volumes": [{ volume: {} }] }, "status": { "phase": phase } })
        };
        let none = Allowed::default();
        let all = Allowed { unmanaged: true, beside_daemon_sets: true, empty_dirs: true };
        assert_eq!(judge(&pod("ReplicaSet", "configMap", "Running"), none), Verdict::Go);
        assert!(matches!(judge(&pod("ReplicaSet", "emptyDir", "Running"), none), Verdict::Refuse(_)));
        assert!(matches!(judge(&pod("ReplicaSet", "emptyDir", "Running"), all), Verdict::GoWith(_)));
        assert!(matches!(judge(&pod("DaemonSet", "x", "Running"), none), Verdict::Refuse(_)));
        assert!(matches!(judge(&pod("DaemonSet", "x", "Running"), all), Verdict::StayWith(_)));
        assert!(matches!(judge(&pod("", "x", "Running"), none), Verdict::Refuse(_)));
        assert!(matches!(judge(&pod("", "x", "Running"), all), Verdict::GoWith(_)));
        assert_eq!(judge(&pod("", "emptyDir", "Succeeded"), none), Verdict::Go);
        let mirror = json!({"metadata": {"annotations": {"kubernetes.io/config.mirror": "x"}}});
        assert_eq!(judge(&mirror, none), Verdict::Stay);
    }
}
