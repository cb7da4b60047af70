//! Ends of subscriptions that cross with something else: nothing is left at the gateway that nobody wants, and nobody is told what is not so.
//! Each of these was found by the simulation or by the properties.

mod harness;

use harness::{Bench, kind_topic_room};
use serde_json::json;
use topicwire::command::Command;
use topicwire::event::EventKind;
use topicwire::id::{LinkId, RequestId, SubscriptionId};
use topicwire::options::{AstroOptions, Jitter, Options};

const T: &str = "channel.tips";
const A: &str = "channel.activities";
const R: &str = "64f0a1b2c3d4e5f607182930";
const S: &str = "64f0a1b2c3d4e5f607182931";

/// Connected, with one live subscription to the topic and room that most tests are about.
fn listening() -> (Bench, LinkId, SubscriptionId) {
    let mut options = AstroOptions::new("jwt");
    options.reconnect.jitter = Jitter::None;
    let mut bench = Bench::new(Options::Astro(options));
    bench.connect();
    let link = bench.astro_up();
    let subscription = bench.subscribe(T, R);
    bench.accept_all(link);
    bench.pass_ms(3_000);
    bench.events.clear();
    (bench, link, subscription)
}

fn leave_topic(bench: &mut Bench) -> RequestId {
    bench.command(Command::UnsubscribeAll { topic: T.to_owned() })
}

fn wire(kind: &str, topic: &str, room: &str) -> (String, String, String) {
    (kind.to_owned(), topic.to_owned(), room.to_owned())
}

/// The next command, when its turn has come.
fn next(bench: &mut Bench, link: LinkId) -> serde_json::Value {
    bench.pass_ms(200);
    bench.sent(link).pop().expect("a command")
}

/// Whom the messages since the last look were for.
fn recipients(bench: &mut Bench) -> Vec<Vec<SubscriptionId>> {
    bench.events_of(|kind| match kind {
        EventKind::Message(message) => Some(message.subscriptions().to_vec()),
        _ => None,
    })
}

#[test]
fn a_topics_end_that_is_taken_back_before_it_was_sent_ends_its_rooms_all_the_same() {
    let (mut bench, link, _) = listening();
    bench.subscribe(A, R);
    let asked = bench.sent(link);
    let request = leave_topic(&mut bench);
    bench.session.cancel(bench.now, request);
    bench.collect();
    bench.accept(link, &asked[0]);
    assert_eq!(bench.accept_all(link), [wire("unsubscribe", T, R)]);
}

#[test]
fn who_subscribes_while_the_topics_end_is_on_its_way_is_live_when_the_gateway_says_so() {
    let (mut bench, link, _) = listening();
    leave_topic(&mut bench);
    let ended = bench.sent(link);
    assert_eq!(kind_topic_room(&ended[0]), wire("unsubscribe", T, "-"));
    let again = bench.subscribe(T, R);
    assert!(bench.reply(RequestId(again.0)).is_none(), "it is being ended");
    bench.accept(link, &ended[0]);
    assert_eq!(bench.accept_all(link), [wire("subscribe", T, R)]);
    assert!(bench.reply(RequestId(again.0)).is_some_and(|reply| reply.is_ok()));
}

#[test]
fn who_subscribes_after_an_unsubscribe_that_was_never_answered_is_not_told_what_nobody_knows() {
    let (mut bench, link, first) = listening();
    bench.unsubscribe(first);
    assert_eq!(bench.sent(link).len(), 1);
    let again = bench.subscribe(T, R);
    bench.pass_ms(10_100);
    assert!(bench.reply(RequestId(again.0)).is_none(), "the gateway may have ended it");
    let commands = bench.accept_all(link);
    assert_eq!(commands.last(), Some(&wire("subscribe", T, R)));
    assert!(bench.reply(RequestId(again.0)).is_some_and(|reply| reply.is_ok()));
}

#[test]
fn who_leaves_a_name_that_turns_out_to_be_anothers_room_is_told() {
    let (mut bench, link, first) = listening();
    let alias = bench.subscribe(T, "alias");
    let asked = bench.sent(link);
    let request = bench.unsubscribe(alias);
    bench.reject(link, &asked[0], "err_bad_request", "already subscribed to topic");
    assert!(bench.reply(request).is_some_and(|reply| reply.is_ok()));
    bench.publish(link, "1", T, R);
    assert_eq!(recipients(&mut bench), [vec![first]], "the room itself stays");
}

