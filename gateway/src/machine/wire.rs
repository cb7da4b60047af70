//! What every dialect shares: the connections, the only place from which frames leave, timers and ids.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use topicwire::time::Now;

use super::conn::{Conn, Phase};
use super::ids::Ids;
use super::io::{ConnId, Cut, Frame, Output, Refusal};
use super::timers::{Timer, TimerKey, Timers};
use super::transcript::{Direction, Transcript};

/// The longest reason that fits into a close frame (RFC 6455 section 5.5: 125 bytes, two of them the code).
pub(crate) const MAX_REASON: usize = 123;

pub(crate) struct Wire {
    pub(crate) now: Now,
    pub(crate) ids: Ids,
    pub(crate) transcript: Transcript,
    pub(crate) conns: BTreeMap<ConnId, Conn>,
    pub(crate) silence_pings: bool,
    pub(crate) withhold_pongs: bool,
    pub(crate) close_timeout: Duration,
    timers: Timers,
    outputs: VecDeque<Output>,
    /// Connections that speak no more; the dialects have yet to forget them.
    gone: Vec<ConnId>,
}

impl Wire {
    pub(crate) fn new(seed: u64, transcript_limit: usize, close_timeout: Duration) -> Self {
        Self {
            now: Now::default(),
            ids: Ids::new(seed),
            transcript: Transcript::new(transcript_limit),
            conns: BTreeMap::new(),
            silence_pings: false,
            withhold_pongs: false,
            close_timeout,
            timers: Timers::default(),
            outputs: VecDeque::new(),
            gone: Vec::new(),
        }
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(crate) fn next_gone(&mut self) -> Option<ConnId> {
        self.gone.pop()
    }

    // Timers.

    pub(crate) fn after(&mut self, delay: Duration, timer: Timer) -> TimerKey {
        self.timers.set(self.now.after(delay), timer)
    }

    pub(crate) fn after_ms(&mut self, delay_ms: u64, timer: Timer) -> TimerKey {
        self.after(Duration::from_millis(delay_ms), timer)
    }

    pub(crate) fn cancel(&mut self, key: Option<TimerKey>) {
        if let Some(key) = key {
            self.timers.cancel(key);
        }
    }

    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.timers.next_due()
    }

    pub(crate) fn newest_timer(&self) -> u64 {
        self.timers.newest()
    }

    pub(crate) fn pop_due(&mut self, upto: u64) -> Option<Timer> {
        self.timers.pop_due(self.now.mono, upto)
    }

    // The life of a connection.

    pub(crate) fn accept(&mut self, conn: Conn, subprotocol: Option<String>) {
        let words = format!("{} {}", conn.shown_url, subprotocol.as_deref().unwrap_or("without subprotocol"));
        let id = conn.id;
        self.transcript.event(self.now.wall, id, Direction::Event, "open", words);
        self.conns.insert(id, conn);
        self.outputs.push_back(Output::Accept { conn: id, subprotocol });
    }

    pub(crate) fn refuse(&mut self, conn: ConnId, refusal: Refusal) {
        let words = match &refusal {
            Refusal::Status { status, .. } => format!("HTTP {status}"),
            Refusal::Reset => "reset".to_owned(),
            Refusal::Hang => "no answer".to_owned(),
        };
        self.transcript.event(self.now.wall, conn, Direction::Event, "refuse", words);
        self.outputs.push_back(Output::Refuse { conn, refusal });
    }

    /// Whether frames of this connection count: it is open, and not muted.
    pub(crate) fn listens(&self, conn: ConnId) -> bool {
        self.conns.get(&conn).is_some_and(|c| c.phase == Phase::Open && !c.muted)
    }

    pub(crate) fn is_open(&self, conn: ConnId) -> bool {
        self.conns.get(&conn).is_some_and(|c| c.phase == Phase::Open)
    }

    pub(crate) fn send(&mut self, conn: ConnId, frame: Frame) {
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        if state.phase != Phase::Open || state.muted {
            return;
        }
        state.frames_out += 1;
        state.bytes_out += frame.len() as u64;
        self.transcript.frame(self.now.wall, conn, Direction::Out, &frame);
        self.outputs.push_back(Output::Send { conn, frame });
    }

