//! Timers by name: setting one again replaces it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::id::{KeyId, LinkId, RequestId, RouteId};

/// What a timer is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// A greeting is overdue.
    Greeting(LinkId),
    /// A greeted link has lived long enough to be believed.
    Probation(LinkId),
    /// A link has lived long enough for attempts to start from 0.
    Settle(LinkId),
    /// Silence is to be judged.
    Idle(LinkId),
    /// A probe is due.
    Probe(LinkId),
    /// The answer to a probe is overdue.
    ProbeAnswer(LinkId),
    /// The first of the unanswered commands is overdue.
    Answer(LinkId),
    /// An old link has drained long enough.
    Drain(LinkId),
    /// The next command may go.
    Pace(LinkId),
    /// The pause after a throttle is over.
    Pause,
    /// The next attempt to connect.
    Dial(RouteId),
    /// An unused route has lingered long enough.
    Linger(RouteId),
    /// A subscription may be tried again.
    Key(KeyId),
    /// A request has waited long enough.
    Request(RequestId),
    /// A need expires.
    Need(RequestId),
    /// A credential may be asked for again.
    Credential(String),
    /// Message ids need not be remembered for the overlap any more.
    Dedup,
    /// Reading has paused as long as the gateway bears.
    Stall,
    /// The close handshakes have had their time.
    Shutdown,
    /// A dialect's own.
    Dialect(u64),
}

/// Timers, soonest first.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: BTreeSet<(Duration, Timer)>,
    at: BTreeMap<Timer, Duration>,
}

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Duration) {
        self.cancel(&timer);
        self.due.insert((at, timer.clone()));
        self.at.insert(timer, at);
    }

    pub(super) fn cancel(&mut self, timer: &Timer) {
        if let Some(at) = self.at.remove(timer) {
            self.due.remove(&(at, timer.clone()));
        }
    }

    pub(super) fn is_set(&self, timer: &Timer) -> bool {
        self.at.contains_key(timer)
    }

    /// Cancels every timer of a link.
    pub(super) fn cancel_link(&mut self, link: LinkId) {
        for timer in [
            Timer::Greeting(link),
            Timer::Probation(link),
            Timer::Settle(link),
            Timer::Idle(link),
            Timer::Probe(link),
            Timer::ProbeAnswer(link),
            Timer::Answer(link),
            Timer::Drain(link),
            Timer::Pace(link),
        ] {
            self.cancel(&timer);
        }
    }

    pub(super) fn next(&self) -> Option<Duration> {
        self.due.first().map(|(at, _)| *at)
    }

    pub(super) fn pop(&mut self, now: Duration) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        let (_, timer) = self.due.pop_first()?;
        self.at.remove(&timer);
        Some(timer)
    }

    pub(super) fn clear(&mut self) {
        self.due.clear();
        self.at.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_a_timer_again_replaces_it() {
        let mut timers = Timers::default();
        timers.set(Timer::Pause, Duration::from_secs(1));
        timers.set(Timer::Pause, Duration::from_secs(2));
        assert_eq!(timers.pop(Duration::from_secs(1)), None);
        assert_eq!(timers.pop(Duration::from_secs(2)), Some(Timer::Pause));
        assert_eq!(timers.next(), None);
    }
}
