//! Routes: which handler answers which method and path.
//!
//! A router is often made for one request, so routes are looked through in turn: no tree is built to be used once.

use std::pin::Pin;

use http::header::ALLOW;
use wstd::http::{Body, Error, HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

use super::answer::IntoResponse as _;
use super::handler::Handler;
use super::values;

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Response<Body>, Error>> + 'a>>;
type Call = Box<dyn Fn(Request<Body>) -> Answer<'static>>;

/// Chooses a handler by method and path.
///
/// A segment `{name}` matches any one segment, `{*name}` at the end all that follow, and the more literal route wins
/// whatever the order. A path without route is answered with 404, or by the [`fallback`](Router::fallback); a path
/// whose routes lack the method, with 405. HEAD is answered as GET, without the body.
///
/// ```no_run
/// use insula_sdk::http::{Path, Router};
///
/// async fn list() -> &'static str {
///     "satyricon\n"
/// }
///
/// async fn show(Path(book): Path<String>) -> String {
///     format!("{book}\n")
/// }
///
/// #[insula_sdk::http]
/// fn shop() -> Router {
///     Router::new().get("/books", list).get("/books/{book}", show).get("/healthz", async || "ok\n")
/// }
/// # fn main() {}
/// ```
#[derive(Default)]
pub struct Router {
    routes: Vec<Route>,
    fallback: Option<Call>,
}

struct Route {
    method: Method,
    pattern: Pattern,
    call: Call,
}

impl std::fmt::Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.routes.iter().map(|route| (&route.method, &route.pattern))).finish()
    }
}

impl Router {
    /// A router without routes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers `method` on paths that match `pattern` with `handler`.
    ///
    /// ```no_run
    /// use insula_sdk::http::{Method, Router};
    ///
    /// let router = Router::new().route(Method::OPTIONS, "/{*path}", async || "ask away\n");
    /// # drop(router);
    /// ```
    ///
    /// # Panics
    /// The pattern has no leading slash, or something after `{*name}`: the author sees it at the first request.
    #[must_use]
    pub fn route<A: 'static>(
        mut self,
        method: Method,
        pattern: &str,
        handler: impl Handler<A> + Clone + 'static,
    ) -> Self {
        self.routes.push(Route { method, pattern: Pattern::parse(pattern), call: call(handler) });
        self
    }

    /// Answers GET, and HEAD.
    #[must_use]
    pub fn get<A: 'static>(self, pattern: &str, handler: impl Handler<A> + Clone + 'static) -> Self {
        self.route(Method::GET, pattern, handler)
    }

    /// Answers POST.
    #[must_use]
    pub fn post<A: 'static>(self, pattern: &str, handler: impl Handler<A> + Clone + 'static) -> Self {
        self.route(Method::POST, pattern, handler)
    }

    /// Answers PUT.
    #[must_use]
    pub fn put<A: 'static>(self, pattern: &str, handler: impl Handler<A> + Clone + 'static) -> Self {
        self.route(Method::PUT, pattern, handler)
    }

    /// Answers PATCH.
    #[must_use]
    pub fn patch<A: 'static>(self, pattern: &str, handler: impl Handler<A> + Clone + 'static) -> Self {
        self.route(Method::PATCH, pattern, handler)
    }

    /// Answers DELETE.
    #[must_use]
    pub fn delete<A: 'static>(self, pattern: &str, handler: impl Handler<A> + Clone + 'static) -> Self {
        self.route(Method::DELETE, pattern, handler)
    }

    /// Answers paths that no route matches, in place of 404.
    ///
    /// ```no_run
    /// use insula_sdk::http::{Router, StatusCode};
    ///
    /// let router = Router::new().fallback(async || (StatusCode::NOT_FOUND, "look elsewhere\n"));
    /// # drop(router);
    /// ```
    #[must_use]
    pub fn fallback<A: 'static>(mut self, handler: impl Handler<A> + Clone + 'static) -> Self {
        self.fallback = Some(call(handler));
        self
    }

    /// The routes whose pattern matches `path`, the most literal first.
    fn matching(&self, path: &str) -> Vec<(&Route, Vec<(String, String)>)> {
        let matches = self.routes.iter().filter_map(|route| Some((route, route.pattern.params(path)?)));
        let mut found: Vec<_> = matches.collect();
        found.sort_by_cached_key(|(route, _)| route.pattern.ranks());
        found
    }
}

