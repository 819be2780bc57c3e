//! Volumes of Pods as guests see them: directories that are preopened for a container.
//!
//! Here it is decided what is in them, from the Pod and what it refers to; [`disk`] makes it so. ConfigMaps, Secrets and
//! the downward API are files that guests may only read and that change when their source does; `emptyDir` lives as long
//! as its Pod, `hostPath` longer.
//!
//! Tokens of ServiceAccounts are files like any other: the control plane mints them and sends new ones in time.
//!
//! Absent: claims on persistent volumes, and single files (`subPath` of a file: a guest can be given directories alone).

pub(crate) mod disk;

use std::collections::BTreeMap;
use std::path::PathBuf;

use api::core::{
    Container, DownwardAPIVolumeFile, KeyToPath, ServiceAccountTokenProjection, Volume, VolumeMount, VolumeProjection,
};
use bytes::Bytes;
use protocol::v1::Source;
use protocol::v1::source::Kind;
use sandbox::Access;

use crate::env::Scope;
use crate::pod::spec::Refusal;

/// A directory that a container is to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Name of the volume.
    pub(crate) volume: String,
    pub(crate) content: Content,
    /// The part of the volume that is seen; relative, without `..`.
    pub(crate) sub_path: Option<PathBuf>,
    /// Where the guest sees it.
    pub(crate) guest: String,
    pub(crate) access: Access,
}

/// What a volume holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// What its Pod puts there.
    Empty,
    /// A directory of the Node.
    Host { path: PathBuf, create: bool },
    /// Files by their path, which is relative and without `..`.
    Files(BTreeMap<String, Bytes>),
}

/// The directories of a container.
///
/// # Errors
///
/// What is missing or not supported, as the waiting container says it.
pub(crate) fn of(container: &Container, scope: &Scope<'_>) -> Result<Vec<Wanted>, Refusal> {
    let volumes = scope.pod.spec.as_ref().and_then(|spec| spec.volumes.as_deref()).unwrap_or_default();
    let wanted = |mount: &VolumeMount| {
        let volume = volumes.iter().find(|volume| volume.name == mount.name);
        let volume = volume.ok_or_else(|| unsupported(&mount.name, "the Pod has no volume of this name"))?;
        seen(mount, volume, container, scope)
    };
    container.volume_mounts.iter().flatten().map(wanted).collect()
}

fn seen(mount: &VolumeMount, volume: &Volume, own: &Container, scope: &Scope<'_>) -> Result<Wanted, Refusal> {
    let content = content(volume, own, scope)?;
    let fixed = matches!(content, Content::Files(_));
    let sub_path = mount.sub_path.as_deref().filter(|path| !path.is_empty());
    if mount.sub_path_expr.is_some() {
        return Err(unsupported(&volume.name, "subPathExpr is not supported; use subPath"));
    }
    if sub_path.is_some_and(|path| !is_inside(path)) {
        return Err(unsupported(&volume.name, "subPath must be a relative path without `..`"));
    }
    Ok(Wanted {
        volume: volume.name.clone(),
        content,
        sub_path: sub_path.map(PathBuf::from),
        guest: mount.mount_path.clone(),
        access: if fixed || mount.read_only == Some(true) { Access::ReadOnly } else { Access::ReadWrite },
    })
}

fn content(volume: &Volume, own: &Container, scope: &Scope<'_>) -> Result<Content, Refusal> {
    let mut files = Files { volume: &volume.name, own, scope, found: BTreeMap::new() };
    if volume.empty_dir.is_some() {
        return Ok(Content::Empty);
    }
    if let Some(host) = &volume.host_path {
        let create = match host.type_.as_deref().unwrap_or_default() {
            "" | "Directory" => false,
            "DirectoryOrCreate" => true,
            other => {
                return Err(unsupported(&volume.name, format!("hostPath of type {other}: guests see directories")));
            }
        };
        return Ok(Content::Host { path: PathBuf::from(&host.path), create });
    }
    if let Some(source) = &volume.config_map {
        files.source(Kind::ConfigMap, &source.name, source.items.as_deref(), source.optional == Some(true))?;
    } else if let Some(source) = &volume.secret {
        let name = source.secret_name.as_deref().unwrap_or_default();
        files.source(Kind::Secret, name, source.items.as_deref(), source.optional == Some(true))?;
    } else if let Some(source) = &volume.downward_api {
        files.downward(source.items.as_deref().unwrap_or_default())?;
    } else if let Some(source) = &volume.projected {
        for part in source.sources.iter().flatten() {
            files.projected(part)?;
        }
    } else {
        return Err(unsupported(&volume.name, "this kind of volume is not supported by this version"));
    }
    Ok(Content::Files(files.found))
}

