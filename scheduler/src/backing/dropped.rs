//! Tells the metrics how many messages were dropped because a subscriber was too slow.

use std::fmt;
use std::sync::Arc;

use backing::messages::Messages;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;

/// What counts them.
pub(crate) struct Dropped(pub(crate) Arc<dyn Messages>);

impl fmt::Debug for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dropped({})", self.0.dropped())
    }
}

impl Collector for Dropped {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let counter = ConstCounter::new(self.0.dropped());
        let about = "Messages dropped because a subscriber was too slow";
        counter.encode(encoder.encode_descriptor("insula_messages_dropped", about, None, counter.metric_type())?)
    }
}
