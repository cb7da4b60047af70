//! Any WebSocket server: messages in, messages out, and nothing in between.
//!
//! The model for a new dialect: it has every method a dialect must have, and almost nothing in them.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::{Answer, Class, Dialect, Dialing, Dispatch, Facts, Identity, Pacing, Priority, Probe, Routes, Verdict, dial_from};
use crate::command::{Command, Outgoing, Target};
use crate::error::{Code, Error};
use crate::event::{Message, PayloadKind};
use crate::id::{KeyId, LinkId, RequestId, RouteId};
use crate::options::RawOptions;
use crate::secret::Secret;
use crate::session::io::{DialFailure, DialPhase, Frame, Handshake, LinkEnd};
use crate::session::{Context, Readiness, Recipient};

/// Messages larger than this are refused unless the options say otherwise.
const MAX_MESSAGE: u64 = 64 << 20;

/// The raw dialect.
pub struct Raw {
    options: RawOptions,
    /// Pings that wait for their pongs, oldest first: the payload is the key.
    pings: BTreeMap<LinkId, Vec<Bytes>>,
    /// Links on which a message was begun in pieces and not finished.
    begun: BTreeSet<LinkId>,
}

impl Raw {
    /// A dialect with these options.
    #[must_use]
    pub fn new(options: RawOptions) -> Self {
        Self { options, pings: BTreeMap::new(), begun: BTreeSet::new() }
    }
}

