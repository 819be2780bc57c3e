//! Jobs and CronJobs as clients make and change them.

use serde_json::{Value, json};

use super::harness::{BATCH, Cluster, SHOP, cron_job, job, pod};

fn fields(answer: &Value) -> Vec<&str> {
    let causes = answer["details"]["causes"].as_array().expect("causes");
    causes.iter().map(|cause| cause["field"].as_str().expect("a field")).collect()
}

#[tokio::test]
async fn a_job_gets_a_selector_of_its_own_and_its_defaults() {
    let cluster = Cluster::new().await;
    let created = cluster.post(&format!("{BATCH}/jobs"), &job("pi")).await.expect(201);
    let spec = &created["spec"];
    let uid = &created["metadata"]["uid"];
    assert_eq!(spec["selector"], json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}));
    let labels = json!({
        "batch.kubernetes.io/controller-uid": uid, "controller-uid": uid,
        "batch.kubernetes.io/job-name": "pi", "job-name": "pi",
    });
    assert_eq!(spec["template"]["metadata"]["labels"], labels);
    for (field, wanted) in [
        ("parallelism", json!(1)),
        ("completions", json!(1)),
        ("backoffLimit", json!(6)),
        ("completionMode", json!("NonIndexed")),
        ("suspend", json!(false)),
        ("manualSelector", json!(false)),
        ("podReplacementPolicy", json!("TerminatingOrFailed")),
    ] {
        assert_eq!(spec[field], wanted, "{field}");
    }
    let mut queue = job("queue");
    queue["spec"]["parallelism"] = json!(3);
    let created = cluster.post(&format!("{BATCH}/jobs"), &queue).await.expect(201);
    assert_eq!(created["spec"].get("completions"), None, "a queue ends when its workers say so");
}

#[tokio::test]
async fn a_manual_selector_is_left_alone_and_a_false_own_label_is_refused() {
    let cluster = Cluster::new().await;
    let mut own = job("own");
    own["spec"]["manualSelector"] = json!(true);
    own["spec"]["selector"] = json!({"matchLabels": {"app": "own"}});
    own["spec"]["template"]["metadata"] = json!({"labels": {"app": "own"}});
    let created = cluster.post(&format!("{BATCH}/jobs"), &own).await.expect(201);
    assert_eq!(created["spec"]["template"]["metadata"]["labels"], json!({"app": "own"}));
    let mut false_label = job("false");
    false_label["spec"]["template"]["metadata"] = json!({"labels": {"job-name": "other"}});
    let refused = cluster.post(&format!("{BATCH}/jobs"), &false_label).await.expect(422);
    assert_eq!(fields(&refused), ["spec.template.labels[job-name]"]);
}

#[tokio::test]
async fn all_mistakes_of_a_job_are_told_at_once() {
    let cluster = Cluster::new().await;
    let mut bad = job("bad");
    bad["spec"]["template"]["spec"]["restartPolicy"] = json!("Always");
    let wrong = json!({
        "parallelism": -1, "backoffLimit": -2, "activeDeadlineSeconds": -3, "ttlSecondsAfterFinished": -4,
        "completionMode": "Random", "podReplacementPolicy": "Never", "backoffLimitPerIndex": 1, "managedBy": "me",
    });
    wrong.as_object().expect("fields").iter().for_each(|(key, value)| bad["spec"][key] = value.clone());
    let refused = cluster.post(&format!("{BATCH}/jobs"), &bad).await.expect(422);
    let mut found = fields(&refused);
    found.sort_unstable();
    let mut wanted: Vec<_> = wrong.as_object().expect("fields").keys().map(|key| format!("spec.{key}")).collect();
    wanted.push("spec.template.spec.restartPolicy".to_owned());
    wanted.sort();
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn a_failure_policy_is_checked_rule_by_rule() {
    let cluster = Cluster::new().await;
    let with = |rules: Value| {
        let mut policy = job("policy");
        policy["spec"]["podFailurePolicy"] = json!({"rules": rules});
        policy
    };
    let fine = json!([
        {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42, 43], "containerName": "main"}},
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]},
    ]);
    let created = cluster.post(&format!("{BATCH}/jobs"), &with(fine)).await.expect(201);
    assert_eq!(created["spec"]["podReplacementPolicy"], "Failed");
    assert_eq!(created["spec"]["podFailurePolicy"]["rules"][1]["onPodConditions"][0]["status"], "True");
    let path = "spec.podFailurePolicy.rules[0]";
    for (rule, wanted) in [
        (json!({"action": "Dance", "onPodConditions": [{"type": "X"}]}), "action"),
        (json!({"action": "FailIndex", "onPodConditions": [{"type": "X"}]}), "action"),
        (json!({"action": "Ignore", "onExitCodes": {"operator": "In", "values": [0]}}), "onExitCodes.values[0]"),
        (json!({"action": "Ignore", "onExitCodes": {"operator": "In", "values": [2, 1]}}), "onExitCodes.values"),
        (json!({"action": "Ignore", "onExitCodes": {"operator": "In", "values": []}}), "onExitCodes.values"),
        (json!({"action": "Ignore", "onExitCodes": {"operator": "Is", "values": [1]}}), "onExitCodes.operator"),
        (
            json!({"action": "Ignore", "onExitCodes": {"operator": "In", "values": [1], "containerName": "x"}}),
            "onExitCodes.containerName",
        ),
        (json!({"action": "Ignore"}), ""),
    ] {
        let refused = cluster.post(&format!("{BATCH}/jobs"), &with(json!([rule]))).await.expect(422);
        let wanted = if wanted.is_empty() { path.to_owned() } else { format!("{path}.{wanted}") };
        assert_eq!(fields(&refused), [wanted], "{rule}");
    }
}

