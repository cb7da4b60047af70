//! One bad document on a socket that others share.

use crate::server::*;

#[test]
fn one_bad_document_does_not_take_the_others_down_for_good() {
    let mut bench = bench(options());
    let good = start(&mut bench, Q);
    let bad = start(&mut bench, "subscription { ((( }");
    let other = start(&mut bench, "subscription { silent }");
    let (mut link, sent) = up(&mut bench, MODERN);
    assert_eq!(sent.len(), 3);
    next(&mut bench, link, sent[0]["id"].as_str().expect("an id"), json!({"data": {}}));
    for _ in 0..6 {
        // A reference server: pongs what is fine, closes on what is not.
        bench.closed(link, 4500, "Syntax Error");
        bench.pass_ms(30_000);
        if bench.dials() == 0 {
            break;
        }
        let (new, mut sent) = up(&mut bench, MODERN);
        link = new;
        // Suspects are sent once the proven are.
        bench.pass_ms(0);
        sent.extend(bench.sent(link));
        let mut at = 0;
        let mut died = false;
        while at < sent.len() {
            match sent[at]["type"].as_str() {
                Some("subscribe") if sent[at]["payload"]["query"].as_str().is_some_and(|query| query.contains("(((")) => {
                    died = true;
                    break;
                }
                Some("ping") => {
                    bench.text(link, &json!({"type": "pong", "payload": sent[at]["payload"]}));
                    bench.pass_ms(0);
                    sent.extend(bench.sent(link));
                }
                _ => {}
            }
            at += 1;
        }
        if !died {
            break;
        }
    }
    let ended = endings(&mut bench);
    assert_eq!(ended.iter().map(|(subscription, _)| *subscription).collect::<Vec<_>>(), [bad]);
    assert!(ended[0].1.is_err());
    assert_ne!(bench.session.state().as_str(), "closed");
    let _ = (good, other);
}

const BAD: &str = "subscription { ((( }";
const SILENT: &str = "subscription { silent }";

/// A server that reads what it is sent like the reference server: it answers a ping of the same read before it parses a document, and then
/// closes with 4500 if that is bad. Returns what it was sent, and whether it closed.
fn serve(bench: &mut Bench, link: LinkId, answers_pings: bool) -> (Vec<Value>, bool) {
    let mut seen = Vec::new();
    loop {
        bench.pass_ms(0);
        let frames = bench.sent(link);
        if frames.is_empty() {
            return (seen, false);
        }
        let bad = frames.iter().any(|frame| frame["payload"]["query"].as_str().is_some_and(|query| query.contains("(((")));
        for frame in frames {
            if frame["type"] == "ping" && answers_pings {
                bench.text(link, &json!({"type": "pong", "payload": frame["payload"]}));
            }
            seen.push(frame);
        }
        if bad {
            bench.closed(link, 4500, "Syntax Error");
            return (seen, true);
        }
    }
}

fn queries(seen: &[Value]) -> Vec<&str> {
    seen.iter().filter_map(|frame| frame["payload"]["query"].as_str()).collect()
}

fn reconnect(bench: &mut Bench) -> LinkId {
    bench.pass(LONG);
    let (link, _) = open(bench, MODERN);
    ack(bench, link);
    link
}

#[test]
fn a_bad_document_alone_is_given_two_chances_and_the_servers_words_are_told() {
    let mut bench = bench(options());
    let bad = start(&mut bench, BAD);
    let (link, _) = open(&mut bench, MODERN);
    ack(&mut bench, link);
    assert!(serve(&mut bench, link, true).1);
    let link = reconnect(&mut bench);
    assert!(serve(&mut bench, link, true).1);
    assert_eq!(endings(&mut bench), [(bad, Err("Syntax Error".to_owned()))]);
}

#[test]
fn silent_neighbours_are_cleared_and_the_culprit_is_found() {
    let mut bench = bench(options());
    let good: Vec<SubscriptionId> = (0..5).map(|_| start(&mut bench, SILENT)).collect();
    let bad = start(&mut bench, BAD);
    let more: Vec<SubscriptionId> = (0..5).map(|_| start(&mut bench, SILENT)).collect();
    let (mut link, _) = open(&mut bench, MODERN);
    ack(&mut bench, link);
    let mut closes = 0;
    while serve(&mut bench, link, true).1 {
        closes += 1;
        assert!(closes < 5, "it must come to an end");
        link = reconnect(&mut bench);
    }
    assert_eq!(endings(&mut bench), [(bad, Err("Syntax Error".to_owned()))]);
    assert_eq!(closes, 3, "once with all, and twice alone");
    for id in 1..=10 {
        next(&mut bench, link, &id.to_string(), json!({"data": {}}));
    }
    let mut heard = bench.events_of(|kind| match kind {
        EventKind::Message(message) => Some(message.subscriptions()[0]),
        _ => None,
    });
    heard.sort();
    assert_eq!(heard, [good, more].concat());
}

