//! GraphQL over WebSocket, in both subprotocols: `graphql-transport-ws` (modern) and `graphql-ws` (legacy).
//!
//! Sources: the two protocol texts, and what the reference servers of npm were seen to do where the texts are silent or the servers
//! differ from them. We are strict in what we send and lenient in what we take.

mod auth;
mod closes;
mod errors;
mod frame;
mod liveness;
mod operations;
mod results;
mod suspects;
mod wire;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use self::liveness::Heartbeat;
use self::operations::{Operation, Operations, Owner};
use self::suspects::{Suspects, Trial};
use self::wire::{LEGACY, MODERN, PING, TERMINATE, Wire};
use super::{Answer, Class, Dialect, Dialing, Dispatch, Facts, Identity, Pacing, Priority, Probe, Routes, Verdict, dial_from};
use crate::command::{Command, OperationTarget, Target};
use crate::error::{Code, Error};
use crate::event::{CloseFrame, FaultKind, Outcome};
use crate::id::{KeyId, LinkId, RequestId, RouteId};
use crate::options::{Auth, DEFAULT_CREDENTIAL, GraphQlOptions, Protocol, Sockets};
use crate::secret::Secret;
use crate::session::Context;
use crate::session::io::{DialFailure, DialPhase, Frame, Handshake, LinkEnd};

/// Blocks of some chains are large.
const MAX_MESSAGE: u64 = 64 << 20;
/// Half of what the reference server gives an unanswered ping frame.
const STALL: Duration = Duration::from_secs(6);
/// A connection that lives this long counts as a success.
const SETTLE: Duration = Duration::from_secs(5);
/// Timers of requests have this bit; timers of subscriptions have not.
const REQUEST_TIMER: u64 = 1 << 63;

/// The GraphQL dialect.
pub struct GraphQl {
    options: GraphQlOptions,
    links: BTreeMap<LinkId, Conn>,
    suspects: Suspects,
    /// The server named no subprotocol: the next dial offers none.
    bare: bool,
}

/// What is remembered of a link.
struct Conn {
    wire: Wire,
    acked: bool,
    operations: Operations,
    heartbeat: Heartbeat,
    /// The server said that it refuses the session; its close follows.
    refused: Option<Error>,
}

impl GraphQl {
    /// A dialect with these options.
    #[must_use]
    pub fn new(options: GraphQlOptions) -> Self {
        Self { options, links: BTreeMap::new(), suspects: Suspects::default(), bare: false }
    }

    fn offer(&self) -> Vec<String> {
        let names: &[&str] = match self.options.protocol {
            _ if self.bare => &[],
            Protocol::Auto => &[MODERN, LEGACY],
            Protocol::Modern => &[MODERN],
            Protocol::Legacy => &[LEGACY],
        };
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn text(cx: &mut Context<'_>, link: LinkId, text: String, priority: Priority) {
        cx.send(link, Frame::Text(Bytes::from(text)), priority);
    }

    /// Starts an operation on a link. `None`: its credential was asked for.
    fn start(&mut self, cx: &mut Context<'_>, link: LinkId, owner: Owner, target: &OperationTarget) -> Option<String> {
        let token = if self.options.auth == Auth::Extensions { cx.credential(DEFAULT_CREDENTIAL)? } else { Secret::default() };
        let extensions = auth::extensions(&self.options, &token, target.extensions.as_deref());
        let now = cx.now();
        let data_timeout = target.data_timeout_ms.filter(|ms| *ms > 0).map(Duration::from_millis);
        let conn = self.links.get_mut(&link)?;
        let id = conn.operations.add(Operation::new(owner, now.mono, conn.heartbeat.asked, data_timeout));
        let text = conn.wire.start(&id, target, extensions.as_deref());
        Self::text(cx, link, text, Priority::Data);
        if let (Owner::Subscription(key), Some(timeout)) = (owner, data_timeout) {
            cx.timer(key.0, Some(now.after(timeout)));
        }
        Some(id)
    }

    /// Asks for a `pong`, which the legacy subprotocol has not.
    fn ping(&mut self, cx: &mut Context<'_>, link: LinkId) {
        if let Some(conn) = self.links.get_mut(&link)
            && conn.wire == Wire::Modern
        {
            conn.heartbeat.asked += 1;
            Self::text(cx, link, PING.to_owned(), Priority::Control);
        }
    }

    fn waiting() -> Dispatch {
        Dispatch::Waiting { credential: DEFAULT_CREDENTIAL.to_owned() }
    }

    /// Whoever was waiting for its trial may have it.
    fn cleared(&mut self, cx: &mut Context<'_>, key: KeyId) {
        cx.timer(key.0, None);
        if let Some(next) = self.suspects.forget(key) {
            cx.retry(next);
        }
    }
}

impl Dialect for GraphQl {
    fn name(&self) -> &'static str {
        "graphql"
    }

