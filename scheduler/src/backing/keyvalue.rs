//! Key-value calls: parsed, asked, answered.

use backing::keyvalue::{KeyValue, Swap};
use backing::{BucketName, Key};
use protocol::backing as wire;
use tonic::Status;

use super::access::Grant;
use super::status::of;

/// A bucket of a namespace that the host may act for.
fn bucket(grant: Grant, name: &str) -> Result<backing::Bucket, Status> {
    Ok(backing::Bucket { namespace: grant.uid, name: BucketName::parse(name).map_err(of)? })
}

fn keys(texts: &[String]) -> Result<Vec<Key>, Status> {
    texts.iter().map(|text| Key::parse(text)).collect::<Result<_, _>>().map_err(of)
}

pub(super) async fn get_many(
    store: &dyn KeyValue,
    grant: Grant,
    (name, texts): (&str, &[String]),
) -> Result<wire::GetManyResponse, Status> {
    let values = store.get_many(&bucket(grant, name)?, keys(texts)?).await.map_err(of)?;
    Ok(wire::GetManyResponse { values: values.into_iter().map(|value| wire::MaybeValue { value }).collect() })
}

pub(super) async fn set_many(
    store: &dyn KeyValue,
    grant: Grant,
    (name, pairs): (&str, Vec<wire::Pair>),
) -> Result<wire::Done, Status> {
    let pairs = pairs.into_iter().map(|pair| Ok((Key::parse(&pair.key)?, pair.value)));
    let pairs = pairs.collect::<Result<Vec<_>, _>>().map_err(of)?;
    store.set_many(&bucket(grant, name)?, pairs).await.map_err(of)?;
    Ok(wire::Done {})
}

pub(super) async fn delete_many(
    store: &dyn KeyValue,
    grant: Grant,
    (name, texts): (&str, &[String]),
) -> Result<wire::Done, Status> {
    store.delete_many(&bucket(grant, name)?, keys(texts)?).await.map_err(of)?;
    Ok(wire::Done {})
}

pub(super) async fn exists(
    store: &dyn KeyValue,
    grant: Grant,
    (name, key): (&str, &str),
) -> Result<wire::ExistsResponse, Status> {
    let key = Key::parse(key).map_err(of)?;
    let exists = store.exists(&bucket(grant, name)?, key).await.map_err(of)?;
    Ok(wire::ExistsResponse { exists })
}

pub(super) async fn list(
    store: &dyn KeyValue,
    grant: Grant,
    (name, cursor): (&str, Option<u64>),
) -> Result<wire::ListKeysResponse, Status> {
    let page = store.keys(&bucket(grant, name)?, cursor).await.map_err(of)?;
    Ok(wire::ListKeysResponse { keys: page.keys, cursor: page.cursor })
}

pub(super) async fn increment(
    store: &dyn KeyValue,
    grant: Grant,
    (name, key, delta): (&str, &str, u64),
) -> Result<wire::IncrementResponse, Status> {
    let key = Key::parse(key).map_err(of)?;
    let sum = store.increment(&bucket(grant, name)?, key, delta).await.map_err(of)?;
    Ok(wire::IncrementResponse { sum })
}

pub(super) async fn swap(
    store: &dyn KeyValue,
    grant: Grant,
    (name, asked): (&str, wire::SwapRequest),
) -> Result<wire::SwapResponse, Status> {
    let key = Key::parse(&asked.key).map_err(of)?;
    let swap = store.swap(&bucket(grant, name)?, key, asked.expected, asked.value).await.map_err(of)?;
    Ok(match swap {
        Swap::Swapped => wire::SwapResponse { swapped: true, found: None },
        Swap::Differs(found) => wire::SwapResponse { swapped: false, found },
    })
}
