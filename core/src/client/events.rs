//! A lane as a Rust program reads it: a `Stream`, or a blocking `poll`.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_core::Stream;
use futures_util::task::AtomicWaker;

use super::boundary::Client;
use crate::command::Command;
use crate::error::Error;
use crate::event::{Event, EventKind};
use crate::id::{LaneId, RequestId};
use crate::lane::{Lane, LaneOptions, Poller, Wake};
use crate::net::runtime;

/// Events taken from the lane at once.
const BATCH: usize = 256;

/// Room for so few events is given back when there are none: most lanes of most programs are idle.
const SPARSE: usize = 8;

/// The events of one lane, in order. It ends after `Closed`.
///
/// ```no_run
/// use futures_util::StreamExt as _;
/// # async fn example(mut events: topicwire::client::Events) {
/// while let Some(event) = events.next().await {
///     println!("{event:?}");
/// }
/// # }
/// ```
pub struct Events {
    /// Always there, but for the moment in which it is dropped.
    poller: Option<Poller>,
    lane: Lane,
    wake: Arc<Bell>,
    taken: VecDeque<Event>,
    /// The lane said that it has more, so it will not be announced.
    more: bool,
    ended: bool,
    generation: u64,
}

/// Wakes a task and a thread, whichever there is.
#[derive(Default)]
struct Bell {
    task: AtomicWaker,
    state: Mutex<Rung>,
    thread: Condvar,
}

#[derive(Default)]
struct Rung {
    rung: bool,
    /// A thread waits. To wake none costs a call of the system all the same.
    waiting: bool,
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, Rung> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Bell {
    fn wake(&self) {
        let waiting = {
            let mut state = self.lock();
            state.rung = true;
            state.waiting
        };
        if waiting {
            self.thread.notify_one();
        }
        self.task.wake();
    }
}

impl Events {
    /// Opens a lane of a client, perhaps with the command that feeds it.
    ///
    /// # Errors
    /// As [`Client::open_lane`].
    pub fn open(client: &Client, options: LaneOptions, command: Option<(RequestId, Option<LaneId>, Command)>) -> Result<Self, Error> {
        let wake = Arc::new(Bell::default());
        let poller = Poller::new(wake.clone());
        let lane = client.open_lane(&poller, options, command)?;
        let generation = runtime::generation();
        Ok(Self { poller: Some(poller), lane, wake, taken: VecDeque::new(), more: false, ended: false, generation })
    }

    /// The lane.
    #[must_use]
    pub fn lane(&self) -> &Lane {
        &self.lane
    }

    /// The next event, if there is one now.
    pub fn try_next(&mut self) -> Option<Event> {
        if self.taken.is_empty() && !self.ended {
            if !self.is_ours() {
                // It goes on in the parent.
                self.ended = true;
                return None;
            }
            if !self.more
                && let Some(poller) = &self.poller
            {
                // Arms the poller again: what comes from here on rings.
                drop(poller.ready(1));
            }
            // The same buffer each time, as a list to fill and as a queue to empty.
            let mut batch = Vec::from(std::mem::take(&mut self.taken));
            self.more = self.lane.poll(BATCH, &mut batch);
            if batch.is_empty() && batch.capacity() <= SPARSE {
                batch = Vec::new();
            }
            self.taken = batch.into();
        }
        let event = self.taken.pop_front()?;
        self.ended |= matches!(event.kind, EventKind::Closed(_));
        Some(event)
    }

    /// Waits for the next event at most this long. `None` when none came, and after the end.
    pub fn poll(&mut self, timeout: Duration) -> Option<Event> {
        let deadline = Instant::now().checked_add(timeout);
        loop {
            if !self.is_ours() {
                return self.try_next();
            }
            self.wake.lock().rung = false;
            if let Some(event) = self.try_next() {
                return Some(event);
            }
            if self.ended {
                return None;
            }
            let mut state = self.wake.lock();
            while !state.rung {
                let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
                if left.is_zero() {
                    return None;
                }
                state.waiting = true;
                // A wait for ever is cut into long ones, since the clock cannot hold it.
                let waited = self.wake.thread.wait_timeout(state, left.min(Duration::from_secs(3600)));
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
                state.waiting = false;
            }
        }
    }

    /// Whether this is the process that the lane was opened in. In the child of a fork no lock may be taken: nobody may be left to give it back.
    fn is_ours(&self) -> bool {
        self.generation == runtime::generation()
    }

    /// Whether the end has been reached.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.ended
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        if let Some(event) = self.taken.pop_front() {
            self.ended |= matches!(event.kind, EventKind::Closed(_));
            return Poll::Ready(Some(event));
        }
        if self.ended {
            return Poll::Ready(None);
        }
        self.wake.task.register(cx.waker());
        match self.try_next() {
            Some(event) => Poll::Ready(Some(event)),
            None if self.ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        if self.is_ours() {
            self.lane.close();
        } else {
            std::mem::forget((self.poller.take(), self.lane.clone()));
        }
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").field("lane", &self.lane).field("ended", &self.ended).finish_non_exhaustive()
    }
}