#[test]
fn a_room_that_may_have_been_ended_under_another_name_is_ended_when_its_user_leaves() {
    let (mut bench, link, first) = listening();
    let alias = bench.subscribe(T, "alias");
    bench.sent(link);
    bench.unsubscribe(alias);
    bench.pass_ms(10_100);
    let ended = bench.sent(link);
    assert_eq!(kind_topic_room(&ended[0]), wire("unsubscribe", T, "alias"));
    // The gateway does not say which room that was. It may have been the other one, or not.
    bench.text(link, &json!({"type": "response", "nonce": ended[0]["nonce"], "data": {"message": "ok"}}));
    bench.unsubscribe(first);
    assert!(bench.accept_all(link).contains(&wire("unsubscribe", T, R)));
}

#[test]
fn a_name_is_not_taken_for_a_room_while_another_room_was_asked_for_and_not_explained() {
    let (mut bench, link, first) = listening();
    bench.subscribe(T, S);
    bench.sent(link);
    // No answer comes. The gateway has it all the same, and the alias is another name for it.
    let alias = bench.subscribe(T, "alias");
    bench.pass_ms(10_100);
    for command in bench.sent(link) {
        if command["data"]["room"] == "alias" {
            bench.reject(link, &command, "err_bad_request", "already subscribed to topic");
        }
    }
    bench.publish(link, "1", T, R);
    let heard = recipients(&mut bench);
    assert_eq!(heard, [vec![first]], "{alias:?} is not the first room");
}

#[test]
fn an_answer_that_names_another_topic_does_not_make_two_subscriptions_one() {
    let (mut bench, link, _) = listening();
    let other = bench.subscribe(A, R);
    let asked = bench.sent(link);
    bench.text(link, &json!({"type": "response", "nonce": asked[0]["nonce"], "data": {"message": "ok", "topic": T, "room": R}}));
    leave_topic(&mut bench);
    bench.accept_all(link);
    bench.publish(link, "1", A, R);
    assert_eq!(recipients(&mut bench), [vec![other]]);
}

#[test]
fn a_refused_attempt_ends_what_an_earlier_one_may_have_begun() {
    let (mut bench, old, _) = listening();
    bench.subscribe(A, R);
    assert_eq!(bench.sent(old).len(), 1);
    // The answer is late, and the token brings back what the gateway has.
    bench.reconnect(old, Some("token"));
    let new = bench.astro_up();
    let again = bench.sent(new);
    bench.reject(new, &again[0], "err_bad_request", "no");
    assert_eq!(bench.accept_all(new), [wire("unsubscribe", A, R)]);
}

#[test]
fn a_name_is_not_taken_for_a_room_when_the_end_of_another_was_refused() {
    for code in ["err_bad_request", "err_unauthorized"] {
        let (mut bench, link, first) = listening();
        let kept = bench.subscribe(T, S);
        bench.accept_all(link);
        bench.unsubscribe(kept);
        bench.pass_ms(200);
        let ended = bench.sent(link);
        bench.reject(link, &ended[0], code, "no");
        let alias = bench.subscribe(T, "alias");
        bench.pass_ms(200);
        let asked = bench.sent(link);
        bench.reject(link, &asked[0], "err_bad_request", "already subscribed to topic");
        bench.publish(link, "1", T, R);
        assert_eq!(recipients(&mut bench), [vec![first]], "{code}: {alias:?} may be the room that the gateway kept");
    }
}

#[test]
fn a_command_that_cannot_be_sent_is_taken_back_after_its_time_if_that_is_asked_for() {
    let mut options = AstroOptions::new("jwt");
    options.queue.request_timeout = Some(std::time::Duration::from_secs(5));
    let mut bench = Bench::new(Options::Astro(options));
    bench.connect();
    let pending = bench.subscribe(T, R);
    let (link, _) = bench.dialed();
    bench.fail(link);
    bench.pass_ms(4_999);
    assert!(bench.reply(RequestId(pending.0)).is_none(), "its time is not over");
    bench.pass_ms(1);
    let error = bench.reply(RequestId(pending.0)).expect("its time is over").expect_err("nobody answered");
    assert!(error.starts_with("timeout: ") && error.contains("connection refused"), "{error}");

    // It is not wanted any more: nothing is asked for once the gateway can be reached.
    while bench.dials() > 1 {
        bench.dialed();
    }
    bench.pass_ms(60_000);
    let link = bench.astro_up();
    assert_eq!(bench.sent(link), Vec::<serde_json::Value>::new());
}

