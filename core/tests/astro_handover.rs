//! From one connection to the next: nothing lost, nothing twice, and what happens when it goes wrong half-way.

mod harness;

use harness::{Bench, kind_topic_room};
use topicwire::id::LinkId;
use topicwire::options::{AstroOptions, Jitter, Options};

const T: &str = "channel.tips";
const R: &str = "64f0a1b2c3d4e5f607182930";

fn bench() -> Bench {
    let mut options = AstroOptions::new("jwt");
    options.reconnect.jitter = Jitter::None;
    let mut bench = Bench::new(Options::Astro(options));
    bench.connect();
    bench
}

/// Connected, with one live subscription.
fn listening() -> (Bench, LinkId) {
    let mut bench = bench();
    let link = bench.astro_up();
    bench.subscribe(T, R);
    assert_eq!(bench.accept_all(link).len(), 1);
    bench.pass_ms(3_000);
    bench.events.clear();
    (bench, link)
}

#[test]
fn a_planned_handover_loses_nothing_and_passes_nothing_twice() {
    let (mut bench, old) = listening();
    bench.publish(old, "1", T, R);
    bench.reconnect(old, Some("rt.1/2+3"));
    let (new, dial) = bench.dialed();
    assert!(dial.url.expose().ends_with("?reconnect_token=rt%2E1%2F2%2B3"), "the token is percent-encoded");
    bench.publish(old, "2", T, R);
    bench.open(new);
    bench.publish(old, "3", T, R);
    bench.welcome(new);
    bench.publish(new, "3", T, R);
    bench.publish(new, "4", T, R);
    bench.publish(old, "4", T, R);
    bench.publish(new, "1", T, R);
    assert_eq!(bench.messages(), ["1", "2", "3", "4"]);
    bench.pass_ms(6_000);
    assert_eq!(bench.closing(old).expect("the old link is closed after draining").code, 1000);
    bench.closed(old, 1000, "");
    bench.publish(new, "5", T, R);
    assert_eq!(bench.messages(), ["5"]);
    assert!(bench.gaps().is_empty());
    assert_eq!(bench.states(), ["handing_over", "active"]);
    assert!(bench.sent(new).is_empty(), "nothing is asked for again");
}

#[test]
fn a_second_token_before_the_dial_has_opened_is_for_the_next_dial() {
    let (mut bench, old) = listening();
    bench.reconnect(old, Some("first"));
    let (candidate, _) = bench.dialed();
    bench.reconnect(old, Some("second"));
    assert_eq!(bench.dials(), 0, "the first dial goes on");
    bench.fail(candidate);
    let (_, dial) = bench.dialed();
    assert!(dial.url.expose().ends_with("reconnect_token=second"));
}

#[test]
fn a_command_sent_and_unanswered_is_sent_again_on_the_new_link() {
    let (mut bench, old) = listening();
    bench.subscribe("channel.activities", R);
    let asked = bench.sent(old);
    assert_eq!(asked.len(), 1);
    bench.reconnect(old, Some("t"));
    let new = bench.astro_up();
    let again = bench.sent(new);
    assert_eq!(again.iter().map(kind_topic_room).collect::<Vec<_>>(), [("subscribe".into(), "channel.activities".into(), R.into())]);
    assert_ne!(again[0]["nonce"], asked[0]["nonce"], "every attempt has its own nonce");
    bench.reject(new, &again[0], "err_bad_request", "already subscribed to topic");
    bench.accept(old, &asked[0]);
    assert!(bench.faults().is_empty(), "a late answer on the old link is no news");
    assert!(bench.gaps().is_empty());
}

#[test]
fn an_unsubscribe_in_flight_is_not_resurrected_by_the_token() {
    let (mut bench, old) = listening();
    let subscription = bench.subscribe("channel.activities", R);
    bench.accept_all(old);
    let request = bench.unsubscribe(subscription);
    bench.pass_ms(200);
    let asked = bench.sent(old);
    bench.reconnect(old, Some("t"));
    bench.accept(old, &asked[0]);
    assert!(bench.reply(request).is_some_and(|reply| reply.is_ok()));
    let new = bench.astro_up();
    let again = bench.accept_all(new);
    assert_eq!(again, [("unsubscribe".into(), "channel.activities".into(), R.into())]);
}

#[test]
fn a_refused_token_falls_back_to_a_fresh_connection_while_the_old_one_delivers() {
    let (mut bench, old) = listening();
    bench.reconnect(old, Some("bad"));
    let (new, _) = bench.dialed();
    bench.open(new);
    bench.closed(new, 1008, "bad token");
    let (fresh, dial) = bench.dialed();
    assert!(!dial.url.expose().contains("reconnect_token"));
    bench.publish(old, "1", T, R);
    bench.open(fresh);
    bench.welcome(fresh);
    bench.publish(old, "2", T, R);
    assert_eq!(bench.accept_all(fresh).len(), 1);
    bench.publish(fresh, "3", T, R);
    bench.closed(old, 1001, "");
    bench.publish(fresh, "4", T, R);
    assert_eq!(bench.messages(), ["1", "2", "3", "4"]);
    assert!(bench.gaps().is_empty(), "made before broken: nothing was missed");
}

