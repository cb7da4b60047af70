//! Azure Web PubSub: groups, events and streams over four subprotocols, and simple mode without any.
//!
//! The reliable subprotocols keep a session when its connection breaks: messages are numbered and acknowledged, commands have numbers under
//! which they are done once, and the next connection takes the session up again where it was. The service may accept such a connection and refuse
//! the session right after it, with close code 1008: so it is believed with its first frame or after a second, not before.
//!
//! Sources: the vendor's reference pages of the subprotocols, its published client specification and protobuf schema, and what its emulator and
//! its clients for JavaScript and Python were seen to do where those are silent.

mod address;
mod delivery;
pub mod json;
mod names;
mod operations;
pub mod protobuf;
mod receipts;
mod streams;
pub mod wire;

pub(crate) use delivery::STREAM;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use self::operations::{Numbers, Operation};
use self::receipts::Receipts;
use self::streams::Streams;
use self::wire::{Request, Response};
use super::{Dialect, Dialing, Dispatch, Facts, Identity, Pacing, Priority, Probe, Routes, Verdict, dial_from, lost, retry_after};
use crate::command::{Command, Outgoing, Target};
use crate::error::{Code, Error};
use crate::event::{FaultKind, Message, PayloadKind};
use crate::id::{KeyId, LinkId, RequestId, RouteId};
use crate::options::{DEFAULT_CREDENTIAL, WebPubSubOptions, WebPubSubProtocol};
use crate::secret::Secret;
use crate::session::io::{DialFailure, DialPhase, Frame, Handshake, LinkEnd};
use crate::session::{Context, Readiness, Recipient};

/// The answer of an event handler may have 16 MiB, and a third more as base64.
const MAX_MESSAGE: u64 = 24 << 20;
/// Half of the period in which the service wants a sign of life, unless it is set otherwise.
const STALL: Duration = Duration::from_secs(10);

/// The Web PubSub dialect.
pub struct WebPubSub {
    options: WebPubSubOptions,
    links: BTreeMap<LinkId, Conn>,
    /// The access URL of the session, or of the one that is being begun.
    url: Secret,
    connection_id: String,
    token: Option<Secret>,
    /// The link that the session has now.
    live: Option<LinkId>,
    receipts: Receipts,
    numbers: Numbers,
    last_invocation: u64,
    streams: Streams,
    /// A group's name is copied here, so that it costs no allocation.
    scratch: Vec<u8>,
}

/// What is remembered of a link.
#[derive(Debug, Default)]
struct Conn {
    /// Nothing has shown yet that the session was taken up again.
    unproven: bool,
    greeted: bool,
    /// What the service said before it closed.
    reason: Option<String>,
}

impl WebPubSub {
    /// A dialect with these options.
    #[must_use]
    pub fn new(options: WebPubSubOptions) -> Self {
        Self {
            options,
            links: BTreeMap::new(),
            url: Secret::default(),
            connection_id: String::new(),
            token: None,
            live: None,
            receipts: Receipts::default(),
            numbers: Numbers::default(),
            last_invocation: 0,
            streams: Streams::new(),
            scratch: Vec::new(),
        }
    }

    fn is_simple(&self) -> bool {
        self.options.protocol == WebPubSubProtocol::Simple
    }

    /// Writes a request in the subprotocol that is spoken.
    fn say(&self, cx: &mut Context<'_>, link: LinkId, request: &Request<'_>) -> Result<(), Error> {
        let frame = if self.options.protocol.is_protobuf() {
            Frame::Binary(protobuf::encode(request)?)
        } else {
            Frame::Text(json::encode(request)?)
        };
        cx.send(link, frame, Priority::Data);
        Ok(())
    }

    /// The service has forgotten the last session, if there was one.
    fn begin(&mut self, cx: &mut Context<'_>) {
        self.connection_id.clear();
        self.token = None;
        self.receipts = self.receipts.of_another_session();
        self.numbers.begin();
        self.lose_streams(cx);
    }

    fn take_in(&mut self, cx: &mut Context<'_>, link: LinkId, bytes: Bytes, text: bool) {
        if text == self.options.protocol.is_protobuf() {
            let error = Error::new(Code::ProtocolError, "a frame of the other kind, text or binary, arrived; it was skipped");
            return cx.fault(FaultKind::BadFrame, error);
        }
        let decoded = if text { json::decode(&bytes) } else { protobuf::decode(&bytes) };
        if let Some(conn) = self.links.get_mut(&link)
            && std::mem::take(&mut conn.unproven)
        {
            cx.proven(link);
        }
        match decoded {
            Ok(Response::Message(delivery)) => self.message(cx, link, bytes, delivery),
            Ok(Response::Ack { ack_id, success, error }) => self.acked(cx, link, ack_id, success, error),
            Ok(Response::Connected { connection_id, user_id, reconnection_token }) => {
                self.connected(cx, link, connection_id, user_id.as_deref(), reconnection_token);
            }
            Ok(Response::Disconnected { reason }) => {
                if let Some(conn) = self.links.get_mut(&link) {
                    conn.reason = Some(reason);
                }
            }
            Ok(Response::Pong) => {}
            Ok(Response::StreamAck { stream_id, expected }) => self.stream_ack(cx, &stream_id, expected),
            Ok(Response::StreamNack { stream_id, expected, .. }) => self.stream_nack(cx, link, &stream_id, expected),
            Ok(Response::StreamClosed { stream_id, refusal }) => self.stream_closed(cx, &stream_id, refusal.as_ref()),
            Ok(Response::Invoked { invocation_id, success, result, refusal }) => {
                self.invoked(cx, link, &invocation_id, success, result, refusal);
            }
            Ok(Response::GroupState { group }) => Self::group_state(cx, link, bytes, &group),
            Ok(Response::Unknown { kind }) => {
                let text = format!("a frame of the unknown type `{kind}` was ignored");
                cx.fault(FaultKind::UnknownFrame, Error::new(Code::ProtocolError, text));
            }
            Err(error) => cx.fault(FaultKind::BadFrame, error),
        }
    }

