//! `insula api-resources` and `api-versions`: which kinds a cluster has.

use anyhow::Result;

use crate::discovery::Resource;
use crate::output::table::Grid;
use crate::place::Place;
use crate::say;
use crate::session::Session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    /// Only of this group; empty for the core group.
    #[arg(long, value_name = "GROUP")]
    api_group: Option<String>,
    /// Only kinds with namespaces, or only without.
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    namespaced: Option<bool>,
    /// Only kinds with all of these verbs.
    #[arg(long, value_name = "VERB", value_delimiter = ',')]
    verbs: Vec<String>,
    /// Only kinds of all of these categories.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    categories: Vec<String>,
    /// wide shows verbs and categories, name the names alone.
    #[arg(long, short, value_name = "wide|name", value_parser = ["wide", "name"])]
    output: Option<String>,
    /// Order by name or kind; by group and name unless given.
    #[arg(long, value_name = "name|kind", value_parser = ["name", "kind"])]
    sort_by: Option<String>,
    /// Leave the line of headings out.
    #[arg(long)]
    no_headers: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct VersionsArgs {
    #[command(flatten)]
    place: Place,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let session = Session::open(&args.place).await?;
    let mut shown: Vec<&Resource> = session.kinds.all().filter(|resource| is_wanted(&args, resource)).collect();
    match args.sort_by.as_deref() {
        Some("name") => shown.sort_by(|a, b| a.plural.cmp(&b.plural)),
        Some(_) => shown.sort_by(|a, b| a.kind.cmp(&b.kind)),
        None => shown.sort_by(|a, b| (&a.group, &a.plural).cmp(&(&b.group, &b.plural))),
    }
    match args.output.as_deref() {
        Some("name") => say::lines(shown.iter().map(|resource| resource.qualified())),
        form => say::lines(table(&shown, form.is_some()).lines(!args.no_headers)),
    }
}

pub(crate) async fn versions(args: VersionsArgs) -> Result<()> {
    let session = Session::open(&args.place).await?;
    let mut versions: Vec<String> = session.kinds.all().map(Resource::api_version).collect();
    versions.sort();
    versions.dedup();
    say::lines(versions)
}

fn is_wanted(args: &Args, resource: &Resource) -> bool {
    args.api_group.as_ref().is_none_or(|group| *group == resource.group)
        && args.namespaced.is_none_or(|namespaced| namespaced == resource.namespaced)
        && args.verbs.iter().all(|verb| resource.can(verb))
        && args.categories.iter().all(|category| resource.categories.contains(category))
}

fn table(shown: &[&Resource], wide: bool) -> Grid {
    let mut grid = Grid::new(["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"]);
    grid.rows = shown
        .iter()
        .map(|resource| {
            let namespaced = resource.namespaced.to_string();
            vec![
                resource.plural.clone(),
                resource.short_names.join(","),
                resource.api_version(),
                namespaced,
                resource.kind.clone(),
            ]
        })
        .collect();
    if wide {
        grid.heading.extend(["VERBS", "CATEGORIES"].map(str::to_owned));
        for (row, resource) in grid.rows.iter_mut().zip(shown) {
            row.extend([resource.verbs.join(","), resource.categories.join(",")]);
        }
    }
    grid
}
