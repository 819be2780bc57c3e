//! `prices`: what a book costs. The currency comes from a ConfigMap, the staff discount from a Secret.

use insula_sdk::http::{Error, HeaderMap, Path, Refusal, Router, StatusCode};
use insula_sdk::{config, secrets};

const PRICES_CENTS: [(&str, u32); 3] = [("de-architectura", 4200), ("naturalis-historia", 9900), ("satyricon", 1550)];

#[insula_sdk::http]
fn prices() -> Router {
    Router::new().get("/{book}", price)
}

async fn price(headers: HeaderMap, Path(book): Path<String>) -> Result<String, Error> {
    let found = PRICES_CENTS.iter().find(|(name, _)| *name == book);
    let (_, full) = found.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, format!("no price for {book:?}")))?;
    let currency = config::get("CURRENCY")?.unwrap_or_else(|| "EUR".to_owned());
    let cents = if is_staff(&headers)? { full / 2 } else { *full };
    Ok(format!("{}.{:02} {currency}", cents / 100, cents % 100))
}

/// Staff show the code that the Secret holds.
fn is_staff(headers: &HeaderMap) -> Result<bool, Error> {
    let Some(shown) = headers.get("staff-code") else { return Ok(false) };
    Ok(secrets::get("STAFF_CODE")?.is_some_and(|code| shown.to_str().is_ok_and(|shown| code.matches(shown))))
}