    /// `connected`: the greeting of a new session; on any other occasion, fresh credentials of this one.
    fn connected(&mut self, cx: &mut Context<'_>, link: LinkId, id: String, user: Option<&str>, token: Option<String>) {
        let greeting = serde_json::json!({ "connection_id": id, "user_id": user }).to_string();
        self.connection_id = id;
        self.token = token.filter(|_| self.options.protocol.is_reliable()).map(Secret::new);
        cx.resumable(link, self.token.clone());
        let first = self.links.get_mut(&link).is_some_and(|conn| !std::mem::replace(&mut conn.greeted, true));
        if first && !cx.is_resume(link) {
            cx.ready(link, Readiness::Fresh, Some(greeting.into()));
            cx.proven(link);
        }
    }

    fn forget(&mut self, link: LinkId) -> Conn {
        if self.live == Some(link) {
            self.live = None;
        }
        self.links.remove(&link).unwrap_or_default()
    }
}

impl Dialect for WebPubSub {
    fn name(&self) -> &'static str {
        "webpubsub"
    }

    fn facts(&self) -> Facts {
        let options = &self.options;
        Facts {
            routes: Routes::Shared,
            lazy: false,
            linger: None,
            greeting: options.connected_timeout,
            // Of a session that is taken up again; a new one is believed when it is greeted.
            probation: Duration::from_secs(1),
            answer_proves: true,
            settle: Duration::from_secs(5),
            pacing: Pacing::NONE,
            answer: options.answer_timeout,
            idle: None,
            probe: options.ping_interval.map(|interval| Probe { interval, timeout: options.ping_timeout }),
            drain: Duration::ZERO,
            resume_tries: (u32::MAX, options.recovery),
            resume_replays: options.protocol.is_reliable(),
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
        let Target::Group(target) = target else {
            return Err(Error::new(Code::Unsupported, "Web PubSub has groups; it has no topics and runs no operations"));
        };
        if self.is_simple() {
            return Err(Error::new(
                Code::Unsupported,
                "simple mode has no groups to join: choose a subprotocol with the option `protocol`",
            ));
        }
        names::group(&target.group)?;
        Ok(Identity::Shared(target.group.clone()))
    }

    fn dial(&mut self, cx: &mut Context<'_>, _route: RouteId, resume: Option<&Secret>) -> Dialing {
        let address = if let Some(token) = resume {
            address::recovery(&self.url, &self.connection_id, token)
        } else {
            self.begin(cx);
            let Some(url) = cx.credential(DEFAULT_CREDENTIAL) else {
                return Dialing::Waiting { credential: DEFAULT_CREDENTIAL.to_owned() };
            };
            if !url.expose().starts_with("ws://") && !url.expose().starts_with("wss://") {
                let text = "the provider gave something that is not a client access URL: it must start with `wss://` or `ws://`";
                return Dialing::Refused(Error::new(Code::ProviderFailed, text));
            }
            self.url = url;
            address::fresh(&self.url, &self.options)
        };
        let protocols = self.options.protocol.subprotocol().map(str::to_owned).into_iter().collect();
        Dialing::Go(Box::new(dial_from(&self.options.connection, address, protocols, MAX_MESSAGE)))
    }

    fn opened(&mut self, cx: &mut Context<'_>, link: LinkId, _handshake: &Handshake) {
        let resumed = cx.is_resume(link);
        self.links.insert(link, Conn { unproven: resumed, ..Conn::default() });
        self.live = Some(link);
        if resumed {
            self.receipts.hurry = true;
            cx.resumable(link, self.token.clone());
            // The service may say `connected` again, or not.
            cx.ready(link, Readiness::Resumed, None);
            self.resume_streams(cx, link);
        } else if self.is_simple() {
            cx.ready(link, Readiness::Fresh, None);
            cx.proven(link);
        }
    }

    fn frame(&mut self, cx: &mut Context<'_>, link: LinkId, frame: Frame) {
        match frame {
            Frame::Text(bytes) if self.is_simple() => {
                cx.deliver(link, Recipient::Nobody, Message::whole(bytes, PayloadKind::Text));
            }
            Frame::Binary(bytes) if self.is_simple() => {
                cx.deliver(link, Recipient::Nobody, Message::whole(bytes, PayloadKind::Binary));
            }
            Frame::Text(bytes) => self.take_in(cx, link, bytes, true),
            Frame::Binary(bytes) => self.take_in(cx, link, bytes, false),
            // Signs of life; the session has noted them.
            Frame::Ping(_) | Frame::Pong(_) | Frame::Fragment { .. } => {}
        }
    }

    fn subscribe(&mut self, cx: &mut Context<'_>, link: LinkId, key: KeyId, target: &Target) -> Dispatch {
        let Target::Group(target) = target else { return Dispatch::Later };
        self.change(cx, link, Operation::Join(key), &target.group)
    }

    fn unsubscribe(&mut self, cx: &mut Context<'_>, link: LinkId, key: KeyId, target: &Target) -> Dispatch {
        let Target::Group(target) = target else { return Dispatch::Done };
        self.change(cx, link, Operation::Leave(key), &target.group)
    }

    fn command(&mut self, cx: &mut Context<'_>, link: LinkId, request: RequestId, command: &Command, payload: &Bytes) -> Dispatch {
        if self.is_simple() {
            let text = "simple mode has messages and nothing else: send text or bytes, or choose a subprotocol with the option `protocol`";
            return Dispatch::Refused(Error::new(Code::Unsupported, text));
        }
        self.carry_out(cx, link, request, command, payload).unwrap_or_else(Dispatch::Refused)
    }

    fn cancelled(&mut self, cx: &mut Context<'_>, link: LinkId, answer: &str) {
        self.taken_back(cx, link, answer);
    }

    fn send(&mut self, cx: &mut Context<'_>, link: LinkId, outgoing: Outgoing) -> Result<(), Error> {
        if !self.is_simple() {
            let text = "over a subprotocol messages go to groups and events: use `send_to_group` or `send_event`";
            return Err(Error::new(Code::Unsupported, text));
        }
        let frame = match outgoing {
            Outgoing::Text { payload, first: true, fin: true } => {
                json::text_of(&payload)?;
                Frame::Text(payload)
            }
            Outgoing::Binary { payload, first: true, fin: true } => Frame::Binary(payload),
            Outgoing::Text { .. } | Outgoing::Binary { .. } => {
                return Err(Error::new(Code::Unsupported, "Web PubSub takes whole messages, not pieces of them"));
            }
        };
        cx.send(link, frame, Priority::Data);
        Ok(())
    }

    fn probe(&mut self, cx: &mut Context<'_>, link: LinkId) {
        if self.is_simple() {
            cx.send(link, Frame::Ping(Bytes::new()), Priority::Control);
        } else {
            // This one can always be written.
            let _ = self.say(cx, link, &Request::Ping);
        }
    }

    fn dial_failed(&mut self, cx: &mut Context<'_>, link: LinkId, failure: &DialFailure) -> Verdict {
        self.forget(link);
        let Some(answer) = &failure.http else {
            if failure.phase == DialPhase::Protocol && !cx.is_resume(link) {
                return Verdict::Fatal(Error::new(Code::HandshakeFailed, failure.error.clone()));
            }
            let text = format!("could not connect ({}): {}", failure.phase.as_str(), failure.error);
            return Verdict::Retry(Error::new(Code::ConnectionFailed, text));
        };
        let error =
            |code| Error::new(code, "the service refused the connection").from_gateway(Some(answer.status.to_string()), None::<String>);
        let wait = retry_after(cx.now(), answer).unwrap_or_default();
        match answer.status {
            // Whatever is said over HTTP, the session may still be there: only 1008 says that it is not.
            _ if cx.is_resume(link) => Verdict::RetryAfter { wait, keep_resume: true, error: error(Code::HandshakeFailed).retryable(true) },
            401 | 403 => Verdict::Refresh { credential: DEFAULT_CREDENTIAL.to_owned(), error: error(Code::Unauthorized) },
            408 | 425 | 429 | 500.. => {
                Verdict::RetryAfter { wait, keep_resume: false, error: error(Code::HandshakeFailed).retryable(true) }
            }
            _ => Verdict::Fatal(error(Code::HandshakeFailed).retryable(false)),
        }
    }

    fn link_ended(&mut self, cx: &mut Context<'_>, link: LinkId, end: &LinkEnd) -> Verdict {
        let conn = self.forget(link);
        // A session that is refused is over; and one whose next message is too large for us would send it again and again.
        if end.code() == 1008 || end.too_large {
            cx.resumable(link, None);
        }
        let mut error = lost(end);
        if let Some(reason) = conn.reason.filter(|reason| !reason.is_empty()) {
            error.gateway_text = Some(reason);
        }
        Verdict::Retry(error)
    }

    fn link_dropped(&mut self, link: LinkId) {
        self.forget(link);
    }

    fn timer(&mut self, cx: &mut Context<'_>, key: u64) {
        if key == delivery::RECEIPTS {
            self.receipts_due(cx);
        } else {
            cx.retry_request(RequestId(key));
        }
    }
}
