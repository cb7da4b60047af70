//! The protobuf subprotocols, the service's side. Written apart from the client's, so that a mistake must be made twice to go unnoticed.

use bytes::Bytes;
use prost::{Message, Oneof};

use super::payload::{Data, DataKind};
use super::wire::{Down, Up};

#[derive(Clone, PartialEq, Message)]
struct UpstreamMessage {
    #[prost(oneof = "Upstream", tags = "1, 5, 6, 7, 8, 9, 13, 14")]
    message: Option<Upstream>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Upstream {
    #[prost(message, tag = "1")]
    SendToGroup(SendToGroupMessage),
    #[prost(message, tag = "5")]
    Event(EventMessage),
    #[prost(message, tag = "6")]
    JoinGroup(GroupMessage),
    #[prost(message, tag = "7")]
    LeaveGroup(GroupMessage),
    #[prost(message, tag = "8")]
    SequenceAck(SequenceAckMessage),
    #[prost(message, tag = "9")]
    Ping(Nothing),
    #[prost(message, tag = "13")]
    StreamData(StreamDataMessage),
    #[prost(message, tag = "14")]
    StreamEnd(StreamEndMessage),
}

#[derive(Clone, PartialEq, Message)]
struct Nothing {}

#[derive(Clone, PartialEq, Message)]
struct SendToGroupMessage {
    #[prost(string, tag = "1")]
    group: String,
    #[prost(uint64, optional, tag = "2")]
    ack_id: Option<u64>,
    #[prost(message, optional, tag = "3")]
    data: Option<MessageData>,
    #[prost(bool, optional, tag = "4")]
    no_echo: Option<bool>,
    #[prost(message, optional, tag = "7")]
    stream: Option<StreamStartInfo>,
}

#[derive(Clone, PartialEq, Message)]
struct StreamStartInfo {
    #[prost(string, tag = "1")]
    stream_id: String,
    #[prost(uint32, optional, tag = "2")]
    idle_timeout_ms: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct EventMessage {
    #[prost(string, tag = "1")]
    event: String,
    #[prost(message, optional, tag = "2")]
    data: Option<MessageData>,
    #[prost(uint64, optional, tag = "3")]
    ack_id: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct GroupMessage {
    #[prost(string, tag = "1")]
    group: String,
    #[prost(uint64, optional, tag = "2")]
    ack_id: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct SequenceAckMessage {
    #[prost(uint64, tag = "1")]
    sequence_id: u64,
}

#[derive(Clone, PartialEq, Message)]
struct StreamDataMessage {
    #[prost(string, tag = "1")]
    stream_id: String,
    #[prost(uint64, optional, tag = "2")]
    stream_sequence_id: Option<u64>,
    #[prost(message, optional, tag = "3")]
    data: Option<MessageData>,
}

#[derive(Clone, PartialEq, Message)]
struct StreamEndMessage {
    #[prost(string, tag = "1")]
    stream_id: String,
    #[prost(message, optional, tag = "2")]
    error: Option<StreamEndError>,
}

#[derive(Clone, PartialEq, Message)]
struct StreamEndError {
    #[prost(string, optional, tag = "1")]
    message: Option<String>,
    #[prost(string, optional, tag = "2")]
    user_error_code: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct MessageData {
    #[prost(oneof = "AnyData", tags = "1, 2, 3, 4")]
    data: Option<AnyData>,
}

#[derive(Clone, PartialEq, Oneof)]
enum AnyData {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(bytes = "bytes", tag = "2")]
    Binary(Bytes),
    #[prost(bytes = "bytes", tag = "3")]
    Protobuf(Bytes),
    #[prost(string, tag = "4")]
    Json(String),
}

#[derive(Clone, PartialEq, Message)]
struct DownstreamMessage {
    #[prost(oneof = "Downstream", tags = "1, 2, 3, 4, 6, 7, 8")]
    message: Option<Downstream>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Downstream {
    #[prost(message, tag = "1")]
    Ack(AckMessage),
    #[prost(message, tag = "2")]
    Data(DataMessage),
    #[prost(message, tag = "3")]
    System(SystemMessage),
    #[prost(message, tag = "4")]
    Pong(Nothing),
    #[prost(message, tag = "6")]
    StreamAck(StreamAckMessage),
    #[prost(message, tag = "7")]
    StreamNack(StreamNackMessage),
    #[prost(message, tag = "8")]
    StreamClosed(StreamClosedMessage),
}

#[derive(Clone, PartialEq, Message)]
struct AckMessage {
    #[prost(uint64, tag = "1")]
    ack_id: u64,
    #[prost(bool, tag = "2")]
    success: bool,
    #[prost(message, optional, tag = "3")]
    error: Option<ErrorMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct ErrorMessage {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(string, optional, tag = "3")]
    user_error_code: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct DataMessage {
    #[prost(string, tag = "1")]
    from: String,
    #[prost(string, optional, tag = "2")]
    group: Option<String>,
    #[prost(message, optional, tag = "3")]
    data: Option<MessageData>,
    #[prost(uint64, optional, tag = "4")]
    sequence_id: Option<u64>,
    #[prost(message, optional, tag = "6")]
    stream: Option<StreamInfo>,
}

#[derive(Clone, PartialEq, Message)]
struct StreamInfo {
    #[prost(string, tag = "1")]
    stream_id: String,
    #[prost(uint64, tag = "2")]
    stream_sequence_id: u64,
    #[prost(bool, optional, tag = "3")]
    end_of_stream: Option<bool>,
    #[prost(message, optional, tag = "4")]
    error: Option<ErrorMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct SystemMessage {
    #[prost(oneof = "System", tags = "1, 2")]
    message: Option<System>,
}

#[derive(Clone, PartialEq, Oneof)]
enum System {
    #[prost(message, tag = "1")]
    Connected(ConnectedMessage),
    #[prost(message, tag = "2")]
    Disconnected(DisconnectedMessage),
}

#[derive(Clone, PartialEq, Message)]
struct ConnectedMessage {
    #[prost(string, tag = "1")]
    connection_id: String,
    #[prost(string, tag = "2")]
    user_id: String,
    #[prost(string, tag = "3")]
    reconnection_token: String,
}

#[derive(Clone, PartialEq, Message)]
struct DisconnectedMessage {
    #[prost(string, tag = "2")]
    reason: String,
}

#[derive(Clone, PartialEq, Message)]
struct StreamAckMessage {
    #[prost(string, tag = "1")]
    stream_id: String,
    #[prost(uint64, tag = "2")]
    expected_sequence_id: u64,
}

#[derive(Clone, PartialEq, Message)]
struct StreamNackMessage {
    #[prost(string, tag = "1")]
    stream_id: String,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(string, tag = "3")]
    message: String,
    #[prost(uint64, tag = "4")]
    expected_sequence_id: u64,
}

#[derive(Clone, PartialEq, Message)]
struct StreamClosedMessage {
    #[prost(string, tag = "1")]
    stream_id: String,
    #[prost(message, optional, tag = "2")]
    error: Option<ErrorMessage>,
}

/// Reads a request.
pub(super) fn read(frame: Bytes) -> Result<Up, String> {
    let message = UpstreamMessage::decode(frame).map_err(|_| "not an UpstreamMessage".to_owned())?.message;
    Ok(match message.ok_or("an UpstreamMessage without a message")? {
        Upstream::SendToGroup(send) => match send.stream {
            Some(start) => Up::StreamStart {
                group: send.group,
                stream: start.stream_id,
                idle_ms: start.idle_timeout_ms,
                no_echo: send.no_echo.unwrap_or_default(),
            },
            None => Up::Send {
                group: send.group,
                data: required(send.data)?,
                metadata: None,
                no_echo: send.no_echo.unwrap_or_default(),
                ack: send.ack_id,
            },
        },
        Upstream::Event(event) => Up::Event { event: event.event, data: required(event.data)?, ack: event.ack_id },
        Upstream::JoinGroup(join) => Up::Join { group: join.group, ack: join.ack_id },
        Upstream::LeaveGroup(leave) => Up::Leave { group: leave.group, ack: leave.ack_id },
        Upstream::SequenceAck(ack) => Up::SequenceAck { number: ack.sequence_id },
        Upstream::Ping(Nothing {}) => Up::Ping,
        Upstream::StreamData(piece) => {
            let data = match piece.data {
                Some(data) => Some(required(Some(data))?),
                None => None,
            };
            Up::StreamData { stream: piece.stream_id, number: piece.stream_sequence_id, data }
        }
        Upstream::StreamEnd(end) => {
            Up::StreamEnd { stream: end.stream_id, error: end.error.map(|error| (error.message, error.user_error_code)) }
        }
    })
}

fn required(data: Option<MessageData>) -> Result<Data, String> {
    let (kind, bytes) = match data.and_then(|data| data.data).ok_or("a message without data")? {
        AnyData::Text(text) => (DataKind::Text, Bytes::from(text)),
        AnyData::Binary(bytes) => (DataKind::Binary, bytes),
        AnyData::Protobuf(bytes) => (DataKind::Protobuf, bytes),
        AnyData::Json(text) => {
            let valid: Result<&serde_json::value::RawValue, _> = serde_json::from_str(&text);
            valid.map_err(|_| "json_data is not JSON".to_owned())?;
            (DataKind::Json, Bytes::from(text))
        }
    };
    Ok(Data { kind, bytes })
}

/// Writes what a client is told; nothing for what the published schema has no number for.
pub(super) fn write(down: &Down, json_as_text: bool) -> Option<Bytes> {
    let error = |name: &str, message: &str, code: Option<&String>| ErrorMessage {
        name: name.to_owned(),
        message: message.to_owned(),
        user_error_code: code.cloned(),
    };
    let message = match down {
        Down::Connected { id, user, token } => Downstream::System(SystemMessage {
            message: Some(System::Connected(ConnectedMessage {
                connection_id: id.clone(),
                user_id: user.clone().unwrap_or_default(),
                reconnection_token: token.clone().unwrap_or_default(),
            })),
        }),
        Down::Disconnected { reason } => {
            Downstream::System(SystemMessage { message: Some(System::Disconnected(DisconnectedMessage { reason: reason.clone() })) })
        }
        Down::Ack { id, error: failure } => Downstream::Ack(AckMessage {
            ack_id: *id,
            success: failure.is_none(),
            error: failure.as_ref().map(|(name, message)| error(name, message, None)),
        }),
        Down::Pong => Downstream::Pong(Nothing {}),
        Down::Message { group, data, number, stream, .. } => Downstream::Data(DataMessage {
            from: if group.is_some() { "group" } else { "server" }.to_owned(),
            group: group.clone(),
            data: data.as_ref().map(|data| MessageData { data: Some(any(data, json_as_text)) }),
            sequence_id: *number,
            stream: stream.as_ref().map(|place| StreamInfo {
                stream_id: place.stream.clone(),
                stream_sequence_id: place.number,
                end_of_stream: place.end.then_some(true),
                error: place.error.as_ref().map(|(name, message, code)| error(name, message, code.as_ref())),
            }),
        }),
        Down::StreamAck { stream, expected } => {
            Downstream::StreamAck(StreamAckMessage { stream_id: stream.clone(), expected_sequence_id: *expected })
        }
        Down::StreamNack { stream, expected, name, message } => Downstream::StreamNack(StreamNackMessage {
            stream_id: stream.clone(),
            name: (*name).to_owned(),
            message: message.clone(),
            expected_sequence_id: *expected,
        }),
        Down::StreamClosed { stream, error: failure } => Downstream::StreamClosed(StreamClosedMessage {
            stream_id: stream.clone(),
            error: failure.as_ref().map(|(name, message)| error(name, message, None)),
        }),
        Down::Invoked { .. } | Down::State { .. } => return None,
    };
    Some(DownstreamMessage { message: Some(message) }.encode_to_vec().into())
}

fn any(data: &Data, json_as_text: bool) -> AnyData {
    let text = || String::from_utf8_lossy(&data.bytes).into_owned();
    match data.kind {
        DataKind::Json if !json_as_text => AnyData::Json(text()),
        DataKind::Json | DataKind::Text => AnyData::Text(text()),
        DataKind::Binary => AnyData::Binary(data.bytes.clone()),
        DataKind::Protobuf => AnyData::Protobuf(data.bytes.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vector_is_a_join_with_the_number_0() {
        let frame = Bytes::from_static(&[0x32, 0x08, 0x0a, 0x04, 0x72, 0x6f, 0x6f, 0x6d, 0x10, 0x00]);
        assert_eq!(read(frame), Ok(Up::Join { group: "room".to_owned(), ack: Some(0) }));
        assert!(read(Bytes::new()).is_err());
        assert!(read(Bytes::from_static(b"\xff\xff")).is_err());
    }
}
