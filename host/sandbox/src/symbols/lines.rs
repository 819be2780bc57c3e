//! Reads the line programs of a component's core modules (DWARF 2 to 5, section 6.2 of the standard).
//!
//! Debug information is a stranger's, so whatever does not parse is left out, and what is read is bounded. Paths are
//! shortened to what a reader knows them by: relative to their crate or project.

use std::collections::BTreeMap;

use gimli::{AttributeValue, Dwarf, EndianSlice, LittleEndian, SectionId, Unit};
use wasmparser::{Parser, Payload};

use super::table::{Row, Table};
use crate::settings::SYMBOL_ROWS_MAX;

type Reader<'a> = EndianSlice<'a, LittleEndian>;

/// A core module's debug sections, and where its code is in the file.
#[derive(Default)]
struct Module<'a> {
    code_at: Option<usize>,
    sections: BTreeMap<&'static str, &'a [u8]>,
}

/// The lines of a component.
pub(super) fn of(wasm: &[u8]) -> Table {
    let mut found = Found::default();
    let mut open: Vec<Module<'_>> = vec![Module::default()];
    for payload in Parser::new(0).parse_all(wasm) {
        let Ok(payload) = payload else { return Table::default() };
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => open.push(Module::default()),
            Payload::CodeSectionStart { range, .. } => {
                if let Some(module) = open.last_mut() {
                    module.code_at = Some(range.start);
                }
            }
            Payload::CustomSection(section) => {
                let known = SECTIONS.iter().find(|known| known.name() == section.name());
                if let (Some(known), Some(module)) = (known, open.last_mut()) {
                    module.sections.insert(known.name(), section.data());
                }
            }
            Payload::End(_) => {
                if let Some(module) = open.pop() {
                    found.module(&module);
                }
            }
            _ => {}
        }
    }
    found.table()
}

/// What line programs and the names of their files are read from.
const SECTIONS: [SectionId; 5] =
    [SectionId::DebugInfo, SectionId::DebugAbbrev, SectionId::DebugLine, SectionId::DebugStr, SectionId::DebugLineStr];

#[derive(Default)]
struct Found {
    files: BTreeMap<String, u32>,
    rows: Vec<Row>,
}

impl Found {
    fn module(&mut self, module: &Module<'_>) {
        let Some(code_at) = module.code_at else { return };
        let section = |id: SectionId| -> Result<Reader<'_>, gimli::Error> {
            Ok(EndianSlice::new(module.sections.get(id.name()).copied().unwrap_or_default(), LittleEndian))
        };
        let Ok(dwarf) = Dwarf::load(section) else { return };
        let mut units = dwarf.units();
        while let Ok(Some(header)) = units.next() {
            if let Ok(unit) = dwarf.unit(header) {
                // What was read before the mistake stands.
                self.unit(&dwarf, &unit, code_at).unwrap_or_default();
            }
        }
    }

    fn unit(&mut self, dwarf: &Dwarf<Reader<'_>>, unit: &Unit<Reader<'_>>, code_at: usize) -> Result<(), gimli::Error> {
        let Some(program) = unit.line_program.clone() else { return Ok(()) };
        let directory = unit.comp_dir.map(|dir| dir.to_string_lossy().into_owned()).unwrap_or_default();
        let mut names: BTreeMap<u64, u32> = BTreeMap::new();
        let mut rows = program.rows();
        let mut sequence = Vec::new();
        while let Some((header, row)) = rows.next_row()? {
            if self.rows.len() + sequence.len() >= SYMBOL_ROWS_MAX {
                return Ok(());
            }
            let file = match names.get(&row.file_index()) {
                Some(file) => *file,
                None => {
                    let path = row.file(header).map(|file| path(dwarf, unit, header, file, &directory));
                    let number = self.file(path.unwrap_or_default());
                    names.insert(row.file_index(), number);
                    number
                }
            };
            let line = row.line().and_then(|line| u32::try_from(line.get()).ok()).filter(|_| !row.end_sequence());
            let offset = usize::try_from(row.address())
                .ok()
                .and_then(|address| u32::try_from(code_at.checked_add(address)?).ok());
            if let Some(offset) = offset {
                sequence.push(Row { offset, file, line: line.unwrap_or(0) });
            }
            if row.end_sequence() {
                self.sequence(&mut sequence, code_at);
            }
        }
        Ok(())
    }

    /// A function that the linker has dropped begins at address 0, where no function can be.
    fn sequence(&mut self, rows: &mut Vec<Row>, code_at: usize) {
        let dropped = rows.first().is_none_or(|row| usize::try_from(row.offset).is_ok_and(|at| at <= code_at));
        if !dropped {
            self.rows.append(rows);
        }
        rows.clear();
    }

    fn file(&mut self, path: String) -> u32 {
        let next = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        *self.files.entry(path).or_insert(next)
    }

    fn table(mut self) -> Table {
        let mut files = vec![String::new(); self.files.len()];
        for (path, number) in self.files {
            if let Some(file) = usize::try_from(number).ok().and_then(|number| files.get_mut(number)) {
                *file = path;
            }
        }
        // Where one function ends another begins: of rows with one offset, the last that knows a line is right.
        self.rows.sort_by_key(|row| (row.offset, row.line > 0));
        self.rows.dedup_by(|later, earlier| {
            let same = later.offset == earlier.offset;
            if same {
                *earlier = *later;
            }
            same
        });
        Table { files, rows: self.rows }
    }
}

