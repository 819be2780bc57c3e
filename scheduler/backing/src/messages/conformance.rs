//! What every backend must do, run on the broker in this process and on a real NATS.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::limits::QUEUE_MESSAGES_MAX;
use crate::testing::{Foreign, PATIENCE, eventually};

macro_rules! on_every_backend {
    ($($name:ident),* $(,)?) => {
        mod on_broker {
            $(#[tokio::test]
            async fn $name() {
                super::$name(std::sync::Arc::new(super::Broker::new())).await;
            })*
        }
        mod on_nats {
            $(#[tokio::test]
            async fn $name() {
                let Some(server) = super::Foreign::nats() else { return };
                super::$name(std::sync::Arc::new(super::connect(&server).await)).await;
            })*
        }
    };
}

on_every_backend![
    every_subscription_gets_what_it_listens_to_and_nothing_else,
    a_group_gets_one_copy_and_shares_the_work,
    namespaces_never_meet,
    all_of_a_message_arrives,
    a_request_gets_its_answers_or_says_why_not,
    a_slow_subscriber_loses_messages_and_they_are_counted,
    a_subscription_that_is_dropped_is_gone,
];

async fn connect(server: &Foreign) -> Nats {
    let nats = Nats::connect(&format!("nats://127.0.0.1:{}", server.port)).await.expect("a URL");
    eventually("NATS is connected", || async { nats.check_connected().ok() }).await;
    nats
}

fn namespace(name: &str) -> Namespace {
    Namespace::parse(name).expect("a namespace")
}

fn content(text: &str) -> Content {
    Content::new(None, vec![], Bytes::copy_from_slice(text.as_bytes())).expect("is in bounds")
}

async fn listen(messages: &dyn Messages, of: &str, group: Option<&str>, subjects: &[&str]) -> Subscription {
    let group = group.map(|group| Group::parse(group).expect("a group"));
    let subjects: Vec<_> = subjects.iter().map(|subject| (*subject).to_owned()).collect();
    let subjects = Subjects::parse(&subjects).expect("subjects");
    messages.subscribe(&namespace(of), group, subjects).await.expect("subscribes")
}

async fn say(messages: &dyn Messages, of: &str, subject: &str, text: &str) {
    let subject = Subject::parse(subject).expect("a subject");
    messages.publish(&namespace(of), subject, content(text)).await.expect("publishes");
}

async fn ask(messages: &dyn Messages, subject: &str, within: Duration, replies: usize) -> Result<Vec<Message>, Error> {
    let subject = Subject::parse(subject).expect("a subject");
    messages.request(&namespace("n"), subject, content("?"), Patience::new(within, replies)).await
}

async fn hear(subscription: &mut Subscription) -> Message {
    let next = tokio::time::timeout(PATIENCE, subscription.next());
    next.await.expect("something comes").expect("the broker is there")
}

fn text(message: &Message) -> String {
    String::from_utf8_lossy(message.content.data()).into_owned()
}

async fn hear_until(subscription: &mut Subscription, last: &str) -> Vec<String> {
    let mut heard = vec![];
    loop {
        let message = text(&hear(subscription).await);
        if message == last {
            return heard;
        }
        heard.push(message);
    }
}

async fn every_subscription_gets_what_it_listens_to_and_nothing_else(messages: Arc<dyn Messages>) {
    let mut all = listen(&*messages, "n", None, &[">"]).await;
    let mut some = listen(&*messages, "n", None, &["a.*", "b.>", "end"]).await;
    for subject in ["a", "a.x", "a.x.y", "b", "b.x.y", "c.x", "end"] {
        say(&*messages, "n", subject, subject).await;
    }
    assert_eq!(hear_until(&mut all, "end").await, ["a", "a.x", "a.x.y", "b", "b.x.y", "c.x"]);
    assert_eq!(hear_until(&mut some, "end").await, ["a.x", "b.x.y"]);
}

async fn a_group_gets_one_copy_and_shares_the_work(messages: Arc<dyn Messages>) {
    let mut members = vec![];
    for _ in 0..3 {
        members.push(listen(&*messages, "n", Some("g"), &["a.>"]).await);
    }
    let mut other = listen(&*messages, "n", Some("h"), &["a.*"]).await;
    for n in 0..90 {
        say(&*messages, "n", "a.b", &n.to_string()).await;
    }
    say(&*messages, "n", "a.b", "end").await;
    assert_eq!(hear_until(&mut other, "end").await.len(), 90, "another group gets copies of its own");
    let mut heard = vec![];
    let mut busy = 0;
    for _ in 0..91 {
        let [a, b, c] = members.get_disjoint_mut([0, 1, 2]).expect("three");
        let (who, message) = tokio::select! {
            message = hear(a) => (1, message),
            message = hear(b) => (2, message),
            message = hear(c) => (4, message),
        };
        busy |= who;
        heard.push(text(&message));
    }
    heard.sort();
    heard.dedup();
    assert_eq!(heard.len(), 91, "each message comes to one member, once");
    assert_eq!(busy, 7, "every member got some");
}

