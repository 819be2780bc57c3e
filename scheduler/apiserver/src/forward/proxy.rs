//! What changes in a request on its way through `proxy` to a Pod, and in its answer on the way back. Pure.
//!
//! Bodies are passed as they are: links in a page lead where the page says, as with any proxy below a path.

use http::header::{
    AUTHORIZATION, CONNECTION, EXPECT, HOST, LOCATION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use serde_json::Value;

use crate::value;

/// Headers of one connection, not of what is asked or answered (RFC 9110, 7.6.1).
const OF_A_CONNECTION: [HeaderName; 8] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// What `proxy` is asked of, `http:web:80`: a name, and a port as a number or as the name of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked<'a> {
    pub(crate) name: &'a str,
    /// Empty if none is named.
    pub(crate) port: &'a str,
}

impl<'a> Asked<'a> {
    /// Reads `name`, `name:port` or `scheme:name:port`.
    ///
    /// # Errors
    /// It is none of these, or of a scheme that is not spoken.
    pub(crate) fn parse(text: &'a str) -> Result<Self, String> {
        let parts: Vec<_> = text.split(':').collect();
        let (scheme, name, port) = match parts.as_slice() {
            [name] => ("", *name, ""),
            [name, port] => ("", *name, *port),
            [scheme, name, port] => (*scheme, *name, *port),
            _ => return Err(format!("invalid name {text:?}: must be NAME, NAME:PORT or SCHEME:NAME:PORT")),
        };
        match scheme {
            "" | "http" => Ok(Self { name, port }),
            "https" => {
                Err("https is not spoken to Pods here: leave the scheme away, or use `kubectl port-forward`".into())
            }
            other => Err(format!("invalid scheme {other:?}: must be http")),
        }
    }
}

/// A raw path with `proxy` in it, taken apart: what leads to the Pod, and what the Pod is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Split<'a> {
    /// `/api/v1/namespaces/shop/pods/web/proxy`
    pub(crate) prefix: &'a str,
    /// Empty, or begins with a slash.
    pub(crate) rest: &'a str,
}

/// Takes a raw path apart behind its seventh segment.
pub(crate) fn split(path: &str) -> Split<'_> {
    let end = path.match_indices('/').nth(7).map_or(path.len(), |(at, _)| at);
    let (prefix, rest) = path.split_at(end);
    Split { prefix, rest }
}

/// What a Pod is not told: of the connection to us, and who asks us with what.
pub(crate) fn clean_request(headers: &mut HeaderMap, host: &str) {
    clean(headers);
    let ours: Vec<_> = headers.keys().filter(|name| name.as_str().starts_with("impersonate-")).cloned().collect();
    for name in ours.iter().chain([&AUTHORIZATION, &EXPECT]) {
        headers.remove(name);
    }
    if let Ok(host) = HeaderValue::try_from(host) {
        headers.insert(HOST, host);
    }
}

/// An answer leads back through the proxy.
pub(crate) fn clean_answer(headers: &mut HeaderMap, host: &str, prefix: &str) {
    clean(headers);
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let led = location.and_then(|location| led_back(location, host, prefix));
    if let Some(led) = led.and_then(|led| HeaderValue::try_from(led).ok()) {
        headers.insert(LOCATION, led);
    }
}

fn clean(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&OF_A_CONNECTION) {
        headers.remove(name);
    }
}

/// Where a redirect of the Pod to itself leads from outside. What leads elsewhere, or on from here, stays as it is.
fn led_back(location: &str, host: &str, prefix: &str) -> Option<String> {
    if location.starts_with('/') && !location.starts_with("//") {
        return Some(format!("{prefix}{location}"));
    }
    let uri: Uri = location.parse().ok()?;
    (uri.authority()?.as_str() == host)
        .then(|| format!("{prefix}{}", uri.path_and_query().map_or("/", |all| all.as_str())))
}

/// The port of a Pod: the one named, else the first it declares, else that of HTTP.
///
/// # Errors
/// It is no number.
pub(crate) fn pod_port(pod: &Value, port: &str) -> Result<u16, String> {
    if port.is_empty() {
        let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
        let mut declared = containers.flat_map(|container| container["ports"].as_array().into_iter().flatten());
        let first = declared.find_map(|port| port["containerPort"].as_u64()).and_then(|port| u16::try_from(port).ok());
        return Ok(first.unwrap_or(80));
    }
    port.parse().ok().filter(|port| *port > 0).ok_or_else(|| format!("invalid port {port:?}: must be a number"))
}

