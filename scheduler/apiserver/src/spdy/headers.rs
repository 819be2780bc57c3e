//! Header blocks: names and values, behind each direction's compression.

use bytes::Buf;

use super::inflate::Inflater;
use super::{Malformed, dictionary};

/// Most bytes of one block when inflated; those of a forwarded port have a hundred.
const BLOCK_BYTES_MAX: usize = 16 << 10;
/// Most headers of one block.
const HEADERS_MAX: usize = 64;
/// Most bytes of one block that we send: what one stored block holds.
const STORED_BYTES_MAX: usize = 65_535;

/// Names, in lower case, and values.
pub(crate) type Headers = Vec<(String, String)>;

/// Reads the blocks of one direction, in order.
#[derive(Debug, Default)]
pub(super) struct Reader(Inflater);

impl Reader {
    pub(super) fn read(&mut self, compressed: &[u8]) -> Result<Headers, Malformed> {
        let block = self.0.block(compressed, BLOCK_BYTES_MAX)?;
        parse(&block)
    }
}

fn parse(mut block: &[u8]) -> Result<Headers, Malformed> {
    let count = block.try_get_u32().map_err(|_| Malformed::Headers)?;
    let count = usize::try_from(count).ok().filter(|count| *count <= HEADERS_MAX).ok_or(Malformed::Headers)?;
    let mut headers = Vec::with_capacity(count);
    for _ in 0..count {
        let name = text(&mut block)?.to_ascii_lowercase();
        headers.push((name, text(&mut block)?));
    }
    if block.is_empty() { Ok(headers) } else { Err(Malformed::Headers) }
}

fn text(block: &mut &[u8]) -> Result<String, Malformed> {
    let length = block.try_get_u32().map_err(|_| Malformed::Headers)?;
    let length = usize::try_from(length).map_err(|_| Malformed::Headers)?;
    let (text, rest) = block.split_at_checked(length).ok_or(Malformed::Headers)?;
    *block = rest;
    String::from_utf8(text.to_vec()).map_err(|_| Malformed::Headers)
}

/// Writes the blocks of one direction, uncompressed: ours are nearly always empty.
#[derive(Debug, Default)]
pub(super) struct Writer {
    begun: bool,
}

impl Writer {
    /// Appends a block. Headers beyond what fits into one are left out.
    pub(super) fn write(&mut self, headers: &Headers, into: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.begun, true) {
            // Deflate with a window of 32 KiB, not compressed, with a dictionary (RFC 1950).
            into.extend_from_slice(&[0x78, 0x20]);
            into.extend_from_slice(&dictionary::ID.to_be_bytes());
        }
        let mut block = vec![0; 4];
        let mut count = 0u32;
        for (name, value) in headers {
            let [name_length, value_length] = [name, value].map(|text| u32::try_from(text.len()).unwrap_or(u32::MAX));
            if block.len() + 8 + name.len() + value.len() > STORED_BYTES_MAX {
                break;
            }
            block.extend_from_slice(&name_length.to_be_bytes());
            block.extend_from_slice(name.to_ascii_lowercase().as_bytes());
            block.extend_from_slice(&value_length.to_be_bytes());
            block.extend_from_slice(value.as_bytes());
            count += 1;
        }
        block[..4].copy_from_slice(&count.to_be_bytes());
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        into.push(0);
        into.extend_from_slice(&length.to_le_bytes());
        into.extend_from_slice(&(!length).to_le_bytes());
        into.extend_from_slice(&block);
        // An empty block is what a reader waits for before it gives out what was before.
        into.extend_from_slice(&[0, 0, 0, 0xff, 0xff]);
    }
}
