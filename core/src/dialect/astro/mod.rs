//! StreamElements Astro: topics of rooms over JSON text frames.
//!
//! The gateway greets with `welcome`, answers each `subscribe` and `unsubscribe` with a `response` that echoes its nonce, and announces
//! a planned restart with `reconnect` and a token by which the next connection takes the subscriptions over.
//!
//! Sources: the vendor's WebSocket documentation (protocol, topics and client examples pages). Where it is silent or contradicts itself,
//! the comment beside the code says how we read it.

mod answers;
mod commands;
mod frame;
mod rooms;
mod template;
pub mod topics;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use self::frame::{Decoded, FrameType};
use self::rooms::Rooms;
use self::template::Template;
use super::{Dialect, Dialing, Dispatch, Facts, Identity, Pacing, Probe, Routes, Verdict, dial_from, lost, retry_after};
use crate::command::{Command, Target, TopicTarget};
use crate::error::{Code, Error};
use crate::event::{FaultKind, Message, PayloadKind};
use crate::id::{HttpId, KeyId, LinkId, RequestId, RouteId};
use crate::options::{AstroOptions, DEFAULT_CREDENTIAL, TokenType};
use crate::secret::Secret;
use crate::session::io::{DialFailure, Frame, Handshake, HttpResponse, LinkEnd};
use crate::session::{Context, Readiness, Recipient};
use crate::view::astro::{AstroEvent, TipOnce, TipVerdict};

/// An overlay update carries a whole overlay.
const MAX_MESSAGE: u64 = 4 << 20;
/// Half of what the gateway gives an unanswered ping.
const STALL: Duration = Duration::from_secs(35);
/// After a refusal with 429 that names no time.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// The Astro dialect.
pub struct Astro {
    options: AstroOptions,
    links: BTreeMap<LinkId, LinkState>,
    rooms: Rooms,
    /// What the gateway calls a room, by what users call it, once it has said so.
    canonical: BTreeMap<String, String>,
    /// Tips that were passed, where each is wanted once.
    tips: Option<TipOnce>,
    /// What messages look like.
    template: Template,
    /// A message's identity is put together here, so that it costs no allocation.
    scratch: Vec<u8>,
}

/// What is remembered of a link.
#[derive(Debug, Default)]
struct LinkState {
    /// Commands by nonce, and what each was for.
    sent: BTreeMap<String, Sent>,
    /// Keys that were asked for on this link, so that "already subscribed" can be understood: their topics, and what users call the rooms.
    asked: BTreeMap<KeyId, (String, String)>,
    /// An unsubscribe was refused: taken for done, but the gateway may have kept the room.
    refused_ends: bool,
    /// How often the gateway was made to name the rooms of keys.
    named: BTreeMap<KeyId, u32>,
}

/// What a command was for.
#[derive(Debug, Clone)]
enum Sent {
    Subscribe { key: KeyId, topic: String, name: String, credential: String, first: bool },
    Unsubscribe { topic: String, name: Option<String> },
}

impl Astro {
    /// A dialect with these options.
    #[must_use]
    pub fn new(options: AstroOptions) -> Self {
        let tips = options.tips_once.then(TipOnce::default);
        Self {
            options,
            links: BTreeMap::new(),
            rooms: Rooms::default(),
            canonical: BTreeMap::new(),
            tips,
            template: Template::default(),
            scratch: Vec::new(),
        }
    }

    fn token_type(&self, credential: &str) -> TokenType {
        self.options.credentials.iter().find(|named| named.name == credential).map_or(self.options.token_type, |named| named.token_type)
    }

    fn message(&mut self, cx: &mut Context<'_>, link: LinkId, frame: Bytes, decoded: Decoded) {
        // The oldest samples have no `data`; then the payload is the frame.
        let start = decoded.data.unwrap_or(0);
        let stopped_at_data = decoded.stopped_at_data;
        let labels = [decoded.topic, decoded.room, decoded.id, decoded.ts];
        let message = Message::labelled(frame, start, None, PayloadKind::Json, labels);
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        let topic = message.topic_bytes().unwrap_or_default();
        match message.room_bytes() {
            Some(room) => {
                identity_into(&mut scratch, topic, room);
                if stopped_at_data {
                    self.template.learn(&message, &scratch);
                }
                if !self.is_stale_tip(&message) {
                    cx.deliver(link, Recipient::Identity(&scratch), message);
                }
            }
            // Without a room it belongs to the topic's only subscription, or to all of them.
            None => {
                identity_into(&mut scratch, topic, b"");
                if !self.is_stale_tip(&message) {
                    cx.deliver(link, Recipient::Prefix(&scratch), message);
                }
            }
        }
        self.scratch = scratch;
    }
}

impl Astro {
    fn is_stale_tip(&mut self, message: &Message) -> bool {
        is_stale_tip(&mut self.tips, message)
    }
}

