//! Batches, there and back.

mod properties;
mod samples;
mod sizes;
mod vectors;

use super::{Batch, Decoded, Encoder};
use crate::event::{Event, EventKind};

/// Events as a batch.
fn encode(events: &[Event], more: bool) -> Vec<u8> {
    let mut buffer = vec![0xAA; 1 << 20];
    let (count, used) = Encoder::new().encode(events, more, &mut buffer).expect("a mebibyte is enough");
    assert_eq!(count, events.len());
    buffer.truncate(used);
    buffer
}

fn decode(batch: &[u8]) -> Vec<Event> {
    let event = |decoded| match decoded {
        Ok(Decoded::Event(event)) => event,
        other => panic!("{other:?}"),
    };
    Batch::parse(batch).expect("it is a batch").events().map(event).collect()
}

/// Everything there is to know about an event, for comparing.
fn tell(event: &Event) -> String {
    let seq = event.seq.0;
    match &event.kind {
        EventKind::Message(message) => format!(
            "{seq} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            message.topic(),
            message.room(),
            message.id(),
            message.time(),
            message.received(),
            message.subscriptions(),
            message.connection(),
            message.kind(),
            message.payload(),
        ),
        kind => format!("{seq} {kind:?}"),
    }
}
