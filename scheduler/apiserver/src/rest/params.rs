//! Query parameters, read once at the edge.

use axum::extract::Query;
use http::{HeaderMap, Uri};

use crate::kinds::Asked;
use crate::objects::{FieldSelector, ListOptions, Propagation, Selection, VersionMatch, WriteOptions};
use crate::status::{Cause, Status};

/// The parameters of a request; empty ones count as absent, as in Kubernetes.
pub(super) struct Params(Vec<(String, String)>);

/// What to do about unknown and duplicate fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldValidation {
    /// Nothing.
    Ignore,
    /// Tell.
    Warn,
    /// Refuse.
    Strict,
}

fn bad(name: &str, value: &str, why: &str) -> Status {
    let message = format!("{name}: Invalid value: {value:?}: {why}");
    let cause = Cause { reason: "FieldValueInvalid", message: message.clone(), field: name.to_owned() };
    Status::bad_fields(message, vec![cause])
}

impl Params {
    /// Reads the query.
    pub(super) fn parse(uri: &Uri) -> Result<Self, Status> {
        let query = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|error| Status::bad_request(format!("the query does not parse: {error}")))?;
        Ok(Self(query.0))
    }

    /// A parameter that is there and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// All values of a parameter that may be repeated.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A flag; bare (`?watch`) means true.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Status> {
        Ok(self.tristate(name)?.unwrap_or(false))
    }

    /// A flag that makes a difference also when it is false.
    pub(super) fn tristate(&self, name: &str) -> Result<Option<bool>, Status> {
        match self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()) {
            None => Ok(None),
            Some("" | "1" | "t" | "T" | "true" | "True" | "TRUE") => Ok(Some(true)),
            Some("0" | "f" | "F" | "false" | "False" | "FALSE") => Ok(Some(false)),
            Some(other) => Err(bad(name, other, "must be true or false")),
        }
    }

    /// A number.
    pub(super) fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Status> {
        let Some(text) = self.get(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| bad(name, text, "must be a number in range"))
    }

    /// Whether nothing is to be stored.
    pub(super) fn dry_run(&self) -> Result<bool, Status> {
        let mut given = self.0.iter().filter(|(key, value)| key == "dryRun" && !value.is_empty());
        if let Some((_, other)) = given.clone().find(|(_, value)| value != "All") {
            return Err(bad("dryRun", other, "supported values: \"All\""));
        }
        Ok(given.next().is_some())
    }

    /// How to write: as the field manager that is named, or else as what the client calls itself.
    pub(super) fn write_options(&self, headers: &HeaderMap) -> Result<WriteOptions, Status> {
        let manager = match self.field_manager()? {
            Some(manager) => manager.to_owned(),
            None => program(headers),
        };
        Ok(WriteOptions { dry_run: self.dry_run()?, field_manager: Some(manager), ..WriteOptions::default() })
    }

    /// The field manager that is named.
    pub(super) fn field_manager(&self) -> Result<Option<&str>, Status> {
        let Some(manager) = self.get("fieldManager") else { return Ok(None) };
        if manager.len() > MANAGER_LEN_MAX {
            return Err(bad("fieldManager", manager, "may not be more than 128 bytes"));
        }
        if let Some(odd) = manager.chars().find(|c| c.is_control()) {
            return Err(bad("fieldManager", manager, &format!("{odd:?} should not be in it: it is not printable")));
        }
        Ok(Some(manager))
    }

    /// What to do about unknown fields.
    pub(super) fn field_validation(&self) -> Result<FieldValidation, Status> {
        match self.get("fieldValidation") {
            None | Some("Warn") => Ok(FieldValidation::Warn),
            Some("Ignore") => Ok(FieldValidation::Ignore),
            Some("Strict") => Ok(FieldValidation::Strict),
            Some(other) => Err(bad("fieldValidation", other, "supported values: \"Ignore\", \"Warn\", \"Strict\"")),
        }
    }

    /// What becomes of dependents; `orphanDependents` is the older way to say it.
    pub(super) fn propagation(&self) -> Result<Option<Propagation>, Status> {
        if let Some(text) = self.get("propagationPolicy") {
            return parse_propagation(text).map(Some);
        }
        Ok(self.tristate("orphanDependents")?.map(orphan))
    }

    /// Labels and fields to select by.
    pub(super) fn selection(&self, asked: Asked<'_>) -> Result<Selection, Status> {
        let labels = api::selector::Selector::parse(self.get("labelSelector").unwrap_or_default());
        let fields = FieldSelector::parse_for(asked, self.get("fieldSelector").unwrap_or_default());
        Ok(Selection { labels: labels.map_err(Status::bad_request)?, fields: fields.map_err(Status::bad_request)? })
    }

    /// How the resourceVersion is meant.
    pub(super) fn version_match(&self) -> Result<Option<VersionMatch>, Status> {
        match self.get("resourceVersionMatch") {
            None => Ok(None),
            Some("Exact") => Ok(Some(VersionMatch::Exact)),
            Some("NotOlderThan") => Ok(Some(VersionMatch::NotOlderThan)),
            Some(other) => Err(bad("resourceVersionMatch", other, "supported values: \"Exact\", \"NotOlderThan\"")),
        }
    }

    /// What to list.
    pub(super) fn list_options(&self, asked: Asked<'_>) -> Result<ListOptions, Status> {
        let Selection { labels, fields } = self.selection(asked)?;
        Ok(ListOptions {
            labels,
            fields,
            limit: self.number("limit")?.unwrap_or(0),
            continue_token: self.get("continue").map(str::to_owned),
            resource_version: self.get("resourceVersion").map(str::to_owned),
            version_match: self.version_match()?,
        })
    }
}

