//! `insula inspect`: what a component tells of itself, from a file or from the cluster's registry.

use std::path::Path;

use anyhow::{Context, Result, bail};
use component::{Inspection, Interface, Memory, Producer};

use super::pull::pull;
use crate::args::{self, Form};
use client::Client;

pub(crate) async fn run(args: args::Inspect) -> Result<()> {
    let wasm = read(&args).await?;
    let inspection = component::inspect(&wasm).with_context(|| args.source.clone())?;
    let wit = if args.wit { Some(component::wit(&wasm).with_context(|| args.source.clone())?) } else { None };
    match (args.output, wit) {
        (Form::Json, wit) => {
            let mut json = serde_json::to_value(&inspection)?;
            if let Some(wit) = wit {
                json["wit"] = wit.into();
            }
            println!("{}", serde_json::to_string_pretty(&json)?);
        }
        (Form::Text, Some(wit)) => print!("{wit}"),
        (Form::Text, None) => print!("{}", text(&args.source, &inspection)),
    }
    Ok(())
}

/// A file if there is one of that name, else an image.
async fn read(args: &args::Inspect) -> Result<Vec<u8>> {
    let file = Path::new(&args.source);
    if file.is_file() {
        return std::fs::read(file).with_context(|| format!("cannot read {}", file.display()));
    }
    if args.source.ends_with(".wasm") {
        bail!("there is no file {}", file.display());
    }
    pull(&Client::new(&args.target).await?, &args.source).await
}

fn text(source: &str, found: &Inspection) -> String {
    let mut lines = vec![format!("{source}: {}, {}", kind(found), bytes(found.description.size_bytes as u64))];
    let mut field = |name: &str, values: Vec<String>| {
        for (at, value) in values.into_iter().enumerate() {
            lines.push(format!("{:<11}{value}", if at == 0 { name } else { "" }));
        }
    };
    let ids = |interfaces: &[Interface]| interfaces.iter().map(ToString::to_string).collect();
    field("worlds", found.worlds.iter().map(ToString::to_string).collect());
    field("imports", ids(&found.description.imports));
    field("exports", ids(&found.description.exports));
    field("made with", found.producers.iter().map(producer).collect());
    field("debugging", vec![debugging(found).to_owned()]);
    field("modules", found.core_modules.iter().map(|one| module(one.size_bytes, &one.memories)).collect());
    if found.nested_components > 0 {
        field("nested", vec![format!("{} components", found.nested_components)]);
    }
    let section = |one: &component::Section| {
        // The name is the author's, and a terminal obeys what it is sent.
        format!("{} × {}, {}", one.count, one.name.escape_debug(), bytes(one.size_bytes as u64))
    };
    field("sections", found.sections.iter().map(section).collect());
    lines.join("\n") + "\n"
}

fn kind(found: &Inspection) -> &'static str {
    match found.description.kind {
        component::Kind::Component => "component",
        component::Kind::Module => "core module for WASI preview 1, which becomes a component when it is compiled",
    }
}

fn producer(one: &Producer) -> String {
    let line = format!("{} {} {}", one.field, one.name, one.version);
    line.trim_end().escape_debug().to_string()
}

fn debugging(found: &Inspection) -> &'static str {
    match (found.has_names, found.has_debug_info) {
        (true, true) => "names of functions, and DWARF with files and lines",
        (true, false) => "names of functions, no DWARF",
        (false, true) => "DWARF with files and lines, no names of functions",
        (false, false) => "neither names of functions nor DWARF: backtraces will have addresses alone",
    }
}

fn module(size_bytes: usize, memories: &[Memory]) -> String {
    let memories = memories.iter().map(|memory| {
        let most =
            memory.maximum_bytes.map_or_else(|| "no bound".to_owned(), |most| format!("at most {}", bytes(most)));
        format!(", memory of {}, {most}", bytes(memory.initial_bytes))
    });
    bytes(size_bytes as u64) + &memories.collect::<String>()
}

/// A size for people: whole units below ten of the next.
pub(crate) fn bytes(count: u64) -> String {
    match count {
        0..10_240 => format!("{count} bytes"),
        10_240..10_485_760 => format!("{} KiB", count >> 10),
        _ => format!("{} MiB", count >> 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use component::{CoreModule, Description, Kind, Section, World};

    #[test]
    fn the_text_tells_all_and_sends_nothing_to_the_terminal_that_it_would_obey() {
        let id = |text: &str| text.parse().expect("an interface");
        let imports = vec![id("wasi:io/error@0.2.6"), id("wasi:io/streams@0.2.6")];
        let exports = vec![id("wasi:http/incoming-handler@0.2.6")];
        let memories = vec![Memory { initial_bytes: 1 << 20, maximum_bytes: None }];
        let inspection = Inspection {
            description: Description { kind: Kind::Component, imports, exports, size_bytes: 20 << 20 },
            worlds: vec![World::HttpProxy02],
            sections: vec![Section { name: "custom \u{1b}[2J".to_owned(), count: 1, size_bytes: 5 }],
            core_modules: vec![CoreModule { size_bytes: 19 << 20, memories }],
            nested_components: 1,
            producers: vec![Producer { field: "language".to_owned(), name: "Rust".to_owned(), version: String::new() }],
            has_names: true,
            has_debug_info: false,
            has_component_type: false,
        };
        let text = text("web.wasm", &inspection);
        let wanted = "web.wasm: component, 20 MiB\n\
                      worlds     wasi:http/proxy@0.2\n\
                      imports    wasi:io/error@0.2.6\n           wasi:io/streams@0.2.6\n\
                      exports    wasi:http/incoming-handler@0.2.6\n\
                      made with  language Rust\n\
                      debugging  names of functions, no DWARF\n\
                      modules    19 MiB, memory of 1024 KiB, no bound\n\
                      nested     1 components\n\
                      sections   1 × custom \\u{1b}[2J, 5 bytes\n";
        assert_eq!(text, wanted);
    }
}
