//! One message: the frame as it came, and where in it the interesting parts lie.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;

use crate::id::{Connection, SubscriptionId};
use crate::scan;
use crate::time::UnixMillis;

/// What a payload's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum PayloadKind {
    /// JSON text. It has not been validated beyond its routing fields.
    Json,
    /// UTF-8 text.
    Text,
    /// Bytes.
    Binary,
    /// JSON that arrives escaped inside a JSON string.
    JsonString,
}

/// A short text that is usually a piece of the frame, and owned only where the frame holds it escaped or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Label {
    /// There is none.
    #[default]
    None,
    /// Bytes `start..end` of the frame, UTF-8, free of escapes.
    Span {
        /// First byte.
        start: u32,
        /// One past the last byte.
        end: u32,
    },
    /// Kept on its own.
    Owned(Arc<str>),
}

impl From<Cow<'_, str>> for Label {
    fn from(text: Cow<'_, str>) -> Self {
        Self::Owned(text.into())
    }
}

/// The end of a payload that nobody has touched yet. No frame is that long.
const UNKNOWN: u32 = u32::MAX;

/// One message of the gateway. It keeps the frame as it came; nothing is decoded before it is asked for.
///
/// It is kept small, since queues hold many: labels are spans of the frame, and the few that the frame does not hold as they are stand
/// beside it.
pub struct Message {
    pub(crate) frame: Bytes,
    /// Where the payload starts, and where it ends once that is known ([`UNKNOWN`] before).
    pub(crate) start: u32,
    pub(crate) end: AtomicU32,
    spans: [Span; LABELS],
    owned: Option<Arc<[Option<Arc<str>>; LABELS]>>,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) received: UnixMillis,
    pub(crate) connection: Connection,
    pub(crate) kind: PayloadKind,
}

const TOPIC: usize = 0;
const ROOM: usize = 1;
const ID: usize = 2;
const TIME: usize = 3;
const LABELS: usize = 4;

/// A label's place in the frame.
#[derive(Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// There is no label.
    const NONE: Self = Self { start: UNKNOWN, end: UNKNOWN };
    /// The label stands beside the frame.
    const OWNED: Self = Self { start: UNKNOWN, end: 0 };
}

/// Where the labels of a message lie, all of them in its frame.
#[derive(Clone, Copy)]
pub(crate) struct Labels([Span; LABELS]);

impl Labels {
    /// The places of those that differ from message to message of a topic: id and time.
    pub(crate) fn free(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        [self.0[ID], self.0[TIME]].into_iter().filter(|span| span.start != UNKNOWN).map(|span| span.start as usize..span.end as usize)
    }
}

/// A topic that many messages share and no frame holds, such as the name of an operation. Naming a message with it copies nothing.
#[derive(Debug, Clone)]
pub struct SharedTopic(Arc<[Option<Arc<str>>; LABELS]>);

impl SharedTopic {
    /// A topic.
    #[must_use]
    pub fn new(topic: &str) -> Self {
        let mut labels = [const { None }; LABELS];
        labels[TOPIC] = Some(topic.into());
        Self(Arc::new(labels))
    }
}

/// The subscriptions a message belongs to: nearly always none or one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Subscriptions {
    /// It came unasked.
    #[default]
    None,
    /// The usual case.
    One(SubscriptionId),
    /// Several subscriptions share one on the server.
    Many(Arc<Vec<SubscriptionId>>),
}

