//! Taking a session up again, and beginning another.

use serde_json::json;
use topicwire::options::WebPubSubOptions;

use crate::service::*;

#[test]
fn a_lost_session_is_taken_up_again_at_once_without_gap_and_without_joining_again() {
    let (mut bench, link) = connected(options());
    joined(&mut bench, link, "lobby");
    publish(&mut bench, link, "lobby", 1);
    bench.states();
    opened(&mut bench);
    bench.cut(link);
    assert_eq!(bench.states(), ["recovering"]);
    let (next, dial) = bench.dialed();
    assert_eq!(dial.url.expose(), format!("{URL}&awps_connection_id=c1&awps_reconnection_token=rt"));
    bench.open(next);
    assert!(opened(&mut bench).is_empty(), "an open socket is not a session");
    publish(&mut bench, next, "lobby", 1);
    publish(&mut bench, next, "lobby", 2);
    assert_eq!(opened(&mut bench), [true]);
    assert_eq!(bench.states(), ["active"]);
    assert_eq!(bench.messages(), ["1", "2"], "what came before is not told again");
    bench.pass_ms(5_000);
    assert!(bench.gaps().is_empty());
    assert!(sent(&mut bench, next).is_empty(), "the service still has the groups");
}

#[test]
fn a_session_that_says_nothing_is_believed_after_a_second() {
    let (mut bench, link) = connected(options());
    bench.cut(link);
    let (next, _) = bench.dialed();
    opened(&mut bench);
    bench.open(next);
    bench.pass_ms(999);
    assert!(opened(&mut bench).is_empty());
    bench.pass_ms(1);
    assert_eq!(opened(&mut bench), [true]);
}

#[test]
fn connected_once_more_brings_a_fresh_token_and_no_second_greeting() {
    let (mut bench, link) = connected(options());
    bench.cut(link);
    let (next, _) = bench.dialed();
    opened(&mut bench);
    bench.open(next);
    greet(&mut bench, next, "c1", "rt2");
    greet(&mut bench, next, "c1", "rt3");
    assert_eq!(opened(&mut bench), [true]);
    bench.cut(next);
    assert!(bench.dialed().1.url.expose().ends_with("awps_reconnection_token=rt3"));
}

#[test]
fn a_refusal_begins_another_session_at_once_tells_the_gap_and_joins_again() {
    let (mut bench, link) = connected(options());
    joined(&mut bench, link, "lobby");
    publish(&mut bench, link, "lobby", 1);
    let since = bench.now.wall;
    bench.pass_ms(300);
    bench.cut(link);
    let (next, _) = bench.dialed();
    bench.open(next);
    bench.closed(next, 1008, "gone");
    let fresh = up(&mut bench, "c2");
    let asked = ack_all(&mut bench, fresh);
    assert_eq!(asked.len(), 1);
    assert_eq!((&asked[0]["type"], &asked[0]["group"]), (&json!("joinGroup"), &json!("lobby")));
    let gaps = bench.gaps();
    assert_eq!((gaps.len(), gaps[0].since), (1, since), "from the last frame before the first loss");
    publish(&mut bench, fresh, "lobby", 1);
    assert_eq!(bench.messages(), ["1", "1"], "numbers begin anew with the session");
}

#[test]
fn recovery_goes_on_for_thirty_seconds_whatever_is_said_over_http() {
    let (mut bench, link) = connected(options());
    bench.cut(link);
    let mut tries = 0;
    for _ in 0..40 {
        if bench.dials() == 0 {
            break;
        }
        let (next, dial) = bench.dialed();
        if !dial.url.expose().contains("awps_connection_id") {
            assert_eq!(tries, 31, "one at once, then one a second");
            assert_eq!(bench.now.mono.as_secs(), 30);
            return;
        }
        tries += 1;
        bench.refuse(next, if tries % 2 == 0 { 502 } else { 401 }, &[]);
        if bench.dials() == 0 {
            bench.pass_ms(1_000);
        }
    }
    panic!("no new session after {tries} tries");
}

