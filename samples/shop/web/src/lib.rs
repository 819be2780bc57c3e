//! `web`: the shop's front. It asks `catalog` for the books and `prices` for each price, by Service name.

use insula_sdk::http::{Body, Client, Error, Request, Response, StatusCode, get_text};

async fn shop(request: Request<Body>) -> Result<Response<Body>, Error> {
    match request.uri().path() {
        "/healthz" => Ok(Response::new(Body::from("ok\n"))),
        "/" => {
            println!("listing the shop");
            let staff_code = request.headers().get("staff-code").cloned();
            let (status, books) = get_text("http://catalog/").await?;
            if status != StatusCode::OK {
                return Ok(Response::builder().status(StatusCode::BAD_GATEWAY).body(Body::from(books))?);
            }
            let mut page = String::from("Insula's book shop\n");
            for book in books.lines() {
                let mut ask = Request::get(format!("http://prices.shop.svc/{book}")).body(Body::empty())?;
                if let Some(code) = &staff_code {
                    ask.headers_mut().insert("staff-code", code.clone());
                }
                let mut price = Client::new().send(ask).await?;
                page.push_str(&format!("{book:<20} {}\n", price.body_mut().str_contents().await?));
            }
            Ok(Response::new(Body::from(page)))
        }
        path => {
            let body = Body::from(format!("nothing at {path}\n"));
            Ok(Response::builder().status(StatusCode::NOT_FOUND).body(body)?)
        }
    }
}

insula_sdk::serve!(shop);
