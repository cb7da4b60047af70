//! The protobuf subprotocols: one binary frame is one `UpstreamMessage` or `DownstreamMessage`.
//!
//! The structures are written out rather than made from a `.proto`, so that nobody needs `protoc`. Texts that need not be copied are `bytes`
//! here, which is the same on the wire. Numbers that are not published (metadata, invocations, group state) are not guessed.

use bytes::Bytes;
use prost::{Message as _, Oneof};

use super::json::{json_of, text_of};
use super::wire::{Body, Content, Delivery, Refusal, Request, Response, Source, bad};
use crate::command::DataType;
use crate::error::{Code, Error};
use crate::event::Label;

/// To the service.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct UpstreamMessage {
    #[prost(oneof = "Upstream", tags = "1, 5, 6, 7, 8, 9, 13, 14")]
    pub(crate) message: Option<Upstream>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Upstream {
    #[prost(message, tag = "1")]
    SendToGroup(SendToGroup),
    #[prost(message, tag = "5")]
    Event(Event),
    #[prost(message, tag = "6")]
    JoinGroup(GroupChange),
    #[prost(message, tag = "7")]
    LeaveGroup(GroupChange),
    #[prost(message, tag = "8")]
    SequenceAck(SequenceAck),
    #[prost(message, tag = "9")]
    Ping(Empty),
    #[prost(message, tag = "13")]
    StreamData(StreamData),
    #[prost(message, tag = "14")]
    StreamEnd(StreamEnd),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct SendToGroup {
    #[prost(string, tag = "1")]
    pub(crate) group: String,
    #[prost(uint64, optional, tag = "2")]
    pub(crate) ack_id: Option<u64>,
    #[prost(message, optional, tag = "3")]
    pub(crate) data: Option<MessageData>,
    #[prost(bool, optional, tag = "4")]
    pub(crate) no_echo: Option<bool>,
    #[prost(message, optional, tag = "7")]
    pub(crate) stream: Option<StreamStartInfo>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StreamStartInfo {
    #[prost(string, tag = "1")]
    pub(crate) stream_id: String,
    #[prost(uint32, optional, tag = "2")]
    pub(crate) idle_timeout_ms: Option<u32>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Event {
    #[prost(string, tag = "1")]
    pub(crate) event: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) data: Option<MessageData>,
    #[prost(uint64, optional, tag = "3")]
    pub(crate) ack_id: Option<u64>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct GroupChange {
    #[prost(string, tag = "1")]
    pub(crate) group: String,
    #[prost(uint64, optional, tag = "2")]
    pub(crate) ack_id: Option<u64>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct SequenceAck {
    #[prost(uint64, tag = "1")]
    pub(crate) sequence_id: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Empty {}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StreamData {
    #[prost(string, tag = "1")]
    pub(crate) stream_id: String,
    #[prost(uint64, optional, tag = "2")]
    pub(crate) stream_sequence_id: Option<u64>,
    #[prost(message, optional, tag = "3")]
    pub(crate) data: Option<MessageData>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StreamEnd {
    #[prost(string, tag = "1")]
    pub(crate) stream_id: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) error: Option<StreamEndError>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StreamEndError {
    #[prost(string, optional, tag = "1")]
    pub(crate) message: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub(crate) user_error_code: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct MessageData {
    #[prost(oneof = "Data", tags = "1, 2, 3, 4")]
    pub(crate) data: Option<Data>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Data {
    #[prost(bytes = "bytes", tag = "1")]
    Text(Bytes),
    #[prost(bytes = "bytes", tag = "2")]
    Binary(Bytes),
    /// A `google.protobuf.Any`, left as it is.
    #[prost(bytes = "bytes", tag = "3")]
    Protobuf(Bytes),
    #[prost(bytes = "bytes", tag = "4")]
    Json(Bytes),
}

/// To the client.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct DownstreamMessage {
    #[prost(oneof = "Downstream", tags = "1, 2, 3, 4, 6, 7, 8")]
    pub(crate) message: Option<Downstream>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Downstream {
    #[prost(message, tag = "1")]
    Ack(Ack),
    #[prost(message, tag = "2")]
    Data(DataMessage),
    #[prost(message, tag = "3")]
    System(SystemMessage),
    #[prost(message, tag = "4")]
    Pong(Empty),
    #[prost(message, tag = "6")]
    StreamAck(StreamAck),
    #[prost(message, tag = "7")]
    StreamNack(StreamNack),
    #[prost(message, tag = "8")]
    StreamClosed(StreamClosed),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Ack {
    #[prost(uint64, tag = "1")]
    pub(crate) ack_id: u64,
    #[prost(bool, tag = "2")]
    pub(crate) success: bool,
    #[prost(message, optional, tag = "3")]
    pub(crate) error: Option<NamedError>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct NamedError {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) message: String,
    #[prost(string, optional, tag = "3")]
    pub(crate) user_error_code: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct DataMessage {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) from: Bytes,
    #[prost(bytes = "bytes", optional, tag = "2")]
    pub(crate) group: Option<Bytes>,
    #[prost(message, optional, tag = "3")]
    pub(crate) data: Option<MessageData>,
    #[prost(uint64, optional, tag = "4")]
    pub(crate) sequence_id: Option<u64>,
    #[prost(message, optional, tag = "6")]
    pub(crate) stream: Option<StreamInfo>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StreamInfo {
    #[prost(string, tag = "1")]
    pub(crate) stream_id: String,
    #[prost(uint64, tag = "2")]
    pub(crate) stream_sequence_id: u64,
    #[prost(bool, optional, tag = "3")]
    pub(crate) end_of_stream: Option<bool>,
    #[prost(message, optional, tag = "4")]
    pub(crate) error: Option<NamedError>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct SystemMessage {
    #[prost(oneof = "System", tags = "1, 2")]
    pub(crate) message: Option<System>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum System {
    #[prost(message, tag = "1")]
    Connected(Connected),
    #[prost(message, tag = "2")]
    Disconnected(Disconnected),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Connected {
    #[prost(string, tag = "1")]
    pub(crate) connection_id: String,
    #[prost(string, tag = "2")]
    pub(crate) user_id: String,
    #[prost(string, tag = "3")]
    pub(crate) reconnection_token: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Disconnected {
    #[prost(string, tag = "2")]
    pub(crate) reason: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StreamAck {
    #[prost(string, tag = "1")]
    pub(crate) stream_id: String,
    #[prost(uint64, tag = "2")]
    pub(crate) expected_sequence_id: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StreamNack {
    #[prost(string, tag = "1")]
    pub(crate) stream_id: String,
    #[prost(string, tag = "2")]
    pub(crate) name: String,
    #[prost(string, tag = "3")]
    pub(crate) message: String,
    #[prost(uint64, tag = "4")]
    pub(crate) expected_sequence_id: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StreamClosed {
    #[prost(string, tag = "1")]
    pub(crate) stream_id: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) error: Option<NamedError>,
}

/// Writes a request.
///
/// # Errors
/// `unsupported` for what has no published form here, `invalid_option` when the content is not what it says.
pub fn encode(request: &Request<'_>) -> Result<Bytes, Error> {
    if let Request::SendToGroup { beside, .. } | Request::Event { beside, .. } = request
        && !beside.is_empty()
    {
        // Their numbers are not published.
        return Err(Error::new(
            Code::Unsupported,
            "`metadata` and `ttl_seconds` have no published form in protobuf: use a JSON subprotocol",
        ));
    }
    let message = match *request {
        Request::JoinGroup { group, ack_id } => Upstream::JoinGroup(GroupChange { group: group.to_owned(), ack_id }),
        Request::LeaveGroup { group, ack_id } => Upstream::LeaveGroup(GroupChange { group: group.to_owned(), ack_id }),
        Request::SendToGroup { group, content, no_echo, ack_id, .. } => Upstream::SendToGroup(SendToGroup {
            group: group.to_owned(),
            ack_id,
            data: Some(data(content)?),
            no_echo: no_echo.then_some(true),
            stream: None,
        }),
        Request::Event { event, content, ack_id, .. } => {
            Upstream::Event(Event { event: event.to_owned(), data: Some(data(content)?), ack_id })
        }
        Request::SequenceAck { sequence_id } => Upstream::SequenceAck(SequenceAck { sequence_id }),
        Request::Ping => Upstream::Ping(Empty {}),
        Request::StreamStart { group, stream_id, idle_timeout_ms, no_echo } => Upstream::SendToGroup(SendToGroup {
            group: group.to_owned(),
            ack_id: None,
            data: None,
            no_echo: no_echo.then_some(true),
            stream: Some(StreamStartInfo { stream_id: stream_id.to_owned(), idle_timeout_ms }),
        }),
        Request::StreamData { stream_id, sequence_id, content } => Upstream::StreamData(StreamData {
            stream_id: stream_id.to_owned(),
            stream_sequence_id: Some(sequence_id),
            data: Some(data(content)?),
        }),
        Request::StreamEnd { stream_id, error, code } => Upstream::StreamEnd(StreamEnd {
            stream_id: stream_id.to_owned(),
            error: (error.is_some() || code.is_some())
                .then(|| StreamEndError { message: error.map(str::to_owned), user_error_code: code.map(str::to_owned) }),
        }),
        Request::Invoke { .. }
        | Request::CancelInvocation { .. }
        | Request::SetGroupState { .. }
        | Request::SubscribeGroupState { .. }
        | Request::UnsubscribeGroupState { .. } => {
            let text = "the protobuf subprotocols have no published form for this; use a JSON one";
            return Err(Error::new(Code::Unsupported, text));
        }
    };
    Ok(UpstreamMessage { message: Some(message) }.encode_to_vec().into())
}

fn data(content: &Content) -> Result<MessageData, Error> {
    let bytes = content.bytes.clone();
    let data = match content.kind {
        DataType::Json => {
            json_of(&bytes)?;
            Data::Json(bytes)
        }
        DataType::Text => {
            text_of(&bytes)?;
            Data::Text(bytes)
        }
        DataType::Binary => Data::Binary(bytes),
        DataType::Protobuf => Data::Protobuf(bytes),
    };
    Ok(MessageData { data: Some(data) })
}

/// Reads a frame. Bytes of a message stay where they are in it.
///
/// # Errors
/// `protocol_error` when it cannot be decoded.
pub fn decode(frame: &Bytes) -> Result<Response, Error> {
    let wire = DownstreamMessage::decode(frame.clone())
        .map_err(|_| bad(format!("a frame of {} bytes was skipped: it is not a DownstreamMessage", frame.len())))?;
    Ok(match wire.message {
        Some(Downstream::Ack(ack)) => Response::Ack { ack_id: ack.ack_id, success: ack.success, error: ack.error.map(Refusal::from) },
        Some(Downstream::Data(message)) => Response::Message(delivery(frame, message)?),
        Some(Downstream::System(SystemMessage { message: Some(System::Connected(connected)) })) => Response::Connected {
            connection_id: connected.connection_id,
            user_id: Some(connected.user_id).filter(|user| !user.is_empty()),
            reconnection_token: Some(connected.reconnection_token).filter(|token| !token.is_empty()),
        },
        Some(Downstream::System(SystemMessage { message: Some(System::Disconnected(disconnected)) })) => {
            Response::Disconnected { reason: disconnected.reason }
        }
        Some(Downstream::System(SystemMessage { message: None })) => Response::Unknown { kind: "system".to_owned() },
        Some(Downstream::Pong(Empty {})) => Response::Pong,
        Some(Downstream::StreamAck(ack)) => Response::StreamAck { stream_id: ack.stream_id, expected: ack.expected_sequence_id },
        Some(Downstream::StreamNack(nack)) => Response::StreamNack {
            stream_id: nack.stream_id,
            expected: nack.expected_sequence_id,
            refusal: Refusal { name: nack.name, message: nack.message },
        },
        Some(Downstream::StreamClosed(closed)) => {
            Response::StreamClosed { stream_id: closed.stream_id, refusal: closed.error.map(Refusal::from) }
        }
        None => Response::Unknown { kind: "DownstreamMessage".to_owned() },
    })
}

impl From<NamedError> for Refusal {
    fn from(error: NamedError) -> Self {
        Self { name: error.name, message: error.message }
    }
}

fn delivery(frame: &Bytes, message: DataMessage) -> Result<Delivery, Error> {
    let from = match message.from.as_ref() {
        b"group" => Source::Group,
        b"server" => Source::Server,
        _ => Source::Other,
    };
    // Proto3 has 0 for what is absent.
    let sequence_id = message.sequence_id.filter(|id| *id > 0);
    let number = sequence_id.map_or(Label::None, |id| Label::from(std::borrow::Cow::Owned::<str>(id.to_string())));
    let group = message.group.as_ref().map_or(Ok(Label::None), |group| {
        std::str::from_utf8(group).map_err(|_| bad("a message to a group whose name is not UTF-8 was skipped"))?;
        Ok(label(frame, group))
    })?;
    let body = match message.data.and_then(|data| data.data) {
        None => Body::Absent,
        Some(Data::Text(bytes)) => {
            std::str::from_utf8(&bytes).map_err(|_| bad("a message of type `text` that is not UTF-8 was skipped"))?;
            part(frame, DataType::Text, &bytes)
        }
        Some(Data::Binary(bytes)) => part(frame, DataType::Binary, &bytes),
        Some(Data::Protobuf(bytes)) => part(frame, DataType::Protobuf, &bytes),
        Some(Data::Json(bytes)) => part(frame, DataType::Json, &bytes),
    };
    let stream = message.stream.is_some();
    Ok(Delivery { from, sequence_id, stream, labels: [label(frame, &message.from), group, number], body })
}

fn part(frame: &Bytes, kind: DataType, bytes: &Bytes) -> Body {
    match place(frame, bytes) {
        Some((start, end)) => Body::Part { kind, start, end },
        None => Body::Decoded { kind, bytes: bytes.to_vec() },
    }
}

fn label(frame: &Bytes, text: &Bytes) -> Label {
    match place(frame, text) {
        Some((start, end)) => Label::Span { start, end },
        None => Label::from(String::from_utf8_lossy(text)),
    }
}

/// Where a slice lies in its frame, by its address. An empty one, or one that was copied, lies nowhere.
fn place(frame: &Bytes, part: &Bytes) -> Option<(u32, u32)> {
    let start = (part.as_ptr() as usize).checked_sub(frame.as_ptr() as usize)?;
    let end = start.checked_add(part.len())?;
    if part.is_empty() || end > frame.len() {
        return None;
    }
    Some((u32::try_from(start).ok()?, u32::try_from(end).ok()?))
}
