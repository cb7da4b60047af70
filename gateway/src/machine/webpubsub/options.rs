//! What can be set on the Web PubSub side.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::machine::hidden::Hidden;

/// How the Web PubSub side behaves. What is not known of the real service is a switch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebPubSubOptions {
    /// The access key with which tokens are signed.
    pub access_key: Hidden,
    /// Let clients in that bring no token, with the roles of `anonymous_roles`.
    pub allow_anonymous: bool,
    /// What clients without a token may do.
    pub anonymous_roles: Vec<String>,
    /// Refuse tokens whose `aud` is not the address that was asked for.
    pub check_audience: bool,
    /// How long a session waits for its client after the connection was lost, in milliseconds.
    pub retention_ms: u64,
    /// Messages that may wait for acknowledgement before the session is ended.
    pub queue_messages: usize,
    /// Bytes that may wait for acknowledgement before the session is ended.
    pub queue_bytes: usize,
    /// What an overflow does to the connection; the session is gone either way.
    pub overflow: Overflow,
    /// Send `connected` with a fresh token when a session was taken up again.
    pub connected_after_recovery: bool,
    /// Numbers of commands that are remembered as done.
    pub ack_memory: usize,
    /// The largest message of a client, in bytes; a larger one closes with 1009.
    pub max_message: usize,
    /// A PING every so many milliseconds; 0 sends none.
    pub keep_alive_ms: u64,
    /// Send JSON to protobuf clients as text, as the reference pages say, rather than as `json_data`.
    pub json_as_text: bool,
    /// Close 1007 when a JSON client sends data of the type `protobuf`.
    pub refuse_protobuf_data: bool,
    /// End the connection when the handler of an event without `ackId` fails.
    pub close_on_failed_event: bool,
    /// What is done with events, by name.
    pub handlers: BTreeMap<String, Reaction>,
    /// What is done with any other event.
    pub default_handler: Reaction,
    /// Where event handlers of the kind `external` are, if they are not Rust functions: `http://127.0.0.1:7071/api/events`.
    pub upstream: Option<String>,
    /// Ask the external handler whether a client may connect.
    pub connect_event: bool,
    /// Tell the external handler that a client has connected, and that it is gone for good.
    pub lifecycle_events: bool,
}

/// What an overflow of what waits for acknowledgement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// Close 1008.
    #[default]
    Close,
    /// Cut the connection without a word.
    Cut,
}

/// What is done with an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Reaction {
    /// Send its data back.
    Echo,
    /// Take it and say nothing.
    Accept,
    /// Answer with this JSON value.
    Reply(Value),
    /// Fail.
    Fail,
    /// Send its data back after so many milliseconds.
    Late(u64),
    /// Hand it to the function, or the address, that was set.
    External,
}

impl Default for WebPubSubOptions {
    fn default() -> Self {
        Self {
            access_key: "topicwire-local-gateway-access-key".into(),
            allow_anonymous: false,
            anonymous_roles: vec!["webpubsub.joinLeaveGroup".to_owned(), "webpubsub.sendToGroup".to_owned()],
            check_audience: true,
            retention_ms: 30_000,
            queue_messages: 1_000,
            queue_bytes: 16_000_000,
            overflow: Overflow::Close,
            connected_after_recovery: true,
            ack_memory: 1_000,
            max_message: 1 << 20,
            keep_alive_ms: 20_000,
            json_as_text: false,
            refuse_protobuf_data: false,
            close_on_failed_event: false,
            handlers: BTreeMap::new(),
            default_handler: Reaction::Echo,
            upstream: None,
            connect_event: false,
            lifecycle_events: false,
        }
    }
}
