//! GraphQL over WebSocket, in both subprotocols: `graphql-transport-ws` (modern) and `graphql-ws` (legacy).
//!
//! Sources: the two protocol texts, and what the reference servers of npm were seen to do where the texts are silent or the servers
//! differ from them. We are strict in what we send and lenient in what we take.

mod alarms;
mod auth;
mod closes;
mod document;
mod errors;
mod frame;
mod liveness;
mod operations;
mod overdue;
mod quarantine;
mod results;
mod running;
mod session;
mod suspects;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;

use self::alarms::Alarm;
use self::document::Kind;
use self::liveness::{Heartbeat, Pings};
use self::operations::{Operations, Owner};
use self::quarantine::Admission;
use self::running::{check, definition};
use self::suspects::{Suspects, Trials};
use self::wire::{LEGACY, MODERN, TERMINATE, Wire};
use super::{Dialect, Dialing, Dispatch, Facts, Identity, Pacing, Priority, Probe, Routes, Verdict, dial_from};
use crate::command::{Command, Target};
use crate::error::{Code, Error};
use crate::event::{CloseFrame, FaultKind, Outcome};
use crate::id::{KeyId, LinkId, RequestId, RouteId};
use crate::options::{Auth, DEFAULT_CREDENTIAL, GraphQlOptions, Protocol, Sockets};
use crate::secret::Secret;
use crate::session::io::{DialFailure, DialPhase, Frame, Handshake, LinkEnd};
use crate::session::{Context, Recipient};

/// Blocks of some chains are large.
const MAX_MESSAGE: u64 = 64 << 20;
/// Half of what the reference server gives an unanswered ping frame.
const STALL: Duration = Duration::from_secs(6);
/// A connection that lives this long counts as a success. Before that, a refusal right after the ack is one more in a row.
const SETTLE: Duration = Duration::from_secs(5);

/// The GraphQL dialect.
pub struct GraphQl {
    options: GraphQlOptions,
    links: BTreeMap<LinkId, Conn>,
    suspects: Suspects,
    /// Mutations that were started as operations. They are not started twice.
    spent: BTreeSet<KeyId>,
    /// Requests that waited for a trial on a link that is gone.
    orphans: Vec<RequestId>,
    /// The server named no subprotocol: the next dial offers none.
    bare: bool,
}

/// What is remembered of a link.
struct Conn {
    wire: Wire,
    stage: Stage,
    operations: Operations,
    heartbeat: Heartbeat,
    pings: Pings,
    trials: Trials,
}

/// How far a link has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The credential of the init has run out since the dial, and was asked for.
    AwaitingCredential,
    /// The init is on its way.
    Initialising,
    /// The server has acknowledged.
    Acknowledged,
}

impl GraphQl {
    /// A dialect with these options.
    #[must_use]
    pub fn new(options: GraphQlOptions) -> Self {
        Self { options, links: BTreeMap::new(), suspects: Suspects::default(), spent: BTreeSet::new(), orphans: Vec::new(), bare: false }
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
            probation: SETTLE,
            answer_proves: false,
            settle: SETTLE,
            pacing: Pacing::NONE,
            // Subscriptions are never answered, and requests have a time of their own.
            answer: None,
            idle: options.idle_timeout,
            probe: options.ping_interval.map(|interval| Probe { interval, timeout: Some(options.pong_timeout) }),
            drain: Duration::ZERO,
            resume_tries: (0, Duration::ZERO),
            resume_replays: false,
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
            Target::Operation(target) => check(target).map(|()| Identity::Own),
            _ => Err(Error::new(Code::Unsupported, "GraphQL has operations, no topics and no groups")),
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
        // What counts is what the server answered, not what was offered; but it must have been offered (RFC 6455 §4.1).
        let offered = |wire: &Wire| self.options.protocol == Protocol::Auto || wire.is(self.options.protocol);
        let wire = match handshake.protocol.as_deref().map(|answer| Wire::of(answer).filter(offered)) {
            Some(Some(wire)) => wire,
            None if self.options.assume_legacy => Wire::Legacy,
            _ => {
                let text = "the server chose no subprotocol that was offered; set `protocol` to what it speaks, or `assume_legacy`";
                return cx.fatal(Error::new(Code::HandshakeFailed, text));
            }
        };
        self.links.insert(
            link,
            Conn {
                wire,
                stage: Stage::AwaitingCredential,
                operations: Operations::default(),
                heartbeat: Heartbeat::default(),
                pings: Pings::default(),
                trials: Trials::default(),
            },
        );
        self.initialise(cx, link);
    }

    fn frame(&mut self, cx: &mut Context<'_>, link: LinkId, frame: Frame) {
        match frame {
            Frame::Text(bytes) => self.take_in(cx, link, bytes),
            // Text that was sent as bytes is taken for the text.
            Frame::Binary(bytes) if std::str::from_utf8(&bytes).is_ok() => self.take_in(cx, link, bytes),
            Frame::Binary(bytes) => {
                let text = format!("a binary frame of {} bytes is not UTF-8; GraphQL servers send JSON", bytes.len());
                self.misunderstood(cx, link, Error::new(Code::ProtocolError, text));
            }
            Frame::Ping(_) => self.beat(cx, link, liveness::Beat::Frame),
            Frame::Pong(_) | Frame::Fragment { .. } => {}
        }
    }

