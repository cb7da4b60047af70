//! Commands of gateways with groups. (Web PubSub)
//!
//! What is sent travels beside the command as its payload: JSON text, UTF-8 or bytes. Whoever has nothing but JSON puts it into `data`
//! instead: any JSON value, a string for `text`, base64 for `binary` and `protobuf`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the bytes of a payload are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum DataType {
    /// A JSON value.
    #[default]
    Json,
    /// UTF-8 text.
    Text,
    /// Bytes.
    Binary,
    /// A serialised `google.protobuf.Any`. The service may refuse it over the JSON subprotocols.
    Protobuf,
}

impl DataType {
    /// The name on the wire, which every language shows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Protobuf => "protobuf",
        }
    }
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupTarget {
    /// Its name: 1 to 1024 characters, not all of them white space.
    pub group: String,
}

impl GroupTarget {
    /// A group.
    pub fn new(group: impl Into<String>) -> Self {
        Self { group: group.into() }
    }
}

/// What is sent to a group.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupMessage {
    /// The group. Whoever sends need not be in it.
    pub group: String,
    /// What is sent.
    #[serde(default)]
    pub data_type: DataType,
    /// The payload, if it does not travel beside the command.
    #[serde(default)]
    pub data: Option<Value>,
    /// Do not send it to this connection too.
    #[serde(default)]
    pub no_echo: bool,
    /// Ask for no acknowledgement: the reply says that it was written.
    #[serde(default)]
    pub fire_and_forget: bool,
    /// What is said beside the data, by name. JSON subprotocols only.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// For how long a copy that could not be delivered is worth delivering, in seconds: 0 to 300. JSON subprotocols only.
    #[serde(default)]
    pub ttl_seconds: u32,
}

/// An event for the application's server.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserEvent {
    /// Its name: a letter, then letters, digits, `_`, `.` and `-`; at most 128.
    pub event: String,
    /// What is sent.
    #[serde(default)]
    pub data_type: DataType,
    /// The payload, if it does not travel beside the command.
    #[serde(default)]
    pub data: Option<Value>,
    /// Ask for no acknowledgement: the reply says that it was written.
    #[serde(default)]
    pub fire_and_forget: bool,
    /// What is said beside the data, by name. JSON subprotocols only.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

/// An event for the application's server that has a result. It is sent once; cancelling the request tells the service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Invocation {
    /// The event's name.
    pub event: String,
    /// What is sent.
    #[serde(default)]
    pub data_type: DataType,
    /// The payload, if it does not travel beside the command.
    #[serde(default)]
    pub data: Option<Value>,
}

/// The beginning of a stream to a group.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StreamStart {
    /// The group.
    pub group: String,
    /// The stream's name, used by no other stream of this client that has not ended.
    pub stream_id: String,
    /// The service ends the stream after this much silence, in milliseconds; absent for its own limit of five minutes.
    #[serde(default)]
    pub idle_timeout_ms: Option<u32>,
    /// Do not send it to this connection too.
    #[serde(default)]
    pub no_echo: bool,
}

/// A fragment of a stream.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StreamFragment {
    /// The stream.
    pub stream_id: String,
    /// What is sent.
    #[serde(default)]
    pub data_type: DataType,
    /// The payload, if it does not travel beside the command.
    #[serde(default)]
    pub data: Option<Value>,
}

/// The end of a stream.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StreamEnd {
    /// The stream.
    pub stream_id: String,
    /// It ends early: why.
    #[serde(default)]
    pub error: Option<String>,
    /// A code of the application's own that goes with `error`.
    #[serde(default)]
    pub error_code: Option<String>,
}
