//! The machine's timers: an ordered map, so that equal times fire in the order in which they were set.

use std::collections::BTreeMap;
use std::time::Duration;

use super::graphql::Beat;
use super::io::ConnId;

/// What to do when a time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The peer had long enough to answer a close frame.
    CloseTimeout(ConnId),
    /// Send the next PING.
    Ping(ConnId),
    /// Look whether a PONG came in time.
    PongDeadline(ConnId),
    /// Go silent, as asked for when the connection opened.
    Mute(ConnId),
    /// Send Astro's `welcome`, late.
    Welcome(ConnId),
    /// Send a response of Astro that was held back.
    Response(u64),
    /// Give out the responses that wait for company to be reordered with.
    ReorderFlush,
    /// The old side of an Astro handover has had its grace.
    GraceOver(ConnId),
    /// A token of the table expires.
    TokenExpiry,
    /// No `connection_init` came in time.
    InitTimeout(ConnId),
    /// Answer `connection_init`.
    Ack(ConnId),
    /// Close behind a `connection_error`.
    RefusedClose(ConnId),
    /// The next `ka`, `ping` or unasked `pong`.
    Heartbeat(ConnId, Beat),
    /// The next event of an operation; the second number tells operations with the same id apart.
    Operation(ConnId, u64),
    /// A Web PubSub session has waited long enough for its client.
    SessionOver(u64),
    /// A stream of a Web PubSub session may have been silent for too long.
    StreamIdle(u64, String),
    /// A Web PubSub event handler is done.
    Handler(u64),
}

/// Names a timer that can be cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimerKey(Duration, u64);

#[derive(Debug, Default)]
pub(crate) struct Timers {
    set: BTreeMap<TimerKey, Timer>,
    next: u64,
}

impl Timers {
    pub(crate) fn set(&mut self, at: Duration, timer: Timer) -> TimerKey {
        self.next += 1;
        let key = TimerKey(at, self.next);
        self.set.insert(key, timer);
        key
    }

    pub(crate) fn cancel(&mut self, key: TimerKey) {
        self.set.remove(&key);
    }

    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.set.keys().next().map(|key| key.0)
    }

    /// The newest timer so far: [`Timers::pop_due`] up to here leaves alone what firing sets anew.
    pub(crate) fn newest(&self) -> u64 {
        self.next
    }

    /// Takes the earliest timer that is due at `mono` and was set no later than `upto`.
    pub(crate) fn pop_due(&mut self, mono: Duration, upto: u64) -> Option<Timer> {
        let key = self.set.range(..=TimerKey(mono, u64::MAX)).map(|(key, _)| *key).find(|key| key.1 <= upto)?;
        self.set.remove(&key)
    }

    /// Drops every timer of a connection that is gone.
    pub(crate) fn forget(&mut self, conn: ConnId) {
        self.set.retain(|_, timer| {
            !matches!(timer,
                Timer::CloseTimeout(c) | Timer::Ping(c) | Timer::PongDeadline(c) | Timer::Mute(c)
                | Timer::Welcome(c) | Timer::GraceOver(c) | Timer::InitTimeout(c) | Timer::Ack(c)
                | Timer::RefusedClose(c) | Timer::Heartbeat(c, _) | Timer::Operation(c, _) if *c == conn)
        });
    }
}
