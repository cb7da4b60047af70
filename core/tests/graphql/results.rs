//! What servers say of operations: every row of the reference servers' failures, and what other servers make of it.

use crate::server::*;

#[test]
fn results_errors_beside_data_included_go_on_and_the_end_is_told() {
    let (mut bench, link, subscription) = running(MODERN);
    next(&mut bench, link, "1", json!({"data": {"ticks": {"seq": 1}}}));
    next(&mut bench, link, "1", json!({"data": {"ticks": null}, "errors": [{"message": "partial"}]}));
    bench.raw_text(link, r#"{"id":"1","type":"next","payload":{"data":{"ticks":{"seq":3}}}}"#);
    bench.text(link, &json!({"id": "1", "type": "complete"}));
    assert_eq!(payloads(&mut bench).len(), 3);
    assert_eq!(endings(&mut bench), [(subscription, Ok(()))]);
    next(&mut bench, link, "1", json!({"data": {"ticks": {"seq": 4}}}));
    assert!(payloads(&mut bench).is_empty(), "frames for an id that is over are dropped");
    assert!(bench.faults().is_empty());
}

#[test]
fn errors_without_data_followed_by_complete_are_a_failure_in_both_subprotocols() {
    for (protocol, word) in [(MODERN, "next"), (LEGACY, "data")] {
        let mut bench = bench(options());
        let subscription = start(&mut bench, "subscription { nonsense }");
        let (link, _) = up(&mut bench, protocol);
        bench.text(link, &json!({"type": word, "id": "1", "payload": {"errors": [{"message": "Cannot query field"}]}}));
        bench.text(link, &json!({"type": "complete", "id": "1", "payload": null}));
        assert_eq!(endings(&mut bench), [(subscription, Err("Cannot query field".to_owned()))]);
        assert!(payloads(&mut bench).is_empty());
    }
}

#[test]
fn error_frames_come_in_four_shapes() {
    for payload in [
        json!([{"message": "boom", "extensions": {"code": "X"}}]),
        json!({"message": "boom"}),
        json!({"errors": [{"message": "boom"}]}),
        json!("boom"),
    ] {
        let (mut bench, link, subscription) = running(MODERN);
        bench.text(link, &json!({"type": "error", "id": "1", "payload": payload}));
        bench.text(link, &json!({"type": "complete", "id": "1"}));
        assert_eq!(endings(&mut bench), [(subscription, Err("boom".to_owned()))], "{payload}");
        assert_eq!(bench.dials(), 0);
    }
}

#[test]
fn numeric_ids_and_binary_frames_are_understood() {
    let (mut bench, link, _) = running(MODERN);
    bench.raw_text(link, r#"{"type":"next","id":1,"payload":{"data":{"a":1}}}"#);
    let frame = Frame::Binary(bytes::Bytes::from_static(br#"{"type":"next","id":"1","payload":{"data":{"a":2}}}"#));
    bench.input(Input::Frame { link, frame });
    assert_eq!(payloads(&mut bench).len(), 2);
}

#[test]
fn what_cannot_be_understood_closes_modern_with_4004_and_is_skipped_on_legacy() {
    let (mut modern, link, _) = running(MODERN);
    modern.raw_text(link, "nonsense");
    assert_eq!(modern.closing(link).expect("closed").code, 4004);
    let mut legacy = bench(options());
    start(&mut legacy, Q);
    let (link, _) = up(&mut legacy, LEGACY);
    legacy.raw_text(link, "nonsense");
    legacy.text(link, &json!({"type": "connection_error", "id": null, "payload": {"message": "not JSON"}}));
    legacy.text(link, &json!({"type": "error", "payload": {"message": "Invalid message type!"}}));
    legacy.text(link, &json!({"type": "start_ack", "id": "1"}));
    legacy.text(link, &json!({"type": "bogus"}));
    assert_eq!(legacy.faults(), ["bad_frame", "gateway", "gateway", "unknown_frame"]);
    assert!(legacy.closing(link).is_none());
}

#[test]
fn an_error_frame_ends_its_operation_and_no_other() {
    for (protocol, payload) in [
        // Validation, and a source that breaks.
        (MODERN, json!([{"message": "boom"}])),
        // A syntax error, and a source that breaks.
        (LEGACY, json!({"name": "Error", "message": "boom"})),
    ] {
        let (mut bench, link, failed) = running(protocol);
        let other = start(&mut bench, Q);
        bench.text(link, &json!({"type": "error", "id": "1", "payload": payload}));
        assert_eq!(endings(&mut bench), [(failed, Err("boom".to_owned()))]);
        next(&mut bench, link, "1", json!({"data": {}}));
        assert!(payloads(&mut bench).is_empty(), "nothing follows an end");
        next(&mut bench, link, "2", json!({"data": {}}));
        bench.text(link, &json!({"type": "complete", "id": "2"}));
        assert_eq!((payloads(&mut bench).len(), endings(&mut bench)), (1, vec![(other, Ok(()))]));
    }
}

#[test]
fn errors_without_data_are_a_result_if_the_stream_goes_on() {
    for protocol in BOTH {
        let (mut bench, link, subscription) = running(protocol);
        let errors = json!({"errors": [{"message": "not yet"}]});
        bench.text(link, &json!({"type": word(protocol), "id": "1", "payload": errors}));
        assert!(payloads(&mut bench).is_empty(), "the end may be right behind");
        bench.text(link, &json!({"type": word(protocol), "id": "1", "payload": {"data": {"n": 1}}}));
        assert_eq!(payloads(&mut bench), [errors.clone(), json!({"data": {"n": 1}})]);
        // Only the first result is looked at.
        bench.text(link, &json!({"type": word(protocol), "id": "1", "payload": errors}));
        assert_eq!(payloads(&mut bench), [errors]);
        bench.text(link, &json!({"type": "complete", "id": "1"}));
        assert_eq!(endings(&mut bench), [(subscription, Ok(()))]);
    }
}

#[test]
fn errors_without_data_are_not_kept_from_the_user_for_long() {
    let (mut bench, link, subscription) = running(MODERN);
    next(&mut bench, link, "1", json!({"errors": [{"message": "hm"}]}));
    bench.pass_ms(1_000);
    assert_eq!(payloads(&mut bench).len(), 1);
    bench.text(link, &json!({"type": "complete", "id": "1"}));
    assert_eq!(endings(&mut bench), [(subscription, Ok(()))], "what has been told is not told again as a failure");
    let (mut bench, link, _) = running(MODERN);
    next(&mut bench, link, "1", json!({"errors": [{"message": "hm"}]}));
    bench.cut(link);
    assert_eq!(payloads(&mut bench).len(), 1, "nor lost with the connection");
}

#[test]
fn null_data_with_errors_is_a_result() {
    let (mut bench, link, subscription) = running(MODERN);
    next(&mut bench, link, "1", json!({"data": null, "errors": [{"message": "x"}]}));
    next(&mut bench, link, "1", json!({"errors": null, "data": {"n": 1}}));
    bench.text(link, &json!({"type": "next", "id": "1", "payload": null}));
    assert_eq!(bench.events_of(|kind| matches!(kind, EventKind::Message(_)).then_some(())).len(), 3);
    bench.text(link, &json!({"type": "complete", "id": "1"}));
    assert_eq!(endings(&mut bench), [(subscription, Ok(()))]);
}

#[test]
fn results_carry_the_name_of_their_operation_or_its_root_field() {
    for (query, topic) in [
        ("subscription Prices { t: trades { price } }", Some("Prices")),
        ("subscription { t: trades { price } }", Some("trades")),
        ("subscription { ...F } fragment F on S { trades }", None),
    ] {
        let mut bench = bench(options());
        start(&mut bench, query);
        let (link, _) = up(&mut bench, MODERN);
        next(&mut bench, link, "1", json!({"data": {"t": 1}}));
        let topics = bench.events_of(|kind| match kind {
            EventKind::Message(message) => Some(message.topic().map(str::to_owned)),
            _ => None,
        });
        assert_eq!(topics, [topic.map(str::to_owned)]);
    }
}

#[test]
fn any_order_of_members_and_any_escape_is_read() {
    let (mut bench, link, subscription) = running(MODERN);
    for frame in [
        r#"{"payload":{"data":{"id":"9","type":"error"}},"id":"1","type":"next"}"#,
        r#" { "type" : "next" , "extra" : [{"type":"complete"}], "payload" : {"data":{}} , "id" : "1" } "#,
        r#"{"\u0069d":"\u0031","t\u0079pe":"ne\u0078t","payload":{"data":{}}}"#,
    ] {
        bench.raw_text(link, frame);
    }
    assert_eq!(payloads(&mut bench).len(), 3);
    bench.raw_text(link, r#"{"type":"complete","payload":null,"id":1}"#);
    assert_eq!(endings(&mut bench), [(subscription, Ok(()))]);
}

#[test]
fn frames_about_operations_that_nobody_knows_are_dropped() {
    for protocol in BOTH {
        let (mut bench, link, _) = running(protocol);
        for id in
            [json!("2"), json!("01"), json!("x"), json!(""), json!(1.5), json!(-1), json!([]), json!(null), json!("99999999999999999999")]
        {
            for kind in [word(protocol), "complete"] {
                bench.text(link, &json!({"type": kind, "id": id, "payload": {"data": {}}}));
            }
        }
        bench.text(link, &json!({"type": "complete"}));
        assert!(payloads(&mut bench).is_empty() && endings(&mut bench).is_empty() && bench.faults().is_empty());
        assert!(bench.closing(link).is_none());
    }
}

#[test]
fn results_before_the_ack_break_the_modern_protocol_and_mean_nothing_on_legacy() {
    for kind in ["next", "complete", "error"] {
        let mut bench = bench(options());
        start(&mut bench, Q);
        let (link, _) = open(&mut bench, MODERN);
        bench.text(link, &json!({"type": kind, "id": "1", "payload": {"data": {}}}));
        assert_eq!(bench.closing(link).expect("closed").code, 4004);
        assert_eq!(bench.session.state().as_str(), "backoff");
    }
    let mut bench = bench(options());
    start(&mut bench, Q);
    let (link, _) = open(&mut bench, LEGACY);
    bench.text(link, &json!({"type": "data", "id": "1", "payload": {"data": {}}}));
    ack(&mut bench, link);
    assert_eq!(bench.sent(link).len(), 1);
}

#[test]
fn a_binary_frame_that_is_no_text_is_not_understood() {
    for (protocol, closes) in [(MODERN, true), (LEGACY, false)] {
        let (mut bench, link, _) = running(protocol);
        let frame = Frame::Binary(bytes::Bytes::from_static(b"{\"type\":\"ka\",\"x\":\"\xff\"}"));
        bench.input(Input::Frame { link, frame });
        assert_eq!(bench.closing(link).is_some(), closes);
        assert_eq!(bench.faults(), [if closes { "connect" } else { "bad_frame" }]);
    }
}

#[test]
fn a_server_that_does_not_know_the_user_is_heard_as_such() {
    let (mut bench, link, _) = running(MODERN);
    bench.text(
        link,
        &json!({"type": "error", "id": "1", "payload": [{"message": "no", "extensions": {"code": "INVALID_TOKEN"}}, {"message": "b"}]}),
    );
    let errors = bench.events_of(|kind| match kind {
        EventKind::Ended { outcome: Outcome::Failed(error), .. } => Some(error.as_ref().clone()),
        _ => None,
    });
    assert_eq!((errors[0].code, errors[0].gateway_code.as_deref()), (Code::Unauthorized, Some("INVALID_TOKEN")));
    assert!(errors[0].message.contains("2 errors"));
}
