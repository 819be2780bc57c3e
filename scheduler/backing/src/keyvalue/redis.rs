//! Buckets in Redis, for who runs one already: its durability and its availability are what it is configured for.
//!
//! What a write does is decided within Redis, in Lua, so that it is all or nothing there too. Every call is answered
//! within [`BACKEND_ANSWER_MAX`]; a lost connection is made anew in the background. Redis Cluster is not supported.
//!
//! Below a prefix, a namespace has: `v:BUCKET`, a hash with the values; `o:BUCKET`, a sorted set of keys by number; `n`,
//! the last number of each bucket; `u`, what it keeps. `PREFIX:namespaces` names them all.

#[cfg(test)]
pub(crate) mod tests;

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, RedisResult, Script, ScriptInvocation, Value};

use super::{
    Bounds, KeyValue, Page, Swap, check_keys, check_pairs, check_value, not_a_number, over_buckets, over_bytes,
    overflow,
};
use crate::limits::{BACKEND_ANSWER_MAX, BATCH_BYTES_MAX, ENTRY_OVERHEAD_BYTES, KEYS_PER_PAGE};
use crate::{Bucket, Error, Key, Namespace};

/// Attempts to connect before a call fails; the call's own bound ends them too.
const CONNECT_RETRIES: usize = 2;
/// Keys deleted at once when a namespace is forgotten; Redis does nothing else meanwhile.
const FORGET_KEYS: usize = 1000;

/// Where Redis is and how it is used.
#[derive(Clone)]
pub struct Config {
    /// `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS.
    pub url: String,
    /// What all names begin with, so that clusters can share a Redis.
    pub prefix: String,
    /// How much a namespace may keep.
    pub bounds: Bounds,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("prefix", &self.prefix).field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

/// Buckets in Redis.
pub struct Redis {
    connection: ConnectionManager,
    prefix: String,
    bounds: Bounds,
    scripts: Scripts,
}

struct Scripts {
    get: Script,
    set: Script,
    increment: Script,
    swap: Script,
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Redis {
    /// Connects with the first call, so that a server starts though its Redis is away.
    ///
    /// # Errors
    /// The URL is none of Redis'.
    pub fn new(config: Config) -> Result<Self, Error> {
        let wrong = |error: RedisError| Error::Invalid(format!("the URL of Redis: {error}"));
        let client = Client::open(config.url).map_err(wrong)?;
        let settings = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(BACKEND_ANSWER_MAX))
            .set_response_timeout(Some(BACKEND_ANSWER_MAX))
            .set_number_of_retries(CONNECT_RETRIES);
        let connection = ConnectionManager::new_lazy_with_config(client, settings).map_err(wrong)?;
        let writing = |script: &str| Script::new(&format!("{}\n{script}", include_str!("redis/write.lua")));
        let scripts = Scripts {
            get: Script::new(include_str!("redis/get.lua")),
            set: writing(include_str!("redis/set.lua")),
            increment: writing(include_str!("redis/increment.lua")),
            swap: writing(include_str!("redis/swap.lua")),
        };
        Ok(Self { connection, prefix: config.prefix, bounds: config.bounds, scripts })
    }

    fn name(&self, namespace: &Namespace, of: &str) -> String {
        format!("{}:{{{namespace}}}:{of}", self.prefix)
    }

    fn values(&self, bucket: &Bucket) -> String {
        self.name(&bucket.namespace, &format!("v:{}", bucket.name))
    }

    fn order(&self, bucket: &Bucket) -> String {
        self.name(&bucket.namespace, &format!("o:{}", bucket.name))
    }

    fn namespaces_name(&self) -> String {
        format!("{}:namespaces", self.prefix)
    }

    /// A script with what every write takes.
    fn writing<'a>(&self, script: &'a Script, bucket: &Bucket) -> ScriptInvocation<'a> {
        let mut call = script.prepare_invoke();
        call.key(self.values(bucket)).key(self.order(bucket));
        call.key(self.name(&bucket.namespace, "n")).key(self.name(&bucket.namespace, "u")).key(self.namespaces_name());
        call.arg(bucket.name.as_str()).arg(bucket.namespace.as_str());
        call.arg(self.bounds.bytes).arg(self.bounds.buckets).arg(ENTRY_OVERHEAD_BYTES);
        call
    }

    async fn write(&self, bucket: &Bucket, writes: Vec<(Key, Option<Bytes>)>) -> Result<(), Error> {
        let mut call = self.writing(&self.scripts.set, bucket);
        for (key, value) in &writes {
            call.arg(key.as_str()).arg(u8::from(value.is_some())).arg(value.as_deref().unwrap_or_default());
        }
        answered(call.invoke_async::<()>(&mut self.connection.clone()))
            .await
            .map_err(|error| self.refusal(bucket, "", error))
    }

    /// What the scripts refuse, in our words.
    fn refusal(&self, bucket: &Bucket, key: &str, error: Failure) -> Error {
        let Failure::Redis(error) = error else { return late() };
        let namespace = bucket.namespace.as_str();
        match error.code() {
            Some("INSULABYTES") => {
                let wanted = error.detail().and_then(|detail| detail.trim().parse().ok());
                over_bytes(namespace, wanted.unwrap_or(self.bounds.bytes), self.bounds.bytes)
            }
            Some("INSULABUCKETS") => over_buckets(namespace, self.bounds.buckets),
            Some("INSULANUMBER") => not_a_number(key),
            Some("INSULAOVERFLOW") => overflow(key),
            Some("OOM") => Error::Quota(format!("Redis has no memory left: {error}")),
            _ => unavailable(&error),
        }
    }
}

/// A call that came to nothing.
enum Failure {
    Redis(RedisError),
    Late,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Redis(error) => unavailable(&error),
            Failure::Late => late(),
        }
    }
}

