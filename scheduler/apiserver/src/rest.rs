//! HTTP on top of [`Objects`]: paths, parameters, bodies, forms of answers.
//!
//! Every request of every kind passes the one function [`dispatch`]; what differs between kinds is
//! in the table of kinds. Handlers are thin: they translate, [`Objects`] decides.

mod apply;
mod connect;
mod info;
mod logs;
mod measured;
mod negotiate;
mod params;
mod path;
mod proxy;
mod read;
mod review;
mod subresource;
mod token;
mod warnings;
mod watch;
mod write;

#[cfg(test)]
mod tests;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::Method;
use http::request::Parts;
use tokio::sync::Semaphore;

pub(crate) use self::path::Address;
use self::path::Route;
pub(crate) use self::path::{Review, decoded, is_health, percent_decoded};
use crate::audit::{self, AuditSink};
use crate::auth::{self, Authenticator, User};
use crate::fair::class::Class;
use crate::fair::{Gate, Places, Seat};
use crate::kinds::Origin;
use crate::limits::{
    BODIES_BYTES_MAX, IN_FLIGHT_MAX, REQUEST_MAX, STREAMS_OF_ONE_MAX, STREAMS_OPEN_MAX, WATCHES_MAX, WATCHES_OF_ONE_MAX,
};
use crate::logs::PodStreams;
use crate::measured::Measured;
use crate::objects::Objects;
use crate::rbac::{Access, Attributes};
use crate::status::Status;
use crate::tokens::Accounts;

/// What the API is made of.
pub struct Config {
    /// The objects.
    pub objects: Objects,
    /// Who holds which credential.
    pub authenticator: Arc<dyn Authenticator>,
    /// ServiceAccounts, which hold tokens of ours.
    pub accounts: Accounts,
    /// Who may do what.
    pub access: Access,
    /// Where it is written down who did what, if anywhere.
    pub audit: Option<AuditSink>,
    /// The way into running Pods.
    pub pods: Arc<dyn PodStreams>,
    /// What is measured and not stored.
    pub measured: Arc<dyn Measured>,
    /// Routes of others behind the same authentication: the registry at `/v2`.
    pub extra: Router,
    /// What `/version` says.
    pub version: Version,
}

/// What `/version` says. Clients compare `major` and `minor` with their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Major version of the Kubernetes API that is spoken.
    pub major: String,
    /// Its minor version.
    pub minor: String,
    /// Both with our own version, `v1.37.0+insula-0.1.0`.
    pub git_version: String,
    /// Commit of the build, if known.
    pub git_commit: String,
    /// Operating system and architecture, `linux/amd64`.
    pub platform: String,
}

impl Default for Version {
    fn default() -> Self {
        let arch = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        Self {
            major: "1".to_owned(),
            minor: "37".to_owned(),
            git_version: concat!("v1.37.0+insula-", env!("CARGO_PKG_VERSION")).to_owned(),
            git_commit: String::new(),
            platform: format!("{}/{arch}", std::env::consts::OS),
        }
    }
}

/// What handlers share.
struct Api {
    objects: Objects,
    authenticator: Arc<dyn Authenticator>,
    accounts: Accounts,
    access: Access,
    pods: Arc<dyn PodStreams>,
    measured: Arc<dyn Measured>,
    version: Version,
    in_flight: Semaphore,
    /// Room for bodies, in bytes.
    bodies: Arc<Semaphore>,
    /// Whose turn it is.
    gate: Gate,
    watches: Places,
    /// Followed logs and forwarded ports.
    streams: Places,
}

/// The router: the Kubernetes API, and `extra` beside it.
pub fn router(config: Config) -> Router {
    config.objects.policies().decide_by(&config.access);
    config.objects.webhooks().reach_pods(config.pods.clone());
    let api = Arc::new(Api {
        objects: config.objects,
        authenticator: config.authenticator.clone(),
        accounts: config.accounts.clone(),
        access: config.access.clone(),
        pods: config.pods,
        measured: config.measured,
        version: config.version,
        in_flight: Semaphore::new(IN_FLIGHT_MAX),
        bodies: Arc::new(Semaphore::new(BODIES_BYTES_MAX)),
        gate: Gate::default(),
        watches: Places::new("watches", WATCHES_MAX, WATCHES_OF_ONE_MAX),
        streams: Places::new("streams", STREAMS_OPEN_MAX, STREAMS_OF_ONE_MAX),
    });
    let gate = Arc::new(auth::Gate::new(config.authenticator, config.accounts, config.access));
    let record = middleware::from_fn_with_state(config.audit, audit::record);
    let guard = middleware::from_fn_with_state(gate, auth::guard);
    config.extra.fallback_service(dispatch.with_state(api)).layer(guard).layer(record)
}

