//! CronJobs: when, how many at once, and what is kept.

use expect_test::expect;

use super::*;
use crate::testing::world::World;
use crate::testing::{check, fixture, text};

const START: &str = "2026-01-01T00:00:00Z";

fn name() -> NamespacedName {
    NamespacedName::new("s", "nightly")
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Names of the Jobs, by the minute after the epoch of the fixtures they were made for.
fn minutes(world: &World) -> Vec<i64> {
    let names = world.snapshot.jobs.keys().map(|name| name.name.rsplit('-').next().unwrap().to_owned());
    let mut minutes: Vec<_> = names.map(|n| n.parse::<i64>().unwrap() - fixture::EPOCH / 60).collect();
    minutes.sort_unstable();
    minutes
}

#[test]
fn a_due_job_is_made_once_and_then_written_down() {
    let mut world = World::new("now 130\ncron s/nightly schedule=*_*_*_*_*");
    expect![[r#"
        create jobs.batch s/nightly-29453762
        event Normal SuccessfulCreate cronjobs.batch s/nightly: Created job nightly-29453762
        wake @180
    "#]]
    .assert_eq(&text(&plan(&world.snapshot)));
    world.run(plan);
    let job = world.snapshot.jobs.values().next().unwrap();
    assert_eq!(object::annotation(&job.metadata, label::SCHEDULED_AT), Some("2026-01-01T00:02:00+00:00"));
    assert_eq!(object::annotation(&job.metadata, "note"), Some("x"));
    assert_eq!(object::label(&job.metadata, "team"), Some("red"));
    assert_eq!(object::controller_uid(&job.metadata), Some("cron-nightly"));
    expect![[r#"
        patch cronjobs.batch/status s/nightly status.active=[jobs-101] status.lastScheduleTime=@120
        wake @180
    "#]]
    .assert_eq(&text(&plan(&world.snapshot)));
    world.run(plan);
    assert!(plan(&world.snapshot).is_settled());
}

// C61, k/k#42649, nomad: after long downtime one run, and never a permanent stop.
#[test]
fn after_long_downtime_there_is_one_catch_up_run_and_then_the_usual_ones() {
    let mut world = World::new("now 31536010\ncron s/nightly schedule=*_*_*_*_* last=0");
    world.settle();
    assert_eq!(minutes(&world), [525_600], "one of half a million");
    world.pass(60);
    world.settle();
    assert_eq!(minutes(&world), [525_600, 525_601]);
}

// C61
#[test]
fn what_is_missed_by_more_than_the_deadline_is_left_out() {
    let due = |now: i64, deadline: i64| {
        let cluster = format!("now {now}\ncron s/nightly schedule=0_*_*_*_* deadline={deadline} last=0");
        let mut world = World::new(&cluster);
        world.settle();
        minutes(&world)
    };
    assert_eq!(due(3610, 10), [60]);
    assert_eq!(due(3611, 10), [0; 0]);
    assert_eq!(due(3600, 0), [60], "a deadline of nothing is met by a loop that is on time");
    assert_eq!(due(7 * 3600 + 30, 60), [420], "the last one only");
}

// C61
#[test]
fn jobs_may_run_side_by_side_or_wait_or_replace_each_other() {
    let run = |policy: &str| {
        let mut world =
            World::new(&format!("now 70\nnode a\ncron s/nightly schedule=*_*_*_*_* policy={policy} last=0"));
        world.settle();
        world.pass(60);
        world.settle();
        world
    };
    assert_eq!(minutes(&run("Allow")), [1, 2]);
    assert_eq!(minutes(&run("Replace")), [2]);
    let mut waiting = run("Forbid");
    assert_eq!(minutes(&waiting), [1]);
    waiting.pass(180);
    let pod = waiting.snapshot.pods.keys().next().unwrap().clone();
    waiting.report(&pod, "Succeeded", false);
    waiting.settle();
    assert_eq!(minutes(&waiting), [1, 5], "the last missed one follows at once");
}

// C61: whatever a Forbid waits for, it waits for one Job, not for a pile of missed ones.
#[test]
fn a_forbidden_run_that_is_too_late_is_left_out() {
    let cluster = "now 130\ncron s/nightly schedule=*_*_*_*_* policy=Forbid deadline=5 last=60
        job s/nightly-29453761 of=nightly due=60";
    let mut world = World::new(cluster);
    world.run(plan);
    assert!(text(&plan(&world.snapshot)).starts_with("wake"), "{}", text(&plan(&world.snapshot)));
}

#[test]
fn a_suspended_one_makes_nothing_and_catches_up_once() {
    let mut world = World::new("now 310\ncron s/nightly schedule=*_*_*_*_* suspend last=0");
    assert_eq!(text(&plan(&world.snapshot)), "");
    let resume = |object: &mut Value| object["spec"]["suspend"] = json!(false);
    world.edit(&CRON_JOBS, &name(), resume, Part::Main);
    world.settle();
    assert_eq!(minutes(&world), [5]);
}

#[test]
fn a_new_one_does_not_run_for_times_before_it_was_made() {
    check(
        plan,
        "now 50\ncron s/nightly schedule=*_*_*_*_* at=10",
        &expect![[r#"
        wake @60
    "#]],
    );
}

#[test]
fn history_is_kept_by_success_and_failure_newest_first() {
    let jobs: String = (1..=5)
        .map(|n| {
            let end = if n % 2 == 0 { "Failed" } else { "Complete" };
            format!(
                "job s/nightly-{} of=nightly due={} finished={end}@{} at={}\n",
                29_453_760 + n,
                n * 60,
                n * 60 + 9,
                n * 60
            )
        })
        .collect();
    let cluster = format!("now 310\ncron s/nightly schedule=*_*_*_*_* successes=2 failures=0 last=300\n{jobs}");
    let mut world = World::new(&cluster);
    world.run(plan);
    expect![[r#"
        delete jobs.batch s/nightly-29453761 Background
        delete jobs.batch s/nightly-29453764 Background
        delete jobs.batch s/nightly-29453762 Background
        wake @360
    "#]]
    .assert_eq(&text(&plan(&world.snapshot)));
    let status = world.snapshot.cron_jobs[&name()].status.clone().unwrap();
    assert_eq!(status.last_successful_time.map(|time| time.0), Some(fixture::at(309)));
}

#[test]
fn a_job_that_a_person_made_is_shown_and_does_not_count_as_scheduled() {
    let mut world = World::new("now 30\ncron s/nightly schedule=*_*_*_*_*\njob s/by-hand of=nightly");
    world.run(plan);
    let status = world.snapshot.cron_jobs[&name()].status.clone().unwrap();
    assert_eq!((status.active.map(|active| active.len()), status.last_schedule_time), (Some(1), None));
}

// C61: a clock that was wrong once stops nothing.
#[test]
fn a_last_time_ahead_of_now_is_forgotten() {
    let mut world = World::new("now 100\ncron s/nightly schedule=*_*_*_*_* last=999999999");
    world.settle();
    assert_eq!(minutes(&world), [0; 0]);
    world.pass(60);
    world.settle();
    assert_eq!(minutes(&world), [2]);
}

// C61, nomad PR#7894
#[test]
fn a_daily_job_runs_every_day_when_clocks_change() {
    let days = |from: &str, hours: i64| {
        let seconds = at(from).duration_since(at(START)).as_secs();
        let cluster =
            format!("now {seconds}\ncron s/nightly schedule=30_2_*_*_* zone=Europe/Berlin last={seconds} successes=99");
        let mut world = World::new(&cluster);
        let mut made = Vec::new();
        for _ in 0..hours {
            world.pass(3600);
            let before = world.snapshot.jobs.len();
            world.settle();
            if world.snapshot.jobs.len() > before {
                made.push(
                    world.snapshot.cron_jobs[&name()].status.clone().unwrap().last_schedule_time.unwrap().0.to_string(),
                );
            }
        }
        made
    };
    assert_eq!(
        days("2026-03-28T00:00:00Z", 72),
        ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
    );
    assert_eq!(
        days("2026-10-24T00:00:00Z", 72),
        ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
    );
}

// C61: the leader may die between any two steps, and one time makes one Job.
#[test]
fn one_time_makes_one_job_whatever_dies_in_between() {
    for steps in 0..3 {
        let mut world = World::new("now 130\nnode a\ncron s/nightly schedule=*_*_*_*_*");
        for _ in 0..10 {
            let mut interrupted = plan(&world.snapshot);
            interrupted.actions.truncate(steps);
            world.apply(&interrupted);
        }
        world.settle();
        assert_eq!(minutes(&world), [2], "after {steps} steps");
        assert_eq!(world.refused, Vec::<String>::new());
    }
}

#[test]
fn deleting_one_takes_its_jobs_and_their_pods_along() {
    let mut world = World::new("now 130\nnode a\ncron s/nightly schedule=*_*_*_*_*");
    world.settle();
    assert_eq!(world.snapshot.pods.len(), 1);
    world.delete(&CRON_JOBS, &name(), None, Some("Background"));
    world.settle();
    assert!(world.snapshot.jobs.is_empty() && world.snapshot.pods.is_empty());
}
