//! Where in the source an instruction comes from: rows in order of the instruction's place in the component's file.
//!
//! As bytes, all numbers little-endian `u32`: the number of files, each as its length and its path; the number of rows,
//! each as offset, file and line. A row holds until the next one; line 0 means that nothing is known from there on.

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Bytes from the start of the component's file.
    pub(crate) offset: u32,
    /// Index into the files.
    pub(crate) file: u32,
    /// Counted from 1; 0 is none.
    pub(crate) line: u32,
}

/// Files and rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) files: Vec<String>,
    /// In order of their offsets.
    pub(crate) rows: Vec<Row>,
}

impl Table {
    /// `path:line` of the instruction at `offset`.
    pub(crate) fn line(&self, offset: u32) -> Option<String> {
        let after = self.rows.partition_point(|row| row.offset <= offset);
        let row = self.rows.get(after.checked_sub(1)?).filter(|row| row.line > 0)?;
        let file = self.files.get(usize::try_from(row.file).ok()?)?;
        Some(format!("{file}:{}", row.line))
    }

    /// As bytes; none if there is no row.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self.rows.is_empty() {
            return bytes;
        }
        let number = |bytes: &mut Vec<u8>, number: usize| {
            bytes.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
        };
        number(&mut bytes, self.files.len());
        for file in &self.files {
            number(&mut bytes, file.len());
            bytes.extend_from_slice(file.as_bytes());
        }
        number(&mut bytes, self.rows.len());
        for row in &self.rows {
            for part in [row.offset, row.file, row.line] {
                bytes.extend_from_slice(&part.to_le_bytes());
            }
        }
        bytes
    }

    pub(crate) fn decode(mut bytes: &[u8]) -> Option<Self> {
        let bytes = &mut bytes;
        let mut table = Self::default();
        for _ in 0..number(bytes)? {
            let length = usize::try_from(number(bytes)?).ok()?;
            let path = bytes.split_off(..length)?;
            table.files.push(String::from_utf8_lossy(path).into_owned());
        }
        for _ in 0..number(bytes)? {
            table.rows.push(Row { offset: number(bytes)?, file: number(bytes)?, line: number(bytes)? });
        }
        Some(table)
    }
}

fn number(bytes: &mut &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.split_off(..4)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let rows = [(10, 0, 3), (20, 1, 7), (30, 0, 0)].map(|(offset, file, line)| Row { offset, file, line });
        Table { files: vec!["src/lib.rs".to_owned(), "src/ü.rs".to_owned()], rows: rows.to_vec() }
    }

    #[test]
    fn a_row_holds_until_the_next() {
        let table = table();
        for (offset, line) in [
            (9, None),
            (10, Some("src/lib.rs:3")),
            (19, Some("src/lib.rs:3")),
            (20, Some("src/ü.rs:7")),
            (30, None),
            (u32::MAX, None),
        ] {
            assert_eq!(table.line(offset).as_deref(), line, "{offset}");
        }
    }

    #[test]
    fn bytes_survive_the_round_trip_and_cut_ones_are_refused() {
        let bytes = table().encode();
        assert_eq!(Table::decode(&bytes), Some(table()));
        for end in 0..bytes.len() {
            assert_eq!(Table::decode(&bytes[..end]), None, "{end}");
        }
        assert!(Table::decode(&[0xff; 64]).is_none());
        assert!(Table::default().encode().is_empty());
    }
}