/// Bounds a request in number and time, and answers for a handler that panics.
async fn dispatch(State(api): State<Arc<Api>>, request: Request) -> Response {
    // Whoever asks whether the server lives must not be told that it is busy: it would be restarted, and help nobody.
    let is_health = is_health(request.uri().path());
    let (parts, body) = request.into_parts();
    let _seat = match turn(&api, &parts).await {
        Ok(seat) => seat,
        Err(status) => return status.into_response(),
    };
    let request = Request::from_parts(parts, body);
    let Ok(_place) = (if is_health { Ok(None) } else { api.in_flight.try_acquire().map(Some) }) else {
        return Status::too_many_requests("the server works on too many requests; please try again").into_response();
    };
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let handled = AssertUnwindSafe(Box::pin(handle(&api, request))).catch_unwind();
    match tokio::time::timeout(REQUEST_MAX, handled).await {
        Ok(Ok(Ok(response))) => response,
        Ok(Ok(Err(status))) => status.into_response(),
        Ok(Err(_)) => {
            tracing::error!(%method, path, "a handler panicked");
            Status::internal("the request made the server stumble; it has been logged").into_response()
        }
        Err(_) => Status::timeout("the request took too long; what it asked for may still happen").into_response(),
    }
}

/// Waits until it is the turn of the request's user.
async fn turn(api: &Api, request: &Parts) -> Result<Option<Seat>, Status> {
    match Class::of(request.extensions.get::<User>(), request) {
        Some(class) => api.gate.enter(&class).await.map(Some),
        None => Ok(None),
    }
}

async fn handle(api: &Arc<Api>, request: Request) -> Result<Response, Status> {
    let uri = request.uri().clone();
    let path = decoded(uri.path()).ok_or_else(Status::no_such_path)?;
    let is_get = request.method() == Method::GET;
    let kinds = api.objects.kinds();
    match Route::parse(&path, kinds) {
        Route::Objects(address) => {
            if !Attributes::of(request.method(), &path, uri.query()).are_of(&address) {
                return Err(Status::no_such_path());
            }
            let response = objects(api, &address, request).await.map_err(|status| named(status, &address))?;
            if !is_get {
                // Who was just given a right may use it, and who lost it may not.
                let (resource, store) = (address.kind.resource, api.objects.store().as_ref());
                api.access.settle(resource, store).await;
                // A webhook that was taken away is not asked about the next write.
                api.objects.policies().settle(resource, store).await;
            }
            Ok(response)
        }
        Route::Review(review) if request.method() == Method::POST => review::answer(api, review, request).await,
        Route::Health(_) if is_get => info::health(&api.objects).await,
        Route::Version if is_get => Ok(info::version(&api.version)),
        Route::Discovery(what) if is_get => info::discovery(&kinds.customs(), what, request.headers()),
        Route::OpenId(what) if is_get => Ok(info::open_id(what, &api.accounts.issuer)),
        Route::OpenApi(what) if is_get => info::open_api(&kinds.customs(), what, request.headers()),
        Route::Other => Err(Status::no_such_path()),
        _ => Err(not_allowed()),
    }
}

fn not_allowed() -> Status {
    Status::method_not_allowed("the server does not allow this method on the requested resource")
}

/// A refusal speaks of the resource that was asked for, not of the one that is stored.
fn named(status: Status, address: &Address<'_>) -> Status {
    if address.served.is_none() { status } else { status.renamed(address.kind.resource, address.resource()) }
}

async fn objects(api: &Arc<Api>, address: &Address<'_>, request: Request) -> Result<Response, Status> {
    use crate::kinds::Subresource::Status as StatusPart;
    use crate::kinds::Subresource::{Binding, EphemeralContainers, Eviction, Finalize, Log, Main, Proxy, Scale, Token};
    let method = request.method().clone();
    if address.kind.origin != Origin::Stored {
        return measured::read(api, address, &request.into_parts().0).await;
    }
    if address.part == Proxy && !address.watch {
        return Box::pin(proxy::pass(api, address, request)).await;
    }
    // Both are used: WebSockets begin with a GET, SPDY with a POST.
    if address.part.is_connect() && matches!(method, Method::GET | Method::POST) {
        return connect::connect(api, address, request).await;
    }
    if method == Method::GET {
        let (parts, _) = request.into_parts();
        return match (address.name, address.part) {
            (None, _) => read::collection(api, address, &parts).await,
            (Some(_), Log) => logs::logs(api, address, &parts).await,
            (Some(_), Main | StatusPart | Scale) => read::one(api, address, &parts).await,
            _ => Err(not_allowed()),
        };
    }
    match (method.as_str(), address.name, address.part) {
        ("POST", None, _) => write::create(api, address, request).await,
        ("POST", Some(_), Token) => token::create(api, address, request).await,
        ("POST", Some(_), Binding | Eviction) => subresource::post(api, address, request).await,
        ("PUT", Some(_), Main | StatusPart | Scale | Finalize) => write::update(api, address, request).await,
        ("PATCH", Some(_), Main | StatusPart | Scale | Finalize) => write::patch(api, address, request).await,
        ("DELETE", Some(_), Main) => write::delete(api, address, request).await,
        ("DELETE", None, _) => write::delete_collection(api, address, request).await,
        (_, Some(_), EphemeralContainers) => Err(Status::method_not_allowed(
            "ephemeral containers are not served: a WebAssembly sandbox has no processes to join",
        )),
        _ => Err(not_allowed()),
    }
}
