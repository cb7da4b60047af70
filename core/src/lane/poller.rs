//! A poller watches lanes for one event loop or thread, as epoll watches sockets.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::cell::Cell;
use super::lane::Lane;
use super::sync::{Condvar, Mutex, Ordering, lock};
use crate::error::{Code, Error};

/// Tells an event loop that a lane has something for it.
///
/// It is called on a thread of the core, once for each time that the poller had nothing and then has something, and never under a lock
/// of the core, so it may call anything. It should only leave a note: write a byte, set a flag, wake a task. Every closure without
/// arguments is one.
pub trait Wake: Send + Sync {
    /// Leaves the note.
    fn wake(&self);
}

impl<F: Fn() + Send + Sync> Wake for F {
    fn wake(&self) {
        self();
    }
}

/// Watches any number of lanes of any number of clients.
///
/// # When to come back
///
/// One wake announces any number of lanes. After a wake call [`ready`](Self::ready); if it says `more`, call it again (at once, or after
/// the loop has done something else: there is **no second wake** for lanes that were left in the list). Then [poll](Lane::poll) every lane
/// that it gave. A lane whose poll says `more` is not announced again either: whoever stops there must come back to that lane by itself.
/// A lane whose poll says that there is no more will be announced when there is.
///
/// So an event loop does, at each wake:
///
/// ```
/// use topicwire::lane::{Lane, Poller};
///
/// // `again` holds what the last turn left unfinished. Returns whether to schedule another turn without waiting for a wake.
/// fn turn(poller: &Poller, again: &mut Vec<Lane>) -> bool {
///     let ready = poller.ready(64);
///     again.extend(ready.lanes);
///     let mut events = Vec::new();
///     // At most one batch a lane and turn, so that one busy lane does not starve the others.
///     again.retain(|lane| lane.poll(256, &mut events));
///     for event in events.drain(..) {
///         let _ = event;
///     }
///     ready.more || !again.is_empty()
/// }
/// ```
///
/// Dropping a poller closes it.
pub struct Poller {
    core: Arc<PollerCore>,
}

/// What [`Poller::ready`] found.
#[derive(Debug, Default)]
pub struct Ready {
    /// Lanes that have something, each once. One that was closed since may be among them; its poll finds nothing.
    pub lanes: Vec<Lane>,
    /// There are others. No wake will announce them.
    pub more: bool,
}

impl Poller {
    /// A poller that wakes an event loop.
    #[must_use]
    pub fn new(wake: Arc<dyn Wake>) -> Self {
        Self { core: Arc::new(PollerCore::new(Some(wake))) }
    }

    /// A poller for a thread that [waits](Self::wait).
    #[must_use]
    pub fn new_waiting() -> Self {
        Self { core: Arc::new(PollerCore::new(None)) }
    }

    /// Takes up to `max` lanes that have something, those that waited longest first. It never waits.
    #[must_use]
    pub fn ready(&self, max: usize) -> Ready {
        let mut state = lock(&self.core.state);
        // Cleared before the list is taken: whatever is listed from here on wakes again.
        state.armed = false;
        let count = max.min(state.list.len());
        let lanes: Vec<Lane> = state
            .list
            .drain(..count)
            .map(|cell| {
                cell.enlisted.store(false, Ordering::Relaxed);
                Lane::new(cell)
            })
            .collect();
        Ready { lanes, more: !state.list.is_empty() }
    }

    /// Waits until [`ready`](Self::ready) would find a lane, and says whether it would. Without a timeout it waits for ever.
    ///
    /// A poller that wakes an event loop may be waited on too. Waiting knows only lanes that are listed, so before waiting, come back to every lane whose last poll said `more`.
    ///
    /// # Errors
    /// `concurrency` if another thread is waiting already; `closed` once the poller is closed, also from another thread.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<bool, Error> {
        let mut state = lock(&self.core.state);
        if state.waiting {
            return Err(Error::new(Code::Concurrency, "another thread waits on this poller; give each thread a poller of its own"));
        }
        state.waiting = true;
        state = self.core.sleep(state, timeout);
        state.waiting = false;
        if state.closed {
            return Err(Error::new(Code::Closed, "the poller is closed"));
        }
        Ok(!state.list.is_empty())
    }

    /// Closes the poller and every lane at it. A thread that waits returns.
    ///
    /// No wake begins after this has returned, but one that had begun may still be running on another thread. What it needs belongs
    /// to the [`Wake`], which is dropped after its last call.
    pub fn close(&self) {
        let (members, list, wake) = {
            let mut state = lock(&self.core.state);
            state.closed = true;
            state.armed = false;
            (std::mem::take(&mut state.members), std::mem::take(&mut state.list), state.wake.take())
        };
        self.core.condvar.notify_all();
        for lane in members.into_values().filter_map(|cell| cell.upgrade()) {
            lane.abandon();
        }
        // Dropped here and not under the lock: a wake's drop may call anything.
        drop((list, wake));
    }

    pub(super) fn core(&self) -> &Arc<PollerCore> {
        &self.core
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.core.state);
        f.debug_struct("Poller")
            .field("listed", &state.list.len())
            .field("lanes", &state.members.len())
            .field("closed", &state.closed)
            .finish()
    }
}

