//! A message and its bounds.

use std::sync::Arc;

use bytes::Bytes;

use super::subject::Subject;
use crate::Error;
use crate::limits::{MESSAGE_BYTES_MAX, METADATA_BYTES_MAX, METADATA_ENTRIES_MAX, SUBJECT_BYTES_MAX};

/// What the names of the places begin with where requests wait for their answers.
const INBOX: &str = "_INBOX.";
/// How NATS calls a content type.
pub(super) const CONTENT_TYPE: &str = "Content-Type";
/// What NATS puts around metadata, and around each entry.
const ENVELOPE_BYTES: usize = 12;
const ENTRY_BYTES: usize = 4;

/// What a message says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    content_type: Option<String>,
    metadata: Vec<(String, String)>,
    data: Bytes,
}

/// A message that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is about; for an answer, an inbox.
    pub subject: String,
    /// Where answers go, if the sender waits for any.
    pub reply: Option<Inbox>,
    /// What it says.
    pub content: Content,
}

/// Where a request waits for its answers. Its name cannot be guessed, so who knows it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Inbox(Arc<str>);

impl Inbox {
    /// Checks the name of an inbox.
    ///
    /// # Errors
    /// [`Error::Invalid`]: it is none.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let rest = text.strip_prefix(INBOX).filter(|_| text.len() <= SUBJECT_BYTES_MAX);
        match rest.map(Subject::parse) {
            Some(Ok(_)) => Ok(Self(text.into())),
            _ => Err(Error::Invalid(format!("{text:?} is no address to answer to"))),
        }
    }

    /// A new one.
    pub(super) fn new() -> Self {
        Self(format!("{INBOX}{}", uuid::Uuid::new_v4().simple()).into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Content {
    /// Checks what a message says. Metadata has unique order only among entries of one key.
    ///
    /// # Errors
    /// [`Error::Invalid`] says what is wrong with it.
    pub fn new(content_type: Option<String>, metadata: Vec<(String, String)>, data: Bytes) -> Result<Self, Error> {
        let content = Self { content_type, metadata, data };
        content.check()?;
        Ok(content)
    }

    /// What another broker's client has sent, which has bounds of its own.
    pub(super) fn foreign(content_type: Option<String>, metadata: Vec<(String, String)>, data: Bytes) -> Self {
        Self { content_type, metadata, data }
    }

    /// Its format, as the sender says.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// What is attached to it.
    #[must_use]
    pub fn metadata(&self) -> &[(String, String)] {
        &self.metadata
    }

    /// The content.
    #[must_use]
    pub fn data(&self) -> &Bytes {
        &self.data
    }

    /// Its size, as NATS counts it.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.attached_bytes() + self.data.len()
    }

    fn attached_bytes(&self) -> usize {
        let content_type = self.content_type.as_ref().map(|text| CONTENT_TYPE.len() + text.len() + ENTRY_BYTES);
        let metadata = self.metadata.iter().map(|(key, value)| key.len() + value.len() + ENTRY_BYTES);
        let bytes: usize = metadata.chain(content_type).sum();
        if bytes == 0 { 0 } else { bytes + ENVELOPE_BYTES }
    }

    fn check(&self) -> Result<(), Error> {
        if self.metadata.len() > METADATA_ENTRIES_MAX {
            return Err(Error::too_large("entries of metadata", self.metadata.len(), METADATA_ENTRIES_MAX));
        }
        if self.attached_bytes() > METADATA_BYTES_MAX {
            return Err(Error::too_large("bytes of metadata", self.attached_bytes(), METADATA_BYTES_MAX));
        }
        if self.bytes() > MESSAGE_BYTES_MAX {
            return Err(Error::too_large("bytes of a message", self.bytes(), MESSAGE_BYTES_MAX));
        }
        self.content_type.iter().try_for_each(|text| check_value(CONTENT_TYPE, text))?;
        self.metadata.iter().try_for_each(|(key, value)| {
            check_name(key)?;
            check_value(key, value)
        })
    }
}

fn check_name(key: &str) -> Result<(), Error> {
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':') {
        return Err(Error::Invalid(format!("a key of metadata has visible ASCII and no `:`; this is {key:?}")));
    }
    if key.eq_ignore_ascii_case(CONTENT_TYPE) {
        return Err(Error::Invalid(format!("set the content type by its own name, not as metadata {key:?}")));
    }
    Ok(())
}

fn check_value(key: &str, value: &str) -> Result<(), Error> {
    if value.is_empty() || value.trim() != value || value.chars().any(char::is_control) {
        return Err(Error::Invalid(format!(
            "the value of metadata {key:?} is text without control characters or spaces around it; this is {value:?}"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_beyond_their_bounds_are_refused_with_a_reason() {
        let check = |metadata: Vec<(&str, &str)>, size: usize, wanted: &str| {
            let metadata = metadata.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            let found = Content::new(Some("text/plain".to_owned()), metadata, vec![0; size].into());
            let said = found.map_or_else(|error| error.to_string(), |_| String::new());
            assert!(said.contains(wanted) && said.is_empty() == wanted.is_empty(), "{said:?}, not {wanted:?}");
        };
        check(vec![("a", "b c"), ("a", "d")], 10, "");
        check(vec![], MESSAGE_BYTES_MAX - 38, "");
        check(vec![], MESSAGE_BYTES_MAX - 37, "bytes of a message: 1048577 is more than 1048576");
        check(vec![("a", "b"); 65], 0, "entries of metadata: 65");
        check(vec![("a", &"b".repeat(METADATA_BYTES_MAX))], 0, "bytes of metadata");
        check(vec![("a:", "b")], 0, "no `:`");
        check(vec![("content-type", "b")], 0, "by its own name");
        check(vec![("a", "b\r\nc")], 0, "without control characters");
    }

    #[test]
    fn only_inboxes_are_answered_to() {
        assert!(Inbox::parse(Inbox::new().as_str()).is_ok() && Inbox::parse("_INBOX.a.b").is_ok());
        for other in ["", "orders", "_INBOX.", "_INBOX.>", "_INBOX", "_SYS.a", "x._INBOX.a"] {
            assert!(Inbox::parse(other).is_err(), "{other}");
        }
    }
}