/// The files of a volume, as they are found.
struct Files<'a> {
    volume: &'a str,
    own: &'a Container,
    scope: &'a Scope<'a>,
    found: BTreeMap<String, Bytes>,
}

impl Files<'_> {
    fn projected(&mut self, part: &VolumeProjection) -> Result<(), Refusal> {
        if let Some(source) = &part.config_map {
            self.source(Kind::ConfigMap, &source.name, source.items.as_deref(), source.optional == Some(true))
        } else if let Some(source) = &part.secret {
            self.source(Kind::Secret, &source.name, source.items.as_deref(), source.optional == Some(true))
        } else if let Some(source) = &part.downward_api {
            self.downward(source.items.as_deref().unwrap_or_default())
        } else if let Some(source) = &part.service_account_token {
            self.token(source)
        } else {
            let why = "of projected sources, configMap, secret, downwardAPI and serviceAccountToken are supported";
            Err(unsupported(self.volume, why))
        }
    }

    fn token(&mut self, wanted: &ServiceAccountTokenProjection) -> Result<(), Refusal> {
        let name = protocol::token_source(wanted.audience.as_deref(), wanted.expiration_seconds);
        let is_it = |source: &&Source| source.kind() == Kind::ServiceAccountToken && source.name == name;
        let token = self.scope.sources.iter().find(is_it).and_then(|source| source.data.get(protocol::TOKEN_KEY));
        let Some(token) = token.cloned() else {
            let message = format!("volume {:?}: no token: the Pod's service account is not there", self.volume);
            return Err(Refusal::new("FailedMount", message));
        };
        self.insert(&wanted.path, token)
    }

    fn source(&mut self, kind: Kind, name: &str, items: Option<&[KeyToPath]>, optional: bool) -> Result<(), Refusal> {
        let source = self.scope.sources.iter().find(|source| source.kind() == kind && source.name == name);
        let Some(source) = source else {
            return if optional { Ok(()) } else { Err(missing(self.volume, kind, name, None)) };
        };
        let Some(items) = items else {
            for (key, value) in &source.data {
                self.insert(key, value.clone())?;
            }
            return Ok(());
        };
        for item in items {
            match source.data.get(&item.key) {
                Some(value) => self.insert(&item.path, value.clone())?,
                None if optional => {}
                None => return Err(missing(self.volume, kind, name, Some(&item.key))),
            }
        }
        Ok(())
    }

    fn downward(&mut self, items: &[DownwardAPIVolumeFile]) -> Result<(), Refusal> {
        for item in items {
            let value = if let Some(field) = &item.field_ref {
                self.scope.field_or_map(&field.field_path)
            } else if let Some(resource) = &item.resource_field_ref {
                self.scope.resource(resource, self.own)
            } else {
                Err(format!("{} names neither a field nor a resource", item.path))
            };
            let value = value.map_err(|why| unsupported(self.volume, why))?;
            self.insert(&item.path, value.into())?;
        }
        Ok(())
    }

    fn insert(&mut self, path: &str, bytes: Bytes) -> Result<(), Refusal> {
        // Names that begin with two dots are the disk's own.
        if !is_inside(path) || path.starts_with("..") {
            return Err(unsupported(self.volume, format!("{path:?} is no path inside the volume")));
        }
        self.found.insert(path.to_owned(), bytes);
        Ok(())
    }
}

/// Whether a path names something below where it starts.
fn is_inside(path: &str) -> bool {
    !path.is_empty() && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

fn unsupported(volume: &str, why: impl std::fmt::Display) -> Refusal {
    Refusal::config(format!("volume {volume:?}: {why}"))
}

fn missing(volume: &str, kind: Kind, name: &str, key: Option<&str>) -> Refusal {
    let kind = match kind {
        Kind::ConfigMap => "configmap",
        Kind::Secret => "secret",
        Kind::ServiceAccountToken => "token",
    };
    let message = match key {
        Some(key) => format!("volume {volume:?}: {kind} {name:?} has no key {key:?}"),
        None => format!("volume {volume:?}: {kind} {name:?} not found"),
    };
    Refusal::new("FailedMount", message)
}

#[cfg(test)]
mod tests;