#[test]
fn the_proven_go_first_and_newcomers_wait_for_their_own_trial() {
    let (mut bench, link, _) = running(MODERN);
    next(&mut bench, link, "1", json!({"data": {}}));
    start(&mut bench, BAD);
    start(&mut bench, SILENT);
    assert!(serve(&mut bench, link, true).1);
    let link = reconnect(&mut bench);
    start(&mut bench, "subscription { newcomer }");
    let (seen, closed) = serve(&mut bench, link, true);
    assert!(closed);
    assert_eq!(queries(&seen), [Q, BAD], "the suspects one at a time, in their order");
    let link = reconnect(&mut bench);
    serve(&mut bench, link, true);
    let link = reconnect(&mut bench);
    let (seen, closed) = serve(&mut bench, link, true);
    assert!(!closed);
    let mut all = queries(&seen);
    all.sort_unstable();
    assert_eq!(all, ["subscription { newcomer }", SILENT, Q]);
}

#[test]
fn a_query_that_shared_the_socket_is_asked_again_and_answered() {
    let mut bench = bench(options());
    let request = execute(&mut bench, "{ hello }");
    let bad = start(&mut bench, BAD);
    let (mut link, _) = open(&mut bench, MODERN);
    ack(&mut bench, link);
    for _ in 0..5 {
        let (seen, closed) = serve(&mut bench, link, true);
        if let Some(query) = seen.iter().rfind(|frame| frame["payload"]["query"] == "{ hello }")
            && !closed
        {
            let id = query["id"].as_str().expect("an id").to_owned();
            next(&mut bench, link, &id, json!({"data": {"hello": 1}}));
            break;
        }
        if closed {
            link = reconnect(&mut bench);
        }
    }
    assert!(bench.reply(request).expect("a reply").is_ok());
    while serve(&mut bench, link, true).1 {
        link = reconnect(&mut bench);
    }
    assert_eq!(endings(&mut bench).len(), 1);
    let _ = bad;
}

#[test]
fn a_bad_query_is_refused_after_two_chances_and_a_bad_mutation_is_not_sent_again() {
    for (query, code, times) in [("query { ((( }", "refused", 2), ("mutation { ((( }", "outcome_unknown", 1)] {
        let mut bench = bench(options());
        let request = execute(&mut bench, query);
        let (mut link, _) = open(&mut bench, MODERN);
        ack(&mut bench, link);
        let mut closes = 0;
        while serve(&mut bench, link, true).1 {
            closes += 1;
            if let Some(reply) = bench.reply(request) {
                let error = reply.expect_err("an error");
                assert!(error.starts_with(code) && error.contains("Syntax Error"), "{error}");
                break;
            }
            link = reconnect(&mut bench);
        }
        assert_eq!(closes, times);
    }
}

#[test]
fn a_server_that_answers_no_pings_does_not_hold_a_trial_up_for_ever() {
    let mut bench = bench(options());
    start(&mut bench, SILENT);
    start(&mut bench, SILENT);
    let (link, _) = up(&mut bench, MODERN);
    bench.closed(link, 4500, "boom");
    let link = reconnect(&mut bench);
    let (seen, _) = serve(&mut bench, link, false);
    assert_eq!(queries(&seen).len(), 1);
    bench.pass_ms(10_000);
    assert_eq!(queries(&serve(&mut bench, link, false).0).len(), 1);
}

#[test]
fn whoever_leaves_makes_room_for_the_next_trial() {
    let mut bench = bench(options());
    let all: Vec<SubscriptionId> = (0..3).map(|_| start(&mut bench, SILENT)).collect();
    let (link, _) = up(&mut bench, MODERN);
    bench.closed(link, 4500, "boom");
    let link = reconnect(&mut bench);
    bench.pass_ms(0);
    bench.unsubscribe(all[1]);
    bench.unsubscribe(all[0]);
    let (seen, _) = serve(&mut bench, link, true);
    assert_eq!(queries(&seen).len(), 2, "the first was being tried, the second had not been sent");
    assert!(bench.closing(link).is_none());
}

#[test]
fn a_close_for_no_operations_fault_is_held_against_none() {
    let (mut bench, mut link, _) = running(MODERN);
    next(&mut bench, link, "1", json!({"data": {}}));
    for _ in 0..4 {
        bench.closed(link, 4500, "Internal server error");
        link = reconnect(&mut bench);
        let (seen, _) = serve(&mut bench, link, true);
        assert_eq!(queries(&seen), [Q]);
        assert!(seen.iter().all(|frame| frame["type"] != "ping"), "nobody is tried");
    }
    assert!(endings(&mut bench).is_empty());
}

#[test]
fn legacy_needs_none_of_this() {
    let (mut bench, link, _) = running(LEGACY);
    start(&mut bench, SILENT);
    bench.closed(link, 4500, "boom");
    bench.pass(LONG);
    let (_, sent) = up(&mut bench, LEGACY);
    assert_eq!(sent.len(), 2);
}
