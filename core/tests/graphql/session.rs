//! Opening a session, running operations on it, losing it and coming back.

use std::time::Duration;

use crate::server::*;

#[test]
fn a_lazy_client_dials_with_its_first_operation_and_offers_both_subprotocols() {
    let mut bench = bench(options());
    assert_eq!(bench.dials(), 0);
    start(&mut bench, Q);
    let (_, dial) = bench.dialed();
    assert_eq!(dial.protocols, [MODERN, LEGACY]);
}

#[test]
fn the_answered_subprotocol_is_spoken() {
    for (protocol, word) in [(MODERN, "subscribe"), (LEGACY, "start")] {
        let mut bench = bench(options());
        let subscription = start(&mut bench, Q);
        let (link, sent) = up(&mut bench, protocol);
        assert_eq!(sent[0]["type"], word);
        let told = bench.events_of(|kind| match kind {
            EventKind::Subscribed { subscription, confirmed, recovered } => Some((*subscription, *confirmed, *recovered)),
            _ => None,
        });
        assert_eq!(told, [(subscription, false, false)], "no answer says that a subscription is live");
        let request = bench.unsubscribe(subscription);
        assert!(bench.reply(request).is_some_and(|reply| reply.is_ok()), "nobody waits for the server");
        let stop = if protocol == MODERN { "complete" } else { "stop" };
        assert_eq!(bench.sent(link), [json!({"id": "1", "type": stop})]);
    }
}

#[test]
fn no_subprotocol_answered_is_fatal_unless_legacy_is_assumed() {
    let mut strict = bench(options());
    start(&mut strict, Q);
    let (link, _) = strict.dialed();
    strict.open(link);
    assert!(strict.states().contains(&"closed") || strict.closing(link).is_some());

    let mut lenient = bench(GraphQlOptions { assume_legacy: true, ..options() });
    start(&mut lenient, Q);
    let (link, _) = lenient.dialed();
    lenient.open(link);
    lenient.text(link, &json!({"type": "connection_ack"}));
    assert_eq!(lenient.sent(link).last().map(|frame| frame["type"].clone()), Some(json!("start")));
}

#[test]
fn after_a_loss_operations_run_again_with_fresh_ids_and_a_gap() {
    let (mut bench, link, subscription) = running(MODERN);
    next(&mut bench, link, "1", json!({"data": {"a": 1}}));
    let since = bench.now.wall;
    bench.pass(Duration::from_secs(6));
    bench.cut(link);
    bench.pass_ms(1_000);
    let (link, sent) = up(&mut bench, MODERN);
    assert_eq!(sent.len(), 1);
    let gaps = bench.gaps();
    assert_eq!(gaps.len(), 1);
    assert_eq!((gaps[0].since, gaps[0].subscriptions.as_slice()), (since, &[subscription][..]));
    next(&mut bench, link, sent[0]["id"].as_str().expect("an id"), json!({"data": {"a": 2}}));
    assert_eq!(payloads(&mut bench).len(), 2);
}

#[test]
fn a_refused_session_of_legacy_is_a_frame_and_then_a_close() {
    let mut bench = bench(GraphQlOptions { protocol: Protocol::Legacy, ..options() });
    start(&mut bench, Q);
    let (link, _) = bench.dialed();
    bench.open_with(link, LEGACY);
    bench.text(link, &json!({"type": "ka"}));
    bench.text(link, &json!({"type": "connection_error", "payload": {"message": "Unauthorized"}}));
    bench.closed(link, 1011, "");
    assert_eq!(bench.session.state().as_str(), "closed");
}

#[test]
fn bitquery_has_a_socket_for_each_operation_which_goes_with_it() {
    let mut preset = GraphQlOptions::preset(Preset::Bitquery);
    preset.token = Credential::Static("ory_at_x".into());
    let mut bench = bench(preset);
    let first = start(&mut bench, Q);
    start(&mut bench, Q);
    let (one, sent_one) = up(&mut bench, LEGACY);
    let (two, sent_two) = up(&mut bench, LEGACY);
    assert_eq!((sent_one.len(), sent_two.len()), (1, 1));
    bench.unsubscribe(first);
    assert_eq!(bench.sent(one), [json!({"id": "1", "type": "stop"}), json!({"type": "connection_terminate"})]);
    assert_eq!(bench.closing(one).expect("it closes").code, 1000);
    assert!(bench.closing(two).is_none());
    bench.closed(one, 1000, "");
    bench.pass_ms(9_000);
    bench.pass_ms(2_000);
    assert!(bench.aborted(two), "10 s of silence are enough");
}

