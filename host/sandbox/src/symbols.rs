//! Files and lines of guests' functions, for backtraces.
//!
//! They are read from a component's debug information (DWARF, as toolchains put it into custom sections) once, by the
//! compiler's process, into a small [`table`] that follows the machine code in its file. So they are signed with the
//! code, cost nothing until something traps, and no debug information of a guest's choosing is ever read on a thread
//! that answers requests.
//!
//! Absent: functions that were inlined, which the line tells well enough.

mod lines;
mod table;

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::settings::SYMBOLS_BYTES_MAX;

pub(crate) use table::Table;

/// Ends a file that has a table. Before it stands the table's length, as a little-endian `u64`.
const MARK: &[u8; 8] = b"insula1\n";
/// Length and mark.
const TAIL_BYTES: usize = 16;

/// Adds the lines of the component `wasm` to its machine code. Without debug information nothing is added.
pub(crate) fn append(code: &mut Vec<u8>, wasm: &[u8]) {
    let table = lines::of(wasm).encode();
    if table.is_empty() || table.len() > SYMBOLS_BYTES_MAX {
        return;
    }
    code.extend_from_slice(&table);
    code.extend_from_slice(&(table.len() as u64).to_le_bytes());
    code.extend_from_slice(MARK);
}

/// Reads the lines that [`append`] added; none if there are none, or they cannot be read. It blocks.
pub(crate) fn read(path: &Path) -> Option<Table> {
    let mut file = File::open(path).ok()?;
    let end = file.seek(SeekFrom::End(0)).ok()?;
    let tail_at = end.checked_sub(TAIL_BYTES as u64)?;
    file.seek(SeekFrom::Start(tail_at)).ok()?;
    let mut tail = [0; TAIL_BYTES];
    file.read_exact(&mut tail).ok()?;
    let (length, mark) = tail.split_at(8);
    let length = u64::from_le_bytes(length.try_into().ok()?);
    let bytes = usize::try_from(length).ok().filter(|bytes| *bytes <= SYMBOLS_BYTES_MAX)?;
    if mark != MARK {
        return None;
    }
    file.seek(SeekFrom::Start(tail_at.checked_sub(length)?)).ok()?;
    let mut table = vec![0; bytes];
    file.read_exact(&mut table).ok()?;
    Table::decode(&table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_lines_has_none() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for content in [&b""[..], b"short", &[0; 100], &[&[0xff; 20][..], MARK].concat()] {
            std::fs::write(file.path(), content).unwrap();
            assert!(read(file.path()).is_none(), "{content:?}");
        }
        let mut code = b"code".to_vec();
        append(&mut code, &wat::parse_str("(component)").unwrap());
        assert_eq!(code, b"code");
    }
}
