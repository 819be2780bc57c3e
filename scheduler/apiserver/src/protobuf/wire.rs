//! The wire format: numbered fields, each a number or a run of bytes.
//!
//! Knows nothing of Kubernetes. Groups (wire types 3 and 4) were never used by it and are refused.

/// Bytes of the longest varint, ten groups of seven bits.
const VARINT_LEN_MAX: usize = 10;

/// Reads the fields of one message in turn.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

/// The value of one field, by wire type.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wire<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// Four or eight bytes. No type in the table has such a field; an unknown one must be stepped over.
    Fixed,
}

impl<'a> Reader<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// The next field's number and value; `None` at the end of the message.
    pub(super) fn field(&mut self) -> Result<Option<(u32, Wire<'a>)>, String> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let tag = u32::try_from(key >> 3).map_err(|_| "a field number is out of range".to_owned())?;
        if tag == 0 {
            return Err("a field has number 0".to_owned());
        }
        let value = match key & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => self.skip(8)?,
            2 => Wire::Bytes(self.run()?),
            5 => self.skip(4)?,
            other => return Err(format!("wire type {other} is not understood")),
        };
        Ok(Some((tag, value)))
    }

    /// The next bare varint, for packed lists; `None` at the end.
    pub(super) fn packed(&mut self) -> Result<Option<u64>, String> {
        if self.rest.is_empty() { Ok(None) } else { self.varint().map(Some) }
    }

    fn varint(&mut self) -> Result<u64, String> {
        let mut value = 0_u64;
        for (at, byte) in self.rest.iter().take(VARINT_LEN_MAX).enumerate() {
            let bits = u64::from(byte & 0x7f);
            if at == VARINT_LEN_MAX - 1 && bits > 1 {
                return Err("a number has more than 64 bits".to_owned());
            }
            value |= bits << (7 * at);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[at + 1..];
                return Ok(value);
            }
        }
        Err(if self.rest.len() < VARINT_LEN_MAX { truncated() } else { "a number has more than 64 bits".to_owned() })
    }

    fn run(&mut self) -> Result<&'a [u8], String> {
        let len = usize::try_from(self.varint()?).map_err(|_| truncated())?;
        let (run, rest) = self.rest.split_at_checked(len).ok_or_else(truncated)?;
        self.rest = rest;
        Ok(run)
    }

    fn skip(&mut self, len: usize) -> Result<Wire<'a>, String> {
        self.rest = self.rest.get(len..).ok_or_else(truncated)?;
        Ok(Wire::Fixed)
    }
}

impl<'a> Wire<'a> {
    pub(super) fn bytes(self) -> Result<&'a [u8], String> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err("a number stands where bytes belong".to_owned()),
        }
    }

    pub(super) fn text(self) -> Result<&'a str, String> {
        std::str::from_utf8(self.bytes()?).map_err(|_| "the text is not UTF-8".to_owned())
    }

    pub(super) fn varint(self) -> Result<u64, String> {
        match self {
            Self::Varint(number) => Ok(number),
            _ => Err("something else stands where a number belongs".to_owned()),
        }
    }
}

fn truncated() -> String {
    "the body ends in the middle of a field".to_owned()
}
