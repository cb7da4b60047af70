//! Where messages may have been missed, a gap says so, and goes back as far as it must. Each of these was found by the simulation.

mod harness;

use harness::Bench;
use serde_json::json;
use topicwire::Secret;
use topicwire::event::EventKind;
use topicwire::id::{LinkId, RequestId};
use topicwire::options::{AstroOptions, Credential, Jitter, Options};
use topicwire::session::io::{DialFailure, DialPhase, Input};

const T: &str = "channel.tips";
const R: &str = "64f0a1b2c3d4e5f607182930";

/// Connected, with one live subscription, and a last message that arrived just now.
fn listening(token: Credential) -> (Bench, LinkId) {
    let mut options = AstroOptions { token, ..AstroOptions::default() };
    options.reconnect.jitter = Jitter::None;
    let mut bench = Bench::new(Options::Astro(options));
    bench.connect();
    let link = bench.astro_up();
    bench.subscribe(T, R);
    answer_need(&mut bench, None);
    assert_eq!(bench.accept_all(link).len(), 1);
    bench.pass_ms(3_000);
    bench.publish(link, "last", T, R);
    bench.events.clear();
    (bench, link)
}

fn with_jwt() -> (Bench, LinkId) {
    listening(Credential::Static(Secret::new("jwt")))
}

/// Answers the question for a credential, if there is one.
fn answer_need(bench: &mut Bench, valid_for: Option<std::time::Duration>) -> Option<RequestId> {
    let need = bench
        .events_of(|kind| match kind {
            EventKind::Need(need) => Some(need.request),
            _ => None,
        })
        .pop()?;
    bench.session.answer_need(bench.now, need, Ok((Secret::new("fresh"), valid_for)));
    bench.collect();
    Some(need)
}

/// A fresh connection, on which everything is accepted.
fn up_afresh(bench: &mut Bench) -> LinkId {
    let link = bench.astro_up();
    bench.accept_all(link);
    link
}

#[test]
fn what_a_dead_link_swallowed_before_it_was_replaced_is_told_though_a_later_gap_is_open() {
    let (mut bench, dead) = with_jwt();
    let last = bench.now.wall;
    bench.reconnect(dead, None);
    bench.pass_ms(2_000);
    let second = up_afresh(&mut bench);
    bench.pass_ms(1_000);
    bench.publish(second, "1", T, R);
    bench.cut(second);
    bench.cut(dead);
    bench.pass_ms(1_000);
    up_afresh(&mut bench);
    let gaps = bench.gaps();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(gaps[0].since, last);
}

#[test]
fn what_a_doubted_link_swallowed_is_told_when_it_breaks() {
    let (mut bench, old) = with_jwt();
    let last = bench.now.wall;
    bench.pass_ms(3_000);
    bench.reconnect(old, Some("token"));
    let (candidate, _) = bench.dialed();
    bench.pass_ms(10_000);
    // The server may have seen the request, and have gone on by the connection that never came.
    let failure = DialFailure { phase: DialPhase::Timeout, http: None, error: "it took too long".to_owned() };
    bench.input(Input::Failed { link: candidate, failure });
    let told = bench.now.wall.0 - 10_000;
    bench.cut(old);
    up_afresh(&mut bench);
    let gaps = bench.gaps();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert!(gaps[0].since.0 <= told, "{gaps:?} must go back to the last frame of the link that broke");
    assert!(gaps[0].since >= last);
}

#[test]
fn a_refused_successor_does_not_end_a_gap_by_the_link_that_it_should_have_replaced() {
    let (mut bench, first) = with_jwt();
    bench.reconnect(first, Some("one"));
    let second = bench.astro_up();
    bench.pass_ms(2_500);
    bench.publish(second, "1", T, R);
    // The second took over and breaks: the first is open still, but the server has left it.
    bench.reconnect(second, Some("two"));
    let (third, _) = bench.dialed();
    bench.cut(second);
    bench.open(third);
    bench.welcome(third);
    bench.pass_ms(500);
    bench.closed(third, 1008, "token not accepted");
    assert!(bench.gaps().is_empty(), "it is not over");
    bench.pass_ms(500);
    up_afresh(&mut bench);
    let gaps = bench.gaps();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert!(gaps[0].until.is_some_and(|until| until.0 >= bench.now.wall.0 - 200), "{gaps:?}");
}

#[test]
fn a_successor_that_never_came_is_doubted_though_the_link_before_it_has_gone_meanwhile() {
    let (mut bench, old) = with_jwt();
    bench.pass_ms(3_000);
    bench.reconnect(old, Some("token"));
    let (candidate, _) = bench.dialed();
    let dialed = bench.now.wall;
    bench.open(candidate);
    bench.pass_ms(4_000);
    bench.publish(old, "1", T, R);
    // It is read to its end, and yet the server may have gone on by the one that never greeted.
    bench.closed(old, 1001, "the node goes");
    bench.pass_ms(1_000);
    bench.cut(candidate);
    up_afresh(&mut bench);
    let gaps = bench.gaps();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert!(gaps[0].since <= dialed, "{gaps:?}");
}

