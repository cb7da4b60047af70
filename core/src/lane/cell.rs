//! What a lane's two ends share.

use std::sync::Arc;

use super::poller::{PollerCore, Signal};
use super::queue::{Pushed, Queue};
use super::sync::{AtomicBool, AtomicUsize, Mutex, MutexGuard, Ordering, lock};
use crate::event::{Closed, Event};
use crate::id::{LaneId, Seq};

/// What all lanes of one router share.
pub(super) struct Hub {
    /// How many lanes want reading to pause.
    pub(super) pausing: AtomicUsize,
    /// Lanes that ended on their consumer's side, or by overflow.
    ended: Mutex<Vec<LaneId>>,
    pub(super) any_ended: AtomicBool,
    /// Tells the router's owner to attend to it.
    attention: Arc<dyn Fn() + Send + Sync>,
}

impl Hub {
    pub(super) fn new(attention: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self { pausing: AtomicUsize::new(0), ended: Mutex::new(Vec::new()), any_ended: AtomicBool::new(false), attention }
    }

    /// Notes that a lane has ended.
    pub(super) fn note_end(&self, lane: LaneId) {
        lock(&self.ended).push(lane);
        self.any_ended.store(true, Ordering::Release);
    }

    pub(super) fn take_ended(&self) -> Vec<LaneId> {
        if !self.any_ended.swap(false, Ordering::AcqRel) {
            return Vec::new();
        }
        std::mem::take(&mut *lock(&self.ended))
    }
}

/// One lane.
pub(super) struct Cell {
    pub(super) id: LaneId,
    pub(super) token: u64,
    pub(super) poller: Arc<PollerCore>,
    pub(super) member: u64,
    pub(super) hub: Arc<Hub>,
    /// It is in its poller's list. Guarded by the poller's lock.
    pub(super) enlisted: AtomicBool,
    inner: Mutex<Inner>,
}

struct Inner {
    queue: Queue,
    /// Its poller knows of it. Cleared only by a poll that finds the queue empty.
    listed: bool,
    /// It is one of `Hub::pausing`.
    pausing: bool,
    /// The consumer wants no more of it.
    closed: bool,
}

/// What became of a turn's events.
pub(super) struct Delivered {
    /// Send it once no lock is held.
    pub(super) signal: Option<Signal>,
    /// The lane has ended.
    pub(super) ended: bool,
}

impl Cell {
    pub(super) fn new(id: LaneId, token: u64, poller: Arc<PollerCore>, member: u64, hub: Arc<Hub>, queue: Queue) -> Self {
        let inner = Inner { queue, listed: false, pausing: false, closed: false };
        Self { id, token, poller, member, hub, enlisted: AtomicBool::new(false), inner: Mutex::new(inner) }
    }

    /// Producer: puts a turn's events in under one lock, and lists the lane if it was empty.
    pub(super) fn deliver(self: &Arc<Self>, events: &mut Vec<Event>) -> Delivered {
        let mut inner = lock(&self.inner);
        let mut ended = inner.closed;
        if ended {
            events.clear();
        } else {
            for event in events.drain(..) {
                ended |= inner.queue.push(event) == Pushed::Ended;
            }
        }
        if !inner.pausing && inner.queue.wants_pause() {
            inner.pausing = true;
            self.hub.pausing.fetch_add(1, Ordering::AcqRel);
        }
        // A lane that overflowed holds nobody back. Its owner is on this side, so nobody need be told.
        if inner.pausing && ended {
            inner.pausing = false;
            self.hub.pausing.fetch_sub(1, Ordering::AcqRel);
        }
        let signal = self.announce(inner);
        Delivered { signal, ended }
    }

    /// Producer: ends the lane after what is in it.
    pub(super) fn end(self: &Arc<Self>, closed: Closed, seq: Option<Seq>) -> Option<Signal> {
        let mut inner = lock(&self.inner);
        inner.queue.end(closed, seq);
        self.unpause(&mut inner);
        let signal = self.announce(inner);
        self.poller.leave(self.member);
        signal
    }

    /// Producer: changes limits and policy.
    pub(super) fn change(&self, change: impl FnOnce(&mut Queue)) {
        let mut inner = lock(&self.inner);
        change(&mut inner.queue);
        if inner.pausing && !inner.queue.wants_pause() {
            self.unpause(&mut inner);
        }
    }

    /// Lists the lane if it has something and its poller does not know.
    fn announce(self: &Arc<Self>, mut inner: MutexGuard<'_, Inner>) -> Option<Signal> {
        if inner.queue.is_empty() || std::mem::replace(&mut inner.listed, true) {
            return None;
        }
        drop(inner);
        self.poller.list(self)
    }

    /// Returns whether this was the last lane that held reading back.
    fn unpause(&self, inner: &mut Inner) -> bool {
        std::mem::replace(&mut inner.pausing, false) && self.hub.pausing.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Consumer: takes up to `max` events as long as `take` wants them. Returns whether there are more.
    pub(super) fn poll(&self, max: usize, mut take: impl FnMut(&Event) -> bool, out: &mut Vec<Event>) -> bool {
        let mut inner = lock(&self.inner);
        let mut taken = 0;
        while taken < max && inner.queue.peek().is_some_and(&mut take) {
            out.extend(inner.queue.pop());
            taken += 1;
        }
        inner.queue.polled();
        let more = !inner.queue.is_empty();
        inner.listed &= more;
        let resume = inner.queue.is_low() && self.unpause(&mut inner);
        drop(inner);
        if resume {
            (self.hub.attention)();
        }
        more
    }

    /// Consumer: wants nothing more. What is queued is forgotten, and only `Closed` is left to read.
    pub(super) fn close(self: &Arc<Self>) {
        let mut inner = lock(&self.inner);
        if std::mem::replace(&mut inner.closed, true) {
            return;
        }
        inner.queue.end(Closed::default(), None);
        inner.queue.discard();
        self.unpause(&mut inner);
        let signal = self.announce(inner);
        self.poller.leave(self.member);
        self.hub.note_end(self.id);
        if let Some(signal) = signal {
            signal.send();
        }
        (self.hub.attention)();
    }

    /// The poller is closed: nobody will ever poll.
    pub(super) fn abandon(&self) {
        let mut inner = lock(&self.inner);
        if std::mem::replace(&mut inner.closed, true) {
            return;
        }
        inner.queue.end(Closed::default(), None);
        inner.queue.discard();
        self.unpause(&mut inner);
        drop(inner);
        self.hub.note_end(self.id);
        (self.hub.attention)();
    }

    pub(super) fn inspect<T>(&self, look: impl FnOnce(&Queue) -> T) -> T {
        look(&lock(&self.inner).queue)
    }
}