/// A router is a handler, for `#[http]`.
#[derive(Debug)]
pub enum Routed {}

impl Handler<Routed> for Router {
    async fn answer(&self, mut request: Request<Body>) -> Result<Response<Body>, Error> {
        let found = self.matching(request.uri().path());
        let wanted = request.method().clone();
        let as_get = wanted == Method::HEAD && !found.iter().any(|(route, _)| route.method == Method::HEAD);
        let method = if as_get { &Method::GET } else { &wanted };
        let Some((route, params)) = found.iter().find(|(route, _)| route.method == *method) else {
            return match &self.fallback {
                _ if !found.is_empty() => not_allowed(&wanted, found.iter().map(|(route, _)| &route.method)),
                Some(fallback) => fallback(request).await,
                None => (StatusCode::NOT_FOUND, format!("nothing at {}\n", request.uri().path())).into_response(),
            };
        };
        request.extensions_mut().insert(Params(params.clone()));
        let answer = (route.call)(request).await?;
        Ok(if as_get { answer.map(|_| Body::empty()) } else { answer })
    }
}

fn not_allowed<'a>(method: &Method, allowed: impl Iterator<Item = &'a Method>) -> Result<Response<Body>, Error> {
    let mut names: Vec<&str> = allowed.map(Method::as_str).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.sort_unstable();
    names.dedup();
    let names = names.join(", ");
    let headers = HeaderMap::from_iter([(ALLOW, HeaderValue::from_str(&names)?)]);
    (StatusCode::METHOD_NOT_ALLOWED, headers, format!("{method} is not allowed here, but {names}\n")).into_response()
}

/// A handler without its type, so that routes can be in one list.
fn call<A: 'static>(handler: impl Handler<A> + Clone + 'static) -> Call {
    Box::new(move |request| {
        let handler = handler.clone();
        Box::pin(async move { handler.answer(request).await })
    })
}

/// The parameters of the route that was chosen: an extension of the request, for [`Path`](super::Path).
#[derive(Debug, Clone)]
pub(crate) struct Params(pub(crate) Vec<(String, String)>);

/// A path with holes.
#[derive(Debug)]
struct Pattern(Vec<Segment>);

#[derive(Debug)]
enum Segment {
    Literal(String),
    One(String),
    Rest(String),
}

impl Pattern {
    fn parse(pattern: &str) -> Self {
        let path = pattern.strip_prefix('/');
        assert!(path.is_some(), "the route {pattern:?} begins with a slash");
        let segments: Vec<_> = path.unwrap_or_default().split('/').map(Segment::parse).collect();
        let rest = segments.iter().position(|segment| matches!(segment, Segment::Rest(_)));
        assert!(rest.is_none_or(|at| at + 1 == segments.len()), "nothing follows `{{*name}}` in the route {pattern:?}");
        Self(segments)
    }

    /// What fills the holes, percent-decoded; `None` if `path` does not match.
    fn params(&self, path: &str) -> Option<Vec<(String, String)>> {
        let mut left = Some(path.strip_prefix('/')?);
        let mut params = Vec::new();
        for segment in &self.0 {
            let (first, rest) = match left?.split_once('/') {
                Some((first, rest)) => (first, Some(rest)),
                None => (left?, None),
            };
            match segment {
                Segment::Literal(literal) if values::decode(first) == *literal => {}
                Segment::One(name) if !first.is_empty() => params.push((name.clone(), values::decode(first))),
                Segment::Rest(name) => {
                    params.push((name.clone(), values::decode(left?)));
                    return Some(params);
                }
                Segment::Literal(_) | Segment::One(_) => return None,
            }
            left = rest;
        }
        left.is_none().then_some(params)
    }

    /// The order in which patterns that match the same path are preferred: the more literal, the earlier.
    fn ranks(&self) -> Vec<u8> {
        let rank = |segment: &Segment| match segment {
            Segment::Literal(_) => 0,
            Segment::One(_) => 1,
            Segment::Rest(_) => 2,
        };
        self.0.iter().map(rank).collect()
    }
}

impl Segment {
    fn parse(text: &str) -> Self {
        match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            Some(name) => match name.strip_prefix('*') {
                Some(name) => Self::Rest(name.to_owned()),
                None => Self::One(name.to_owned()),
            },
            None => Self::Literal(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
