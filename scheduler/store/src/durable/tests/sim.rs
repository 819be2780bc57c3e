//! A disk made of memory that fails when told to.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};

use redb::StorageBackend;

use super::mixed;
use crate::durable::ballast::Ballast;
use crate::durable::locked;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;
/// What a file system gives out.
const BLOCK: u64 = 4096;

/// What goes wrong, at an operation counted from the disk's first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// Power goes: this operation and all after it fail.
    PowerCut(u64),
    /// The sync with this number fails once, and what it should have kept is dropped, as kernels do.
    SyncFails(u64),
    /// The program panics in this operation.
    Panic(u64),
}

#[derive(Clone, Debug)]
pub(super) struct SimDisk(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    /// What survives a power cut for certain.
    synced: Vec<u8>,
    /// What a reader sees.
    seen: Vec<u8>,
    unsynced: Vec<Op>,
    fault: Fault,
    operations: u64,
    syncs: u64,
    used: BTreeSet<u64>,
    blocks_max: u64,
    ballast_blocks: u64,
    ballast_held: bool,
}

#[derive(Clone, Debug)]
enum Op {
    Write { offset: usize, data: Vec<u8> },
    SetLen(usize),
}

impl SimDisk {
    pub(super) fn new() -> Self {
        Self::with_content(vec![])
    }

    pub(super) fn with_content(content: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            synced: content.clone(),
            seen: content,
            unsynced: vec![],
            fault: Fault::None,
            operations: 0,
            syncs: 0,
            used: BTreeSet::new(),
            blocks_max: u64::MAX,
            ballast_blocks: 0,
            ballast_held: false,
        })))
    }

    /// Makes the disk wait until the answer is dropped.
    pub(super) fn hold(&self) -> impl Drop {
        locked(&self.0)
    }

    pub(super) fn set_fault(&self, fault: Fault) {
        locked(&self.0).fault = fault;
    }

    /// Bounds the space; `ballast` blocks of it can be kept back.
    pub(super) fn set_blocks(&self, max: u64, ballast: u64) {
        let mut inner = locked(&self.0);
        (inner.blocks_max, inner.ballast_blocks) = (max, ballast);
    }

    pub(super) fn blocks_used(&self) -> u64 {
        locked(&self.0).used.len() as u64
    }

    pub(super) fn operations(&self) -> u64 {
        locked(&self.0).operations
    }

    pub(super) fn syncs(&self) -> u64 {
        locked(&self.0).syncs
    }

    pub(super) fn content(&self) -> Vec<u8> {
        locked(&self.0).seen.clone()
    }

    /// What is left after a power cut: everything synced, and of the rest whole sectors at the seed's whim.
    pub(super) fn after_power_cut(&self, seed: u64) -> Self {
        let inner = locked(&self.0);
        let mut left = inner.synced.clone();
        for (index, op) in (0u64..).zip(&inner.unsynced) {
            let whim = mixed(seed.wrapping_mul(31).wrapping_add(index));
            match op {
                Op::SetLen(len) if whim.is_multiple_of(2) => left.resize(*len, 0),
                Op::SetLen(_) => {}
                Op::Write { offset, data } => tear(&mut left, *offset, data, whim),
            }
        }
        Self::with_content(left)
    }
}

/// Writes none, all, or some sectors of `data`.
fn tear(left: &mut [u8], offset: usize, data: &[u8], whim: u64) {
    for (index, sector) in (0u64..).zip(data.chunks(SECTOR)) {
        let kept = match whim % 4 {
            0 => false,
            1 => true,
            _ => mixed(whim ^ index).is_multiple_of(2),
        };
        let from = offset + usize::try_from(index).expect("a small number") * SECTOR;
        if let Some(target) = left.get_mut(from..from + sector.len()).filter(|_| kept) {
            target.copy_from_slice(sector);
        }
    }
}

impl Inner {
    /// Counts an operation and fails it if its time has come.
    fn count(&mut self) -> io::Result<()> {
        let number = self.operations;
        self.operations += 1;
        match self.fault {
            Fault::PowerCut(at) if number >= at => Err(io::Error::other("the power is gone")),
            Fault::Panic(at) if number == at => panic!("a planted panic"),
            _ => Ok(()),
        }
    }

    fn ballast(&self) -> u64 {
        if self.ballast_held { self.ballast_blocks } else { 0 }
    }

    fn allocate(&mut self, offset: usize, len: usize) -> io::Result<()> {
        let (first, last) = (offset as u64 / BLOCK, (offset + len).saturating_sub(1) as u64 / BLOCK);
        let fresh: Vec<u64> = (first..=last).filter(|block| !self.used.contains(block)).collect();
        if self.used.len() as u64 + fresh.len() as u64 + self.ballast() > self.blocks_max {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.used.extend(fresh);
        Ok(())
    }
}

impl StorageBackend for SimDisk {
    fn len(&self) -> io::Result<u64> {
        Ok(locked(&self.0).seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let inner = locked(&self.0);
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        let source = inner.seen.get(offset..offset + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(source);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut inner = locked(&self.0);
        inner.count()?;
        let len = usize::try_from(len).map_err(io::Error::other)?;
        inner.seen.resize(len, 0);
        inner.unsynced.push(Op::SetLen(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut inner = locked(&self.0);
        inner.count()?;
        let number = inner.syncs;
        inner.syncs += 1;
        if inner.fault == Fault::SyncFails(number) {
            inner.unsynced.clear();
            return Err(io::Error::other("the device failed"));
        }
        inner.synced = inner.seen.clone();
        inner.unsynced.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut inner = locked(&self.0);
        inner.count()?;
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        inner.allocate(offset, data.len())?;
        let target = inner.seen.get_mut(offset..offset + data.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        target.copy_from_slice(data);
        inner.unsynced.push(Op::Write { offset, data: data.to_vec() });
        Ok(())
    }
}

impl Ballast for SimDisk {
    fn release(&mut self) {
        locked(&self.0).ballast_held = false;
    }

    fn restore(&mut self) -> bool {
        let mut inner = locked(&self.0);
        let fits = inner.used.len() as u64 + inner.ballast_blocks <= inner.blocks_max;
        inner.ballast_held = fits;
        fits
    }
}
