//! `insula set resources`.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::{Common, each, named};
use crate::failure::usage;
use crate::session::Session;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    /// Only of this container; of all unless given.
    #[arg(long, short, value_name = "NAME", default_value = "*")]
    containers: String,
    /// What they may have: cpu=500m,memory=64Mi; 0 takes a limit away.
    #[arg(long, value_name = "NAME=QUANTITY,...", value_delimiter = ',', value_parser = crate::words::key_value)]
    limits: Vec<(String, String)>,
    /// What they request.
    #[arg(long, value_name = "NAME=QUANTITY,...", value_delimiter = ',', value_parser = crate::words::key_value)]
    requests: Vec<(String, String)>,
}

pub(super) async fn run(args: Args) -> Result<()> {
    if args.limits.is_empty() && args.requests.is_empty() {
        return Err(usage("give --limits or --requests, such as --limits=memory=64Mi"));
    }
    let (limits, requests) = (quantities(&args.limits)?, quantities(&args.requests)?);
    let session = Session::open(&args.common.place).await?;
    let objects = &args.common.choice.words;
    let patch = |spec: &Value| {
        let resources = json!({ "limits": limits, "requests": requests });
        let all =
            named(spec, &args.containers)?.into_iter().map(|name| json!({ "name": name, "resources": resources }));
        Ok(json!({ "containers": all.collect::<Vec<_>>() }))
    };
    each(&args.common, &session, objects, "resource requirements updated", patch).await
}

/// A zero takes the quantity away.
fn quantities(all: &[(String, String)]) -> Result<Map<String, Value>> {
    let one = |(name, quantity): &(String, String)| match api::quantity::parse_millis(quantity) {
        Ok(0) => Ok((name.clone(), Value::Null)),
        Ok(_) => Ok((name.clone(), json!(quantity))),
        Err(why) => Err(usage(format!("{name}: {why}"))),
    };
    all.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_checked_before_anything_is_sent() {
        let pairs = |text: &str| vec![("memory".to_owned(), text.to_owned())];
        assert_eq!(Value::Object(quantities(&pairs("64Mi")).expect("a quantity")), json!({"memory": "64Mi"}));
        assert_eq!(Value::Object(quantities(&pairs("0")).expect("a quantity")), json!({"memory": null}));
        assert!(quantities(&pairs("much")).is_err());
    }
}
