//! Faults below all dialects: closing, cutting, muteness, bad frames, slow readers.

use serde_json::json;
use topicwire_gateway::machine::{Cut, Fault, Frame, Input};

use crate::harness::{Bench, MODERN, Seen, close};

#[test]
fn a_close_handshake_is_answered_and_then_the_connection_ends() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    bench.handle(Input::Close { conn, code: Some(1000), reason: "bye".to_owned() });
    assert_eq!(bench.rest(conn), [close(1000, "bye"), Seen::Drop(Cut::Fin)]);
    let conn = bench.astro();
    bench.handle(Input::Close { conn, code: None, reason: String::new() });
    assert_eq!(bench.rest(conn), [Seen::Close(None, String::new()), Seen::Drop(Cut::Fin)]);
}

#[test]
fn closing_with_a_code_waits_for_the_answer_but_not_for_ever() {
    let mut bench = Bench::new();
    let (one, two) = (bench.astro(), bench.open("/raw", &[]));
    assert_eq!(bench.fault(json!({"fault": "close", "code": 4500, "reason": "x"})), 2);
    assert_eq!(bench.rest(one), [close(4500, "x")]);
    bench.handle(Input::Close { conn: one, code: Some(4500), reason: String::new() });
    assert_eq!(bench.rest(one), [Seen::Drop(Cut::Fin)]);
    bench.rest(two);
    bench.pass(2_000);
    assert_eq!(bench.rest(two), [Seen::Drop(Cut::Fin)]);
    assert_eq!(bench.machine.open_connections(), 0);
}

#[test]
fn a_close_can_lack_its_code_and_a_long_reason_is_cut_between_letters() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    bench.fault(json!({"fault": "close"}));
    assert_eq!(bench.rest(conn), [Seen::Close(None, String::new())]);
    let conn = bench.astro();
    bench.fault(json!({"fault": "close", "code": 1011, "reason": "ü".repeat(100)}));
    assert_eq!(bench.rest(conn), [close(1011, &"ü".repeat(61))]);
}

#[test]
fn cutting_leaves_no_trace_of_the_connection() {
    let mut bench = Bench::new();
    for (how, cut) in [("fin", Cut::Fin), ("reset", Cut::Reset), ("silent", Cut::Silent)] {
        let conn = bench.astro();
        bench.subscribe(conn, "channel.tips");
        assert_eq!(bench.fault(json!({"fault": "cut", "how": how})), 1);
        assert_eq!(bench.rest(conn), [Seen::Drop(cut)]);
        assert_eq!(bench.publish("channel.tips", json!({})), 0);
        assert_eq!(bench.machine.connections(), []);
    }
    bench.pass(200_000);
    assert_eq!(bench.machine.poll_timeout(), None, "no timer is left behind");
}

#[test]
fn a_mute_connection_says_and_hears_nothing_until_it_speaks_again() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    bench.subscribe(conn, "channel.tips");
    bench.fault(json!({"fault": "mute"}));
    assert_eq!(bench.rest(conn), [Seen::Read(false)]);
    bench.publish("channel.tips", json!(1));
    bench.handle(Input::Ping { conn, data: bytes::Bytes::new() });
    bench.pass(300_000);
    assert_eq!(bench.rest(conn), []);
    bench.fault(json!({"fault": "mute", "on": false}));
    bench.publish("channel.tips", json!(2));
    assert_eq!(bench.take(conn), Some(Seen::Read(true)));
    assert_eq!(bench.json(conn)["data"], 2);
}

#[test]
fn new_connections_can_be_mute_from_the_start() {
    let mut bench = Bench::new();
    bench.fault(json!({"fault": "mute", "new": true}));
    let conn = bench.open("/", &[]);
    assert_eq!(bench.rest(conn), [Seen::Read(false)]);
}

#[test]
fn pings_are_answered_unless_pongs_are_withheld() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    let ping = |bench: &mut Bench| bench.handle(Input::Ping { conn, data: vec![1].into() });
    ping(&mut bench);
    assert_eq!(bench.rest(conn), [Seen::Other(Frame::Pong(vec![1].into()))]);
    bench.fault(json!({"fault": "withhold_pongs"}));
    ping(&mut bench);
    assert_eq!(bench.rest(conn), []);
}

#[test]
fn silence_of_pings_does_not_end_the_connection() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    bench.fault(json!({"fault": "silence_pings"}));
    bench.pass(300_000);
    assert_eq!(bench.rest(conn), []);
}

