//! Answers `GET /ARTICLE` with how many there are, which `stock` knows: another component of its Pod.

use insula_sdk::http::{Path, Router};

mod bindings {
    wit_bindgen::generate!({ path: "../stock/wit", world: "seller" });
}

use bindings::shop::stock::lookup;

#[insula_sdk::http]
fn app() -> Router {
    Router::new().get("/{article}", async |Path(article): Path<String>| format!("{}\n", lookup::count(&article)))
}
