//! The JSON subprotocols: one text frame is one object.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::wire::{Beside, Body, Content, Delivery, Refusal, Request, Response, Source, bad};
use crate::command::DataType;
use crate::error::Error;
use crate::event::Label;
use crate::scan::{Keys, Value, scan};

/// What goes out. A field that is not used by a message is left out.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Outgoing<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invocation_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_sequence_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ack_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence_id: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    no_echo: bool,
    #[serde(skip_serializing_if = "is_nothing")]
    metadata: Option<&'a BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "is_zero")]
    ttl_seconds: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<StreamStart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<StreamError<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Data<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StreamStart<'a> {
    stream_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_timeout_ms: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StreamError<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_error_code: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Raw(&'a RawValue),
    Text(Cow<'a, str>),
}

fn is_nothing(metadata: &Option<&BTreeMap<String, String>>) -> bool {
    metadata.is_none_or(BTreeMap::is_empty)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl<'a> Outgoing<'a> {
    fn of(kind: &'static str) -> Self {
        Self { kind, ..Self::default() }
    }

    fn with(mut self, content: &'a Content) -> Result<Self, Error> {
        self.data_type = Some(content.kind.as_str());
        self.data = Some(match content.kind {
            DataType::Json => Data::Raw(json_of(&content.bytes)?),
            DataType::Text => Data::Text(Cow::Borrowed(text_of(&content.bytes)?)),
            DataType::Binary | DataType::Protobuf => Data::Text(Cow::Owned(BASE64_STANDARD.encode(&content.bytes))),
        });
        Ok(self)
    }
}

/// Checks a JSON payload. The service refuses `null` by ending the connection.
pub(super) fn json_of(bytes: &[u8]) -> Result<&RawValue, Error> {
    let value: Result<&RawValue, _> = serde_json::from_slice(bytes);
    match value {
        Ok(value) if value.get() != "null" => Ok(value),
        _ => Err(Error::option("payload", "a JSON value other than `null`")),
    }
}

/// Checks a text payload.
pub(super) fn text_of(bytes: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(bytes).map_err(|_| Error::option("payload", "UTF-8 text; send other bytes as `binary`"))
}

/// Writes a request.
///
/// # Errors
/// `invalid_option` when the content is not what it says.
pub fn encode(request: &Request<'_>) -> Result<Bytes, Error> {
    let wire = match *request {
        Request::JoinGroup { group, ack_id } => Outgoing { group: Some(group), ack_id, ..Outgoing::of("joinGroup") },
        Request::LeaveGroup { group, ack_id } => Outgoing { group: Some(group), ack_id, ..Outgoing::of("leaveGroup") },
        Request::SendToGroup { group, content, beside: Beside { metadata, ttl_seconds }, no_echo, ack_id } => {
            Outgoing { group: Some(group), metadata, ttl_seconds, no_echo, ack_id, ..Outgoing::of("sendToGroup") }.with(content)?
        }
        Request::Event { event, content, beside: Beside { metadata, ttl_seconds }, ack_id } => {
            Outgoing { event: Some(event), metadata, ttl_seconds, ack_id, ..Outgoing::of("event") }.with(content)?
        }
        Request::SequenceAck { sequence_id } => Outgoing { sequence_id: Some(sequence_id), ..Outgoing::of("sequenceAck") },
        Request::Ping => Outgoing::of("ping"),
        Request::StreamStart { group, stream_id, idle_timeout_ms, no_echo } => Outgoing {
            group: Some(group),
            no_echo,
            stream: Some(StreamStart { stream_id, idle_timeout_ms }),
            ..Outgoing::of("sendToGroup")
        },
        Request::StreamData { stream_id, sequence_id, content } => {
            Outgoing { stream_id: Some(stream_id), stream_sequence_id: Some(sequence_id), ..Outgoing::of("streamData") }.with(content)?
        }
        Request::StreamEnd { stream_id, error, code } => {
            let ends_early = error.is_some() || code.is_some();
            let error = ends_early.then_some(StreamError { message: error, user_error_code: code });
            Outgoing { stream_id: Some(stream_id), error, ..Outgoing::of("streamEnd") }
        }
        Request::Invoke { invocation_id, event, content } => {
            Outgoing { invocation_id: Some(invocation_id), target: Some("event"), event: Some(event), ..Outgoing::of("invoke") }
                .with(content)?
        }
        Request::CancelInvocation { invocation_id } => Outgoing { invocation_id: Some(invocation_id), ..Outgoing::of("cancelInvocation") },
        Request::SetGroupState { group, state, ack_id } => Outgoing { group: Some(group), state, ack_id, ..Outgoing::of("setGroupState") },
        Request::SubscribeGroupState { group, ack_id } => Outgoing { group: Some(group), ack_id, ..Outgoing::of("subscribeGroupState") },
        Request::UnsubscribeGroupState { group, ack_id } => {
            Outgoing { group: Some(group), ack_id, ..Outgoing::of("unsubscribeGroupState") }
        }
    };
    serde_json::to_vec(&wire).map(Bytes::from).map_err(|_| Error::option("payload", "something that can be written as JSON"))
}

/// The members of a `message`. All are looked for, since the number comes after the data.
const MESSAGE: Keys<'static, 7> = Keys::all(["type", "from", "group", "dataType", "data", "sequenceId", "stream"]);

/// Reads a frame.
///
/// # Errors
/// `protocol_error` when it is not a JSON object, or lacks what its type must have. Its text is not quoted.
pub fn decode(frame: &[u8]) -> Result<Response, Error> {
    let [kind, from, group, data_type, data, sequence, stream] = scan(frame, &MESSAGE)
        .map_err(|error| bad(format!("a frame of {} bytes was skipped: it is not one JSON object ({error})", frame.len())))?;
    let Some(kind) = kind else { return Err(bad("a frame without `type` was skipped")) };
    if !kind.is_text(frame, "message") {
        return other(frame, &kind.text(frame).unwrap_or_default());
    }
    let from_source = match from {
        Some(from) if from.is_text(frame, "group") => Source::Group,
        Some(from) if from.is_text(frame, "server") => Source::Server,
        _ => Source::Other,
    };
    Ok(Response::Message(Delivery {
        from: from_source,
        sequence_id: sequence.and_then(|value| value.unsigned(frame)),
        stream: stream.is_some_and(|value| value.kind() == crate::scan::Kind::Object),
        labels: [label(frame, from), label(frame, group), number(sequence)],
        body: body(frame, data_type, data)?,
    }))
}

fn body(frame: &[u8], data_type: Option<Value>, data: Option<Value>) -> Result<Body, Error> {
    // JSON is what a message without a type holds.
    let is = |name: &str| data_type.is_some_and(|value| value.is_text_ignoring_case(frame, name));
    let kind = match data_type {
        None => DataType::Json,
        Some(_) if is("json") => DataType::Json,
        Some(_) if is("text") => DataType::Text,
        Some(_) if is("binary") => DataType::Binary,
        Some(_) if is("protobuf") => DataType::Protobuf,
        Some(_) => return Ok(Body::Unknown),
    };
    let Some(data) = data else { return Ok(Body::Absent) };
    match kind {
        DataType::Json => Ok(Body::Part { kind, start: data.start(), end: data.end().unwrap_or(data.start()) }),
        DataType::Text => match data.text_span() {
            Some(span) => Ok(Body::Part { kind, start: span.start, end: span.end }),
            None => {
                let text = data.text(frame).ok_or_else(|| bad("a message of type `text` without a text was skipped"))?;
                Ok(Body::Decoded { kind, bytes: text.into_owned().into_bytes() })
            }
        },
        DataType::Binary | DataType::Protobuf => {
            let text = data.text(frame).ok_or_else(|| bad("a message of bytes that are not a text was skipped"))?;
            let bytes = BASE64_STANDARD.decode(text.as_bytes()).map_err(|_| bad("a message of bytes that are not base64 was skipped"))?;
            Ok(Body::Decoded { kind, bytes })
        }
    }
}

fn label(frame: &[u8], value: Option<Value>) -> Label {
    let Some(value) = value else { return Label::None };
    match value.text_span() {
        Some(span) => Label::Span { start: span.start, end: span.end },
        None => value.text(frame).map_or(Label::None, Label::from),
    }
}

fn number(value: Option<Value>) -> Label {
    match value.and_then(|value| Some((value.start(), value.end()?, value.kind()))) {
        Some((start, end, crate::scan::Kind::Number)) => Label::Span { start, end },
        _ => Label::None,
    }
}

/// Everything that is rare.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Incoming<'a> {
    ack_id: Option<u64>,
    success: Option<bool>,
    error: Option<Failure>,
    event: Option<String>,
    connection_id: Option<String>,
    user_id: Option<String>,
    reconnection_token: Option<String>,
    stream_id: Option<String>,
    expected_sequence_id: Option<u64>,
    name: Option<String>,
    message: Option<String>,
    invocation_id: Option<String>,
    group: Option<String>,
    data_type: Option<String>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Failure {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self { name: failure.name.unwrap_or_default(), message: failure.message.unwrap_or_default() }
    }
}

fn other(frame: &[u8], kind: &str) -> Result<Response, Error> {
    let known =
        ["ack", "system", "pong", "streamAck", "streamNack", "streamClosed", "invokeResponse", "groupStateSnapshot", "groupStateUpdate"];
    let unknown = |kind: &str| Ok(Response::Unknown { kind: kind.chars().take(40).collect() });
    if !known.contains(&kind) {
        return unknown(kind);
    }
    let wire: Incoming<'_> = serde_json::from_slice(frame)
        .map_err(|_| bad(format!("a frame of type `{kind}` was skipped: a member of it is not what it should be")))?;
    let lacks = |member: &str| bad(format!("a frame of type `{kind}` without `{member}` was skipped"));
    Ok(match kind {
        "ack" => Response::Ack {
            ack_id: wire.ack_id.ok_or_else(|| lacks("ackId"))?,
            success: wire.success.ok_or_else(|| lacks("success"))?,
            error: wire.error.map(Refusal::from),
        },
        "pong" => Response::Pong,
        "system" => match wire.event.as_deref() {
            Some("connected") => Response::Connected {
                connection_id: wire.connection_id.ok_or_else(|| lacks("connectionId"))?,
                user_id: wire.user_id,
                reconnection_token: wire.reconnection_token.filter(|token| !token.is_empty()),
            },
            Some("disconnected") => Response::Disconnected { reason: wire.message.unwrap_or_default() },
            other => return unknown(&format!("system/{}", other.unwrap_or_default())),
        },
        "streamAck" => Response::StreamAck {
            stream_id: wire.stream_id.ok_or_else(|| lacks("streamId"))?,
            expected: wire.expected_sequence_id.ok_or_else(|| lacks("expectedSequenceId"))?,
        },
        "streamNack" => Response::StreamNack {
            stream_id: wire.stream_id.ok_or_else(|| lacks("streamId"))?,
            expected: wire.expected_sequence_id.ok_or_else(|| lacks("expectedSequenceId"))?,
            refusal: Refusal { name: wire.name.unwrap_or_default(), message: wire.message.unwrap_or_default() },
        },
        "streamClosed" => {
            Response::StreamClosed { stream_id: wire.stream_id.ok_or_else(|| lacks("streamId"))?, refusal: wire.error.map(Refusal::from) }
        }
        "invokeResponse" => Response::Invoked {
            invocation_id: wire.invocation_id.ok_or_else(|| lacks("invocationId"))?,
            success: wire.success,
            result: wire.data.map(|data| result(wire.data_type.as_deref(), data)),
            refusal: wire.error.map(Refusal::from),
        },
        _ => Response::GroupState { group: wire.group.ok_or_else(|| lacks("group"))? },
    })
}

/// What an invocation answered, as JSON that says what it is.
fn result(data_type: Option<&str>, data: &RawValue) -> Bytes {
    #[derive(Serialize)]
    struct Shown<'a> {
        data_type: &'a str,
        data: &'a RawValue,
    }
    serde_json::to_vec(&Shown { data_type: data_type.unwrap_or("json"), data }).unwrap_or_default().into()
}
