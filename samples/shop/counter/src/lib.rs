//! `counter`: counts by name, in a key-value bucket, so that counts outlive every instance.
//!
//! `POST /NAME` counts one more and answers with the sum; `GET /` lists all as `NAME COUNT`, sorted.

use std::fmt::Write as _;

use insula_sdk::http::{Error, Path, Refusal, Router, StatusCode};
use insula_sdk::keyvalue::{self, Bucket};

#[insula_sdk::http]
fn counter() -> Router {
    Router::new().get("/", list).post("/{name}", count)
}

async fn count(Path(name): Path<String>) -> Result<String, Error> {
    let sum = bucket()?.increment(&name, 1).map_err(refusal)?;
    Ok(format!("{sum}\n"))
}

async fn list() -> Result<String, Error> {
    let bucket = bucket()?;
    let mut names = bucket.keys().collect::<Result<Vec<_>, _>>().map_err(refusal)?;
    names.sort();
    let mut page = String::new();
    for name in names {
        // By nothing: a count is read as it is written.
        let sum = bucket.increment(&name, 0).map_err(refusal)?;
        writeln!(page, "{name} {sum}")?;
    }
    Ok(page)
}

fn bucket() -> Result<Bucket, Error> {
    Ok(Bucket::open("default").map_err(refusal)?)
}

fn refusal(error: keyvalue::Error) -> Refusal {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}
