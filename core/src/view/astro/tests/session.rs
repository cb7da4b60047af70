//! The session map in all its shapes.

use super::super::{AstroEvent, SessionReset, canonical};
use super::assert_view;

fn reset(frame: &str) -> SessionReset {
    match AstroEvent::read("channel.session.reset", frame.as_bytes()) {
        AstroEvent::SessionReset(reset) => reset,
        other => panic!("a reset, not {other:?}"),
    }
}

/// Conformance point 13.
#[test]
fn all_shapes_and_both_key_styles_give_the_same_session() {
    let new = r#"{"follower-total":{"count":1042},"follower-latest":{"name":"elk"},"tip-session":{"amount":0.10}}"#;
    let old = r#"{"follower_count":1042,"latest_follower":{"name":"elk"},"tip_session":{"amount":0.10}}"#;
    let wanted = reset(&format!(r#"{{"data":{new}}}"#)).session;
    assert_eq!(wanted.keys().collect::<Vec<_>>(), ["follower-latest", "follower-total", "tip-session"]);
    assert_eq!(wanted["tip-session"].get(), r#"{"amount":0.10}"#);
    for map in [new, old] {
        for frame in [
            format!(r#"{{"data":{map}}}"#),
            format!(r#"{{"data":{{"session":{map}}},"topic":"channel.session.reset"}}"#),
            format!(r#"{{"type":"message","session":{map}}}"#),
            format!(r#"{{"session":{map},"data":null}}"#),
            format!(r#"{{"session":{map},"data":{{}}}}"#),
            format!(r#"{{"session":"text","data":{{"session":{map}}}}}"#),
        ] {
            assert_eq!(reset(&frame).session, wanted, "{frame}");
        }
    }
}

#[test]
fn the_wrapped_map_wins_over_the_one_beside_it() {
    let reset = reset(r#"{"session":{"a":1},"data":{"session":{"b":2}}}"#);
    assert_eq!(reset.session.keys().collect::<Vec<_>>(), ["b"]);
}

#[test]
fn old_keys_stay_known_beside_the_canonical_ones() {
    let reset = reset(r#"{"session":{"latest_follower":"elk","latest-tip":{"amount":1},"tip_count":5,"cheer-latest":"fox","goal":1}}"#);
    let values: Vec<_> = reset.session.iter().map(|(key, value)| (key.as_str(), value.get())).collect();
    assert_eq!(
        values,
        [
            ("cheer-latest", r#"{"name":"fox"}"#),
            ("follower-latest", r#"{"name":"elk"}"#),
            ("goal", "1"),
            ("tip-latest", r#"{"amount":1}"#),
            ("tip-total", r#"{"count":5}"#),
        ]
    );
    let originals: Vec<_> = reset.original_keys.iter().map(|(key, original)| (key.as_str(), original.as_str())).collect();
    assert_eq!(originals, [("follower-latest", "latest_follower"), ("tip-latest", "latest-tip"), ("tip-total", "tip_count")]);
}

#[test]
fn of_both_styles_at_once_the_newer_counts() {
    for frame in [
        r#"{"data":{"latest_tip":{"amount":1},"tip-latest":{"amount":2}}}"#,
        r#"{"data":{"tip-latest":{"amount":2},"latest_tip":{"amount":1}}}"#,
    ] {
        let reset = reset(frame);
        assert_eq!(reset.session["tip-latest"].get(), r#"{"amount":2}"#);
        assert_eq!(reset.original_keys.len(), 0);
    }
}

#[test]
fn an_update_is_named_by_key_else_by_name() {
    let topic = "channel.session.update";
    assert_view(topic, r#"{"key":"tip-latest","name":"other","data":{"amount":1}}"#, "session_update", r#"{"key":"tip-latest"}"#);
    assert_view(
        topic,
        r#"{"name":"latest_follower","data":"elk"}"#,
        "session_update",
        r#"{"key":"follower-latest","original_key":"latest_follower","value":{"name":"elk"}}"#,
    );
    assert_view(topic, r#"{"key":"follower_count","data":7}"#, "session_update", r#"{"key":"follower-total","value":{"count":7}}"#);
    assert_view(topic, r#"{"key":"x","provider":"kick"}"#, "session_update", r#"{"key":"x","value":null,"provider":"kick"}"#);
}

#[test]
fn a_session_beside_a_broken_payload_has_no_view() {
    assert_eq!(canonical("channel.session.reset", br#"{"session":{"a":1},"data":}"#), None);
    assert_eq!(canonical("channel.session.reset", b"{}"), None);
}
