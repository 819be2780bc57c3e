//! Inflating header blocks (RFC 1950, RFC 1951).
//!
//! All header blocks of one direction are one zlib stream with a preset dictionary, flushed to a byte boundary after
//! each block. zlib libraries that take a dictionary are written in C; what is needed is a page. It is not made for
//! speed: a block has a hundred bytes.

use super::{Malformed, dictionary};

/// How far back a copy may reach.
const WINDOW_BYTES: usize = 32 << 10;
/// Longest code of a symbol, in bits.
const CODE_BITS_MAX: usize = 15;
/// Length symbols 257 to 285: base, and how many bits are added to it.
const LENGTHS: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];
/// Distance symbols: base, and how many bits are added to it.
const DISTANCES: [(u16, u8); 30] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1025, 9),
    (1537, 9),
    (2049, 10),
    (3073, 10),
    (4097, 11),
    (6145, 11),
    (8193, 12),
    (12289, 12),
    (16385, 13),
    (24577, 13),
];
/// In which order a block tells the lengths of the codes that its code lengths are written in.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// One direction's stream.
#[derive(Debug, Default)]
pub(super) struct Inflater {
    /// The dictionary and what was inflated, as far as later blocks may refer to it; empty before the first.
    history: Vec<u8>,
}

impl Inflater {
    /// Inflates one header block, to at most `max` bytes.
    pub(super) fn block(&mut self, mut input: &[u8], max: usize) -> Result<Vec<u8>, Malformed> {
        if self.history.is_empty() {
            input = header(input)?;
            self.history = dictionary::bytes();
        }
        let begin = self.history.len();
        let mut output = Output { bytes: &mut self.history, end: begin + max };
        let mut bits = Bits { input, hold: 0, count: 0 };
        while !bits.is_at_end() {
            deflated(&mut bits, &mut output)?;
        }
        let inflated = self.history.split_off(begin);
        self.history.extend_from_slice(&inflated);
        let excess = self.history.len().saturating_sub(WINDOW_BYTES);
        drop(self.history.drain(..excess));
        Ok(inflated)
    }
}

/// The zlib header, which names the dictionary.
fn header(input: &[u8]) -> Result<&[u8], Malformed> {
    let Some((&[method, flags, a, b, c, d], rest)) = input.split_first_chunk::<6>() else {
        return Err(Malformed::Compression);
    };
    let is_checked = (u16::from(method) << 8 | u16::from(flags)) % 31 == 0;
    let has_dictionary = flags & 0x20 != 0 && u32::from_be_bytes([a, b, c, d]) == dictionary::ID;
    if method & 0x0f != 8 || !is_checked || !has_dictionary {
        return Err(Malformed::Compression);
    }
    Ok(rest)
}

struct Output<'a> {
    bytes: &'a mut Vec<u8>,
    end: usize,
}

impl Output<'_> {
    fn push(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.bytes.len() >= self.end {
            return Err(Malformed::Compression);
        }
        self.bytes.push(byte);
        Ok(())
    }

    fn copy(&mut self, distance: usize, length: usize) -> Result<(), Malformed> {
        let from = self.bytes.len().checked_sub(distance).ok_or(Malformed::Compression)?;
        // Byte by byte: what is copied may begin with what the copy itself wrote.
        (from..from + length).try_for_each(|at| self.push(self.bytes[at]))
    }
}

/// Bits, lowest first.
struct Bits<'a> {
    input: &'a [u8],
    hold: u32,
    count: u32,
}

impl<'a> Bits<'a> {
    /// Whether everything was read, but for what fills the last byte.
    fn is_at_end(&self) -> bool {
        self.input.is_empty()
    }

    /// The next `n` bits, at most 13 of them.
    fn take(&mut self, n: u8) -> Result<u16, Malformed> {
        while self.count < u32::from(n) {
            let (byte, rest) = self.input.split_first().ok_or(Malformed::Compression)?;
            self.hold |= u32::from(*byte) << self.count;
            (self.count, self.input) = (self.count + 8, rest);
        }
        let taken = self.hold & ((1 << n) - 1);
        self.hold >>= n;
        self.count -= u32::from(n);
        u16::try_from(taken).map_err(|_| Malformed::Compression)
    }

    /// So many whole bytes, from the next byte boundary on.
    fn bytes(&mut self, n: usize) -> Result<&'a [u8], Malformed> {
        (self.hold, self.count) = (0, 0);
        let (bytes, rest) = self.input.split_at_checked(n).ok_or(Malformed::Compression)?;
        self.input = rest;
        Ok(bytes)
    }
}

/// One block of deflate. The last-block bit is not looked at: a SPDY stream has no end of its own.
fn deflated(bits: &mut Bits<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    bits.take(1)?;
    match bits.take(2)? {
        0 => stored(bits, output),
        1 => {
            let (symbols, distances) = fixed()?;
            coded(bits, output, &symbols, &distances)
        }
        2 => {
            let (symbols, distances) = dynamic(bits)?;
            coded(bits, output, &symbols, &distances)
        }
        _ => Err(Malformed::Compression),
    }
}

