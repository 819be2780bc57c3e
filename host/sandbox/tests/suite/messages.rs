//! `wasi:messaging`, both ways, as its WIT says it behaves.

use std::sync::Arc;

use sandbox::{Failure, Message, Workload};

use super::harness::{Kept, full, post, read, workload, workload_with};
use super::memory::Broker;

async fn send(guest: &Workload, path: &str) -> (u16, String) {
    let (status, text) = read(guest.call(post(path, full("body"))).await.unwrap()).await;
    (status.as_u16(), text)
}

#[tokio::test]
async fn guests_publish_and_ask() {
    let broker = Broker::default();
    let guest = workload_with("messages", |config| config.messages = Arc::new(broker.clone()));
    assert!(send(&guest, "/orders").await.0 < 300);
    let sent = broker.0.lock().unwrap().clone();
    assert_eq!((sent.len(), sent[0].0.as_str(), sent[0].1.data.as_slice()), (1, "orders", &b"body"[..]));
    assert_eq!(send(&guest, "/orders?reply=1").await, (200, "heard body".to_owned()));
    assert_eq!(send(&guest, "/deaf?reply=1").await.0, 504);
    assert_eq!(send(&guest, "/closed").await.0, 403);
    assert_eq!(send(&workload("messages"), "/orders").await.0, 403, "without a broker nothing may be sent");
}

#[tokio::test]
async fn a_message_is_given_to_the_handler_and_answered() {
    let (broker, kept) = (Broker::default(), Arc::new(Kept::default()));
    let guest = workload_with("messages", |config| {
        config.messages = Arc::new(broker.clone());
        kept.watch(config);
    });
    let message = |topic: &str, body: &str, reply_to: Option<&str>| Message {
        topic: topic.to_owned(),
        data: body.into(),
        reply_to: reply_to.map(str::to_owned),
        ..Message::default()
    };
    assert_eq!(guest.deliver(message("orders", "one", None)).await, Ok(Ok(())));
    assert_eq!(guest.deliver(message("orders.ask", "two", Some("inbox"))).await, Ok(Ok(())));
    assert_eq!(kept.stdout(), "orders one\norders.ask two\n");
    let sent = broker.0.lock().unwrap().clone();
    assert_eq!((sent.len(), sent[0].0.as_str(), sent[0].1.data.as_slice()), (1, "inbox", &b"re: two"[..]));
    assert_eq!(sent[0].1.reply_to, None, "an answer does not pass on where it was to go");
    let refused = guest.deliver(message("orders", "fail", None)).await.unwrap().unwrap_err();
    assert!(refused.contains("as asked"), "{refused}");
    assert_eq!(guest.deliver(message("nobody.ask", "three", None)).await, Ok(Ok(())), "nobody waits for this answer");
    assert_eq!(guest.stats().memory_bytes, 0, "nothing is kept of them");
}

#[tokio::test]
async fn a_component_without_a_handler_is_given_none() {
    let guest = workload("hello02");
    assert!(matches!(guest.deliver(Message::default()).await, Err(Failure::NoEntry | Failure::Trap { .. })));
}
