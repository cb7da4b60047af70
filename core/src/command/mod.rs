//! What a user can ask for.

mod group;

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

pub use self::group::{DataType, GroupMessage, GroupTarget, Invocation, StreamEnd, StreamFragment, StreamStart, UserEvent};
use crate::error::Error;
use crate::id::SubscriptionId;

/// One command. Which of them a client accepts depends on its dialect; the others are refused with `unsupported`.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Command {
    /// Listen to a topic of a room. The request's number is the subscription's. (Astro)
    Subscribe(TopicTarget),
    /// Start an operation. A subscription goes on until it ends or is ended; a query or a mutation has one result. (GraphQL)
    Operation(OperationTarget),
    /// Run a query or a mutation and answer with its result. (GraphQL)
    Execute(OperationTarget),
    /// End one subscription.
    Unsubscribe {
        /// The subscription.
        subscription: SubscriptionId,
    },
    /// End every subscription of a topic, whatever its room. A call of its own, so that a forgotten room cannot widen an `unsubscribe`. (Astro)
    UnsubscribeAll {
        /// The topic.
        topic: String,
    },
    /// Send a WebSocket ping; the reply is its pong. The payload travels beside the command. (raw)
    Ping,
    /// Join a group and hear what is sent to it. The request's number is the subscription's. (Web PubSub)
    JoinGroup(GroupTarget),
    /// Leave a group, whoever joined it. (Web PubSub)
    LeaveGroup(GroupTarget),
    /// Send to everybody in a group. (Web PubSub)
    SendToGroup(GroupMessage),
    /// Send an event to the application's server. (Web PubSub)
    SendEvent(UserEvent),
    /// Send an event to the application's server and answer with its result. (Web PubSub)
    Invoke(Invocation),
    /// Begin a stream to a group; the reply says that fragments may follow. (Web PubSub)
    StartStream(StreamStart),
    /// Send the next fragment of a stream; the reply says that the service has it. (Web PubSub)
    StreamData(StreamFragment),
    /// End a stream. (Web PubSub)
    EndStream(StreamEnd),
    /// Set what others see of this connection in a group, or clear it by leaving `state` out. (Web PubSub)
    SetGroupState {
        /// The group.
        group: String,
        /// Names and values.
        #[serde(default)]
        state: Option<std::collections::BTreeMap<String, String>>,
    },
    /// Hear of the state of everybody in a group: messages of the topic `group_state`. (Web PubSub)
    SubscribeGroupState(GroupTarget),
    /// Hear of it no more. (Web PubSub)
    UnsubscribeGroupState(GroupTarget),
}

impl Command {
    /// Reads a command from JSON: `{"type": "subscribe", "topic": "channel.tips", "room": "…"}`.
    ///
    /// # Errors
    /// `invalid_option`, naming what was expected, never the value.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        read(json).map_err(|error| crate::options::json_error(&error))
    }
}

/// Variables are kept as they were written, which serde cannot do for a member of an enum that is told by its tag: such members pass
/// through a form of serde's own. So operations are read without their tag.
fn read(json: &[u8]) -> Result<Command, serde_json::Error> {
    #[derive(Deserialize)]
    struct Tag<'a> {
        #[serde(rename = "type", borrow)]
        tag: Cow<'a, str>,
    }

    let Ok(Tag { tag }) = serde_json::from_slice(json) else { return serde_json::from_slice(json) };
    let make = match tag.as_ref() {
        "operation" => Command::Operation,
        "execute" => Command::Execute,
        _ => return serde_json::from_slice(json),
    };
    let mut members: BTreeMap<String, &RawValue> = serde_json::from_slice(json)?;
    members.remove("type");
    serde_json::from_slice(&serde_json::to_vec(&members)?).map(make)
}

