//! Signs of life: what counts, what is watched, what is probed.

use std::time::Duration;

use crate::server::*;

#[test]
fn pings_are_answered_with_their_payload_also_before_the_ack() {
    let mut bench = bench(options());
    start(&mut bench, Q);
    let (link, _) = bench.dialed();
    bench.open_with(link, MODERN);
    bench.sent(link);
    bench.raw_text(link, r#"{"type":"ping","payload":{"a":1}}"#);
    assert_eq!(bench.sent(link), [json!({"type": "pong", "payload": {"a": 1}})]);
}

#[test]
fn silence_is_judged_by_the_heartbeat_that_the_server_shows() {
    let (mut bench, link, _) = running(MODERN);
    for _ in 0..3 {
        bench.pass_ms(2_000);
        bench.text(link, &json!({"type": "pong"}));
    }
    bench.pass_ms(4_900);
    assert!(!bench.aborted(link));
    bench.pass_ms(200);
    assert!(bench.aborted(link), "2.5 periods of silence");
}

#[test]
fn data_alone_keeps_a_socket_alive() {
    let mut bench = bench(GraphQlOptions { idle_timeout: Some(Duration::from_millis(600)), ..options() });
    start(&mut bench, Q);
    let (link, _) = up(&mut bench, LEGACY);
    for _ in 0..20 {
        bench.pass_ms(150);
        bench.text(link, &json!({"type": "data", "id": "1", "payload": {"data": {}}}));
    }
    assert!(!bench.aborted(link));
}

#[test]
fn a_subscription_without_data_is_told_and_does_not_reconnect() {
    let mut bench = bench(options());
    bench.command(Command::Operation(OperationTarget { data_timeout_ms: Some(5_000), ..OperationTarget::new(Q) }));
    let (link, _) = up(&mut bench, MODERN);
    bench.pass_ms(4_000);
    next(&mut bench, link, "1", json!({"data": {}}));
    bench.pass_ms(4_000);
    assert!(bench.faults().is_empty());
    bench.pass_ms(2_000);
    assert_eq!(bench.faults(), ["no_data"]);
    assert!(!bench.aborted(link));
}

#[test]
fn any_frame_is_a_sign_of_life_and_silence_is_not() {
    for sign in [
        Frame::Text(bytes::Bytes::from_static(br#"{"type":"ka"}"#)),
        Frame::Text(bytes::Bytes::from_static(br#"{"type":"never-heard-of"}"#)),
        Frame::Ping(bytes::Bytes::new()),
        Frame::Pong(bytes::Bytes::new()),
    ] {
        let mut bench = bench(GraphQlOptions { idle_timeout: Some(Duration::from_secs(10)), ..options() });
        start(&mut bench, Q);
        let (link, _) = up(&mut bench, LEGACY);
        bench.pass_ms(9_000);
        bench.input(Input::Frame { link, frame: sign });
        bench.pass_ms(9_900);
        assert!(!bench.aborted(link));
        bench.pass_ms(200);
        assert!(bench.aborted(link), "no close handshake with the dead");
        assert!(bench.faults().contains(&"stale"));
    }
}

#[test]
fn without_a_heartbeat_an_idle_socket_is_healthy() {
    let (mut bench, link, _) = running(LEGACY);
    bench.pass(Duration::from_secs(86_400));
    assert!(!bench.aborted(link));
}

#[test]
fn the_heartbeat_may_be_a_message_of_any_kind_or_a_frame_below_them() {
    for (protocol, beat) in [
        (LEGACY, Frame::Text(bytes::Bytes::from_static(br#"{"type":"ka"}"#))),
        (MODERN, Frame::Text(bytes::Bytes::from_static(br#"{"type":"ping"}"#))),
        (MODERN, Frame::Text(bytes::Bytes::from_static(br#"{"type":"pong"}"#))),
        (MODERN, Frame::Ping(bytes::Bytes::new())),
    ] {
        let (mut bench, link, _) = running(protocol);
        bench.input(Input::Frame { link, frame: beat.clone() });
        bench.input(Input::Frame { link, frame: beat.clone() });
        bench.pass(Duration::from_secs(60));
        assert!(!bench.aborted(link), "two at once are no period");
        for _ in 0..3 {
            bench.input(Input::Frame { link, frame: beat.clone() });
            bench.pass_ms(4_000);
        }
        bench.pass_ms(5_900);
        assert!(!bench.aborted(link));
        bench.pass_ms(200);
        assert!(bench.aborted(link), "2.5 periods of 4 s");
    }
}

#[test]
fn probes_are_messages_on_modern_and_ping_frames_on_legacy() {
    let probing = GraphQlOptions { ping_interval: Some(Duration::from_secs(20)), pong_timeout: Duration::from_secs(5), ..options() };
    for protocol in BOTH {
        let mut bench = bench(probing.clone());
        start(&mut bench, Q);
        let (link, _) = up(&mut bench, protocol);
        bench.pass_ms(20_000);
        let frames = bench.take(|output| match output {
            Output::Send { link: other, frame, .. } if *other == link => Some(frame.clone()),
            _ => None,
        });
        match (protocol, frames.expect("a probe")) {
            (MODERN, Frame::Text(text)) => assert!(text.starts_with(br#"{"type":"ping""#)),
            (LEGACY, Frame::Ping(_)) => {}
            (_, other) => panic!("{protocol}: {other:?}"),
        }
        // Whatever comes is an answer.
        bench.text(link, &json!({"type": word(protocol), "id": "1", "payload": {"data": {}}}));
        bench.pass_ms(19_900);
        assert!(!bench.aborted(link));
        bench.pass_ms(5_200);
        assert!(bench.aborted(link), "the second probe was not answered");
    }
}

#[test]
fn pongs_that_were_asked_for_are_no_heartbeat() {
    let mut bench =
        bench(GraphQlOptions { ping_interval: Some(Duration::from_secs(1)), pong_timeout: Duration::from_secs(60), ..options() });
    start(&mut bench, Q);
    let (link, _) = up(&mut bench, MODERN);
    for _ in 0..5 {
        bench.pass_ms(1_000);
        for ping in bench.sent(link) {
            bench.text(link, &json!({"type": "pong", "payload": ping["payload"]}));
        }
    }
    bench.pass_ms(30_000);
    assert!(!bench.aborted(link), "2.5 times our own interval means nothing");
}

#[test]
fn silence_of_an_operation_is_told_once_and_again_after_it_spoke() {
    let mut bench = bench(options());
    bench.command(Command::Operation(OperationTarget { data_timeout_ms: Some(1_000), ..OperationTarget::new(Q) }));
    let (link, _) = up(&mut bench, MODERN);
    bench.pass_ms(10_000);
    assert_eq!(bench.faults(), ["no_data"]);
    next(&mut bench, link, "1", json!({"data": {}}));
    bench.pass_ms(999);
    assert!(bench.faults().is_empty());
    bench.pass_ms(10_000);
    assert_eq!(bench.faults(), ["no_data"]);
}
