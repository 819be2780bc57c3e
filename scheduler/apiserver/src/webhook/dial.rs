//! Where a webhook is, and the way there.
//!
//! A URL is dialled from this machine. A Service is entered through the session of the host that runs one of its ready
//! Pods, as a forwarded port is, so the control plane need not reach the network of Pods; an endpoint that is no Pod is
//! dialled by its address.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use api::label::SERVICE_NAME;
use api::resource::{ENDPOINT_SLICES, PODS, SERVICES};
use http::Uri;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::logs::PodIo;
use crate::objects::{ListOptions, Objects};
use crate::value;

/// Where webhooks listen unless they say otherwise.
pub(super) const HTTPS_PORT: u16 = 443;
/// Slices of a Service that are looked at, and endpoints that are tried before a call fails.
const SLICES_MAX: usize = 16;
const TRIES_MAX: usize = 3;

/// Where a webhook is.
#[derive(Debug, PartialEq)]
pub(super) enum Place {
    Url { host: String, port: u16, path: String },
    Service { namespace: String, name: String, port: u16, path: String },
}

impl Place {
    /// Reads a `clientConfig`.
    ///
    /// # Errors
    /// Which field is wrong, and why.
    pub(super) fn read(config: &Value) -> Result<Self, (&'static str, String)> {
        let (url, service) = (config.get("url").and_then(Value::as_str), config.get("service"));
        match (url, service.filter(|service| service.is_object())) {
            (Some(url), None) => Self::of_url(url).map_err(|why| ("url", why)),
            (None, Some(service)) => Self::of_service(service).map_err(|why| ("service", why)),
            _ => Err(("", "exactly one of url or service is required".to_owned())),
        }
    }

    fn of_url(url: &str) -> Result<Self, String> {
        const FORM: &str = "desired format: https://host[/path]";
        let uri: Uri = url.parse().map_err(|error| format!("url must be a valid URL: {error}; {FORM}"))?;
        if uri.scheme_str() != Some("https") {
            return Err(format!("'https' is the only allowed URL scheme; {FORM}"));
        }
        let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
        if authority.contains('@') {
            return Err("user information is not permitted in the URL".to_owned());
        }
        if uri.query().is_some() {
            return Err("query parameters are not permitted in the URL".to_owned());
        }
        if url.contains('#') {
            return Err("fragments are not permitted in the URL".to_owned());
        }
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(format!("host must be specified; {FORM}"));
        }
        let path = uri.path().to_owned();
        Ok(Self::Url { host: host.to_owned(), port: uri.port_u16().unwrap_or(HTTPS_PORT), path })
    }

    fn of_service(service: &Value) -> Result<Self, String> {
        let text = |key: &str| value::text(service, &[key]).to_owned();
        let (namespace, name, path) = (text("namespace"), text("name"), text("path"));
        for (key, found) in [("namespace", &namespace), ("name", &name)] {
            if found.is_empty() {
                return Err(format!("service {key} is required"));
            }
            api::name::check_label(found).map_err(|why| format!("service {key}: {why}"))?;
        }
        let port = match &service["port"] {
            Value::Null => HTTPS_PORT,
            found => found
                .as_u64()
                .and_then(|port| u16::try_from(port).ok())
                .filter(|port| *port > 0)
                .ok_or("port is not valid: must be between 1 and 65535, inclusive")?,
        };
        let is_path =
            path.is_empty() || path.starts_with('/') && path.parse::<Uri>().is_ok_and(|p| p.query().is_none());
        if !is_path {
            return Err("path must start with a '/' and be the path of a URL".to_owned());
        }
        let path = if path.is_empty() { "/".to_owned() } else { path };
        Ok(Self::Service { namespace, name, port, path })
    }

    /// The name that its certificate must have.
    pub(super) fn server_name(&self) -> String {
        match self {
            Self::Url { host, .. } => host.clone(),
            Self::Service { namespace, name, .. } => format!("{name}.{namespace}.svc"),
        }
    }

    /// Host and port, as in a URL.
    pub(super) fn authority(&self) -> String {
        let (Self::Url { port, .. } | Self::Service { port, .. }) = self;
        let host = self.server_name();
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    pub(super) fn path(&self) -> &str {
        let (Self::Url { path, .. } | Self::Service { path, .. }) = self;
        path
    }
}

