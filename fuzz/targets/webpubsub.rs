//! A Web PubSub session against a service that says anything at any time. The first byte chooses the subprotocol.

#![no_main]

mod player;

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use topicwire::command::{Command, DataType, GroupMessage, GroupTarget, Invocation, StreamFragment, StreamStart};
use topicwire::options::{Options, WebPubSubOptions, WebPubSubProtocol};

const PROTOCOLS: [WebPubSubProtocol; 4] =
    [WebPubSubProtocol::ReliableJson, WebPubSubProtocol::Json, WebPubSubProtocol::ReliableProtobuf, WebPubSubProtocol::Protobuf];

fuzz_target!(|input: &[u8]| {
    let Some((&choice, script)) = input.split_first() else { return };
    let protocol = PROTOCOLS[usize::from(choice) % PROTOCOLS.len()];
    let options = WebPubSubOptions {
        protocol,
        envelopes: choice & 16 != 0,
        resend_unknown: choice & 32 != 0,
        ..WebPubSubOptions::new("ws://127.0.0.1:1/client/hubs/h?access_token=t")
    };
    let command = |n: usize| match n % 6 {
        0 => Command::JoinGroup(GroupTarget::new("g")),
        1 => Command::JoinGroup(GroupTarget::new("h")),
        2 => Command::SendToGroup(GroupMessage { group: "g".into(), data: Some(json!(n)), ..GroupMessage::default() }),
        3 => Command::Invoke(Invocation { event: "quote".into(), data: Some(json!(n)), ..Invocation::default() }),
        4 => Command::StartStream(StreamStart { group: "g".into(), stream_id: "s".into(), ..StreamStart::default() }),
        _ => Command::StreamData(StreamFragment { stream_id: "s".into(), data_type: DataType::Text, data: Some(json!("x")) }),
    };
    player::play(&Options::WebPubSub(options), &command, script);
});
