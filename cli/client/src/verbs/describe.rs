//! `insula describe`: a page about each object.

use anyhow::Result;
use clap_complete::ArgValueCompleter;
use jiff::Timestamp;
use serde_json::Value;

use crate::choice::{Chosen, of_manifest};
use crate::describe::{self, Subject};
use crate::discovery::Resource;
use crate::failure::{Failures, usage};
use crate::list::{self, Filter};
use crate::manifest::Files;
use crate::place::Place;
use crate::query::Query;
use crate::session::Session;
use crate::value::{name, text};
use crate::{complete, containers, say, words};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    /// Kinds and names: TYPE, TYPE NAME..., TYPE/NAME...; a name may be the beginning of several.
    #[arg(value_name = "TYPE [NAME] | TYPE/NAME", add = ArgValueCompleter::new(complete::objects))]
    words: Vec<String>,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    filter: Filter,
    /// In every namespace.
    #[arg(long, short = 'A')]
    all_namespaces: bool,
    /// Show the Events about each object.
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", value_name = "true|false")]
    show_events: bool,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let session = Session::open(&args.place).await?;
    let mut failures = Failures::default();
    let mut printed = false;
    for (resource, object) in failures.note(objects(&session, &args).await).unwrap_or_default() {
        let page = failures.note(page(&session, &args, &resource, &object).await);
        let Some(page) = page else { continue };
        if printed {
            say::line("\n")?;
        }
        say::raw(page.as_bytes())?;
        printed = true;
    }
    let failed = failures.end();
    if failed.is_ok() && !printed {
        say::note("No resources found");
    }
    failed
}

async fn objects(session: &Session, args: &Args) -> Result<Vec<(Resource, Value)>> {
    let mut found = Vec::new();
    if !args.files.is_empty() {
        for manifest in args.files.read()? {
            let chosen = of_manifest(session, &manifest)?;
            found.push((chosen.resource.clone(), session.client.object(&chosen.path()).await?));
        }
        return Ok(found);
    }
    if args.words.is_empty() {
        return Err(usage("describe what? `insula describe pod/web`, `insula describe nodes`"));
    }
    for named in words::objects(&args.words)? {
        for resource in session.kinds.find_all(&named.kinds)? {
            let namespace = session.namespace_of(&resource).filter(|_| !args.all_namespaces).map(str::to_owned);
            if named.names.is_empty() {
                let collection = resource.collection(namespace.as_deref());
                let all = list::objects(&session.client, &collection, &args.filter.query()).await?;
                found.extend(all.into_iter().map(|object| (resource.clone(), object)));
            }
            for name in &named.names {
                let chosen = Chosen { resource: resource.clone(), namespace: namespace.clone(), name: name.clone() };
                found.extend(one_or_beginning(session, &chosen).await?.into_iter().map(|o| (resource.clone(), o)));
            }
        }
    }
    Ok(found)
}

/// The object of that name, else those whose names begin so, as kubectl does.
async fn one_or_beginning(session: &Session, chosen: &Chosen) -> Result<Vec<Value>> {
    let error = match session.client.object(&chosen.path()).await {
        Ok(object) => return Ok(vec![object]),
        Err(error) => error,
    };
    if !crate::Refusal::is_not_found(&error) {
        return Err(error);
    }
    let all = list::objects(&session.client, &chosen.collection(), &Query::default()).await?;
    let alike: Vec<Value> = all.into_iter().filter(|object| name(object).starts_with(&chosen.name)).collect();
    if alike.is_empty() { Err(error) } else { Ok(alike) }
}

async fn page(session: &Session, args: &Args, resource: &Resource, object: &Value) -> Result<String> {
    let events = if args.show_events { events(session, object).await? } else { Vec::new() };
    let related = related(session, resource, object).await?;
    let subject = Subject { object, events: &events, related: &related, now: Timestamp::now() };
    // Kinds of other groups may have the same name and another shape.
    let is_known = matches!(resource.group.as_str(), "" | "apps" | "batch");
    Ok(describe::page(if is_known { &resource.kind } else { "" }, &subject))
}

/// The Events about an object, oldest first.
async fn events(session: &Session, object: &Value) -> Result<Vec<Value>> {
    let selector = format!("involvedObject.uid={}", text(object, "/metadata/uid"));
    let namespace = match text(object, "/metadata/namespace") {
        // Events about what has no namespace lie in the default one.
        "" => "default",
        namespace => namespace,
    };
    let path = format!("/api/v1/namespaces/{namespace}/events");
    let mut events = list::objects(&session.client, &path, &Query::default().with("fieldSelector", selector)).await?;
    events.sort_by(|a, b| describe::last(a).cmp(describe::last(b)));
    Ok(events)
}

/// Pods of a workload or node, EndpointSlices of a Service.
async fn related(session: &Session, resource: &Resource, object: &Value) -> Result<Vec<Value>> {
    let query = Query::default();
    let (path, query) = match resource.qualified().as_str() {
        "nodes" => ("/api/v1/pods".to_owned(), query.with("fieldSelector", format!("spec.nodeName={}", name(object)))),
        "services" => {
            let slices = session.kinds.find("endpointslices.discovery.k8s.io")?;
            let selector = format!("kubernetes.io/service-name={}", name(object));
            (slices.collection(Some(text(object, "/metadata/namespace"))), query.with("labelSelector", selector))
        }
        "deployments.apps" | "replicasets.apps" | "statefulsets.apps" | "daemonsets.apps" | "jobs.batch" => {
            let Some(selector) = containers::pod_selector(&resource.kind, object) else { return Ok(Vec::new()) };
            let path = format!("/api/v1/namespaces/{}/pods", text(object, "/metadata/namespace"));
            (path, query.with("labelSelector", selector))
        }
        _ => return Ok(Vec::new()),
    };
    list::objects(&session.client, &path, &query).await
}