/// Dials places, a Service's endpoints in turn.
#[derive(Default)]
pub(super) struct Dialler {
    turn: AtomicUsize,
}

impl Dialler {
    /// A connection to a place.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn dial(&self, objects: &Objects, place: &Place) -> Result<Box<dyn PodIo>, String> {
        match place {
            Place::Url { host, port, .. } => tcp(host, *port).await,
            Place::Service { namespace, name, port, .. } => self.service(objects, namespace, name, *port).await,
        }
    }

    async fn service(
        &self,
        objects: &Objects,
        namespace: &str,
        name: &str,
        port: u16,
    ) -> Result<Box<dyn PodIo>, String> {
        let service = objects.get(&SERVICES, namespace, name).await.map_err(|status| status.message)?;
        let port_name =
            port_name(&service, port).ok_or_else(|| format!("no service port {port} found for service {name:?}"))?;
        if value::text(&service, &["spec", "type"]) == "ExternalName" {
            return tcp(value::text(&service, &["spec", "externalName"]), port).await;
        }
        let labels = api::selector::Selector::parse(&format!("{SERVICE_NAME}={name}"))?;
        let options = ListOptions { labels, limit: SLICES_MAX, ..ListOptions::default() };
        let slices = objects.list(&ENDPOINT_SLICES, Some(namespace), options).await.map_err(|status| status.message)?;
        let endpoints: Vec<_> = slices.items.iter().flat_map(|slice| endpoints(slice, port_name)).collect();
        if endpoints.is_empty() {
            return Err(format!("no endpoints available for service {name:?}"));
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let mut why = String::new();
        for at in 0..endpoints.len().min(TRIES_MAX) {
            match enter(objects, namespace, &endpoints[turn.wrapping_add(at) % endpoints.len()]).await {
                Ok(io) => return Ok(io),
                Err(error) => why = error,
            }
        }
        Err(why)
    }
}

async fn tcp(host: &str, port: u16) -> Result<Box<dyn PodIo>, String> {
    let stream = TcpStream::connect((host, port)).await.map_err(|error| format!("dial tcp {host}:{port}: {error}"))?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    Ok(Box::new(stream))
}

/// The name of a Service's port.
fn port_name(service: &Value, port: u16) -> Option<&str> {
    let ports = value::at(service, &["spec", "ports"])?.as_array()?;
    let found = ports.iter().find(|found| found["port"].as_u64() == Some(port.into()))?;
    Some(value::text(found, &["name"]))
}

/// Someone who answers for a Service.
#[derive(Debug, PartialEq)]
struct Endpoint {
    address: String,
    port: u16,
    /// Name and UID, if it is a Pod.
    pod: Option<(String, String)>,
}

/// The ready endpoints of a slice, at the port of a name.
fn endpoints(slice: &Value, port_name: &str) -> Vec<Endpoint> {
    let list = |key: &str| slice[key].as_array().map_or(&[][..], Vec::as_slice);
    let port = list("ports").iter().find(|port| value::text(port, &["name"]) == port_name);
    let port = port.and_then(|port| port["port"].as_u64()).and_then(|port| u16::try_from(port).ok());
    let Some(port) = port else { return Vec::new() };
    let ready = list("endpoints").iter().filter(|endpoint| endpoint["conditions"]["ready"] != false);
    let named = |endpoint: &Value| {
        let target = &endpoint["targetRef"];
        let text = |key: &str| value::text(target, &[key]).to_owned();
        let pod = (text("kind") == "Pod").then(|| (text("name"), text("uid")));
        Some(Endpoint { address: endpoint["addresses"][0].as_str()?.to_owned(), port, pod })
    };
    ready.filter_map(named).collect()
}

