//! Jobs: what is made, what is counted, and how they end.

use api::resource::JOBS;
use expect_test::expect;
use serde_json::{Value, json};

use super::*;
use crate::testing::world::World;
use crate::testing::{check, fixture, text};

fn name() -> NamespacedName {
    NamespacedName::new("s", "pi")
}

fn status(world: &World) -> Value {
    serde_json::to_value(&world.snapshot.jobs[&name()].status).unwrap()
}

/// The conditions of the Job that hold, with their reasons.
fn holds(world: &World) -> String {
    let conditions = status(world)["conditions"].as_array().cloned().unwrap_or_default();
    let held = conditions.iter().filter(|condition| condition["status"] == "True");
    let shown = held.map(|c| format!("{}/{}", c["type"].as_str().unwrap(), c["reason"].as_str().unwrap()));
    shown.collect::<Vec<_>>().join(" ")
}

/// What is made and deleted, without the counters.
fn told(cluster: &str) -> String {
    let plan = plan(&fixture::parse(cluster));
    let events = plan.actions.iter().filter_map(|action| match action {
        Action::Event { message, .. } => Some(format!("{message}\n")),
        _ => None,
    });
    events.collect()
}

/// Lets everything work, and time pass to every wake, until the Job is quiet.
fn run(world: &mut World, rounds: usize) -> Vec<i64> {
    let start = world.snapshot.now;
    let mut times = Vec::new();
    world.settle();
    for _ in 0..rounds {
        if !world.pass_to_wake(100_000) {
            break;
        }
        times.push(world.snapshot.now.duration_since(start).as_secs());
        world.settle();
    }
    times
}

