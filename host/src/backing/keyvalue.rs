//! `wasi:keyvalue` for one Pod: checked, and asked of the control plane.

use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use protocol::backing as wire;
use sandbox::{KeyValue, KeyValueAnswer as Answer, KeyValueError};
use tonic::{Code, Status};

use super::OfPod;

/// Bytes of the values that one call gives a guest: some of the largest ones, as this host holds them meanwhile.
const VALUES_BYTES_MAX: usize = 16 << 20;

impl OfPod {
    fn bucket(&self, name: &str) -> Option<wire::Bucket> {
        Some(wire::Bucket { namespace: self.namespace.to_string(), name: name.to_owned() })
    }

    async fn values(&self, bucket: &str, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>, KeyValueError> {
        let mut values = Vec::with_capacity(keys.len());
        let mut bytes = 0;
        // An answer holds as many as fit into a message.
        while values.len() < keys.len() {
            let rest = keys[values.len()..].to_vec();
            let asked = wire::GetManyRequest { bucket: self.bucket(bucket), keys: rest };
            let answer = self.lanes.quick.call(async |mut client| client.get_many(asked).await).await;
            let found = answer.map_err(told)?.into_inner().values;
            if found.is_empty() {
                return Err(KeyValueError::Other("the control plane answered with no values".to_owned()));
            }
            bytes += found.iter().filter_map(|found| found.value.as_ref()).map(Bytes::len).sum::<usize>();
            if bytes > VALUES_BYTES_MAX {
                let why =
                    format!("the values of these keys are more than {VALUES_BYTES_MAX} bytes; ask for fewer at once");
                return Err(KeyValueError::Other(why));
            }
            values.extend(found.into_iter().map(|found| found.value.map(Vec::from)));
        }
        values.truncate(keys.len());
        Ok(values)
    }
}

impl KeyValue for OfPod {
    fn open(&self, bucket: &str) -> Result<(), KeyValueError> {
        if self.grants.buckets.grants(bucket) { Ok(()) } else { Err(KeyValueError::AccessDenied) }
    }

    fn get(&self, bucket: Arc<str>, keys: Vec<String>) -> Answer<Vec<Option<Vec<u8>>>> {
        let this = self.clone();
        async move { this.values(&bucket, keys).await }.boxed()
    }

    fn set(&self, bucket: Arc<str>, pairs: Vec<(String, Vec<u8>)>) -> Answer<()> {
        let this = self.clone();
        let pairs = pairs.into_iter().map(|(key, value)| wire::Pair { key, value: value.into() }).collect();
        let asked = wire::SetManyRequest { bucket: self.bucket(&bucket), pairs };
        async move {
            let answer = this.lanes.quick.call(async |mut client| client.set_many(asked).await).await;
            answer.map(drop).map_err(told)
        }
        .boxed()
    }

    fn delete(&self, bucket: Arc<str>, keys: Vec<String>) -> Answer<()> {
        let this = self.clone();
        let asked = wire::DeleteManyRequest { bucket: self.bucket(&bucket), keys };
        async move {
            let answer = this.lanes.quick.call(async |mut client| client.delete_many(asked).await).await;
            answer.map(drop).map_err(told)
        }
        .boxed()
    }

    fn exists(&self, bucket: Arc<str>, key: String) -> Answer<bool> {
        let this = self.clone();
        let asked = wire::KeyRequest { bucket: self.bucket(&bucket), key };
        async move {
            let answer = this.lanes.quick.call(async |mut client| client.exists(asked).await).await;
            answer.map(|answer| answer.into_inner().exists).map_err(told)
        }
        .boxed()
    }

    fn keys(&self, bucket: Arc<str>, cursor: Option<u64>) -> Answer<(Vec<String>, Option<u64>)> {
        let this = self.clone();
        let asked = wire::ListKeysRequest { bucket: self.bucket(&bucket), cursor };
        async move {
            let answer = this.lanes.quick.call(async |mut client| client.list_keys(asked).await).await;
            let page = answer.map_err(told)?.into_inner();
            Ok((page.keys, page.cursor))
        }
        .boxed()
    }

    fn increment(&self, bucket: Arc<str>, key: String, delta: u64) -> Answer<u64> {
        let this = self.clone();
        let asked = wire::IncrementRequest { bucket: self.bucket(&bucket), key, delta };
        async move {
            let answer = this.lanes.quick.call(async |mut client| client.increment(asked).await).await;
            answer.map(|answer| answer.into_inner().sum).map_err(told)
        }
        .boxed()
    }
}

/// What a guest is told.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` has to give")]
fn told(status: Status) -> KeyValueError {
    match status.code() {
        Code::NotFound => KeyValueError::NoSuchStore,
        Code::PermissionDenied => KeyValueError::AccessDenied,
        _ => KeyValueError::Other(status.message().to_owned()),
    }
}
