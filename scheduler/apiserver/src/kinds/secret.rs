//! Secrets. Their content never appears in a message.

use api::core::Secret;
use api::resource::SECRETS;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{config, decode, meta};
use crate::field::{Path, Problems};
use crate::limits::DATA_BYTES_MAX;
use crate::status::{Cause, Status};
use crate::value;

/// The type of Secrets that hold a token of a ServiceAccount, and the annotation that names it.
const ACCOUNT_TOKEN: &str = "kubernetes.io/service-account-token";
const ACCOUNT_NAME: &str = "kubernetes.io/service-account.name";

/// Gives the type, and moves `stringData` into `data`: it is a way to write, never stored.
pub(super) fn defaults(secret: &mut Value) {
    value::default(secret, "type", "Opaque");
    let Some(map) = secret.as_object_mut() else { return };
    let moves =
        map.get("stringData").and_then(Value::as_object).is_some_and(|texts| texts.values().all(Value::is_string));
    // Other shapes stay and are refused by name when the Secret is decoded.
    if !moves {
        return;
    }
    let Some(Value::Object(texts)) = map.shift_remove("stringData") else { return };
    if let Some(data) = value::map(secret, &["data"]) {
        for (key, text) in texts {
            let encoded = STANDARD.encode(text.as_str().unwrap_or_default());
            data.insert(key, json!(encoded));
        }
    }
}

/// Keys that a type promises to have.
fn promised(word: &str) -> &'static [&'static str] {
    match word {
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        _ => &[],
    }
}

/// Decodes and checks a Secret.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    check_base64(object)?;
    let secret: Secret = decode(&SECRETS, object)?;
    let data = secret.data.unwrap_or_default();
    for key in data.keys() {
        problems.check(&Path::new("data").key(key), key, config::check_key(key));
    }
    if data.values().map(|content| content.0.len()).sum::<usize>() > DATA_BYTES_MAX {
        problems.too_long(&Path::new("data"), DATA_BYTES_MAX);
    }
    if secret.type_.as_deref() == Some(ACCOUNT_TOKEN) {
        let annotations = secret.metadata.annotations.unwrap_or_default();
        if annotations.get(ACCOUNT_NAME).is_none_or(String::is_empty) {
            problems.required(&Path::new("metadata").child("annotations").key(ACCOUNT_NAME), "");
        }
    }
    for key in promised(secret.type_.as_deref().unwrap_or_default()) {
        if !data.contains_key(*key) {
            problems.required(&Path::new("data").key(key), "");
        }
    }
    Ok(())
}

/// Says which key does not decode, without the text that a decoder's message might quote.
fn check_base64(object: &Value) -> Result<(), Status> {
    let Some(data) = object.get("data").and_then(Value::as_object) else { return Ok(()) };
    for (key, content) in data {
        let why = match content.as_str() {
            None => "must be a string of base64",
            Some(text) if STANDARD.decode(text).is_err() => "illegal base64 data",
            Some(_) => continue,
        };
        let field = Path::new("data").key(key).to_string();
        let message = format!("Secret in version \"v1\" cannot be handled as a Secret: {field}: {why}");
        let cause = Cause { reason: "FieldValueTypeInvalid", message: why.to_owned(), field };
        return Err(Status::bad_fields(message, vec![cause]));
    }
    Ok(())
}

/// The type is for life; what is immutable stays so.
pub(super) fn validate_update(old: &Value, new: &Value, problems: &mut Problems) {
    meta::check_immutable("type", old, new, problems);
    config::check_frozen(old, new, &["data"], problems);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string_data_is_written_not_stored() {
        let mut secret = json!({"data": {"a": "eA=="}, "stringData": {"b": "y"}});
        defaults(&mut secret);
        assert_eq!(secret, json!({"data": {"a": "eA==", "b": "eQ=="}, "type": "Opaque"}));
    }

    #[test]
    fn a_bad_secret_is_named_and_not_quoted() {
        // F89
        let secret = json!({"data": {"password": "hunter2!"}});
        let status = validate(&secret, &mut Problems::default()).expect_err("not base64");
        assert!(status.message.contains("data[password]") && !status.to_value().to_string().contains("hunter2"));
    }
}