#[test]
fn the_thirty_seconds_are_not_begun_again_by_connections_that_break() {
    let (mut bench, link) = connected(options());
    bench.cut(link);
    for _ in 0..100 {
        let (next, dial) = bench.dialed();
        if !dial.url.expose().contains("awps_connection_id") {
            assert!((30..=31).contains(&bench.now.mono.as_secs()), "{:?}", bench.now.mono);
            return;
        }
        bench.open(next);
        bench.cut(next);
        if bench.dials() == 0 {
            bench.pass_ms(1_000);
        }
    }
    panic!("no new session");
}

#[test]
fn an_unreliable_session_is_not_recovered() {
    let (mut bench, link) = connected(unreliable());
    joined(&mut bench, link, "lobby");
    bench.cut(link);
    assert_eq!(bench.dials(), 0);
    bench.pass_ms(1_000);
    let (next, dial) = bench.dialed();
    assert_eq!(dial.url.expose(), URL);
    bench.open(next);
    greet(&mut bench, next, "c2", "");
    ack_all(&mut bench, next);
    assert_eq!(bench.gaps().len(), 1);
}

#[test]
fn a_policy_violation_is_never_recovered_from() {
    let (mut bench, link) = connected(options());
    bench.closed(link, 1008, "slow client");
    bench.pass_ms(1_000);
    assert_eq!(bench.dialed().1.url.expose(), URL);
}

#[test]
fn without_reconnecting_a_session_is_still_recovered_and_then_it_is_over() {
    let mut options = options();
    options.reconnect.enabled = false;
    let (mut bench, link) = connected(options);
    bench.cut(link);
    let (next, _) = bench.dialed();
    bench.open(next);
    bench.closed(next, 1008, "gone");
    assert_eq!(bench.dials(), 0);
    assert_eq!(ended(&mut bench).len(), 1);
}

#[test]
fn closing_works_in_every_state() {
    let closed = |bench: &mut crate::harness::Bench| {
        bench.session.close(bench.now, 1000, "");
        bench.collect();
        bench.pass_ms(60_000);
        assert_eq!(bench.dials(), 0);
        assert_eq!(ended(bench).len(), 1);
    };
    let (mut bench, link) = connected(options());
    bench.cut(link);
    bench.dialed();
    closed(&mut bench);
    let (mut bench, link) = connected(options());
    bench.cut(link);
    let (next, _) = bench.dialed();
    bench.fail(next);
    closed(&mut bench);
    let (mut bench, link) = connected(options());
    bench.cut(link);
    let (next, _) = bench.dialed();
    bench.open(next);
    closed(&mut bench);
    let (mut bench, link) = connected(unreliable());
    bench.cut(link);
    closed(&mut bench);
}

#[test]
fn a_half_open_connection_is_found_out_by_a_ping_and_recovered() {
    let (mut bench, link) = connected(options());
    bench.pass_ms(20_000);
    assert!(bench.sent(link).contains(&json!({"type": "ping"})));
    bench.text(link, &json!({"type": "pong"}));
    bench.pass_ms(29_999);
    assert!(!bench.aborted(link));
    bench.pass_ms(1);
    assert!(bench.aborted(link));
    assert!(bench.dialed().1.url.expose().contains("awps_connection_id=c1"));
    assert_eq!(bench.faults(), ["stale", "connect"]);
}

#[test]
fn the_reason_that_the_service_gave_is_told() {
    let (mut bench, link) = connected(unreliable());
    bench.text(link, &json!({"type":"system","event":"disconnected","message":"closed by administrator"}));
    bench.closed(link, 1000, "");
    let causes = bench.events_of(|kind| match kind {
        topicwire::event::EventKind::State { cause: Some(cause), .. } => cause.gateway_text.clone(),
        _ => None,
    });
    assert_eq!(causes, ["closed by administrator"]);
}

#[test]
fn a_thousand_groups_are_joined_again_in_one_go() {
    let (mut bench, link) = connected(WebPubSubOptions { ..unreliable() });
    for n in 0..1000 {
        joined(&mut bench, link, &format!("g{n}"));
    }
    bench.cut(link);
    bench.pass_ms(1_000);
    let next = up(&mut bench, "c2");
    assert_eq!(ack_all(&mut bench, next).len(), 1000);
}
