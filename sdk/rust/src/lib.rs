//! For authors of workloads: a thin layer over standard WASI interfaces.
//!
//! A component made with this crate imports only `wasi:*` interfaces, and of those only what it calls, so it runs on
//! any host that grants them, not on Insula alone. There is no client of the control plane here: a workload speaks to
//! others by Service name and is configured by its Pod.
//!
//! ```no_run
//! use insula_sdk::http::Path;
//!
//! #[insula_sdk::http]
//! fn app() -> insula_sdk::http::Router {
//!     insula_sdk::http::Router::new().get("/{name}", async |Path(name): Path<String>| format!("Salve, {name}\n"))
//! }
//! # fn main() {}
//! ```
//!
//! Every example of this documentation is compiled by `cargo test -p insula-sdk`, for the machine it runs on, where
//! attributes expand to all but the symbols that a component exports; with `--doc --target wasm32-wasip2` and
//! `CARGO_TARGET_WASM32_WASIP2_RUNNER=true`, for guests. None is run: `samples/` holds what is.
//!
//! A component that serves HTTP or receives messages is a library of crate type `cdylib`, one that runs to completion
//! (a Job) an ordinary program; both are built for the target `wasm32-wasip2`.

mod bindings;
mod command;

pub mod blobs;
pub mod config;
pub mod http;
pub mod job;
pub mod keyvalue;
pub mod log;
pub mod messages;
pub mod secrets;
pub mod trace;

/// Exports a handler as `wasi:http/incoming-handler`.
///
/// It stands on an async function that is a [`Handler`](http::Handler), or on a function without arguments that makes
/// one, a [`Router`](http::Router) above all. Use it once in a crate.
///
/// ```no_run
/// #[insula_sdk::http]
/// async fn hello() -> &'static str {
///     "hello\n"
/// }
/// # fn main() {}
/// ```
pub use insula_sdk_macros::http;

/// Exports an `async fn(Message) -> Result<(), impl Display>` as `wasi:messaging/incoming-handler`.
///
/// What an error means to the sender and to the message is the broker's affair. A crate may have this and
/// [`http`](macro@http) both.
///
/// ```no_run
/// use insula_sdk::messages::{Error, Message};
///
/// #[insula_sdk::messages]
/// async fn receive(message: Message) -> Result<(), Error> {
///     message.reply(format!("re: {}", message.text()?))
/// }
/// # fn main() {}
/// ```
pub use insula_sdk_macros::messages;

/// Runs an `async fn main() -> Result<(), impl Display>` as a command, `wasi:cli/run`: a Job, say.
///
/// An error is told on stderr and the exit code is 1. A `main` that is not async needs no attribute, as Rust exports
/// it already. A Job is no different from any command; which index and arguments it has is in [`job`] and
/// `std::env::args()`.
///
/// ```no_run
/// use insula_sdk::http::{Error, ResponseExt as _, get};
///
/// #[insula_sdk::main]
/// async fn main() -> Result<(), Error> {
///     println!("{}", get("http://catalog/").await?.success().await?.text().await?);
///     Ok(())
/// }
/// ```
pub use insula_sdk_macros::main;

/// What the attributes expand to needs these; they are not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::bindings::messaging;
    use crate::http::Handler;
    use crate::messages::Message;
    pub use wasip2;
    use wasip2::http::types::{IncomingRequest, ResponseOutparam};

    pub fn serve<H: Handler<A>, A>(request: IncomingRequest, answer: ResponseOutparam, make: impl FnOnce() -> H) {
        crate::http::serve(request, answer, make);
    }

    pub fn receive<F, E>(
        message: messaging::wasi::messaging::types::Message,
        handler: impl FnOnce(Message) -> F,
    ) -> Result<(), messaging::wasi::messaging::types::Error>
    where
        F: Future<Output = Result<(), E>>,
        E: std::fmt::Display,
    {
        crate::messages::receive(message, handler)
    }

    pub fn run<F, E>(command: impl FnOnce() -> F) -> std::process::ExitCode
    where
        F: Future<Output = Result<(), E>>,
        E: std::fmt::Display,
    {
        crate::command::run(command)
    }
}
