//! Real worker processes: what they may, what they must not, how they end, and what goes between them and their host.

mod suite {
    mod crashes;
    mod harness;
    mod locked;
    mod wires;
}
