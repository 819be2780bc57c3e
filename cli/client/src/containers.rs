//! Pods and containers that a word stands for: a Pod's name, or `TYPE/NAME` of what runs Pods.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::discovery::Resource;
use crate::failure::usage;
use crate::list;
use crate::query::Query;
use crate::selector;
use crate::session::Session;
use crate::template;
use crate::value::{condition, name, text};
use crate::words;

/// The object a word names; a bare word names a Pod.
pub(crate) async fn object_of(session: &Session, word: &str) -> Result<(Resource, Value)> {
    let word = if word.contains('/') { word.to_owned() } else { format!("pods/{word}") };
    let named = words::objects(std::slice::from_ref(&word))?;
    let Some((named, name)) = named.first().and_then(|named| Some((named, named.names.first()?))) else {
        return Err(usage(format!("{word:?} is not of the form TYPE/NAME")));
    };
    let resource = session.kinds.find(&named.kinds)?.clone();
    let path = resource.path(session.namespace_of(&resource), name);
    Ok((resource, session.client.object(&path).await?))
}

/// The Pods a word stands for: the Pod itself, or those that the object selects.
pub(crate) async fn pods_of(session: &Session, word: &str) -> Result<Vec<Value>> {
    let (resource, object) = object_of(session, word).await?;
    if resource.kind == "Pod" && resource.group.is_empty() {
        return Ok(vec![object]);
    }
    let Some(selector) = pod_selector(&resource.kind, &object) else {
        bail!("a {} runs no Pods; name a Pod, or what runs Pods: deploy/NAME, svc/NAME", resource.kind);
    };
    let path = format!("/api/v1/namespaces/{}/pods", session.namespace);
    let mut pods = list::objects(&session.client, &path, &Query::default().with("labelSelector", selector)).await?;
    if pods.is_empty() {
        bail!("{} has no Pods", resource.label(name(&object)));
    }
    // Those that can answer come first, as kubectl chooses.
    pods.sort_by_key(|pod| !is_ready(pod));
    Ok(pods)
}

/// How an object of the kind selects its Pods.
pub(crate) fn pod_selector(kind: &str, object: &Value) -> Option<String> {
    let selector = object.pointer("/spec/selector").filter(|selector| selector.is_object());
    let runs_pods = kind == "Service" || template::pod_spec(kind).is_some() || selector.is_some();
    selector.filter(|_| runs_pods).map(selector::as_text).filter(|text| !text.is_empty())
}

/// Whether a Pod answers.
pub(crate) fn is_ready(pod: &Value) -> bool {
    text(pod, "/metadata/deletionTimestamp").is_empty()
        && condition(pod, "Ready").is_some_and(|c| c["status"] == "True")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_selects_pods_does_so_in_its_own_way() {
        let deployment = json!({"spec": {"selector": {"matchLabels": {"app": "web"}}}});
        assert_eq!(pod_selector("Deployment", &deployment).as_deref(), Some("app=web"));
        assert_eq!(pod_selector("Service", &json!({"spec": {"selector": {"app": "web"}}})).as_deref(), Some("app=web"));
        assert_eq!(pod_selector("Service", &json!({"spec": {}})), None);
        assert_eq!(pod_selector("ConfigMap", &json!({"data": {}})), None);
    }
}
