//! The kinds of events, as names and as sets.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::event::EventKind;

/// What kind of event, without its content. The number is the one in the batch layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[repr(u16)]
#[non_exhaustive]
pub enum Kind {
    /// A message of the gateway.
    Message = 1,
    /// The client's state changed.
    State = 2,
    /// A connection is open and greeted.
    Opened = 3,
    /// A subscription is live.
    Subscribed = 4,
    /// A subscription was ended by the user.
    Unsubscribed = 5,
    /// A subscription was ended by the gateway, or given up.
    Ended = 6,
    /// Messages may have been missed.
    Gap = 7,
    /// Messages were dropped in this lane.
    Lagged = 8,
    /// The answer to a request.
    Reply = 9,
    /// The core needs something of the user.
    Need = 10,
    /// A need is no longer wanted.
    NeedCancelled = 11,
    /// There is room again.
    Writable = 12,
    /// Something went wrong that does not end the client.
    Fault = 13,
    /// A WebSocket ping.
    Ping = 14,
    /// A WebSocket pong.
    Pong = 15,
    /// The end of the lane.
    Closed = 16,
}

impl Kind {
    /// Every kind, in the order of their numbers.
    pub const ALL: &'static [Kind] = &[
        Self::Message,
        Self::State,
        Self::Opened,
        Self::Subscribed,
        Self::Unsubscribed,
        Self::Ended,
        Self::Gap,
        Self::Lagged,
        Self::Reply,
        Self::Need,
        Self::NeedCancelled,
        Self::Writable,
        Self::Fault,
        Self::Ping,
        Self::Pong,
        Self::Closed,
    ];

    /// The kind of an event.
    #[must_use]
    pub fn of(event: &EventKind) -> Self {
        match event {
            EventKind::Message(_) => Self::Message,
            EventKind::State { .. } => Self::State,
            EventKind::Opened(_) => Self::Opened,
            EventKind::Subscribed { .. } => Self::Subscribed,
            EventKind::Unsubscribed { .. } => Self::Unsubscribed,
            EventKind::Ended { .. } => Self::Ended,
            EventKind::Gap(_) => Self::Gap,
            EventKind::Lagged { .. } => Self::Lagged,
            EventKind::Reply { .. } => Self::Reply,
            EventKind::Need(_) => Self::Need,
            EventKind::NeedCancelled { .. } => Self::NeedCancelled,
            EventKind::Writable => Self::Writable,
            EventKind::Fault(_) => Self::Fault,
            EventKind::Ping(_) => Self::Ping,
            EventKind::Pong(_) => Self::Pong,
            EventKind::Closed(_) => Self::Closed,
        }
    }

    /// The name that every language shows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::State => "state",
            Self::Opened => "opened",
            Self::Subscribed => "subscribed",
            Self::Unsubscribed => "unsubscribed",
            Self::Ended => "ended",
            Self::Gap => "gap",
            Self::Lagged => "lagged",
            Self::Reply => "reply",
            Self::Need => "need",
            Self::NeedCancelled => "need_cancelled",
            Self::Writable => "writable",
            Self::Fault => "fault",
            Self::Ping => "ping",
            Self::Pong => "pong",
            Self::Closed => "closed",
        }
    }

    const fn bit(self) -> u32 {
        1 << (self as u16)
    }
}

/// A set of [`Kind`]s. In JSON: an array of names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct KindSet(u32);

impl KindSet {
    /// Every kind, those of later versions included.
    pub const ALL: KindSet = KindSet(u32::MAX);

    /// Whether it is in the set.
    #[must_use]
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 & kind.bit() != 0
    }

    /// Adds a kind.
    pub fn insert(&mut self, kind: Kind) {
        self.0 |= kind.bit();
    }
}

impl FromIterator<Kind> for KindSet {
    fn from_iter<I: IntoIterator<Item = Kind>>(kinds: I) -> Self {
        let mut set = Self::default();
        for kind in kinds {
            set.insert(kind);
        }
        set
    }
}

impl fmt::Debug for KindSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(Kind::ALL.iter().filter(|kind| self.contains(**kind)).map(|kind| kind.as_str())).finish()
    }
}

impl Serialize for KindSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(Kind::ALL.iter().filter(|kind| self.contains(**kind)))
    }
}

impl<'de> Deserialize<'de> for KindSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = KindSet;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of event kinds")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<KindSet, A::Error> {
                let mut set = KindSet::default();
                while let Some(kind) = names.next_element()? {
                    set.insert(kind);
                }
                Ok(set)
            }
        }
        deserializer.deserialize_seq(Names)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for KindSet {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "KindSet".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <Vec<Kind>>::json_schema(generator)
    }
}