    fn subscribe(&mut self, cx: &mut Context<'_>, link: LinkId, key: KeyId, target: &Target) -> Dispatch {
        let Target::Operation(target) = target else { return Dispatch::Later };
        let (owner, definition) = (Owner::Subscription(key), definition(target));
        let mutation = definition.is_some_and(|definition| definition.kind == Kind::Mutation);
        if mutation && self.spent.remove(&key) {
            let text = "the connection was lost after the mutation was sent and before it ended: it may have been carried out";
            cx.ended(link, key, Outcome::Lost(Error::new(Code::OutcomeUnknown, text).into()));
            self.over(cx, link, owner);
            return Dispatch::Later;
        }
        let admission = self.admit(cx, link, owner);
        if admission == Admission::Wait {
            return Dispatch::Later;
        }
        if self.start(cx, link, owner, target, definition).is_none() {
            return Self::waiting();
        }
        if mutation {
            self.spent.insert(key);
        }
        if admission == Admission::Trial {
            self.ping(cx, link);
        }
        cx.live_unconfirmed(link, key);
        Dispatch::Done
    }

    fn unsubscribe(&mut self, cx: &mut Context<'_>, link: LinkId, key: KeyId, _target: &Target) -> Dispatch {
        self.stop(cx, link, Owner::Subscription(key));
        Dispatch::Done
    }

    fn command(&mut self, cx: &mut Context<'_>, link: LinkId, request: RequestId, command: &Command, _payload: &Bytes) -> Dispatch {
        let Command::Execute(target) = command else {
            return Dispatch::Refused(Error::new(Code::Unsupported, "GraphQL clients run operations, and nothing else"));
        };
        if let Err(error) = check(target) {
            return Dispatch::Refused(error);
        }
        let (owner, definition) = (Owner::Request(request), definition(target));
        if definition.is_some_and(|definition| definition.kind == Kind::Subscription) {
            return Dispatch::Refused(Error::option(
                "query",
                "a query or a mutation, which has one result; a subscription is an `operation`",
            ));
        }
        let admission = self.admit(cx, link, owner);
        if admission == Admission::Wait {
            return Dispatch::Later;
        }
        let Some((id, class)) = self.start(cx, link, owner, target, definition) else { return Self::waiting() };
        if let Some(timeout) = self.options.execute_timeout {
            cx.timer(Alarm::Result(request).key(), Some(cx.now().after(timeout)));
        }
        if admission == Admission::Trial {
            self.ping(cx, link);
        }
        Dispatch::Sent { answer: id, class }
    }

    fn cancelled(&mut self, cx: &mut Context<'_>, link: LinkId, answer: &str) {
        let Some(conn) = self.links.get_mut(&link) else { return };
        let owner = operations::number(answer.as_bytes()).and_then(|id| conn.operations.get(id)).map(|operation| operation.owner);
        if let Some(owner) = owner {
            self.stop(cx, link, owner);
        }
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

    fn dial_failed(&mut self, cx: &mut Context<'_>, link: LinkId, failure: &DialFailure) -> Verdict {
        self.link_dropped(link);
        if failure.phase == DialPhase::Protocol {
            if self.bare {
                return Verdict::Fatal(Error::new(Code::HandshakeFailed, failure.error.clone()));
            }
            self.bare = self.options.assume_legacy;
        } else if failure.http.is_some() {
            // Perhaps it wants to be asked for a subprotocol after all.
            self.bare = false;
        }
        closes::failed(&self.options, cx.now(), failure)
    }

    fn link_ended(&mut self, cx: &mut Context<'_>, link: LinkId, end: &LinkEnd) -> Verdict {
        let Some(mut conn) = self.links.remove(&link) else { return closes::ended(&self.options, end) };
        for (key, held) in conn.operations.take_held() {
            cx.deliver(link, Recipient::Key(key), held);
        }
        if end.code() == 4500 && conn.wire == Wire::Modern {
            self.accuse(cx, link, &conn.operations, end);
        }
        self.dismiss(conn);
        self.resume_orphans(cx);
        if end.code() == 1013 {
            let text = "the server cut us off since results were not taken fast enough: narrow the query, or take them faster";
            cx.fault(FaultKind::SlowConsumer, Error { message: text.into(), ..super::lost(end) });
        }
        closes::ended(&self.options, end)
    }

    fn link_dropped(&mut self, link: LinkId) {
        if let Some(conn) = self.links.remove(&link) {
            self.dismiss(conn);
        }
    }

    fn credential_changed(&mut self, cx: &mut Context<'_>, _credential: &str) {
        let waiting = |conn: &Conn| conn.stage == Stage::AwaitingCredential;
        let links: Vec<LinkId> = self.links.iter().filter(|(_, conn)| waiting(conn)).map(|(link, _)| *link).collect();
        for link in links {
            self.initialise(cx, link);
        }
    }

    fn timer(&mut self, cx: &mut Context<'_>, key: u64) {
        match Alarm::of(key) {
            Alarm::Data(key) => self.judge_data(cx, key),
            Alarm::Result(request) => self.request_overdue(cx, request),
            Alarm::Held(key) => self.release_held(cx, key),
            Alarm::Trial(link) => self.trial_due(cx, link),
        }
    }

    fn goodbye(&mut self, cx: &mut Context<'_>, link: LinkId) -> CloseFrame {
        // Modern has no word for it: the close frame says it all.
        if self.links.get(&link).is_some_and(|conn| conn.wire == Wire::Legacy) {
            Self::text(cx, link, TERMINATE.to_owned(), Priority::Control);
        }
        CloseFrame { code: 1000, reason: String::new() }
    }
}
