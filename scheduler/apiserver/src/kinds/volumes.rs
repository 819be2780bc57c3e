//! Volumes of Pods: that each has a name and one source.

use std::collections::BTreeSet;

use api::core::{ServiceAccountTokenProjection, Volume};
use api::name;
use serde_json::{Value, json};

use crate::field::{Path, Problems};
use crate::{tokens, value};

/// Files are readable by all and writable by their owner, octal 644.
const MODE_DEFAULT: i32 = 0o644;

/// Fills in what volumes leave out.
pub(super) fn defaults(spec: &mut Value) {
    for volume in value::elements(spec, &["volumes"]) {
        for source in ["configMap", "secret", "downwardAPI", "projected"] {
            if let Some(source) = volume.get_mut(source) {
                value::default(source, "defaultMode", MODE_DEFAULT);
            }
        }
        for part in value::elements(volume, &["projected", "sources"]) {
            if let Some(token) = part.get_mut("serviceAccountToken") {
                value::default(token, "expirationSeconds", tokens::LIFE_DEFAULT_SECONDS);
            }
        }
        if let Some(source) = volume.get_mut("hostPath") {
            value::default(source, "type", "");
        }
        let only_named = volume.as_object().is_some_and(|map| map.keys().all(|key| key == "name"));
        if only_named {
            volume["emptyDir"] = json!({});
        }
    }
}

/// Checks the volumes and returns their names.
pub(super) fn check<'a>(path: &Path, volumes: &'a [Volume], problems: &mut Problems) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::new();
    for (at, volume) in volumes.iter().enumerate() {
        let path = path.index(at);
        match volume.name.as_str() {
            "" => problems.required(&path.child("name"), ""),
            found => problems.check(&path.child("name"), found, name::check_label(found)),
        }
        if !volume.name.is_empty() && !names.insert(volume.name.as_str()) {
            problems.duplicate(&path.child("name"), &volume.name);
        }
        check_source(&path, volume, problems);
    }
    names
}

fn check_source(path: &Path, volume: &Volume, problems: &mut Problems) {
    let sources = serde_json::to_value(volume).unwrap_or_default();
    let count = sources.as_object().map_or(0, |map| map.keys().filter(|key| *key != "name").count());
    if count > 1 {
        problems.forbidden(path, "may not specify more than 1 volume type");
    }
    if volume.config_map.as_ref().is_some_and(|source| source.name.is_empty()) {
        problems.required(&path.child("configMap").child("name"), "");
    }
    if volume.secret.as_ref().is_some_and(|source| source.secret_name.as_deref().unwrap_or_default().is_empty()) {
        problems.required(&path.child("secret").child("secretName"), "");
    }
    for (at, part) in volume.projected.iter().flat_map(|v| v.sources.iter().flatten()).enumerate() {
        if let Some(token) = &part.service_account_token {
            let path = path.child("projected").child("sources").index(at).child("serviceAccountToken");
            check_token(&path, token, problems);
        }
    }
    if let Some(source) = &volume.host_path
        && source.path.is_empty()
    {
        problems.required(&path.child("hostPath").child("path"), "");
    }
    if volume.persistent_volume_claim.as_ref().is_some_and(|source| source.claim_name.is_empty()) {
        problems.required(&path.child("persistentVolumeClaim").child("claimName"), "");
    }
}

fn check_token(path: &Path, token: &ServiceAccountTokenProjection, problems: &mut Problems) {
    let seconds = token.expiration_seconds.unwrap_or(tokens::LIFE_DEFAULT_SECONDS);
    if seconds < tokens::LIFE_MIN_SECONDS {
        let why = "may not specify a duration less than 10 minutes";
        problems.invalid(&path.child("expirationSeconds"), seconds, why);
    }
    if seconds > 1 << 32 {
        let why = "may not specify a duration larger than 2^32 seconds";
        problems.invalid(&path.child("expirationSeconds"), seconds, why);
    }
    match token.path.as_str() {
        "" => problems.required(&path.child("path"), ""),
        found if found.starts_with('/') => problems.invalid(&path.child("path"), found, "must be a relative path"),
        found if found.split('/').any(|part| part == "..") => {
            problems.invalid(&path.child("path"), found, "must not contain '..'");
        }
        found if found.starts_with("..") => problems.invalid(&path.child("path"), found, "must not start with '..'"),
        _ => {}
    }
}