#[tokio::test]
async fn an_indexed_job_needs_completions_and_a_name_its_pods_can_bear() {
    let cluster = Cluster::new().await;
    let indexed = |name: &str, completions: Option<i64>| {
        let mut indexed = job(name);
        indexed["spec"]["completionMode"] = json!("Indexed");
        indexed["spec"]["parallelism"] = json!(2);
        indexed["spec"]["completions"] = json!(completions);
        indexed
    };
    cluster.post(&format!("{BATCH}/jobs"), &indexed("fine", Some(3))).await.expect(201);
    let refused = cluster.post(&format!("{BATCH}/jobs"), &indexed("none", None)).await.expect(422);
    assert_eq!(fields(&refused), ["spec.completions"]);
    let refused = cluster.post(&format!("{BATCH}/jobs"), &indexed(&"a".repeat(62), Some(100))).await.expect(422);
    assert_eq!(fields(&refused), ["metadata.name"]);
    let path = format!("{BATCH}/jobs/fine");
    let refused = cluster.merge(&path, &json!({"spec": {"completions": 5}})).await.expect(422);
    assert_eq!(fields(&refused), ["spec.completions"]);
    cluster.merge(&path, &json!({"spec": {"completions": 5, "parallelism": 5}})).await.expect(200);
}

#[tokio::test]
async fn a_job_is_for_life_what_it_was_born_as() {
    let cluster = Cluster::new().await;
    cluster.post(&format!("{BATCH}/jobs"), &job("pi")).await.expect(201);
    let path = format!("{BATCH}/jobs/pi");
    for (patch, field) in [
        (json!({"spec": {"completions": 2}}), "spec.completions"),
        (json!({"spec": {"template": {"spec": {"priorityClassName": "x"}}}}), "spec.template"),
        (json!({"spec": {"template": {"spec": {"nodeSelector": {"a": "b"}}}}}), "spec.template"),
        (json!({"spec": {"managedBy": "example.com/x"}}), "spec.managedBy"),
    ] {
        assert_eq!(fields(&cluster.merge(&path, &patch).await.expect(422)), [field], "{patch}");
    }
    let free = json!({"spec": {"parallelism": 3, "backoffLimit": 1, "activeDeadlineSeconds": 9, "suspend": true}});
    assert_eq!(cluster.merge(&path, &free).await.expect(200)["metadata"]["generation"], 2);
    let selector = json!({"spec": {"template": {"spec": {"nodeSelector": {"a": "b"}}}}});
    cluster.merge(&path, &selector).await.expect(200);
    let started = json!({"status": {"startTime": "2026-01-01T00:00:00Z"}});
    cluster.merge(&format!("{path}/status"), &started).await.expect(200);
    let other = json!({"spec": {"template": {"spec": {"nodeSelector": {"a": "c"}}}}});
    assert_eq!(fields(&cluster.merge(&path, &other).await.expect(422)), ["spec.template"]);
}

