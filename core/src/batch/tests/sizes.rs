//! What goes into a batch, and what waits.

use std::sync::Arc;

use bytes::Bytes;

use super::{decode, samples};
use crate::batch::{HEADER, MAX_BYTES, MAX_EVENTS, RECORD, poll_into};
use crate::event::{Event, EventKind, Message, PayloadKind};
use crate::id::Seq;
use crate::lane::{Lane, LaneOptions, Poller, Router};

fn lane(sizes: &[usize]) -> (Poller, Router, Lane) {
    let poller = Poller::new_waiting();
    let mut router = Router::new(Arc::new(|| {}));
    let lane = router.open(&poller, LaneOptions::default()).unwrap();
    for (seq, size) in (1..).zip(sizes) {
        let message = Message::whole(Bytes::from(vec![b'x'; *size]), PayloadKind::Text);
        router.route(Event { seq: Seq(seq), kind: EventKind::Message(message) });
    }
    router.flush();
    (poller, router, lane)
}

#[test]
fn a_batch_ends_at_its_number_of_events() {
    let (_poller, _router, lane) = lane(&[1; MAX_EVENTS + 1]);
    let mut buffer = vec![0; 1 << 20];
    let polled = poll_into(&lane, usize::MAX, &mut buffer);
    assert_eq!((decode(&buffer[..polled.used]).len(), polled.more), (MAX_EVENTS, true));
    let polled = poll_into(&lane, usize::MAX, &mut buffer);
    assert_eq!((decode(&buffer[..polled.used]).len(), polled.more), (1, false));
    assert_eq!(poll_into(&lane, usize::MAX, &mut buffer).used, 0);
}

#[test]
fn a_batch_ends_at_its_number_of_bytes() {
    let (_poller, _router, lane) = lane(&[10_000; 5]);
    let mut buffer = vec![0; 1 << 20];
    let polled = poll_into(&lane, 256, &mut buffer);
    assert_eq!((decode(&buffer[..polled.used]).len(), polled.more), (3, true));
    assert!(polled.used <= MAX_BYTES);
}

#[test]
fn a_large_message_travels_alone() {
    let (_poller, _router, lane) = lane(&[10, MAX_BYTES * 2, 10]);
    let mut buffer = vec![0; 1 << 20];
    let counts: Vec<_> = std::iter::repeat_with(|| poll_into(&lane, 256, &mut buffer))
        .take_while(|polled| polled.used > 0)
        .map(|polled| (polled.more, polled.used > MAX_BYTES))
        .collect();
    assert_eq!(counts, [(true, false), (true, true), (false, false)]);
}

#[test]
fn an_event_that_does_not_fit_stays_and_says_what_it_needs() {
    let (_poller, _router, lane) = lane(&[5000]);
    let mut buffer = vec![0; 1000];
    let polled = poll_into(&lane, 256, &mut buffer);
    assert_eq!((polled.used, polled.more, polled.needed), (0, true, Some(HEADER + RECORD + 5000)));
    buffer.resize(polled.needed.unwrap(), 0);
    let polled = poll_into(&lane, 256, &mut buffer);
    assert_eq!((polled.used, polled.more, polled.needed), (buffer.len(), false, None));
}

#[test]
fn a_text_stands_in_the_table_once() {
    let events: Vec<Event> = (0..3).flat_map(|_| samples::messages()).collect();
    let batch = super::encode(&events, false);
    let text = b"channel.tips";
    // The payloads start behind the frames' own copies.
    assert_eq!(batch.windows(text.len()).filter(|window| window == text).count(), 1);
}
