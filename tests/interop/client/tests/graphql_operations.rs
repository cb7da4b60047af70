//! Operations of the GraphQL client against the reference servers of both subprotocols: results, every failure that a document can meet, and the end.

use std::time::Duration;

use serde_json::{Value, json};
use topicwire::command::OperationTarget;
use topicwire::error::{Code, Error};
use topicwire::event::{EventKind, FaultKind};
use topicwire::options::{Protocol, Sockets};
use topicwire_interop::graphql::{SILENT, TICKS, all, client, event, json, next, options, run, start};
use topicwire_interop::{RealServer, within};

/// Runs each test in both subprotocols.
macro_rules! in_both {
    ($(async fn $name:ident($server:ident, $protocol:ident) $body:block)*) => {
        $(async fn $name($server: RealServer, $protocol: Protocol) $body)*

        mod modern {
            use super::{Protocol, RealServer};
            $(#[tokio::test]
            async fn $name() {
                super::$name(RealServer::graphql(&[]).await, Protocol::Modern).await;
            })*
        }

        mod legacy {
            use super::{Protocol, RealServer};
            $(#[tokio::test]
            async fn $name() {
                super::$name(RealServer::graphql(&[]).await, Protocol::Legacy).await;
            })*
        }
    };
}

fn countdown(from: i64) -> Vec<Value> {
    (0..=from).rev().map(|n| json!({"data": {"countdown": n}})).collect()
}

/// An operation that fails before its first result.
async fn failure(server: &RealServer, protocol: Protocol, target: OperationTarget) -> Error {
    let client = client(server, protocol);
    let (results, end) = all(client.operate(target).expect("the client is open")).await;
    assert_eq!(results, Vec::<Value>::new());
    let error = end.expect_err("the operation fails");
    assert_eq!(all(run(&client, "subscription { countdown(from: 0) }")).await, (countdown(0), Ok(())), "the client goes on");
    error
}

