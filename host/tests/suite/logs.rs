//! Logs over the protocol: the server opens, the host answers.

use protocol::v1::to_host::Message as Downward;
use protocol::v1::{Cancel, LogsRequest, Open, open};

use super::harness::{Bench, text};

fn request(id: &str, change: impl FnOnce(&mut LogsRequest)) -> Downward {
    let mut logs = LogsRequest { pod_uid: "u1".to_owned(), container: "main".to_owned(), ..LogsRequest::default() };
    change(&mut logs);
    Downward::Open(Open { id: id.to_owned(), kind: Some(open::Kind::Logs(logs)) })
}

async fn answer(bench: &Bench, id: &str) -> String {
    let found = |seen: &super::plane::Seen| seen.answers.get(id).filter(|answer| answer.2).cloned();
    let (bytes, error, _) = bench.plane.until("an answer", found).await;
    assert_eq!(error, "");
    String::from_utf8(bytes).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_guest_prints_can_be_read_and_followed() {
    let bench = Bench::start(240).await;
    bench.tell(vec![bench.pod("u1", "log").await], &[], true).await;
    let ip = bench.ready("u1").await;
    text(ip, "/?lines=3").await;
    bench.plane.say(request("all", |_| {})).await;
    let mut lines: Vec<String> = answer(&bench, "all").await.lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["err 1", "err 2", "err 3", "out 1", "out 2", "out 3"]);
    bench.plane.say(request("tail", |r| r.tail_lines = Some(2))).await;
    assert_eq!(answer(&bench, "tail").await.lines().count(), 2);

    bench.plane.say(request("follow", |r| (r.follow, r.tail_lines) = (true, Some(0)))).await;
    bench.plane.until("the stream opens", |seen| seen.answers.get("follow").map(drop)).await;
    super::harness::until("what is printed arrives", async || {
        text(ip, "/?lines=1").await;
        let answer = bench.plane.look(|seen| seen.answers["follow"].0.clone());
        answer.ends_with(b"out 1\n") || answer.ends_with(b"err 1\n")
    })
    .await;
    bench.plane.say(Downward::Open(Open { id: "follow".to_owned(), kind: Some(open::Kind::Cancel(Cancel {})) })).await;
    answer(&bench, "follow").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_printed_is_refused_at_once() {
    let bench = Bench::start(241).await;
    bench.tell(vec![bench.pod("u1", "log").await], &[], true).await;
    bench.ready("u1").await;
    bench.plane.say(request("previous", |r| r.previous = true)).await;
    let refused = |seen: &super::plane::Seen| seen.answers.get("previous").filter(|answer| answer.2).cloned();
    let (bytes, error, _) = bench.plane.until("an answer", refused).await;
    assert_eq!((bytes.len(), error.as_str()), (0, "previous terminated container \"main\" not found"));
    bench.plane.say(request("now", |_| {})).await;
    assert_eq!(answer(&bench, "now").await, "", "a container that printed nothing has an empty log");
}
