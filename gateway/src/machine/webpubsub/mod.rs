//! The service side of Azure Web PubSub: sessions that outlive their connections, groups, events, streams, and the REST data plane.
//!
//! Where the real service is not known to do one thing or the other, an option says which; the defaults are what its own emulator does, or what
//! its own clients need.

mod commands;
mod events;
mod json;
mod names;
pub mod options;
mod payload;
mod protobuf;
mod rest;
mod roles;
mod session;
mod state;
mod streams;
pub(crate) mod token;
mod upgrade;
mod wire;

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

pub use events::{EventAnswer, EventCall};
pub use options::{Overflow, Reaction, WebPubSubOptions};
pub use payload::{Data, DataKind};
pub use rest::{RestAnswer, RestRequest};
pub use upgrade::AccessUrl;

use self::events::{Pending, simple_frame};
use self::session::Session;
use self::upgrade::{Admission, Waiting};
use self::wire::Down;
use super::faults::WebPubSubFaults;
use super::io::{ConnId, Cut};
use super::timers::Timer;
use super::wire::Wire;

/// All hubs.
#[derive(Default)]
pub(crate) struct WebPubSub {
    sessions: BTreeMap<String, Session>,
    by_conn: BTreeMap<ConnId, String>,
    /// What was found out about an upgrade, between its check and its acceptance.
    admitted: Option<Admission>,
    /// Upgrades that wait for a handler.
    waiting: BTreeMap<ConnId, Waiting>,
    pending: BTreeMap<u64, Pending>,
    outbox: VecDeque<EventCall>,
    calls: u64,
    serials: u64,
    pub(crate) faults: WebPubSubFaults,
}

impl WebPubSub {
    /// The session that a message just came from, or that was just looked up.
    fn session(&mut self, id: &str) -> &mut Session {
        self.sessions.get_mut(id).expect("whoever calls this has just seen the session")
    }

    /// The next event for an external handler.
    pub(crate) fn poll_event(&mut self) -> Option<EventCall> {
        self.outbox.pop_front()
    }

    /// What an external handler said.
    pub(crate) fn event_answered(&mut self, wire: &mut Wire, options: &WebPubSubOptions, call: u64, answer: EventAnswer) {
        self.answer(wire, options, call, answer);
    }

    /// Tells a client something that has no number.
    fn tell(&mut self, wire: &mut Wire, options: &WebPubSubOptions, id: &str, down: &Down) {
        let Some(session) = self.sessions.get(id) else { return };
        if let Some(conn) = session.conn
            && let Some(frame) = session.format.write(down, options.json_as_text)
        {
            wire.send(conn, frame);
        }
    }