    pub(crate) fn send_text(&mut self, conn: ConnId, text: impl Into<Bytes>) {
        self.send(conn, Frame::Text(text.into()));
    }

    /// Starts the close handshake. From here the dialect is done with the connection.
    pub(crate) fn close(&mut self, conn: ConnId, code: Option<u16>, reason: &str) {
        let timeout = self.close_timeout;
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        if state.phase != Phase::Open {
            return;
        }
        state.phase = Phase::Closing;
        let muted = state.muted;
        self.gone.push(conn);
        if !muted {
            self.emit_close(conn, code, reason);
        }
        self.after(timeout, Timer::CloseTimeout(conn));
    }

    /// Answers the peer's close frame, if it was the first, and ends the connection.
    pub(crate) fn close_back(&mut self, conn: ConnId, code: Option<u16>, reason: &str) {
        let open = self.is_open(conn);
        if open {
            // 1005 and the like are never on the wire; an empty frame answers an empty frame.
            self.emit_close(conn, code, reason);
        }
        self.cut(conn, Cut::Fin);
    }

    fn emit_close(&mut self, conn: ConnId, code: Option<u16>, reason: &str) {
        let mut end = reason.len().min(MAX_REASON);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        let reason = reason[..end].to_owned();
        let words = match code {
            Some(code) => format!("{code} {reason}"),
            None => "without code".to_owned(),
        };
        self.transcript.event(self.now.wall, conn, Direction::Out, "close", words);
        self.outputs.push_back(Output::Close { conn, code, reason });
    }

    pub(crate) fn cut(&mut self, conn: ConnId, how: Cut) {
        if self.remove(conn, &format!("{how:?}").to_lowercase()) {
            self.outputs.push_back(Output::Drop { conn, how });
        }
    }

    /// The network lost the connection.
    pub(crate) fn lost(&mut self, conn: ConnId) {
        self.remove(conn, "lost");
    }

    fn remove(&mut self, conn: ConnId, why: &str) -> bool {
        if self.conns.remove(&conn).is_none() {
            return false;
        }
        self.transcript.event(self.now.wall, conn, Direction::Event, "drop", why.to_owned());
        self.timers.forget(conn);
        self.gone.push(conn);
        true
    }

    pub(crate) fn mute(&mut self, conn: ConnId, on: bool) {
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        if state.muted != on {
            state.muted = on;
            state.last_pong = self.now.mono;
            let words = if on { "muted" } else { "unmuted" };
            self.transcript.event(self.now.wall, conn, Direction::Event, "mute", words.to_owned());
            self.outputs.push_back(Output::Read { conn, on: !on });
        }
    }

    // RFC 6455 keep-alive.

    /// Sends a PING every `period`, and cuts the connection when no PONG came for `timeout`. Zero is never.
    pub(crate) fn start_pings(&mut self, conn: ConnId, period: Duration, timeout: Duration) {
        let now = self.now.mono;
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        state.ping_period = period;
        state.pong_timeout = timeout;
        state.last_pong = now;
        if !period.is_zero() {
            self.after(period, Timer::Ping(conn));
            if !timeout.is_zero() {
                self.after(timeout, Timer::PongDeadline(conn));
            }
        }
    }

    pub(crate) fn on_ping_timer(&mut self, conn: ConnId) {
        let Some(state) = self.conns.get(&conn) else {
            return;
        };
        let period = state.ping_period;
        if !self.silence_pings {
            self.send(conn, Frame::Ping(Bytes::new()));
        }
        self.after(period, Timer::Ping(conn));
    }

    pub(crate) fn on_pong_deadline(&mut self, conn: ConnId) {
        let Some(state) = self.conns.get(&conn) else {
            return;
        };
        // Who sends no PING, or reads nothing, cannot miss a PONG.
        let excused = self.silence_pings || state.muted;
        let timeout = state.pong_timeout;
        let due = state.last_pong.saturating_add(timeout);
        if excused {
            self.after(timeout, Timer::PongDeadline(conn));
        } else if due <= self.now.mono {
            self.cut(conn, Cut::Fin);
        } else {
            self.after(due - self.now.mono, Timer::PongDeadline(conn));
        }
    }
}