/// Longest name of a field manager in bytes, as in Kubernetes.
const MANAGER_LEN_MAX: usize = 128;

/// What a client calls itself: `kubectl` of `kubectl/v1.37.1 (linux/amd64)`.
fn program(headers: &HeaderMap) -> String {
    let agent = headers.get(http::header::USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()));
    let name = agent.as_deref().and_then(|agent| agent.split('/').next()).unwrap_or_default();
    let mut program = String::new();
    for c in name.chars().filter(|c| !c.is_control()) {
        if program.len() + c.len_utf8() > MANAGER_LEN_MAX {
            break;
        }
        program.push(c);
    }
    program
}

/// Reads a propagation policy.
pub(super) fn parse_propagation(text: &str) -> Result<Propagation, Status> {
    let why = "supported values: \"Foreground\", \"Background\", \"Orphan\"";
    Propagation::parse(text).ok_or_else(|| bad("propagationPolicy", text, why))
}

/// What `orphanDependents` means.
pub(super) fn orphan(orphans: bool) -> Propagation {
    if orphans { Propagation::Orphan } else { Propagation::Background }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(query: &str) -> Params {
        let uri: Uri = format!("/x?{query}").parse().expect("a URI");
        Params::parse(&uri).unwrap_or_else(|status| panic!("{status}"))
    }

    #[test]
    fn flags_and_numbers() {
        let given = params("watch&follow=false&limit=5&dryRun=All&empty=");
        assert_eq!((given.flag("watch"), given.flag("follow"), given.flag("none")), (Ok(true), Ok(false), Ok(false)));
        assert_eq!(
            (given.number::<usize>("limit"), given.dry_run(), given.get("empty")),
            (Ok(Some(5)), Ok(true), None)
        );
        for bad in ["dryRun=Some", "fieldValidation=Loud", "limit=-1", "propagationPolicy=X", "watch=maybe"] {
            let given = params(bad);
            let outcomes = [
                given.dry_run().err(),
                given.field_validation().err(),
                given.number::<usize>("limit").err(),
                given.propagation().err(),
                given.flag("watch").err(),
            ];
            assert_eq!(outcomes.into_iter().flatten().map(|status| status.code).collect::<Vec<_>>(), [400], "{bad}");
        }
    }
}