/// A topic of a room.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TopicTarget {
    /// The topic, for example `channel.activities`. New ones appear without notice, so any name is accepted.
    pub topic: String,
    /// The room: a channel id. Without one, the credential's own channel is looked up.
    #[serde(default)]
    pub room: Option<String>,
    /// Send no room at all, whatever that may mean to the gateway.
    #[serde(default)]
    pub no_room: bool,
    /// The name of the credential to subscribe with, if not the client's own.
    #[serde(default)]
    pub credential: Option<String>,
}

impl TopicTarget {
    /// A topic of a room.
    pub fn new(topic: impl Into<String>, room: impl Into<String>) -> Self {
        Self { topic: topic.into(), room: Some(room.into()), no_room: false, credential: None }
    }
}

/// A GraphQL operation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OperationTarget {
    /// The document.
    pub query: String,
    /// Its variables: a JSON object, kept as it was written.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Value>"))]
    pub variables: Option<Box<RawValue>>,
    /// Which operation of the document.
    #[serde(default)]
    pub operation_name: Option<String>,
    /// Extensions: a JSON object, kept as it was written.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Value>"))]
    pub extensions: Option<Box<RawValue>>,
    /// Report a `no_data` fault when no result came for this long, in milliseconds. It never reconnects.
    #[serde(default)]
    pub data_timeout_ms: Option<u64>,
}

impl OperationTarget {
    /// An operation without variables.
    pub fn new(query: impl Into<String>) -> Self {
        Self { query: query.into(), variables: None, operation_name: None, extensions: None, data_timeout_ms: None }
    }
}

/// What a subscription listens to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Target {
    /// A topic of a room.
    Topic(TopicTarget),
    /// A GraphQL subscription.
    Operation(OperationTarget),
    /// A group.
    Group(GroupTarget),
}

/// A frame to send, on the path without JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// A text message, or a piece of one.
    Text {
        /// UTF-8.
        payload: Bytes,
        /// It starts a message.
        first: bool,
        /// It ends the message.
        fin: bool,
    },
    /// A binary message, or a piece of one.
    Binary {
        /// Bytes.
        payload: Bytes,
        /// It starts a message.
        first: bool,
        /// It ends the message.
        fin: bool,
    },
}

impl Outgoing {
    /// A whole text message.
    pub fn text(payload: impl Into<Cow<'static, str>>) -> Self {
        let payload = match payload.into() {
            Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
            Cow::Owned(text) => Bytes::from(text),
        };
        Self::Text { payload, first: true, fin: true }
    }

    /// A whole binary message.
    pub fn binary(payload: impl Into<Bytes>) -> Self {
        Self::Binary { payload: payload.into(), first: true, fin: true }
    }

    /// Payload bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Text { payload, .. } | Self::Binary { payload, .. } => payload.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_kept_as_they_were_written() {
        let json = br#"{"type":"operation","query":"q","variables":{"n": 1.50, "big": 12345678901234567890123},"extensions":null}"#;
        let Ok(Command::Operation(target)) = Command::from_json(json) else { panic!("an operation") };
        assert_eq!(target.variables.as_deref().map(RawValue::get), Some(r#"{"n": 1.50, "big": 12345678901234567890123}"#));
        assert!(target.extensions.is_none());
        assert!(matches!(Command::from_json(br#"{"query":"q","type":"execute"}"#), Ok(Command::Execute(_))));
    }

    #[test]
    fn a_command_that_cannot_be_read_is_refused_without_its_values() {
        for json in
            [&br#"{"type":"operation","query":"q","secret":1}"#[..], br#"{"type":"operation"}"#, br#"{"type":"nothing"}"#, b"[]", b"{"]
        {
            assert_eq!(Command::from_json(json).err().map(|error| error.code), Some(crate::error::Code::InvalidOption));
        }
        let error = Command::from_json(br#"{"type":"subscribe","topic":["sesame"]}"#).err();
        assert!(error.is_some_and(|error| !error.to_string().contains("sesame")));
    }
}
