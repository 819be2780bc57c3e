//! Quotas, limits, classes and the kinds that charts bring along, as kubectl's users meet them.

use std::path::{Path, PathBuf};

use tests::{Cluster, paths, until};

/// The newest kubectl, and the oldest that is supported where the machine has it.
fn kubectls() -> Vec<PathBuf> {
    let oldest = Path::new("/usr/lib/google-cloud-sdk/bin/kubectl.1.30").to_path_buf();
    let newest = paths::kubectls().into_iter().next();
    newest.into_iter().chain(Some(oldest).filter(|path| path.is_file())).collect()
}

const KINDS: &str = r"
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /data}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: claim}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
provisioner: example.com/disk
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: edge}
spec: {controller: example.com/edge}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed}
spec: {podSelector: {}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: sizes}
spec: {limits: [{type: Container, default: {memory: 32Mi}, max: {memory: 64Mi}}]}
";

#[tokio::test]
async fn every_generator_describe_and_explain_works() {
    let cluster = Cluster::up();
    let manifest = cluster.path("kinds.yaml");
    std::fs::write(&manifest, KINDS).expect("writes");
    let manifest = manifest.display().to_string();
    for (at, kubectl) in kubectls().into_iter().enumerate() {
        println!("{}", kubectl.display());
        let space = format!("team{at}");
        let run = |args: &[&str]| {
            let args: Vec<&str> = args.iter().copied().chain(["-n", &space]).collect();
            cluster.kubectl_ok(&kubectl, &args)
        };
        assert!(run(&["create", "namespace", &space]).contains("created"));
        let rank = format!("rank{at}");
        for args in [
            &["create", "quota", "q", "--hard=pods=9,requests.cpu=2,services=3"][..],
            &["create", "quota", "best", "--hard=pods=5", "--scopes=BestEffort"],
            &["create", "priorityclass", &rank, "--value=100", "--description=important"],
            &["create", "ingress", "web", "--class=edge", "--rule=shop.example.com/api*=web:80,tls=cert"],
            &["create", "poddisruptionbudget", "keep", "--selector=app=web", "--min-available=1"],
            &["apply", "-f", &manifest],
        ] {
            let said = run(args);
            assert!(said.contains("created") || said.contains("configured") || said.contains("unchanged"), "{said}");
        }
        for (kind, name, shown) in [
            ("quota", "q", "requests.cpu  0     2"),
            ("quota", "best", "BestEffort"),
            ("limits", "sizes", "memory"),
            ("pv", "disk", "HostPath"),
            ("pvc", "claim", "Pending"),
            ("sc", "fast", "example.com/disk"),
            ("ingress", "web", "shop.example.com"),
            ("ingressclass", "edge", "example.com/edge"),
            ("netpol", "closed", "Allowing ingress traffic"),
            ("priorityclass", &rank, "100"),
            ("runtimeclass", "wasm-isolated", "wasm-isolated"),
        ] {
            let said = run(&["describe", kind, name]);
            assert!(said.contains(shown) || (kind == "netpol" && said.contains("PodSelector")), "{kind}: {said}");
            assert!(run(&["get", kind, name]).contains(name));
            assert!(run(&["explain", kind]).contains("FIELDS"), "{kind}");
        }
        assert!(run(&["get", "quota", "q"]).contains("pods: 0/9"));
        assert!(run(&["get", "ingress"]).contains("80, 443"));
        assert!(run(&["get", "priorityclass"]).contains("system-node-critical"));
        let _ = run(&["get", "events.events.k8s.io"]);
        let _ = run(&["events"]);
    }
}

// C64
#[tokio::test]
async fn a_quota_stops_a_scale_up_and_says_so_on_the_deployment() {
    let cluster = Cluster::up();
    cluster.push("hello02", "web:v1");
    let kubectl = paths::kubectls().into_iter().next().expect("one");
    let run = |args: &[&str]| cluster.kubectl_ok(&kubectl, args);
    let _ = run(&["create", "quota", "q", "--hard=pods=3"]);
    let _ = run(&["create", "deployment", "web", "--image=web:v1", "--replicas=2"]);
    let _ = run(&["rollout", "status", "deployment/web", "--timeout=60s"]);
    let used = || run(&["get", "quota", "q", "-o", "jsonpath={.status.used.pods}"]);
    assert_eq!(used(), "2");
    let _ = run(&["scale", "deployment/web", "--replicas=5"]);
    let _ = run(&["wait", "--for=condition=ReplicaFailure", "deployment/web", "--timeout=60s"]);
    let said = run(&[
        "get",
        "deployment",
        "web",
        "-o",
        "jsonpath={.status.conditions[?(@.type==\"ReplicaFailure\")].message}",
    ]);
    assert!(said.contains("exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3"), "{said}");
    assert!(run(&["get", "events"]).contains("FailedCreate"));
    assert_eq!(used(), "3", "what fits was made");
    let _ = run(&["patch", "quota", "q", "--type=merge", "-p", r#"{"spec":{"hard":{"pods":"5"}}}"#]);
    let _ = run(&["rollout", "status", "deployment/web", "--timeout=60s"]);
    until("the failure is over", || async {
        let found = run(&["get", "deployment", "web", "-o", "jsonpath={.status.conditions[*].type}"]);
        (!found.contains("ReplicaFailure")).then_some(())
    })
    .await;
    let _ = run(&["scale", "deployment/web", "--replicas=1"]);
    until("what is gone is free again", || async { (used() == "1").then_some(()) }).await;
}

#[tokio::test]
async fn an_important_pod_takes_the_place_of_a_lesser_one() {
    let cluster = Cluster::up();
    cluster.push("hello02", "web:v1");
    let kubectl = paths::kubectls().into_iter().next().expect("one");
    let run = |args: &[&str]| cluster.kubectl_ok(&kubectl, args);
    let cpu = run(&["get", "nodes", "-o", "jsonpath={.items[0].status.allocatable.cpu}"]);
    let millis = api::quantity::parse_millis(&cpu).expect("an amount");
    let pod = |name: &str, class: &str, millis: i64| {
        serde_json::json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {
                "priorityClassName": class, "terminationGracePeriodSeconds": 1,
                "containers": [{"name": "main", "image": "web:v1", "resources": {"requests": {"cpu": format!("{millis}m")}}}],
            },
        })
        .to_string()
    };
    let apply = |name: &str, text: String| {
        let file = cluster.path(&format!("{name}.json"));
        std::fs::write(&file, text).expect("writes");
        run(&["apply", "-f", &file.display().to_string()])
    };
    let _ = run(&["create", "priorityclass", "low", "--value=1"]);
    let _ = run(&["create", "priorityclass", "high", "--value=1000"]);
    let _ = apply("lesser", pod("lesser", "low", millis * 6 / 10));
    let _ = run(&["wait", "--for=condition=Ready", "pod/lesser", "--timeout=60s"]);
    let _ = apply("other", pod("other", "low", millis * 6 / 10));
    let _ = apply("important", pod("important", "high", millis * 6 / 10));
    let _ = run(&["wait", "--for=condition=Ready", "pod/important", "--timeout=60s"]);
    assert!(!cluster.kubectl(&kubectl, &["get", "pod", "lesser"]).status.success(), "it made room");
    assert!(run(&["get", "events"]).contains("Preempted"));
    assert_eq!(run(&["get", "pod", "other", "-o", "jsonpath={.status.phase}"]), "Pending", "of equals nobody goes");
}
