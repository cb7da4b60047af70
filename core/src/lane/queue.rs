//! The bounded queue in a lane: what is dropped, what never is, and what stands where something was dropped.
//!
//! It is plain data. Locks and wakes are its owner's business.

use std::collections::VecDeque;
use std::sync::Arc;

use super::coalesce;
use super::options::{Limits, Overflow, TURN_BYTES, TURN_EVENTS};
use crate::error::{Code, Error};
use crate::event::{Closed, Event, EventKind};
use crate::id::Seq;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pushed {
    /// It is in the queue, or in one that was there; or the lane had ended and wants nothing.
    Taken,
    /// There was no room, and the policy is to end the lane.
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Open,
    /// `Closed` is in the queue.
    Ending,
    /// `Closed` was taken.
    Ended,
}

/// How many events other than messages may pile up before those that say the same are merged.
const PATIENCE: usize = 256;
/// A lane that blocks takes this many times its limits before it gives up: replies and probes lie behind messages on the same socket. It takes
/// as many turns of the driver, too, since a small lane fills up in the middle of one.
const LAST_RESORT: usize = 4;
/// An empty queue gives back the room above this many events, unless it has just been in need of it.
const IDLE_CAPACITY: usize = 256;
/// And above this many even then.
const LARGEST_CAPACITY: usize = 2048;
/// Room for so few events costs nothing to make again, beside the wake that each of them needs; a thousand idle lanes need not hold it.
const SPARSE_CAPACITY: usize = 8;

#[derive(Debug)]
pub(super) struct Queue {
    /// What stands before the oldest message since messages were dropped there. Holds no message.
    front: VecDeque<Event>,
    back: VecDeque<Event>,
    /// The most that was in it since it was empty.
    peak: usize,
    messages: usize,
    bytes: usize,
    controls: usize,
    compact_above: usize,
    limits: Limits,
    overflow: Overflow,
    /// Nobody has polled yet, and `block` waits for that.
    lazy: bool,
    /// Reading may be held back no longer: `block` drops until there is room again.
    stalled: bool,
    writable: bool,
    life: Life,
    last: Seq,
    dropped: u64,
}

impl Queue {
    pub(super) fn new(limits: Limits, overflow: Overflow, lazy: bool) -> Self {
        Self {
            front: VecDeque::new(),
            back: VecDeque::new(),
            peak: 0,
            messages: 0,
            bytes: 0,
            controls: 0,
            compact_above: PATIENCE,
            limits,
            overflow,
            lazy,
            stalled: false,
            writable: false,
            life: Life::Open,
            last: Seq(0),
            dropped: 0,
        }
    }

    pub(super) fn set(&mut self, limits: Limits, overflow: Overflow) {
        self.limits = limits;
        self.overflow = overflow;
    }

    pub(super) fn push(&mut self, event: Event) -> Pushed {
        if self.life != Life::Open {
            return Pushed::Taken;
        }
        self.last = event.seq;
        match &event.kind {
            EventKind::Message(message) => {
                let cost = message.frame.len();
                if self.messages > 0 && !self.fits(cost) && !self.make_room(cost, event.seq) {
                    return if self.life == Life::Open { Pushed::Taken } else { Pushed::Ended };
                }
                self.messages += 1;
                self.bytes += cost;
                self.peak = self.peak.max(self.messages);
                self.back.push_back(event);
            }
            // A lane's end is written by `end`, so that there is one.
            EventKind::Closed(_) => {}
            EventKind::Writable if self.writable => {}
            _ => {
                self.writable |= matches!(event.kind, EventKind::Writable);
                let trail = if self.back.is_empty() { &mut self.front } else { &mut self.back };
                if let Some(event) = coalesce::into_trail(trail, event) {
                    trail.push_back(event);
                    self.controls += 1;
                    if self.controls > self.compact_above {
                        self.compact();
                    }
                }
            }
        }
        Pushed::Taken
    }

    /// Applies the policy to a message that does not fit. Returns whether it may come in.
    #[cold]
    fn make_room(&mut self, cost: usize, seq: Seq) -> bool {
        let policy = if self.overflow == Overflow::Block && (self.lazy || self.stalled) { Overflow::DropOldest } else { self.overflow };
        match policy {
            Overflow::DropOldest => {
                while self.messages > 0 && !self.fits(cost) {
                    self.drop_oldest();
                }
                true
            }
            Overflow::DropNewest => {
                self.dropped += 1;
                let trail = if self.back.is_empty() { &mut self.front } else { &mut self.back };
                self.controls += usize::from(coalesce::push_hole(trail, hole(seq)));
                false
            }
            Overflow::Block if self.is_before_last_resort() => true,
            Overflow::Block | Overflow::Close => {
                let text =
                    "the lane's consumer was too slow; poll more often, raise the lane's limits, or choose a policy that drops messages";
                self.end(Closed { cause: Some(Arc::new(Error::new(Code::Overflow, text))), ..Closed::default() }, Some(seq));
                false
            }
        }
    }