/// With the option `tips_once`: whether this tells of a tip that was told before, or of one that is not approved and paid (yet).
#[inline]
fn is_stale_tip(tips: &mut Option<TipOnce>, message: &Message) -> bool {
    tips.as_mut().is_some_and(|tips| {
        matches!(message.topic(), Some("channel.tips" | "channel.tips.moderation" | "channel.activities"))
            && matches!(tips.judge(&AstroEvent::of(message)), TipVerdict::NotFinal | TipVerdict::Repeated)
    })
}

/// The name of a topic of a room in the session's map. Topics hold no NUL.
fn identity_into(text: &mut Vec<u8>, topic: &[u8], room: &[u8]) {
    text.extend_from_slice(topic);
    text.push(0);
    text.extend_from_slice(room);
}

fn identity(topic: &str, room: &str) -> String {
    format!("{topic}\0{room}")
}

/// What users call a room. What stands for an unknown one cannot be a room: no room holds a control character.
fn name_of(target: &TopicTarget) -> String {
    match (&target.room, target.no_room) {
        (Some(room), _) => room.clone(),
        (None, true) => format!("\u{1}{}", credential_of(target)),
        (None, false) => format!("\u{2}{}", credential_of(target)),
    }
}

/// Channel ids are 24 hexadecimal digits in every sample; the gateway has no other name for such a room.
fn is_channel_id(name: &str) -> bool {
    name.len() == 24 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn credential_of(target: &TopicTarget) -> &str {
    target.credential.as_deref().unwrap_or(DEFAULT_CREDENTIAL)
}

impl Dialect for Astro {
    fn name(&self) -> &'static str {
        "astro"
    }

    fn facts(&self) -> Facts {
        let options = &self.options;
        Facts {
            routes: Routes::Shared,
            lazy: false,
            linger: None,
            greeting: options.welcome_timeout,
            // A bad resume token may be refused after the welcome.
            probation: Duration::from_secs(2),
            answer_proves: true,
            settle: Duration::from_secs(30),
            pacing: Pacing {
                interval: options.command_interval,
                burst: options.command_burst,
                // One at a time makes every answer attributable, also those without a nonce; many take too long that way.
                window_small: 1,
                window_large: 8,
                small: 20,
                pause: Duration::from_secs(5),
                pause_max: Duration::from_secs(30),
            },
            answer: Some(options.response_timeout),
            idle: options.idle_timeout,
            probe: options.ping_interval.map(|interval| Probe { interval, timeout: None }),
            drain: options.drain,
            resume_tries: (5, Duration::from_secs(30)),
            resume_replays: false,
            dedup: true,
            drop_after_unsubscribe: !options.deliver_after_unsubscribe,
            stop_when_unauthorized: options.stop_when_unauthorized,
            stall: Some(STALL),
            verify_resume: options.verify_resume,
            keep_while_closing: false,
            provider: options.provider_timeout,
            close: options.connection.close_timeout,
        }
    }

    fn identify(&self, target: &Target) -> Result<Identity, Error> {
        let Target::Topic(target) = target else {
            return Err(Error::new(Code::Unsupported, "Astro has topics of rooms; it runs no GraphQL operations"));
        };
        if target.topic.is_empty() || target.topic.contains('\0') {
            return Err(Error::option("topic", "a topic's name, for example `channel.activities`"));
        }
        if target.no_room && target.room.is_some() {
            return Err(Error::option("room", "no room beside `no_room`"));
        }
        if target.room.as_deref().is_some_and(str::is_empty) {
            return Err(Error::option("room", "a channel id; leave it out for the credential's own channel, or say `no_room`"));
        }
        let credential = credential_of(target);
        if credential != DEFAULT_CREDENTIAL && !self.options.credentials.iter().any(|named| named.name == credential) {
            return Err(Error::option("credential", "a name from the option `credentials`"));
        }
        // What the gateway calls the room, once it has said so.
        let name = name_of(target);
        Ok(Identity::Shared(identity(&target.topic, self.canonical.get(&name).unwrap_or(&name))))
    }

    fn is_ambiguous(&self, target: &Target) -> bool {
        let Target::Topic(target) = target else { return false };
        let name = name_of(target);
        !is_channel_id(&name) && !self.canonical.contains_key(&name)
    }

    fn dial(&mut self, _cx: &mut Context<'_>, _route: RouteId, resume: Option<&Secret>) -> Dialing {
        let url = match resume {
            None => self.options.url.clone(),
            Some(token) => {
                let base = self.options.url.expose();
                let joint = if base.contains('?') { '&' } else { '?' };
                Secret::new(format!("{base}{joint}reconnect_token={}", utf8_percent_encode(token.expose(), NON_ALPHANUMERIC)))
            }
        };
        Dialing::Go(Box::new(dial_from(&self.options.connection, url, Vec::new(), MAX_MESSAGE)))
    }

    fn opened(&mut self, cx: &mut Context<'_>, link: LinkId, _handshake: &Handshake) {
        let mut state = LinkState::default();
        if cx.is_resume(link) {
            // What was asked for on the link before was asked for on this one too.
            state.asked = self.links.values().flat_map(|state| state.asked.clone()).collect();
        }
        self.links.insert(link, state);
        if self.options.legacy {
            cx.ready(link, Readiness::Fresh, None);
        }
    }

    fn frame(&mut self, cx: &mut Context<'_>, link: LinkId, frame: Frame) {
        let bytes = match frame {
            Frame::Text(bytes) => bytes,
            Frame::Binary(_) => {
                let text = "a binary frame arrived; Astro sends text only, so it was skipped";
                return cx.fault(FaultKind::BadFrame, Error::new(Code::ProtocolError, text));
            }
            // Signs of life; the session has noted them.
            Frame::Ping(_) | Frame::Pong(_) | Frame::Fragment { .. } => return,
        };
        let bytes = match self.template.read(bytes) {
            Ok((message, name)) => {
                if !is_stale_tip(&mut self.tips, &message) {
                    cx.deliver(link, Recipient::Identity(name), message);
                }
                return;
            }
            Err(bytes) => bytes,
        };
        let decoded = match frame::decode(&bytes) {
            Ok(decoded) => decoded,
            Err(error) => return cx.fault(FaultKind::BadFrame, error),
        };
        match decoded.kind {
            FrameType::Message => self.message(cx, link, bytes, decoded),
            FrameType::Welcome => {
                let readiness = if cx.is_resume(link) { Readiness::Resumed } else { Readiness::Fresh };
                cx.ready(link, readiness, decoded.data_bytes(&bytes));
            }
            FrameType::Response => self.response_frame(cx, link, &bytes),
            FrameType::Reconnect => cx.hand_over(link, frame::reconnect_token(&bytes)),
            // Kept as it came: a new kind of frame is not an error, and may be what somebody waits for.
            FrameType::Unknown => {
                let message = Message::part(bytes, 0, None, PayloadKind::Json).with_topic(decoded.topic).with_room(decoded.room);
                cx.deliver(link, Recipient::Nobody, message);
            }
        }
    }

    fn subscribe(&mut self, cx: &mut Context<'_>, link: LinkId, key: KeyId, target: &Target) -> Dispatch {
        let Target::Topic(target) = target else { return Dispatch::Later };
        self.send_subscribe(cx, link, key, target)
    }

    fn unsubscribe(&mut self, cx: &mut Context<'_>, link: LinkId, key: KeyId, target: &Target) -> Dispatch {
        let Target::Topic(target) = target else { return Dispatch::Done };
        self.send_unsubscribe(cx, link, key, target)
    }

    fn command(&mut self, cx: &mut Context<'_>, link: LinkId, _request: RequestId, command: &Command, _payload: &Bytes) -> Dispatch {
        match command {
            Command::UnsubscribeAll { topic } => self.send_unsubscribe_all(cx, link, topic),
            _ => Dispatch::Refused(Error::new(Code::Unsupported, "Astro clients can subscribe and unsubscribe, and nothing else")),
        }
    }

    fn probe(&mut self, cx: &mut Context<'_>, link: LinkId) {
        cx.send(link, Frame::Ping(Bytes::new()), super::Priority::Control);
    }

    fn dial_failed(&mut self, cx: &mut Context<'_>, link: LinkId, failure: &DialFailure) -> Verdict {
        self.links.remove(&link);
        let Some(answer) = &failure.http else {
            let text = format!("could not connect ({}): {}", failure.phase.as_str(), failure.error);
            return Verdict::Retry(Error::new(Code::ConnectionFailed, text));
        };
        let error = Error::new(Code::HandshakeFailed, "the gateway refused the connection")
            .from_gateway(Some(answer.status.to_string()), None::<String>)
            .retryable(true);
        match answer.status {
            // The node is draining: another will answer.
            502 => Verdict::RetryAfter { wait: Duration::ZERO, keep_resume: true, error },
            429 => Verdict::RetryAfter { wait: retry_after(cx.now(), answer).unwrap_or(RETRY_AFTER), keep_resume: true, error },
            _ => Verdict::Retry(error),
        }
    }

    fn link_ended(&mut self, _cx: &mut Context<'_>, link: LinkId, end: &LinkEnd) -> Verdict {
        self.links.remove(&link);
        Verdict::Retry(lost(end))
    }

    fn link_dropped(&mut self, link: LinkId) {
        self.links.remove(&link);
    }

    fn credential_changed(&mut self, _cx: &mut Context<'_>, credential: &str) {
        // Another token may belong to another channel.
        self.rooms.forget(credential);
        self.canonical.retain(|name, _| name.strip_prefix(['\u{1}', '\u{2}']) != Some(credential));
    }

    fn response(&mut self, cx: &mut Context<'_>, id: HttpId, result: Result<HttpResponse, String>) {
        self.rooms.response(cx, id, result);
    }
}
