//! `packer`: a worker of a queue. It packs what was ordered, one message after another, and has it counted.

use insula_sdk::http::{Body, Client, Error, Request, ResponseExt as _};
use insula_sdk::messages::{self, Message};

#[insula_sdk::messages]
async fn pack(order: Message) -> Result<(), messages::Error> {
    let book = order.text()?;
    let count = count(&book).await.map_err(|error| messages::Error::Other(error.to_string()))?;
    println!("packed {book}, {} of it so far", count.trim_end());
    Ok(())
}

async fn count(book: &str) -> Result<String, Error> {
    let ask = Request::post(format!("http://counter/{book}")).body(Body::empty())?;
    Client::new().send(ask).await?.success().await?.text().await
}
