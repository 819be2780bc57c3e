//! A container's environment, as Kubernetes resolves it: `envFrom`, then `env`, with references
//! into ConfigMaps, Secrets, the Pod and its resources, and `$(NAME)` expanded.
//!
//! Pure: everything it may look at arrives in [`Scope`]. Service links (`WEB_SERVICE_HOST`) are not made:
//! a guest reaches Services by name, and their number would multiply with the number of Pods.

use std::collections::BTreeMap;
use std::net::IpAddr;

use api::core::{Container, EnvFromSource, EnvVar, EnvVarSource, Pod, ResourceFieldSelector};
use api::quantity;
use bytes::Bytes;
use protocol::v1::{Source, source};

/// What a resolution may look at.
pub(crate) struct Scope<'a> {
    pub(crate) pod: &'a Pod,
    pub(crate) sources: &'a [Source],
    pub(crate) node_name: &'a str,
    pub(crate) host_ip: IpAddr,
    pub(crate) pod_ip: Option<IpAddr>,
    /// What a limit that is not set stands for: all the Node has.
    pub(crate) cpu_millis: u64,
    pub(crate) memory_bytes: u64,
}

/// The variables a container starts with, or why it cannot: the message of `CreateContainerConfigError`.
pub(crate) fn resolve(container: &Container, scope: &Scope<'_>) -> Result<BTreeMap<String, String>, String> {
    let mut resolved = BTreeMap::new();
    for from in container.env_from.iter().flatten() {
        extend_from(&mut resolved, from, scope)?;
    }
    for variable in container.env.iter().flatten() {
        if let Some(value) = value_of(variable, container, scope, &resolved)? {
            resolved.insert(variable.name.clone(), value);
        }
    }
    Ok(resolved)
}

/// `command` and `args`, expanded over the environment. A program expects its own name first: without a `command`, that is
/// the container's.
pub(crate) fn arguments(container: &Container, environment: &BTreeMap<String, String>) -> Vec<String> {
    let command = container.command.as_deref().filter(|command| !command.is_empty());
    let command = command.unwrap_or(std::slice::from_ref(&container.name));
    let parts = command.iter().chain(container.args.iter().flatten());
    parts.map(|part| expand(part, environment)).collect()
}

fn extend_from(resolved: &mut BTreeMap<String, String>, from: &EnvFromSource, scope: &Scope<'_>) -> Result<(), String> {
    let (kind, name, optional) = if let Some(reference) = &from.config_map_ref {
        (source::Kind::ConfigMap, &reference.name, reference.optional)
    } else if let Some(reference) = &from.secret_ref {
        (source::Kind::Secret, &reference.name, reference.optional)
    } else {
        return Ok(());
    };
    let Some(data) = scope.data(kind, name) else {
        return if optional == Some(true) { Ok(()) } else { Err(not_found(kind, name)) };
    };
    let prefix = from.prefix.as_deref().unwrap_or_default();
    for (key, value) in data {
        let variable = format!("{prefix}{key}");
        if is_variable_name(&variable) {
            resolved.insert(variable, text(kind, name, key, value)?);
        }
    }
    Ok(())
}

/// The value of one variable; none if it refers to something optional that is not there.
fn value_of(
    variable: &EnvVar,
    container: &Container,
    scope: &Scope<'_>,
    resolved: &BTreeMap<String, String>,
) -> Result<Option<String>, String> {
    match (&variable.value, &variable.value_from) {
        (Some(value), _) if !value.is_empty() => Ok(Some(expand(value, resolved))),
        (_, Some(from)) => referred(from, container, scope),
        _ => Ok(Some(String::new())),
    }
}

fn referred(from: &EnvVarSource, container: &Container, scope: &Scope<'_>) -> Result<Option<String>, String> {
    if let Some(reference) = &from.config_map_key_ref {
        return scope.key(source::Kind::ConfigMap, &reference.name, &reference.key, reference.optional == Some(true));
    }
    if let Some(reference) = &from.secret_key_ref {
        return scope.key(source::Kind::Secret, &reference.name, &reference.key, reference.optional == Some(true));
    }
    if let Some(reference) = &from.field_ref {
        return scope.field(&reference.field_path).map(Some);
    }
    if let Some(reference) = &from.resource_field_ref {
        return scope.resource(reference, container).map(Some);
    }
    Err("valueFrom names a source that this version does not know".to_owned())
}

