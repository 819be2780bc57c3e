//! The stored format, kept for ever: what these bytes meant once they must always mean.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::durable::tests::Rot;

fn plain() -> Sealer {
    Sealer { cipher: None, prefixes: vec![] }
}

fn sealing() -> Sealer {
    Sealer { cipher: Some(Arc::new(Rot(13))), prefixes: vec!["/registry/secrets/".to_owned()] }
}

fn entry(key: &str, value: &str, create_revision: Revision, mod_revision: Revision) -> Entry {
    Entry { key: key.into(), value: Bytes::copy_from_slice(value.as_bytes()), create_revision, mod_revision }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

fn golden(entry: &Entry, sealer: &Sealer, expected: &Expect) {
    let bytes = encode_entry(entry, sealer).expect("encodes");
    expected.assert_eq(&hex(&bytes));
    assert_eq!(decode_entry(&entry.key, &bytes, sealer).expect("decodes"), *entry);
}

#[test]
fn entries_read_as_they_were_written() {
    golden(&entry("/a", "{}", 1, 1), &plain(), &expect!["01 00 01 00 7b 7d"]);
    golden(&entry("/a", "", 300, 301), &plain(), &expect!["01 00 ac 02 01"]);
    golden(&entry("/registry/pods/a", "p", 5, 200), &sealing(), &expect!["01 00 05 c3 01 70"]);
    golden(&entry("/registry/secrets/a", "p", 5, 5), &sealing(), &expect!["01 01 05 00 13 63"]);
    golden(&entry("/a", "x", u64::MAX, u64::MAX), &plain(), &expect!["01 00 ff ff ff ff ff ff ff ff ff 01 00 78"]);
}

#[test]
fn the_past_reads_as_it_was_written() {
    let undos = [
        Undo { key: "/a", previous: None },
        Undo { key: "/b", previous: Some(&[1, 0, 1, 0, 0x7b]) },
        Undo { key: "/c", previous: Some(&[]) },
    ];
    let mut bytes = begin_undo();
    undos.iter().for_each(|undo| push_undo(&mut bytes, undo));
    expect!["01 02 2f 61 00 02 2f 62 06 01 00 01 00 7b 02 2f 63 01"].assert_eq(&hex(&bytes));
    assert_eq!(decode_undo(7, &bytes).expect("decodes"), undos);
}

#[test]
fn what_was_not_written_by_us_is_damage() {
    for bytes in [
        &[][..],
        &[2, 0, 1, 1],
        &[1, 2, 1, 1],
        &[1, 0, 0x80],
        &[1, 0, 1],
        &[1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2, 0],
    ] {
        assert!(matches!(decode_entry(&"/a".into(), bytes, &plain()), Err(Refusal::Damaged(_))), "{bytes:?}");
    }
    for bytes in [&[][..], &[2], &[1, 9, b'a'], &[1, 1, b'a'], &[1, 1, b'a', 5, 0], &[1, 1, 0xff, 0]] {
        assert!(matches!(decode_undo(3, bytes), Err(Refusal::Damaged(_))), "{bytes:?}");
    }
}

#[test]
fn a_sealed_value_opens_under_its_own_key_only() {
    let secret = entry("/registry/secrets/a", "hunter2", 1, 1);
    let bytes = encode_entry(&secret, &sealing()).expect("encodes");
    assert!(!bytes.windows(7).any(|window| window == b"hunter2"));
    assert!(matches!(decode_entry(&"/registry/secrets/b2".into(), &bytes, &sealing()), Err(Refusal::Sealed { .. })));
    assert!(matches!(decode_entry(&secret.key, &bytes, &plain()), Err(Refusal::Sealed { .. })));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(entry) = decode_entry(&"/a".into(), &bytes, &plain()) {
            prop_assert!(entry.mod_revision >= entry.create_revision);
        }
        prop_assert!(decode_undo(1, &bytes).is_ok_and(|undos| undos.len() <= bytes.len()) || undo_parts(&bytes).is_none());
    }

    #[test]
    fn any_number_reads_as_written(number: u64) {
        let mut bytes = vec![];
        put_number(&mut bytes, number);
        prop_assert_eq!(take_number(&mut bytes.as_slice()), Some(number));
    }
}
