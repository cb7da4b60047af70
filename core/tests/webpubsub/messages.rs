//! Messages, and telling the service that they came.

use serde_json::{Value, json};
use topicwire::event::{EventKind, Message, PayloadKind};
use topicwire::options::{WebPubSubOptions, WebPubSubProtocol};
use topicwire::session::io::{Frame, Input};
use topicwire::view::webpubsub::Envelope;

use crate::harness::Bench;
use crate::service::*;

fn taken(bench: &mut Bench) -> Vec<Message> {
    bench.events_of(|kind| match kind {
        EventKind::Message(message) => Some(message.clone()),
        _ => None,
    })
}

#[test]
fn receipts_go_by_count_by_bytes_and_by_time() {
    let (mut bench, link) = connected(options());
    for number in 1..=128 {
        publish(&mut bench, link, "g", number);
    }
    assert_eq!(receipts(&mut bench, link), [64, 128]);
    publish(&mut bench, link, "g", 129);
    bench.pass_ms(249);
    assert!(receipts(&mut bench, link).is_empty());
    bench.pass_ms(1);
    assert_eq!(receipts(&mut bench, link), [129]);
    bench.pass_ms(1_000);
    assert!(receipts(&mut bench, link).is_empty(), "nothing new came");
    let large = "x".repeat(512 << 10);
    bench.text(link, &json!({"type":"message","from":"server","dataType":"text","data":large,"sequenceId":130}));
    assert_eq!(receipts(&mut bench, link), [130]);
}

#[test]
fn a_repeated_message_is_dropped_and_acknowledged_again() {
    let (mut bench, link) = connected(options());
    publish(&mut bench, link, "g", 1);
    bench.pass_ms(250);
    assert_eq!(receipts(&mut bench, link), [1]);
    publish(&mut bench, link, "g", 1);
    assert_eq!(bench.messages(), ["1"]);
    bench.pass_ms(250);
    assert_eq!(receipts(&mut bench, link), [1]);
}

#[test]
fn the_first_message_after_a_recovery_is_acknowledged_at_once() {
    let (mut bench, link) = connected(options());
    publish(&mut bench, link, "g", 1);
    bench.cut(link);
    let (next, _) = bench.dialed();
    bench.open(next);
    publish(&mut bench, next, "g", 1);
    assert_eq!(receipts(&mut bench, next), [1]);
}

#[test]
fn a_hole_in_the_numbers_is_told() {
    let (mut bench, link) = connected(options());
    publish(&mut bench, link, "g", 1);
    publish(&mut bench, link, "g", 4);
    assert_eq!(bench.messages(), ["1", "4"]);
    assert_eq!(bench.faults(), ["gateway"]);
}

#[test]
fn unreliable_messages_have_no_receipts() {
    let (mut bench, link) = connected(unreliable());
    bench.text(link, &json!({"type":"message","from":"group","group":"g","dataType":"text","data":"hi"}));
    bench.pass_ms(1_000);
    assert!(receipts(&mut bench, link).is_empty());
    assert_eq!(bench.messages(), ["-"]);
}

#[test]
fn every_type_of_data_arrives_as_what_it_is() {
    let (mut bench, link) = connected(options());
    let subscription = joined(&mut bench, link, "g");
    let cases = [
        (json!("json"), json!({"n": 1}), PayloadKind::Json, b"{\"n\":1}".to_vec()),
        (json!("text"), json!("hi"), PayloadKind::Text, b"hi".to_vec()),
        (json!("text"), json!("a\n\"b\""), PayloadKind::Text, b"a\n\"b\"".to_vec()),
        (json!("binary"), json!("3q2+7w=="), PayloadKind::Binary, vec![0xde, 0xad, 0xbe, 0xef]),
        (json!("protobuf"), json!("AQI="), PayloadKind::Binary, vec![1, 2]),
    ];
    for (number, (data_type, data, kind, bytes)) in cases.into_iter().enumerate() {
        let number = number + 1;
        bench.text(
            link,
            &json!({"type":"message","from":"group","group":"g","fromUserId":"kim","dataType":data_type,"data":data,"sequenceId":number}),
        );
        let message = taken(&mut bench).pop().expect("it is delivered");
        assert_eq!((message.kind(), message.payload()), (kind, bytes.as_slice()));
        assert_eq!((message.topic(), message.room(), message.id()), (Some("group"), Some("g"), Some(number.to_string().as_str())));
        assert_eq!(message.subscriptions(), [subscription]);
        let envelope = Envelope::of(&message).expect("a message");
        assert_eq!(envelope.from_user_id.as_deref(), Some("kim"));
        assert_eq!(envelope.bytes(), Some(bytes));
    }
}

