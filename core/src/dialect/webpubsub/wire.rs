//! What is said in both directions, whichever way it is written.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::command::DataType;
use crate::error::Error;
use crate::event::Label;

/// What is sent along: bytes, and what they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// What the bytes are.
    pub kind: DataType,
    /// JSON text, UTF-8, or bytes.
    pub bytes: Bytes,
}

/// What is said beside the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Beside<'a> {
    /// Texts by name.
    pub metadata: Option<&'a BTreeMap<String, String>>,
    /// For how long a copy that could not be delivered is worth delivering, in seconds.
    pub ttl_seconds: u32,
}

impl Beside<'_> {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.metadata.is_none_or(BTreeMap::is_empty) && self.ttl_seconds == 0
    }
}

/// From the client to the service.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the wire; the specification explains them")]
pub enum Request<'a> {
    JoinGroup { group: &'a str, ack_id: Option<u64> },
    LeaveGroup { group: &'a str, ack_id: Option<u64> },
    SendToGroup { group: &'a str, content: &'a Content, beside: Beside<'a>, no_echo: bool, ack_id: Option<u64> },
    Event { event: &'a str, content: &'a Content, beside: Beside<'a>, ack_id: Option<u64> },
    SequenceAck { sequence_id: u64 },
    Ping,
    StreamStart { group: &'a str, stream_id: &'a str, idle_timeout_ms: Option<u32>, no_echo: bool },
    StreamData { stream_id: &'a str, sequence_id: u64, content: &'a Content },
    StreamEnd { stream_id: &'a str, error: Option<&'a str>, code: Option<&'a str> },
    Invoke { invocation_id: &'a str, event: &'a str, content: &'a Content },
    CancelInvocation { invocation_id: &'a str },
    SetGroupState { group: &'a str, state: Option<&'a BTreeMap<String, String>>, ack_id: Option<u64> },
    SubscribeGroupState { group: &'a str, ack_id: Option<u64> },
    UnsubscribeGroupState { group: &'a str, ack_id: Option<u64> },
}

/// From the service to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the wire; the specification explains them")]
pub enum Response {
    Message(Delivery),
    Ack {
        ack_id: u64,
        success: bool,
        error: Option<Refusal>,
    },
    Connected {
        connection_id: String,
        user_id: Option<String>,
        reconnection_token: Option<String>,
    },
    Disconnected {
        reason: String,
    },
    Pong,
    StreamAck {
        stream_id: String,
        expected: u64,
    },
    StreamNack {
        stream_id: String,
        expected: u64,
        refusal: Refusal,
    },
    StreamClosed {
        stream_id: String,
        refusal: Option<Refusal>,
    },
    Invoked {
        invocation_id: String,
        success: Option<bool>,
        result: Option<Bytes>,
        refusal: Option<Refusal>,
    },
    /// A snapshot or an update of a group's state; the payload is the whole frame.
    GroupState {
        group: String,
    },
    /// Something that we do not know. It is not an error: the protocol may grow.
    Unknown {
        kind: String,
    },
}

/// Why the service did not do something.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusal {
    /// A name such as `Forbidden`.
    pub name: String,
    /// For people.
    pub message: String,
}

/// A message, as far as it is needed to pass it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Whether a group or the application's server sent it.
    pub from: Source,
    /// Its number, where the subprotocol is reliable.
    pub sequence_id: Option<u64>,
    /// It is a piece of a stream.
    pub stream: bool,
    /// `from`, `group` and the number as texts of the frame.
    pub labels: [Label; 3],
    /// What was sent, and where it is.
    pub body: Body,
}

/// Who sent a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Somebody, to a group.
    Group,
    /// The application's server.
    Server,
    /// Somebody whom we do not know.
    Other,
}

/// Where a message's data is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Bytes of the frame.
    Part {
        /// What they are.
        kind: DataType,
        /// The first.
        start: u32,
        /// One past the last.
        end: u32,
    },
    /// It had to be decoded.
    Decoded {
        /// What the bytes are.
        kind: DataType,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// There is none. The end of a stream may have none.
    Absent,
    /// Of a type that we do not know.
    Unknown,
}

/// A frame that breaks the protocol.
pub(super) fn bad(text: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(crate::error::Code::ProtocolError, text)
}
