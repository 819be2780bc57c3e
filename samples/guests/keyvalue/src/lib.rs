//! A key-value bucket over HTTP: the one named by the configuration's `bucket`, or else `default`.
//!
//! GET, PUT and DELETE of `/KEY`, `POST /KEY/increment?by=N`, and `GET /` lists the keys, one a line and sorted. An
//! error is told in the body, with 403 if access is denied, 404 if there is no such store and 500 otherwise.

use insula_sdk::config;
use insula_sdk::http::{Bytes, Error, Path, Query, Refusal, Router, StatusCode};
use insula_sdk::keyvalue::{self, Bucket};

#[insula_sdk::http]
fn app() -> Router {
    Router::new()
        .get("/", list)
        .get("/{key}", get)
        .put("/{key}", put)
        .delete("/{key}", delete)
        .post("/{key}/increment", increment)
}

async fn list() -> Result<String, Error> {
    let mut keys = bucket()?.keys().collect::<Result<Vec<_>, _>>().map_err(refusal)?;
    keys.sort();
    Ok(keys.into_iter().map(|key| key + "\n").collect())
}

async fn get(Path(key): Path<String>) -> Result<Vec<u8>, Error> {
    let value = bucket()?.get(&key).map_err(refusal)?;
    Ok(value.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, format!("no value under {key:?}")))?)
}

async fn put(Path(key): Path<String>, value: Bytes) -> Result<StatusCode, Error> {
    bucket()?.set(&key, value).map_err(refusal)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete(Path(key): Path<String>) -> Result<StatusCode, Error> {
    bucket()?.delete(&key).map_err(refusal)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(serde::Deserialize)]
struct Increment {
    #[serde(default = "one")]
    by: u64,
}

fn one() -> u64 {
    1
}

async fn increment(Path(key): Path<String>, Query(increment): Query<Increment>) -> Result<String, Error> {
    let sum = bucket()?.increment(&key, increment.by).map_err(refusal)?;
    Ok(format!("{sum}\n"))
}

fn bucket() -> Result<Bucket, Error> {
    let name = config::get("bucket")?.unwrap_or_else(|| "default".to_owned());
    Ok(Bucket::open(&name).map_err(refusal)?)
}

fn refusal(error: keyvalue::Error) -> Refusal {
    let status = match error {
        keyvalue::Error::AccessDenied => StatusCode::FORBIDDEN,
        keyvalue::Error::NoSuchStore => StatusCode::NOT_FOUND,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    Refusal::new(status, error.to_string())
}
