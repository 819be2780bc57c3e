//! ConfigMaps, and the keys and immutability they share with Secrets.

use api::core::ConfigMap;
use api::name::SUBDOMAIN_LEN_MAX;
use api::resource::CONFIG_MAPS;
use serde_json::Value;

use super::decode;
use crate::field::{Path, Problems};
use crate::limits::DATA_BYTES_MAX;
use crate::status::Status;
use crate::value;

const KEY_RULE: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name')";

/// Checks a key of a ConfigMap or Secret: it may become the name of a file.
pub(super) fn check_key(key: &str) -> Result<(), String> {
    let fine = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
    if key.len() > SUBDOMAIN_LEN_MAX {
        Err(format!("must be no more than {SUBDOMAIN_LEN_MAX} characters"))
    } else if key == "." || key == ".." || key.starts_with("..") {
        Err("must not be '.', '..' or start with '..'".to_owned())
    } else if key.is_empty() || !key.bytes().all(fine) {
        Err(KEY_RULE.to_owned())
    } else {
        Ok(())
    }
}

/// Decodes and checks a ConfigMap.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let config: ConfigMap = decode(&CONFIG_MAPS, object)?;
    let (data, binary) = (config.data.unwrap_or_default(), config.binary_data.unwrap_or_default());
    let mut bytes = 0;
    for (key, text) in &data {
        let path = Path::new("data").key(key);
        problems.check(&path, key, check_key(key));
        if binary.contains_key(key) {
            problems.invalid(&path, key, "duplicate of key present in binaryData");
        }
        bytes += text.len();
    }
    for (key, content) in &binary {
        problems.check(&Path::new("binaryData").key(key), key, check_key(key));
        bytes += content.0.len();
    }
    if bytes > DATA_BYTES_MAX {
        problems.too_long(&Path::new("data"), DATA_BYTES_MAX);
    }
    Ok(())
}

/// What is immutable stays so.
pub(super) fn validate_update(old: &Value, new: &Value, problems: &mut Problems) {
    check_frozen(old, new, &["data", "binaryData"], problems);
}

/// Once `immutable` is true, neither it nor the data may change.
pub(super) fn check_frozen(old: &Value, new: &Value, fields: &[&str], problems: &mut Problems) {
    let is_frozen = |object: &Value| value::at(object, &["immutable"]).is_some_and(|found| found == true);
    if !is_frozen(old) {
        return;
    }
    if !is_frozen(new) {
        problems.forbidden(&Path::new("immutable"), "field is immutable when `immutable` is set");
    }
    for field in fields {
        if old.get(field) != new.get(field) {
            problems.forbidden(&Path::new(field), "field is immutable when `immutable` is set");
        }
    }
}
