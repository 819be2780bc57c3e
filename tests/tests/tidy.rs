//! Keeps the house: the arrows between crates and their absences, docs on every module, the map in the README.
//!
//! It asserts what a reviewer would otherwise have to remember, and prints the largest files so that one
//! sees them grow. It does not judge style that clippy and rustfmt already judge.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// The arrows of the house: who may name whom, directly. README's map shows the same.
const ARROWS: [(&str, &[&str]); 22] = [
    ("api", &[]),
    ("component", &[]),
    ("protocol", &[]),
    ("store", &[]),
    ("planner", &["api"]),
    ("apiserver", &["api", "store"]),
    ("registry", &["component"]),
    ("backing", &[]),
    ("scheduler", &["planner", "store", "apiserver", "registry", "backing", "component", "protocol", "api"]),
    ("sandbox", &["component"]),
    ("network", &[]),
    ("cage", &[]),
    ("host", &["sandbox", "network", "cage", "protocol", "component", "api"]),
    ("insula-sdk", &["insula-sdk-macros"]),
    ("insula-sdk-macros", &[]),
    ("insula-testing", &["sandbox"]),
    ("client", &["api"]),
    ("toolchain", &["component"]),
    ("alone", &["sandbox"]),
    ("insula", &["client", "toolchain", "alone", "scheduler", "host", "component", "api"]),
    ("xtask", &[]),
    (
        "tests",
        &[
            "api",
            "component",
            "protocol",
            "store",
            "planner",
            "apiserver",
            "registry",
            "backing",
            "scheduler",
            "sandbox",
            "network",
            "cage",
            "host",
        ],
    ),
];

/// Who must never reach what, however indirectly.
const ABSENCES: [(&str, &[&str]); 9] = [
    ("planner", &["tokio", "tonic", "redb", "rand", "tracing"]),
    ("scheduler", &["host", "sandbox", "network", "wasmtime", "kube"]),
    ("host", &["scheduler", "planner", "store", "apiserver", "registry", "backing", "redb", "redis", "kube"]),
    ("network", &["wasmtime", "tonic", "redb"]),
    ("cage", &["wasmtime", "tonic", "rustls", "ring", "redb"]),
    ("apiserver", &["tonic", "wasmtime", "kube"]),
    ("client", &["tonic", "wasmtime", "redb"]),
    ("toolchain", &["hyper", "kube", "wasmtime", "rustls"]),
    ("insula", &["openssl", "openssl-sys", "aws-lc-rs", "native-tls"]),
];

/// Who alone may name them: their types do not leave these crates.
const BEHIND_DOORS: [(&str, &[&str]); 7] = [
    ("wasmtime", &["sandbox"]),
    ("wasmtime-wasi", &["sandbox"]),
    ("wasmtime-wasi-http", &["sandbox"]),
    ("redb", &["backing", "store"]),
    ("redis", &["backing"]),
    ("async-nats", &["backing"]),
    ("object_store", &["backing"]),
];

/// Crates that may read environment variables and files of configuration.
const MAY_READ_THE_ENVIRONMENT: [&str; 6] = ["scheduler", "host", "cli/client", "cli", "tests", "xtask"];

/// Non-test lines after which a file is looked at again, and after which it must be split.
const LINES_LOOK_AGAIN: usize = 400;
const LINES_MAX: usize = 650;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a parent").to_path_buf()
}

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).exec().expect("cargo metadata")
}

fn ordinary(package: &Package) -> BTreeSet<String> {
    let ordinary = package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal);
    ordinary.map(|d| d.name.clone()).collect()
}

#[test]
fn crates_name_only_whom_the_arrows_allow() {
    let metadata = metadata();
    let ours: BTreeSet<String> = metadata.workspace_packages().iter().map(|p| p.name.to_string()).collect();
    let known: BTreeSet<String> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(ours, known, "every crate has a row of arrows");
    for package in metadata.workspace_packages() {
        let allowed = ARROWS.iter().find(|(name, _)| *name == package.name.as_str()).expect("a row").1;
        for dependency in ordinary(package).intersection(&ours) {
            assert!(allowed.contains(&dependency.as_str()), "{} must not depend on {dependency}", package.name);
        }
    }
}

#[test]
fn what_is_deliberately_absent_is_absent_transitively() {
    let metadata = metadata();
    let resolve = metadata.resolve.as_ref().expect("a resolved graph");
    let name = |id| metadata.packages.iter().find(|p| p.id == id).map(|p| p.name.to_string()).expect("a package");
    let edges: BTreeMap<String, BTreeSet<String>> = resolve.nodes.iter().fold(BTreeMap::new(), |mut edges, node| {
        let ordinary = node.deps.iter().filter(|d| d.dep_kinds.iter().any(|k| k.kind == DependencyKind::Normal));
        edges.entry(name(node.id.clone())).or_default().extend(ordinary.map(|d| name(d.pkg.clone())));
        edges
    });
    for (from, forbidden) in ABSENCES {
        let reached = reach(&edges, from);
        assert!(reached.len() > 1, "{from} is in the graph");
        for absent in forbidden {
            assert!(!reached.contains(*absent), "{from} must not reach {absent}");
        }
    }
}

