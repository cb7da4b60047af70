//! Handshakes, and their refusal.

use serde_json::json;
use topicwire_gateway::machine::{Refusal, UpgradeRequest};

use crate::harness::{Bench, LEGACY, MODERN, Seen, close};

fn refused(bench: &mut Bench, url: &str, offers: &[&str]) -> (u16, Vec<(String, String)>) {
    let conn = bench.upgrade(UpgradeRequest::new(url, offers));
    match bench.take(conn) {
        Some(Seen::Refuse(Refusal::Status { status, headers, .. })) => (status, headers),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[test]
fn upgrades_are_refused_as_often_as_asked_and_then_accepted() {
    let mut bench = Bench::new();
    bench.fault(json!({"fault": "refuse_upgrades", "status": 502, "count": 2}));
    bench.fault(json!({"fault": "refuse_upgrades", "status": 429}));
    bench.fault(json!({"fault": "refuse_upgrades", "status": 503, "retry_after": 7}));
    bench.fault(json!({"fault": "refuse_upgrades", "status": 401}));
    let after = |seconds: &str| vec![("retry-after".to_owned(), seconds.to_owned())];
    assert_eq!(refused(&mut bench, "/", &[]), (502, vec![]));
    assert_eq!(refused(&mut bench, "/graphql", &[MODERN]), (502, vec![]));
    assert_eq!(refused(&mut bench, "/", &[]), (429, after("2")));
    assert_eq!(refused(&mut bench, "/", &[]), (503, after("7")));
    assert_eq!(refused(&mut bench, "/raw", &[]), (401, vec![]));
    bench.astro();
}

#[test]
fn upgrades_can_be_reset_or_never_answered() {
    let mut bench = Bench::new();
    bench.fault(json!({"fault": "reset_upgrades"}));
    bench.fault(json!({"fault": "hang_upgrades"}));
    for refusal in [Refusal::Reset, Refusal::Hang] {
        let conn = bench.upgrade(UpgradeRequest::new("/", &[]));
        assert_eq!(bench.rest(conn), [Seen::Refuse(refusal)]);
    }
}

#[test]
fn a_draining_or_full_node_refuses_upgrades() {
    let mut bench = Bench::with(&json!({"astro": {"connection_limit": 1}}));
    bench.astro();
    let after = vec![("retry-after".to_owned(), "2".to_owned())];
    assert_eq!(refused(&mut bench, "/", &[]), (429, after));
    bench.machine.set_options(&json!({"astro": {"draining": true}})).expect("fits");
    assert_eq!(refused(&mut bench, "/", &[]), (502, vec![]));
    bench.open("/raw", &[]);
}

#[test]
fn the_modern_subprotocol_wins_and_without_one_in_common_the_socket_is_closed() {
    let mut bench = Bench::new();
    for (offers, answer) in [(&[LEGACY, MODERN][..], Some(MODERN)), (&[LEGACY][..], Some(LEGACY)), (&["other"][..], None), (&[][..], None)]
    {
        let conn = bench.upgrade(UpgradeRequest::new("/graphql", offers));
        assert_eq!(bench.take(conn), Some(Seen::Accept(answer.map(str::to_owned))));
        let wanted = if answer.is_some() { vec![] } else { vec![close(4406, "Subprotocol not acceptable")] };
        assert_eq!(bench.rest(conn), wanted, "{offers:?}");
    }
}

#[test]
fn a_subprotocol_that_is_offered_twice_is_a_bad_request() {
    let mut bench = Bench::new();
    assert_eq!(refused(&mut bench, "/graphql", &[LEGACY, LEGACY]).0, 400);
}

#[test]
fn a_wrong_or_no_subprotocol_can_be_answered() {
    let mut bench = Bench::new();
    bench.fault(json!({"fault": "subprotocol", "answer": "wrong"}));
    bench.fault(json!({"fault": "subprotocol"}));
    for answer in [Some("wrong"), None] {
        let conn = bench.upgrade(UpgradeRequest::new("/graphql", &[LEGACY]));
        assert_eq!(bench.take(conn), Some(Seen::Accept(answer.map(str::to_owned))));
        bench.text(conn, json!({"type": "connection_init"}));
        assert_eq!(bench.json(conn)["type"], "connection_ack", "it speaks what was offered all the same");
    }
}

#[test]
fn no_subprotocol_can_mean_legacy() {
    let mut bench = Bench::with(&json!({"graphql": {"legacy_by_default": true}}));
    let conn = bench.open("/graphql", &[]);
    bench.text(conn, json!({"type": "connection_init"}));
    assert_eq!(bench.json(conn)["type"], "connection_ack");
}

#[test]
fn a_token_in_the_url_or_the_header_is_checked_at_the_handshake() {
    let mut bench = Bench::with(&json!({"graphql": {"token": "good", "token_place": "query"}}));
    assert_eq!(refused(&mut bench, "/graphql?token=bad", &[MODERN]).0, 401);
    assert_eq!(refused(&mut bench, "/graphql", &[MODERN]).0, 401);
    bench.open("/graphql?x=1&token=g%6fod", &[MODERN]);

    bench.machine.set_options(&json!({"graphql": {"token_place": "header"}})).expect("fits");
    assert_eq!(refused(&mut bench, "/graphql?token=good", &[MODERN]).0, 401);
    let mut request = UpgradeRequest::new("/graphql", &[MODERN]);
    request.headers.push(("authorization".to_owned(), "Bearer good".to_owned()));
    let conn = bench.upgrade(request);
    assert_eq!(bench.take(conn), Some(Seen::Accept(Some(MODERN.to_owned()))));
}

#[test]
fn the_echo_takes_the_first_subprotocol_and_gives_everything_back() {
    let mut bench = Bench::new();
    let conn = bench.upgrade(UpgradeRequest::new("/raw", &["one", "two"]));
    assert_eq!(bench.take(conn), Some(Seen::Accept(Some("one".to_owned()))));
    bench.raw_text(conn, "{}");
    bench.handle(topicwire_gateway::machine::Input::Binary { conn, data: vec![1, 2].into() });
    assert_eq!(bench.json(conn), json!({}));
    let binary = topicwire_gateway::machine::Frame::Binary(vec![1, 2].into());
    assert_eq!(bench.rest(conn), [Seen::Other(binary)]);
}
