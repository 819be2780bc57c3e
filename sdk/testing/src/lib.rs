//! Runs a component in the real sandbox, in an ordinary test: the engine, the bounds and the interfaces of a host,
//! without a cluster.
//!
//! A test is blocking and has no sockets: [`App::call`] gives a request to the component, and what the component asks
//! of others is answered by a closure. What a host takes from its cluster (routes, Secrets, volumes, stores) is absent.
//!
//! ```no_run
//! use bytes::Bytes;
//! use http::Response;
//! use insula_testing::Component;
//!
//! let app = Component::build(env!("CARGO_MANIFEST_DIR"))?
//!     .config("GREETING", "Salve")
//!     .outgoing(|request| Response::new(Bytes::from(format!("you asked {}", request.uri()))))
//!     .start()?;
//! let answer = app.get("/marcus")?;
//! assert_eq!(answer.status(), 200);
//! assert_eq!(answer.body(), "Salve, marcus!\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod app;
mod build;
mod component;
mod outgoing;

pub use app::App;
pub use component::{Component, Error};
pub use sandbox::Failure;
