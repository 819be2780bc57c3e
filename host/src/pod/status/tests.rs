//! The status of a Pod from what is known of its containers.

use super::*;
use crate::pod::probe::Probes;
use crate::pod::spec::Refusal;
use serde_json::json;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

fn spec(policy: &str, names: &[&str]) -> Spec {
    let containers: Vec<_> = names.iter().map(|n| json!({"name": n, "image": format!("shop/{n}:v1")})).collect();
    let pod = json!({
        "metadata": {"name": "p", "namespace": "n", "generation": 2},
        "spec": {"restartPolicy": policy, "containers": containers},
    });
    Spec::of(&serde_json::from_value(pod).expect("is a Pod"))
}

fn running() -> Life {
    let mut life = Life::default();
    life.start(at(10), &Probes::default());
    life
}

fn ended(code: i32, policy: RestartPolicy) -> Life {
    let mut life = running();
    let exit = Exit {
        code,
        reason: "Error".to_owned(),
        message: String::new(),
        started_at: Some(at(10)),
        finished_at: at(20),
    };
    life.end(exit, policy);
    life
}

fn status(spec: &Spec, lives: &[Life], previous: Option<&PodStatus>, now: i64) -> PodStatus {
    let containers: Vec<_> = lives.iter().map(|life| ContainerView { life, digest: "sha256:ab" }).collect();
    let view = View {
        uid: "u",
        spec,
        containers: &containers,
        host_ip: [127, 0, 0, 1].into(),
        pod_ip: Some([127, 64, 0, 1].into()),
        started_at: at(5),
        stopped: false,
    };
    of(&view, previous.and_then(|p| p.conditions.as_deref()).unwrap_or_default(), at(now))
}

fn condition<'a>(status: &'a PodStatus, type_: &str) -> &'a PodCondition {
    status.conditions.iter().flatten().find(|c| c.type_ == type_).expect(type_)
}

#[test]
fn phases_follow_the_containers_and_the_policy() {
    use RestartPolicy::{Always, Never, OnFailure};
    for (policy, name, lives, phase) in [
        (Always, "Always", vec![Life::default()], "Pending"),
        (Always, "Always", vec![running(), Life::default()], "Pending"),
        (Always, "Always", vec![running(), running()], "Running"),
        (Always, "Always", vec![ended(1, Always)], "Running"),
        (OnFailure, "OnFailure", vec![ended(1, OnFailure)], "Running"),
        (OnFailure, "OnFailure", vec![ended(0, OnFailure)], "Succeeded"),
        (Never, "Never", vec![ended(1, Never), running()], "Running"),
        (Never, "Never", vec![ended(1, Never), ended(0, Never)], "Failed"),
        (Never, "Never", vec![ended(0, Never)], "Succeeded"),
    ] {
        let names = ["a", "b"];
        let spec = spec(name, &names[..lives.len()]);
        assert_eq!(status(&spec, &lives, None, 30).phase.as_deref(), Some(phase), "{policy:?} {lives:?}");
    }
}

#[test]
fn conditions_keep_the_time_of_their_transition() {
    let spec = spec("Always", &["a"]);
    let first = status(&spec, &[Life::default()], None, 30);
    assert_eq!(condition(&first, "Ready").message.as_deref(), Some("containers with unready status: [a]"));
    let same = status(&spec, &[Life::default()], Some(&first), 40);
    assert_eq!(same, first, "nothing changed, so nothing is written");
    let ready = status(&spec, &[running()], Some(&same), 50);
    assert_eq!(condition(&ready, "Ready").status, "True");
    assert_eq!(condition(&ready, "Ready").last_transition_time, Some(Time(at(50))));
    assert_eq!(condition(&ready, "Initialized").last_transition_time, Some(Time(at(30))));
    assert_eq!(condition(&ready, "ContainersReady").observed_generation, Some(2));
}

#[test]
fn containers_read_as_kubectl_expects() {
    let spec = spec("Always", &["a"]);
    let json = |life: Life| {
        let status = status(&spec, &[life], None, 30);
        serde_json::to_value(&status.container_statuses.expect("has containers")[0]).expect("serialises")
    };
    let up = json(running());
    assert_eq!(up["imageID"], "shop/a@sha256:ab");
    assert_eq!(up["containerID"], "wasm://u/a/0");
    assert_eq!(up["state"], json!({"running": {"startedAt": "1970-01-01T00:00:10Z"}}));
    assert_eq!((&up["ready"], &up["started"], &up["restartCount"]), (&json!(true), &json!(true), &json!(0)));
    assert_eq!(up["lastState"], json!({}));

    let mut life = Life::default();
    life.wait(Refusal::new("ErrImagePull", "no such image"));
    assert_eq!(json(life)["state"], json!({"waiting": {"reason": "ErrImagePull", "message": "no such image"}}));

    let mut life = ended(137, RestartPolicy::Always);
    life.start(at(20), &Probes::default());
    let exit = Exit { finished_at: at(25), ..life.last.clone().expect("ended before") };
    life.end(exit, RestartPolicy::Always);
    let down = json(life);
    assert_eq!(down["state"]["waiting"]["reason"], "CrashLoopBackOff");
    assert_eq!(down["state"]["waiting"]["message"], "back-off 10s restarting failed container=a pod=p_n(u)");
    assert_eq!(down["lastState"]["terminated"]["exitCode"], 137);
    assert_eq!(down["restartCount"], 1);
}

#[test]
fn image_ids_drop_tag_and_digest_but_not_a_registrys_port() {
    for (image, id) in [
        ("web", "web@sha256:ab"),
        ("web:v1", "web@sha256:ab"),
        ("reg:5000/web", "reg:5000/web@sha256:ab"),
        ("reg:5000/web:v1", "reg:5000/web@sha256:ab"),
        ("web:v1@sha256:cd", "web@sha256:ab"),
    ] {
        assert_eq!(image_id(image, "sha256:ab"), id);
    }
    assert_eq!(image_id("web", ""), "");
}
