//! SPDY/3.1, as far as Kubernetes' clients speak it: frames, and header blocks that are compressed with a dictionary.
//!
//! `kubectl port-forward` multiplexes its connections with it, raw after `Upgrade: SPDY/3.1` or inside WebSocket
//! messages. Bytes in, frames out and the other way round; nothing here reads or writes. The source is SPDY Protocol
//! Draft 3.1 (chromium.org), with what moby/spdystream, the implementation in kubectl, makes of it: flow-control windows
//! are neither kept nor announced, so that the transport alone slows a sender down.
//!
//! Deliberately absent: server push, credentials and settings, which are read and passed over.

mod dictionary;
mod frame;
mod headers;
mod inflate;
#[cfg(test)]
mod tests;

pub(crate) use frame::{Decoder, Encoder, Frame, PROTOCOL_ERROR, REFUSED_STREAM};
pub(crate) use headers::Headers;

/// Why a connection cannot go on: after any of these the meaning of the next byte is unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    /// A control frame of another version.
    #[error("a control frame of SPDY version {0}; only version 3 is spoken")]
    Version(u16),
    /// Larger than any of use.
    #[error("a control frame of {0} bytes")]
    TooLarge(usize),
    /// Shorter than its fields.
    #[error("a control frame is shorter than its fields")]
    Short,
    /// Headers that cannot be inflated, or are larger than any of use.
    #[error("a header block cannot be inflated")]
    Compression,
    /// Headers that inflate to something else.
    #[error("a header block does not hold names and values")]
    Headers,
}
