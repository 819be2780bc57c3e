//! Which digest a Pod's container runs, once it is known. Pure.

use std::collections::{BTreeMap, BTreeSet};

use api::core::Pod;

/// Digests by Pod UID and container, from resolution until the Pod is gone.
#[derive(Debug, Default)]
pub(super) struct Pins {
    digests: BTreeMap<String, BTreeMap<String, String>>,
}

impl Pins {
    pub(super) fn get(&self, uid: &str, container: &str) -> Option<String> {
        self.digests.get(uid)?.get(container).cloned()
    }

    /// The first resolution stays.
    pub(super) fn set(&mut self, uid: &str, container: &str, digest: &str) {
        if self.get(uid, container).is_none() {
            let of_pod = self.digests.entry(uid.to_owned()).or_default();
            of_pod.insert(container.to_owned(), digest.to_owned());
        }
    }

    /// Forgets Pods that are gone.
    pub(super) fn keep(&mut self, uids: &BTreeSet<&str>) {
        self.digests.retain(|uid, _| uids.contains(uid.as_str()));
    }

    /// Forgets one Pod.
    pub(super) fn forget(&mut self, uid: &str) {
        self.digests.remove(uid);
    }
}

/// The digest in what the host reported: `sha256:...`, or anything that ends in `@sha256:...`.
pub(super) fn of_status(pod: &Pod, container: &str) -> Option<String> {
    let status = pod.status.as_ref()?;
    let all = status.container_statuses.iter().flatten().chain(status.init_container_statuses.iter().flatten());
    let image_id = all.into_iter().find(|s| s.name == container)?.image_id.as_str();
    let digest = image_id.rsplit_once('@').map_or(image_id, |(_, digest)| digest);
    digest.starts_with("sha256:").then(|| digest.to_owned())
}

/// An image by digest: `NAME@DIGEST`, whatever tag or digest the image names.
pub(super) fn by_digest(image: &str, digest: &str) -> String {
    let name = image.split_once('@').map_or(image, |(name, _)| name);
    // A colon after the last slash begins a tag; one before it belongs to a port.
    let tag_at = name.rfind(':').filter(|at| !name[*at..].contains('/'));
    format!("{}@{digest}", &name[..tag_at.unwrap_or(name.len())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_digest_replaces_any_tag() {
        for (image, wanted) in [
            ("web", "web@sha256:1"),
            ("web:1.0", "web@sha256:1"),
            ("r:5000/a/web", "r:5000/a/web@sha256:1"),
            ("r:5000/a/web:1.0", "r:5000/a/web@sha256:1"),
            ("web:1.0@sha256:9", "web@sha256:1"),
        ] {
            assert_eq!(by_digest(image, "sha256:1"), wanted, "{image}");
        }
    }

    #[test]
    fn the_first_resolution_stays_and_the_status_says_it() {
        let mut pins = Pins::default();
        pins.set("u", "c", "sha256:1");
        pins.set("u", "c", "sha256:2");
        assert_eq!(pins.get("u", "c").as_deref(), Some("sha256:1"));
        pins.keep(&BTreeSet::from(["v"]));
        assert_eq!(pins.get("u", "c"), None);
        pins.set("u", "c", "sha256:2");
        pins.forget("u");
        assert_eq!(pins.get("u", "c"), None);
        let pod = |id: &str| -> Pod {
            let status = json!({
                "name": "c", "imageID": id, "image": "", "ready": true, "restartCount": 0,
            });
            serde_json::from_value(json!({"status": {"containerStatuses": [status]}})).expect("a Pod")
        };
        assert_eq!(of_status(&pod("sha256:3"), "c").as_deref(), Some("sha256:3"));
        assert_eq!(of_status(&pod("web@sha256:3"), "c").as_deref(), Some("sha256:3"));
        assert_eq!(of_status(&pod(""), "c"), None);
        assert_eq!(of_status(&pod("sha256:3"), "d"), None);
    }
}