impl Subscriptions {
    /// Them, in the order in which they were made.
    #[must_use]
    pub fn as_slice(&self) -> &[SubscriptionId] {
        match self {
            Self::None => &[],
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

impl Message {
    /// A message whose payload is the whole frame.
    #[must_use]
    pub fn whole(frame: Bytes, kind: PayloadKind) -> Self {
        let end = u32::try_from(frame.len()).unwrap_or(UNKNOWN - 1);
        Self::part(frame, 0, Some(end), kind)
    }

    /// A message whose payload is part of a frame. Without an end, the payload is one JSON value whose end is found on first touch.
    #[inline]
    #[must_use]
    pub fn part(frame: Bytes, start: u32, end: Option<u32>, kind: PayloadKind) -> Self {
        Self {
            frame,
            start,
            end: AtomicU32::new(end.unwrap_or(UNKNOWN)),
            spans: [Span::NONE; LABELS],
            owned: None,
            subscriptions: Subscriptions::None,
            received: UnixMillis(0),
            connection: Connection(0),
            kind,
        }
    }

    /// The same with all its labels: topic, room, id and time.
    #[inline]
    #[must_use]
    pub fn labelled(frame: Bytes, start: u32, end: Option<u32>, kind: PayloadKind, labels: [Label; 4]) -> Self {
        let mut message = Self::part(frame, start, end, kind);
        for (which, label) in labels.into_iter().enumerate() {
            message.set(which, label);
        }
        message
    }

    /// A message with its labels in the same places as another's.
    #[inline]
    pub(crate) fn like(frame: Bytes, start: u32, kind: PayloadKind, labels: Labels) -> Self {
        Self { spans: labels.0, ..Self::part(frame, start, None, kind) }
    }

    /// Where its labels lie, if all that it has are in the frame.
    pub(crate) fn labels_in_frame(&self) -> Option<Labels> {
        self.owned.is_none().then_some(Labels(self.spans))
    }

    /// Names the topic.
    #[must_use]
    pub fn with_topic(self, topic: Label) -> Self {
        self.with(TOPIC, topic)
    }

    /// Names the topic by one that many messages share. Call it before any other label is given.
    #[inline]
    #[must_use]
    pub fn with_shared_topic(mut self, topic: &SharedTopic) -> Self {
        self.spans[TOPIC] = Span::OWNED;
        self.owned = Some(Arc::clone(&topic.0));
        self
    }

    /// Names the room, group or channel.
    #[must_use]
    pub fn with_room(self, room: Label) -> Self {
        self.with(ROOM, room)
    }

    /// Names the message.
    #[must_use]
    pub fn with_id(self, id: Label) -> Self {
        self.with(ID, id)
    }

    /// Says when the gateway published it.
    #[must_use]
    pub fn with_time(self, time: Label) -> Self {
        self.with(TIME, time)
    }

    fn with(mut self, which: usize, label: Label) -> Self {
        self.set(which, label);
        self
    }

    #[inline]
    fn set(&mut self, which: usize, label: Label) {
        self.spans[which] = match label {
            Label::None => Span::NONE,
            Label::Span { start, end } => Span { start, end },
            Label::Owned(text) => {
                Arc::make_mut(self.owned.get_or_insert_default())[which] = Some(text);
                Span::OWNED
            }
        };
    }

    /// A label's bytes.
    #[inline]
    fn label_bytes(&self, which: usize) -> Option<&[u8]> {
        let Span { start, end } = self.spans[which];
        if start == UNKNOWN {
            return self.owned.as_ref()?[which].as_deref().map(str::as_bytes);
        }
        self.frame.get(start as usize..end as usize)
    }

    fn label(&self, which: usize) -> Option<&str> {
        self.label_bytes(which).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// The topic as bytes, for who compares and does not read.
    #[inline]
    pub(crate) fn topic_bytes(&self) -> Option<&[u8]> {
        self.label_bytes(TOPIC)
    }

    /// The room as bytes.
    #[inline]
    pub(crate) fn room_bytes(&self) -> Option<&[u8]> {
        self.label_bytes(ROOM)
    }

    /// The id as bytes.
    #[inline]
    pub(crate) fn id_bytes(&self) -> Option<&[u8]> {
        self.label_bytes(ID)
    }

    /// The topic, where the gateway has such a thing.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        self.label(TOPIC)
    }

    /// The room, group or channel, where the gateway has such a thing.
    #[must_use]
    pub fn room(&self) -> Option<&str> {
        self.label(ROOM)
    }

    /// The gateway's id of the message.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.label(ID)
    }

    /// When the gateway published it, as it wrote it.
    #[must_use]
    pub fn time(&self) -> Option<&str> {
        self.label(TIME)
    }

    /// When it arrived.
    #[must_use]
    pub fn received(&self) -> UnixMillis {
        self.received
    }

    /// The subscriptions it belongs to; perhaps none.
    #[must_use]
    pub fn subscriptions(&self) -> &[SubscriptionId] {
        self.subscriptions.as_slice()
    }

    /// Which connection of the client it came by. A change marks a place where messages may be missing.
    #[must_use]
    pub fn connection(&self) -> Connection {
        self.connection
    }

    /// What the payload's bytes are.
    #[must_use]
    pub fn kind(&self) -> PayloadKind {
        self.kind
    }

    /// The payload as it was sent, without a copy.
    ///
    /// If the payload is JSON that turns out to be broken, this is all that is left of the frame, and decoding it fails: an invalid
    /// payload is reported when it is read, not before.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        let start = (self.start as usize).min(self.frame.len());
        let end = match self.end.load(Ordering::Relaxed) {
            UNKNOWN => {
                let end = scan::end_of_value(&self.frame, start).unwrap_or(self.frame.len());
                // Two threads may both find it; they find the same.
                self.end.store(u32::try_from(end).unwrap_or(UNKNOWN), Ordering::Relaxed);
                end
            }
            end => end as usize,
        };
        self.frame.get(start..end).unwrap_or_default()
    }

    /// The payload without looking for its end. Where nobody has looked yet, the bytes go on to the end of the frame, and `false` says so.
    pub(crate) fn payload_unwalked(&self) -> (&[u8], bool) {
        let start = (self.start as usize).min(self.frame.len());
        match self.end.load(Ordering::Relaxed) {
            UNKNOWN => (&self.frame[start..], false),
            end => (self.frame.get(start..end as usize).unwrap_or_default(), true),
        }
    }

    /// The payload on the guess that it is the frame's last member, for a decoder that refuses trailing bytes and so finds out. It saves
    /// [`payload`](Self::payload) a walk over bytes that will be read anyway. `None` where the end is known, and where the guess is bad.
    ///
    /// If the guess is a valid JSON value then it is the payload: it begins where that begins, and of two objects, arrays or strings that
    /// begin together neither is a part of the other. Tell so with [`payload_was_last`](Self::payload_was_last).
    #[must_use]
    pub fn payload_if_last(&self) -> Option<&[u8]> {
        let (rest, false) = self.payload_unwalked() else { return None };
        let guess = rest.trim_ascii_end().strip_suffix(b"}")?.trim_ascii_end();
        let whole = matches!((guess.first()?, guess.last()?), (b'{', b'}') | (b'[', b']') | (b'"', b'"'));
        (whole && guess.len() > 1).then_some(guess)
    }

    /// The guess of [`payload_if_last`](Self::payload_if_last) is a valid JSON value, and so it is the payload.
    pub fn payload_was_last(&self) {
        if let Some(guess) = self.payload_if_last() {
            let end = self.start as usize + guess.len();
            self.end.store(u32::try_from(end).unwrap_or(UNKNOWN), Ordering::Relaxed);
        }
    }

    /// The payload as a handle that keeps the frame alive.
    #[must_use]
    pub fn payload_bytes(&self) -> Bytes {
        let payload = self.payload();
        self.frame.slice_ref(payload)
    }

    /// Keeps a copy of the frame and lets go of the buffer that it is a piece of. For who keeps a message after its batch: a buffer of many
    /// frames lives as long as any of them.
    pub fn detach(&mut self) {
        self.frame = Bytes::copy_from_slice(&self.frame);
    }

    /// The whole frame as it came.
    #[must_use]
    pub fn frame(&self) -> &Bytes {
        &self.frame
    }

    /// Decodes a JSON payload.
    ///
    /// # Errors
    /// When the payload is not JSON, or does not fit `T`.
    pub fn json<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(self.payload())
    }
}

