//! Operations over both subprotocols, against what the reference servers were seen to do.

mod harness;

use std::time::Duration;

use harness::Bench;
use serde_json::{Value, json};
use topicwire::command::{Command, OperationTarget};
use topicwire::error::Code;
use topicwire::event::{EventKind, Outcome};
use topicwire::id::{LinkId, RequestId, SubscriptionId};
use topicwire::options::{Auth, Credential, GraphQlOptions, Jitter, Options, Preset, Protocol};
use topicwire::session::io::{Frame, Input, Output};

const MODERN: &str = "graphql-transport-ws";
const LEGACY: &str = "graphql-ws";
const Q: &str = "subscription { ticks { seq } }";

fn options() -> GraphQlOptions {
    let mut options = GraphQlOptions::new("wss://h.test/graphql");
    options.reconnect.jitter = Jitter::None;
    options
}

fn bench(options: GraphQlOptions) -> Bench {
    let mut bench = Bench::new(Options::GraphQl(options));
    bench.connect();
    bench
}

fn start(bench: &mut Bench, query: &str) -> SubscriptionId {
    bench.command(Command::Operation(OperationTarget::new(query))).into()
}

/// Opens and acknowledges the next dial; returns what was sent before and after the ack.
fn up(bench: &mut Bench, protocol: &str) -> (LinkId, Vec<Value>) {
    let (link, _) = bench.dialed();
    bench.open_with(link, protocol);
    let init = bench.sent(link);
    assert_eq!(init.len(), 1, "nothing but the init goes out before the ack");
    assert_eq!(init[0]["type"], "connection_init");
    bench.text(link, &json!({"type": "connection_ack"}));
    let sent = bench.sent(link);
    (link, sent)
}

fn next(bench: &mut Bench, link: LinkId, id: &Value, payload: Value) {
    let kind = if id.is_string() { "next" } else { "data" };
    bench.text(link, &json!({"type": kind, "id": id, "payload": payload}));
}

fn payloads(bench: &mut Bench) -> Vec<Value> {
    bench.events_of(|kind| match kind {
        EventKind::Message(message) => message.json::<Value>().ok(),
        _ => None,
    })
}

fn endings(bench: &mut Bench) -> Vec<(SubscriptionId, Result<(), String>)> {
    bench.events_of(|kind| match kind {
        EventKind::Ended { subscription, outcome: Outcome::Completed } => Some((*subscription, Ok(()))),
        EventKind::Ended { subscription, outcome: Outcome::Failed(error) } => {
            Some((*subscription, Err(error.gateway_text.clone().unwrap_or_default())))
        }
        _ => None,
    })
}

fn running() -> (Bench, LinkId, SubscriptionId) {
    let mut bench = bench(options());
    let subscription = start(&mut bench, Q);
    let (link, sent) = up(&mut bench, MODERN);
    assert_eq!(sent, [json!({"id": "1", "type": "subscribe", "payload": {"query": Q}})]);
    (bench, link, subscription)
}

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
fn results_errors_beside_data_included_go_on_and_the_end_is_told() {
    let (mut bench, link, subscription) = running();
    let id = json!("1");
    next(&mut bench, link, &id, json!({"data": {"ticks": {"seq": 1}}}));
    next(&mut bench, link, &id, json!({"data": {"ticks": null}, "errors": [{"message": "partial"}]}));
    bench.raw_text(link, r#"{"id":"1","type":"next","payload":{"data":{"ticks":{"seq":3}}}}"#);
    bench.text(link, &json!({"id": "1", "type": "complete"}));
    assert_eq!(payloads(&mut bench).len(), 3);
    assert_eq!(endings(&mut bench), [(subscription, Ok(()))]);
    next(&mut bench, link, &id, json!({"data": {"ticks": {"seq": 4}}}));
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
        let (mut bench, link, subscription) = running();
        bench.text(link, &json!({"type": "error", "id": "1", "payload": payload}));
        bench.text(link, &json!({"type": "complete", "id": "1"}));
        assert_eq!(endings(&mut bench), [(subscription, Err("boom".to_owned()))], "{payload}");
        assert_eq!(bench.dials(), 0);
    }
}