/// The name of a Service's port, by number or by name, or of its only one.
pub(crate) fn service_port<'v>(service: &'v Value, wanted: &str) -> Option<&'v str> {
    let ports = service["spec"]["ports"].as_array()?;
    let number = wanted.parse::<u64>().ok();
    let is_it =
        |port: &&Value| (number.is_some() && port["port"].as_u64() == number) || value::text(port, &["name"]) == wanted;
    let found = match ports.as_slice() {
        [only] if wanted.is_empty() => Some(only),
        _ => ports.iter().find(|port| !wanted.is_empty() && is_it(port)),
    };
    Some(value::text(found?, &["name"]))
}

/// The Pods that serve a port of a Service, and at which port.
pub(crate) fn serving<'v>(slices: &'v [Value], port_name: &str) -> Vec<(&'v str, u16)> {
    let mut found = Vec::new();
    for slice in slices {
        let mut ports = slice["ports"].as_array().into_iter().flatten();
        let port = ports.find(|port| value::text(port, &["name"]) == port_name).and_then(|port| port["port"].as_u64());
        let Some(port) = port.and_then(|port| u16::try_from(port).ok()) else { continue };
        let endpoints = slice["endpoints"].as_array().into_iter().flatten();
        let ready = endpoints.filter(|endpoint| endpoint["conditions"]["ready"] != Value::Bool(false));
        let pods = ready.filter(|endpoint| endpoint["targetRef"]["kind"] == "Pod");
        found.extend(pods.map(|endpoint| (value::text(endpoint, &["targetRef", "name"]), port)));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_have_ports_and_schemes() {
        let fine = |name, port| Ok(Asked { name, port });
        assert_eq!(Asked::parse("web"), fine("web", ""));
        assert_eq!(Asked::parse("web:80"), fine("web", "80"));
        assert_eq!(Asked::parse("http:web:metrics"), fine("web", "metrics"));
        assert_eq!(Asked::parse("http:web:"), fine("web", ""));
        for wrong in ["https:web:443", "ftp:web:21", "a:b:c:d"] {
            assert!(Asked::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_path_is_split_behind_the_word() {
        let whole = split("/api/v1/namespaces/shop/pods/http:web:80/proxy/a%20b/proxy/");
        let prefix = "/api/v1/namespaces/shop/pods/http:web:80/proxy";
        assert_eq!(whole, Split { prefix, rest: "/a%20b/proxy/" });
        assert_eq!(split(prefix), Split { prefix, rest: "" });
    }

    #[test]
    fn what_concerns_us_alone_is_not_passed_on() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer x"),
            ("impersonate-user", "ann"),
            ("impersonate-extra-a", "b"),
            ("connection", "x-mine, keep-alive"),
            ("x-mine", "1"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("host", "api:6443"),
            ("accept", "text/html"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        clean_request(&mut headers, "10.0.0.1:80");
        let left: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or(""))).collect();
        assert_eq!(left, [("host", "10.0.0.1:80"), ("accept", "text/html")]);
    }

    #[test]
    fn redirects_to_itself_lead_back_through_the_proxy() {
        for (location, expected) in [
            ("/login?a=b", Some("/p/login?a=b")),
            ("http://10.0.0.1:80/x", Some("/p/x")),
            ("http://10.0.0.1:80", Some("/p/")),
            ("http://example.com/x", None),
            ("//example.com/x", None),
            ("next", None),
        ] {
            assert_eq!(led_back(location, "10.0.0.1:80", "/p").as_deref(), expected, "{location}");
        }
    }

    #[test]
    fn a_port_is_found_by_name_or_number() {
        let pod = json!({"spec": {"containers": [{}, {"ports": [{"containerPort": 8080}]}]}});
        assert_eq!((pod_port(&pod, ""), pod_port(&pod, "81"), pod_port(&json!({}), "")), (Ok(8080), Ok(81), Ok(80)));
        assert!(pod_port(&pod, "0").is_err() && pod_port(&pod, "http").is_err());
        let service = json!({"spec": {"ports": [{"name": "http", "port": 80}, {"name": "admin", "port": 81}]}});
        assert_eq!(service_port(&service, "81"), Some("admin"));
        assert_eq!(service_port(&service, "http"), Some("http"));
        assert_eq!((service_port(&service, ""), service_port(&service, "82")), (None, None));
        assert_eq!(service_port(&json!({"spec": {"ports": [{"port": 80}]}}), ""), Some(""));
    }

    #[test]
    fn only_pods_that_are_ready_serve() {
        let endpoint =
            |pod: &str, ready: bool| json!({"conditions": {"ready": ready}, "targetRef": {"kind": "Pod", "name": pod}});
        let slices = [
            json!({"ports": [{"name": "http", "port": 8080}],
                   "endpoints": [endpoint("a", true), endpoint("b", false), {"addresses": ["10.0.0.9"]}]}),
            json!({"ports": [{"name": "other", "port": 1}], "endpoints": [endpoint("c", true)]}),
        ];
        assert_eq!(serving(&slices, "http"), [("a", 8080)]);
    }
}
