//! Both codecs: samples of the wire, and round trips through the structures of the other side.

use bytes::Bytes;
use proptest::prelude::*;
use prost::Message as _;
use serde_json::{Value, json};

use super::protobuf::{
    Connected, Data, DataMessage, Downstream, DownstreamMessage, MessageData, System, SystemMessage, Upstream, UpstreamMessage,
};
use super::wire::{Beside, Body, Content, Request, Response, Source};
use super::{json, protobuf};
use crate::command::DataType;

fn content(kind: DataType, bytes: &[u8]) -> Content {
    Content { kind, bytes: Bytes::copy_from_slice(bytes) }
}

fn written(request: &Request<'_>) -> Value {
    serde_json::from_slice(&json::encode(request).expect("it can be written")).expect("it is JSON")
}

#[test]
fn requests_are_written_as_the_specification_shows_them() {
    let (text, bytes) = (content(DataType::Text, b"good morning"), content(DataType::Binary, &[0xde, 0xad, 0xbe, 0xef]));
    let cart = content(DataType::Json, br#"{"cart":["a","b"]}"#);
    let cases = [
        (Request::JoinGroup { group: "lobby", ack_id: Some(11) }, json!({"type":"joinGroup","group":"lobby","ackId":11})),
        (Request::LeaveGroup { group: "lobby", ack_id: Some(12) }, json!({"type":"leaveGroup","group":"lobby","ackId":12})),
        (
            Request::SendToGroup { group: "lobby", content: &text, beside: Beside::default(), no_echo: true, ack_id: Some(13) },
            json!({"type":"sendToGroup","group":"lobby","dataType":"text","data":"good morning","noEcho":true,"ackId":13}),
        ),
        (
            Request::SendToGroup { group: "lobby", content: &bytes, beside: Beside::default(), no_echo: false, ack_id: None },
            json!({"type":"sendToGroup","group":"lobby","dataType":"binary","data":"3q2+7w=="}),
        ),
        (
            Request::Event { event: "checkout", content: &cart, beside: Beside::default(), ack_id: Some(15) },
            json!({"type":"event","event":"checkout","dataType":"json","data":{"cart":["a","b"]},"ackId":15}),
        ),
        (Request::SequenceAck { sequence_id: 42 }, json!({"type":"sequenceAck","sequenceId":42})),
        (Request::Ping, json!({"type":"ping"})),
        (
            Request::StreamStart { group: "captions", stream_id: "st-1", idle_timeout_ms: Some(60000), no_echo: true },
            json!({"type":"sendToGroup","group":"captions","noEcho":true,"stream":{"streamId":"st-1","idleTimeoutMs":60000}}),
        ),
        (
            Request::StreamEnd { stream_id: "st-1", error: Some("mic lost"), code: Some("E42") },
            json!({"type":"streamEnd","streamId":"st-1","error":{"message":"mic lost","userErrorCode":"E42"}}),
        ),
        (
            Request::Invoke { invocation_id: "7", event: "quote", content: &content(DataType::Json, br#"{"sku":9}"#) },
            json!({"type":"invoke","invocationId":"7","target":"event","event":"quote","dataType":"json","data":{"sku":9}}),
        ),
    ];
    for (request, wanted) in cases {
        assert_eq!(written(&request), wanted);
    }
}

#[test]
fn numbers_keep_their_digits() {
    let content = content(DataType::Json, b"10.10");
    let request = Request::SendToGroup { group: "g", content: &content, beside: Beside::default(), no_echo: false, ack_id: None };
    let text = json::encode(&request).expect("it can be written");
    assert!(text.ends_with(br#""data":10.10}"#), "{}", String::from_utf8_lossy(&text));
}

#[test]
fn content_that_is_not_what_it_says_is_refused_here_rather_than_by_a_close() {
    for (kind, bytes) in [(DataType::Json, b"null".as_slice()), (DataType::Json, b"{"), (DataType::Json, b""), (DataType::Text, b"\xff")] {
        let content = content(kind, bytes);
        let request = Request::SendToGroup { group: "g", content: &content, beside: Beside::default(), no_echo: false, ack_id: None };
        assert!(json::encode(&request).is_err());
        assert!(protobuf::encode(&request).is_err());
    }
}

/// The vendor's own example of a number that is 0 and yet there.
#[test]
fn joining_is_the_bytes_of_the_published_vector() {
    let bytes = protobuf::encode(&Request::JoinGroup { group: "room", ack_id: Some(0) }).expect("it can be written");
    assert_eq!(bytes.as_ref(), [0x32, 0x08, 0x0a, 0x04, 0x72, 0x6f, 0x6f, 0x6d, 0x10, 0x00]);
}

fn data_of(frame: &[u8]) -> (Option<u64>, Vec<u8>) {
    let Ok(Response::Message(delivery)) = json::decode(frame) else { panic!("not a message") };
    let bytes = match delivery.body {
        Body::Part { start, end, .. } => frame[start as usize..end as usize].to_vec(),
        Body::Decoded { bytes, .. } => bytes,
        other => panic!("{other:?}"),
    };
    (delivery.sequence_id, bytes)
}

#[test]
fn a_message_is_read_whatever_the_order_of_its_members() {
    let frames = [
        r#"{"type":"message","from":"group","group":"g","fromUserId":"m","dataType":"json","data":{"n":1.0},"sequenceId":7}"#,
        r#"{ "sequenceId" : 7, "data" : {"n":1.0}, "dataType":"json", "group":"g", "from":"group", "type":"message" }"#,
    ];
    for frame in frames {
        assert_eq!(data_of(frame.as_bytes()), (Some(7), br#"{"n":1.0}"#.to_vec()));
    }
    assert_eq!(data_of(br#"{"type":"message","from":"server","dataType":"text","data":"a\nb"}"#), (None, b"a\nb".to_vec()));
    assert_eq!(data_of(br#"{"type":"message","from":"server","dataType":"binary","data":"AQI="}"#), (None, vec![1, 2]));
}

#[test]
fn what_is_not_known_is_no_error() {
    let unknown = |frame: &str| matches!(json::decode(frame.as_bytes()), Ok(Response::Unknown { .. }));
    assert!(unknown(r#"{"type":"weather"}"#));
    assert!(unknown(r#"{"type":"system","event":"maintenance"}"#));
    let frame = br#"{"type":"message","from":"server","dataType":"cbor","data":"x","sequenceId":3}"#;
    let Ok(Response::Message(delivery)) = json::decode(frame) else { panic!("a message") };
    assert_eq!((delivery.body, delivery.sequence_id), (Body::Unknown, Some(3)), "it is acknowledged all the same");
    assert!(json::decode(b"[]").is_err());
    assert!(json::decode(br#"{"type":"ack","ackId":"seven"}"#).is_err());
}

#[test]
fn an_acknowledgement_says_why_not() {
    let Ok(Response::Ack { ack_id, success, error }) =
        json::decode(br#"{"type":"ack","ackId":13,"success":false,"error":{"name":"Duplicate","message":"handled before"}}"#)
    else {
        panic!("an ack")
    };
    assert_eq!((ack_id, success, error.expect("an error").name.as_str()), (13, false, "Duplicate"));
}

#[test]
fn a_protobuf_greeting_has_no_empty_names() {
    let system = System::Connected(Connected { connection_id: "c".into(), user_id: String::new(), reconnection_token: "t".into() });
    let message = Downstream::System(SystemMessage { message: Some(system) });
    let frame = Bytes::from(DownstreamMessage { message: Some(message) }.encode_to_vec());
    let wanted = Response::Connected { connection_id: "c".into(), user_id: None, reconnection_token: Some("t".into()) };
    assert_eq!(protobuf::decode(&frame), Ok(wanted));
}

proptest! {
    /// Whatever is sent comes out of the JSON as it went in.
    #[test]
    fn json_text_and_bytes_survive(group in "\\PC{1,20}", text in "\\PC*", bytes in prop::collection::vec(any::<u8>(), 0..64), ack in any::<Option<u64>>()) {
        let sent = content(DataType::Text, text.as_bytes());
        let wire = written(&Request::SendToGroup { group: &group, content: &sent, beside: Beside::default(), no_echo: false, ack_id: ack });
        prop_assert_eq!(wire["group"].as_str(), Some(group.as_str()));
        prop_assert_eq!(wire["data"].as_str(), Some(text.as_str()));
        prop_assert_eq!(wire["ackId"].as_u64(), ack);
        // The service turns it round.
        let frame = json!({"type":"message","from":"group","group":group,"dataType":"text","data":text,"sequenceId":1}).to_string();
        prop_assert_eq!(data_of(frame.as_bytes()), (Some(1), text.into_bytes()));
        let wire = written(&Request::Event { event: "e", content: &content(DataType::Binary, &bytes), beside: Beside::default(), ack_id: None });
        let frame = json!({"type":"message","from":"server","dataType":"binary","data":wire["data"]}).to_string();
        prop_assert_eq!(data_of(frame.as_bytes()), (None, bytes));
    }

    /// The same for protobuf, whose bytes stay where they are in the frame.
    #[test]
    fn protobuf_survives(group in "\\PC{1,20}", bytes in prop::collection::vec(any::<u8>(), 0..64), number in 1..u64::MAX, no_echo in any::<bool>()) {
        let sent = content(DataType::Binary, &bytes);
        let frame = protobuf::encode(&Request::SendToGroup { group: &group, content: &sent, beside: Beside::default(), no_echo, ack_id: Some(number) }).expect("written");
        let Some(Upstream::SendToGroup(read)) = UpstreamMessage::decode(frame).expect("read").message else { panic!("another message") };
        prop_assert_eq!((read.group.as_str(), read.ack_id, read.no_echo.unwrap_or_default()), (group.as_str(), Some(number), no_echo));
        let data = read.data;
        prop_assert_eq!(&data, &Some(MessageData { data: Some(Data::Binary(bytes.clone().into())) }));
        let message = DataMessage { from: "group".into(), group: Some(group.clone().into()), data, sequence_id: Some(number), stream: None };
        let frame = Bytes::from(DownstreamMessage { message: Some(Downstream::Data(message)) }.encode_to_vec());
        let Ok(Response::Message(delivery)) = protobuf::decode(&frame) else { panic!("another message") };
        prop_assert_eq!((delivery.from, delivery.sequence_id), (Source::Group, Some(number)));
        let back = match delivery.body {
            Body::Part { start, end, .. } => frame[start as usize..end as usize].to_vec(),
            Body::Decoded { bytes, .. } => bytes,
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(back, bytes);
    }

    /// Neither decoder panics, whatever comes.
    #[test]
    fn anything_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = json::decode(&bytes);
        let _ = protobuf::decode(&Bytes::from(bytes));
    }
}
