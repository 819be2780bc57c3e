//! Lists of any length, in chunks, at one revision.

use anyhow::Result;
use serde_json::Value;

use crate::client::Client;
use crate::query::Query;
use crate::value::text;

/// Objects of one request, as kubectl asks.
const CHUNK: u32 = 500;
/// Asks for no more of each object than its metadata.
pub(crate) const NAMES: &str = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json";

/// Which objects of a collection.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Filter {
    /// Only objects with these labels, `app=web,tier in (a, b),!old`.
    #[arg(long, short = 'l', value_name = "SELECTOR")]
    pub(crate) selector: Option<String>,
    /// Only objects with these fields, `status.phase=Running`.
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) field_selector: Option<String>,
}

impl Filter {
    /// Whether it leaves nothing out.
    pub(crate) fn is_empty(&self) -> bool {
        self.selector.is_none() && self.field_selector.is_none()
    }

    /// As the parameters of a request.
    pub(crate) fn query(&self) -> Query {
        Query::default()
            .with_some("labelSelector", self.selector.as_ref())
            .with_some("fieldSelector", self.field_selector.as_ref())
    }
}

/// The whole list, `items` of a List or `rows` of a Table.
///
/// When the revision of the first chunk is forgotten before the last was asked for, all is asked for at once.
pub(crate) async fn whole(client: &Client, collection: &str, query: &Query, accept: &str) -> Result<Value> {
    let page = async |query: &Query| client.get_as(&format!("{collection}{query}"), accept).await;
    let mut list = page(&query.clone().with("limit", CHUNK)).await?;
    loop {
        let token = text(&list, "/metadata/continue").to_owned();
        if token.is_empty() {
            return Ok(list);
        }
        let next = match page(&query.clone().with("limit", CHUNK).with("continue", &token)).await {
            Ok(next) => next,
            Err(error) if crate::Refusal::of(&error).is_some_and(|refusal| refusal.reason == "Expired") => {
                return page(query).await;
            }
            Err(error) => return Err(error),
        };
        extend(&mut list, next);
    }
}

fn extend(list: &mut Value, mut next: Value) {
    list["metadata"] = next["metadata"].take();
    for member in ["items", "rows"] {
        let all = list.get_mut(member).and_then(Value::as_array_mut);
        if let (Some(all), Some(more)) = (all, next.get_mut(member).and_then(Value::as_array_mut)) {
            all.append(more);
        }
    }
}

/// The objects of a collection.
pub(crate) async fn objects(client: &Client, collection: &str, query: &Query) -> Result<Vec<Value>> {
    let mut list = whole(client, collection, query, "application/json").await?;
    let objects = list["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
    // The items of a list leave out what they are.
    let (api_version, kind) = (text(&list, "/apiVersion").to_owned(), text(&list, "/kind").to_owned());
    let kind = kind.strip_suffix("List").unwrap_or(&kind);
    Ok(objects.into_iter().map(|object| typed(object, &api_version, kind)).collect())
}

/// The object with `apiVersion` and `kind` first, where it has none.
fn typed(object: Value, api_version: &str, kind: &str) -> Value {
    if object.get("kind").is_some() {
        return object;
    }
    let mut whole = serde_json::json!({ "apiVersion": api_version, "kind": kind });
    if let (Value::Object(whole), Value::Object(members)) = (&mut whole, object) {
        whole.extend(members);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn chunks_make_one_list_with_the_last_ones_metadata() {
        let mut list = json!({ "metadata": { "continue": "x" }, "items": [1, 2] });
        extend(&mut list, json!({ "metadata": { "resourceVersion": "7" }, "items": [3] }));
        assert_eq!(list, json!({ "metadata": { "resourceVersion": "7" }, "items": [1, 2, 3] }));
    }

    #[test]
    fn items_say_what_they_are() {
        assert_eq!(typed(json!({ "a": 1 }), "v1", "Pod").to_string(), r#"{"apiVersion":"v1","kind":"Pod","a":1}"#);
        assert_eq!(typed(json!({ "kind": "X" }), "v1", "Pod"), json!({ "kind": "X" }));
    }
}
