//! Both decoders of Web PubSub: no panic, and what is said to be a piece of the frame lies in it.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use topicwire::dialect::webpubsub::wire::{Body, Response};
use topicwire::dialect::webpubsub::{json, protobuf};
use topicwire::event::{Label, Message, PayloadKind};
use topicwire::view::webpubsub::Envelope;

fuzz_target!(|input: &[u8]| {
    let frame = Bytes::copy_from_slice(input);
    for decoded in [json::decode(&frame), protobuf::decode(&frame)] {
        let Ok(Response::Message(delivery)) = decoded else { continue };
        let within = |start: u32, end: u32| assert!(start <= end && end as usize <= frame.len());
        if let Body::Part { start, end, .. } = delivery.body {
            within(start, end);
        }
        for label in delivery.labels {
            if let Label::Span { start, end } = label {
                within(start, end);
            }
        }
    }
    if let Some(envelope) = Envelope::of(&Message::whole(frame, PayloadKind::Json)) {
        let _ = envelope.bytes();
    }
});