/// The poller as its lanes see it.
pub(super) struct PollerCore {
    state: Mutex<PollerState>,
    condvar: Condvar,
}

struct PollerState {
    list: VecDeque<Arc<Cell>>,
    /// The consumer knows that the list is not empty, or is being told.
    armed: bool,
    waiting: bool,
    closed: bool,
    wake: Option<Arc<dyn Wake>>,
    members: BTreeMap<u64, Weak<Cell>>,
    next_member: u64,
}

/// A wake that is due. It is made under locks and sent when none is held.
#[must_use]
pub(super) struct Signal {
    core: Arc<PollerCore>,
    wake: Option<Arc<dyn Wake>>,
    waiting: bool,
}

impl Signal {
    pub(super) fn send(self) {
        if self.waiting {
            self.core.condvar.notify_all();
        }
        if let Some(wake) = self.wake {
            wake.wake();
        }
    }
}

impl PollerCore {
    fn new(wake: Option<Arc<dyn Wake>>) -> Self {
        let state = PollerState {
            list: VecDeque::new(),
            armed: false,
            waiting: false,
            closed: false,
            wake,
            members: BTreeMap::new(),
            next_member: 0,
        };
        Self { state: Mutex::new(state), condvar: Condvar::new() }
    }

    /// A place for a lane. `None` if the poller is closed.
    pub(super) fn reserve(&self) -> Option<u64> {
        let mut state = lock(&self.state);
        if state.closed {
            return None;
        }
        state.next_member += 1;
        Some(state.next_member)
    }

    /// Makes a lane a member of the poller. Returns whether the poller is still open.
    pub(super) fn join(&self, cell: &Arc<Cell>) -> bool {
        let mut state = lock(&self.state);
        if !state.closed {
            state.members.insert(cell.member, Arc::downgrade(cell));
        }
        !state.closed
    }

    pub(super) fn leave(&self, member: u64) {
        lock(&self.state).members.remove(&member);
    }

    /// Lists a lane that has become non-empty, and then arms the poller. The result, if any, must be sent once no lock is held.
    pub(super) fn list(self: &Arc<Self>, cell: &Arc<Cell>) -> Option<Signal> {
        let mut state = lock(&self.state);
        if state.closed {
            return None;
        }
        if !cell.enlisted.swap(true, Ordering::Relaxed) {
            state.list.push_back(Arc::clone(cell));
        }
        if std::mem::replace(&mut state.armed, true) {
            return None;
        }
        let (wake, waiting) = (state.wake.clone(), state.waiting);
        (waiting || wake.is_some()).then(|| Signal { core: Arc::clone(self), wake, waiting })
    }

    #[cfg(not(loom))]
    fn sleep<'a>(
        &'a self,
        state: super::sync::MutexGuard<'a, PollerState>,
        timeout: Option<Duration>,
    ) -> super::sync::MutexGuard<'a, PollerState> {
        use std::sync::PoisonError;
        let idle = |state: &mut PollerState| state.list.is_empty() && !state.closed;
        match timeout {
            None => self.condvar.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner),
            Some(timeout) => self.condvar.wait_timeout_while(state, timeout, idle).unwrap_or_else(PoisonError::into_inner).0,
        }
    }

    /// loom has no clock: in the model, a wait ends when there is something.
    #[cfg(loom)]
    fn sleep<'a>(
        &'a self,
        mut state: super::sync::MutexGuard<'a, PollerState>,
        _: Option<Duration>,
    ) -> super::sync::MutexGuard<'a, PollerState> {
        while state.list.is_empty() && !state.closed {
            state = self.condvar.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        state
    }
}