fn stored(bits: &mut Bits<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    let &[a, b, c, d] = bits.bytes(4)? else { return Err(Malformed::Compression) };
    let length = u16::from_le_bytes([a, b]);
    if length != !u16::from_le_bytes([c, d]) {
        return Err(Malformed::Compression);
    }
    bits.bytes(usize::from(length))?.iter().try_for_each(|byte| output.push(*byte))
}

fn coded(bits: &mut Bits<'_>, output: &mut Output<'_>, symbols: &Codes, distances: &Codes) -> Result<(), Malformed> {
    loop {
        let symbol = symbols.read(bits)?;
        if let Ok(byte) = u8::try_from(symbol) {
            output.push(byte)?;
        } else if symbol == 256 {
            return Ok(());
        } else {
            let length = amount(bits, &LENGTHS, symbol - 257)?;
            let symbol = distances.read(bits)?;
            let distance = amount(bits, &DISTANCES, symbol)?;
            output.copy(distance, length)?;
        }
    }
}

fn amount(bits: &mut Bits<'_>, table: &[(u16, u8)], symbol: u16) -> Result<usize, Malformed> {
    let (base, extra) = table.get(usize::from(symbol)).ok_or(Malformed::Compression)?;
    Ok(usize::from(*base) + usize::from(bits.take(*extra)?))
}

fn fixed() -> Result<(Codes, Codes), Malformed> {
    let mut lengths = [8; 288];
    lengths[144..256].fill(9);
    lengths[256..280].fill(7);
    Ok((Codes::new(&lengths)?, Codes::new(&[5; 30])?))
}

fn dynamic(bits: &mut Bits<'_>) -> Result<(Codes, Codes), Malformed> {
    let symbols = usize::from(bits.take(5)?) + 257;
    let distances = usize::from(bits.take(5)?) + 1;
    let told = usize::from(bits.take(4)?) + 4;
    let mut lengths = [0; 19];
    for at in &ORDER[..told] {
        lengths[*at] = low_byte(bits.take(3)?);
    }
    let codes = Codes::new(&lengths)?;
    let mut lengths = Vec::with_capacity(symbols + distances);
    while lengths.len() < symbols + distances {
        let symbol = codes.read(bits)?;
        let (length, times) = match symbol {
            16 => (*lengths.last().ok_or(Malformed::Compression)?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            length => (low_byte(length), 1),
        };
        lengths.extend(std::iter::repeat_n(length, usize::from(times)));
    }
    // A repetition may not reach beyond both tables.
    if lengths.len() > symbols + distances {
        return Err(Malformed::Compression);
    }
    Ok((Codes::new(&lengths[..symbols])?, Codes::new(&lengths[symbols..])?))
}

/// Lengths of codes are below 16.
fn low_byte(value: u16) -> u8 {
    value.to_le_bytes()[0]
}

/// A canonical Huffman code: shorter codes come first, and among equals those of lower symbols.
struct Codes {
    /// How many codes have each length.
    counts: [u16; CODE_BITS_MAX + 1],
    /// The symbols in the order of their codes.
    symbols: Vec<u16>,
}

impl Codes {
    fn new(lengths: &[u8]) -> Result<Self, Malformed> {
        let mut counts = [0u16; CODE_BITS_MAX + 1];
        let mut symbols = Vec::new();
        for length in 1..=CODE_BITS_MAX {
            let of = lengths.iter().zip(0..).filter(|(found, _)| usize::from(**found) == length);
            symbols.extend(of.map(|(_, symbol): (_, u16)| symbol));
            let so_far: u16 = counts.iter().sum();
            counts[length] = u16::try_from(symbols.len()).map_err(|_| Malformed::Compression)? - so_far;
        }
        // More codes than there is room for would be ambiguous; fewer are allowed, and found out when one is read.
        let used = counts.iter().skip(1).try_fold(1i32, |room, count| {
            let room = room * 2 - i32::from(*count);
            (room >= 0).then_some(room)
        });
        used.map(|_| Self { counts, symbols }).ok_or(Malformed::Compression)
    }

    fn read(&self, bits: &mut Bits<'_>) -> Result<u16, Malformed> {
        let (mut code, mut first, mut before) = (0u32, 0u32, 0u32);
        for count in self.counts.iter().skip(1).map(|count| u32::from(*count)) {
            code = code << 1 | u32::from(bits.take(1)?);
            first <<= 1;
            if let Some(index) = code.checked_sub(first).filter(|index| *index < count) {
                let at = usize::try_from(before + index).unwrap_or(usize::MAX);
                return self.symbols.get(at).copied().ok_or(Malformed::Compression);
            }
            first += count;
            before += count;
        }
        Err(Malformed::Compression)
    }
}
