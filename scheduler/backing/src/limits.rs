//! Every bound of what guests may keep and say, with its reason.

use std::time::Duration;

/// Longest name of a namespace: a Kubernetes name, or a UID.
pub const NAMESPACE_BYTES_MAX: usize = 63;

/// Longest name of a bucket.
pub const BUCKET_NAME_BYTES_MAX: usize = 128;
/// Longest key; keys lie in indices, which stay shallow while keys are short.
pub const KEY_BYTES_MAX: usize = 1 << 10;
/// Largest value. What is larger is a blob.
pub const VALUE_BYTES_MAX: usize = 1 << 20;
/// Keys of one batch.
pub const BATCH_KEYS_MAX: usize = 128;
/// Keys and values of one batch, together: what one message of the host protocol carries.
pub const BATCH_BYTES_MAX: usize = 4 << 20;
/// Keys in one page of a listing; a megabyte at most.
pub const KEYS_PER_PAGE: usize = 1000;
/// What an entry counts beside its key and value: without it, a billion empty values would be free.
pub const ENTRY_OVERHEAD_BYTES: u64 = 64;
/// Bytes of all buckets of a namespace, unless configured.
pub const KEYVALUE_BYTES_MAX: u64 = 1 << 30;
/// Buckets of a namespace, unless configured.
pub const BUCKETS_MAX: u64 = 1024;

/// Longest name of a container.
pub const CONTAINER_NAME_BYTES_MAX: usize = 255;
/// Longest name of a blob: S3's.
pub const BLOB_NAME_BYTES_MAX: usize = 1 << 10;
/// Largest blob, unless configured.
pub const BLOB_BYTES_MAX: u64 = 1 << 30;
/// Bytes of all blobs of a namespace, unless configured.
pub const BLOBS_BYTES_MAX: u64 = 10 << 30;
/// Containers of a namespace, unless configured.
pub const CONTAINERS_MAX: usize = 1024;
/// What a blob counts beside its content: a block for its file and its name.
pub const BLOB_OVERHEAD_BYTES: u64 = 4 << 10;
/// Names in one page of a listing; a megabyte at most.
pub const BLOBS_PER_PAGE: usize = 1000;
/// Blobs deleted with one call.
pub const BLOBS_PER_DELETE: usize = 1000;

/// Longest subject.
pub const SUBJECT_BYTES_MAX: usize = 256;
/// Most tokens of a subject; matching is linear in them.
pub const SUBJECT_TOKENS_MAX: usize = 16;
/// Subjects of one subscription.
pub const SUBJECTS_MAX: usize = 16;
/// Longest name of a queue group: a kind, a name and a container of Kubernetes.
pub const GROUP_BYTES_MAX: usize = 512;
/// Largest message without its metadata; NATS' own default.
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Entries of a message's metadata.
pub const METADATA_ENTRIES_MAX: usize = 64;
/// Bytes of a message's metadata.
pub const METADATA_BYTES_MAX: usize = 16 << 10;
/// Messages that wait for one subscriber; more are dropped, and counted. Delivery is at most once.
pub const QUEUE_MESSAGES_MAX: usize = 256;
/// Bytes that wait for one subscriber; more are dropped, and counted.
pub const QUEUE_BYTES_MAX: usize = 8 << 20;
/// Subscriptions of one namespace.
pub const SUBSCRIPTIONS_MAX: usize = 4096;
/// Answers one request may wait for.
pub const REPLIES_MAX: usize = 128;
/// Longest wait for answers.
pub const REQUEST_MAX: Duration = Duration::from_secs(60);

/// Longest wait for Redis or NATS: both answer in milliseconds, or are not there.
pub const BACKEND_ANSWER_MAX: Duration = Duration::from_secs(2);