#[test]
fn numeric_ids_and_binary_frames_are_understood() {
    let (mut bench, link, _) = running();
    bench.raw_text(link, r#"{"type":"next","id":1,"payload":{"data":{"a":1}}}"#);
    let frame = Frame::Binary(bytes::Bytes::from_static(br#"{"type":"next","id":"1","payload":{"data":{"a":2}}}"#));
    bench.input(Input::Frame { link, frame });
    assert_eq!(payloads(&mut bench).len(), 2);
}

#[test]
fn after_a_loss_operations_run_again_with_fresh_ids_and_a_gap() {
    let (mut bench, link, subscription) = running();
    next(&mut bench, link, &json!("1"), json!({"data": {"a": 1}}));
    let since = bench.now.wall;
    bench.pass(Duration::from_secs(6));
    bench.cut(link);
    bench.pass_ms(1_000);
    let (link, sent) = up(&mut bench, MODERN);
    assert_eq!(sent.len(), 1);
    let gaps = bench.gaps();
    assert_eq!(gaps.len(), 1);
    assert_eq!((gaps[0].since, gaps[0].subscriptions.as_slice()), (since, &[subscription][..]));
    next(&mut bench, link, &sent[0]["id"], json!({"data": {"a": 2}}));
    assert_eq!(payloads(&mut bench).len(), 2);
}

#[test]
fn one_bad_document_does_not_take_the_others_down_for_good() {
    let mut bench = bench(options());
    let good = start(&mut bench, Q);
    let bad = start(&mut bench, "subscription { ((( }");
    let other = start(&mut bench, "subscription { silent }");
    let (mut link, sent) = up(&mut bench, MODERN);
    assert_eq!(sent.len(), 3);
    next(&mut bench, link, &sent[0]["id"], json!({"data": {}}));
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

#[test]
fn close_codes_are_judged_as_the_policy_says() {
    let fate = |code: u16, tweak: fn(&mut GraphQlOptions)| {
        let mut options = options();
        tweak(&mut options);
        let mut bench = bench(options);
        start(&mut bench, Q);
        let (link, _) = up(&mut bench, MODERN);
        bench.closed(link, code, "");
        bench.session.state().as_str().to_owned()
    };
    for code in [1000, 1001, 1005, 1006, 1011, 1012, 1013, 4408, 4429, 4500, 4205] {
        assert_eq!(fate(code, |_| {}), "backoff", "{code}");
    }
    for code in [4400, 4401, 4403, 4406, 4409, 1002] {
        assert_eq!(fate(code, |_| {}), "closed", "{code}");
    }
    assert_eq!(fate(4400, |options| options.retry_closes = [4400].into()), "backoff");
    assert_eq!(fate(1001, |options| options.fatal_closes = [1001].into()), "closed");
}

#[test]
fn a_refused_credential_is_refreshed_once() {
    let mut bench = bench(GraphQlOptions {
        token: Credential::Provider,
        auth: Auth::Query,
        auth_name: "token".into(),
        auth_prefix: String::new(),
        ..options()
    });
    start(&mut bench, Q);
    for round in 0..2 {
        let needs = bench.events_of(|kind| match kind {
            EventKind::Need(need) => Some(need.request),
            _ => None,
        });
        assert_eq!(needs.len(), 1, "round {round}");
        bench.session.answer_need(bench.now, needs[0], Ok((format!("t{round}").into(), None)));
        bench.collect();
        let (link, dial) = bench.dialed();
        assert!(dial.url.expose().ends_with(&format!("?token=t{round}")));
        bench.refuse(link, 401, &[]);
    }
    assert_eq!(bench.session.state().as_str(), "closed");
    let causes = bench.events_of(|kind| match kind {
        EventKind::Closed(closed) => closed.cause.as_ref().map(|cause| cause.code),
        _ => None,
    });
    assert_eq!(causes, [Code::Unauthorized]);
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
    let (mut bench, link, _) = running();
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
    next(&mut bench, link, &json!("1"), json!({"data": {}}));
    bench.pass_ms(4_000);
    assert!(bench.faults().is_empty());
    bench.pass_ms(2_000);
    assert_eq!(bench.faults(), ["no_data"]);
    assert!(!bench.aborted(link));
}

#[test]
fn queries_are_answered_and_asked_again_and_mutations_are_not() {
    for (document, again) in [("query { hello }", true), ("mutation { echo }", false)] {
        let mut bench = bench(options());
        let request: RequestId = bench.command(Command::Execute(OperationTarget::new(document)));
        let (link, sent) = up(&mut bench, MODERN);
        assert_eq!(sent.len(), 1);
        bench.cut(link);
        bench.pass_ms(1_000);
        if !again {
            assert!(bench.reply(request).expect("a reply").expect_err("unknown").starts_with("outcome_unknown"));
            continue;
        }
        let (link, sent) = up(&mut bench, MODERN);
        next(&mut bench, link, &sent[0]["id"], json!({"data": {"hello": "world"}}));
        bench.text(link, &json!({"type": "complete", "id": sent[0]["id"]}));
        let reply = bench.reply(request).expect("a reply").expect("a result");
        assert_eq!(reply.result.as_deref(), Some(&br#"{"data":{"hello":"world"}}"#[..]));
        assert!(bench.faults().iter().all(|fault| *fault == "connect"));
    }
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
fn what_cannot_be_understood_closes_modern_with_4004_and_is_skipped_on_legacy() {
    let (mut modern, link, _) = running();
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
    let (mut bench, link, _) = running();
    bench.input(Input::Pressure { on: true });
    let paused = bench.take(|output| matches!(output, Output::Read { link: other, on: false } if *other == link).then_some(())).is_some();
    assert!(paused, "only a lane that owns its socket asks for this");
    bench.command(Command::Execute(OperationTarget::new("query { hello }")));
    let resumed = bench.take(|output| matches!(output, Output::Read { link: other, on: true } if *other == link).then_some(())).is_some();
    assert!(resumed, "an answer that is awaited comes by the same socket");
}

#[test]
fn reading_pauses_no_longer_than_the_server_bears() {
    let (mut bench, link, _) = running();
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
