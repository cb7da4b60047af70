//! Commands that are acknowledged, and what becomes of them when the connection is lost.

use serde_json::json;
use topicwire::command::{Command, DataType, GroupMessage, GroupTarget, Invocation, UserEvent};
use topicwire::options::WebPubSubOptions;

use crate::service::*;

#[test]
fn a_command_is_answered_by_its_acknowledgement() {
    let (mut bench, link) = connected(options());
    let request = say(&mut bench, "g", "hi");
    let frames = sent(&mut bench, link);
    assert_eq!(frames, [json!({"type":"sendToGroup","group":"g","dataType":"text","data":"hi","ackId":1})]);
    assert!(bench.reply(request).is_none());
    ack(&mut bench, link, &frames[0]);
    let reply = bench.reply(request).expect("an answer").expect("it was done");
    assert!(reply.confirmed);
    assert_eq!(reply.result.as_deref(), Some(br#"{"ack_id":1,"duplicate":false}"#.as_slice()));
}

#[test]
fn what_is_not_acknowledged_is_answered_when_it_was_written() {
    let (mut bench, link) = connected(options());
    bench.flush = false;
    let message = GroupMessage { group: "g".into(), data: Some(json!(1)), no_echo: true, fire_and_forget: true, ..GroupMessage::default() };
    let request = bench.command(Command::SendToGroup(message));
    assert_eq!(sent(&mut bench, link), [json!({"type":"sendToGroup","group":"g","dataType":"json","data":1,"noEcho":true})]);
    assert!(bench.reply(request).is_none());
    bench.flushed(link, u64::MAX);
    assert!(!bench.reply(request).expect("an answer").expect("it was written").confirmed);
}

#[test]
fn a_refusal_is_not_tried_again_and_a_failure_is_under_the_same_number() {
    let (mut bench, link) = connected(options());
    let request = say(&mut bench, "g", "hi");
    let frame = sent(&mut bench, link).remove(0);
    refuse(&mut bench, link, &frame, "Forbidden");
    let error = bench.reply(request).expect("an answer").expect_err("forbidden");
    assert_eq!(error, "refused: the service refused the command (gateway: Forbidden, because)");

    let request = say(&mut bench, "g", "hi");
    for wait in [1_000, 2_000, 4_000] {
        let frame = sent(&mut bench, link).remove(0);
        assert_eq!(frame["ackId"], 2);
        refuse(&mut bench, link, &frame, "InternalServerError");
        bench.pass_ms(wait);
    }
    let frame = sent(&mut bench, link).remove(0);
    refuse(&mut bench, link, &frame, "InternalServerError");
    assert!(bench.reply(request).expect("an answer").expect_err("it failed").starts_with("gateway_error"));
}

#[test]
fn a_duplicate_is_a_success() {
    let (mut bench, link) = connected(options());
    let request = say(&mut bench, "g", "hi");
    let frame = sent(&mut bench, link).remove(0);
    refuse(&mut bench, link, &frame, "Duplicate");
    let reply = bench.reply(request).expect("an answer").expect("it was done");
    assert_eq!(reply.result.as_deref(), Some(br#"{"ack_id":1,"duplicate":true}"#.as_slice()));
}

#[test]
fn what_waits_is_sent_again_in_order_and_under_its_numbers_when_the_session_is_taken_up_again() {
    let (mut bench, link) = connected(options());
    let requests: Vec<_> = (0..12).map(|n| say(&mut bench, "g", &n.to_string())).collect();
    let before = sent(&mut bench, link);
    ack(&mut bench, link, &before[0]);
    bench.cut(link);
    let (next, _) = bench.dialed();
    bench.open(next);
    let again = sent(&mut bench, next);
    assert_eq!(again, before[1..]);
    for frame in &again {
        refuse(&mut bench, next, frame, "Duplicate");
    }
    for request in requests {
        bench.reply(request).expect("an answer").expect("it was done");
    }
}

#[test]
fn what_waits_is_of_unknown_outcome_when_the_session_is_lost() {
    let (mut bench, link) = connected(options());
    let written = say(&mut bench, "g", "written");
    bench.flush = false;
    let unwritten = say(&mut bench, "g", "unwritten");
    bench.cut(link);
    bench.flush = true;
    let (next, _) = bench.dialed();
    bench.open(next);
    assert!(bench.reply(written).is_none(), "the session may still be there");
    bench.closed(next, 1008, "gone");
    assert!(bench.reply(written).expect("an answer").expect_err("nobody knows").starts_with("outcome_unknown"));
    let fresh = up(&mut bench, "c2");
    let again = ack_all(&mut bench, fresh);
    assert_eq!(again.len(), 1, "what was never written, and what a refused connection was told, is sent without a word");
    assert_eq!(again[0]["data"], "unwritten");
    bench.reply(unwritten).expect("an answer").expect("it was done");
}

#[test]
fn a_command_given_while_disconnected_is_not_lost_to_a_refused_connection() {
    let (mut bench, link) = connected(options());
    bench.cut(link);
    let request = say(&mut bench, "g", "hi");
    let (next, _) = bench.dialed();
    bench.open(next);
    assert_eq!(sent(&mut bench, next).len(), 1);
    bench.closed(next, 1008, "gone");
    let fresh = up(&mut bench, "c2");
    ack_all(&mut bench, fresh);
    bench.reply(request).expect("an answer").expect("it was done");
}

#[test]
fn an_unreliable_connection_that_breaks_leaves_the_outcome_unknown_unless_one_wants_it_twice() {
    let (mut bench, link) = connected(unreliable());
    let request = say(&mut bench, "g", "hi");
    bench.cut(link);
    assert!(bench.reply(request).expect("an answer").expect_err("nobody knows").starts_with("outcome_unknown"));

    let (mut bench, link) = connected(WebPubSubOptions { resend_unknown: true, ..unreliable() });
    let request = say(&mut bench, "g", "hi");
    sent(&mut bench, link);
    bench.cut(link);
    bench.pass_ms(1_000);
    let next = up(&mut bench, "c2");
    assert_eq!(ack_all(&mut bench, next).len(), 1);
    bench.reply(request).expect("an answer").expect("it was done");
}

#[test]
fn what_is_not_acknowledged_in_time_is_sent_again_under_its_number_and_given_up_in_the_end() {
    let (mut bench, link) = connected(WebPubSubOptions { ping_interval: None, ..options() });
    let request = say(&mut bench, "g", "hi");
    for _ in 0..4 {
        assert_eq!(sent(&mut bench, link).iter().map(|frame| &frame["ackId"]).collect::<Vec<_>>(), [1]);
        bench.pass_ms(30_000);
    }
    assert!(bench.reply(request).expect("an answer").expect_err("nobody knows").starts_with("outcome_unknown"));
}

#[test]
fn joining_is_idempotent_and_leaving_ends_all_who_joined() {
    let (mut bench, link) = connected(options());
    let one = join(&mut bench, "g");
    let two = join(&mut bench, "g");
    assert_eq!(ack_all(&mut bench, link).len(), 1, "the service knows one");
    for subscription in [one, two] {
        bench.reply(topicwire::id::RequestId(subscription.0)).expect("an answer").expect("it is live");
    }
    let leave = bench.command(Command::LeaveGroup(GroupTarget::new("g")));
    let left = ack_all(&mut bench, link);
    assert_eq!(left, [json!({"type":"leaveGroup","group":"g","ackId":2})]);
    bench.reply(leave).expect("an answer").expect("it was left");
    let ended = bench.events_of(|kind| match kind {
        topicwire::event::EventKind::Unsubscribed { subscription } => Some(*subscription),
        _ => None,
    });
    assert_eq!(ended, [one, two]);
    publish(&mut bench, link, "g", 1);
    let leave = bench.command(Command::LeaveGroup(GroupTarget::new("from-the-token")));
    assert_eq!(ack_all(&mut bench, link).len(), 1, "the server may have joined it");
    bench.reply(leave).expect("an answer").expect("it was left");
}

#[test]
fn a_join_in_flight_is_asked_for_again_under_its_number() {
    let (mut bench, link) = connected(options());
    let subscription = join(&mut bench, "g");
    let before = sent(&mut bench, link);
    bench.cut(link);
    let (next, _) = bench.dialed();
    bench.open(next);
    assert_eq!(ack_all(&mut bench, next), before);
    bench.reply(topicwire::id::RequestId(subscription.0)).expect("an answer").expect("it is live");
    assert!(bench.gaps().is_empty());
}

#[test]
fn a_group_that_may_not_be_joined_again_stays_wanted_and_is_told() {
    let (mut bench, link) = connected(unreliable());
    joined(&mut bench, link, "g");
    bench.cut(link);
    bench.pass_ms(1_000);
    let next = up(&mut bench, "c2");
    let frame = sent(&mut bench, next).remove(0);
    bench.faults();
    refuse(&mut bench, next, &frame, "Forbidden");
    assert_eq!(bench.faults(), ["resubscribe"]);
    bench.cut(next);
    bench.pass_ms(2_000);
    let third = up(&mut bench, "c3");
    assert_eq!(sent(&mut bench, third).len(), 1);
}

#[test]
fn names_that_the_service_would_close_for_are_refused_here() {
    let (mut bench, link) = connected(options());
    let request = say(&mut bench, " ", "hi");
    assert!(bench.reply(request).expect("an answer").expect_err("a bad name").starts_with("invalid_option"));
    let event = UserEvent { event: "1st".into(), data: Some(json!(1)), ..UserEvent::default() };
    let request = bench.command(Command::SendEvent(event));
    assert!(bench.reply(request).expect("an answer").expect_err("a bad name").starts_with("invalid_option"));
    assert!(sent(&mut bench, link).is_empty());
}

#[test]
fn what_is_said_beside_the_data_is_written_and_what_cannot_be_is_refused() {
    let (mut bench, link) = connected(options());
    let send = |metadata: serde_json::Value, ttl: u32| {
        let command = json!({"type":"send_to_group","group":"g","data":1,"fire_and_forget":true,"metadata":metadata,"ttl_seconds":ttl});
        Command::from_json(command.to_string().as_bytes()).expect("a command")
    };
    bench.command(send(json!({"trace": "a1"}), 300));
    let event = json!({"type":"send_event","event":"e","data":1,"fire_and_forget":true,"metadata":{"trace":"a2"}});
    bench.command(Command::from_json(event.to_string().as_bytes()).expect("a command"));
    assert_eq!(
        sent(&mut bench, link),
        [
            json!({"type":"sendToGroup","group":"g","dataType":"json","data":1,"metadata":{"trace":"a1"},"ttlSeconds":300}),
            json!({"type":"event","event":"e","dataType":"json","data":1,"metadata":{"trace":"a2"}}),
        ]
    );
    let long = "x".repeat(1025);
    let many: std::collections::BTreeMap<String, String> = (0..9).map(|n| (n.to_string(), "x".repeat(1000))).collect();
    for (metadata, ttl) in [
        (json!({}), 301),
        (json!({"": "x"}), 0),
        (json!({"a b": "x"}), 0),
        (json!({"a": "ä"}), 0),
        (json!({"a": long}), 0),
        (json!(many), 0),
    ] {
        let request = bench.command(send(metadata, ttl));
        assert!(bench.reply(request).expect("an answer").expect_err("it cannot be").starts_with("invalid_option"));
    }
    assert!(sent(&mut bench, link).is_empty());
}

#[test]
fn an_invocation_has_a_result_and_is_never_sent_twice() {
    let (mut bench, link) = connected(options());
    let quote = || Command::Invoke(Invocation { event: "quote".into(), data: Some(json!({"sku": 9})), ..Invocation::default() });
    let request = bench.command(quote());
    let frames = sent(&mut bench, link);
    assert_eq!(frames[0], json!({"type":"invoke","invocationId":"1","target":"event","event":"quote","dataType":"json","data":{"sku":9}}));
    bench.text(link, &json!({"type":"invokeResponse","invocationId":"1","success":true,"dataType":"json","data":{"price":12}}));
    let reply = bench.reply(request).expect("an answer").expect("a result");
    assert_eq!(reply.result.as_deref(), Some(br#"{"data_type":"json","data":{"price":12}}"#.as_slice()));

    let request = bench.command(quote());
    bench.text(
        link,
        &json!({"type":"invokeResponse","invocationId":"2","success":false,"error":{"name":"InternalServerError","message":"m"}}),
    );
    assert!(bench.reply(request).expect("an answer").is_err());

    let request = bench.command(quote());
    sent(&mut bench, link);
    bench.session.cancel(bench.now, request);
    bench.collect();
    assert_eq!(sent(&mut bench, link), [json!({"type":"cancelInvocation","invocationId":"3"})]);

    let request = bench.command(quote());
    bench.cut(link);
    assert!(bench.reply(request).expect("an answer").expect_err("nobody knows").starts_with("outcome_unknown"));
}

#[test]
fn bytes_travel_beside_the_command_or_in_it() {
    let (mut bench, link) = connected(options());
    let message = GroupMessage { group: "g".into(), data_type: DataType::Binary, ..GroupMessage::default() };
    let request = topicwire::id::RequestId(900);
    bench.session.submit(bench.now, request, Command::SendToGroup(message), bytes::Bytes::from_static(&[1, 2])).expect("accepted");
    bench.collect();
    let json = br#"{"type":"send_to_group","group":"g","data_type":"binary","data":"AQI="}"#;
    bench.command(Command::from_json(json).expect("a command"));
    let frames = sent(&mut bench, link);
    assert_eq!(frames.iter().map(|frame| &frame["data"]).collect::<Vec<_>>(), ["AQI=", "AQI="]);
}

#[test]
fn closing_says_which_commands_may_have_been_carried_out() {
    let (mut bench, link) = connected(options());
    let request = say(&mut bench, "g", "hi");
    bench.cut(link);
    let later = say(&mut bench, "g", "later");
    bench.session.close(bench.now, 1000, "");
    bench.collect();
    assert!(bench.reply(request).expect("an answer").expect_err("nobody knows").starts_with("outcome_unknown"));
    assert!(bench.reply(later).expect("an answer").expect_err("it was not sent").starts_with("closed"));
}
