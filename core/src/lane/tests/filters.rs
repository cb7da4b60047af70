//! Filters, and their union.

use proptest::prelude::*;

use super::router;
use crate::event::{Label, Message, PayloadKind, Subscriptions};
use crate::id::{LaneId, SubscriptionId};
use crate::lane::{Filter, Interest, Kind, LaneOptions, Overflow, Poller, Role};

/// A message with these labels and subscriptions, and nothing in it.
fn message(topic: Option<&str>, room: Option<&str>, subscriptions: &[SubscriptionId]) -> Message {
    let label = |text: Option<&str>| text.map_or(Label::None, |text| Label::Owned(text.into()));
    let mut message = Message::whole("".into(), PayloadKind::Text).with_topic(label(topic)).with_room(label(room));
    message.subscriptions = Subscriptions::Many(std::sync::Arc::new(subscriptions.to_vec()));
    message
}

#[test]
fn options_are_read_from_json() {
    let json = br#"{"role": "data", "filter": {"subscriptions": [4, 5], "rooms": ["r"], "kinds": ["message"]},
        "overflow": "block", "events": 16, "bytes": 4096, "lazy": true, "owns": [4], "token": 12}"#;
    let options = LaneOptions::from_json(json).unwrap();
    assert_eq!((options.role, options.overflow, options.token), (Role::Data, Overflow::Block, 12));
    assert!(options.filter.wants_subscription(SubscriptionId(5)));
    assert!(!options.filter.wants_subscription(SubscriptionId(6)));
    assert!(!options.filter.wants_kind(Kind::Gap));
    let again = serde_json::to_vec(&options).unwrap();
    assert_eq!(LaneOptions::from_json(&again).unwrap(), options);
    assert_eq!(LaneOptions::from_json(b"{}").unwrap(), LaneOptions::default());
}

#[test]
fn options_that_cannot_work_are_refused_by_name() {
    for (json, name) in [
        (&br#"{"events": 0}"#[..], "`events`"),
        (br#"{"bytes": 0}"#, "`bytes`"),
        (br#"{"lazy": true}"#, "`lazy`"),
        (br#"{"colour": 1}"#, "`colour`"),
        (br#"{"filter": {"kinds": ["noise"]}}"#, "noise"),
    ] {
        let error = LaneOptions::from_json(json).unwrap_err();
        assert_eq!(error.code.as_str(), "invalid_option");
        assert!(error.message.contains(name), "{error}");
    }
}

#[test]
fn every_part_must_agree_and_an_absent_one_wants_all() {
    let filter = Filter { rooms: Some(["r".to_owned()].into()), ..Filter::topics(["a", "b"]) };
    assert!(filter.matches(&message(Some("a"), Some("r"), &[])));
    assert!(!filter.matches(&message(Some("a"), None, &[])));
    assert!(!filter.matches(&message(None, Some("r"), &[])));
    assert!(Filter::all().matches(&message(None, None, &[])));
    assert!(!Filter::subscription(SubscriptionId(1)).matches(&message(Some("a"), None, &[])));
    assert!(Filter::subscription(SubscriptionId(1)).matches(&message(None, None, &[SubscriptionId(2), SubscriptionId(1)])));
}

#[test]
fn the_end_and_holes_are_always_wanted() {
    let filter = Filter { kinds: Some([].into_iter().collect()), ..Filter::all() };
    assert!(filter.wants_kind(Kind::Closed) && filter.wants_kind(Kind::Lagged));
    assert!(!filter.wants_kind(Kind::Message));
}

#[test]
fn an_interest_follows_the_lanes() {
    let poller = Poller::new_waiting();
    let mut router = router();
    let interest = router.interest();
    let wants = |topic| interest.wants(&message(Some(topic), None, &[]));
    assert!(!wants("a"));
    let lane = router.open(&poller, LaneOptions::filtered(Filter::topics(["a"]))).unwrap();
    let other = router.open(&poller, LaneOptions::filtered(Filter::topics(["a"]))).unwrap();
    assert!(wants("a") && !wants("b"));
    router.set(lane.id(), LaneOptions::filtered(Filter::topics(["b"]))).unwrap();
    assert!(wants("a") && wants("b"));
    router.close(other.id());
    assert!(!wants("a") && wants("b"));
    let everything = router.open(&poller, LaneOptions::default()).unwrap();
    assert!(wants("z"));
    everything.close();
    router.attend();
    assert!(!wants("z") && wants("b"));
    router.open(&poller, LaneOptions::reply()).unwrap();
    assert!(!wants("z"));
}

fn filter() -> impl Strategy<Value = Filter> {
    let some = |names: &'static [&'static str]| {
        proptest::option::of(proptest::sample::subsequence(names.to_vec(), 0..=names.len()))
            .prop_map(|names| names.map(|names| names.into_iter().map(str::to_owned).collect()))
    };
    let ids = proptest::option::of(proptest::collection::btree_set((0..4_u64).prop_map(SubscriptionId), 0..3));
    let kinds = proptest::option::of(prop_oneof![Just(vec![Kind::Message]), Just(vec![Kind::Gap])]);
    (ids, some(&["a", "b", "c"]), some(&["r", "s"]), kinds).prop_map(|(subscriptions, topics, rooms, kinds)| Filter {
        subscriptions,
        topics,
        rooms,
        kinds: kinds.map(|kinds| kinds.into_iter().collect()),
    })
}

proptest! {
    /// The union wants what any filter wants and nothing else, also after some have gone.
    #[test]
    fn an_interest_is_the_union_of_its_filters(
        filters in proptest::collection::vec((filter(), any::<bool>()), 0..8),
        topic in proptest::option::of(prop_oneof![Just("a"), Just("b"), Just("d")]),
        room in proptest::option::of(prop_oneof![Just("r"), Just("t")]),
        ids in proptest::collection::vec((0..5_u64).prop_map(SubscriptionId), 0..3),
    ) {
        let interest = Interest::default();
        for (id, (filter, _)) in (1..).zip(&filters) {
            interest.add(LaneId(id), filter);
        }
        for (id, (filter, stays)) in (1..).zip(&filters) {
            if !stays {
                interest.remove(LaneId(id), filter);
            }
        }
        let expected = filters.iter().any(|(filter, stays)| *stays && filter.matches(&message(topic, room, &ids)));
        prop_assert_eq!(interest.wants(&message(topic, room, &ids)), expected);
    }
}