#[test]
fn a_command_that_was_written_may_have_been_carried_out_when_its_time_is_over() {
    let mut options = AstroOptions::new("jwt");
    options.queue.request_timeout = Some(std::time::Duration::from_secs(5));
    let mut bench = Bench::new(Options::Astro(options));
    bench.connect();
    let link = bench.astro_up();
    let end = bench.command(Command::UnsubscribeAll { topic: T.to_owned() });
    assert_eq!(bench.sent(link).len(), 1);
    bench.pass_ms(5_000);
    let error = bench.reply(end).expect("its time is over").expect_err("nobody answered");
    assert!(error.starts_with("outcome_unknown: "), "{error}");
    bench.pass_ms(60_000);
    assert!(bench.reply(end).is_none(), "a request is answered once");
}

#[test]
fn a_room_is_not_ended_for_who_left_when_a_name_of_somebody_else_turns_out_to_be_it() {
    let (mut bench, link, first) = listening();
    let alias = bench.subscribe(T, "alias");
    let asked = bench.sent(link);
    let request = bench.unsubscribe(first);
    bench.reject(link, &asked[0], "err_bad_request", "already subscribed to topic");
    assert!(bench.reply(RequestId(alias.0)).is_some_and(|reply| reply.is_ok()));
    assert!(bench.reply(request).is_some_and(|reply| reply.is_ok()));
    assert!(bench.accept_all(link).is_empty(), "it is wanted still");
    bench.publish(link, "1", T, R);
    assert_eq!(recipients(&mut bench), [vec![alias]]);
}

#[test]
fn what_was_ended_on_a_successor_is_ended_again_by_who_takes_over_from_the_link_before_it() {
    let (mut bench, old, subscription) = listening();
    bench.reconnect(old, Some("one"));
    let new = bench.astro_up();
    bench.unsubscribe(subscription);
    assert_eq!(bench.accept_all(new), [wire("unsubscribe", T, R)]);
    bench.cut(new);
    // The old link is the best there is, and has it still.
    let (afresh, _) = bench.dialed();
    bench.reconnect(old, Some("two"));
    bench.fail(afresh);
    bench.pass_ms(1_000);
    let third = bench.astro_up();
    assert!(bench.accept_all(third).contains(&wire("unsubscribe", T, R)));
    bench.pass_ms(10_000);
    bench.closed(old, 1000, "");
    bench.reconnect(third, Some("three"));
    let fourth = bench.astro_up();
    assert!(bench.accept_all(fourth).is_empty(), "it is forgotten");
}

#[test]
fn a_room_that_the_gateway_would_not_name_is_asked_for_by_name_again() {
    let (mut bench, link, first) = listening();
    bench.subscribe(T, S);
    bench.accept_all(link);
    let alias = bench.subscribe(T, "alias");
    for _ in 0..2 {
        let asked = next(&mut bench, link);
        bench.reject(link, &asked, "err_bad_request", "already subscribed to topic");
        let ended = next(&mut bench, link);
        assert_eq!(kind_topic_room(&ended), wire("unsubscribe", T, "alias"));
        bench.reject(link, &ended, "err_bad_request", "not now");
    }
    let asked = next(&mut bench, link);
    bench.reject(link, &asked, "err_bad_request", "already subscribed to topic");
    let ended = next(&mut bench, link);
    bench.accept(link, &ended);
    let again = next(&mut bench, link);
    bench.text(link, &json!({"type": "response", "nonce": again["nonce"], "data": {"message": "ok", "topic": T, "room": R}}));
    bench.accept_all(link);
    bench.publish(link, "1", T, R);
    assert_eq!(recipients(&mut bench), [vec![first, alias]]);
}