#[test]
fn messages_of_the_server_and_of_groups_that_the_token_joined_belong_to_no_subscription() {
    let (mut bench, link) = connected(options());
    joined(&mut bench, link, "g");
    bench.text(link, &json!({"type":"message","from":"server","dataType":"text","data":"a","sequenceId":1}));
    publish(&mut bench, link, "from-the-token", 2);
    let messages = taken(&mut bench);
    assert_eq!(
        messages.iter().map(|message| (message.topic(), message.room())).collect::<Vec<_>>(),
        [(Some("server"), None), (Some("group"), Some("from-the-token"))]
    );
    assert!(messages.iter().all(|message| message.subscriptions().is_empty()));
}

#[test]
fn a_message_of_a_type_that_we_do_not_know_is_acknowledged_and_passed_over() {
    let (mut bench, link) = connected(options());
    bench.text(link, &json!({"type":"message","from":"server","dataType":"cbor","data":"a","sequenceId":1}));
    bench.text(link, &json!({"type":"weather"}));
    bench.raw_text(link, "{");
    bench.pass_ms(250);
    assert_eq!(receipts(&mut bench, link), [1]);
    assert!(taken(&mut bench).is_empty());
    assert_eq!(bench.faults(), ["unknown_frame", "bad_frame"]);
}

#[test]
fn envelopes_say_everything_that_is_known() {
    let (mut bench, link) = connected(WebPubSubOptions { envelopes: true, ..options() });
    publish(&mut bench, link, "g", 1);
    let message = taken(&mut bench).pop().expect("it is delivered");
    let shown: Value = message.json().expect("JSON");
    let wanted = json!({"from":"group","group":"g","from_user_id":"kim","data_type":"json","data":{"n":1},"sequence_id":1});
    assert_eq!(shown, wanted);
    assert_eq!((message.topic(), message.room(), message.id()), (Some("group"), Some("g"), Some("1")));
}

#[test]
fn a_groups_state_is_a_message_of_its_own_topic() {
    let (mut bench, link) = connected(options());
    let frame = json!({"type":"groupStateSnapshot","group":"g","items":[{"connectionId":"c9","state":{"mood":"good"},"updatedAt":1}]});
    bench.text(link, &frame);
    let message = taken(&mut bench).pop().expect("it is delivered");
    assert_eq!((message.topic(), message.room()), (Some("group_state"), Some("g")));
    assert_eq!(message.json::<Value>().expect("JSON"), frame);
}

/// A frame put together by hand from the published numbers: connected, then a message to group `g` with text `hi` and number 1.
#[test]
fn protobuf_speaks_the_same() {
    let mut bench = started(WebPubSubOptions { protocol: WebPubSubProtocol::ReliableProtobuf, ..options() });
    let (link, _) = bench.dialed();
    bench.open(link);
    let binary = |bench: &mut Bench, bytes: &'static [u8]| bench.input(Input::Frame { link, frame: Frame::Binary(bytes.into()) });
    binary(&mut bench, b"\x1a\x09\x0a\x07\x0a\x02c1\x1a\x01t");
    assert_eq!(bench.states().last(), Some(&"active"));
    binary(&mut bench, b"\x12\x12\x0a\x05group\x12\x01g\x1a\x04\x0a\x02hi\x20\x01");
    let message = taken(&mut bench).pop().expect("it is delivered");
    assert_eq!((message.topic(), message.room(), message.id()), (Some("group"), Some("g"), Some("1")));
    assert_eq!((message.kind(), message.payload()), (PayloadKind::Text, b"hi".as_slice()));
    bench.pass_ms(250);
    let receipt = bench.take(|output| match output {
        topicwire::session::io::Output::Send { frame: Frame::Binary(bytes), .. } => Some(bytes.clone()),
        _ => None,
    });
    assert_eq!(receipt.as_deref(), Some(b"\x42\x02\x08\x01".as_slice()));
}
