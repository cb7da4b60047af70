//! The gateway as a pure machine: no socket, no clock, no thread, no randomness but a seed.
//!
//! Whoever drives it calls [`Machine::handle`] with what arrived and [`Machine::handle_timeout`] when
//! [`Machine::poll_timeout`] says so, and after every call carries out [`Machine::poll_output`] until it is
//! empty. The same inputs at the same times with the same seed give the same outputs.
//!
//! ```
//! use std::time::Duration;
//! use topicwire::time::{Now, UnixMillis};
//! use topicwire_gateway::machine::{ConnId, Input, Machine, Options, Output, UpgradeRequest};
//!
//! let now = Now { mono: Duration::ZERO, wall: UnixMillis(1_793_261_700_000) };
//! let mut machine = Machine::new(Options::default(), 1);
//! let conn = ConnId(1);
//! machine.handle(now, Input::Upgrade { conn, request: UpgradeRequest::new("/", &[]) });
//!
//! assert_eq!(machine.poll_output(), Some(Output::Accept { conn, subprotocol: None }));
//! assert!(matches!(machine.poll_output(), Some(Output::Send { .. })), "the welcome");
//! assert_eq!(machine.poll_timeout(), Some(Duration::from_secs(30)), "the first PING");
//! ```

mod apply;
pub mod astro;
mod bad_frame;
mod clock;
mod conn;
mod fault;
mod faults;
pub mod graphql;
mod hidden;
mod ids;
mod io;
mod mask;
mod observe;
mod options;
mod ordered;
mod payload;
mod raw;
mod timers;
mod transcript;
pub mod webpubsub;
mod wire;

use std::time::Duration;

use serde_json::Value;
use topicwire::time::Now;

pub use conn::ConnectionInfo;
pub use fault::{BadFrame, Fault, Field, ReconnectToken, Stray, Target};
pub use hidden::Hidden;
pub use io::{ConnId, Cut, Dialect, Frame, Input, Output, Refusal, UpgradeRequest};
pub use observe::Stats;
pub use options::Options;
pub use payload::Payload;
pub use transcript::{Direction, TranscriptEntry};

use astro::Astro;
use clock::Clock;
use conn::Conn;
use faults::UpgradeFaults;
use graphql::GraphQl;
use timers::Timer;
use webpubsub::WebPubSub;
use wire::Wire;

/// The gateway.
pub struct Machine {
    options: Options,
    clock: Clock,
    wire: Wire,
    upgrades: UpgradeFaults,
    astro: Astro,
    graphql: GraphQl,
    webpubsub: WebPubSub,
    stats: Stats,
}

impl Machine {
    /// A gateway without connections. `seed` decides ids and tokens.
    #[must_use]
    pub fn new(options: Options, seed: u64) -> Self {
        Self {
            clock: Clock::default(),
            wire: Wire::new(seed, options.transcript_limit, Duration::from_millis(options.close_timeout_ms)),
            upgrades: UpgradeFaults::default(),
            astro: Astro::default(),
            graphql: GraphQl::default(),
            webpubsub: WebPubSub::default(),
            stats: Stats::default(),
            options,
        }
    }

    /// Takes in something that happened on the network.
    pub fn handle(&mut self, now: Now, input: Input) {
        self.step(now, |machine| machine.input(input));
    }

