//! The examples in `tests/batch/`, which the decoders of every language read.
//!
//! `TOPICWIRE_WRITE_VECTORS=1 cargo test -p topicwire batch::tests::vectors` writes them anew.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{encode, samples};
use crate::batch::{Batch, Decoded, HEADER};
use crate::error::Error;
use crate::event::{CloseFrame, Event, EventKind, NeedReason, NeedWhat, Outcome, PayloadKind};
use crate::lane::Kind;

/// A kind that no version will ever have.
const NO_KIND: u16 = 0xFFFF;

#[test]
fn the_examples_are_up_to_date() {
    check("empty", encode(&[], false), false, Vec::new());
    check("messages", encode(&samples::messages(), true), true, samples::messages().iter().map(describe).collect());
    check("control", encode(&samples::control(), false), false, samples::control().iter().map(describe).collect());

    let mut events = samples::control();
    events.truncate(3);
    let mut batch = encode(&events, false);
    let record = HEADER + super::super::RECORD;
    batch[record..record + 2].copy_from_slice(&NO_KIND.to_le_bytes());
    let mut described: Vec<Value> = events.iter().map(describe).collect();
    described[1] = json!({ "kind": "unknown", "seq": events[1].seq, "number": NO_KIND });
    let decoded: Vec<_> = Batch::parse(&batch).unwrap().events().collect();
    assert!(matches!(decoded[1], Ok(Decoded::Unknown { kind: NO_KIND, .. })));
    check("unknown", batch, false, described);
}

fn check(name: &str, batch: Vec<u8>, more: bool, events: Vec<Value>) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/batch");
    let (binary, text) = (folder.join(format!("{name}.bin")), folder.join(format!("{name}.json")));
    let mut described = serde_json::to_string_pretty(&json!({ "more": more, "events": events })).unwrap();
    described.push('\n');
    if std::env::var_os("TOPICWIRE_WRITE_VECTORS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&binary, &batch).unwrap();
        std::fs::write(&text, &described).unwrap();
    }
    let stale = "the example is stale: if the layout was meant to change, write it anew (see the top of this file) and mend every decoder";
    assert!(std::fs::read(&binary).unwrap() == batch, "{}: {stale}", binary.display());
    assert!(std::fs::read_to_string(&text).unwrap() == described, "{}: {stale}", text.display());
}

/// What a decoder must find. Members that an event of the kind lacks are absent; what it has not got is null.
fn describe(event: &Event) -> Value {
    let mut told = fields(&event.kind);
    told["kind"] = json!(Kind::of(&event.kind));
    told["seq"] = json!(event.seq);
    told
}

fn fields(kind: &EventKind) -> Value {
    match kind {
        EventKind::Message(message) => {
            let payload_kind = match message.kind() {
                PayloadKind::Json => "json",
                PayloadKind::Text => "text",
                PayloadKind::Binary => "binary",
                PayloadKind::JsonString => "json_string",
            };
            // The end of an open one is found by reading one JSON value; what follows is not the payload.
            let (bytes, ends) = message.payload_unwalked();
            let (open_end, bytes) = (!ends, hex(bytes));
            json!({
                "topic": message.topic(), "room": message.room(), "id": message.id(), "time": message.time(),
                "received": message.received().0, "connection": message.connection(), "subscriptions": message.subscriptions(),
                "payload_kind": payload_kind, "bytes_hex": bytes, "open_end": open_end, "payload_hex": hex(message.payload()),
            })
        }
        EventKind::State { from, to, cause } => json!({ "from": from, "to": to, "cause": cause.as_deref().map(failure) }),
        EventKind::Opened(opened) => json!({
            "connection": opened.connection, "protocol": opened.protocol, "status": opened.status, "resumed": opened.resumed,
            "greeting": opened.greeting.as_deref().map(String::from_utf8_lossy),
            "headers": opened.headers.iter().map(|(name, value)| json!([name.as_str(), value.to_str().unwrap()])).collect::<Vec<_>>(),
        }),
        EventKind::Subscribed { subscription, recovered, confirmed } => {
            json!({ "subscription": subscription, "recovered": recovered, "confirmed": confirmed })
        }
        EventKind::Unsubscribed { subscription } => json!({ "subscription": subscription }),
        EventKind::Ended { subscription, outcome } => {
            let (outcome, error) = match outcome {
                Outcome::Completed => ("completed", None),
                Outcome::Failed(error) => ("failed", Some(failure(error))),
                Outcome::Stopped => ("stopped", None),
                Outcome::Lost(error) => ("lost", Some(failure(error))),
            };
            json!({ "subscription": subscription, "outcome": outcome, "error": error })
        }
        EventKind::Gap(gap) => json!({
            "subscriptions": gap.subscriptions, "since": gap.since.0, "until": gap.until.map(|until| until.0),
            "cause": gap.cause.as_deref().map(failure),
        }),
        EventKind::Lagged { first, last, count } => json!({ "first": first, "last": last, "count": count }),
        EventKind::Reply { request, result: Ok(reply) } => json!({
            "request": request, "ok": true, "subscription": reply.subscription, "confirmed": reply.confirmed,
            "result": reply.result.as_deref().map(String::from_utf8_lossy),
        }),
        EventKind::Reply { request, result: Err(error) } => json!({ "request": request, "ok": false, "error": failure(error) }),
        EventKind::Need(need) => {
            let NeedWhat::Token { credential } = &need.what;
            let (reason, code) = match &need.reason {
                NeedReason::Initial => ("initial", None),
                NeedReason::Reconnect => ("reconnect", None),
                NeedReason::Rejected { code } => ("rejected", Some(code)),
            };
            json!({
                "request": need.request, "what": "token", "credential": credential, "reason": reason, "code": code,
                "deadline_ms": need.deadline_ms,
            })
        }
        EventKind::NeedCancelled { request } => json!({ "request": request }),
        EventKind::Writable => json!({}),
        EventKind::Fault(fault) => json!({
            "fault": fault.kind.as_str(), "subscription": fault.subscription, "request": fault.request, "count": fault.count,
            "error": failure(&fault.error),
        }),
        EventKind::Ping(payload) | EventKind::Pong(payload) => json!({ "payload_hex": hex(payload) }),
        EventKind::Closed(closed) => {
            let frame = |frame: &Option<CloseFrame>| frame.as_ref().map(|frame| json!({ "code": frame.code, "reason": frame.reason }));
            json!({
                "received": frame(&closed.received), "sent": frame(&closed.sent), "received_first": closed.received_first,
                "clean": closed.clean, "cause": closed.cause.as_deref().map(failure),
            })
        }
    }
}

fn failure(error: &Error) -> Value {
    json!({
        "code": error.code, "message": error.message, "gateway_code": error.gateway_code, "gateway_text": error.gateway_text,
        "retryable": error.retryable,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
