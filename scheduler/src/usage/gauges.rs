//! What Nodes use, for Prometheus: drawn when it is asked for.

use std::fmt;

use planner::{Amounts, MachineUsage};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

use super::Usages;

/// The gauges.
#[derive(Debug)]
pub(crate) struct Gauges(pub(crate) Usages);

/// Reads one of the amounts that a host tells of its machine.
type Read = fn(&MachineUsage) -> Amounts;

/// Prefixes of names, and what they are of.
const OF: [(&str, Read); 2] = [("insula_node", |of| of.machine), ("insula_host_process", |of| of.process)];
const CPU: &str = "Cores in use, on average over a few seconds";
const MEMORY: &str = "Memory in use";

impl Collector for Gauges {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let usage = self.0.now();
        let machines: Vec<(&str, &MachineUsage)> =
            usage.nodes.iter().filter_map(|(node, of)| Some((node.as_str(), of.machine.as_ref()?))).collect();
        for (prefix, amounts) in OF {
            let name = format!("{prefix}_cpu_cores");
            let mut cpu = encoder.encode_descriptor(&name, CPU, None, MetricType::Gauge)?;
            for (node, of) in &machines {
                let cores = amounts(of).cpu_nanos as f64 / 1e9;
                ConstGauge::new(cores).encode(cpu.encode_family(&[("node", *node)])?)?;
            }
            let name = format!("{prefix}_memory");
            let mut memory = encoder.encode_descriptor(&name, MEMORY, Some(&Unit::Bytes), MetricType::Gauge)?;
            for (node, of) in &machines {
                let bytes = i64::try_from(amounts(of).memory_bytes).unwrap_or(i64::MAX);
                ConstGauge::new(bytes).encode(memory.encode_family(&[("node", *node)])?)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use protocol::v1;

    use super::*;
    use crate::metrics::Metrics;

    #[test]
    fn nodes_are_told_apart() {
        let (usages, metrics) = (Usages::new(), Metrics::new());
        metrics.collect(Box::new(Gauges(usages.clone())));
        let node = v1::NodeUsage { cpu_nanos: 1_500_000_000, memory_bytes: 1 << 20, ..v1::NodeUsage::default() };
        let said = v1::Usage { node: Some(node), pods: Vec::new() };
        usages.told("a", said, &Arc::default(), Timestamp::UNIX_EPOCH);
        let text = metrics.text(1);
        for line in ["insula_node_cpu_cores{node=\"a\"} 1.5", "insula_node_memory_bytes{node=\"a\"} 1048576"] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
