//! Which port leads to which. Pure.

use std::str::FromStr;

use serde_json::Value;

use crate::value::{items, number, plain, text};

/// A port here and a port of the Pod, or of the Service before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Forward {
    /// 0 is any free one.
    pub(super) local: u16,
    /// A number, or the name of a port.
    pub(super) remote: String,
}

impl FromStr for Forward {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is neither REMOTE, LOCAL:REMOTE nor :REMOTE");
        let (local, remote) = match text.split_once(':') {
            Some(("", remote)) => (0, remote),
            Some((local, remote)) => (local.parse().map_err(|_| wrong())?, remote),
            // A name has no number to be the same here.
            None => (text.parse().unwrap_or(0), text),
        };
        let is_number = remote.chars().all(|c| c.is_ascii_digit());
        if remote.is_empty() || (is_number && remote.parse::<u16>().is_ok_and(|port| port == 0)) {
            return Err(wrong());
        }
        if is_number && remote.parse::<u16>().is_err() {
            return Err(wrong());
        }
        Ok(Self { local, remote: remote.to_owned() })
    }
}

/// The Pod's port that a port of an object of a kind stands for.
///
/// # Errors
/// A sentence that says which ports there are.
pub(super) fn target(kind: &str, object: &Value, pod: &Value, remote: &str) -> Result<u16, String> {
    let number = remote.parse::<i64>();
    if kind == "Service" {
        let found = items(object, "/spec/ports").find(|port| match number {
            Ok(number) => self::number(port, "/port") == number,
            Err(_) => text(port, "/name") == remote,
        });
        let Some(port) = found else {
            let known: Vec<String> = items(object, "/spec/ports").map(|port| plain(&port["port"])).collect();
            return Err(format!("the service has no port {remote}; it has {}", known.join(", ")));
        };
        let target = port.get("targetPort").map_or_else(|| plain(&port["port"]), plain);
        return of_pod(pod, &target);
    }
    of_pod(pod, remote)
}

fn of_pod(pod: &Value, remote: &str) -> Result<u16, String> {
    if let Ok(number) = remote.parse() {
        return Ok(number);
    }
    let mut ports = items(pod, "/spec/containers").flat_map(|container| items(container, "/ports"));
    let found = ports.find(|port| text(port, "/name") == remote).map(|port| number(port, "/containerPort"));
    found.and_then(|port| u16::try_from(port).ok()).ok_or_else(|| format!("the Pod has no port named {remote:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ports_are_written_in_three_forms() {
        for (text, local, remote) in [
            ("80", 80, "80"),
            ("8080:80", 8080, "80"),
            (":80", 0, "80"),
            ("8080:http", 8080, "http"),
            ("http", 0, "http"),
        ] {
            assert_eq!(text.parse(), Ok(Forward { local, remote: remote.to_owned() }), "{text}");
        }
        for text in ["", ":", "a:80", "80:", "99999", "0", "1:99999"] {
            assert!(text.parse::<Forward>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_services_port_leads_to_its_target() {
        let service = json!({"spec": {"ports": [{"port": 80, "targetPort": "http", "name": "web"}, {"port": 81, "targetPort": 9}]}});
        let pod = json!({"spec": {"containers": [{"ports": [{"name": "http", "containerPort": 8080}]}]}});
        assert_eq!(target("Service", &service, &pod, "80"), Ok(8080));
        assert_eq!(target("Service", &service, &pod, "web"), Ok(8080));
        assert_eq!(target("Service", &service, &pod, "81"), Ok(9));
        assert!(target("Service", &service, &pod, "82").expect_err("none").contains("it has 80, 81"));
        assert_eq!(target("Pod", &pod, &pod, "http"), Ok(8080));
        assert_eq!(target("Pod", &pod, &pod, "7"), Ok(7));
        assert!(target("Pod", &pod, &pod, "https").is_err());
    }
}