    /// The next thing to do on the network, until there is nothing more.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.wire.poll_output()
    }

    /// When to call [`Machine::handle_timeout`], as a time of the driver's monotonic clock. Ask again after
    /// every other call.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.clock.due(self.wire.next_due()?)
    }

    /// Does what is due. Calling it too early does nothing.
    pub fn handle_timeout(&mut self, now: Now) {
        self.step(now, Self::fire_due);
    }

    /// Runs `work` at the machine's time, and lets the dialects forget the connections that it ended.
    fn step<T>(&mut self, now: Now, work: impl FnOnce(&mut Self) -> T) -> T {
        self.wire.now = self.clock.read(now);
        let done = work(self);
        while let Some(conn) = self.wire.next_gone() {
            self.astro.forget(&mut self.wire, &self.options.astro, conn);
            self.graphql.forget(&mut self.wire, conn);
            self.webpubsub.forget(&mut self.wire, &self.options.webpubsub, conn);
        }
        done
    }

    fn fire_due(&mut self) {
        let upto = self.wire.newest_timer();
        while let Some(timer) = self.wire.pop_due(upto) {
            self.fire(timer);
        }
    }

    fn fire(&mut self, timer: Timer) {
        let (wire, options) = (&mut self.wire, &self.options);
        match timer {
            Timer::CloseTimeout(conn) => wire.cut(conn, Cut::Fin),
            Timer::Ping(conn) => wire.on_ping_timer(conn),
            Timer::PongDeadline(conn) => wire.on_pong_deadline(conn),
            Timer::Mute(conn) => wire.mute(conn, true),
            Timer::Welcome(conn) => self.astro.welcome(wire, &options.astro, conn),
            Timer::Response(number) => self.astro.late_response(wire, number),
            Timer::ReorderFlush => self.astro.flush_reordered(wire),
            Timer::GraceOver(conn) => wire.close(conn, Some(1001), "the node went away"),
            Timer::TokenExpiry => self.astro.expire_tokens(wire, &options.astro),
            Timer::InitTimeout(conn) => self.graphql.init_timeout(wire, conn),
            Timer::Ack(conn) => self.graphql.ack(wire, &options.graphql, conn),
            Timer::RefusedClose(conn) => wire.close(conn, Some(1011), ""),
            Timer::Heartbeat(conn, beat) => {
                self.graphql.heartbeat(wire, &options.graphql, conn, beat);
            }
            Timer::Operation(conn, number) => {
                self.graphql.operation_due(wire, &options.graphql, conn, number);
            }
            Timer::SessionOver(serial) => self.webpubsub.session_over(wire, &options.webpubsub, serial),
            Timer::StreamIdle(serial, stream) => self.webpubsub.stream_idle(wire, &options.webpubsub, serial, &stream),
            Timer::Handler(call) => self.webpubsub.handler_due(wire, &options.webpubsub, call),
        }
    }

    fn input(&mut self, input: Input) {
        match input {
            Input::Upgrade { conn, request } => self.upgrade(conn, &request),
            Input::Text { conn, text } => self.message(conn, Frame::Text(text)),
            Input::Binary { conn, data } => self.message(conn, Frame::Binary(data)),
            Input::Ping { conn, data } => {
                if self.count_in(conn, &Frame::Ping(data.clone())) && !self.wire.withhold_pongs {
                    self.wire.send(conn, Frame::Pong(data));
                }
            }
            Input::Pong { conn, data } => {
                if self.count_in(conn, &Frame::Pong(data)) {
                    let now = self.wire.now.mono;
                    if let Some(state) = self.wire.conns.get_mut(&conn) {
                        state.last_pong = now;
                    }
                }
            }
            Input::Close { conn, code, reason } => self.closed_by_peer(conn, code, &reason),
            Input::Broken { conn, code, reason } => {
                self.webpubsub.said_goodbye(conn, Some(code));
                self.wire.close_back(conn, Some(code), &reason);
            }
            Input::Lost { conn } => self.wire.lost(conn),
            Input::Buffered { conn, bytes } => self.buffered(conn, bytes),
        }
    }

    /// Counts and records a frame; false if it must be ignored.
    fn count_in(&mut self, conn: ConnId, frame: &Frame) -> bool {
        if !self.wire.listens(conn) {
            return false;
        }
        if let Some(state) = self.wire.conns.get_mut(&conn) {
            state.frames_in += 1;
            state.bytes_in += frame.len() as u64;
        }
        let at = self.wire.now.wall;
        self.wire.transcript.frame(at, conn, Direction::In, frame);
        true
    }

    fn message(&mut self, conn: ConnId, frame: Frame) {
        if !self.count_in(conn, &frame) {
            return;
        }
        let Some(dialect) = self.wire.conns.get(&conn).map(|c| c.dialect) else {
            return;
        };
        let (wire, options) = (&mut self.wire, &self.options);
        match (dialect, frame) {
            (Dialect::Raw, frame) => raw::message(wire, conn, frame),
            (Dialect::WebPubSub, frame) => self.webpubsub.frame(wire, &options.webpubsub, conn, &frame),
            (Dialect::Astro, Frame::Text(text)) => {
                self.astro.command(wire, &options.astro, conn, &text);
            }
            // The reference servers take a binary frame with JSON in it for a text frame.
            (Dialect::GraphQl, Frame::Text(data) | Frame::Binary(data)) => {
                self.graphql.frame(wire, &options.graphql, conn, &data);
            }
            // Astro ignores binary frames.
            (Dialect::Astro | Dialect::GraphQl, _) => {}
        }
    }

    fn closed_by_peer(&mut self, conn: ConnId, code: Option<u16>, reason: &str) {
        let Some(state) = self.wire.conns.get(&conn) else {
            return;
        };
        if state.muted {
            return;
        }
        let words = match code {
            Some(code) => format!("{code} {reason}"),
            None => "without code".to_owned(),
        };
        let at = self.wire.now.wall;
        self.wire.transcript.event(at, conn, Direction::In, "close", words);
        self.webpubsub.said_goodbye(conn, code);
        self.wire.close_back(conn, code, reason);
    }

    fn buffered(&mut self, conn: ConnId, bytes: usize) {
        let Some(state) = self.wire.conns.get_mut(&conn) else {
            return;
        };
        state.buffered = bytes;
        let limit = self.options.graphql.max_buffered;
        if state.dialect == Dialect::GraphQl && limit > 0 && bytes > limit {
            let reason = "client is not consuming messages fast enough";
            self.wire.close(conn, Some(1013), reason);
        } else if self.options.max_queued_bytes > 0 && bytes > self.options.max_queued_bytes {
            self.wire.cut(conn, Cut::Reset);
        }
    }

    fn upgrade(&mut self, conn: ConnId, request: &UpgradeRequest) {
        let dialect = Dialect::at(&request.path);
        if let Some(refusal) = self.upgrades.refuse.take() {
            return self.refuse(conn, refusal);
        }
        // As npm `ws` does: a client that sends the header twice is told so.
        let offers = &request.subprotocols;
        if (1..offers.len()).any(|at| offers[..at].contains(&offers[at])) {
            let text = "Invalid Sec-WebSocket-Protocol header: a value occurs twice";
            return self.refuse(conn, faults::status(400, None, text));
        }
        let decision = match dialect {
            Dialect::Astro => self.astro.admit(&self.wire, &self.options.astro).map(|()| None),
            Dialect::GraphQl => graphql::admit(&self.options.graphql, request),
            Dialect::Raw => Ok(raw::subprotocol(request)),
            Dialect::WebPubSub => match self.webpubsub.admit(&mut self.wire, &self.options.webpubsub, conn, request) {
                Ok(Some(agreed)) => Ok(agreed),
                // A handler decides.
                Ok(None) => return,
                Err(refusal) => Err(refusal),
            },
        };
        let agreed = match decision {
            Ok(agreed) => agreed,
            Err(refusal) => return self.refuse(conn, refusal),
        };
        if dialect == Dialect::Astro
            && let Err(refusal) = self.astro.check_resume(&self.wire, &self.options.astro, request)
        {
            return self.refuse(conn, refusal);
        }
        let answered = match self.upgrades.subprotocol.take() {
            Some(fault) => fault,
            None => agreed.clone(),
        };
        let mut state = Conn::new(conn, dialect, request, self.wire.now);
        state.subprotocol.clone_from(&answered);
        self.stats.opened += 1;
        self.wire.accept(state, answered);
        if self.upgrades.mute_new {
            self.wire.mute(conn, true);
        }
        let (wire, options) = (&mut self.wire, &self.options);
        match dialect {
            Dialect::Astro => self.astro.open(wire, &options.astro, conn, request),
            Dialect::GraphQl => {
                self.graphql.open(wire, &options.graphql, conn, agreed.as_deref());
            }
            Dialect::Raw => {}
            Dialect::WebPubSub => self.webpubsub.open(wire, &options.webpubsub, conn),
        }
    }

    fn refuse(&mut self, conn: ConnId, refusal: Refusal) {
        self.stats.refused += 1;
        self.wire.refuse(conn, refusal);
    }

    fn dialect_state(&self, conn: &Conn) -> Value {
        match conn.dialect {
            Dialect::Astro => self.astro.describe(conn.id),
            Dialect::GraphQl => self.graphql.describe(conn.id),
            Dialect::Raw => Value::Null,
            Dialect::WebPubSub => self.webpubsub.describe(conn.id),
        }
    }
}
