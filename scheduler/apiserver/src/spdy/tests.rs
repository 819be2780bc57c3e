//! Streams written by zlib itself, and whatever else may come.

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;

use super::headers::Reader;
use super::inflate::Inflater;
use super::{Decoder, Encoder, Frame, Headers, Malformed};

fn headers(pairs: &[(&str, &str)]) -> Headers {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The header blocks of `golden.txt`: four in each stream, made by zlib 1.3 at several levels and strategies
/// (`deflateSetDictionary`, `Z_SYNC_FLUSH`).
fn golden() -> [Headers; 4] {
    let noise = (0..200u32).filter_map(|i| char::from_u32(33 + i * i * 7 % 90));
    let long: String = "ab".repeat(300).chars().chain("status200 OK".chars()).chain(noise).collect();
    [
        headers(&[("streamtype", "error"), ("port", "8080"), ("requestid", "0")]),
        headers(&[("streamtype", "data"), ("port", "8080"), ("requestid", "0")]),
        Headers::new(),
        headers(&[("x", &long)]),
    ]
}

#[test]
fn what_zlib_deflates_is_inflated() {
    let mut readers = std::collections::BTreeMap::<&str, (Reader, usize)>::new();
    let lines = include_str!("tests/golden.txt").lines().map(|line| line.split_once(' ').expect("a name and bytes"));
    for (name, line) in lines {
        let bytes: Vec<u8> = (0..line.len() / 2)
            .map(|at| u8::from_str_radix(&line[2 * at..2 * at + 2], 16).expect("hexadecimal"))
            .collect();
        let (reader, count) = readers.entry(name).or_default();
        assert_eq!(reader.read(&bytes), Ok(golden()[*count].clone()), "{name}, block {count}");
        *count += 1;
    }
    assert_eq!(readers.into_values().map(|(_, count)| count).collect::<Vec<_>>(), [4; 6]);
}

#[test]
fn a_bomb_is_refused_at_its_bound() {
    // A literal, and then the longest copies: 258 bytes for 13 bits of the fixed code.
    let mut bits: Vec<u8> = vec![0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0];
    for _ in 0..1000 {
        bits.extend([1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
    }
    let packed = bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |sum, bit| sum << 1 | bit));
    let bomb: Vec<u8> = [0x78, 0x20, 0xe3, 0xc6, 0xa7, 0xc2].into_iter().chain(packed).collect();
    assert_eq!(Inflater::default().block(&bomb, 16 << 10), Err(Malformed::Compression));
}

#[test]
fn frames_lie_as_the_draft_draws_them() {
    let mut encoder = Encoder::default();
    for (frame, expected) in [
        (Frame::Ping(3), "8003000600000004 00000003"),
        (Frame::Reset { stream: 5, status: 1 }, "8003000300000008 0000000500000001"),
        (Frame::Data { stream: 7, bytes: Bytes::from_static(b"hi"), fin: true }, "0000000701000002 6869"),
        (Frame::GoAway { last: 9, status: 0 }, "8003000700000008 0000000900000000"),
    ] {
        let encoded: String = encoder.encode(&frame).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(encoded, expected.replace(' ', ""), "{frame:?}");
    }
}

#[test]
fn what_cannot_be_understood_ends_the_connection() {
    for (bytes, expected) in [
        (&[0x80, 2, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1][..], Malformed::Version(2)),
        (&[0x80, 3, 0, 1, 0, 0xff, 0xff, 0xff], Malformed::TooLarge(0xff_ffff)),
        (&[0x80, 3, 0, 6, 0, 0, 0, 1, 0], Malformed::Short),
        (&[0x80, 3, 0, 1, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], Malformed::Compression),
    ] {
        assert_eq!(Decoder::default().next(&mut BytesMut::from(bytes)), Err(expected));
    }
}

fn frames() -> impl Strategy<Value = Frame> {
    let id = 0u32..1 << 31;
    let headers = prop::collection::vec(("[a-z-]{1,12}", ".{0,20}"), 0..5);
    let bytes = prop::collection::vec(any::<u8>(), 0..600).prop_map(Bytes::from);
    prop_oneof![
        (id.clone(), headers.clone(), any::<bool>()).prop_map(|(stream, headers, fin)| Frame::Open {
            stream,
            headers,
            fin
        }),
        (id.clone(), headers.clone(), any::<bool>()).prop_map(|(stream, headers, fin)| Frame::Reply {
            stream,
            headers,
            fin
        }),
        (id.clone(), headers, any::<bool>()).prop_map(|(stream, headers, fin)| Frame::Headers { stream, headers, fin }),
        (id.clone(), any::<u32>()).prop_map(|(stream, status)| Frame::Reset { stream, status }),
        (id.clone(), bytes, any::<bool>()).prop_map(|(stream, bytes, fin)| Frame::Data { stream, bytes, fin }),
        any::<u32>().prop_map(Frame::Ping),
        (id, any::<u32>()).prop_map(|(last, status)| Frame::GoAway { last, status }),
    ]
}

/// Frames with the pieces of data put together again.
fn whole(frames: Vec<Frame>) -> Vec<Frame> {
    let mut joined: Vec<Frame> = Vec::new();
    for frame in frames {
        if let (Frame::Data { stream, bytes, fin }, Some(Frame::Data { stream: of, bytes: before, fin: was })) =
            (&frame, joined.last_mut())
            && stream == of
            && !*was
        {
            *before = [before.clone(), bytes.clone()].concat().into();
            *was = *fin;
            continue;
        }
        joined.push(frame);
    }
    joined
}

fn decode(wire: &[u8], at_once: usize) -> Result<Vec<Frame>, Malformed> {
    let (mut decoder, mut buffer, mut decoded) = (Decoder::default(), BytesMut::new(), Vec::new());
    for piece in wire.chunks(at_once) {
        buffer.extend_from_slice(piece);
        while let Some(frame) = decoder.next(&mut buffer)? {
            decoded.push(frame);
        }
    }
    Ok(decoded)
}

proptest! {
    #[test]
    fn what_was_encoded_is_decoded_however_it_arrives(frames in prop::collection::vec(frames(), 0..20), at_once in 1usize..50) {
        let mut encoder = Encoder::default();
        let wire: Vec<u8> = frames.iter().flat_map(|frame| encoder.encode(frame)).collect();
        prop_assert_eq!(decode(&wire, at_once).map(whole), Ok(whole(frames)));
    }

    #[test]
    fn garbage_never_panics(wire in prop::collection::vec(any::<u8>(), 0..2000), at_once in 1usize..500) {
        drop(decode(&wire, at_once));
    }

    #[test]
    fn a_damaged_stream_never_panics(frames in prop::collection::vec(frames(), 1..5), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut encoder = Encoder::default();
        let mut wire: Vec<u8> = frames.iter().flat_map(|frame| encoder.encode(frame)).collect();
        let at = at.index(wire.len());
        wire[at] = byte;
        drop(decode(&wire, 64));
    }

    #[test]
    fn garbage_is_not_inflated_beyond_its_bound(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut block = vec![0x78, 0x20, 0xe3, 0xc6, 0xa7, 0xc2];
        block.extend(body);
        if let Ok(inflated) = Inflater::default().block(&block, 1000) {
            prop_assert!(inflated.len() <= 1000);
        }
    }
}
