//! `web`: the shop's front. It asks `catalog` for the books and `prices` for each price, by Service name.

use std::fmt::Write as _;

use insula_sdk::http::{Body, Client, Error, HeaderMap, Refusal, Request, ResponseExt as _, Router, StatusCode, get};

#[insula_sdk::http]
fn web() -> Router {
    Router::new().get("/", list).get("/healthz", async || "ok\n")
}

async fn list(headers: HeaderMap) -> Result<String, Error> {
    println!("listing the shop");
    let catalog = get("http://catalog/").await?.success().await;
    let books = catalog.map_err(|error| Refusal::new(StatusCode::BAD_GATEWAY, error.to_string()))?.text().await?;
    let mut page = String::from("Insula's book shop\n");
    for book in books.lines() {
        let mut ask = Request::get(format!("http://prices.shop.svc/{book}"));
        if let Some(code) = headers.get("staff-code") {
            ask = ask.header("staff-code", code);
        }
        let price = Client::new().send(ask.body(Body::empty())?).await?.text().await?;
        writeln!(page, "{book:<20} {price}")?;
    }
    Ok(page)
}