#[test]
fn a_room_that_may_have_been_ended_by_another_name_is_not_brought_back_by_a_credential_from_before_that_was_known() {
    let (mut bench, first) = with_jwt();
    let alias = bench.subscribe(T, "alias");
    assert_eq!(bench.sent(first).len(), 1);
    bench.unsubscribe(alias);
    bench.pass_ms(10_100);
    assert_eq!(bench.sent(first)[0]["type"], "unsubscribe");
    bench.reconnect(first, Some("one"));
    let second = bench.astro_up();
    bench.sent(second);
    bench.reconnect(second, Some("two"));
    // With the connection goes the answer, and what the name meant: it may have been the room.
    bench.cut(first);
    bench.pass_ms(2_500);
    let third = bench.astro_up();
    let ended = bench.sent(third);
    assert_eq!(ended[0]["type"], "unsubscribe");
    // Meanwhile the connection proves itself, and with it what it brought.
    bench.pass_ms(3_000);
    assert!(bench.gaps().is_empty(), "the room is not live before it was asked for again");
    bench.pass_ms(7_100);
    let asked = bench.accept_all(third);
    assert!(asked.contains(&("subscribe".into(), T.into(), R.into())), "{asked:?}");
}

#[test]
fn a_message_that_waited_in_an_unread_link_is_recognised_however_late_it_is_read() {
    let (mut bench, old) = with_jwt();
    bench.reconnect(old, None);
    let new = up_afresh(&mut bench);
    bench.pass_ms(2_500);
    bench.input(Input::Pressure { on: true });
    bench.publish(old, "1", T, R);
    bench.pass_ms(6_000);
    bench.closed(old, 1000, "");
    bench.pass_ms(20_000);
    bench.input(Input::Pressure { on: false });
    bench.publish(new, "1", T, R);
    bench.publish(new, "2", T, R);
    assert_eq!(bench.messages(), ["1", "2"]);
}

#[test]
fn a_name_that_turns_out_to_be_a_live_room_after_it_was_ended_is_a_gap_of_that_room() {
    let (mut bench, link) = with_jwt();
    let alias = bench.subscribe(T, "alias");
    assert_eq!(bench.sent(link).len(), 1);
    bench.unsubscribe(alias);
    // The answer does not come, so the name is ended without knowing what it means.
    bench.pass_ms(10_100);
    let since = bench.now.wall.0;
    let ended = bench.sent(link);
    assert_eq!(ended[0]["type"], "unsubscribe");
    assert_eq!(ended[0]["data"]["room"], "alias");
    bench.text(link, &json!({"type": "response", "error": "rate_limit_exceeded", "data": {"message": "slow down"}}));
    // It was not that one that was throttled.
    bench.text(link, &json!({"type": "response", "nonce": ended[0]["nonce"], "data": {"message": "ok", "topic": T, "room": R}}));
    bench.pass_ms(5_200);
    assert_eq!(bench.accept_all(link), [("subscribe".into(), T.into(), R.into())], "the room is asked for again");
    let gaps = bench.gaps();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert!(gaps[0].since.0 <= since, "{gaps:?}");
}

#[test]
fn a_refused_credential_is_asked_for_again_with_the_next_connection_though_it_was_said_to_be_good() {
    let (mut bench, link) = listening(Credential::Provider);
    // Refused, asked for afresh, refused again: that is all for this connection.
    bench.cut(link);
    bench.pass_ms(1_000);
    let link = bench.astro_up();
    let hour = Some(std::time::Duration::from_secs(3_600));
    assert!(answer_need(&mut bench, hour).is_some());
    for _ in 0..2 {
        let asked = bench.sent(link);
        assert_eq!(asked.len(), 1);
        bench.reject(link, &asked[0], "err_unauthorized", "no");
        bench.pass_ms(200);
        answer_need(&mut bench, hour);
    }
    assert!(bench.sent(link).is_empty());
    bench.cut(link);
    bench.pass_ms(5_000);
    let link = bench.astro_up();
    let asked = bench.sent(link);
    bench.reject(link, &asked[0], "err_unauthorized", "no");
    bench.pass_ms(200);
    assert!(answer_need(&mut bench, hour).is_some(), "the provider is asked");
    assert_eq!(bench.accept_all(link), [("subscribe".into(), T.into(), R.into())]);
}

#[test]
fn what_is_read_after_a_pause_does_not_count_as_heard_after_it() {
    let (mut bench, link) = with_jwt();
    let last = bench.now.wall;
    bench.pass_ms(3_000);
    bench.input(Input::Pressure { on: true });
    bench.pass_ms(5_000);
    bench.input(Input::Pressure { on: false });
    // It waited to be read, as long as the pause was; what came after it was cut off.
    bench.publish(link, "1", T, R);
    bench.cut(link);
    bench.pass_ms(1_000);
    up_afresh(&mut bench);
    let gaps = bench.gaps();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(gaps[0].since, last);
}
