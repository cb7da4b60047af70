//! One socket, as the machine sees it.
//!
//! ```text
//! dialing ──opened──▶ greeting ──ready──▶ probation ──time──▶ ready ──handover──▶ draining ──▶ closing ──▶ gone
//! ```
//! An open socket is not a success: gateways refuse after the upgrade, and even after their own greeting.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::Machine;
use super::context::Readiness;
use super::handover::Carried;
use super::io::{Frame, Handshake, Output};
use super::ledger::InFlight;
use super::pacing::Bucket;
use crate::dialect::Priority;
use crate::event::Opened;
use crate::id::{Connection, LinkId, RequestId, RouteId, Ticket};
use crate::secret::Secret;
use crate::time::{Now, UnixMillis};

/// After reading went on, what comes this soon may have waited.
const CATCH_UP: Duration = Duration::from_secs(1);

/// Where a link is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// The socket is being opened.
    Dialing,
    /// The socket is open; the gateway has not greeted.
    Greeting,
    /// Greeted, commands flow, but not believed yet.
    Probation,
    /// In use.
    Ready,
    /// Superseded; still delivering.
    Draining,
    /// A close handshake is under way.
    Closing,
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) route: RouteId,
    pub(super) phase: Phase,
    /// Dialled with this resume credential, which brings these back.
    pub(super) resume: Option<(u64, Carried)>,
    /// What to take the session up again with, if this link is lost. (`Facts::resume_replays`)
    pub(super) keep: Option<Secret>,
    /// When the session's last connection was lost, and how often taking it up was tried.
    pub(super) resumed_from: Option<(Duration, u32)>,
    /// What is told of this link once it is believed.
    pub(super) untold: Option<Box<Opened>>,
    pub(super) handshake: Handshake,
    pub(super) readiness: Option<Readiness>,
    pub(super) connection: Connection,
    pub(super) dialed: Now,
    pub(super) last_inbound: Now,
    /// The gateway said that it will close this link: no more commands on it.
    pub(super) leaving: bool,
    /// The server has served it: a command was answered, or a message came.
    pub(super) served: bool,
    /// Another link has taken over. It delivers to its last frame.
    pub(super) superseded: bool,
    pub(super) in_flight: BTreeMap<String, InFlight>,
    pub(super) bucket: Bucket,
    pub(super) idle: Option<Duration>,
    pub(super) probed: Option<Duration>,
    pub(super) reading: bool,
    /// Reading was held back: what had been heard by then, and when it went on. What is read right after may be as old as that.
    pub(super) held_back: Option<(UnixMillis, Option<Duration>)>,
    pub(super) next_ticket: u64,
    pub(super) flushed: Ticket,
    /// Frames handed over and not yet written: their tickets and sizes.
    pub(super) unsent: VecDeque<(Ticket, usize)>,
    /// Requests that are answered by being written.
    pub(super) on_flush: VecDeque<(Ticket, RequestId)>,
    /// How often draining was prolonged.
    pub(super) prolonged: u32,
}

impl Link {
    pub(super) fn new(route: RouteId, bucket: Bucket, now: Now) -> Self {
        Self {
            route,
            phase: Phase::Dialing,
            resume: None,
            keep: None,
            resumed_from: None,
            untold: None,
            handshake: Handshake::default(),
            readiness: None,
            connection: Connection(0),
            dialed: now,
            last_inbound: now,
            leaving: false,
            served: false,
            superseded: false,
            in_flight: BTreeMap::new(),
            bucket,
            idle: None,
            probed: None,
            reading: true,
            held_back: None,
            next_ticket: 1,
            flushed: Ticket(0),
            unsent: VecDeque::new(),
            on_flush: VecDeque::new(),
            prolonged: 0,
        }
    }

    /// Whether commands may be given to it.
    pub(super) fn takes_commands(&self) -> bool {
        matches!(self.phase, Phase::Probation | Phase::Ready) && !self.leaving
    }

    /// Up to when everything that the server sent by it had arrived, at least.
    pub(super) fn heard(&self) -> UnixMillis {
        match self.held_back {
            Some((before, None)) => before,
            Some((before, Some(since))) if self.last_inbound.mono < since + CATCH_UP => before,
            _ => self.last_inbound.wall,
        }
    }

    /// Reading stops, or goes on.
    pub(super) fn read(&mut self, now: Now, on: bool) {
        self.reading = on;
        self.held_back = match (on, self.held_back) {
            (false, _) => Some((self.heard(), None)),
            (true, Some((before, None))) => Some((before, Some(now.mono))),
            (true, other) => other,
        };
    }

    /// Dialled with a resume credential, and not yet believed.
    pub(super) fn unproven_resume(&self) -> bool {
        self.resume.is_some() && self.phase <= Phase::Probation
    }

    pub(super) fn last_ticket(&self) -> Ticket {
        Ticket(self.next_ticket - 1)
    }
}

impl Machine {
    pub(super) fn send(&mut self, link: LinkId, frame: Frame, _priority: Priority) -> Ticket {
        let Some(state) = self.links.get_mut(&link) else {
            return Ticket(0);
        };
        let ticket = Ticket(state.next_ticket);
        state.next_ticket += 1;
        let size = frame.len();
        state.unsent.push_back((ticket, size));
        self.unsent_bytes += size as u64;
        self.outputs.push_back(Output::Send { link, frame, ticket });
        ticket
    }

    pub(super) fn is_resume(&self, link: LinkId) -> bool {
        self.links.get(&link).is_some_and(|link| link.resume.is_some())
    }

    /// Everything up to `upto` has been written.
    pub(super) fn flushed(&mut self, now: Now, link: LinkId, upto: Ticket) {
        let Some(state) = self.links.get_mut(&link) else { return };
        state.flushed = state.flushed.max(upto);
        while let Some((ticket, size)) = state.unsent.front().copied()
            && ticket <= upto
        {
            state.unsent.pop_front();
            self.unsent_bytes = self.unsent_bytes.saturating_sub(size as u64);
        }
        let mut written = Vec::new();
        while let Some((ticket, request)) = state.on_flush.front().copied()
            && ticket <= upto
        {
            state.on_flush.pop_front();
            written.push(request);
        }
        for request in written {
            self.reply(request, Ok(None));
        }
        self.start_answer_clocks(now, link);
        self.tell_writable();
    }

    /// Forgets what was handed to a link and never written.
    pub(super) fn forget_unsent(&mut self, link: LinkId) {
        if let Some(state) = self.links.get_mut(&link) {
            let size: usize = state.unsent.drain(..).map(|(_, size)| size).sum();
            self.unsent_bytes = self.unsent_bytes.saturating_sub(size as u64);
        }
        self.tell_writable();
    }
}