#[test]
fn any_frame_can_be_sent() {
    let mut bench = Bench::new();
    let conn = bench.open("/raw", &[]);
    bench.fault(json!({"fault": "send_text", "text": "gar{bage"}));
    bench.fault(json!({"fault": "send_binary", "data": [1, 2]}));
    bench.fault(json!({"fault": "send_raw", "data": [0x81, 0]}));
    bench.fault(json!({"fault": "send_fragments", "text": "abcde", "size": 2}));
    let parts = ["ab", "cd", "e"].map(|part| part.as_bytes().to_vec().into()).to_vec();
    let wanted = [
        Frame::text("gar{bage"),
        Frame::Binary(vec![1, 2].into()),
        Frame::Raw(vec![0x81, 0].into()),
        Frame::Fragments { text: true, parts },
    ];
    assert_eq!(bench.rest(conn), wanted.map(Seen::Other));
    bench.fault(json!({"fault": "send_huge", "bytes": 100_000}));
    assert_eq!(bench.json(conn).to_string().len(), 100_000);
}

#[test]
fn every_bad_frame_has_bytes_and_a_truncated_one_ends_the_connection() {
    let mut bench = Bench::new();
    let conn = bench.open("/raw", &[]);
    for kind in [
        "reserved_opcode",
        "reserved_bits",
        "masked",
        "bad_utf8",
        "lone_continuation",
        "fragmented_ping",
        "long_ping",
        "bad_close_code",
        "short_close",
        "padded_length",
    ] {
        bench.fault(json!({"fault": "send_bad_frame", "kind": kind}));
        let seen = bench.rest(conn);
        assert!(matches!(&seen[..], [Seen::Other(Frame::Raw(bytes))] if bytes.len() > 2), "{kind}: {seen:?}");
    }
    bench.fault(json!({"fault": "send_bad_frame", "kind": "truncated"}));
    assert!(matches!(bench.rest(conn)[..], [Seen::Other(_), Seen::Drop(Cut::Fin)]));
}

#[test]
fn faults_hit_their_target_and_no_other() {
    let mut bench = Bench::new();
    let (astro, raw, newest) = (bench.astro(), bench.open("/raw", &[]), bench.open("/raw", &[]));
    for (target, hit) in
        [(json!({"conn": 1}), vec![astro]), (json!({"dialect": "raw"}), vec![raw, newest]), (json!("newest"), vec![newest])]
    {
        let count = bench.fault(json!({"fault": "send_text", "text": "{}", "target": target}));
        assert_eq!(count, hit.len());
        for conn in [astro, raw, newest] {
            assert_eq!(bench.rest(conn).len(), usize::from(hit.contains(&conn)), "{target}");
        }
    }
}

#[test]
fn faults_that_make_no_sense_are_refused_with_a_reason() {
    let mut bench = Bench::new();
    for fault in [
        Fault::RefuseUpgrades { status: 200, count: 1, retry_after: None },
        Fault::Close { code: Some(12), reason: String::new(), target: topicwire_gateway::machine::Target::All },
        Fault::ReorderResponses { window: 1, count: 1 },
        Fault::Subprotocol { answer: Some("two words".to_owned()), count: 1 },
    ] {
        let refused = bench.machine.fault(bench.now, fault.clone());
        assert!(refused.is_err_and(|why| why.contains("must be")), "{fault:?}");
    }
}

#[test]
fn a_reader_that_lags_too_far_is_cut_and_on_graphql_told_so_if_that_is_set() {
    let mut bench = Bench::with(&json!({"max_queued_bytes": 1000, "graphql": {"max_buffered": 500}}));
    let astro = bench.astro();
    let graphql = bench.graphql(MODERN);
    bench.handle(Input::Buffered { conn: astro, bytes: 1000 });
    assert_eq!(bench.rest(astro), []);
    bench.handle(Input::Buffered { conn: astro, bytes: 1001 });
    assert_eq!(bench.rest(astro), [Seen::Drop(Cut::Reset)]);
    bench.handle(Input::Buffered { conn: graphql, bytes: 501 });
    assert_eq!(bench.rest(graphql), [close(1013, "client is not consuming messages fast enough")]);
}

#[test]
fn broken_framing_is_answered_with_a_close() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    bench.handle(Input::Broken { conn, code: 1007, reason: "not UTF-8".to_owned() });
    assert_eq!(bench.rest(conn), [close(1007, "not UTF-8"), Seen::Drop(Cut::Fin)]);
}
