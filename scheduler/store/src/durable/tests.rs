//! The store on disk under every fault we can make: power cuts, failing and full disks, flipped bits, damaged files.

mod crash;
mod disk_full;
mod failures;
mod files;
mod groups;
mod sealing;
mod sim;
mod speed;

use super::disk::{Disk, Origin};
use super::medium::Medium;
use super::{Cipher, Config, Redb, Refusal};
use crate::conformance::{delete, put};
use crate::{Memory, Page, Revision, Store, Txn};
use sim::SimDisk;

/// A cipher that only looks like one: it shifts every byte, and binds the context by its length.
pub(super) struct Rot(pub(super) u8);

impl Cipher for Rot {
    fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, String> {
        let length = u8::try_from(context.len() % 256).unwrap_or_default();
        Ok([length].into_iter().chain(plain.iter().map(|byte| byte.wrapping_sub(self.0))).collect())
    }

    fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, String> {
        match sealed.split_first() {
            Some((length, body)) if usize::from(*length) == context.len() % 256 => {
                Ok(body.iter().map(|byte| byte.wrapping_add(self.0)).collect())
            }
            _ => Err("it belongs to another key".to_owned()),
        }
    }
}

/// Opens a store on a simulated disk.
fn open_on(disk: &SimDisk, origin: Origin, config: Config) -> Result<Redb, Refusal> {
    let mut ballast = disk.clone();
    let opened = Disk::open(&Medium::new(disk.clone()), origin, config, &mut ballast)?;
    Redb::start(opened, Box::new(ballast))
}

/// The transaction number `turn` of a script that creates, replaces and deletes, two keys at a time, of many sizes.
fn scripted(turn: u64) -> Txn {
    let size = usize::try_from(turn * 397 % 3000).unwrap_or_default();
    let value = |name: &str| format!("{name}-{turn}-{}", "x".repeat(size));
    let (one, two) = (format!("/k{}", turn % 5), format!("/l{}", turn % 3));
    let second = if turn % 4 == 3 { delete(&two) } else { put(&two, &value("two")) };
    Txn { guards: vec![], writes: vec![put(&one, &value("one")), second] }
}

/// Everything a store knows: the present, and each batch of the past.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    entries: Vec<crate::Entry>,
    past: Vec<crate::Batch>,
}

async fn known(store: &dyn Store, now: Revision) -> Known {
    let entries = store.list("", Page::default()).await.expect("lists").entries;
    let mut watch = store.watch("", 0).await.expect("watches");
    let mut past = vec![];
    // The script changes something in every transaction, so batches and revisions are as many.
    while past.len() < usize::try_from(now).unwrap_or_default() {
        past.push(watch.next().await.expect("a batch"));
    }
    Known { entries, past }
}

/// What is known after each of the script's first `turns` transactions.
async fn expected(turns: u64) -> Vec<Known> {
    let memory = Memory::new();
    let mut states = vec![known(&memory, 0).await];
    for turn in 1..=turns {
        memory.commit(scripted(turn)).await.expect("commits");
        states.push(known(&memory, turn).await);
    }
    states
}

/// The last revision the store's past tells of.
async fn last_written(store: &dyn Store) -> Revision {
    let entries = store.list("", Page::default()).await.expect("lists").entries;
    // A deletion leaves no entry, but the script always puts one key too.
    entries.iter().map(|entry| entry.mod_revision).max().unwrap_or_default()
}

fn no_ballast() -> Config {
    Config { ballast_bytes: 0, ..Config::default() }
}

/// A number that looks random and is the same every time.
fn mixed(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
}
