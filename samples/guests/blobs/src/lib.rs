//! A blob store over HTTP, streaming both ways.
//!
//! PUT, GET, HEAD and DELETE of `/CONTAINER/OBJECT`; `POST /CONTAINER/OBJECT?copy=CONTAINER/OBJECT` and `?move=` say
//! where to; `GET /CONTAINER` lists the objects, one a line and sorted; PUT and DELETE of `/CONTAINER` create and
//! remove it. `?range=FIRST-LAST` gets a part. What the store says is told with 500, or with 404 for what is missing.

use insula_sdk::blobs::{self, Container};
use insula_sdk::http::{Body, Error, HeaderMap, HeaderValue, IntoResponse, Path, Query, Refusal, Router, StatusCode};

type Object = Path<(String, String)>;

#[insula_sdk::http]
fn app() -> Router {
    Router::new()
        .get("/{container}", list)
        .put("/{container}", create)
        .delete("/{container}", remove)
        .get("/{container}/{*object}", get)
        .route(insula_sdk::http::Method::HEAD, "/{container}/{*object}", head)
        .put("/{container}/{*object}", put)
        .delete("/{container}/{*object}", delete)
        .post("/{container}/{*object}", transfer)
}

async fn list(Path(container): Path<String>) -> Result<String, Error> {
    let mut names = open(&container)?.names().and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(refusal)?;
    names.sort();
    Ok(names.into_iter().map(|name| name + "\n").collect())
}

async fn create(Path(container): Path<String>) -> Result<StatusCode, Error> {
    Container::create(&container).map_err(refusal)?;
    Ok(StatusCode::CREATED)
}

async fn remove(Path(container): Path<String>) -> Result<StatusCode, Error> {
    blobs::delete(&container).map_err(refusal)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(serde::Deserialize)]
struct Part {
    range: Option<String>,
}

async fn get(Path((container, object)): Object, Query(part): Query<Part>) -> Result<Body, Error> {
    let range = part.range.as_deref().and_then(|range| range.split_once('-'));
    let container = open(&container)?;
    let body = match range {
        Some((first, last)) => container.read_range(&object, first.parse()?..=last.parse()?),
        None => container.read(&object),
    };
    Ok(body.map_err(refusal)?.ok_or_else(|| missing(&object))?)
}

async fn head(Path((container, object)): Object) -> Result<impl IntoResponse, Error> {
    let info = open(&container)?.info(&object).map_err(refusal)?.ok_or_else(|| missing(&object))?;
    let mut headers = HeaderMap::new();
    headers.insert("object-bytes", HeaderValue::from(info.size_bytes));
    Ok((StatusCode::OK, headers, ()))
}

async fn put(Path((container, object)): Object, body: Body) -> Result<StatusCode, Error> {
    open(&container)?.put(&object, body).await.map_err(refusal)?;
    Ok(StatusCode::CREATED)
}

async fn delete(Path((container, object)): Object) -> Result<StatusCode, Error> {
    open(&container)?.delete(&object).map_err(refusal)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(serde::Deserialize)]
struct Transfer {
    copy: Option<String>,
    r#move: Option<String>,
}

async fn transfer(Path((container, object)): Object, Query(transfer): Query<Transfer>) -> Result<StatusCode, Error> {
    let from = (container.as_str(), object.as_str());
    let whereto = |name: &str| Refusal::new(StatusCode::BAD_REQUEST, format!("{name:?} is not CONTAINER/OBJECT"));
    let done = match (&transfer.copy, &transfer.r#move) {
        (Some(to), None) => blobs::copy_object(from, to.split_once('/').ok_or_else(|| whereto(to))?),
        (None, Some(to)) => blobs::move_object(from, to.split_once('/').ok_or_else(|| whereto(to))?),
        _ => return Err(Refusal::new(StatusCode::BAD_REQUEST, "say ?copy=TO or ?move=TO").into()),
    };
    done.map_err(refusal)?;
    Ok(StatusCode::NO_CONTENT)
}

fn open(name: &str) -> Result<Container, Error> {
    match Container::open(name) {
        Ok(container) => Ok(container),
        Err(_) if !blobs::exists(name).map_err(refusal)? => Err(missing(name).into()),
        Err(error) => Err(refusal(error).into()),
    }
}

fn missing(name: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, format!("there is no {name:?}"))
}

fn refusal(error: blobs::Error) -> Refusal {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}
