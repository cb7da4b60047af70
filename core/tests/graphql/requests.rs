//! Queries and mutations.

use crate::server::*;

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
        next(&mut bench, link, sent[0]["id"].as_str().expect("an id"), json!({"data": {"hello": "world"}}));
        bench.text(link, &json!({"type": "complete", "id": sent[0]["id"]}));
        let reply = bench.reply(request).expect("a reply").expect("a result");
        assert_eq!(reply.result.as_deref(), Some(&br#"{"data":{"hello":"world"}}"#[..]));
        assert!(bench.faults().iter().all(|fault| *fault == "connect"));
    }
}

fn error(bench: &mut Bench, request: RequestId) -> String {
    bench.reply(request).expect("a reply").expect_err("an error")
}

#[test]
fn what_the_server_did_not_run_is_an_error_in_both_subprotocols() {
    for protocol in BOTH {
        for frame in [
            json!({"type": "error", "id": "1", "payload": [{"message": "no such field"}]}),
            json!({"type": word(protocol), "id": "1", "payload": {"errors": [{"message": "no such field"}]}}),
        ] {
            let mut bench = bench(options());
            let request = execute(&mut bench, "{ nonsense }");
            let (link, _) = up(&mut bench, protocol);
            bench.text(link, &frame);
            bench.text(link, &json!({"type": "complete", "id": "1"}));
            assert!(error(&mut bench, request).contains("no such field"));
        }
    }
}

#[test]
fn errors_beside_data_are_part_of_the_result() {
    let mut bench = bench(options());
    let request = execute(&mut bench, "{ a b }");
    let (link, _) = up(&mut bench, MODERN);
    bench.raw_text(link, r#"{"id":"1","type":"next","payload":{"data":null,"errors":[{"message":"x"}]}}"#);
    let reply = bench.reply(request).expect("a reply").expect("a result");
    assert_eq!(reply.result.as_deref(), Some(&br#"{"data":null,"errors":[{"message":"x"}]}"#[..]));
    assert!(payloads(&mut bench).is_empty(), "a reply is no message");
}

#[test]
fn an_end_without_a_result_is_an_error() {
    let mut bench = bench(options());
    let request = execute(&mut bench, "{ a }");
    let (link, _) = up(&mut bench, MODERN);
    bench.text(link, &json!({"type": "complete", "id": "1"}));
    assert!(error(&mut bench, request).starts_with("gateway_error"));
}

#[test]
fn what_takes_too_long_is_stopped_and_a_mutation_may_have_been_carried_out() {
    for (query, code) in [("{ slow }", "timeout"), ("mutation { slow }", "outcome_unknown")] {
        for (protocol, stop) in [(MODERN, "complete"), (LEGACY, "stop")] {
            let mut bench = bench(options());
            let request = execute(&mut bench, query);
            let (link, _) = up(&mut bench, protocol);
            bench.pass_ms(59_999);
            assert!(bench.reply(request).is_none());
            bench.pass_ms(1);
            assert!(error(&mut bench, request).starts_with(code));
            assert_eq!(bench.sent(link), [json!({"id": "1", "type": stop})]);
        }
    }
}

#[test]
fn a_request_that_was_on_its_way_does_not_outlast_its_time_in_an_outage() {
    let mut bench = bench(options());
    let request = execute(&mut bench, "{ slow }");
    let (link, _) = up(&mut bench, MODERN);
    bench.cut(link);
    bench.pass_ms(60_000);
    assert!(error(&mut bench, request).starts_with("timeout"));
}

#[test]
fn a_request_that_is_taken_back_is_stopped_on_the_server() {
    let mut bench = bench(options());
    let request = execute(&mut bench, "{ slow }");
    let (link, _) = up(&mut bench, MODERN);
    bench.session.cancel(bench.now, request);
    bench.collect();
    assert!(error(&mut bench, request).starts_with("cancelled"));
    assert_eq!(bench.sent(link), [json!({"id": "1", "type": "complete"})]);
    next(&mut bench, link, "1", json!({"data": {}}));
    assert!(bench.faults().is_empty() && payloads(&mut bench).is_empty());
}

#[test]
fn a_subscription_is_not_a_request() {
    let mut bench = bench(options());
    let request = execute(&mut bench, "# hello\nsubscription { ticks }");
    up(&mut bench, MODERN);
    assert!(error(&mut bench, request).starts_with("invalid_option"));
}

#[test]
fn the_operation_that_is_named_decides_whether_it_is_asked_again() {
    for (name, again) in [("A", true), ("B", false)] {
        let mut bench = bench(options());
        let target =
            OperationTarget { operation_name: Some(name.to_owned()), ..OperationTarget::new("# both\nquery A { a } mutation B { b }") };
        let request = bench.command(Command::Execute(target));
        let (link, _) = up(&mut bench, MODERN);
        bench.cut(link);
        bench.pass_ms(1_000);
        assert_eq!(bench.reply(request).is_none(), again);
        if again {
            assert_eq!(up(&mut bench, MODERN).1.len(), 1);
        }
    }
}

#[test]
fn a_mutation_that_was_started_as_an_operation_is_not_started_twice() {
    let mut bench = bench(options());
    let subscription = start(&mut bench, "mutation { pay }");
    let (link, sent) = up(&mut bench, MODERN);
    assert_eq!(sent.len(), 1);
    bench.cut(link);
    bench.pass_ms(1_000);
    let (_, sent) = up(&mut bench, MODERN);
    assert!(sent.is_empty());
    assert_eq!(endings(&mut bench), [(subscription, Err("outcome_unknown".to_owned()))]);
}

#[test]
fn with_sockets_of_their_own_requests_take_theirs_along() {
    let mut bench = bench(GraphQlOptions { sockets: topicwire::options::Sockets::PerOperation, ..options() });
    let request = execute(&mut bench, "{ a }");
    let (link, sent) = up(&mut bench, LEGACY);
    assert_eq!(sent.len(), 1);
    next(&mut bench, link, "1", json!({"data": {"a": 1}}));
    assert!(bench.reply(request).expect("a reply").is_ok());
    assert_eq!(bench.sent(link), [json!({"type": "connection_terminate"})]);
    assert_eq!(bench.closing(link).expect("closed").code, 1000);
}
