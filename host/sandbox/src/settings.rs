//! Every bound of this crate, with its reason, and the engine settings that compiled code depends on.

use std::time::Duration;

use wasmtime::{Config, WasmBacktraceDetails};

/// Instances alive at once, unless the configuration says otherwise. A slot is address space, not memory.
pub(crate) const SLOTS_DEFAULT: u32 = 1_000;
/// Linear memories a slot accounts for on average: nearly every component has one, composed ones have several.
pub(crate) const MEMORIES_PER_SLOT: u32 = 2;
/// Tables a slot accounts for on average.
pub(crate) const TABLES_PER_SLOT: u32 = 4;
/// Stacks a slot accounts for on average: a guest of WASI 0.3 has one for each of its tasks that is blocked, and as many
/// requests as there are slots may share an instance with another.
pub(crate) const STACKS_PER_SLOT: u32 = 3;
/// Core modules that one instance may consist of, adapters included.
pub(crate) const CORE_INSTANCES_MAX: u32 = 32;
/// Linear memories of one instance.
pub(crate) const MEMORIES_MAX: u32 = 4;
/// Tables of one instance.
pub(crate) const TABLES_MAX: u32 = 8;
/// Elements of one table, which are 8 bytes of the host each. Large interpreters need some 15,000.
pub(crate) const TABLE_ELEMENTS_MAX: usize = 20_000;
/// Memory of one instance when the workload has no limit of its own.
pub const INSTANCE_MEMORY_BYTES_DEFAULT: u64 = 64 << 20;
/// Slots that are kept mapped after use. With the next bound it limits what an idle host keeps: 64 x 256 KiB = 16 MiB.
pub(crate) const WARM_SLOTS_MAX: u32 = 64;
/// Dirty memory of a used slot that is reset by copying instead of by giving pages back to the system.
pub(crate) const KEEP_RESIDENT_BYTES: usize = 256 << 10;
/// The same for a slot's tables.
pub(crate) const KEEP_RESIDENT_TABLE_BYTES: usize = 16 << 10;

/// Stack of the guest's own functions. Deeper recursion traps.
const WASM_STACK_BYTES: usize = 512 << 10;
/// Stack of a call with what the host puts on it; what exceeds the guest's part is for the host.
const CALL_STACK_BYTES: usize = 2 << 20;

/// Handles a guest may hold: bodies, streams, requests, timers. It bounds those of the host's resources, and those of
/// the guest's own, each.
pub(crate) const HANDLES_MAX: usize = 1_024;
/// Tasks, futures, streams and the like of a guest of WASI 0.3 for each of its handles: each has several entries.
pub(crate) const CONCURRENT_PER_HANDLE: usize = 4;
/// The same for each request that an instance may answer at once, where that is more.
pub(crate) const HANDLES_PER_REQUEST: usize = 16;
/// Bytes that one call from guest to host may make the host copy.
pub(crate) const HOSTCALL_BYTES_MAX: usize = 4 << 20;
/// Bytes of randomness in one call.
pub(crate) const RANDOM_BYTES_MAX: u64 = 64 << 10;
/// Bytes of header fields, as the host holds them.
pub(crate) const FIELDS_BYTES_MAX: usize = 32 << 10;
/// Bytes of one write to an outgoing body.
pub(crate) const BODY_CHUNK_BYTES_MAX: usize = 64 << 10;
/// Bytes of one write to a log.
pub(crate) const LOG_CHUNK_BYTES_MAX: usize = 64 << 10;
/// Bytes of an object that a guest has written and the store has not taken yet.
pub(crate) const BLOB_AHEAD_BYTES_MAX: usize = 1 << 20;
/// Bytes of an object that a guest reads in one call: what one call may make the host copy.
pub(crate) const BLOB_READ_BYTES_MAX: u64 = HOSTCALL_BYTES_MAX as u64;
/// Names of objects in one call.
pub(crate) const NAMES_MAX: usize = 1_000;
/// Bytes of all messages that an instance holds.
pub(crate) const MESSAGES_HELD_BYTES_MAX: usize = 8 << 20;
/// Entries of a message's metadata.
pub(crate) const MESSAGE_METADATA_MAX: usize = 64;
/// How long a guest may wait for the answers to a message.
pub(crate) const REPLY_TIMEOUT: Duration = Duration::from_secs(30);
/// Answers to one message that a guest may wait for.
pub(crate) const REPLIES_MAX: u32 = 64;
/// Bytes of a line that an instance has begun to print, held back until it ends the line: as long as lines of logs are.
pub(crate) const LOG_LINE_BYTES_MAX: usize = 16 << 10;
/// Outgoing requests of one workload at once. More are refused inside the guest.
pub(crate) const OUTGOING_MAX: usize = 128;
/// Bytes of a request's body that are taken from a guest after whoever was asked has lost interest: a socket's buffer
/// would hold about as much.
pub(crate) const LINGER_BYTES_MAX: usize = 128 << 10;
/// How long an outgoing connection may take.
pub(crate) const OUTGOING_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the first byte of an outgoing request's response may take.
pub(crate) const OUTGOING_FIRST_BYTE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a request waits for a place among its workload's, and then for a slot and memory. Longer, and its client is
/// better told to come again.
pub(crate) const ROOM_WAIT_MAX: Duration = Duration::from_secs(1);
/// Requests of one workload that wait for a place among those that are answered. Each holds a connection and a
/// request's head.
pub(crate) const WAITING_MAX: usize = 1_024;
/// Slots that a workload may have however few are free: enough for what a busy workload needs at any moment, few
/// enough for some sixty such workloads on an engine of the default size.
pub(crate) const SHARE_SLOTS_MIN: usize = 16;
/// Idle instances that one workload keeps for each thread.
pub(crate) const IDLE_PER_SHARD_MAX: usize = 32;

