//! What a client reported, put so that it can be compared: no numbers, no times, names in place of ids.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use topicwire::event::{Event, EventKind, Outcome};
use topicwire::id::SubscriptionId;

/// The names that a file gave to requests.
pub type Names = BTreeMap<u64, String>;

/// An event as a scenario writes it; `None` for those that it never mentions.
#[must_use]
pub fn line(event: &Event, names: &Names) -> Option<Value> {
    let of = |subscription: &SubscriptionId| names.get(&subscription.0).cloned().unwrap_or_else(|| "?".to_owned());
    let all = |subscriptions: &[SubscriptionId]| subscriptions.iter().map(of).collect::<Vec<_>>();
    Some(match &event.kind {
        EventKind::Message(message) => {
            let payload: Value =
                serde_json::from_slice(message.payload()).unwrap_or_else(|_| json!(String::from_utf8_lossy(message.payload())));
            json!({"message": payload, "of": all(message.subscriptions()), "topic": message.topic()})
        }
        EventKind::State { to, .. } => json!({"state": to.as_str()}),
        EventKind::Subscribed { subscription, recovered, confirmed } => {
            json!({"subscribed": of(subscription), "recovered": recovered, "confirmed": confirmed})
        }
        EventKind::Unsubscribed { subscription } => json!({"unsubscribed": of(subscription)}),
        EventKind::Ended { subscription, outcome } => {
            let outcome = match outcome {
                Outcome::Completed => "completed",
                Outcome::Failed(_) => "failed",
                Outcome::Stopped => "stopped",
                Outcome::Lost(_) => "lost",
                _ => "?",
            };
            json!({"ended": of(subscription), "outcome": outcome})
        }
        EventKind::Gap(gap) => json!({"gap": all(&gap.subscriptions)}),
        EventKind::Reply { request, result } => {
            let name = names.get(&request.0).cloned()?;
            match result {
                Ok(reply) => match reply.result.as_ref().and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok()) {
                    Some(result) => json!({"reply": name, "result": result}),
                    None => json!({"reply": name, "result": null}),
                },
                Err(error) => json!({"reply": name, "error": error.code.as_str()}),
            }
        }
        EventKind::Fault(fault) => json!({"fault": fault.kind.as_str()}),
        EventKind::Need(_) => json!({"need": "token"}),
        EventKind::Closed(closed) => json!({"closed": closed.cause.as_ref().map(|cause| cause.code.as_str())}),
        _ => return None,
    })
}

/// Compares what was heard with what was expected. What concerns one subscription (or request) must come in order; across them order is
/// free. Kinds that the file never mentions are passed over, and a state that follows itself counts once.
///
/// # Errors
/// A sentence that says what differs.
pub fn compare(expected: &[Value], heard: &[Value]) -> Result<(), String> {
    let mentioned: Vec<&str> = expected.iter().filter_map(kind).collect();
    let mut streams: BTreeMap<String, (Vec<&Value>, Vec<&Value>)> = BTreeMap::new();
    for event in expected {
        for stream in streams_of(event) {
            streams.entry(stream).or_default().0.push(event);
        }
    }
    for event in heard.iter().filter(|event| kind(event).is_some_and(|kind| mentioned.contains(&kind))) {
        for stream in streams_of(event) {
            let (_, there) = streams.entry(stream).or_default();
            if event.get("state").is_none() || there.last() != Some(&event) {
                there.push(event);
            }
        }
    }
    for (stream, (expected, heard)) in streams {
        let fits = expected.len() == heard.len()
            && expected.iter().zip(&heard).all(|(pattern, event)| crate::pattern::matches(pattern, event, &mut Default::default()));
        if !fits {
            let list = |events: &[&Value]| events.iter().map(|event| format!("    {event}\n")).collect::<String>();
            return Err(format!("{stream}:\n  expected\n{}  heard\n{}", list(&expected), list(&heard)));
        }
    }
    Ok(())
}

const KINDS: [&str; 11] = ["message", "state", "subscribed", "unsubscribed", "ended", "gap", "reply", "fault", "need", "closed", "lagged"];

fn kind(event: &Value) -> Option<&'static str> {
    KINDS.into_iter().find(|kind| event.get(kind).is_some())
}

/// What an event is part of.
fn streams_of(event: &Value) -> Vec<String> {
    let name = |value: &Value| value.as_str().map(|name| format!("subscription {name}"));
    let names = |value: &Value| -> Vec<String> { value.as_array().into_iter().flatten().filter_map(name).collect() };
    let found = match kind(event) {
        Some("message") => names(&event["of"]),
        Some("gap") => names(&event["gap"]),
        Some(kind @ ("subscribed" | "unsubscribed" | "ended")) => name(&event[kind]).into_iter().collect(),
        Some("reply") => vec![format!("request {}", event["reply"].as_str().unwrap_or("?"))],
        Some("state" | "closed") => vec!["the client's state".to_owned()],
        Some(kind) => vec![format!("{kind}s")],
        None => Vec::new(),
    };
    if found.is_empty() { vec!["messages of nobody".to_owned()] } else { found }
}
