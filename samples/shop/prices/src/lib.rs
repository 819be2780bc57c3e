//! `prices`: what a book costs. The currency comes from a ConfigMap, the staff discount from a Secret.

use insula_sdk::config;
use insula_sdk::http::{Body, Error, Request, Response, StatusCode};

const PRICES_CENTS: [(&str, u32); 3] = [("de-architectura", 4200), ("naturalis-historia", 9900), ("satyricon", 1550)];

async fn price(request: Request<Body>) -> Result<Response<Body>, Error> {
    let book = request.uri().path().trim_start_matches('/').to_owned();
    let Some((_, cents)) = PRICES_CENTS.iter().find(|(name, _)| *name == book) else {
        let body = Body::from(format!("no price for {book:?}\n"));
        return Ok(Response::builder().status(StatusCode::NOT_FOUND).body(body)?);
    };
    let currency = config::get("CURRENCY").map_err(Error::from)?.unwrap_or_else(|| "EUR".to_owned());
    let cents = if is_staff(&request) { cents / 2 } else { *cents };
    Ok(Response::new(Body::from(format!("{}.{:02} {currency}", cents / 100, cents % 100))))
}

/// Staff show the code that the Secret holds.
fn is_staff(request: &Request<Body>) -> bool {
    let shown = request.headers().get("staff-code").and_then(|value| value.to_str().ok());
    let expected = config::get("STAFF_CODE").ok().flatten();
    shown.is_some() && shown == expected.as_deref()
}

insula_sdk::serve!(price);
