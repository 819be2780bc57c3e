//! What guests keep and say to each other: key-value buckets, blobs and messages.
//!
//! Replicas of one workload run on many hosts and must see the same data, so it lies in one place, and this crate is
//! what lies there: [`keyvalue::KeyValue`] over redb, Redis or memory, [`blobs::Blobs`] over a directory or memory,
//! [`messages::Messages`] over a broker in this process or NATS. One conformance suite for each holds its backends to
//! the same behaviour. The idea to read on with: names, sizes and counts are checked once, by the types of
//! [`Namespace`], [`Key`] and the like, and a backend never sees what is out of bounds.
//!
//! Deliberately absent: who may use which namespace (the scheduler knows), the host protocol, and WebAssembly.

mod error;
pub mod limits;
mod name;

pub mod blobs;
pub mod keyvalue;
pub mod messages;

#[cfg(test)]
mod testing;

pub use error::Error;
pub use name::{BlobName, Bucket, BucketName, ContainerName, Key, Namespace};
