//! Lanes, routers and pollers together.

mod filters;
mod pressure;
mod readiness;
mod routing;

use std::sync::Arc;

use bytes::Bytes;

use super::{Lane, Router};
use crate::event::{Event, EventKind, Label, Message, PayloadKind, Subscriptions};
use crate::id::{Seq, SubscriptionId};

fn router() -> Router {
    Router::new(Arc::new(|| {}))
}

fn message(seq: u64, topic: &str, subscription: Option<u64>) -> Event {
    let mut message = Message::whole(Bytes::from(vec![b'x'; 100]), PayloadKind::Text).with_topic(Label::Owned(topic.into()));
    message.subscriptions = subscription.map_or(Subscriptions::None, |id| Subscriptions::One(SubscriptionId(id)));
    Event { seq: Seq(seq), kind: EventKind::Message(message) }
}

fn event(seq: u64, kind: EventKind) -> Event {
    Event { seq: Seq(seq), kind }
}

fn drain(lane: &Lane) -> Vec<Event> {
    let mut events = Vec::new();
    while lane.poll(7, &mut events) {}
    events
}

fn seqs(lane: &Lane) -> Vec<u64> {
    drain(lane).iter().map(|event| event.seq.0).collect()
}
