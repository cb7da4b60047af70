//! Streams to a group.

use serde_json::{Value, json};
use topicwire::command::{Command, DataType, StreamEnd, StreamFragment, StreamStart};
use topicwire::event::EventKind;
use topicwire::id::{LinkId, RequestId};

use crate::harness::Bench;
use crate::service::*;

fn start(bench: &mut Bench) -> RequestId {
    bench.command(Command::StartStream(StreamStart { group: "captions".into(), stream_id: "st".into(), ..StreamStart::default() }))
}

fn fragment(bench: &mut Bench, text: &str) -> RequestId {
    let fragment = StreamFragment { stream_id: "st".into(), data_type: DataType::Text, data: Some(json!(text)) };
    bench.command(Command::StreamData(fragment))
}

fn end(bench: &mut Bench) -> RequestId {
    bench.command(Command::EndStream(StreamEnd { stream_id: "st".into(), ..StreamEnd::default() }))
}

fn expects(bench: &mut Bench, link: LinkId, number: u64) {
    bench.text(link, &json!({"type":"streamAck","streamId":"st","expectedSequenceId":number}));
}

fn numbers(frames: &[Value]) -> Vec<u64> {
    frames.iter().filter_map(|frame| frame["streamSequenceId"].as_u64()).collect()
}

fn running() -> (Bench, LinkId) {
    let (mut bench, link) = connected(options());
    let request = start(&mut bench);
    assert_eq!(sent(&mut bench, link), [json!({"type":"sendToGroup","group":"captions","stream":{"streamId":"st"}})]);
    assert!(bench.reply(request).is_none());
    expects(&mut bench, link, 1);
    bench.reply(request).expect("an answer").expect("it may begin");
    (bench, link)
}

#[test]
fn fragments_are_numbered_and_answered_when_the_service_has_them() {
    let (mut bench, link) = running();
    let one = fragment(&mut bench, "Hel");
    let two = fragment(&mut bench, "lo");
    assert_eq!(numbers(&sent(&mut bench, link)), [1, 2]);
    expects(&mut bench, link, 2);
    bench.reply(one).expect("an answer").expect("the service has it");
    assert!(bench.reply(two).is_none());
    let ended = end(&mut bench);
    assert_eq!(sent(&mut bench, link), [json!({"type":"streamEnd","streamId":"st"})]);
    bench.reply(ended).expect("an answer").expect("it was written");
    bench.text(link, &json!({"type":"streamClosed","streamId":"st"}));
    bench.reply(two).expect("an answer").expect("the service has all");
}

#[test]
fn what_the_service_lacks_is_sent_again() {
    let (mut bench, link) = running();
    for text in ["a", "b", "c"] {
        fragment(&mut bench, text);
    }
    sent(&mut bench, link);
    bench.text(link, &json!({"type":"streamNack","streamId":"st","expectedSequenceId":2,"name":"InvalidSequenceId","message":"m"}));
    assert_eq!(numbers(&sent(&mut bench, link)), [2, 3]);
}

#[test]
fn a_stream_goes_on_when_the_session_is_taken_up_again() {
    let (mut bench, link) = running();
    for text in ["a", "b", "c"] {
        fragment(&mut bench, text);
    }
    sent(&mut bench, link);
    expects(&mut bench, link, 2);
    bench.cut(link);
    let (next, _) = bench.dialed();
    bench.open(next);
    assert_eq!(numbers(&sent(&mut bench, next)), [2, 3]);
    fragment(&mut bench, "d");
    assert_eq!(numbers(&sent(&mut bench, next)), [4]);
}

#[test]
fn a_stream_is_lost_with_its_session() {
    let (mut bench, link) = running();
    let request = fragment(&mut bench, "a");
    bench.closed(link, 1008, "gone");
    bench.pass_ms(1_000);
    assert!(bench.reply(request).expect("an answer").expect_err("lost").starts_with("outcome_unknown"));
    up(&mut bench, "c2");
    let request = fragment(&mut bench, "b");
    assert!(bench.reply(request).expect("an answer").expect_err("there is no such stream").starts_with("invalid_option"));
}

#[test]
fn a_stream_that_the_service_will_not_have_says_why() {
    let (mut bench, link) = connected(options());
    let request = start(&mut bench);
    bench.text(link, &json!({"type":"streamClosed","streamId":"st","error":{"name":"Forbidden","message":"no"}}));
    assert!(bench.reply(request).expect("an answer").expect_err("refused").contains("Forbidden"));
    let request = start(&mut bench);
    expects(&mut bench, link, 7);
    assert!(bench.reply(request).expect("an answer").expect_err("nonsense").starts_with("protocol_error"));
}

#[test]
fn fragments_that_nobody_takes_are_bounded() {
    let (mut bench, _) = running();
    for _ in 0..256 {
        fragment(&mut bench, "x");
    }
    let request = fragment(&mut bench, "one too many");
    assert!(bench.reply(request).expect("an answer").expect_err("full").starts_with("overflow"));
}

#[test]
fn a_piece_of_a_stream_is_delivered_with_its_place() {
    let (mut bench, link) = connected(options());
    let subscription = joined(&mut bench, link, "captions");
    bench.text(
        link,
        &json!({"type":"message","from":"group","group":"captions","fromUserId":"maya","dataType":"text","data":"Hel","sequenceId":1,
            "stream":{"streamId":"st","streamSequenceId":1}}),
    );
    bench.text(
        link,
        &json!({"type":"message","from":"group","group":"captions","dataType":"text","data":"","sequenceId":2,
            "stream":{"streamId":"st","streamSequenceId":2,"endOfStream":true,"error":{"name":"UserError","message":"m","userErrorCode":"E42"}}}),
    );
    let pieces = bench.events_of(|kind| match kind {
        EventKind::Message(message) => {
            assert_eq!((message.topic(), message.room()), (Some("stream"), Some("captions")));
            assert_eq!(message.subscriptions(), [subscription]);
            Some(message.json::<Value>().expect("JSON"))
        }
        _ => None,
    });
    assert_eq!(pieces[0]["stream"], json!({"stream_id":"st","sequence_id":1,"end":false}));
    assert_eq!((&pieces[0]["data"], &pieces[0]["from_user_id"]), (&json!("Hel"), &json!("maya")));
    assert_eq!(pieces[1]["stream"]["error"], json!({"name":"UserError","message":"m","user_error_code":"E42"}));
}
