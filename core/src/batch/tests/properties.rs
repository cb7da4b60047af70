//! Whatever goes in comes out; whatever bytes come, nothing panics.

use bytes::Bytes;
use proptest::prelude::*;

use super::{decode, encode, samples, tell};
use crate::batch::{Batch, Encoder};
use crate::event::{Event, EventKind, Label, Message, PayloadKind, Subscriptions};
use crate::id::{Connection, Seq, SubscriptionId};
use crate::time::UnixMillis;

#[test]
fn every_kind_of_event_survives() {
    for events in [samples::messages(), samples::control(), Vec::new()] {
        let decoded = decode(&encode(&events, true));
        assert_eq!(decoded.iter().map(tell).collect::<Vec<_>>(), events.iter().map(tell).collect::<Vec<_>>());
    }
}

fn label() -> impl Strategy<Value = Label> {
    prop_oneof![Just(Label::None), "[a-zé.]{0,12}".prop_map(|text| Label::Owned(text.into()))]
}

fn message() -> impl Strategy<Value = EventKind> {
    let kinds = prop_oneof![Just(PayloadKind::Text), Just(PayloadKind::Binary), Just(PayloadKind::JsonString)];
    let ids = proptest::collection::vec(any::<u64>().prop_map(SubscriptionId), 0..4);
    let payload = proptest::collection::vec(any::<u8>(), 0..300);
    (payload, kinds, ids, [label(), label(), label(), label()], any::<(u32, u64)>()).prop_map(
        |(payload, kind, ids, [topic, room, id, time], (connection, received))| {
            let mut message = Message::whole(Bytes::from(payload), kind);
            message.subscriptions = match ids[..] {
                [] => Subscriptions::None,
                [one] => Subscriptions::One(one),
                _ => Subscriptions::Many(std::sync::Arc::new(ids)),
            };
            message.connection = Connection(u64::from(connection));
            message.received = UnixMillis(received);
            EventKind::Message(message.with_topic(topic).with_room(room).with_id(id).with_time(time))
        },
    )
}

fn control() -> impl Strategy<Value = EventKind> {
    proptest::sample::select(samples::control()).prop_map(|event| event.kind)
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = (any::<u64>(), prop_oneof![3 => message(), 1 => control()]);
    proptest::collection::vec(event.prop_map(|(seq, kind)| Event { seq: Seq(seq), kind }), 0..40)
}

proptest! {
    #[test]
    fn what_was_encoded_is_decoded(events in events(), size in 0..20_000_usize) {
        let mut buffer = vec![0xAA; size];
        match Encoder::new().encode(&events, false, &mut buffer) {
            Err(needed) => {
                prop_assert!(needed > size);
                let mut enough = vec![0; needed];
                prop_assert!(Encoder::new().encode(&events[..events.len().min(1)], false, &mut enough).is_ok());
            }
            Ok((count, used)) => {
                let decoded = decode(&buffer[..used]);
                prop_assert_eq!(decoded.iter().map(tell).collect::<Vec<_>>(), events[..count].iter().map(tell).collect::<Vec<_>>());
                prop_assert_eq!(Batch::parse(&buffer).map(|batch| batch.more()), Ok(count < events.len()));
            }
        }
    }

    #[test]
    fn damage_is_an_error_and_never_a_panic(events in events(), damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..20), cut in any::<proptest::sample::Index>()) {
        let mut batch = encode(&events[..events.len().min(20)], false);
        for (at, byte) in damage {
            let at = at.index(batch.len());
            batch[at] = byte;
        }
        for bytes in [&batch[..], &batch[..cut.index(batch.len())]] {
            if let Ok(batch) = Batch::parse(bytes) {
                for event in batch.events() {
                    let _ = event.map(|event| format!("{event:?}"));
                }
            }
        }
    }
}