async fn enter(objects: &Objects, namespace: &str, endpoint: &Endpoint) -> Result<Box<dyn PodIo>, String> {
    let (Some((name, uid)), Some(pods)) = (&endpoint.pod, objects.webhooks().pods().map(Arc::clone)) else {
        return tcp(&endpoint.address, endpoint.port).await;
    };
    let pod = objects.get(&PODS, namespace, name).await.map_err(|status| status.message)?;
    if value::text(&pod, &["metadata", "uid"]) != uid {
        return Err(format!("pod {name} is another one by now"));
    }
    pods.dial(&pod, endpoint.port).await.map(|connection| connection.io).map_err(|status| status.message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(config: &Value) -> Result<(String, String, String), String> {
        let place = Place::read(config).map_err(|(key, why)| format!("{key}: {why}"))?;
        Ok((place.server_name(), place.authority(), place.path().to_owned()))
    }

    #[test]
    fn places_are_https_and_one_of_two_forms() {
        let owned = |a: &str, b: &str, c: &str| Ok((a.to_owned(), b.to_owned(), c.to_owned()));
        assert_eq!(read(&json!({"url": "https://a.b"})), owned("a.b", "a.b:443", "/"));
        assert_eq!(read(&json!({"url": "https://127.0.0.1:8443/x/y"})), owned("127.0.0.1", "127.0.0.1:8443", "/x/y"));
        assert_eq!(read(&json!({"url": "https://[::1]:1/x"})), owned("::1", "[::1]:1", "/x"));
        let service = json!({"service": {"namespace": "n", "name": "s"}});
        assert_eq!(read(&service), owned("s.n.svc", "s.n.svc:443", "/"));
        let service = json!({"service": {"namespace": "n", "name": "s", "port": 8, "path": "/p"}});
        assert_eq!(read(&service), owned("s.n.svc", "s.n.svc:8", "/p"));
        for (bad, why) in [
            (json!({}), "exactly one of url or service"),
            (json!({"url": "https://a", "service": {"namespace": "n", "name": "s"}}), "exactly one of url or service"),
            (json!({"url": "http://a.b"}), "'https' is the only allowed URL scheme"),
            (json!({"url": "a.b"}), "'https' is the only allowed URL scheme"),
            (json!({"url": "https://u:p@a.b"}), "user information"),
            (json!({"url": "https://a.b/?x=y"}), "query parameters"),
            (json!({"url": "https://a.b/#x"}), "fragments"),
            (json!({"service": {"name": "s"}}), "service namespace is required"),
            (json!({"service": {"namespace": "n", "name": "s.t"}}), "service name"),
            (json!({"service": {"namespace": "n", "name": "s", "port": 0}}), "port is not valid"),
            (json!({"service": {"namespace": "n", "name": "s", "path": "p"}}), "path must start"),
        ] {
            assert!(read(&bad).is_err_and(|found| found.contains(why)), "{bad}");
        }
    }

    #[test]
    fn endpoints_are_those_that_are_ready_at_the_port_of_the_name() {
        let slice = json!({
            "ports": [{"name": "a", "port": 1}, {"name": "b", "port": 2}],
            "endpoints": [
                {"addresses": ["10.0.0.1"], "conditions": {"ready": true}, "targetRef": {"kind": "Pod", "name": "p", "uid": "u"}},
                {"addresses": ["10.0.0.2"], "conditions": {"ready": false}},
                {"addresses": ["10.0.0.3"]},
                {"addresses": []},
            ],
        });
        let found = endpoints(&slice, "b");
        let addresses: Vec<_> = found.iter().map(|endpoint| (endpoint.address.as_str(), endpoint.port)).collect();
        assert_eq!(addresses, [("10.0.0.1", 2), ("10.0.0.3", 2)]);
        assert_eq!(found[0].pod, Some(("p".to_owned(), "u".to_owned())));
        assert!(endpoints(&slice, "c").is_empty());
        let service = json!({"spec": {"ports": [{"port": 443, "name": "web"}, {"port": 80}]}});
        assert_eq!(
            (port_name(&service, 443), port_name(&service, 80), port_name(&service, 1)),
            (Some("web"), Some(""), None)
        );
    }
}
