//! Protobuf request bodies, turned into the JSON form that everything else reads.
//!
//! kubectl and helm send typed writes as `application/vnd.kubernetes.protobuf` and do not fall back.
//! A body is the magic `k8s\0` and a `runtime.Unknown`, which names the kind and holds its message.
//! Field numbers come from the [`schema`](crate::schema) table; what Go's JSON would omit is omitted, so
//! that a protobuf body and the JSON body of the same object are the same object. Nothing is ever
//! encoded: clients accept JSON answers.

mod message;
mod scalar;
mod wire;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use crate::schema;
use message::Decoder;
use wire::Reader;

/// What every body starts with.
const MAGIC: &[u8] = b"k8s\0";

/// An object and what of its body could not be kept.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// The object in its JSON form, with `apiVersion` and `kind`.
    pub(crate) object: Value,
    /// A sentence for each field number the table does not know; such fields are lost.
    pub(crate) notes: Vec<String>,
}

/// Decodes a whole body, with a note for everything that was skipped.
///
/// # Errors
/// A sentence that names the field and what is wrong with it. No input panics.
pub(crate) fn decode_noting(body: &[u8]) -> Result<Decoded, String> {
    let envelope = Envelope::parse(body)?;
    let (group, version) = envelope.api_version.split_once('/').unwrap_or(("", envelope.api_version));
    let Some(schema) = schema::find(group, version, envelope.kind) else {
        return Err(format!(
            "objects of kind {:?} in version {:?} are not known in protobuf form; send JSON",
            envelope.kind, envelope.api_version
        ));
    };
    let mut object = Map::new();
    object.insert("apiVersion".to_owned(), envelope.api_version.into());
    object.insert("kind".to_owned(), envelope.kind.into());
    let mut decoder = Decoder::default();
    decoder.message(schema, envelope.raw, &mut object)?;
    Ok(Decoded { object: Value::Object(object), notes: decoder.into_notes() })
}

/// `runtime.Unknown` of k8s.io/apimachinery.
#[derive(Default)]
struct Envelope<'a> {
    api_version: &'a str,
    kind: &'a str,
    raw: &'a [u8],
}

impl<'a> Envelope<'a> {
    fn parse(body: &'a [u8]) -> Result<Self, String> {
        let Some(message) = body.strip_prefix(MAGIC) else {
            return Err("the body does not start with the magic number of Kubernetes' protobuf form".to_owned());
        };
        let mut envelope = Self::default();
        let mut reader = Reader::new(message);
        while let Some((tag, value)) = reader.field()? {
            match tag {
                1 => envelope.type_meta(value.bytes()?)?,
                2 => envelope.raw = value.bytes()?,
                3 if !value.bytes()?.is_empty() => return Err("encoded bodies are not understood".to_owned()),
                4 if !matches!(value.bytes()?, b"" | b"application/vnd.kubernetes.protobuf") => {
                    return Err("the envelope holds something other than protobuf".to_owned());
                }
                _ => {}
            }
        }
        if envelope.kind.is_empty() { Err("the envelope names no kind".to_owned()) } else { Ok(envelope) }
    }

    fn type_meta(&mut self, bytes: &'a [u8]) -> Result<(), String> {
        let mut reader = Reader::new(bytes);
        while let Some((tag, value)) = reader.field()? {
            match tag {
                1 => self.api_version = value.text()?,
                2 => self.kind = value.text()?,
                _ => {}
            }
        }
        Ok(())
    }
}