async fn answered<T>(call: impl Future<Output = RedisResult<T>>) -> Result<T, Failure> {
    match tokio::time::timeout(BACKEND_ANSWER_MAX, call).await {
        Ok(answer) => answer.map_err(Failure::Redis),
        Err(_) => Err(Failure::Late),
    }
}

fn late() -> Error {
    Error::Unavailable(format!("Redis did not answer within {BACKEND_ANSWER_MAX:?}"))
}

fn unavailable(error: &RedisError) -> Error {
    Error::Unavailable(format!("Redis: {error}"))
}

#[async_trait]
impl KeyValue for Redis {
    async fn get_many(&self, bucket: &Bucket, keys: Vec<Key>) -> Result<Vec<Option<Bytes>>, Error> {
        check_keys(&keys)?;
        if keys.is_empty() {
            return Ok(vec![]);
        }
        let mut call = self.scripts.get.key(self.values(bucket));
        call.arg(BATCH_BYTES_MAX);
        for key in &keys {
            call.arg(key.as_str());
        }
        let values: Vec<Option<Vec<u8>>> = answered(call.invoke_async(&mut self.connection.clone())).await?;
        Ok(values.into_iter().map(|value| value.map(Bytes::from)).collect())
    }

    async fn set_many(&self, bucket: &Bucket, pairs: Vec<(Key, Bytes)>) -> Result<(), Error> {
        check_pairs(&pairs)?;
        self.write(bucket, pairs.into_iter().map(|(key, value)| (key, Some(value))).collect()).await
    }

    async fn delete_many(&self, bucket: &Bucket, keys: Vec<Key>) -> Result<(), Error> {
        check_keys(&keys)?;
        self.write(bucket, keys.into_iter().map(|key| (key, None)).collect()).await
    }

    async fn exists(&self, bucket: &Bucket, key: Key) -> Result<bool, Error> {
        let mut call = redis::cmd("HEXISTS");
        call.arg(self.values(bucket)).arg(key.as_str());
        Ok(answered(call.query_async(&mut self.connection.clone())).await?)
    }

    async fn keys(&self, bucket: &Bucket, cursor: Option<u64>) -> Result<Page, Error> {
        let mut call = redis::cmd("ZRANGEBYSCORE");
        // One more than a page tells whether there is more.
        call.arg(self.order(bucket)).arg(format!("({}", cursor.unwrap_or(0))).arg("+inf");
        call.arg("WITHSCORES").arg("LIMIT").arg(0).arg(KEYS_PER_PAGE + 1);
        let mut rows: Vec<(String, u64)> = answered(call.query_async(&mut self.connection.clone())).await?;
        let has_more = rows.len() > KEYS_PER_PAGE;
        rows.truncate(KEYS_PER_PAGE);
        let cursor = rows.last().filter(|_| has_more).map(|(_, number)| *number);
        Ok(Page { keys: rows.into_iter().map(|(key, _)| key).collect(), cursor })
    }

    async fn increment(&self, bucket: &Bucket, key: Key, delta: u64) -> Result<u64, Error> {
        let mut call = self.writing(&self.scripts.increment, bucket);
        call.arg(key.as_str()).arg(delta);
        let sum: Result<String, _> = answered(call.invoke_async(&mut self.connection.clone())).await;
        let sum = sum.map_err(|error| self.refusal(bucket, key.as_str(), error))?;
        sum.parse().map_err(|_| Error::Unavailable(format!("Redis answered {sum:?} where a sum was due")))
    }

    async fn swap(
        &self,
        bucket: &Bucket,
        key: Key,
        expected: Option<Bytes>,
        value: Option<Bytes>,
    ) -> Result<Swap, Error> {
        expected.iter().chain(&value).try_for_each(check_value)?;
        let mut call = self.writing(&self.scripts.swap, bucket);
        call.arg(key.as_str());
        for value in [&expected, &value] {
            call.arg(u8::from(value.is_some())).arg(value.as_deref().unwrap_or_default());
        }
        let answer: Result<Value, _> = answered(call.invoke_async(&mut self.connection.clone())).await;
        match answer.map_err(|error| self.refusal(bucket, key.as_str(), error))? {
            Value::Array(found) => match found.into_iter().next() {
                Some(Value::BulkString(found)) => Ok(Swap::Differs(Some(found.into()))),
                _ => Ok(Swap::Differs(None)),
            },
            _ => Ok(Swap::Swapped),
        }
    }

    async fn namespaces(&self) -> Result<Vec<Namespace>, Error> {
        let mut call = redis::cmd("SMEMBERS");
        call.arg(self.namespaces_name());
        let names: Vec<String> = answered(call.query_async(&mut self.connection.clone())).await?;
        Ok(names.iter().filter_map(|name| Namespace::parse(name).ok()).collect())
    }

    async fn forget(&self, namespace: &Namespace) -> Result<(), Error> {
        let mut call = redis::cmd("HKEYS");
        call.arg(self.name(namespace, "n"));
        let buckets: Vec<String> = answered(call.query_async(&mut self.connection.clone())).await?;
        for name in buckets.iter().filter_map(|name| crate::BucketName::parse(name).ok()) {
            let bucket = Bucket { namespace: namespace.clone(), name };
            loop {
                let mut call = redis::cmd("ZRANGE");
                call.arg(self.order(&bucket)).arg(0).arg(FORGET_KEYS - 1);
                let keys: Vec<String> = answered(call.query_async(&mut self.connection.clone())).await?;
                if keys.is_empty() {
                    break;
                }
                let keys = keys.iter().filter_map(|key| Key::parse(key).ok());
                self.write(&bucket, keys.map(|key| (key, None)).collect()).await?;
            }
        }
        Ok(())
    }
}