/// How often running guests give way. At most a millisecond, with room for the system's timer.
pub(crate) const TICK: Duration = Duration::from_micros(900);
/// Ticks before a request's guest first gives way: with one, a tick might come at once, and a short request that is
/// interrupted costs a task.
pub(crate) const FIRST_SLICE_TICKS: u64 = 2;
/// How many ticks without a guest pass before the ticker sleeps. Waking it costs more than some idle ticks.
pub(crate) const QUIET_TICKS_MAX: u32 = 128;
/// Computing time after which a request leaves the request runtime for the burners.
pub(crate) const BURNING_AFTER: Duration = Duration::from_millis(10);
/// How long a workload is remembered for a request that burned. Whoever burns again and again is always remembered.
pub(crate) const BURNT_FOR: Duration = Duration::from_secs(1);
/// Computing time of its requests until then: about what one turn takes, so that an ordinary request stays.
pub(crate) const BURNING_AGAIN_AFTER: Duration = Duration::from_millis(2);
/// Over how long a workload with a ceiling of CPU may have its share in one piece, as Linux has it for containers.
pub(crate) const CEILING_WINDOW: Duration = Duration::from_millis(100);
/// Memory of an instance from which on it is dropped among the burners: giving pages back takes the system a
/// millisecond for some ten mebibytes.
pub(crate) const DROPPED_ELSEWHERE_BYTES: u64 = 4 << 20;
/// What is read ahead of a response to find out whether it is already complete.
pub(crate) const READ_AHEAD_BYTES_MAX: usize = 256 << 10;
/// How often guest and response are asked in turn for that.
pub(crate) const READ_AHEAD_ROUNDS_MAX: usize = 8;
/// Computing time of the guest meanwhile: others on the same runtime wait for that.
pub(crate) const READ_AHEAD_COMPUTING_MAX: Duration = TICK;
/// Steps of clocks that guests see: finer ones help timing attacks.
pub(crate) const CLOCK_STEP: Duration = Duration::from_micros(100);
/// Bytes of a component's table of lines: a program of some million lines of code.
pub(crate) const SYMBOLS_BYTES_MAX: usize = 32 << 20;
/// Rows of it.
pub(crate) const SYMBOL_ROWS_MAX: usize = 2 << 20;
/// Frames of a backtrace that are kept.
pub(crate) const FRAMES_MAX: usize = 64;
/// Bytes of a trap's message and backtrace that are kept: names in them are the guest's.
pub(crate) const TRAP_TEXT_BYTES_MAX: usize = 8 << 10;

/// What components are made for, and so which machinery runs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Generation {
    /// WASI 0.2 alone. Without tasks, streams and an event loop in each instance, a call takes two thirds of the time.
    Serial,
    /// Everything else.
    Concurrent,
}

impl Generation {
    pub(crate) const ALL: [Self; 2] = [Self::Serial, Self::Concurrent];
}

/// The settings that compiled code depends on; [`crate::Engine`] and [`crate::compile`] share them.
pub(crate) fn code_settings(generation: Generation) -> Config {
    let concurrent = generation == Generation::Concurrent;
    let mut config = Config::new();
    config
        .wasm_component_model_async(concurrent)
        .concurrency_support(concurrent)
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(CALL_STACK_BYTES)
        // The library would look lines up on the thread that answers requests, anew for each frame of each trap, in
        // debug information of the guest's choosing; see `symbols` instead.
        .wasm_backtrace_details(WasmBacktraceDetails::Disable);
    config
}