impl Dialect for Raw {
    fn name(&self) -> &'static str {
        "raw"
    }

    fn facts(&self) -> Facts {
        Facts {
            routes: Routes::Shared,
            lazy: false,
            linger: None,
            greeting: self.options.connection.connect_timeout,
            probation: std::time::Duration::ZERO,
            answer_proves: true,
            settle: std::time::Duration::from_secs(5),
            pacing: Pacing::NONE,
            answer: None,
            idle: self.options.idle_timeout,
            probe: self.options.ping_interval.map(|interval| Probe { interval, timeout: self.options.ping_timeout }),
            drain: std::time::Duration::ZERO,
            resume_tries: (0, std::time::Duration::ZERO),
            resume_replays: false,
            dedup: false,
            drop_after_unsubscribe: true,
            stop_when_unauthorized: false,
            stall: None,
            verify_resume: false,
            keep_while_closing: true,
            provider: std::time::Duration::from_secs(30),
            close: self.options.connection.close_timeout,
        }
    }

    fn identify(&self, _target: &Target) -> Result<Identity, Error> {
        Err(Error::new(Code::Unsupported, "a plain WebSocket has no subscriptions: every message arrives"))
    }

    fn dial(&mut self, _cx: &mut Context<'_>, _route: RouteId, _resume: Option<&Secret>) -> Dialing {
        let protocols = self.options.subprotocols.clone();
        let mut dial = dial_from(&self.options.connection, self.options.url.clone(), protocols, MAX_MESSAGE);
        // Many servers know no subprotocols and ignore the offer; whoever minds sees it in `Opened`.
        dial.protocol_optional = true;
        Dialing::Go(Box::new(dial))
    }

    fn opened(&mut self, cx: &mut Context<'_>, link: LinkId, _handshake: &Handshake) {
        cx.ready(link, Readiness::Fresh, None);
    }

    fn frame(&mut self, cx: &mut Context<'_>, link: LinkId, frame: Frame) {
        match frame {
            Frame::Text(payload) => cx.deliver(link, Recipient::Nobody, Message::whole(payload, PayloadKind::Text)),
            Frame::Binary(payload) => cx.deliver(link, Recipient::Nobody, Message::whole(payload, PayloadKind::Binary)),
            Frame::Pong(payload) => {
                self.pong(cx, link, &payload);
                if self.options.control_events {
                    cx.control_event(Frame::Pong(payload));
                }
            }
            Frame::Ping(payload) => {
                if self.options.control_events {
                    cx.control_event(Frame::Ping(payload));
                }
            }
            Frame::Fragment { .. } => {}
        }
    }

    fn subscribe(&mut self, _cx: &mut Context<'_>, _link: LinkId, _key: KeyId, _target: &Target) -> Dispatch {
        Dispatch::Later
    }

    fn unsubscribe(&mut self, _cx: &mut Context<'_>, _link: LinkId, _key: KeyId, _target: &Target) -> Dispatch {
        Dispatch::Done
    }

    fn command(&mut self, cx: &mut Context<'_>, link: LinkId, _request: RequestId, command: &Command, payload: &Bytes) -> Dispatch {
        match command {
            Command::Ping if payload.len() > 125 => {
                Dispatch::Refused(Error::option("payload", "at most 125 bytes, as RFC 6455 §5.5 allows for a ping"))
            }
            Command::Ping => {
                let pings = self.pings.entry(link).or_default();
                if pings.contains(payload) {
                    return Dispatch::Refused(Error::option("payload", "a payload that no ping waits with, so that its pong can be told"));
                }
                pings.push(payload.clone());
                cx.send(link, Frame::Ping(payload.clone()), Priority::Control);
                Dispatch::Sent { answer: ping_key(payload), class: Class::Once }
            }
            _ => Dispatch::Refused(Error::new(Code::Unsupported, "a plain WebSocket knows only messages and pings")),
        }
    }

    fn send(&mut self, cx: &mut Context<'_>, link: LinkId, outgoing: Outgoing) -> Result<(), Error> {
        let (Outgoing::Text { first, fin, .. } | Outgoing::Binary { first, fin, .. }) = outgoing;
        match (first, self.begun.contains(&link)) {
            (true, true) => return Err(Error::option("first", "`false`, since the message that was begun before is not finished")),
            (false, false) => return Err(Error::option("first", "`true`, since no message was begun on this connection")),
            _ => {}
        }
        let frame = match outgoing {
            Outgoing::Text { payload, first, fin } => {
                if first && fin && std::str::from_utf8(&payload).is_err() {
                    return Err(Error::option("payload", "UTF-8 in a text message; send other bytes as binary"));
                }
                if first && fin { Frame::Text(payload) } else { Frame::Fragment { text: true, first, fin, payload } }
            }
            Outgoing::Binary { payload, first: true, fin: true } => Frame::Binary(payload),
            Outgoing::Binary { payload, first, fin } => Frame::Fragment { text: false, first, fin, payload },
        };
        if fin {
            self.begun.remove(&link);
        } else {
            self.begun.insert(link);
        }
        cx.send(link, frame, Priority::Data);
        Ok(())
    }

    fn probe(&mut self, cx: &mut Context<'_>, link: LinkId) {
        cx.send(link, Frame::Ping(Bytes::from_static(b"topicwire")), Priority::Control);
    }

    fn dial_failed(&mut self, _cx: &mut Context<'_>, link: LinkId, failure: &DialFailure) -> Verdict {
        self.forget(link);
        match &failure.http {
            Some(answer) => {
                let error =
                    Error::new(Code::HandshakeFailed, failure.error.clone()).from_gateway(Some(answer.status.to_string()), None::<String>);
                // A server that is busy may be asked again; one that does not know us, or the path, will say the same.
                if answer.status >= 500 || matches!(answer.status, 408 | 425 | 429) {
                    Verdict::Retry(error.retryable(true))
                } else {
                    Verdict::Fatal(error.retryable(false))
                }
            }
            None if failure.phase == DialPhase::Protocol => Verdict::Fatal(Error::new(Code::HandshakeFailed, failure.error.clone())),
            None => Verdict::Retry(Error::new(Code::ConnectionFailed, format!("{}: {}", failure.phase.as_str(), failure.error))),
        }
    }

    fn link_ended(&mut self, _cx: &mut Context<'_>, link: LinkId, end: &LinkEnd) -> Verdict {
        self.forget(link);
        Verdict::Retry(super::lost(end))
    }

    fn link_dropped(&mut self, link: LinkId) {
        self.forget(link);
    }
}

impl Raw {
    fn forget(&mut self, link: LinkId) {
        self.pings.remove(&link);
        self.begun.remove(&link);
    }

    /// A pong answers its ping and every older one (RFC 6455 §5.5.3: a peer may answer only the latest).
    fn pong(&mut self, cx: &mut Context<'_>, link: LinkId, payload: &Bytes) {
        let Some(pings) = self.pings.get_mut(&link) else { return };
        let Some(at) = pings.iter().position(|ping| ping == payload) else { return };
        for ping in pings.drain(..=at).collect::<Vec<_>>() {
            cx.answer(link, &ping_key(&ping), Answer::Done { result: Some(payload.clone()), canonical: None });
        }
    }
}

/// Any bytes as a key.
fn ping_key(payload: &Bytes) -> String {
    payload.iter().fold(String::from("ping:"), |mut key, byte| {
        use std::fmt::Write as _;
        let _ = write!(key, "{byte:02x}");
        key
    })
}
