//! What a client hears. The same names in every language.

mod message;

use std::sync::Arc;

use bytes::Bytes;

pub(crate) use message::Labels;
pub use message::{Label, Message, PayloadKind, SharedTopic, Subscriptions};

use crate::error::Error;
use crate::id::{Connection, RequestId, Seq, SubscriptionId};
use crate::time::UnixMillis;

/// One event, with its place in the client-wide order.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// Client-wide sequence number. It orders events across lanes; within one lane it has holes.
    pub seq: Seq,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum EventKind {
    /// A message of the gateway.
    Message(#[cfg_attr(feature = "schema", schemars(with = "crate::schema::MessageFields"))] Message),
    /// The client's state changed.
    State {
        /// The state before.
        from: State,
        /// The state now.
        to: State,
        /// Why, where there is a reason.
        cause: Option<Arc<Error>>,
    },
    /// A connection is open and greeted.
    Opened(Box<Opened>),
    /// A subscription is live.
    Subscribed {
        /// Which one.
        subscription: SubscriptionId,
        /// It was live before, and is again.
        recovered: bool,
        /// The gateway said so. GraphQL has no such answer: there this is `false`, and the command is merely on its way.
        confirmed: bool,
    },
    /// A subscription was ended by the user.
    Unsubscribed {
        /// Which one.
        subscription: SubscriptionId,
    },
    /// A subscription was ended by the gateway, or given up.
    Ended {
        /// Which one.
        subscription: SubscriptionId,
        /// How.
        outcome: Outcome,
    },
    /// Messages may have been missed.
    Gap(Box<Gap>),
    /// This lane's consumer was too slow, and messages were dropped here.
    Lagged {
        /// Sequence number of the first message dropped.
        first: Seq,
        /// Sequence number of the last message dropped.
        last: Seq,
        /// How many were dropped.
        count: u64,
    },
    /// The answer to a request.
    Reply {
        /// The request.
        request: RequestId,
        /// What the gateway answered.
        #[cfg_attr(feature = "schema", schemars(with = "crate::schema::ReplyResult"))]
        result: Result<Reply, Arc<Error>>,
    },
    /// The core needs something of the user.
    Need(Box<Need>),
    /// A [`EventKind::Need`] is no longer wanted.
    NeedCancelled {
        /// The need's request.
        request: RequestId,
    },
    /// There is room again after `Busy`.
    Writable,
    /// Something went wrong that does not end the client.
    Fault(Box<Fault>),
    /// A WebSocket ping arrived (raw dialect; it has been answered).
    Ping(#[cfg_attr(feature = "schema", schemars(with = "Vec<u8>"))] Bytes),
    /// A WebSocket pong arrived (raw dialect).
    Pong(#[cfg_attr(feature = "schema", schemars(with = "Vec<u8>"))] Bytes),
    /// The end of this lane. Nothing follows.
    Closed(Box<Closed>),
}

/// The client's state, a pure function of its routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum State {
    /// Not connected, and nothing asks for it.
    Idle,
    /// A socket is being opened.
    Connecting,
    /// The socket is open and the gateway's greeting is awaited.
    AwaitingWelcome,
    /// Connected.
    Active,
    /// Connected, and moving to another connection without a break.
    HandingOver,
    /// The connection was lost; the gateway keeps the session, and it is being taken up again. (Web PubSub)
    Recovering,
    /// Disconnected, waiting for the next attempt.
    Backoff,
    /// Ended for good.
    Closed,
}

impl State {
    /// The name that every language shows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::AwaitingWelcome => "awaiting_welcome",
            Self::Active => "active",
            Self::HandingOver => "handing_over",
            Self::Recovering => "recovering",
            Self::Backoff => "backoff",
            Self::Closed => "closed",
        }
    }
}

/// Facts about a connection that opened.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Opened {
    /// Which connection of this client: 1, 2, …
    pub connection: Connection,
    /// The subprotocol that the server chose.
    pub protocol: Option<String>,
    /// HTTP status of the upgrade.
    pub status: u16,
    /// Headers of the upgrade.
    #[cfg_attr(feature = "schema", schemars(with = "std::collections::BTreeMap<String, String>"))]
    pub headers: http::HeaderMap,
    /// Subscriptions were carried over by the gateway.
    pub resumed: bool,
    /// The gateway's greeting, if it sent one: the Astro welcome's `data`, the GraphQL ack's payload.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<u8>>"))]
    pub greeting: Option<Bytes>,
}