#[test]
fn a_token_refused_after_the_welcome_brings_the_draining_link_back() {
    let (mut bench, old) = listening();
    bench.reconnect(old, Some("bad"));
    let new = bench.astro_up();
    bench.pass_ms(500);
    bench.closed(new, 1008, "");
    let (fresh, _) = bench.dialed();
    bench.publish(old, "1", T, R);
    bench.open(fresh);
    bench.welcome(fresh);
    bench.accept_all(fresh);
    bench.publish(fresh, "2", T, R);
    assert_eq!(bench.messages(), ["1", "2"]);
    assert!(bench.gaps().is_empty());
}

#[test]
fn old_dead_and_candidate_dead_is_a_gap_from_the_last_frame_of_the_old_link() {
    let (mut bench, old) = listening();
    bench.publish(old, "1", T, R);
    let last = bench.now.wall;
    bench.pass_ms(1_000);
    bench.reconnect(old, Some("bad"));
    let told = bench.now.wall;
    let new = bench.astro_up();
    bench.pass_ms(100);
    bench.cut(old);
    bench.pass_ms(100);
    bench.closed(new, 1008, "");
    let (fresh, _) = bench.dialed();
    bench.open(fresh);
    bench.welcome(fresh);
    bench.accept_all(fresh);
    let gaps = bench.gaps();
    assert_eq!(gaps.len(), 1);
    assert!(gaps[0].since >= last && gaps[0].since <= told, "{gaps:?}");
    assert!(gaps[0].until.is_some());
}

#[test]
fn a_node_that_is_draining_is_asked_again_with_the_same_token() {
    let (mut bench, old) = listening();
    bench.reconnect(old, Some("t"));
    let (first, _) = bench.dialed();
    bench.refuse(first, 502, &[]);
    bench.pass_ms(1_000);
    let (second, dial) = bench.dialed();
    assert!(dial.url.expose().ends_with("reconnect_token=t"));
    bench.refuse(second, 429, &[("retry-after", "3")]);
    bench.pass_ms(2_900);
    assert_eq!(bench.dials(), 0, "Retry-After is honoured");
    bench.pass_ms(200);
    let (third, dial) = bench.dialed();
    assert!(dial.url.expose().ends_with("reconnect_token=t"));
    bench.open(third);
    bench.welcome(third);
    bench.publish(third, "1", T, R);
    assert_eq!(bench.messages(), ["1"]);
    assert!(bench.gaps().is_empty());
    let _ = old;
}

#[test]
fn a_reconnect_without_a_token_is_made_before_it_is_broken() {
    let (mut bench, old) = listening();
    bench.reconnect(old, None);
    let (fresh, dial) = bench.dialed();
    assert!(!dial.url.expose().contains("reconnect_token"));
    bench.open(fresh);
    bench.welcome(fresh);
    bench.publish(old, "1", T, R);
    bench.accept_all(fresh);
    bench.publish(fresh, "2", T, R);
    bench.pass_ms(10_000);
    assert!(bench.closing(old).is_some());
    assert_eq!(bench.messages(), ["1", "2"]);
    assert!(bench.gaps().is_empty());
}

#[test]
fn a_reconnect_on_the_candidate_starts_the_next_hop_after_probation() {
    let (mut bench, old) = listening();
    bench.reconnect(old, Some("one"));
    let second = bench.astro_up();
    bench.reconnect(second, Some("two"));
    assert_eq!(bench.dials(), 0);
    bench.pass_ms(2_000);
    let (third, dial) = bench.dialed();
    assert!(dial.url.expose().ends_with("reconnect_token=two"));
    bench.open(third);
    bench.welcome(third);
    bench.publish(third, "1", T, R);
    assert_eq!(bench.messages(), ["1"]);
    assert!(bench.gaps().is_empty());
}

#[test]
fn the_old_link_dying_before_the_new_one_is_ready_is_a_possible_gap() {
    let (mut bench, old) = listening();
    bench.reconnect(old, Some("t"));
    let (new, _) = bench.dialed();
    bench.cut(old);
    assert_eq!(bench.dials(), 0, "the dial goes on");
    bench.open(new);
    bench.welcome(new);
    bench.publish(new, "1", T, R);
    bench.pass_ms(2_500);
    assert_eq!(bench.gaps().len(), 1);
    assert_eq!(bench.messages(), ["1"]);
}
