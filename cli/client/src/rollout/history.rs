//! Which revisions of a template there were: ReplicaSets keep a Deployment's, ControllerRevisions those of sets.

use serde_json::{Value, json};

use crate::value::{items, name, number, text};

/// A Deployment's revision, on the ReplicaSet that keeps it.
const REVISION: &str = "/metadata/annotations/deployment.kubernetes.io~1revision";
const CAUSE: &str = "/metadata/annotations/kubernetes.io~1change-cause";
/// What a ReplicaSet adds to the template of its Deployment.
const POD_TEMPLATE_HASH: &str = "pod-template-hash";

/// One revision.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Revision {
    pub(crate) number: i64,
    pub(crate) cause: String,
    /// What a patch of the owner makes of it again.
    pub(crate) patch: Value,
    /// The template of Pods.
    pub(crate) template: Value,
    /// The object that keeps it.
    pub(crate) keeper: String,
}

/// The revisions that belong to an owner, oldest first.
pub(crate) fn of(owner: &Value, keepers: &[Value]) -> Vec<Revision> {
    let uid = text(owner, "/metadata/uid");
    let owned = |keeper: &&Value| {
        items(keeper, "/metadata/ownerReferences")
            .any(|owner| text(owner, "/uid") == uid && owner["controller"] == true)
    };
    let mut revisions: Vec<Revision> = keepers.iter().filter(owned).filter_map(one).collect();
    revisions.sort_by_key(|revision| revision.number);
    revisions
}

fn one(keeper: &Value) -> Option<Revision> {
    let cause = match text(keeper, CAUSE) {
        "" => "<none>",
        cause => cause,
    };
    let (cause, name) = (cause.to_owned(), name(keeper).to_owned());
    if keeper.get("data").is_some() {
        let patch = keeper["data"].clone();
        let template = patch.pointer("/spec/template").cloned().unwrap_or_default();
        return Some(Revision { number: number(keeper, "/revision"), cause, patch, template, keeper: name });
    }
    let number = text(keeper, REVISION).parse().ok()?;
    let mut template = keeper.pointer("/spec/template").cloned().unwrap_or_default();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.shift_remove(POD_TEMPLATE_HASH);
    }
    let patch = json!([{ "op": "replace", "path": "/spec/template", "value": template }]);
    Some(Revision { number, cause, patch, template, keeper: name })
}

/// The revision to go back to: the one asked for, else the one before the newest.
///
/// # Errors
/// A sentence that says which there are.
pub(crate) fn to_undo(revisions: &[Revision], asked: i64) -> Result<&Revision, String> {
    let known = || revisions.iter().map(|r| r.number.to_string()).collect::<Vec<_>>().join(", ");
    if asked > 0 {
        let found = revisions.iter().find(|revision| revision.number == asked);
        return found.ok_or_else(|| format!("there is no revision {asked}; there are {}", known()));
    }
    let before = revisions.len().checked_sub(2).and_then(|at| revisions.get(at));
    before.ok_or_else(|| "there is no earlier revision to go back to".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(revision: &str, uid: &str, image: &str) -> Value {
        json!({
            "metadata": {
                "name": format!("web-{revision}"),
                "annotations": { "deployment.kubernetes.io/revision": revision },
                "ownerReferences": [{ "uid": uid, "controller": true }],
            },
            "spec": { "template": { "metadata": { "labels": { "app": "web", "pod-template-hash": "x" } }, "image": image } },
        })
    }

    #[test]
    fn a_deployment_goes_back_to_the_template_before_the_newest() {
        let owner = json!({"metadata": {"uid": "u"}});
        let all = [set("10", "u", "c"), set("2", "u", "b"), set("1", "u", "a"), set("11", "other", "z")];
        let revisions = of(&owner, &all);
        assert_eq!(revisions.iter().map(|r| r.number).collect::<Vec<_>>(), [1, 2, 10]);
        let before = to_undo(&revisions, 0).expect("there is one");
        assert_eq!(before.template, json!({ "metadata": { "labels": { "app": "web" } }, "image": "b" }));
        assert_eq!(to_undo(&revisions, 1).expect("there is one").template["image"], "a");
        assert!(to_undo(&revisions, 7).expect_err("there is none").contains("1, 2, 10"));
        assert!(to_undo(&revisions[..1], 0).is_err());
    }

    #[test]
    fn a_set_goes_back_by_the_patch_its_revision_keeps() {
        let owner = json!({"metadata": {"uid": "u"}});
        let keeper = json!({
            "metadata": { "name": "s-1", "ownerReferences": [{ "uid": "u", "controller": true }] },
            "revision": 3, "data": { "spec": { "template": { "$patch": "replace", "a": 1 } } },
        });
        let revisions = of(&owner, &[keeper]);
        assert_eq!((revisions[0].number, &revisions[0].patch["spec"]["template"]["a"]), (3, &json!(1)));
    }
}