#[tokio::test]
async fn what_jobs_do_not_act_on_is_told() {
    let cluster = Cluster::new().await;
    let mut policy = job("policy");
    policy["spec"]["completionMode"] = json!("Indexed");
    policy["spec"]["completions"] = json!(2);
    policy["spec"]["successPolicy"] = json!({"rules": [{"succeededCount": 1}]});
    let answer = cluster.post(&format!("{BATCH}/jobs"), &policy).await;
    assert_eq!(answer.warnings(), ["299 - \"spec.successPolicy: stored, but not acted on yet\""]);
    answer.expect(201);
    let mut nightly = cron_job("nightly", "0 3 * * *");
    nightly["spec"]["jobTemplate"]["spec"]["template"]["spec"]["hostNetwork"] = json!(true);
    let answer = cluster.post(&format!("{BATCH}/cronjobs"), &nightly).await;
    assert!(
        answer.warnings()[0].contains("spec.jobTemplate.spec.template.spec.hostNetwork"),
        "{:?}",
        answer.warnings()
    );
    answer.expect(201);
}

#[tokio::test]
async fn a_cron_job_is_checked_down_to_its_schedule_and_its_zone() {
    let cluster = Cluster::new().await;
    let created = cluster.post(&format!("{BATCH}/cronjobs"), &cron_job("nightly", "0 3 * * *")).await.expect(201);
    let spec = &created["spec"];
    assert_eq!((&spec["concurrencyPolicy"], &spec["suspend"]), (&json!("Allow"), &json!(false)));
    assert_eq!((&spec["successfulJobsHistoryLimit"], &spec["failedJobsHistoryLimit"]), (&json!(3), &json!(1)));
    assert_eq!(spec["jobTemplate"]["spec"]["template"]["spec"]["dnsPolicy"], "ClusterFirst");
    assert_eq!(spec["jobTemplate"]["spec"].get("backoffLimit"), None, "that is the Job's to default");
    let mut bad = cron_job(&"n".repeat(53), "61 * * * *");
    let wrong = json!({"timeZone": "Mars/Olympus", "concurrencyPolicy": "Dance", "startingDeadlineSeconds": -1});
    wrong.as_object().expect("fields").iter().for_each(|(key, value)| bad["spec"][key] = value.clone());
    bad["spec"]["jobTemplate"]["spec"]["selector"] = json!({"matchLabels": {"a": "b"}});
    bad["spec"]["jobTemplate"]["spec"]["template"]["spec"]["restartPolicy"] = json!("Always");
    let refused = cluster.post(&format!("{BATCH}/cronjobs"), &bad).await.expect(422);
    let mut found = fields(&refused);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "metadata.name",
            "spec.concurrencyPolicy",
            "spec.jobTemplate.spec.selector",
            "spec.jobTemplate.spec.template.spec.restartPolicy",
            "spec.schedule",
            "spec.startingDeadlineSeconds",
            "spec.timeZone",
        ]
    );
    assert!(refused["message"].as_str().expect("text").contains("is not a cron pattern of five fields"), "{refused}");
}

#[tokio::test]
async fn lists_of_jobs_are_selected_by_their_successes() {
    let cluster = Cluster::new().await;
    cluster.post(&format!("{BATCH}/jobs"), &job("done")).await.expect(201);
    cluster.post(&format!("{BATCH}/jobs"), &job("new")).await.expect(201);
    cluster.merge(&format!("{BATCH}/jobs/done/status"), &json!({"status": {"succeeded": 1}})).await.expect(200);
    let list = cluster.get(&format!("{BATCH}/jobs?fieldSelector=status.successful%3D1")).await.expect(200);
    assert_eq!(list["items"].as_array().expect("items").len(), 1);
    assert_eq!(list["items"][0]["metadata"]["name"], "done");
}

// C60: what the cluster does to a Pod may be forgiven, so it is said before the Pod goes.
#[tokio::test]
async fn an_evicted_pod_of_a_job_says_so() {
    let cluster = Cluster::new().await;
    let eviction = |name: &str| json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}});
    let mut tracked = pod("tracked");
    tracked["metadata"]["finalizers"] = json!(["batch.kubernetes.io/job-tracking"]);
    cluster.post(&format!("{SHOP}/pods"), &tracked).await.expect(201);
    cluster.post(&format!("{SHOP}/pods/tracked/eviction"), &eviction("tracked")).await.expect(201);
    let left = cluster.get(&format!("{SHOP}/pods/tracked")).await.expect(200);
    assert!(left["metadata"]["deletionTimestamp"].is_string());
    let told = &left["status"]["conditions"][0];
    assert_eq!((&told["type"], &told["reason"]), (&json!("DisruptionTarget"), &json!("EvictionByEvictionAPI")));
    cluster.post(&format!("{SHOP}/pods"), &pod("plain")).await.expect(201);
    cluster.post(&format!("{SHOP}/pods/plain/eviction"), &eviction("plain")).await.expect(201);
    cluster.get(&format!("{SHOP}/pods/plain")).await.expect(404);
}