impl Scope<'_> {
    fn data(&self, kind: source::Kind, name: &str) -> Option<BTreeMap<&String, &Bytes>> {
        let found = self.sources.iter().find(|source| source.kind() == kind && source.name == name)?;
        Some(found.data.iter().collect())
    }

    fn key(&self, kind: source::Kind, name: &str, key: &str, optional: bool) -> Result<Option<String>, String> {
        let Some(data) = self.data(kind, name) else {
            return if optional { Ok(None) } else { Err(not_found(kind, name)) };
        };
        match data.get(&key.to_owned()) {
            Some(value) => text(kind, name, key, value).map(Some),
            None if optional => Ok(None),
            None => {
                let namespace = self.pod.metadata.namespace.as_deref().unwrap_or_default();
                Err(format!("couldn't find key {key} in {} {namespace}/{name}", kind_name(kind)))
            }
        }
    }

    /// A field of the Pod, or all its labels or annotations: one on a line, `key="value"`.
    pub(crate) fn field_or_map(&self, path: &str) -> Result<String, String> {
        let all = match path {
            "metadata.labels" => &self.pod.metadata.labels,
            "metadata.annotations" => &self.pod.metadata.annotations,
            _ => return self.field(path),
        };
        let lines: Vec<String> = all.iter().flatten().map(|(key, value)| format!("{key}={value:?}")).collect();
        Ok(lines.join("\n"))
    }

    /// A field of the Pod, by the path the downward API knows.
    fn field(&self, path: &str) -> Result<String, String> {
        let meta = &self.pod.metadata;
        let spec = self.pod.spec.as_ref();
        let ip = || self.pod_ip.map(|ip| ip.to_string()).unwrap_or_default();
        if let Some(key) = subscript(path, "metadata.labels") {
            return Ok(meta.labels.as_ref().and_then(|labels| labels.get(key)).cloned().unwrap_or_default());
        }
        if let Some(key) = subscript(path, "metadata.annotations") {
            return Ok(meta.annotations.as_ref().and_then(|all| all.get(key)).cloned().unwrap_or_default());
        }
        Ok(match path {
            "metadata.name" => meta.name.clone().unwrap_or_default(),
            "metadata.namespace" => meta.namespace.clone().unwrap_or_default(),
            "metadata.uid" => meta.uid.clone().unwrap_or_default(),
            "spec.nodeName" => self.node_name.to_owned(),
            "spec.serviceAccountName" => spec.and_then(|s| s.service_account_name.clone()).unwrap_or_default(),
            "status.hostIP" | "status.hostIPs" => self.host_ip.to_string(),
            "status.podIP" | "status.podIPs" => ip(),
            _ => return Err(format!("fieldRef {path:?} is not a field that can be referred to")),
        })
    }

    /// A limit or request of a container, in units of the divisor, rounded up.
    pub(crate) fn resource(&self, reference: &ResourceFieldSelector, own: &Container) -> Result<String, String> {
        let container = match reference.container_name.as_deref().filter(|name| !name.is_empty()) {
            None => own,
            Some(name) => self
                .pod
                .spec
                .iter()
                .flat_map(|spec| &spec.containers)
                .find(|container| container.name == name)
                .ok_or_else(|| format!("resourceFieldRef names container {name:?}, which the Pod does not have"))?,
        };
        let unknown = || format!("resourceFieldRef {:?} is not a resource of a container", reference.resource);
        let (list, resource) = reference.resource.split_once('.').ok_or_else(unknown)?;
        let resources = container.resources.as_ref();
        let limits = || resources.and_then(|r| r.limits.as_ref()).and_then(|l| l.get(resource));
        let given = match list {
            "limits" => limits(),
            "requests" => resources.and_then(|r| r.requests.as_ref()).and_then(|r| r.get(resource)).or_else(limits),
            _ => return Err(unknown()),
        };
        let whole = match resource {
            "cpu" => self.cpu_millis,
            "memory" => self.memory_bytes,
            "ephemeral-storage" => 0,
            _ => return Err(unknown()),
        };
        let parse = if resource == "cpu" { quantity::parse_millis } else { quantity::parse_bytes };
        let amount = match (given, list) {
            (Some(quantity), _) => parse(&quantity.0)?,
            (None, "limits") => i64::try_from(whole).unwrap_or(i64::MAX),
            (None, _) => 0,
        };
        let divisor = match reference.divisor.as_ref().map(|d| d.0.as_str()).filter(|d| !d.is_empty() && *d != "0") {
            Some(divisor) => parse(divisor)?,
            None => parse("1")?,
        };
        if divisor <= 0 {
            return Err("the divisor of resourceFieldRef must be positive".to_owned());
        }
        Ok((amount / divisor + i64::from(amount % divisor > 0)).to_string())
    }
}

/// The key in `metadata.labels['key']`.
fn subscript<'a>(path: &'a str, map: &str) -> Option<&'a str> {
    path.strip_prefix(map)?.strip_prefix("['")?.strip_suffix("']")
}

fn kind_name(kind: source::Kind) -> &'static str {
    match kind {
        source::Kind::ConfigMap => "ConfigMap",
        source::Kind::Secret => "Secret",
        source::Kind::ServiceAccountToken => "Token",
    }
}

fn not_found(kind: source::Kind, name: &str) -> String {
    format!("{} {name:?} not found", kind_name(kind).to_ascii_lowercase())
}

/// The value itself never appears in a message: it may be a secret.
fn text(kind: source::Kind, name: &str, key: &str, value: &Bytes) -> Result<String, String> {
    String::from_utf8(value.to_vec()).map_err(|_| {
        format!("key {key} of {} {name} is not UTF-8, which a component's environment has to be", kind_name(kind))
    })
}

/// Printable ASCII without `=`, as Kubernetes has it since 1.30; other keys of a source are skipped.
fn is_variable_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|c| (b' '..=b'~').contains(&c) && c != b'=')
}

/// Replaces `$(NAME)` by its value and `$$` by `$`; what is not known stays as it is written.
fn expand(text: &str, known: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(tail) = after.strip_prefix('$') {
            out.push('$');
            rest = tail;
        } else if let Some((name, tail)) = after.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            match known.get(name) {
                Some(value) => out.push_str(value),
                None => {
                    out.push_str("$(");
                    out.push_str(name);
                    out.push(')');
                }
            }
            rest = tail;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
