//! Publishes, asks, prints what it receives and replies.
//!
//! `POST /TOPIC` publishes the body, and `POST /TOPIC?reply=1` sends it and answers with the reply; an error is told
//! with 403 (denied), 504 (no reply in time) or 502. Each message that is received is printed as `TOPIC BODY`; one
//! whose topic ends in `.ask` is replied to with `re: BODY`, and one whose body is `fail` fails. The broker is the
//! one that the configuration's `broker` names, or else `default`.

use std::time::Duration;

use insula_sdk::config;
use insula_sdk::http::{Bytes, Error, Path, Query, Refusal, Router, StatusCode};
use insula_sdk::messages::{self, Client, Message};

const PATIENCE: Duration = Duration::from_secs(5);

#[insula_sdk::http]
fn app() -> Router {
    Router::new().post("/{topic}", send)
}

#[derive(serde::Deserialize)]
struct Options {
    reply: Option<u8>,
}

async fn send(Path(topic): Path<String>, Query(options): Query<Options>, body: Bytes) -> Result<Vec<u8>, Error> {
    let broker = config::get("broker")?.unwrap_or_else(|| "default".to_owned());
    let sent = Client::connect(&broker).and_then(|client| match options.reply {
        Some(_) => client.request(&topic, Message::new(body), PATIENCE).map(|reply| reply.body()),
        None => client.publish(&topic, Message::new(body)).map(|()| Vec::new()),
    });
    Ok(sent.map_err(refusal)?)
}

fn refusal(error: messages::Error) -> Refusal {
    let status = match error {
        messages::Error::PermissionDenied(_) => StatusCode::FORBIDDEN,
        messages::Error::Timeout => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    };
    Refusal::new(status, error.to_string())
}

#[insula_sdk::messages]
async fn receive(message: Message) -> Result<(), messages::Error> {
    let (topic, body) = (message.topic().unwrap_or_default(), message.text()?);
    println!("{topic} {body}");
    if body == "fail" {
        return Err(messages::Error::Other("as asked".to_owned()));
    }
    if topic.ends_with(".ask") {
        message.reply(format!("re: {body}"))?;
    }
    Ok(())
}