impl Clone for Message {
    fn clone(&self) -> Self {
        Self {
            frame: self.frame.clone(),
            start: self.start,
            end: AtomicU32::new(self.end.load(Ordering::Relaxed)),
            spans: self.spans,
            owned: self.owned.clone(),
            subscriptions: self.subscriptions.clone(),
            received: self.received,
            connection: self.connection,
            kind: self.kind,
        }
    }
}

/// Payloads may hold donors' personal data, so only their size is printed.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("topic", &self.topic())
            .field("room", &self.room())
            .field("id", &self.id())
            .field("subscriptions", &self.subscriptions())
            .field("connection", &self.connection.0)
            .field("frame_bytes", &self.frame.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a decoder that refuses trailing bytes makes of the guess, and what the walk finds.
    fn guess(frame: &'static str, payload: &str) {
        let start = u32::try_from(frame.find(payload).expect("the payload is in the frame")).expect("short");
        let message = || Message::part(frame.into(), start, None, PayloadKind::Json);
        let guessed = message();
        let good = guessed.payload_if_last().is_some_and(|guess| serde_json::from_slice::<serde_json::Value>(guess).is_ok());
        if good {
            guessed.payload_was_last();
        }
        assert_eq!(guessed.payload(), payload.as_bytes(), "{frame}");
        assert_eq!(message().payload(), payload.as_bytes(), "{frame}");
    }

    #[test]
    fn a_guess_that_is_valid_is_the_payload() {
        for (frame, payload) in [
            (r#"{"topic":"t","data":{"a":[1,{}]}}"#, r#"{"a":[1,{}]}"#),
            ("{\"topic\":\"t\",\"data\": [1, 2] \n} \n", "[1, 2]"),
            (r#"{"data":{"a":1},"topic":"t"}"#, r#"{"a":1}"#),
            (r#"{"data":{"a":1},"more":{"a":1}}"#, r#"{"a":1}"#),
            (r#"{"data":"x","topic":"t"}"#, r#""x""#),
            (r#"{"topic":"t","data":"a}\"]"}"#, r#""a}\"]""#),
            (r#"{"data":[],"more":[]}"#, "[]"),
            (r#"{"payload":{"data":{"a":1}}}"#, r#"{"a":1}"#),
            (r#"{"topic":"t","data":17}"#, "17"),
            (r#"{"topic":"t","data":null}"#, "null"),
        ] {
            guess(frame, payload);
        }
    }

    #[test]
    fn there_is_nothing_to_guess_where_the_end_is_known_or_the_frame_is_cut() {
        let whole = Message::whole(r#"{"a":1}"#.into(), PayloadKind::Json);
        assert_eq!(whole.payload_if_last(), None);
        for frame in ["", "}", "{}", r#"{"data":{"a":1}"#, r#"{"data":"}"#] {
            let message = Message::part(frame.into(), 8, None, PayloadKind::Json);
            assert!(message.payload_if_last().is_none_or(|guess| !guess.is_empty()), "{frame}");
            message.payload_was_last();
            let _ = message.payload();
        }
    }
}
