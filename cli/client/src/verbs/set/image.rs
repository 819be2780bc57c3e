//! `insula set image`.

use anyhow::Result;
use serde_json::{Value, json};

use super::{Common, each, named};
use crate::failure::usage;
use crate::session::Session;
use crate::words::{self, Change};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(args: Args) -> Result<()> {
    let (objects, changes) = words::with_changes(&args.common.choice.words)?;
    if changes.is_empty() || changes.iter().any(|change| change.value.as_deref().unwrap_or_default().is_empty()) {
        return Err(usage("give CONTAINER=IMAGE, or *=IMAGE for all containers"));
    }
    let session = Session::open(&args.common.place).await?;
    each(&args.common, &session, objects, "image updated", |spec| patch(spec, &changes)).await
}

fn patch(spec: &Value, changes: &[Change]) -> Result<Value> {
    let mut containers = Vec::new();
    for change in changes {
        let image = change.value.as_deref().unwrap_or_default();
        containers.extend(named(spec, &change.key)?.into_iter().map(|name| json!({ "name": name, "image": image })));
    }
    Ok(json!({ "containers": containers }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_found_by_name_or_all() {
        let spec = json!({"containers": [{"name": "a"}, {"name": "b"}]});
        let change = |key: &str| Change { key: key.to_owned(), value: Some("i".to_owned()) };
        let one = json!({"containers": [{"name": "a", "image": "i"}]});
        assert_eq!(patch(&spec, &[change("a")]).expect("is there"), one);
        assert_eq!(patch(&spec, &[change("*")]).expect("are there")["containers"].as_array().map(Vec::len), Some(2));
        assert!(patch(&spec, &[change("c")]).expect_err("is not there").to_string().contains("there are a, b"));
    }
}
