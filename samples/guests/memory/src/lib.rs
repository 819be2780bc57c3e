//! Eats memory, and looks for what another instance left in it.
//!
//! `/?mib=N` allocates and touches N MiB, one at a time, and says how far it came. `/hold?mib=N&ms=M` keeps them for a
//! while. `/leave` writes a pattern all over a MiB, `/seek` scans the whole memory for it and counts.

use std::hint::black_box;
use std::time::Duration;

use insula_sdk::http::{Body, Error, Request, Response};

const MIB: usize = 1 << 20;
/// Two halves, so that the whole pattern stands nowhere in this program.
const HALVES: [u64; 2] = [0x00ca_1ec1_da51_0000, 0x0000_0000_0000_c0de];

#[insula_sdk::http]
async fn memory(request: Request<Body>) -> Result<Response<Body>, Error> {
    let pattern = black_box(HALVES[0]) | black_box(HALVES[1]);
    let text = match request.uri().path() {
        "/leave" => {
            let left = black_box(vec![pattern; MIB / 8]);
            let global = black_box(Box::leak(Box::new(pattern)));
            format!("left {} patterns, one at {:p}\n", left.len(), global)
        }
        "/seek" => format!("found {}\n", count(pattern)),
        "/hold" => {
            let (mib, held) = eat(number(&request, "mib", 1));
            wstd::task::sleep(Duration::from_millis(number(&request, "ms", 0) as u64).into()).await;
            drop(held);
            format!("held {mib} MiB\n")
        }
        _ => {
            let wanted = number(&request, "mib", 0);
            let (mib, held) = eat(wanted);
            drop(held);
            format!("ate {mib} of {wanted} MiB\n")
        }
    };
    Ok(Response::new(Body::from(text)))
}

/// Allocates until `mib` MiB are had or refused, and touches every page of them.
fn eat(mib: usize) -> (usize, Vec<Vec<u8>>) {
    let mut held = Vec::new();
    for _ in 0..mib {
        let mut piece = Vec::new();
        if piece.try_reserve_exact(MIB).is_err() {
            break;
        }
        piece.resize(MIB, 0xa5);
        held.push(black_box(piece));
    }
    (held.len(), held)
}

/// How often `pattern` stands in this instance's whole memory.
fn count(pattern: u64) -> usize {
    let words = core::arch::wasm32::memory_size(0) * 65_536 / 8;
    // The first words are skipped: address zero is no pointer in Rust.
    (1..words).filter(|word| unsafe { ((word * 8) as *const u64).read_volatile() } == pattern).count()
}

fn number(request: &Request<Body>, key: &str, otherwise: usize) -> usize {
    let pairs = request.uri().query().unwrap_or_default().split('&');
    pairs
        .filter_map(|pair| pair.split_once('='))
        .find(|(k, _)| *k == key)
        .and_then(|(_, v)| v.parse().ok())
        .unwrap_or(otherwise)
}