async fn namespaces_never_meet(messages: Arc<dyn Messages>) {
    let mut n = listen(&*messages, "n", None, &[">"]).await;
    let mut m = listen(&*messages, "m", None, &[">"]).await;
    say(&*messages, "n", "a", "for n").await;
    say(&*messages, "m", "a", "for m").await;
    assert_eq!((text(&hear(&mut n).await), text(&hear(&mut m).await)), ("for n".to_owned(), "for m".to_owned()));
}

async fn all_of_a_message_arrives(messages: Arc<dyn Messages>) {
    let mut heard = listen(&*messages, "n", None, &["a.b"]).await;
    let metadata = [("k", "v w"), ("K-2", "\u{1F3DB}"), ("k", "second")];
    let metadata: Vec<_> = metadata.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let sent = Content::new(Some("text/plain".to_owned()), metadata, Bytes::from(vec![0, 255, 10])).expect("in bounds");
    messages.publish(&namespace("n"), Subject::parse("a.b").expect("one"), sent.clone()).await.expect("publishes");
    let found = hear(&mut heard).await;
    assert_eq!((found.subject.as_str(), found.reply), ("a.b", None));
    assert_eq!((found.content.content_type(), found.content.data()), (sent.content_type(), sent.data()));
    let sorted = |content: &Content| {
        let mut metadata = content.metadata().to_vec();
        metadata.sort();
        metadata
    };
    assert_eq!(sorted(&found.content), sorted(&sent));
    let largest = Content::new(None, vec![], vec![7; crate::limits::MESSAGE_BYTES_MAX].into()).expect("in bounds");
    messages.publish(&namespace("n"), Subject::parse("a.b").expect("one"), largest.clone()).await.expect("publishes");
    assert!(hear(&mut heard).await.content == largest);
}

async fn a_request_gets_its_answers_or_says_why_not(messages: Arc<dyn Messages>) {
    let nobody = ask(&*messages, "ask", PATIENCE, 1).await;
    assert_eq!(nobody, Err(Error::Unheard("ask".to_owned())));
    let mut server = listen(&*messages, "n", Some("g"), &["ask"]).await;
    let answering = messages.clone();
    let serving = tokio::spawn(async move {
        let reply = hear(&mut server).await.reply.expect("is asked");
        for n in 0..3 {
            answering.reply(reply.clone(), content(&n.to_string())).await.expect("answers");
        }
        let silent = hear(&mut server).await.reply.expect("is asked");
        (silent, server)
    });
    let answers = ask(&*messages, "ask", PATIENCE, 2).await.expect("is answered");
    assert_eq!(answers.iter().map(text).collect::<Vec<_>>(), ["0", "1"]);
    let short = Duration::from_millis(50);
    assert_eq!(ask(&*messages, "ask", short, 1).await, Err(Error::Timeout(short)));
    let (late, mut server) = serving.await.expect("ends");
    messages.reply(late, content("late")).await.expect("that nobody waits is no error");
    let answering = messages.clone();
    let serving = tokio::spawn(async move {
        let reply = hear(&mut server).await.reply.expect("is asked");
        answering.reply(reply, content("only one")).await.expect("answers");
    });
    let answers = ask(&*messages, "ask", Duration::from_millis(500), 5).await.expect("what there is by then");
    assert_eq!(answers.iter().map(text).collect::<Vec<_>>(), ["only one"]);
    serving.await.expect("ends");
}

async fn a_slow_subscriber_loses_messages_and_they_are_counted(messages: Arc<dyn Messages>) {
    let mut slow = listen(&*messages, "n", None, &["a"]).await;
    let sent = QUEUE_MESSAGES_MAX + 50;
    for n in 0..sent {
        say(&*messages, "n", "a", &n.to_string()).await;
    }
    eventually("all are there or dropped", || async { (messages.dropped() >= 50).then_some(()) }).await;
    assert_eq!((slow.dropped(), messages.dropped()), (50, 50));
    for n in 0..QUEUE_MESSAGES_MAX {
        assert_eq!(text(&hear(&mut slow).await), n.to_string(), "what was kept comes in order");
    }
    say(&*messages, "n", "a", "there is room again").await;
    assert_eq!(text(&hear(&mut slow).await), "there is room again");
}

async fn a_subscription_that_is_dropped_is_gone(messages: Arc<dyn Messages>) {
    let gone = listen(&*messages, "n", Some("g"), &["ask"]).await;
    drop(gone);
    eventually("nobody listens", || async {
        let asked = ask(&*messages, "ask", Duration::from_millis(100), 1).await;
        matches!(asked, Err(Error::Unheard(_))).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_lost_nats_is_an_error_in_time_and_comes_back_with_its_subscriptions() {
    let Some(mut server) = Foreign::nats() else { return };
    let nats = connect(&server).await;
    let mut heard = listen(&nats, "n", None, &["a"]).await;
    server.kill();
    let lost = eventually("a call fails", || async {
        nats.publish(&namespace("n"), Subject::parse("a").expect("one"), content("x")).await.err()
    });
    assert!(matches!(lost.await, Error::Unavailable(_)));
    server.restart();
    eventually("NATS is back", || async { nats.check_connected().ok() }).await;
    say(&nats, "n", "a", "again").await;
    assert_eq!(text(&hear(&mut heard).await), "again");
    assert!(matches!(Nats::connect("http://\u{0}").await, Err(Error::Invalid(_))));
}