    fn facts(&self) -> Facts {
        let options = &self.options;
        Facts {
            routes: match options.sockets {
                Sockets::Shared => Routes::Shared,
                Sockets::PerOperation => Routes::PerKey,
            },
            lazy: options.lazy,
            linger: options.linger,
            greeting: options.ack_timeout,
            probation: Duration::ZERO,
            answer_proves: false,
            settle: SETTLE,
            pacing: Pacing::NONE,
            // Subscriptions are never answered, and requests have a time of their own.
            answer: None,
            idle: options.idle_timeout,
            probe: options.ping_interval.map(|interval| Probe { interval, timeout: Some(options.pong_timeout) }),
            drain: Duration::ZERO,
            resume_tries: (0, Duration::ZERO),
            dedup: false,
            drop_after_unsubscribe: true,
            stop_when_unauthorized: false,
            stall: Some(STALL),
            verify_resume: false,
            keep_while_closing: false,
            provider: options.provider_timeout,
            close: options.connection.close_timeout,
        }
    }

    fn identify(&self, target: &Target) -> Result<Identity, Error> {
        match target {
            Target::Operation(target) if target.query.trim().is_empty() => Err(Error::option("query", "a GraphQL document")),
            Target::Operation(_) => Ok(Identity::Own),
            Target::Topic(_) => Err(Error::new(Code::Unsupported, "GraphQL has operations, no topics")),
        }
    }

    fn dial(&mut self, cx: &mut Context<'_>, _route: RouteId, _resume: Option<&Secret>) -> Dialing {
        let token = match self.options.auth {
            Auth::Extensions => Secret::default(),
            _ => match cx.credential(DEFAULT_CREDENTIAL) {
                Some(token) => token,
                None => return Dialing::Waiting { credential: DEFAULT_CREDENTIAL.to_owned() },
            },
        };
        let url = auth::url(&self.options, &token);
        let mut dial = dial_from(&self.options.connection, url, self.offer(), MAX_MESSAGE);
        dial.headers.extend(auth::header(&self.options, &token));
        Dialing::Go(Box::new(dial))
    }

    fn opened(&mut self, cx: &mut Context<'_>, link: LinkId, handshake: &Handshake) {
        // What counts is what the server answered, not what was offered.
        let wire = match handshake.protocol.as_deref().map(Wire::of) {
            Some(Some(wire)) => wire,
            None if self.options.assume_legacy => Wire::Legacy,
            _ => {
                let text = "the server chose no subprotocol that we know; set `protocol` to what it speaks, or `assume_legacy`";
                return cx.fatal(Error::new(Code::HandshakeFailed, text));
            }
        };
        let conn = Conn { wire, acked: false, operations: Operations::default(), heartbeat: Heartbeat::default(), refused: None };
        self.links.insert(link, conn);
        // The dial has had it, so it is at hand; if it was refused in between, the server will say so.
        let token =
            if self.options.auth == Auth::Payload { cx.credential(DEFAULT_CREDENTIAL).unwrap_or_default() } else { Secret::default() };
        let init = wire::init(auth::init_payload(&self.options, &token).as_deref());
        Self::text(cx, link, init, Priority::Control);
    }

