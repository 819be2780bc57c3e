//! What `insula dev` applies: the project's manifest with the component in it, or what one would deploy by hand. Pure.

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};

use super::super::admit::Kind;

/// The tag that stands for what was just built.
const TAG: &str = ":dev";
/// Where the Pod is in what makes Pods: Pods themselves, what has a template, CronJobs.
const POD_SPECS: [&str; 3] = ["/spec", "/spec/template/spec", "/spec/jobTemplate/spec/template/spec"];

/// The objects of a manifest, with `image` in place of images with the tag `dev`.
pub(super) fn of_manifest(mut objects: Vec<Value>, image: &str) -> Result<Vec<Value>> {
    let found: usize = objects.iter_mut().map(|object| put(object, image)).sum();
    ensure!(
        found > 0,
        "deploy.yaml names no image with the tag `dev`, which stands for what was built: `image: NAME:dev`"
    );
    Ok(objects)
}

fn put(object: &mut Value, image: &str) -> usize {
    let mut found = 0;
    for spec in POD_SPECS {
        for containers in ["containers", "initContainers"] {
            let list = object.pointer_mut(&format!("{spec}/{containers}")).and_then(Value::as_array_mut);
            for container in list.into_iter().flatten() {
                if container["image"].as_str().is_some_and(|name| name.ends_with(TAG)) {
                    container["image"] = image.into();
                    found += 1;
                }
            }
        }
    }
    found
}

/// The objects of a component without a manifest: a Deployment behind a NodePort, or a Job.
pub(super) fn usual(name: &str, image: &str, kind: Option<Kind>) -> Result<Vec<Value>> {
    let labels = json!({ "app": name });
    let metadata = json!({ "name": name, "labels": labels });
    let container = json!({ "name": name, "image": image });
    match kind {
        Some(Kind::Server) => {
            let deployment = json!({
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": metadata,
                "spec": {
                    "selector": { "matchLabels": labels },
                    "template": { "metadata": { "labels": labels }, "spec": { "containers": [container] } },
                },
            });
            let service = json!({
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": metadata,
                "spec": { "type": "NodePort", "selector": labels, "ports": [{ "port": 80, "targetPort": 8080 }] },
            });
            Ok(vec![deployment, service])
        }
        Some(Kind::Command) => Ok(vec![json!({
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": metadata,
            "spec": {
                "backoffLimit": 0,
                "template": {
                    "metadata": { "labels": labels },
                    "spec": { "restartPolicy": "Never", "containers": [container] },
                },
            },
        })]),
        Some(Kind::Receiver) | None => {
            bail!(
                "{name} takes messages, and which ones stands in a deploy.yaml: `insula.dev/subscribe` of its Pod template"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_dev_stands_for_what_was_built_wherever_there_are_pods() {
        let pod = |image: &str| json!({ "containers": [{ "image": "other:v1" }, { "image": image }] });
        let objects = vec![
            json!({ "kind": "Deployment", "spec": { "template": { "spec": pod("a:dev") } } }),
            json!({ "kind": "Pod", "spec": pod("a:dev") }),
            json!({ "kind": "CronJob", "spec": { "jobTemplate": { "spec": { "template": { "spec": pod("a:dev") } } } } }),
            json!({ "kind": "Service", "spec": { "ports": [] } }),
        ];
        let placed = of_manifest(objects.clone(), "a:1").expect("names the image");
        let texts = placed.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert_eq!((texts.matches("a:1").count(), texts.matches("other:v1").count()), (3, 3), "{texts}");
        assert_eq!(placed[3], objects[3]);
        assert!(of_manifest(vec![objects[3].clone()], "a:1").is_err());
    }

    #[test]
    fn without_a_manifest_a_server_is_exposed_and_a_command_runs_once() {
        let kinds = |kind| {
            let objects = usual("a", "a:1", Some(kind)).expect("there are some");
            assert!(objects[0].to_string().contains("a:1"));
            objects.iter().map(|object| object["kind"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(kinds(Kind::Server), ["Deployment", "Service"]);
        assert_eq!(kinds(Kind::Command), ["Job"]);
        assert!(usual("a", "a:1", Some(Kind::Receiver)).is_err());
    }
}
