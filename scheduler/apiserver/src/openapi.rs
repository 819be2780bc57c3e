//! OpenAPI: what the server's objects and URLs are, for clients that ask, and for our own checks of fields.
//!
//! `kubectl apply`, `edit` and `replace` look here for the query parameter `fieldValidation`, `apply` for
//! merge keys, `explain` for everything. One document per group version is drawn from the schema table
//! and the rows of discovery, on first demand, and kept as bytes. `/openapi/v2` is a stub: clients that
//! can read version 3 do, and none of those we support needs the other.

mod documents;
mod fields;
mod operations;
mod parameters;
mod schemas;

#[cfg(test)]
mod tests;

pub(crate) use documents::{Documents, group_version, index, v2};
pub(crate) use fields::{FieldProblem, check_fields};