    /// Gives a client a message: numbered and kept, if its session is reliable, and whether or not it is connected.
    fn deliver(&mut self, wire: &mut Wire, options: &WebPubSubOptions, id: &str, mut message: Down) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if session.reliable {
            if self.faults.skip_numbers.take().is_some() {
                session.next_number += 1;
            }
            if let Down::Message { number, .. } = &mut message {
                *number = Some(session.next_number);
            }
        }
        let Some(frame) = session.format.write(&message, options.json_as_text) else { return };
        if session.reliable {
            session.queue.push_back((session.next_number, frame.clone()));
            session.queued_bytes += frame.len();
            session.next_number += 1;
            if session.queue.len() > options.queue_messages || session.queued_bytes > options.queue_bytes {
                return self.overflow(wire, options, id);
            }
        }
        if let Some(conn) = session.conn {
            if self.faults.duplicates.take().is_some() {
                wire.send(conn, frame.clone());
            }
            wire.send(conn, frame);
        }
    }

    /// Gives a message to everybody in a group of the sender's hub.
    fn tell_group(
        &mut self,
        wire: &mut Wire,
        options: &WebPubSubOptions,
        sender: &str,
        group: &str,
        no_echo: bool,
        message: &Down,
    ) -> usize {
        let Some(hub) = self.sessions.get(sender).map(|session| session.hub.clone()) else { return 0 };
        let excluded: &[&str] = if no_echo { &[sender] } else { &[] };
        self.fan_out(wire, options, &hub, excluded, message, |session| session.groups.contains(group))
    }

    fn fan_out(
        &mut self,
        wire: &mut Wire,
        options: &WebPubSubOptions,
        hub: &str,
        excluded: &[&str],
        message: &Down,
        wants: impl Fn(&Session) -> bool,
    ) -> usize {
        let wanted =
            |session: &&Session| session.hub == hub && !session.ended && !excluded.contains(&session.id.as_str()) && wants(session);
        let receivers: Vec<String> = self.sessions.values().filter(wanted).map(|session| session.id.clone()).collect();
        for id in &receivers {
            self.deliver(wire, options, id, message.clone());
        }
        receivers.len()
    }

    /// Too much waits for acknowledgement: the session is over.
    fn overflow(&mut self, wire: &mut Wire, options: &WebPubSubOptions, id: &str) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.ended = true;
        match (session.conn, options.overflow) {
            (Some(conn), Overflow::Close) => wire.close(conn, Some(1008), "too many messages wait for acknowledgement"),
            (Some(conn), Overflow::Cut) => wire.cut(conn, Cut::Reset),
            (None, _) => self.finish(wire, options, id, "SlowClient"),
        }
    }

    /// A client broke the protocol: it is closed, and its session is over.
    fn breach(&mut self, wire: &mut Wire, _options: &WebPubSubOptions, id: &str, code: u16, why: &str) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.ended = true;
        if let Some(conn) = session.conn {
            wire.close(conn, Some(code), why);
        }
    }

    /// A client is sent away: told why, closed, and not let in again with this session.
    fn send_away(&mut self, wire: &mut Wire, options: &WebPubSubOptions, id: &str, reason: &str) {
        self.tell(wire, options, id, &Down::Disconnected { reason: reason.to_owned() });
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.ended = true;
        match session.conn {
            Some(conn) => wire.close(conn, Some(1000), reason),
            None => self.finish(wire, options, id, reason),
        }
    }

    /// The client said goodbye, or what it sent was no WebSocket.
    pub(crate) fn said_goodbye(&mut self, conn: ConnId, code: Option<u16>) {
        let for_good = matches!(code, None | Some(1000 | 1002 | 1005 | 1007 | 1009));
        if let Some(session) = self.by_conn.get(&conn).and_then(|id| self.sessions.get_mut(id)) {
            session.ended |= for_good;
        }
    }

    /// A connection speaks no more. Its session may wait for the next one.
    pub(crate) fn forget(&mut self, wire: &mut Wire, options: &WebPubSubOptions, conn: ConnId) {
        let Some(id) = self.by_conn.remove(&conn) else { return };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.conn != Some(conn) {
            return;
        }
        session.conn = None;
        if session.ended || !session.reliable {
            self.finish(wire, options, &id, "");
        } else {
            session.retention = Some(wire.after_ms(options.retention_ms, Timer::SessionOver(session.serial)));
        }
    }

    /// A session has waited long enough for its client.
    pub(crate) fn session_over(&mut self, wire: &mut Wire, options: &WebPubSubOptions, serial: u64) {
        let id =
            self.sessions.values().find(|session| session.serial == serial && session.conn.is_none()).map(|session| session.id.clone());
        if let Some(id) = id {
            self.finish(wire, options, &id, "");
        }
    }

    fn finish(&mut self, wire: &mut Wire, options: &WebPubSubOptions, id: &str, reason: &str) {
        self.cancel_streams(wire, options, id);
        self.announce(options, id, "disconnected", &json!({ "reason": reason }));
        if let Some(session) = self.sessions.remove(id) {
            wire.cancel(session.retention);
        }
    }

    /// Forgets every session, as a service does that has lost its memory: connections stay, and nothing can be taken up again.
    pub(crate) fn forget_sessions(&mut self, wire: &mut Wire, options: &WebPubSubOptions) -> usize {
        let all: Vec<String> = self.sessions.keys().cloned().collect();
        for id in &all {
            let Some(session) = self.sessions.get_mut(id) else { continue };
            session.ended = true;
            if session.conn.is_none() {
                self.finish(wire, options, id, "");
            }
        }
        all.len()
    }

    pub(crate) fn describe(&self, conn: ConnId) -> Value {
        let Some(session) = self.by_conn.get(&conn).and_then(|id| self.sessions.get(id)) else { return Value::Null };
        json!({
            "connection_id": session.id,
            "hub": session.hub,
            "user": session.user,
            "groups": session.groups,
            "reliable": session.reliable,
            "unacknowledged": session.queue.len(),
            "next_number": session.next_number,
        })
    }

    /// Everything that must not be read.
    pub(crate) fn secrets(&self, options: &WebPubSubOptions) -> Vec<String> {
        let tokens = self.sessions.values().flat_map(|session| session.tokens.clone());
        tokens.chain([options.access_key.0.clone()]).collect()
    }
}