#[test]
fn closing_says_goodbye_in_the_words_of_the_subprotocol() {
    let mut bench = bench(options());
    start(&mut bench, Q);
    let (link, _) = up(&mut bench, LEGACY);
    bench.session.close(bench.now, 1000, "");
    bench.collect();
    assert_eq!(bench.sent(link), [json!({"type": "connection_terminate"})]);
    assert_eq!(bench.closing(link).expect("a close frame").code, 1000);
}

#[test]
fn one_slow_reader_is_not_the_business_of_the_socket() {
    let (mut bench, link, _) = running(MODERN);
    bench.input(Input::Pressure { on: true });
    let paused = bench.take(|output| matches!(output, Output::Read { link: other, on: false } if *other == link).then_some(())).is_some();
    assert!(paused, "only a lane that owns its socket asks for this");
    bench.command(Command::Execute(OperationTarget::new("query { hello }")));
    let resumed = bench.take(|output| matches!(output, Output::Read { link: other, on: true } if *other == link).then_some(())).is_some();
    assert!(resumed, "an answer that is awaited comes by the same socket");
}

#[test]
fn reading_pauses_no_longer_than_the_server_bears() {
    let (mut bench, link, _) = running(MODERN);
    bench.input(Input::Pressure { on: true });
    let paused = |output: &Output| matches!(output, Output::Read { on: false, .. }).then_some(());
    assert!(bench.take(paused).is_some());
    bench.pass_ms(5_900);
    assert!(bench.take(|output| matches!(output, Output::Stall).then_some(())).is_none());
    bench.pass_ms(200);
    assert!(bench.take(|output| matches!(output, Output::Stall).then_some(())).is_some(), "lanes drop what they must");
    let resumed = bench.take(|output| matches!(output, Output::Read { link: other, on: true } if *other == link).then_some(()));
    assert!(resumed.is_some());
}

#[test]
fn a_pinned_subprotocol_is_offered_alone_and_no_other_is_spoken() {
    for (pinned, protocol, other) in [(Protocol::Modern, MODERN, LEGACY), (Protocol::Legacy, LEGACY, MODERN)] {
        let mut bench = bench(GraphQlOptions { protocol: pinned, ..options() });
        start(&mut bench, Q);
        let (link, dial) = bench.dialed();
        assert_eq!(dial.protocols, [protocol]);
        bench.open_with(link, other);
        assert!(bench.sent(link).is_empty());
        assert!(bench.closing(link).is_some(), "RFC 6455: an answer that was not offered fails the handshake");
    }
}

#[test]
fn nothing_is_sent_before_the_ack_and_a_second_ack_is_passed_over() {
    for protocol in BOTH {
        let mut bench = bench(options());
        start(&mut bench, Q);
        let (link, _) = open(&mut bench, protocol);
        bench.text(link, &json!({"type": "ka"}));
        assert!(bench.sent(link).is_empty());
        ack(&mut bench, link);
        ack(&mut bench, link);
        assert_eq!(bench.sent(link).len(), 1);
        assert!(bench.faults().is_empty());
    }
}

