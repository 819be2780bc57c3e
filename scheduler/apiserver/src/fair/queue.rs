//! The decision: which requests are worked on, which wait, which are turned away. Pure.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use super::class::Level;

/// Names a request for as long as it waits or is worked on.
pub(crate) type Ticket = u64;

/// How many there is room for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Seats of a level.
    pub(crate) seats: usize,
    /// Requests of one user that may wait.
    pub(crate) waiting_of_one: usize,
    /// Requests that may wait, all users together.
    pub(crate) waiting: usize,
}

impl Bounds {
    /// Most seats that one user has: half of them.
    fn share(self) -> usize {
        self.seats.div_ceil(2)
    }
}

/// What becomes of a request that arrives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is worked on.
    Run(Ticket),
    /// It waits until [`Queue::leave`] names it.
    Wait(Ticket),
    /// Too many of the same user's wait already, or too many of all.
    Refuse,
}

/// One user's requests in a level.
#[derive(Debug, Default)]
struct Flow {
    /// Seats taken.
    seated: usize,
    waiting: VecDeque<Ticket>,
    /// When it last got a seat, counted in seats given: among equals the one served longest ago goes next.
    served: u64,
}

/// Everyone in one level.
#[derive(Debug)]
struct Hall {
    bounds: Bounds,
    seated: usize,
    waiting: usize,
    flows: BTreeMap<Arc<str>, Flow>,
    given: u64,
}

#[derive(Debug)]
struct Guest {
    level: Level,
    flow: Arc<str>,
    /// Seats it takes.
    width: usize,
    seated: bool,
}

/// All levels.
#[derive(Debug)]
pub(crate) struct Queue {
    halls: BTreeMap<Level, Hall>,
    guests: HashMap<Ticket, Guest>,
    next: Ticket,
}

impl Queue {
    pub(crate) fn new(levels: impl IntoIterator<Item = (Level, Bounds)>) -> Self {
        let hall = |bounds| Hall { bounds, seated: 0, waiting: 0, flows: BTreeMap::new(), given: 0 };
        let halls = levels.into_iter().map(|(level, bounds)| (level, hall(bounds))).collect();
        Self { halls, guests: HashMap::new(), next: 0 }
    }

    /// A request of `flow` that takes `width` seats, as far as one user may have them.
    pub(crate) fn arrive(&mut self, level: Level, flow: &str, width: usize) -> Verdict {
        let Some(hall) = self.halls.get_mut(&level) else { return Verdict::Refuse };
        let bounds = hall.bounds;
        let waiting_of_one = hall.flows.get(flow).map_or(0, |flow| flow.waiting.len());
        if waiting_of_one >= bounds.waiting_of_one || hall.waiting >= bounds.waiting {
            return Verdict::Refuse;
        }
        let (ticket, flow) = (self.next, Arc::<str>::from(flow));
        self.next += 1;
        hall.flows.entry(flow.clone()).or_default().waiting.push_back(ticket);
        hall.waiting += 1;
        let width = width.clamp(1, bounds.share());
        self.guests.insert(ticket, Guest { level, flow, width, seated: false });
        if self.seat(level).contains(&ticket) { Verdict::Run(ticket) } else { Verdict::Wait(ticket) }
    }

    /// A request is done, or waits no longer. Returns those that are worked on from now on.
    pub(crate) fn leave(&mut self, ticket: Ticket) -> Vec<Ticket> {
        let Some(guest) = self.guests.remove(&ticket) else { return Vec::new() };
        let Some(hall) = self.halls.get_mut(&guest.level) else { return Vec::new() };
        if let Some(flow) = hall.flows.get_mut(&guest.flow) {
            if guest.seated {
                flow.seated -= guest.width;
                hall.seated -= guest.width;
            } else {
                flow.waiting.retain(|waiting| *waiting != ticket);
                hall.waiting -= 1;
            }
            if flow.seated == 0 && flow.waiting.is_empty() {
                hall.flows.remove(&guest.flow);
            }
        }
        self.seat(guest.level)
    }

    /// Gives seats away while there are any.
    fn seat(&mut self, level: Level) -> Vec<Ticket> {
        let mut seated = Vec::new();
        let Some(hall) = self.halls.get_mut(&level) else { return seated };
        let share = hall.bounds.share();
        loop {
            let width = |flow: &Flow| flow.waiting.front().and_then(|ticket| self.guests.get(ticket)).map(|g| g.width);
            let may = |flow: &&mut Flow| width(flow).is_some_and(|width| flow.seated + width <= share);
            let next = hall.flows.values_mut().filter(may).min_by_key(|flow| (flow.seated, flow.served));
            let Some(flow) = next else { return seated };
            let Some(guest) = flow.waiting.front().and_then(|ticket| self.guests.get_mut(ticket)) else {
                return seated;
            };
            // Whose turn it is waits for its seats: narrower ones behind it would keep it waiting for ever.
            if hall.seated + guest.width > hall.bounds.seats {
                return seated;
            }
            guest.seated = true;
            hall.given += 1;
            (flow.served, flow.seated) = (hall.given, flow.seated + guest.width);
            hall.seated += guest.width;
            hall.waiting -= 1;
            seated.extend(flow.waiting.pop_front());
        }
    }
}