    fn frame(&mut self, cx: &mut Context<'_>, link: LinkId, frame: Frame) {
        match frame {
            // A binary frame that holds text is taken for the text.
            Frame::Text(bytes) | Frame::Binary(bytes) => self.take_in(cx, link, bytes),
            Frame::Ping(_) | Frame::Pong(_) | Frame::Fragment { .. } => {}
        }
    }

    fn subscribe(&mut self, cx: &mut Context<'_>, link: LinkId, key: KeyId, target: &Target) -> Dispatch {
        let Target::Operation(target) = target else { return Dispatch::Later };
        let trial = self.suspects.judge(link, key);
        if trial == Trial::Wait {
            return Dispatch::Later;
        }
        if self.start(cx, link, Owner::Subscription(key), target).is_none() {
            return Self::waiting();
        }
        if trial == Trial::Probe {
            self.ping(cx, link);
        }
        cx.live_unconfirmed(link, key);
        Dispatch::Done
    }

    fn unsubscribe(&mut self, cx: &mut Context<'_>, link: LinkId, key: KeyId, _target: &Target) -> Dispatch {
        self.cleared(cx, key);
        // Whether the server answers is its own affair; ours is to forget the id at once.
        if let Some(conn) = self.links.get_mut(&link)
            && let Some(id) = conn.operations.id_of(Owner::Subscription(key))
        {
            conn.operations.remove(&id);
            let stop = conn.wire.stop(&id);
            Self::text(cx, link, stop, Priority::Data);
        }
        Dispatch::Done
    }

    fn command(&mut self, cx: &mut Context<'_>, link: LinkId, request: RequestId, command: &Command, _payload: &Bytes) -> Dispatch {
        let Command::Execute(target) = command else {
            return Dispatch::Refused(Error::new(Code::Unsupported, "GraphQL clients run operations, and nothing else"));
        };
        let Some(id) = self.start(cx, link, Owner::Request(request), target) else { return Self::waiting() };
        if let Some(timeout) = self.options.execute_timeout {
            cx.timer(REQUEST_TIMER | request.0, Some(cx.now().after(timeout)));
        }
        Dispatch::Sent { answer: id, class: class_of(&target.query) }
    }

    fn probe(&mut self, cx: &mut Context<'_>, link: LinkId) {
        let Some(conn) = self.links.get(&link) else { return };
        match conn.wire {
            Wire::Modern => self.ping(cx, link),
            // A `ping` message would draw an error; the frame below it is answered by every WebSocket.
            Wire::Legacy => {
                cx.send(link, Frame::Ping(Bytes::new()), Priority::Control);
            }
        }
    }

    fn dial_failed(&mut self, _cx: &mut Context<'_>, link: LinkId, failure: &DialFailure) -> Verdict {
        self.link_dropped(link);
        if failure.phase == DialPhase::Protocol && self.bare {
            return Verdict::Fatal(Error::new(Code::HandshakeFailed, failure.error.clone()));
        }
        self.bare = failure.phase == DialPhase::Protocol && self.options.assume_legacy;
        closes::failed(&self.options, failure)
    }

    fn link_ended(&mut self, cx: &mut Context<'_>, link: LinkId, end: &LinkEnd) -> Verdict {
        let Some(conn) = self.links.remove(&link) else { return closes::ended(&self.options, end, None) };
        if end.code() == 4500 && conn.wire == Wire::Modern {
            self.quarantine(cx, link, &conn.operations, end);
        }
        self.suspects.link_gone(link);
        if end.code() == 1013 {
            let text = "the server cut us off since results were not taken fast enough: narrow the query, or take them faster";
            cx.fault(FaultKind::SlowConsumer, Error { message: text.into(), ..super::lost(end) });
        }
        closes::ended(&self.options, end, conn.refused)
    }

