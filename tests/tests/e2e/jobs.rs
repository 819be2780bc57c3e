//! Work that ends: Jobs of a component that runs `wasi:cli/run`, and a CronJob that makes them.

use std::path::Path;

use tests::{Cluster, paths};

const NIGHTLY: &str = r#"
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 3 * * *"
  timeZone: Europe/Berlin
  jobTemplate:
    spec:
      backoffLimit: 0
      ttlSecondsAfterFinished: 600
      template:
        spec:
          restartPolicy: Never
          containers: [{name: job, image: "job:v1", args: ["from the schedule"]}]
"#;

const FAILING: &str = r#"
apiVersion: batch/v1
kind: Job
metadata: {name: failing}
spec:
  backoffLimit: 9
  podFailurePolicy:
    rules: [{action: FailJob, onExitCodes: {operator: In, values: [42]}}]
  template:
    spec:
      restartPolicy: Never
      containers: [{name: job, image: "job:v1", args: ["exit", "42"]}]
"#;

const INDEXED: &str = r#"
apiVersion: batch/v1
kind: Job
metadata: {name: indexed}
spec:
  completions: 5
  parallelism: 2
  completionMode: Indexed
  template:
    spec:
      restartPolicy: Never
      containers: [{name: job, image: "job:v1", args: ["index $(JOB_COMPLETION_INDEX)"]}]
"#;

#[tokio::test]
async fn jobs_run_to_completion_and_cron_jobs_make_them() {
    let cluster = Cluster::up();
    cluster.push("job", "job:v1");
    for kubectl in paths::kubectls() {
        println!("{}", kubectl.display());
        life(&cluster, &kubectl);
    }
}

fn life(cluster: &Cluster, kubectl: &Path) {
    let run = |args: &[&str]| cluster.kubectl_ok(kubectl, args);
    let apply = |name: &str, manifest: &str| {
        let file = cluster.path(name);
        std::fs::write(&file, manifest).expect("writes");
        run(&["apply", "-f", &file.display().to_string(), "-n", "batch"])
    };
    let get = |kind: &str, name: &str, path: &str| {
        run(&["get", kind, name, "-n", "batch", "-o", &format!("jsonpath={{{path}}}")])
    };
    assert!(run(&["create", "namespace", "batch"]).contains("created"));

    assert!(
        run(&["create", "job", "one", "--image=job:v1", "-n", "batch", "--", "job", "0", "done"]).contains("created")
    );
    let _ = run(&["wait", "--for=condition=complete", "job/one", "-n", "batch", "--timeout=60s"]);
    assert_eq!(get("job", "one", ".status.succeeded"), "1");
    assert!(run(&["logs", "job/one", "-n", "batch"]).contains("done"));
    assert!(run(&["get", "jobs", "-n", "batch"]).contains("Complete"));
    assert!(run(&["get", "pods", "-n", "batch"]).contains("Completed"));
    assert!(run(&["describe", "job", "one", "-n", "batch"]).contains("1 Succeeded"));

    let _ = apply("failing.yaml", FAILING);
    let _ = run(&["wait", "--for=condition=failed", "job/failing", "-n", "batch", "--timeout=60s"]);
    assert_eq!(get("job", "failing", ".status.failed"), "1", "what cannot be mended is not tried again");
    assert_eq!(get("job", "failing", ".status.conditions[?(@.type==\"Failed\")].reason"), "PodFailurePolicy");

    let _ = apply("indexed.yaml", INDEXED);
    let _ = run(&["wait", "--for=condition=complete", "job/indexed", "-n", "batch", "--timeout=60s"]);
    assert_eq!(get("job", "indexed", ".status.completedIndexes"), "0-4");

    let _ = apply("nightly.yaml", NIGHTLY);
    assert!(apply("nightly.yaml", NIGHTLY).contains("unchanged"));
    assert!(run(&["get", "cj", "-n", "batch"]).contains("Europe/Berlin"));
    let _ = run(&["create", "job", "tonight", "--from=cronjob/nightly", "-n", "batch"]);
    let _ = run(&["wait", "--for=condition=complete", "job/tonight", "-n", "batch", "--timeout=60s"]);
    assert!(run(&["logs", "job/tonight", "-n", "batch"]).contains("from the schedule"));
    assert!(!get("cronjob", "nightly", ".status.lastSuccessfulTime").is_empty());
    let often = run(&[
        "create",
        "cronjob",
        "often",
        "--image=job:v1",
        "--schedule=*/5 * * * *",
        "-n",
        "batch",
        "--",
        "job",
        "0",
    ]);
    assert!(often.contains("created"));

    let _ = run(&["delete", "cronjob", "nightly", "-n", "batch", "--timeout=60s"]);
    let _ = run(&["wait", "--for=delete", "job/tonight", "-n", "batch", "--timeout=60s"]);
    let _ = run(&["delete", "job", "one", "-n", "batch", "--timeout=60s"]);
    let _ = run(&["wait", "--for=delete", "pod", "-l", "job-name=one", "-n", "batch", "--timeout=60s"]);
    let _ = run(&["delete", "namespace", "batch", "--timeout=60s"]);
}
