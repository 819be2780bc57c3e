//! Where things lie: names of guests as paths that every object store and file system takes. Pure.
//!
//! `NAMESPACE/CONTAINER/m` marks a container, `NAMESPACE/CONTAINER/o/...` are its blobs. Of a guest's name, letters,
//! digits, `-`, `_` and `.` stay as they are and every other byte becomes `=XX`. What gets too long for one segment goes
//! on in the next: a segment that is not the last ends in `+`, so that no blob's file is another's folder.

use object_store::path::Path;

use super::{Blob, Container};
use crate::{BlobName, Error, Namespace};

/// Longest segment; file systems take 255 bytes, and unfinished uploads add a suffix.
const SEGMENT_BYTES_MAX: usize = 200;

/// Everything of a namespace.
pub(super) fn namespace(namespace: &Namespace) -> Result<Path, Error> {
    path(namespace.as_str())
}

/// Everything of a container.
pub(super) fn container(container: &Container) -> Result<Path, Error> {
    path(&format!("{}/{}", container.namespace, encode(container.name.as_str())))
}

/// The marker of a container.
pub(super) fn marker(container: &Container) -> Result<Path, Error> {
    path(&format!("{}/{}/m", container.namespace, encode(container.name.as_str())))
}

/// The blobs of a container.
pub(super) fn blobs(container: &Container) -> Result<Path, Error> {
    path(&format!("{}/{}/o", container.namespace, encode(container.name.as_str())))
}

/// A blob.
pub(super) fn blob(blob: &Blob) -> Result<Path, Error> {
    path(&format!("{}/{}", blobs(&blob.container)?, encode(blob.name.as_str())))
}

/// The name of the blob that lies at `path` below `blobs`; `None` if none of ours does.
pub(super) fn name_of(blobs: &Path, path: &Path) -> Option<BlobName> {
    let below = path.as_ref().strip_prefix(blobs.as_ref())?.strip_prefix('/')?;
    BlobName::parse(&decode(below)?).ok()
}

fn path(text: &str) -> Result<Path, Error> {
    Path::parse(text).map_err(|error| Error::Invalid(format!("{text:?} cannot be a name here: {error}")))
}

fn encode(name: &str) -> String {
    let (mut encoded, mut segment) = (String::with_capacity(name.len()), 0);
    for byte in name.bytes() {
        if segment + 3 >= SEGMENT_BYTES_MAX {
            encoded.push_str("+/");
            segment = 0;
        }
        // A leading dot would hide the file, or be no name at all.
        let stays = byte.is_ascii_alphanumeric() || b"-_".contains(&byte) || (byte == b'.' && segment > 0);
        if stays {
            encoded.push(char::from(byte));
            segment += 1;
        } else {
            encoded.push_str(&format!("={byte:02X}"));
            segment += 3;
        }
    }
    encoded
}

fn decode(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'=' => {
                let digits = [rest.next()?, rest.next()?];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
            }
            b'+' => {
                rest.next().filter(|byte| *byte == b'/')?;
            }
            b'/' => return None,
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_they_were_and_stay_in_bounds() {
        let check = |name: &str, wanted: &str| {
            assert_eq!(encode(name), wanted);
            assert_eq!(decode(wanted).as_deref(), Some(name));
        };
        check("a-b_c.txt", "a-b_c.txt");
        check(".hidden", "=2Ehidden");
        check("a/b=c+d", "a=2Fb=3Dc=2Bd");
        check("ä#1~", "=C3=A4=231=7E");
        for long in ["x".repeat(1024), "/".repeat(1024), ".".repeat(600)] {
            let encoded = encode(&long);
            assert!(encoded.split('/').all(|segment| segment.len() <= SEGMENT_BYTES_MAX && !segment.starts_with('.')));
            assert_eq!(decode(&encoded), Some(long));
        }
        for foreign in ["a/b", "a=4", "a+b", "=FF"] {
            assert_eq!(decode(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn no_name_lies_below_another() {
        let names: Vec<_> = (190..410).map(|size| encode(&"x".repeat(size))).collect();
        for (a, b) in names.iter().flat_map(|a| names.iter().map(move |b| (a, b))) {
            assert!(a == b || !b.starts_with(&format!("{a}/")), "{a} would be a file and a folder");
        }
    }
}