// C60
#[test]
fn ends_are_counted_and_pods_let_go_in_one_step() {
    let cluster = r#"
        node a
        job s/pi completions=3 parallelism=2 status={"startTime":"2026-01-01T00:00:00Z","active":2,"succeeded":1}
        pod s/pi-a job=pi node=a phase=Succeeded
        pod s/pi-b job=pi node=a phase=Failed
        pod s/pi-c job=pi node=a leaving
        pod s/pi-d job=pi node=a phase=Succeeded untracked"#;
    check(
        plan,
        cluster,
        &expect![[r#"
            patch jobs.batch/status s/pi status.failed=2 status.ready=0 status.succeeded=2 status.terminating=1 status.active=null
              and patch pods s/pi-a metadata.finalizers=[]
              and patch pods s/pi-b metadata.finalizers=[]
              and patch pods s/pi-c metadata.finalizers=[]
        "#]],
    );
}

#[test]
fn a_job_runs_so_many_pods_at_once_until_enough_have_succeeded() {
    let mut world = World::new("node a\njob s/pi completions=5 parallelism=2");
    world.quick.push("pi-".to_owned());
    let mut most = 0;
    while world.round() {
        let active = world.snapshot.pods.values().filter(|pod| pod::is_active(pod)).count();
        most = most.max(active);
    }
    assert_eq!((world.snapshot.pods.len(), most.min(2)), (5, most), "five Pods, never more than two at once");
    assert_eq!(holds(&world), "SuccessCriteriaMet/CompletionsReached Complete/CompletionsReached");
    let status = status(&world);
    assert_eq!((&status["succeeded"], &status["active"]), (&json!(5), &Value::Null));
    assert!(status["startTime"].is_string() && status["completionTime"].is_string());
    let mut pods = world.snapshot.pods.values();
    assert!(pods.all(|pod| !object::has_finalizer(&pod.metadata, label::JOB_TRACKING)));
    assert_eq!(world.refused, Vec::<String>::new());
}

// C60, k/k#70251: sixty-four Pods for a limit of ten.
#[test]
fn a_limit_of_n_means_n_and_failures_are_retried_more_and_more_slowly() {
    let mut world = World::new("node a\njob s/pi backoff=7");
    world.broken.push("pi-".to_owned());
    let times = run(&mut world, 20);
    expect!["[10, 30, 70, 150, 310, 630, 990]"].assert_eq(&format!("{times:?}"));
    assert_eq!(world.snapshot.pods.len(), 8, "the first try and seven more");
    assert_eq!(status(&world)["failed"], 8);
    assert_eq!(holds(&world), "FailureTarget/BackoffLimitExceeded Failed/BackoffLimitExceeded");
    let mut none = World::new("node a\njob s/pi backoff=0 completions=9 parallelism=3");
    none.broken.push("pi-".to_owned());
    run(&mut none, 5);
    assert_eq!(none.snapshot.pods.len(), 3, "all that ran at once, and none after that");
}

// C60
#[test]
fn a_limit_counts_pods_that_were_deleted_meanwhile() {
    let mut world = World::new("node a\njob s/pi backoff=2");
    world.broken.push("pi-".to_owned());
    let mut made = 0;
    for _ in 0..10 {
        world.settle();
        let failed: Vec<_> = world.snapshot.pods.keys().cloned().collect();
        made += failed.len();
        failed.iter().for_each(|name| world.delete(&PODS, name, None, None));
        world.pass(400);
    }
    assert_eq!((made, &status(&world)["failed"]), (3, &json!(3)));
    assert!(holds(&world).contains("Failed/BackoffLimitExceeded"));
}

#[test]
fn restarts_in_place_count_towards_the_limit() {
    let cluster = |limit: i32, restarts: i32| {
        format!(
            "node a\njob s/pi restart=OnFailure backoff={limit}\npod s/pi-a job=pi node=a ready restarts={restarts}"
        )
    };
    for (limit, restarts, fails) in [(2, 1, false), (2, 2, true), (0, 0, false), (0, 1, true)] {
        let shown = text(&plan(&fixture::parse(&cluster(limit, restarts))));
        assert_eq!(shown.contains("FailureTarget/True/BackoffLimitExceeded"), fails, "{limit} {restarts}: {shown}");
    }
}

// C60
#[test]
fn a_deadline_ends_the_job_and_its_pods() {
    let mut world = World::new("node a\njob s/pi completions=2 parallelism=2 deadline=60");
    world.settle();
    assert_eq!(plan(&world.snapshot).wake_at, Some(object::after_seconds(world.snapshot.now, 60)));
    world.pass(59);
    assert!(!world.round());
    world.pass(1);
    world.settle();
    assert_eq!(holds(&world), "FailureTarget/DeadlineExceeded Failed/DeadlineExceeded");
    assert!(world.snapshot.pods.is_empty());
    assert_eq!(status(&world)["failed"], 2, "what the end of the Job ended has failed");
}

// C60
#[test]
fn a_finished_job_is_deleted_when_its_time_is_over() {
    check(
        plan,
        "job s/pi ttl=60 finished=Complete@50",
        &expect![[r#"
        wake @110
    "#]],
    );
    check(
        plan,
        "job s/pi ttl=60 finished=Failed@40",
        &expect![[r#"
        delete jobs.batch s/pi Background
    "#]],
    );
    check(plan, "job s/pi finished=Complete@1", &expect![[""]]);
    let mut world = World::new("node a\njob s/pi ttl=30");
    world.quick.push("pi-".to_owned());
    run(&mut world, 3);
    assert!(world.snapshot.jobs.is_empty() && world.snapshot.pods.is_empty(), "and its Pods with it");
}

// C60
#[test]
fn suspension_costs_no_failure_and_resuming_starts_the_clock_anew() {
    let mut world = World::new("node a\njob s/pi completions=4 parallelism=4 deadline=60 backoff=0");
    world.settle();
    let suspend = |world: &mut World, suspend: bool| {
        world.edit(&JOBS, &name(), |object| object["spec"]["suspend"] = json!(suspend), Part::Main);
        world.settle();
    };
    suspend(&mut world, true);
    assert!(world.snapshot.pods.is_empty());
    assert_eq!((holds(&world).as_str(), &status(&world)["failed"]), ("Suspended/JobSuspended", &Value::Null));
    world.pass(1000);
    assert!(!world.round(), "the deadline stands still");
    suspend(&mut world, false);
    assert_eq!((world.snapshot.pods.len(), holds(&world).as_str()), (4, ""));
    assert_eq!(status(&world)["startTime"], json!(world.snapshot.now.to_string()));
    let born_suspended = World::new("job s/pi suspend");
    let shown = text(&plan(&born_suspended.snapshot));
    assert!(!shown.contains("startTime") && shown.contains("Suspended/True/JobSuspended"), "{shown}");
}

#[test]
fn less_parallelism_costs_no_failure_either() {
    let mut world = World::new("node a\njob s/pi completions=4 parallelism=4 backoff=0");
    world.settle();
    world.edit(&JOBS, &name(), |object| object["spec"]["parallelism"] = json!(1), Part::Main);
    world.settle();
    assert_eq!((world.snapshot.pods.len(), holds(&world).as_str()), (1, ""));
}

#[test]
fn a_queue_ends_when_one_says_so_and_the_others_have_finished() {
    let mut world = World::new("node a\njob s/pi queue parallelism=3");
    world.settle();
    let pods: Vec<_> = world.snapshot.pods.keys().cloned().collect();
    assert_eq!(pods.len(), 3);
    world.report(&pods[0], "Succeeded", false);
    world.settle();
    assert_eq!((world.snapshot.pods.len(), holds(&world).as_str()), (3, ""), "the others finish, none is added");
    world.report(&pods[1], "Failed", false);
    world.report(&pods[2], "Succeeded", false);
    world.settle();
    assert_eq!(holds(&world), "SuccessCriteriaMet/CompletionsReached Complete/CompletionsReached");
    assert_eq!((&status(&world)["succeeded"], &status(&world)["failed"]), (&json!(2), &json!(1)));
}

#[test]
fn a_pod_of_an_indexed_job_knows_its_index() {
    let status =
        r#"status={"startTime":"2026-01-01T00:00:00Z","ready":0,"terminating":0,"uncountedTerminatedPods":{}}"#;
    let snapshot = fixture::parse(&format!("job s/pi completions=3 parallelism=2 indexed {status}"));
    let plan = plan(&snapshot);
    let made = plan.actions.iter().filter_map(|action| match action {
        Action::Create { object, guard, .. } => Some((object, guard)),
        _ => None,
    });
    let made: Vec<_> = made.collect();
    assert_eq!(made.len(), 2);
    let (pod, guard) = made[1];
    assert!(guard.is_some(), "made only while the Job is as it was seen");
    assert!(pod["metadata"]["name"].as_str().unwrap().starts_with("pi-1-"));
    assert_eq!(pod["metadata"]["annotations"][label::JOB_COMPLETION_INDEX], "1");
    assert_eq!(pod["metadata"]["labels"][label::JOB_COMPLETION_INDEX], "1");
    assert_eq!(pod["metadata"]["finalizers"], json!([label::JOB_TRACKING]));
    assert_eq!(pod["spec"]["hostname"], "pi-1");
    assert_eq!(pod["spec"]["containers"][0]["env"][0]["name"], "JOB_COMPLETION_INDEX");
}

// C60
#[test]
fn each_index_succeeds_once_and_is_retried_until_it_does() {
    let mut world = World::new("node a\njob s/pi completions=4 parallelism=4 indexed backoff=9");
    world.quick.extend(["pi-0-", "pi-1-", "pi-3-"].map(str::to_owned));
    world.broken.push("pi-2-".to_owned());
    run(&mut world, 2);
    assert_eq!((&status(&world)["completedIndexes"], &status(&world)["failed"]), (&json!("0,1,3"), &json!(3)));
    world.broken.clear();
    world.quick.push("pi-2-".to_owned());
    run(&mut world, 2);
    assert_eq!((&status(&world)["completedIndexes"], &status(&world)["succeeded"]), (&json!("0-3"), &json!(4)));
    assert!(holds(&world).contains("Complete/CompletionsReached"));
}

// C60
#[test]
fn an_index_has_a_limit_of_its_own_that_outlives_its_pods() {
    let mut world = World::new("node a\njob s/pi completions=3 parallelism=3 indexed perindex=1 backoff=2147483647");
    world.quick.extend(["pi-0-", "pi-2-"].map(str::to_owned));
    world.broken.push("pi-1-".to_owned());
    world.settle();
    let failed: Vec<_> = world.snapshot.pods.keys().filter(|name| name.name.starts_with("pi-1-")).cloned().collect();
    assert_eq!((failed.len(), &status(&world)["failed"]), (1, &json!(1)));
    world.delete(&PODS, &failed[0], None, None);
    world.settle();
    assert!(world.snapshot.pods.contains_key(&failed[0]), "it stays until its successor knows");
    run(&mut world, 5);
    assert!(!world.snapshot.pods.contains_key(&failed[0]));
    assert_eq!((&status(&world)["failedIndexes"], &status(&world)["failed"]), (&json!("1"), &json!(2)));
    assert_eq!(status(&world)["completedIndexes"], "0,2");
    assert_eq!(holds(&world), "FailureTarget/FailedIndexes Failed/FailedIndexes");
}

#[test]
fn too_many_failed_indexes_end_the_job() {
    let mut world =
        World::new("node a\njob s/pi completions=9 parallelism=3 indexed perindex=0 maxfailed=1 backoff=99");
    world.broken.push("pi-".to_owned());
    run(&mut world, 5);
    assert_eq!(holds(&world), "FailureTarget/MaxFailedIndexesExceeded Failed/MaxFailedIndexesExceeded");
    assert_eq!(world.snapshot.pods.len(), 3);
}

const POLICY: &str = r#"spec={"podFailurePolicy":{"rules":[{"action":"FailJob","onExitCodes":{"operator":"In","values":[42]}},{"action":"Ignore","onPodConditions":[{"type":"DisruptionTarget","status":"True"}]}]}}"#;

// C60
#[test]
fn a_policy_forgives_disruptions_and_gives_up_on_what_cannot_be_mended() {
    let job = format!("node a\njob s/pi backoff=0 replace=Failed {POLICY}\npod s/pi-a job=pi node=a");
    let after = |pod: &str| {
        let mut world = World::new(&format!("{job} {pod}"));
        world.run(plan);
        format!("{} {}", status(&world)["failed"], holds(&world))
    };
    assert_eq!(after("phase=Failed disrupted"), "null ");
    assert_eq!(after("leaving grace=0 disrupted"), "null ");
    assert_eq!(after("phase=Failed exit=1"), "1 FailureTarget/BackoffLimitExceeded Failed/BackoffLimitExceeded");
    assert_eq!(after("phase=Failed exit=42"), "1 FailureTarget/PodFailurePolicy Failed/PodFailurePolicy");
    let message = World::new(&format!("{job} phase=Failed exit=42"));
    let shown = plan(&message.snapshot).to_string();
    assert!(shown.contains("FailJob rule at index 0") || shown.contains("..."), "{shown}");
}

// C60: a Pod that is lost with its Node is replaced, and what the cluster did is forgiven if the user says so.
#[test]
fn pods_lost_with_their_node_follow_the_policy() {
    for (policy, failed) in [(POLICY, Value::Null), ("", json!(1))] {
        let replace = if policy.is_empty() { "TerminatingOrFailed" } else { "Failed" };
        let mut world = World::new(&format!("node a\nnode b\njob s/pi backoff=1 replace={replace} {policy}"));
        world.settle();
        let first = world.snapshot.pods.keys().next().unwrap().clone();
        let node = pod::node(&world.snapshot.pods[&first]).unwrap().to_owned();
        world.set_session(&node, false);
        for _ in 0..40 {
            world.pass(1);
            world.settle();
        }
        assert!(!world.snapshot.pods.contains_key(&first), "{policy}");
        let new = world.snapshot.pods.values().next().expect("it was replaced");
        assert_ne!(pod::node(new), Some(node.as_str()));
        assert_eq!(status(&world)["failed"], failed, "{policy}");
    }
}

#[test]
fn replacements_wait_for_the_real_end_if_asked() {
    let cluster = |replace: &str| {
        let status =
            r#"status={"startTime":"2026-01-01T00:00:00Z","ready":0,"terminating":1,"uncountedTerminatedPods":{}}"#;
        format!("node a\njob s/pi replace={replace} {status}\npod s/pi-a job=pi node=a leaving")
    };
    assert_eq!(text(&plan(&fixture::parse(&cluster("Failed")))), "", "neither counted nor replaced");
    let shown = text(&plan(&fixture::parse(&cluster("TerminatingOrFailed"))));
    assert!(shown.contains("status.failed=1"), "{shown}");
}

#[test]
fn pods_of_a_job_that_is_gone_or_going_are_let_go() {
    check(
        plan,
        "pod s/pi-a job=pi node=a phase=Succeeded",
        &expect![[r#"
        patch pods s/pi-a metadata.finalizers=[]
    "#]],
    );
    check(
        plan,
        "job s/pi leaving\npod s/pi-a job=pi node=a",
        &expect![[r#"
        patch pods s/pi-a metadata.finalizers=[]
    "#]],
    );
    check(
        plan,
        "job s/pi uid=another finished=Complete@1\npod s/pi-a job=pi node=a",
        &expect![[r#"
        patch pods s/pi-a metadata.finalizers=[]
    "#]],
    );
    let mut snapshot = fixture::parse("pod s/pi-a job=pi node=a");
    snapshot.unreadable = std::sync::Arc::new([(&JOBS, name())].into());
    assert!(plan(&snapshot).is_settled(), "a Job that cannot be read is not gone");
}

#[test]
fn every_way_of_deleting_a_job_ends_as_asked() {
    for (propagation, pods) in [(Some("Background"), 0), (Some("Foreground"), 0), (Some("Orphan"), 3), (None, 0)] {
        let mut world = World::new("node a\njob s/pi completions=3 parallelism=3");
        world.settle();
        world.delete(&JOBS, &name(), None, propagation);
        world.settle();
        assert!(world.snapshot.jobs.is_empty(), "{propagation:?}");
        assert_eq!(world.snapshot.pods.len(), pods, "{propagation:?}");
    }
}

#[test]
fn a_namespace_takes_its_jobs_along() {
    let mut world = World::new("node a\nnamespace s leaving\njob s/pi\npod s/pi-a job=pi node=a ready");
    world.settle();
    assert!(world.snapshot.pods.is_empty() && world.snapshot.jobs.is_empty() && world.snapshot.namespaces.is_empty());
}

#[test]
fn jobs_of_another_controller_are_left_to_it() {
    let own = r#"spec={"managedBy":"kubernetes.io/job-controller"}"#;
    let other = r#"spec={"managedBy":"example.com/queue"}"#;
    assert!(!plan(&fixture::parse(&format!("job s/pi {own}"))).is_settled());
    assert!(plan(&fixture::parse(&format!("job s/pi {other}\npod s/pi-a job=pi node=a phase=Failed"))).is_settled());
}

#[test]
fn a_manual_selector_adopts_and_tracks() {
    let adopting = r#"spec={"manualSelector":true}"#;
    let mut world = World::new(&format!("node a\njob s/pi {adopting}\npod s/old job=gone untracked node=a ready"));
    let free = |object: &mut Value| {
        object["metadata"]["ownerReferences"] = json!([]);
        object["metadata"]["labels"][label::JOB_UID] = json!("job-pi");
    };
    world.edit(&PODS, &NamespacedName::new("s", "old"), free, Part::Main);
    world.settle();
    assert_eq!(world.snapshot.pods.len(), 1, "no second one is made");
    world.report(&NamespacedName::new("s", "old"), "Succeeded", false);
    world.settle();
    assert_eq!(status(&world)["succeeded"], 1);
}

#[test]
fn nothing_is_made_of_a_job_that_changes_meanwhile() {
    let mut world = World::new("node a\njob s/pi");
    world.run(plan);
    let late = plan(&world.snapshot);
    world.edit(&JOBS, &name(), |object| object["spec"]["suspend"] = json!(true), Part::Main);
    world.apply(&late);
    assert!(world.snapshot.pods.is_empty());
    assert_eq!(world.refused.len(), 1);
}

#[test]
fn surplus_goes_unready_and_newest_first() {
    let status = r#"status={"startTime":"2026-01-01T00:00:00Z","active":3,"ready":2,"terminating":0,"uncountedTerminatedPods":{}}"#;
    let cluster = format!(
        "node a\njob s/pi completions=9 parallelism=1 {status}
        pod s/pi-a job=pi node=a ready at=1\npod s/pi-b job=pi node=a ready at=2\npod s/pi-c job=pi node=a at=0"
    );
    check(
        plan,
        &cluster,
        &expect![[r#"
        patch pods s/pi-c metadata.finalizers=[]
        patch pods s/pi-b metadata.finalizers=[]
    "#]],
    );
    let judged = cluster.replace("s/pi-c job=pi", "s/pi-c job=pi untracked");
    assert_eq!(told(&judged), "Deleted pod: pi-c\n");
}

// A Pod that is kept to tell its successor is gone: it neither takes room nor answers.
#[test]
fn what_is_gone_but_for_its_finalizer_takes_no_room_and_no_requests() {
    let cluster = "
        node a cpu=1
        service s/pi port=http:80:8080 app=pi
        pod s/pi-a job=pi node=a cpu=1 ready ip=10.0.0.1 leaving grace=0
        pod s/next cpu=1";
    let mut snapshot = fixture::parse(cluster);
    let held = NamespacedName::new("s", "pi-a");
    let labels = &mut std::sync::Arc::make_mut(snapshot.pods.get_mut(&held).unwrap()).metadata.labels;
    labels.get_or_insert_default().insert("app".to_owned(), "pi".to_owned());
    assert!(text(&crate::placement::plan(&snapshot)).contains("bind s/next to a"));
    assert!(!text(&crate::endpoints::plan(&snapshot)).contains("pi-a"));
}