in_both! {
    async fn a_subscription_runs_to_its_end(server, protocol) {
        let client = client(&server, protocol);
        assert_eq!(all(run(&client, "subscription { countdown(from: 3) }")).await, (countdown(3), Ok(())));
    }

    async fn variables_and_an_operation_name_are_heeded(server, protocol) {
        let client = client(&server, protocol);
        let query = "subscription A { silent } subscription B($n: Int!) { countdown(from: $n) }";
        let variables = serde_json::value::to_raw_value(&json!({"n": 2})).expect("it is JSON");
        let target = OperationTarget { variables: Some(variables), operation_name: Some("B".to_owned()), ..OperationTarget::new(query) };
        assert_eq!(all(client.operate(target).expect("the client is open")).await, (countdown(2), Ok(())));
        let operation = client.subscribe("subscription ($n: Int!) { countdown(from: $n) }", &json!({"n": 1})).expect("the client is open");
        assert_eq!(all(operation).await, (countdown(1), Ok(())));
    }

    async fn queries_and_mutations_are_answered(server, protocol) {
        let client = client(&server, protocol);
        let ask = |query: &'static str, variables: Value| {
            let reply = client.execute(query, &variables);
            async move {
                let bytes = within("the answer", reply).await.expect("the server answers");
                serde_json::from_slice::<Value>(&bytes).expect("it is JSON")
            }
        };
        assert_eq!(ask("query ($name: String) { hello(name: $name) }", json!({"name": "you"})).await, json!({"data": {"hello": "hello you"}}));
        assert_eq!(ask("mutation ($t: String!) { echo(text: $t) }", json!({"t": "ä 😀 \"\\"})).await, json!({"data": {"echo": "ä 😀 \"\\"}}));
        let failed = ask("{ fail }", Value::Null).await;
        assert_eq!((&failed["data"], &failed["errors"][0]["extensions"]["code"]), (&json!({"fail": null}), &json!("TEST_FAILURE")));
    }

    async fn a_query_that_takes_too_long_is_told(server, protocol) {
        let mut options = options(&server, protocol);
        options.execute_timeout = Some(Duration::from_millis(20));
        let client = start(options);
        let error = within("the timeout", client.execute("{ slow(ms: 60000) }", &())).await.expect_err("it takes a minute");
        assert_eq!(error.code, Code::Timeout);
    }

    async fn an_unknown_field_fails_the_operation_with_the_servers_words(server, protocol) {
        let error = failure(&server, protocol, OperationTarget::new("subscription { nosuch }")).await;
        assert_eq!(error.code, Code::Refused);
        assert!(error.gateway_text.is_some_and(|text| text.contains("nosuch")));
    }

    async fn a_missing_variable_fails_the_operation(server, protocol) {
        let error = failure(&server, protocol, OperationTarget::new("subscription ($n: Int!) { countdown(from: $n) }")).await;
        assert!(error.gateway_text.is_some_and(|text| text.contains("$n")));
    }

    async fn an_unknown_operation_name_fails_the_operation(server, protocol) {
        let target = OperationTarget { operation_name: Some("B".to_owned()), ..OperationTarget::new("subscription A { silent }") };
        assert_eq!(failure(&server, protocol, target).await.code, Code::Refused);
    }

    async fn a_subscription_that_cannot_be_set_up_fails_with_its_code(server, protocol) {
        let error = failure(&server, protocol, OperationTarget::new("subscription { failingSubscribe }")).await;
        assert_eq!(error.gateway_code.as_deref(), Some("TEST_FAILURE"));
        assert_eq!(error.gateway_text.as_deref(), Some("cannot subscribe"));
    }

    async fn an_empty_document_is_refused_here(server, protocol) {
        let error = client(&server, protocol).subscribe(" \n", &()).expect_err("there is nothing to send");
        assert_eq!(error.code, Code::InvalidOption);
        assert_eq!(server.control("GET", "stats", "").await["connections"], 0);
    }

    async fn an_error_in_one_event_stands_beside_its_data_and_the_stream_goes_on(server, protocol) {
        let client = client(&server, protocol);
        let (results, end) = all(run(&client, "subscription { failingField(n: 4, every: 2) }")).await;
        assert_eq!(end, Ok(()));
        assert_eq!(results.iter().map(|result| result["data"]["failingField"].clone()).collect::<Vec<_>>(), [json!(1), json!(null), json!(3), json!(null)]);
        assert_eq!(results[1]["errors"][0]["message"], "value 2 failed");
        assert_eq!(results[1]["errors"][0]["path"], json!(["failingField"]));
    }

    async fn a_source_that_breaks_fails_its_operation_and_no_other(server, protocol) {
        let client = client(&server, protocol);
        let mut other = run(&client, TICKS);
        next(&mut other).await;
        let (results, end) = all(run(&client, "subscription { failingStream(after: 2) }")).await;
        assert_eq!(results.len(), 2);
        assert_eq!(end.expect_err("the source breaks").gateway_text.as_deref(), Some("event source broke"));
        let (one, two) = (json(&next(&mut other).await), json(&next(&mut other).await));
        assert_eq!(two["data"]["ticks"]["seq"].as_u64(), one["data"]["ticks"]["seq"].as_u64().map(|seq| seq + 1));
        server.until("one connection", |stats| stats["connections"] == 1).await;
    }

    async fn a_syntax_error_fails_its_operation_and_no_other(server, protocol) {
        let client = client(&server, protocol);
        let mut other = run(&client, TICKS);
        next(&mut other).await;
        let (results, end) = all(run(&client, "subscription {")).await;
        assert_eq!(results, Vec::<Value>::new());
        let error = end.expect_err("the document is no document");
        assert_eq!(error.code, Code::Refused);
        assert!(error.gateway_text.is_some_and(|text| text.starts_with("Syntax Error")));
        next(&mut other).await;
        next(&mut other).await;
        assert_eq!(all(run(&client, "subscription { countdown(from: 1) }")).await, (countdown(1), Ok(())), "the client goes on");
    }

    async fn dropping_an_operation_ends_it_on_the_server(server, protocol) {
        let client = client(&server, protocol);
        let (mut one, mut two) = (run(&client, TICKS), run(&client, TICKS));
        next(&mut one).await;
        next(&mut two).await;
        server.until("two sources", |stats| stats["activeSubscriptions"] == 2).await;
        drop(one);
        server.until("one source", |stats| stats["activeSubscriptions"] == 1).await;
        next(&mut two).await;
        drop(two);
        server.until("no source", |stats| stats["activeSubscriptions"] == 0).await;
    }

    async fn a_hundred_operations_share_a_socket(server, protocol) {
        let client = client(&server, protocol);
        let operations: Vec<_> = (0..100).map(|n| run(&client, &format!("subscription {{ countdown(from: {}) }}", n % 7))).collect();
        for (n, operation) in (0..).zip(operations) {
            assert_eq!(all(operation).await, (countdown(n % 7), Ok(())));
        }
        assert_eq!(server.control("GET", "stats", "").await["connections"], 1);
    }

    async fn operations_may_have_sockets_of_their_own(server, protocol) {
        let mut options = options(&server, protocol);
        options.sockets = Sockets::PerOperation;
        let client = start(options);
        let mut operations: Vec<_> = (0..5).map(|_| run(&client, TICKS)).collect();
        for operation in &mut operations {
            next(operation).await;
        }
        server.until("five sockets", |stats| stats["sockets"].as_array().is_some_and(|sockets| sockets.len() == 5)).await;
        operations.truncate(2);
        server.until("two sockets", |stats| stats["sockets"].as_array().is_some_and(|sockets| sockets.len() == 2)).await;
        next(&mut operations[0]).await;
    }

    async fn a_result_of_ten_megabytes_arrives_whole(server, protocol) {
        let client = client(&server, protocol);
        let (results, end) = all(run(&client, "subscription { big(bytes: 10000000) }")).await;
        assert_eq!((results[0]["data"]["big"].as_str().map(str::len), end), (Some(10_000_000), Ok(())));
    }

    async fn an_operation_that_nobody_reads_is_ended_and_holds_up_no_other(server, protocol) {
        let client = client(&server, protocol);
        let mut unread = run(&client, "subscription { big(bytes: 100000, n: 400) }");
        let mut other = run(&client, TICKS);
        next(&mut other).await;
        // Forty megabytes are more than an operation's queue takes.
        server.until("the end of the source", |stats| stats["activeSubscriptions"] == 1).await;
        for _ in 0..5 {
            next(&mut other).await;
        }
        let end = async {
            loop {
                match futures_util::StreamExt::next(&mut unread).await {
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return error,
                    None => panic!("it ended as if all had been read"),
                }
            }
        };
        assert_eq!(within("the overflow", end).await.code, Code::Overflow);
    }

    async fn silence_of_one_operation_is_told_and_ends_nothing(server, protocol) {
        let mut client = client(&server, protocol);
        let target = OperationTarget { data_timeout_ms: Some(20), ..OperationTarget::new(SILENT) };
        let operation = client.operate(target).expect("the client is open");
        let told = event(&mut client, "the fault", |event| match event.kind {
            EventKind::Fault(fault) if fault.kind == FaultKind::NoData => Some(fault.subscription),
            _ => None,
        });
        assert_eq!(told.await, Some(operation.id()));
        assert_eq!(server.control("GET", "stats", "").await["connections"], 1);
    }
}

/// A service that ignores `stop`, as Bitquery does: what still comes for an operation that is over must reach nobody.
#[tokio::test]
async fn results_of_operations_that_are_over_are_passed_over() {
    for protocol in [Protocol::Modern, Protocol::Legacy] {
        let server = RealServer::graphql(&["--ignore-stop"]).await;
        let mut client = client(&server, protocol);
        let mut dropped = run(&client, TICKS);
        next(&mut dropped).await;
        drop(dropped);
        let mut other = run(&client, TICKS);
        for seq in 1..=20 {
            assert_eq!(json(&next(&mut other).await)["data"]["ticks"]["seq"], seq);
        }
        while let Some(event) = client.poll(Duration::ZERO) {
            assert!(!matches!(event.kind, EventKind::Fault(_) | EventKind::Gap(_)), "{event:?}");
        }
    }
}
