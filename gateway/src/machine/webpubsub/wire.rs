//! What clients say and what they are told, whichever way it is written.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::payload::Data;
use super::{json, protobuf};
use crate::machine::io::Frame;

/// What a sender says beside the data.
pub(crate) type Metadata = BTreeMap<String, String>;

/// From a client.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Up {
    Join { group: String, ack: Option<u64> },
    Leave { group: String, ack: Option<u64> },
    Send { group: String, data: Data, metadata: Option<Metadata>, no_echo: bool, ack: Option<u64> },
    Event { event: String, data: Data, ack: Option<u64> },
    SequenceAck { number: u64 },
    Ping,
    StreamStart { group: String, stream: String, idle_ms: Option<u32>, no_echo: bool },
    StreamData { stream: String, number: Option<u64>, data: Option<Data> },
    StreamEnd { stream: String, error: Option<(Option<String>, Option<String>)> },
    Invoke { id: String, event: String, data: Data },
    CancelInvocation { id: String },
    SetState { group: String, state: Option<BTreeMap<String, String>>, ack: Option<u64> },
    WatchState { group: String, on: bool, ack: Option<u64> },
}

/// To a client.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Down {
    Connected {
        id: String,
        user: Option<String>,
        token: Option<String>,
    },
    Disconnected {
        reason: String,
    },
    Ack {
        id: u64,
        error: Option<(String, String)>,
    },
    Pong,
    Message {
        group: Option<String>,
        user: Option<String>,
        data: Option<Data>,
        metadata: Option<Metadata>,
        number: Option<u64>,
        stream: Option<Place>,
    },
    StreamAck {
        stream: String,
        expected: u64,
    },
    StreamNack {
        stream: String,
        expected: u64,
        name: &'static str,
        message: String,
    },
    StreamClosed {
        stream: String,
        error: Option<(&'static str, String)>,
    },
    Invoked {
        id: String,
        result: Result<Option<Data>, (String, String)>,
    },
    State {
        snapshot: bool,
        group: String,
        items: serde_json::Value,
    },
}

/// A place in a stream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub(crate) stream: String,
    pub(crate) number: u64,
    pub(crate) end: bool,
    pub(crate) error: Option<(String, String, Option<String>)>,
}

/// How a connection writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Protobuf,
    /// Payloads alone.
    Simple,
}

/// What breaks the protocol: the code to close with, and what is said of it.
pub(crate) type Breach = (u16, String);

impl Format {
    pub(crate) fn read(self, frame: &Frame) -> Result<Up, Breach> {
        match (self, frame) {
            (Self::Json, Frame::Text(text)) => json::read(text).map_err(|why| (1007, why)),
            (Self::Protobuf, Frame::Binary(data)) => protobuf::read(data.clone()).map_err(|why| (1007, why)),
            _ => Err((1003, "the subprotocol has no frames of this kind".to_owned())),
        }
    }

    /// Writes it; nothing if this format has no word for it.
    pub(crate) fn write(self, down: &Down, json_as_text: bool) -> Option<Frame> {
        match self {
            Self::Json => Some(Frame::Text(Bytes::from(json::write(down)))),
            Self::Protobuf => protobuf::write(down, json_as_text).map(Frame::Binary),
            Self::Simple => match down {
                Down::Message { data: Some(data), .. } => Some(super::simple_frame(data)),
                _ => None,
            },
        }
    }
}