/// How a subscription ended.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Outcome {
    /// The gateway completed it.
    Completed,
    /// The gateway failed it.
    Failed(Arc<Error>),
    /// The user ended it.
    Stopped,
    /// The connection was lost and will not come back.
    Lost(Arc<Error>),
}

/// A stretch of time in which messages may have been missed.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Gap {
    /// The subscriptions concerned.
    pub subscriptions: Vec<SubscriptionId>,
    /// When the last frame arrived before the loss.
    pub since: UnixMillis,
    /// When messages flowed again; absent if they do not yet.
    pub until: Option<UnixMillis>,
    /// Why.
    pub cause: Option<Arc<Error>>,
}

/// The gateway's answer to a request.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reply {
    /// The subscription that the request created or ended.
    pub subscription: Option<SubscriptionId>,
    /// The gateway's result as raw JSON bytes, where there is one: an Astro response's `data`, a GraphQL execution result, a pong's payload.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<u8>>"))]
    pub result: Option<Bytes>,
    /// The answer came from the gateway, not merely from the socket.
    pub confirmed: bool,
}

/// Something the user must provide.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Need {
    /// Quote this in the answer.
    pub request: RequestId,
    /// What is needed.
    pub what: NeedWhat,
    /// Why it is needed now.
    pub reason: NeedReason,
    /// Answer before this much time has passed, in milliseconds.
    pub deadline_ms: u64,
}

/// What a [`Need`] asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum NeedWhat {
    /// A credential; the name tells which, where a client has several.
    Token {
        /// The credential's name; `default` for the client's own.
        credential: String,
    },
}

/// Why a [`Need`] arose.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum NeedReason {
    /// It was never asked for before.
    Initial,
    /// A new connection is being made.
    Reconnect,
    /// The gateway refused the last value; do not answer from a cache.
    Rejected {
        /// The gateway's code.
        code: String,
    },
}

/// Something went wrong that does not end the client.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fault {
    /// What kind of thing.
    pub kind: FaultKind,
    /// The subscription concerned, if one is.
    pub subscription: Option<SubscriptionId>,
    /// The need whose provider failed, if that is it.
    pub request: Option<RequestId>,
    /// Details.
    pub error: Arc<Error>,
    /// How many equal faults this one stands for.
    pub count: u64,
}

/// What kind of [`Fault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum FaultKind {
    /// A frame could not be understood; it was skipped.
    BadFrame,
    /// A frame of a kind that we do not know; its text is in the error.
    UnknownFrame,
    /// An answer to nothing that was asked.
    Unsolicited,
    /// The gateway throttles us; commands are paused.
    Throttled,
    /// A subscription could not be renewed; it stays wanted.
    Resubscribe,
    /// A provider failed or timed out.
    Provider,
    /// An attempt to connect failed; there will be another.
    Connect,
    /// The connection went silent and is being replaced.
    Stale,
    /// A subscription delivers nothing though the connection lives.
    NoData,
    /// The gateway cut us off because we read too slowly.
    SlowConsumer,
    /// The gateway reported an error that belongs to no request.
    Gateway,
}

impl FaultKind {
    /// The name that every language shows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadFrame => "bad_frame",
            Self::UnknownFrame => "unknown_frame",
            Self::Unsolicited => "unsolicited",
            Self::Throttled => "throttled",
            Self::Resubscribe => "resubscribe",
            Self::Provider => "provider",
            Self::Connect => "connect",
            Self::Stale => "stale",
            Self::NoData => "no_data",
            Self::SlowConsumer => "slow_consumer",
            Self::Gateway => "gateway",
        }
    }
}

/// How it all ended.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Closed {
    /// The close frame that the peer sent.
    pub received: Option<CloseFrame>,
    /// The close frame that we sent.
    pub sent: Option<CloseFrame>,
    /// The peer's came first.
    pub received_first: bool,
    /// Both sides said goodbye.
    pub clean: bool,
    /// Why the client ended; absent when the user asked for it.
    pub cause: Option<Arc<Error>>,
}

/// A WebSocket close frame. RFC 6455 §7.4.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CloseFrame {
    /// The close code; 1005 stands for an empty frame.
    pub code: u16,
    /// At most 123 bytes.
    pub reason: String,
}
