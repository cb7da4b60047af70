use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use topicwire::Secret;
use topicwire::error::{Code, Error};
use topicwire::event::{Event, EventKind, Gap, Label, Message, PayloadKind, State};
use topicwire::id::{RequestId, Seq, SubscriptionId};
use topicwire::time::UnixMillis;

use topicwire::view::astro::AstroEvent;

use super::Printer;
use crate::output::Line;

const ROOM: &str = "64f0a1b2c3d4e5f607182930";

fn message(topic: &str, payload: &str) -> Event {
    let frame = format!(r#"{{"type":"message","data":{payload}}}"#);
    let start = u32::try_from(frame.len() - payload.len() - 1).expect("it is short");
    let message = Message::part(Bytes::from(frame), start, None, PayloadKind::Json)
        .with_topic(Label::from(std::borrow::Cow::from(topic)))
        .with_room(Label::from(std::borrow::Cow::from(ROOM)));
    event(EventKind::Message(message))
}

fn event(kind: EventKind) -> Event {
    Event { seq: Seq(7), kind }
}

fn human(event: &Event) -> Option<Line> {
    Printer::default().line(event)
}

fn as_json(event: &Event) -> Value {
    let printer = Printer { json: true, ..Printer::default() };
    match printer.line(event) {
        Some(Line::Out(line)) => {
            assert!(!line.contains('\n'), "{line}");
            serde_json::from_str(&line).expect("a line is JSON")
        }
        other => panic!("every event has its line of JSON, not {other:?}"),
    }
}

fn describe(topic: &str, data: &str) -> Option<String> {
    super::describe(&AstroEvent::read(topic, format!(r#"{{"type":"message","data":{data}}}"#).as_bytes()))
}

fn activity(kind: &str, details: &Value) -> Option<String> {
    describe("channel.activities", &json!({ "type": kind, "provider": "twitch", "data": details }).to_string())
}

#[test]
fn known_activities_are_sentences() {
    let who = |more: Value| {
        let mut details = json!({ "username": "quiet_otter", "displayName": "Quiet_Otter" });
        details.as_object_mut().expect("it is one").extend(more.as_object().expect("it is one").clone());
        details
    };
    assert_eq!(activity("follow", &who(json!({}))).as_deref(), Some("follow: Quiet_Otter follows (twitch)"));
    assert_eq!(
        activity("tip", &who(json!({ "amount": 12.5, "currency": "EUR", "message": "for the coffee" }))).as_deref(),
        Some("tip: Quiet_Otter tipped 12.50 EUR: “for the coffee” (twitch)")
    );
    assert_eq!(
        activity("subscriber", &who(json!({ "amount": 7, "tier": "1000" }))).as_deref(),
        Some("subscriber: Quiet_Otter subscribed (7 months), tier 1 (twitch)")
    );
    assert_eq!(
        activity("subscriber", &who(json!({ "amount": 1, "gifted": true, "sender": "kind_badger" }))).as_deref(),
        Some("subscriber: kind_badger gave Quiet_Otter a subscription (twitch)")
    );
    assert_eq!(activity("cheer", &who(json!({ "amount": 100 }))).as_deref(), Some("cheer: Quiet_Otter cheered 100 bits (twitch)"));
    assert_eq!(activity("raid", &who(json!({ "amount": 42 }))).as_deref(), Some("raid: Quiet_Otter raids with 42 viewers (twitch)"));
    assert_eq!(activity("newThing", &who(json!({}))).as_deref(), Some("newThing: Quiet_Otter (twitch)"));
}

#[test]
fn amounts_keep_every_digit() {
    let tip = |amount: &str| {
        let data = format!(r#"{{"type":"tip","data":{{"username":"a","currency":"EUR","amount":{amount}}}}}"#);
        describe("channel.activities", &data)
    };
    assert_eq!(tip("0.1000000000000000055511151231257827").as_deref(), Some("tip: a tipped 0.1000000000000000055511151231257827 EUR"));
    assert_eq!(tip("12345678901234567890.25").as_deref(), Some("tip: a tipped 12345678901234567890.25 EUR"));
    assert_eq!(tip("\"5.5\"").as_deref(), Some("tip: a tipped 5.50 EUR"));
    assert_eq!(tip("5").as_deref(), Some("tip: a tipped 5 EUR"));
    assert_eq!(tip("{}").as_deref(), Some("tip: a tipped ?"));
}

#[test]
fn tips_are_sentences_without_the_donors_address() {
    let data = json!({
        "_id": "1", "approved": "pending",
        "donation": { "amount": 5, "currency": "EUR", "message": "", "user": { "username": "kind_badger", "email": "kind@example.org" } },
    });
    let line = describe("channel.tips", &data.to_string());
    assert_eq!(line.as_deref(), Some("tip: kind_badger tipped 5 EUR (pending)"));
}

#[test]
fn session_values_are_named_in_both_shapes() {
    let update = json!({ "key": "follower-latest", "data": { "name": "brisk_heron", "activityId": "1" } });
    let line = describe("channel.session.update", &update.to_string());
    assert_eq!(line.as_deref(), Some("session update: follower-latest is brisk_heron"));

    let flat = json!({ "a-session": { "count": 0 }, "b-session": { "amount": 2.5 }, "c-latest": { "name": "x", "amount": 5 }, "d-goal": { "amount": 1 } });
    let expected = Some("session reset: a-session 0, b-session 2.5, c-latest x (5) and 1 more");
    assert_eq!(describe("channel.session.reset", &flat.to_string()).as_deref(), expected);
    let wrapped = json!({ "session": flat });
    assert_eq!(describe("channel.session.reset", &wrapped.to_string()).as_deref(), expected);
}

#[test]
fn what_does_not_fit_is_printed_as_it_came() {
    let line = human(&message("channel.activities", r#"{"type":7}"#));
    assert_eq!(line, Some(Line::Out(r#"00:00:00Z channel.activities {"type":7}"#.to_owned())));
    let line = human(&message("channel.unheard.of", "[1]"));
    assert_eq!(line, Some(Line::Out("00:00:00Z channel.unheard.of [1]".to_owned())));
}

#[test]
fn a_strangers_text_cannot_steer_the_terminal() {
    let line = activity("cheer", &json!({ "username": "a\u{1b}[2J\u{202e}b", "amount": 1, "message": "one\ntwo" }));
    assert_eq!(line.as_deref(), Some(r"cheer: a\u{1b}[2J\u{202e}b cheered 1 bits: “one\ntwo” (twitch)"));
    let line = human(&message("x", "\"\u{9b}31m\""));
    assert_eq!(line, Some(Line::Out(r#"00:00:00Z x "\u{9b}31m""#.to_owned())));
}

#[test]
fn colours_are_there_when_asked_for_only() {
    let follow = message("channel.activities", r#"{"type":"follow","data":{"username":"a"}}"#);
    assert_eq!(human(&follow), Some(Line::Out("00:00:00Z follow: a follows".to_owned())));
    let printer = Printer { out: super::Style { colour: true }, ..Printer::default() };
    assert!(matches!(printer.line(&follow), Some(Line::Out(line)) if line.contains("\x1b[36m")));
}

#[test]
fn state_changes_and_gaps_go_to_standard_error() {
    let cause = Some(Arc::new(Error::new(Code::Stale, "nothing came for 10 s")));
    let state = event(EventKind::State { from: State::Active, to: State::Backoff, cause: cause.clone() });
    assert_eq!(human(&state), Some(Line::Err("· backoff".to_owned())));

    let gap = Gap { subscriptions: vec![SubscriptionId(1)], since: UnixMillis(3_600_000), until: Some(UnixMillis(3_605_999)), cause };
    let mut printer = Printer::default();
    printer.names.insert(SubscriptionId(1), "channel.tips".to_owned());
    let line = printer.line(&event(EventKind::Gap(Box::new(gap))));
    let expected = "! gap: channel.tips may have missed messages from 01:00:00Z to 01:00:05Z (stale: nothing came for 10 s)";
    assert_eq!(line, Some(Line::Err(expected.to_owned())));
}

#[test]
fn a_gateway_that_repeats_the_token_does_not_get_it_printed() {
    let cause = Error::new(Code::Unauthorized, "refused").from_gateway(None::<String>, Some("bad token eyJhbGciOi"));
    let refused = event(EventKind::Reply { request: RequestId(3), result: Err(Arc::new(cause)) });
    for json in [false, true] {
        let printer = Printer { json, secrets: vec![Secret::new("eyJhbGciOi")], ..Printer::default() };
        let (Some(Line::Out(line)) | Some(Line::Err(line))) = printer.line(&refused) else { panic!("it has a line") };
        assert!(line.contains("bad token ***") && !line.contains("eyJ"), "{line}");
    }
}

#[test]
fn a_message_is_one_line_of_json_with_its_payload_as_sent() {
    let line = as_json(&message("channel.tips", "{\"amount\": 12.50,\n\t\"x\": [1]}"));
    assert_eq!(line["kind"], "message");
    assert_eq!(line["seq"], 7);
    assert_eq!(line["topic"], "channel.tips");
    assert_eq!(line["room"], ROOM);
    assert_eq!(line["payload"], "json");
    assert_eq!(line["data"], json!({ "amount": 12.50, "x": [1] }));

    let printer = Printer { json: true, ..Printer::default() };
    let Some(Line::Out(text)) = printer.line(&message("channel.tips", "{\"amount\": 12.50}")) else { panic!("it has a line") };
    assert!(text.starts_with(r#"{"kind":"message","seq":7,"#) && text.contains(r#""data":{"amount": 12.50}"#), "{text}");
}

#[test]
fn payloads_that_are_not_json_have_their_place_too() {
    let of = |payload: &'static [u8], kind| as_json(&event(EventKind::Message(Message::whole(Bytes::from_static(payload), kind))));
    assert_eq!(of(b"a \"b\"\n", PayloadKind::Text)["data"], "a \"b\"\n");
    assert_eq!(of(&[0, 1, 255], PayloadKind::Binary)["data"], "AAH/");
    assert_eq!(of(br#""{\"a\":1}""#, PayloadKind::JsonString)["data"], json!({ "a": 1 }));
    let broken = of(b"{\"a\":", PayloadKind::Json);
    assert_eq!(broken["text"], "{\"a\":");
    assert!(broken["error"].is_string() && broken.get("data").is_none(), "{broken}");
}

#[test]
fn other_events_are_one_line_of_json_too() {
    let gap = Gap { subscriptions: vec![SubscriptionId(1)], since: UnixMillis(5), until: None, cause: None };
    assert_eq!(as_json(&event(EventKind::Gap(Box::new(gap)))), json!({ "kind": "gap", "seq": 7, "subscriptions": [1], "since_ms": 5 }));
    let state = EventKind::State { from: State::Idle, to: State::Connecting, cause: None };
    assert_eq!(as_json(&event(state)), json!({ "kind": "state", "seq": 7, "from": "idle", "to": "connecting" }));
    let refused = EventKind::Reply { request: RequestId(3), result: Err(Arc::new(Error::new(Code::Refused, "no such topic"))) };
    let cause = json!({ "code": "refused", "message": "no such topic", "retryable": false });
    assert_eq!(as_json(&event(refused)), json!({ "kind": "reply", "seq": 7, "request": 3, "cause": cause }));
}
