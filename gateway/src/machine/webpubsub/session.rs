//! One client's session: it outlives its connections, if its subprotocol is reliable.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::roles::Permissions;
use super::streams::Stream;
use super::wire::Format;
use crate::machine::io::{ConnId, Frame};
use crate::machine::timers::TimerKey;

/// A session.
#[derive(Debug)]
pub(crate) struct Session {
    /// Tells sessions apart for timers.
    pub(super) serial: u64,
    pub(super) id: String,
    pub(super) hub: String,
    pub(super) user: Option<String>,
    pub(super) format: Format,
    pub(super) reliable: bool,
    pub(super) subprotocol: Option<String>,
    pub(super) conn: Option<ConnId>,
    pub(super) permissions: Permissions,
    pub(super) groups: BTreeSet<String>,
    /// The groups whose state it hears of.
    pub(super) watched: BTreeSet<String>,
    /// What others see of it, by group.
    pub(super) states: BTreeMap<String, BTreeMap<String, String>>,
    /// Its token for being taken up again. Older ones stay good.
    pub(super) tokens: Vec<String>,
    pub(super) next_number: u64,
    /// What was sent and not acknowledged.
    pub(super) queue: VecDeque<(u64, Frame)>,
    pub(super) queued_bytes: usize,
    /// Numbers of commands that succeeded, oldest first.
    pub(super) done: VecDeque<u64>,
    pub(super) streams: BTreeMap<String, Stream>,
    pub(super) simple: Simple,
    /// Nobody may take it up again.
    pub(super) ended: bool,
    pub(super) retention: Option<TimerKey>,
    /// Its `ce-connectionState`.
    pub(super) state: Option<String>,
}

/// What a simple client's frames are.
#[derive(Debug, Clone, Default)]
pub(super) struct Simple {
    /// Messages to this group; events otherwise.
    pub(super) group: Option<String>,
    pub(super) no_echo: bool,
}

impl Session {
    /// Whether a command with this number was done already.
    pub(super) fn is_done(&self, ack: Option<u64>) -> bool {
        ack.is_some_and(|ack| self.done.contains(&ack))
    }

    pub(super) fn note_done(&mut self, ack: u64, memory: usize) {
        if self.done.len() >= memory {
            self.done.pop_front();
        }
        self.done.push_back(ack);
    }

    /// The client has everything up to `number`.
    pub(super) fn release(&mut self, number: u64) {
        while self.queue.front().is_some_and(|(first, _)| *first <= number)
            && let Some((_, frame)) = self.queue.pop_front()
        {
            self.queued_bytes = self.queued_bytes.saturating_sub(frame.len());
        }
    }
}