#[test]
fn the_payload_of_the_ack_is_told() {
    let mut bench = bench(GraphQlOptions { lazy: false, ..options() });
    let (link, _) = open(&mut bench, MODERN);
    bench.raw_text(link, r#"{"type":"connection_ack","payload":{"server": 1.0}}"#);
    let greetings = bench.events_of(|kind| match kind {
        EventKind::Opened(opened) => Some((opened.protocol.clone(), opened.greeting.clone())),
        _ => None,
    });
    assert_eq!(greetings, [(Some(MODERN.to_owned()), Some(bytes::Bytes::from_static(br#"{"server": 1.0}"#)))]);
}

#[test]
fn an_ack_that_does_not_come_is_not_waited_for() {
    let mut bench = bench(options());
    start(&mut bench, Q);
    let (link, _) = open(&mut bench, MODERN);
    bench.pass_ms(9_999);
    assert!(!bench.aborted(link));
    bench.pass_ms(1);
    assert!(bench.aborted(link));
    assert_eq!(bench.session.state().as_str(), "backoff");
}

#[test]
fn a_refusal_by_frame_is_acted_on_without_waiting_for_the_close() {
    for protocol in BOTH {
        let mut bench = bench(options());
        start(&mut bench, Q);
        let (link, _) = open(&mut bench, protocol);
        bench.text(link, &json!({"type": "connection_error", "payload": {"message": "who are you?"}}));
        assert_eq!(bench.closing(link).expect("it is closed").code, 1000);
        bench.closed(link, 1011, "");
        assert_eq!(closed_because(&mut bench), Some(Code::Unauthorized));
    }
}

#[test]
fn ids_are_never_used_twice_on_a_socket() {
    let (mut bench, link, first) = running(LEGACY);
    bench.unsubscribe(first);
    let second = start(&mut bench, Q);
    let sent = bench.sent(link);
    assert_eq!((&sent[0]["id"], &sent[1]["id"]), (&json!("1"), &json!("2")));
    // The end of the first comes after the start of the second, and must not be taken for its end.
    bench.text(link, &json!({"type": "data", "id": "1", "payload": {"data": {"late": true}}}));
    bench.text(link, &json!({"type": "complete", "id": "1", "payload": null}));
    assert!(endings(&mut bench).is_empty() && payloads(&mut bench).is_empty());
    bench.text(link, &json!({"type": "complete", "id": "2"}));
    assert_eq!(endings(&mut bench), [(second, Ok(()))]);
    assert!(bench.faults().is_empty());
}

#[test]
fn interleaved_operations_are_told_apart() {
    let mut bench = bench(options());
    let (a, b) = (start(&mut bench, Q), start(&mut bench, Q));
    let (link, _) = up(&mut bench, MODERN);
    for (id, n) in [("1", 1), ("2", 2), ("2", 3), ("1", 4)] {
        next(&mut bench, link, id, json!({"data": {"n": n}}));
    }
    let of = bench.events_of(|kind| match kind {
        EventKind::Message(message) => Some(message.subscriptions().to_vec()),
        _ => None,
    });
    assert_eq!(of, [vec![a], vec![b], vec![b], vec![a]]);
}

#[test]
fn bad_operations_are_refused_before_anything_is_sent() {
    let raw = |text: &str| Some(serde_json::value::RawValue::from_string(text.to_owned()).expect("JSON"));
    let mut bench = bench(options());
    for (target, option) in [
        (OperationTarget::new("  "), "query"),
        (OperationTarget { variables: raw("[1]"), ..OperationTarget::new(Q) }, "variables"),
        (OperationTarget { extensions: raw("\"x\""), ..OperationTarget::new(Q) }, "extensions"),
    ] {
        let refused = bench.session.submit(bench.now, RequestId(90), Command::Operation(target), bytes::Bytes::new());
        assert!(refused.expect_err("refused").message.contains(option));
    }
    bench.command(Command::Operation(OperationTarget {
        variables: raw("null"),
        extensions: raw(r#"{"a":1.50}"#),
        operation_name: Some("S".to_owned()),
        ..OperationTarget::new("subscription S { ticks }")
    }));
    let (_, sent) = up(&mut bench, MODERN);
    let payload = json!({"query": "subscription S { ticks }", "operationName": "S", "extensions": {"a": 1.5}});
    assert_eq!(sent[0]["payload"], payload, "absent fields are left out");
}

#[test]
fn a_lazy_client_closes_what_nobody_uses_after_a_while() {
    for (protocol, last_words) in [(MODERN, vec![]), (LEGACY, vec![json!({"type": "connection_terminate"})])] {
        let mut bench = bench(GraphQlOptions { linger: Some(Duration::from_secs(3)), ..options() });
        let subscription = start(&mut bench, Q);
        let (link, _) = up(&mut bench, protocol);
        bench.unsubscribe(subscription);
        bench.sent(link);
        bench.pass_ms(2_999);
        assert!(bench.closing(link).is_none());
        bench.pass_ms(1);
        assert_eq!(bench.sent(link), last_words);
        assert_eq!(bench.closing(link).expect("it closes").code, 1000);
        bench.closed(link, 1000, "");
        bench.pass(LONG);
        assert_eq!(bench.dials(), 0);
    }
}

#[test]
fn nothing_is_asked_of_a_link_that_ended_in_the_same_turn() {
    let mut bench = bench(GraphQlOptions { sockets: topicwire::options::Sockets::PerOperation, ..options() });
    start(&mut bench, Q);
    let (link, sent) = up(&mut bench, LEGACY);
    // The operation is over, so its socket is to be closed; but it breaks before anybody asks what to do.
    let complete = json!({"type": "complete", "id": sent[0]["id"]}).to_string();
    bench.session.handle(bench.now, Input::Frame { link, frame: Frame::Text(complete.into()) });
    bench.session.handle(bench.now, Input::Closed { link, end: LinkEnd::default() });
    bench.collect();
    assert!(bench.outputs.iter().all(|output| output.link() != Some(link)), "{:?}", bench.outputs);
}

#[test]
fn an_aborted_client_has_nothing_to_write() {
    let mut bench = bench(options());
    bench.flush = false;
    start(&mut bench, Q);
    let (link, _) = bench.dialed();
    bench.open_with(link, MODERN);
    assert!(bench.session.outbound_bytes() > 0, "the init is not written yet");
    bench.session.abort(bench.now);
    bench.collect();
    assert_eq!(bench.session.outbound_bytes(), 0);
}
