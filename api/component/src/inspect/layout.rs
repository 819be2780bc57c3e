//! The walk over an artifact's sections. It trusts that the bytes were validated.

use wasmparser::{CustomSectionReader, KnownCustom, MemoryType, Parser, Payload};

use super::{CoreModule, Memory, Producer, Section};
use crate::Error;
use crate::error::shown;

/// Entries of producers that are kept. A component of ten modules has about fifty, most of them alike.
const PRODUCERS_MAX: usize = 200;

/// Names of sections that are told apart; custom ones beyond it are told together.
const SECTIONS_MAX: usize = 100;

/// A WebAssembly page, unless a memory says otherwise.
const PAGE_BYTES_LOG2: u32 = 16;

#[derive(Default)]
pub(super) struct Layout {
    pub(super) sections: Vec<Section>,
    pub(super) core_modules: Vec<CoreModule>,
    pub(super) nested_components: usize,
    pub(super) producers: Vec<Producer>,
    pub(super) has_names: bool,
    pub(super) has_debug_info: bool,
    pub(super) has_component_type: bool,
}

impl Layout {
    pub(super) fn read(wasm: &[u8]) -> Result<Self, Error> {
        let mut layout = Self::default();
        if Parser::is_core_wasm(wasm) {
            layout.core_modules.push(CoreModule { size_bytes: wasm.len(), memories: Vec::new() });
        }
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload?;
            if depth == 0 {
                layout.note_section(&payload);
            }
            match payload {
                Payload::ModuleSection { unchecked_range, .. } => {
                    depth += 1;
                    layout.core_modules.push(CoreModule { size_bytes: unchecked_range.len(), memories: Vec::new() });
                }
                Payload::ComponentSection { .. } => {
                    depth += 1;
                    layout.nested_components += 1;
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::MemorySection(memories) => {
                    for memory in memories {
                        // Modules hold nothing nested, so a memory is of the last one that began.
                        let memory = measure(memory?);
                        if let Some(module) = layout.core_modules.last_mut() {
                            module.memories.push(memory);
                        }
                    }
                }
                Payload::CustomSection(custom) => layout.note_custom(&custom),
                _ => {}
            }
        }
        Ok(layout)
    }

    fn note_section(&mut self, payload: &Payload<'_>) {
        let Some((_, range)) = payload.as_section() else { return };
        let name = name(payload);
        let known = self.sections.iter().position(|section| section.name == name);
        let at = match known {
            Some(at) => at,
            None if self.sections.len() < SECTIONS_MAX => {
                self.sections.push(Section { name, count: 0, size_bytes: 0 });
                self.sections.len() - 1
            }
            None => {
                if let Some(last) = self.sections.last_mut() {
                    "others".clone_into(&mut last.name);
                }
                SECTIONS_MAX - 1
            }
        };
        if let Some(section) = self.sections.get_mut(at) {
            section.count += 1;
            section.size_bytes += range.len();
        }
    }

    fn note_custom(&mut self, custom: &CustomSectionReader<'_>) {
        self.has_debug_info |= custom.name() == ".debug_info";
        self.has_component_type |= custom.name().starts_with("component-type");
        match custom.as_known() {
            KnownCustom::Name(_) => self.has_names = true,
            // Nobody validates custom sections: what is damaged ends the list, and is no reason to refuse.
            KnownCustom::Producers(fields) => fields.into_iter().map_while(Result::ok).for_each(|field| {
                for value in field.values.into_iter().map_while(Result::ok) {
                    self.note_producer(field.name, value.name, value.version);
                }
            }),
            _ => {}
        }
    }

    fn note_producer(&mut self, field: &str, name: &str, version: &str) {
        if self.producers.len() < PRODUCERS_MAX {
            let [field, name, version] = [field, name, version].map(shown);
            self.producers.push(Producer { field, name, version });
        }
    }
}

fn measure(memory: MemoryType) -> Memory {
    let page = 1_u64 << memory.page_size_log2.unwrap_or(PAGE_BYTES_LOG2).min(PAGE_BYTES_LOG2);
    let bytes = |pages: u64| pages.saturating_mul(page);
    Memory { initial_bytes: bytes(memory.initial), maximum_bytes: memory.maximum.map(bytes) }
}

/// What a section is called in the specification's text format, nearly.
fn name(payload: &Payload<'_>) -> String {
    let name = match payload {
        Payload::CustomSection(custom) => return format!("custom {}", shown(custom.name())),
        Payload::TypeSection(_) | Payload::ComponentTypeSection(_) => "type",
        Payload::ImportSection(_) | Payload::ComponentImportSection(_) => "import",
        Payload::ExportSection(_) | Payload::ComponentExportSection(_) => "export",
        Payload::FunctionSection(_) => "function",
        Payload::TableSection(_) => "table",
        Payload::MemorySection(_) => "memory",
        Payload::TagSection(_) => "tag",
        Payload::GlobalSection(_) => "global",
        Payload::StartSection { .. } | Payload::ComponentStartSection { .. } => "start",
        Payload::ElementSection(_) => "element",
        Payload::DataCountSection { .. } => "data count",
        Payload::DataSection(_) => "data",
        Payload::CodeSectionStart { .. } => "code",
        Payload::ModuleSection { .. } => "core module",
        Payload::InstanceSection(_) => "core instance",
        Payload::CoreTypeSection(_) => "core type",
        Payload::ComponentSection { .. } => "component",
        Payload::ComponentInstanceSection(_) => "instance",
        Payload::ComponentAliasSection(_) => "alias",
        Payload::ComponentCanonicalSection(_) => "canon",
        _ => "other",
    };
    name.to_owned()
}
