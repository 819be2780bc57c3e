//! `insula apply`: creates the objects of manifests, or merges them over what is there.
//!
//! It is a merge patch per object. Removing a field from the manifest does not remove it from the cluster:
//! for that, `kubectl apply` keeps the previous manifest in an annotation.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use api::resource;
use serde_json::Value;

use crate::args;
use crate::client::{Client, MERGE_PATCH};

/// Largest manifest file.
const MANIFEST_BYTES_MAX: u64 = 16 << 20;

pub(crate) async fn run(args: args::Apply) -> Result<()> {
    let mut objects = Vec::new();
    for file in &args.filename {
        for (index, object) in read(file)?.into_iter().enumerate() {
            objects.push((format!("{} (document {})", file.display(), index + 1), object));
        }
    }
    let client = Client::new(&args.target).await?;
    for (place, object) in objects {
        let done = apply(&client, args.namespace.as_deref(), object).await.with_context(|| place)?;
        println!("{done}");
    }
    Ok(())
}

async fn apply(client: &Client, namespace: Option<&str>, object: Value) -> Result<String> {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (api_version, kind, name) = (text("/apiVersion"), text("/kind"), text("/metadata/name"));
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    let Some(resource) = resource::find_kind(group, &kind) else {
        bail!("this cluster serves no {kind:?} of {api_version:?}");
    };
    if name.is_empty() {
        bail!("metadata.name: an object to apply needs a name");
    }
    let own = text("/metadata/namespace");
    let namespace = client.namespace(if own.is_empty() { namespace } else { Some(&own) });
    let happened = client.create_or_merge(&collection(resource, &namespace), &name, MERGE_PATCH, &object).await?;
    Ok(format!("{}/{name} {happened}", resource.kind.to_lowercase()))
}

/// The URL of a resource's objects.
pub(crate) fn collection(resource: &api::Resource, namespace: &str) -> String {
    let root = if resource.group.is_empty() { "/api" } else { "/apis" };
    let version = resource.api_version();
    match resource.is_namespaced() {
        true => format!("{root}/{version}/namespaces/{namespace}/{}", resource.plural),
        false => format!("{root}/{version}/{}", resource.plural),
    }
}

fn read(path: &Path) -> Result<Vec<Value>> {
    let mut text = String::new();
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).with_context(|| format!("cannot open {}", path.display()))?)
    };
    source.take(MANIFEST_BYTES_MAX + 1).read_to_string(&mut text).with_context(|| format!("{}", path.display()))?;
    if text.len() as u64 > MANIFEST_BYTES_MAX {
        bail!("{} has more than {} MiB; split it", path.display(), MANIFEST_BYTES_MAX >> 20);
    }
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(&text).with_context(|| format!("{} is not YAML", path.display()))?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}
