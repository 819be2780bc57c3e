//! `orders`: takes orders, which `packer` packs later, and shows what became of them.
//!
//! `POST /BOOK` orders a book that `catalog` has. `GET /` is a page to which services in three languages have added:
//! `banner` the first line, `reviews` one for each book, and `counter` how many of it were packed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use insula_sdk::http::{Error, Path, Refusal, ResponseExt as _, Router, StatusCode, get};
use insula_sdk::messages;

/// The topic of new orders. Which topics a workload may send to is said where it is deployed.
const NEW: &str = "orders.new";

#[insula_sdk::http]
fn orders() -> Router {
    Router::new().get("/", show).post("/{book}", order)
}

async fn order(Path(book): Path<String>) -> Result<(StatusCode, String), Error> {
    if !ask("http://catalog/").await?.lines().any(|known| known == book) {
        return Err(Refusal::new(StatusCode::NOT_FOUND, format!("there is no book {book:?}")).into());
    }
    let sent = messages::publish(NEW, book.as_str());
    sent.map_err(|error| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
    Ok((StatusCode::ACCEPTED, format!("ordered {book}\n")))
}

async fn show() -> Result<String, Error> {
    let counts = ask("http://counter/").await?;
    let packed: BTreeMap<&str, &str> = counts.lines().filter_map(|line| line.split_once(' ')).collect();
    let mut page = ask("http://banner/").await?;
    for book in ask("http://catalog/").await?.lines() {
        let review = ask(&format!("http://reviews/{book}")).await?;
        writeln!(page, "{book:<20} {:>3} packed   {}", packed.get(book).unwrap_or(&"0"), review.trim_end())?;
    }
    Ok(page)
}

/// The text at a Service; one that fails makes this one a bad gateway, which says why.
async fn ask(url: &str) -> Result<String, Error> {
    let answer = get(url).await?.success().await;
    answer.map_err(|error| Refusal::new(StatusCode::BAD_GATEWAY, error.to_string()))?.text().await
}