fn path(
    dwarf: &Dwarf<Reader<'_>>,
    unit: &Unit<Reader<'_>>,
    header: &gimli::LineProgramHeader<Reader<'_>>,
    file: &gimli::FileEntry<Reader<'_>>,
    unit_directory: &str,
) -> String {
    let text = |value: AttributeValue<Reader<'_>>| {
        dwarf.attr_string(unit, value).map(|text| text.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let name = text(file.path_name());
    let directory = file.directory(header).map(text).unwrap_or_default();
    shortened(&joined(unit_directory, &joined(&directory, &name)))
}

fn joined(directory: &str, name: &str) -> String {
    let absolute = name.starts_with('/') || name.as_bytes().get(1) == Some(&b':');
    if absolute || directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

/// `/home/me/.cargo/registry/src/index-1/http-1.0.0/src/uri.rs` is `http-1.0.0/src/uri.rs` to everyone, the standard
/// library's files are `std/src/...`; of others the last four parts are kept.
fn shortened(path: &str) -> String {
    let path = path.replace('\\', "/");
    for (mark, skip) in [("/registry/src/", 1), ("/library/", 0)] {
        if let Some((_, rest)) = path.split_once(mark) {
            return rest.splitn(skip + 1, '/').last().unwrap_or(rest).to_owned();
        }
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    parts[parts.len().saturating_sub(4)..].join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_as_readers_know_them() {
        for (path, short) in [
            ("/home/me/.cargo/registry/src/index.crates.io-1/http-1.0.0/src/uri.rs", "http-1.0.0/src/uri.rs"),
            ("/rustc/abc/library/core/src/option.rs", "core/src/option.rs"),
            ("/home/me/code/shop/web/src/lib.rs", "shop/web/src/lib.rs"),
            ("C:\\code\\src\\main.c", "C:/code/src/main.c"),
            ("./main.c", "main.c"),
            ("", ""),
        ] {
            assert_eq!(shortened(path), short);
        }
        assert_eq!(
            (joined("/a", "b.c"), joined("/a", "/b.c"), joined("", "b.c")),
            ("/a/b.c".into(), "/b.c".into(), "b.c".into())
        );
    }

    // F46
    #[test]
    fn what_is_no_component_or_no_debug_information_has_no_lines() {
        assert_eq!(of(b"nonsense"), Table::default());
        let module = wat::parse_str(
            r#"(module (func nop) (@custom ".debug_info" "\ff\ff\ff\ff") (@custom ".debug_line" "\01\02\03"))"#,
        );
        assert_eq!(of(&module.unwrap()), Table::default());
    }
}
