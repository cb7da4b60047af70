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

impl Label {
    /// The text, given the frame it points into.
    #[must_use]
    pub fn get<'a>(&'a self, frame: &'a [u8]) -> Option<&'a str> {
        match self {
            Self::None => None,
            Self::Span { start, end } => frame.get(*start as usize..*end as usize).and_then(|bytes| std::str::from_utf8(bytes).ok()),
            Self::Owned(text) => Some(text),
        }
    }
}

impl From<Cow<'_, str>> for Label {
    fn from(text: Cow<'_, str>) -> Self {
        Self::Owned(text.into())
    }
}

/// The end of a payload that nobody has touched yet. No frame is that long.
const UNKNOWN: u32 = u32::MAX;

/// One message of the gateway. It keeps the frame as it came; nothing is decoded before it is asked for.
pub struct Message {
    pub(crate) frame: Bytes,
    /// Where the payload starts, and where it ends once that is known ([`UNKNOWN`] before).
    pub(crate) start: u32,
    pub(crate) end: AtomicU32,
    pub(crate) kind: PayloadKind,
    pub(crate) topic: Label,
    pub(crate) room: Label,
    pub(crate) id: Label,
    pub(crate) time: Label,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) connection: Connection,
    pub(crate) received: UnixMillis,
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
    Many(Arc<[SubscriptionId]>),
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
    #[must_use]
    pub fn part(frame: Bytes, start: u32, end: Option<u32>, kind: PayloadKind) -> Self {
        Self {
            frame,
            start,
            end: AtomicU32::new(end.unwrap_or(UNKNOWN)),
            kind,
            topic: Label::None,
            room: Label::None,
            id: Label::None,
            time: Label::None,
            subscriptions: Subscriptions::None,
            connection: Connection(0),
            received: UnixMillis(0),
        }
    }

    /// Names the topic.
    #[must_use]
    pub fn with_topic(mut self, topic: Label) -> Self {
        self.topic = topic;
        self
    }

    /// Names the room, group or channel.
    #[must_use]
    pub fn with_room(mut self, room: Label) -> Self {
        self.room = room;
        self
    }

    /// Names the message.
    #[must_use]
    pub fn with_id(mut self, id: Label) -> Self {
        self.id = id;
        self
    }

    /// Says when the gateway published it.
    #[must_use]
    pub fn with_time(mut self, time: Label) -> Self {
        self.time = time;
        self
    }

    /// The topic, where the gateway has such a thing.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        self.topic.get(&self.frame)
    }

    /// The room, group or channel, where the gateway has such a thing.
    #[must_use]
    pub fn room(&self) -> Option<&str> {
        self.room.get(&self.frame)
    }

    /// The gateway's id of the message.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.get(&self.frame)
    }

    /// When the gateway published it, as it wrote it.
    #[must_use]
    pub fn time(&self) -> Option<&str> {
        self.time.get(&self.frame)
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

    /// The payload as a handle that keeps the frame alive.
    #[must_use]
    pub fn payload_bytes(&self) -> Bytes {
        let payload = self.payload();
        self.frame.slice_ref(payload)
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
            kind: self.kind,
            topic: self.topic.clone(),
            room: self.room.clone(),
            id: self.id.clone(),
            time: self.time.clone(),
            subscriptions: self.subscriptions.clone(),
            connection: self.connection,
            received: self.received,
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
