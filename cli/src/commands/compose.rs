//! `insula compose`: makes one component of files, and tells what satisfied what.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use component::{Composed, Part};

use crate::args;

pub(crate) fn run(args: &args::Compose) -> Result<()> {
    let socket = read(&args.socket)?;
    let plugs = args.plugs.iter().map(|plug| read(plug)).collect::<Result<Vec<_>>>()?;
    let plugs: Vec<Part<'_>> = plugs.iter().map(|(name, wasm)| Part { name, wasm }).collect();
    let composed = component::compose(Part { name: &socket.0, wasm: &socket.1 }, &plugs)?;
    let output: &PathBuf = &args.output;
    std::fs::write(output, &composed.wasm).with_context(|| format!("cannot write {}", output.display()))?;
    print!("{}", report(output, &composed));
    Ok(())
}

/// A file, called as it was given.
fn read(file: &Path) -> Result<(String, Vec<u8>)> {
    let name = file.display().to_string();
    let wasm = std::fs::read(file).with_context(|| format!("cannot read {name}"))?;
    Ok((name, wasm))
}

/// What satisfied what, and what a host is still to grant.
fn report(output: &Path, composed: &Composed) -> String {
    let mut lines: Vec<String> = Vec::new();
    for one in &composed.connections {
        let version = if one.import == one.export { String::new() } else { format!(" as {}", one.export) };
        lines.push(format!("{}: {} from {}{version}", one.importer, one.import, one.exporter));
    }
    lines.push(format!("wrote {}, {} bytes", output.display(), composed.wasm.len()));
    let imports = &composed.description.imports;
    let left: Vec<String> = imports.iter().map(|import| format!("  {import}")).collect();
    lines.push(if left.is_empty() { "it imports nothing".to_owned() } else { "it still imports".to_owned() });
    lines.extend(left);
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use component::{Connection, Description, Kind};

    #[test]
    fn the_report_names_who_satisfied_what_and_what_is_left() {
        let id = |text: &str| text.parse().expect("an interface");
        let imports = vec![id("wasi:io/streams@0.2.6")];
        let connection = Connection {
            importer: "web.wasm".to_owned(),
            import: id("shop:stock/api@1.0.0"),
            exporter: "stock.wasm".to_owned(),
            export: id("shop:stock/api@1.1.0"),
        };
        let composed = Composed {
            wasm: vec![0; 7],
            description: Description { kind: Kind::Component, imports, exports: Vec::new(), size_bytes: 7 },
            front: "web.wasm".to_owned(),
            connections: vec![connection],
        };
        let wanted = "web.wasm: shop:stock/api@1.0.0 from stock.wasm as shop:stock/api@1.1.0\n\
                      wrote out.wasm, 7 bytes\nit still imports\n  wasi:io/streams@0.2.6\n";
        assert_eq!(report(Path::new("out.wasm"), &composed), wanted);
    }
}
