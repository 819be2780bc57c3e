//! For authors of workloads: a thin layer over standard WASI interfaces.
//!
//! A component made with this crate imports only `wasi:*` interfaces, so it runs on any host that
//! grants them, not on Insula alone. There is no client of the control plane here: a workload
//! speaks to others by Service name and is configured by its Pod.
//!
//! ```no_run
//! use insula_sdk::http::{Body, Error, Request, Response};
//!
//! async fn hello(_request: Request<Body>) -> Result<Response<Body>, Error> {
//!     Ok(Response::new(Body::from("hello\n")))
//! }
//!
//! insula_sdk::serve!(hello);
//! # fn main() {}
//! ```

pub mod config;
pub mod http;

/// What `serve!` expands to needs these; they are not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use {wasip2, wstd};
}

/// Exports an `async fn(Request<Body>) -> Result<Response<Body>, Error>` as `wasi:http/incoming-handler`.
///
/// Use it once, in a crate of type `cdylib`.
#[macro_export]
macro_rules! serve {
    ($handler:path) => {
        struct InsulaServer;

        impl $crate::__private::wasip2::exports::http::incoming_handler::Guest for InsulaServer {
            fn handle(
                request: $crate::__private::wasip2::http::types::IncomingRequest,
                response_out: $crate::__private::wasip2::http::types::ResponseOutparam,
            ) {
                use $crate::__private::wstd;
                let responder = wstd::http::server::Responder::new(response_out);
                wstd::runtime::block_on(async move {
                    let answer = match wstd::http::request::try_from_incoming(request) {
                        Ok(request) => $handler(request).await,
                        Err(error) => Err(error),
                    };
                    match answer {
                        // A client that left while we answered is no fault of ours.
                        Ok(response) => drop(responder.respond(response).await),
                        Err(error) => responder.fail(error),
                    }
                })
            }
        }

        $crate::__private::wasip2::http::proxy::export!(InsulaServer with_types_in $crate::__private::wasip2);
    };
}
