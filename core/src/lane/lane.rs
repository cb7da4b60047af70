//! The consumer's end of a lane.

use std::fmt;
use std::sync::Arc;

use super::cell::Cell;
use crate::event::Event;
use crate::id::LaneId;

/// A bounded queue of events that one consumer owns. This is the consumer's end; clones are the same lane.
///
/// Dropping it does not close it: closing ends the subscriptions that the lane owns, so it is said with [`close`](Self::close).
#[derive(Clone)]
pub struct Lane {
    cell: Arc<Cell>,
}

impl Lane {
    pub(super) fn new(cell: Arc<Cell>) -> Self {
        Self { cell }
    }

    /// Its name within its client.
    #[must_use]
    pub fn id(&self) -> LaneId {
        self.cell.id
    }

    /// The number that its [options](super::LaneOptions::token) gave it. A poller's lanes may belong to several clients, whose lane ids
    /// overlap; this tells them apart.
    #[must_use]
    pub fn token(&self) -> u64 {
        self.cell.token
    }

    /// Moves up to `max` events to the end of `events`, in stream order, and returns whether there are more. It never waits.
    ///
    /// **When to poll again:** if this returns `true`, by yourself, now or later: the lane is not announced again. If it returns `false`,
    /// the lane was empty, and its poller announces it when it is not. After a `Closed` nothing comes.
    pub fn poll(&self, max: usize, events: &mut Vec<Event>) -> bool {
        self.cell.poll(max, |_| true, events)
    }

    /// Like [`poll`](Self::poll), but stops before an event that `take` refuses; that one is offered first the next time.
    ///
    /// `take` is called under the lane's lock and must not call into the lane.
    pub fn poll_while(&self, max: usize, take: impl FnMut(&Event) -> bool, events: &mut Vec<Event>) -> bool {
        self.cell.poll(max, take, events)
    }

    /// Ends the lane and the subscriptions that it owns. What is still queued is forgotten; a reader finds one `Closed`. A second call
    /// does nothing.
    pub fn close(&self) {
        self.cell.close();
    }

    /// Counters.
    #[must_use]
    pub fn stats(&self) -> LaneStats {
        self.cell.inspect(|queue| LaneStats { events: queue.len(), bytes: queue.bytes(), dropped: queue.dropped() })
    }
}

/// What a lane holds, and what it has lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaneStats {
    /// Events that wait in it.
    pub events: usize,
    /// Bytes that its messages are counted for.
    pub bytes: usize,
    /// Messages that were ever dropped for want of room.
    pub dropped: u64,
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").field("id", &self.id().0).field("token", &self.token()).finish_non_exhaustive()
    }
}