    fn drop_oldest(&mut self) {
        while let Some(event) = self.back.pop_front() {
            match &event.kind {
                EventKind::Message(message) => {
                    self.messages -= 1;
                    self.bytes -= message.frame.len();
                    self.dropped += 1;
                    self.controls += usize::from(coalesce::push_hole(&mut self.front, hole(event.seq)));
                    // A hole that was already there may now be this one's neighbour.
                    if matches!(self.back.front(), Some(Event { kind: EventKind::Lagged { .. }, .. }))
                        && let Some(next) = self.back.pop_front()
                    {
                        self.controls -= usize::from(!coalesce::push_hole(&mut self.front, next));
                    }
                    return;
                }
                EventKind::Lagged { .. } => self.controls -= usize::from(!coalesce::push_hole(&mut self.front, event)),
                _ => self.front.push_back(event),
            }
        }
    }

    /// The next event, which stays.
    pub(super) fn peek(&self) -> Option<&Event> {
        self.front.front().or_else(|| self.back.front())
    }

    pub(super) fn pop(&mut self) -> Option<Event> {
        let event = self.front.pop_front().or_else(|| self.back.pop_front())?;
        match &event.kind {
            EventKind::Message(message) => {
                self.messages -= 1;
                self.bytes -= message.frame.len();
            }
            kind => {
                self.controls -= 1;
                match kind {
                    EventKind::Closed(_) => self.life = Life::Ended,
                    EventKind::Writable => self.writable = false,
                    _ => {}
                }
            }
        }
        Some(event)
    }

    /// Tells the queue that a poll is over.
    pub(super) fn polled(&mut self) {
        self.lazy = false;
        self.stalled &= !self.is_low();
        if self.is_empty() {
            let peak = std::mem::take(&mut self.peak);
            self.compact_above = PATIENCE;
            for queue in [&mut self.back, &mut self.front] {
                // Streams that fill and empty it again and again would have it made anew each time.
                // (A poll that finds nothing says nothing of what is needed.)
                let needed = (peak == 0 || peak > queue.capacity() / 4) && queue.capacity() <= LARGEST_CAPACITY;
                if queue.capacity() > IDLE_CAPACITY && !needed {
                    queue.shrink_to(IDLE_CAPACITY);
                } else if queue.capacity() <= SPARSE_CAPACITY {
                    *queue = VecDeque::new();
                }
            }
        }
    }

    /// Ends the queue: after what is in it comes `Closed`, and nothing after that. A second end changes nothing. `seq`: its place in the
    /// client's order, if the client has ended; a lane that ends alone numbers on.
    pub(super) fn end(&mut self, closed: Closed, seq: Option<Seq>) {
        if self.life == Life::Open {
            self.life = Life::Ending;
            self.controls += 1;
            let seq = seq.unwrap_or(Seq(self.last.0 + 1));
            self.back.push_back(Event { seq, kind: EventKind::Closed(Box::new(closed)) });
        }
    }

    /// Forgets everything but a `Closed` that nobody has taken yet.
    pub(super) fn discard(&mut self) {
        let closed = self.back.pop_back().filter(|event| matches!(event.kind, EventKind::Closed(_)));
        self.controls = usize::from(closed.is_some());
        self.front = VecDeque::new();
        self.back = closed.into_iter().collect();
        (self.messages, self.bytes, self.writable) = (0, 0, false);
    }

    /// Reading may be held back no longer: until there is room again, the oldest messages make room.
    pub(super) fn stall(&mut self) {
        self.stalled = self.overflow == Overflow::Block && !self.is_low();
    }

    /// Merges what says the same, run by run.
    fn compact(&mut self) {
        let front = coalesce::compact(std::mem::take(&mut self.front));
        let back = coalesce::compact(std::mem::take(&mut self.back));
        (self.front, self.back) = (front, back);
        self.controls = self.front.len() + self.back.len() - self.messages;
        self.compact_above = (self.controls * 2).max(PATIENCE);
    }

    fn fits(&self, cost: usize) -> bool {
        self.messages < self.limits.events && self.bytes.saturating_add(cost) <= self.limits.bytes
    }

    /// How large the next message is does not matter: reading stops behind it.
    fn is_before_last_resort(&self) -> bool {
        self.messages < self.limits.events.max(TURN_EVENTS).saturating_mul(LAST_RESORT)
            && self.bytes < self.limits.bytes.max(TURN_BYTES).saturating_mul(LAST_RESORT)
    }

    /// Whether the lane wants reading to pause.
    pub(super) fn wants_pause(&self) -> bool {
        self.overflow == Overflow::Block
            && self.life == Life::Open
            && !self.lazy
            && !self.stalled
            && (self.messages >= self.limits.events || self.bytes >= self.limits.bytes)
    }

    /// Whether so little is left that reading may go on.
    pub(super) fn is_low(&self) -> bool {
        self.life != Life::Open || (self.messages <= self.limits.events / 4 && self.bytes <= self.limits.bytes / 4)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.front.is_empty() && self.back.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.front.len() + self.back.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// One message that is not there.
fn hole(seq: Seq) -> Event {
    Event { seq, kind: EventKind::Lagged { first: seq, last: seq, count: 1 } }
}

#[cfg(all(test, not(loom)))]
#[path = "tests/queue.rs"]
mod tests;