fn reach(edges: &BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<String> {
    let (mut reached, mut todo) = (BTreeSet::new(), vec![from.to_owned()]);
    while let Some(next) = todo.pop() {
        if reached.insert(next.clone()) {
            todo.extend(edges.get(&next).into_iter().flatten().cloned());
        }
    }
    reached
}

#[test]
fn heavy_libraries_lie_behind_few_doors() {
    let metadata = metadata();
    for (library, doors) in BEHIND_DOORS {
        let named: Vec<String> = metadata
            .workspace_packages()
            .iter()
            .filter(|package| ordinary(package).contains(library))
            .map(|package| package.name.to_string())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        assert_eq!(named, doors, "only these name {library}");
    }
}

/// The checker is itself checked: a planted arrow must be found.
#[test]
fn a_planted_indirect_arrow_is_found() {
    let edge = |from: &str, to: &str| (from.to_owned(), BTreeSet::from([to.to_owned()]));
    let edges = BTreeMap::from([edge("planner", "api"), edge("api", "tokio")]);
    assert!(reach(&edges, "planner").contains("tokio"));
}

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut todo = vec![root()];
    while let Some(dir) = todo.pop() {
        for entry in fs::read_dir(&dir).expect("a folder").filter_map(Result::ok) {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() {
                if name != "target" && !name.to_string_lossy().starts_with('.') {
                    todo.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(found.len() > 50, "the tree is found");
    found
}

/// Lines before the first inline test module.
fn lines_without_tests(text: &str) -> usize {
    text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count()
}

fn is_generated(path: &Path) -> bool {
    path.to_string_lossy().contains("generated")
}

#[test]
fn every_module_says_what_it_is_for() {
    for path in sources() {
        let text = fs::read_to_string(&path).expect("a source file");
        assert!(text.starts_with("//!"), "{} opens with `//!`", path.display());
    }
}

#[test]
fn files_are_one_concept_each() {
    let mut sizes: Vec<(usize, PathBuf)> = sources()
        .into_iter()
        .filter(|path| !is_generated(path) && !path.components().any(|c| c.as_os_str() == "tests"))
        .map(|path| (lines_without_tests(&fs::read_to_string(&path).expect("a source file")), path))
        .collect();
    sizes.sort();
    println!("median {} lines; look again at:", sizes[sizes.len() / 2].0);
    for (lines, path) in sizes.iter().rev().take_while(|(lines, _)| *lines > LINES_LOOK_AGAIN) {
        println!("{lines:>6} {}", path.display());
    }
    let (lines, largest) = sizes.last().expect("files");
    assert!(*lines <= LINES_MAX, "{} has {lines} lines: split it by noun", largest.display());
}

#[test]
fn only_the_edges_read_the_environment() {
    for path in sources() {
        let relative = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
        let below_a_shell = relative.split_once("/src/").map_or("", |(package, _)| package);
        let allowed = MAY_READ_THE_ENVIRONMENT.contains(&below_a_shell) || !relative.contains("/src/");
        if allowed || relative.starts_with("samples/") || relative.starts_with("sdk/") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source file");
        let product: String = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).collect();
        assert!(!product.contains("env::var"), "{relative} reads the environment");
    }
}

#[test]
fn the_readme_maps_every_crate() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    for package in metadata().workspace_packages() {
        let folder = package.manifest_path.parent().expect("a folder");
        let relative = folder.strip_prefix(root()).expect("below the root");
        assert!(readme.contains(&format!("`{relative}`")), "README.md's map lacks `{relative}`");
    }
}

#[test]
fn every_dependency_lives_behind_the_workspace() {
    // Guests build the SDK from a workspace of their own.
    let of_guests = ["insula-sdk", "insula-sdk-macros"];
    for package in metadata().workspace_packages().iter().filter(|p| !of_guests.contains(&p.name.as_str())) {
        let text = fs::read_to_string(&package.manifest_path).expect("a manifest");
        let sections =
            text.split("\n[").filter(|section| section.split(']').next().is_some_and(|s| s.ends_with("dependencies")));
        for line in sections.flat_map(|section| section.lines().skip(1)) {
            let line = line.split('#').next().unwrap_or_default().trim();
            let inherited = line.is_empty() || line.contains(".workspace = true") || line.contains("workspace = true,");
            assert!(inherited, "{}: `{line}` is not inherited from the workspace", package.name);
        }
    }
    let root = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let shared = root.split("[workspace.dependencies]").nth(1).expect("a section").split("[workspace.lints").next();
    for line in shared.expect("its body").lines().filter(|line| line.contains('=')) {
        assert!(!line.contains("git ="), "a dependency comes from the registry: {line}");
    }
}
