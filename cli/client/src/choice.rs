//! Which objects a verb is for: named, in files, or chosen by labels.

use anyhow::Result;
use clap_complete::ArgValueCompleter;
use serde_json::Value;

use crate::complete;
use crate::discovery::Resource;
use crate::failure::usage;
use crate::list::{self, Filter};
use crate::manifest::{Files, Manifest};
use crate::session::Session;
use crate::value::{name, text};
use crate::words;

/// Objects by name, file or label.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Choice {
    /// Kinds and names: TYPE NAME..., TYPE/NAME..., or TYPE with a selector.
    #[arg(value_name = "TYPE [NAME] | TYPE/NAME", add = ArgValueCompleter::new(complete::objects))]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) files: Files,
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// All objects of the kinds.
    #[arg(long)]
    pub(crate) all: bool,
    /// In every namespace.
    #[arg(long, short = 'A')]
    pub(crate) all_namespaces: bool,
}

/// One object, which need not be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) resource: Resource,
    pub(crate) namespace: Option<String>,
    pub(crate) name: String,
}

impl Chosen {
    /// Its URL.
    pub(crate) fn path(&self) -> String {
        self.resource.path(self.namespace.as_deref(), &self.name)
    }

    /// The URL of its like.
    pub(crate) fn collection(&self) -> String {
        self.resource.collection(self.namespace.as_deref())
    }

    /// `deployment.apps/web`
    pub(crate) fn label(&self) -> String {
        self.resource.label(&self.name)
    }

    /// The object that is there.
    pub(crate) fn of(resource: &Resource, object: &Value) -> Self {
        let namespace = resource.namespaced.then(|| text(object, "/metadata/namespace").to_owned());
        Self { resource: resource.clone(), namespace, name: name(object).to_owned() }
    }
}

impl Choice {
    /// The objects; none is an error only where they were named by nothing at all.
    pub(crate) async fn resolve(&self, session: &Session) -> Result<Vec<Chosen>> {
        self.resolve_words(session, &self.words).await
    }

    /// The same with only some of the words.
    pub(crate) async fn resolve_words(&self, session: &Session, words: &[String]) -> Result<Vec<Chosen>> {
        if !self.files.is_empty() {
            if !words.is_empty() {
                return Err(usage("name objects either with -f or with TYPE/NAME, not both"));
            }
            return self.files.read()?.iter().map(|manifest| of_manifest(session, manifest)).collect();
        }
        let mut found = Vec::new();
        for named in words::objects(words)? {
            let kinds = session.kinds.find_all(&named.kinds)?;
            if named.names.is_empty() {
                self.require_selection(&named.kinds)?;
                for resource in kinds {
                    found.extend(self.selected(session, &resource).await?);
                }
                continue;
            }
            if !self.filter.is_empty() || self.all {
                return Err(usage("name objects, or choose them with a selector or --all, not both"));
            }
            if self.all_namespaces {
                return Err(usage("objects are named within one namespace; leave --all-namespaces out"));
            }
            for resource in kinds {
                let namespace = session.namespace_of(&resource).map(str::to_owned);
                let chosen = |name: &String| Chosen {
                    resource: resource.clone(),
                    namespace: namespace.clone(),
                    name: name.clone(),
                };
                found.extend(named.names.iter().map(chosen));
            }
        }
        if words.is_empty() {
            return Err(usage("name the objects: TYPE/NAME, TYPE with -l SELECTOR or --all, or -f FILE"));
        }
        Ok(found)
    }

    fn require_selection(&self, kinds: &str) -> Result<()> {
        if self.all || !self.filter.is_empty() {
            return Ok(());
        }
        Err(usage(format!("which {kinds}? Give names, -l SELECTOR, or --all")))
    }

    async fn selected(&self, session: &Session, resource: &Resource) -> Result<Vec<Chosen>> {
        let namespace = session.namespace_of(resource).filter(|_| !self.all_namespaces);
        let objects = list::objects(&session.client, &resource.collection(namespace), &self.filter.query()).await?;
        Ok(objects.iter().map(|object| Chosen::of(resource, object)).collect())
    }
}

/// The object a manifest is of.
pub(crate) fn of_manifest(session: &Session, manifest: &Manifest) -> Result<Chosen> {
    let (api_version, kind) = (text(&manifest.object, "/apiVersion"), text(&manifest.object, "/kind"));
    let Some(resource) = session.kinds.of_object(api_version, kind) else {
        anyhow::bail!("{}: this cluster has no kind {kind:?} of {api_version:?}", manifest.place);
    };
    let own = text(&manifest.object, "/metadata/namespace");
    let namespace = session.namespace_of(resource).map(|namespace| if own.is_empty() { namespace } else { own });
    if let Some(namespace) = namespace.filter(|namespace| session.namespace_given && *namespace != session.namespace) {
        anyhow::bail!(
            "{}: {} is of namespace {namespace:?}, and --namespace says {:?}",
            manifest.place,
            resource.label(name(&manifest.object)),
            session.namespace
        );
    }
    let (name, namespace) = (name(&manifest.object).to_owned(), namespace.map(str::to_owned));
    Ok(Chosen { resource: resource.clone(), namespace, name })
}