    fn link_dropped(&mut self, link: LinkId) {
        self.links.remove(&link);
        self.suspects.link_gone(link);
    }

    fn timer(&mut self, cx: &mut Context<'_>, key: u64) {
        if key & REQUEST_TIMER != 0 {
            self.request_overdue(cx, RequestId(key & !REQUEST_TIMER));
        } else {
            self.judge_data(cx, KeyId(key));
        }
    }

    fn goodbye(&mut self, cx: &mut Context<'_>, link: LinkId) -> CloseFrame {
        if self.links.get(&link).is_some_and(|conn| conn.wire == Wire::Legacy) {
            Self::text(cx, link, TERMINATE.to_owned(), Priority::Control);
        }
        CloseFrame { code: 1000, reason: String::new() }
    }
}

impl GraphQl {
    /// A document brought the socket down; which one?
    fn quarantine(&mut self, cx: &mut Context<'_>, link: LinkId, operations: &Operations, end: &LinkEnd) {
        let mut unproven = Vec::new();
        for (id, operation) in operations.iter().filter(|(_, operation)| !operation.proven) {
            match operation.owner {
                Owner::Subscription(key) => unproven.push(key),
                // A request is not tried again: it may be the one.
                Owner::Request(_) => {
                    cx.answer(link, id, Answer::Failed(super::lost(end).retryable(false)));
                }
            }
        }
        if let Some(culprit) = self.suspects.accuse(link, &unproven) {
            let error = Error {
                code: Code::Refused,
                message: "the server closes the connection whenever this operation is sent".into(),
                ..super::lost(end)
            };
            cx.timer(culprit.0, None);
            cx.ended(link, culprit, Outcome::Failed(std::sync::Arc::new(error.retryable(false))));
        }
    }

    fn request_overdue(&mut self, cx: &mut Context<'_>, request: RequestId) {
        let owner = Owner::Request(request);
        let Some((link, id)) = self.links.iter().find_map(|(link, conn)| Some((*link, conn.operations.id_of(owner)?))) else { return };
        if let Some(conn) = self.links.get_mut(&link) {
            conn.operations.remove(&id);
            let stop = conn.wire.stop(&id);
            Self::text(cx, link, stop, Priority::Data);
        }
        let error = Error::new(Code::Timeout, "the server did not answer the operation in time (option `execute_timeout_ms`)");
        cx.answer(link, &id, Answer::Failed(error));
    }

    /// Heartbeats go on while a subscription delivers nothing: that is told, and no reason to reconnect.
    fn judge_data(&mut self, cx: &mut Context<'_>, key: KeyId) {
        let now = cx.now();
        let Some(operation) = self.links.values_mut().find_map(|conn| conn.operations.of_key(key)) else { return };
        let Some(timeout) = operation.data_timeout else { return };
        let due = operation.last_data + timeout;
        if due > now.mono {
            return cx.timer(key.0, Some(due));
        }
        let text = format!(
            "no result for {} ms though the connection lives: perhaps a limit of concurrent streams, or a field that does not stream",
            timeout.as_millis()
        );
        cx.fault_of(key, FaultKind::NoData, Error::new(Code::Stale, text));
        cx.timer(key.0, Some(now.after(timeout)));
    }
}

/// A query can be asked twice; a mutation cannot.
fn class_of(document: &str) -> Class {
    let start = document.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == ',');
    let word: String = start.chars().take_while(char::is_ascii_alphabetic).collect();
    if start.starts_with('{') || word == "query" { Class::Idempotent } else { Class::Once }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_surely_a_query_is_sent_twice() {
        assert_eq!(class_of(" \n{ a }"), Class::Idempotent);
        assert_eq!(class_of("query Q { a }"), Class::Idempotent);
        assert_eq!(class_of("mutation { a }"), Class::Once);
        assert_eq!(class_of("# a comment\nquery { a }"), Class::Once);
        assert_eq!(class_of("fragment F on T { a } mutation { a }"), Class::Once);
    }
}
