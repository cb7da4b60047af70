//! Connections of the GraphQL client against the reference servers of both subprotocols: outages of every kind, refusals, liveness, and the end.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use topicwire::error::Code;
use topicwire::event::{EventKind, FaultKind, State};
use topicwire::options::{Auth, Credential, Protocol};
use topicwire::{GraphQl, Secret};
use topicwire_interop::graphql::{SILENT, TICKS, all, client, event, gap, given_up, json, next, options, run, start, state};
use topicwire_interop::{RealServer, within};

const BOTH: [Protocol; 2] = [Protocol::Modern, Protocol::Legacy];

/// After an outage an operation reports a gap and runs again from its beginning.
async fn comes_back(operation: &mut topicwire::client::Operation, connection: topicwire::id::Connection) {
    let gap = gap(operation).await;
    assert_eq!(gap.subscriptions, [operation.id()]);
    let message = next(operation).await;
    assert_eq!(json(&message)["data"]["ticks"]["seq"], 1);
    assert!(message.connection() > connection);
}

#[tokio::test]
async fn after_a_cut_operations_run_again_behind_a_gap() {
    for protocol in BOTH {
        let server = RealServer::graphql(&[]).await;
        let client = client(&server, protocol);
        let mut operation = run(&client, TICKS);
        let before = next(&mut operation).await.connection();
        server.control("POST", "drop", "").await;
        comes_back(&mut operation, before).await;
    }
}

#[tokio::test]
async fn a_killed_server_is_reached_again_after_its_restart() {
    for protocol in BOTH {
        let mut server = RealServer::graphql(&[]).await;
        let mut client = client(&server, protocol);
        let mut operation = run(&client, TICKS);
        let before = next(&mut operation).await.connection();
        server.kill().await;
        state(&mut client, State::Backoff).await;
        let refused = |event: topicwire::event::Event| match event.kind {
            EventKind::Fault(fault) if fault.kind == FaultKind::Connect => Some(()),
            _ => None,
        };
        event(&mut client, "an attempt that fails", refused).await;
        server.restart().await;
        comes_back(&mut operation, before).await;
    }
}

#[tokio::test]
async fn a_query_survives_the_outage_and_a_mutation_is_not_repeated() {
    for protocol in BOTH {
        let mut server = RealServer::graphql(&[]).await;
        let mut client = client(&server, protocol);
        next(&mut run(&client, TICKS)).await;
        let query = client.execute("{ slow(ms: 200) }", &());
        server.until("the query", |stats| stats["framesIn"].as_u64() >= Some(3)).await;
        server.control("POST", "mute", "").await;
        let mutation = client.execute("mutation { echo(text: \"once\") }", &());
        // The server reads nothing, so nobody can tell whether the mutation was carried out.
        server.kill().await;
        state(&mut client, State::Backoff).await;
        server.restart().await;
        let answer = within("the answer", query).await.expect("a query is asked again");
        assert_eq!(answer, r#"{"data":{"slow":"slept 200"}}"#);
        match within("the outcome", mutation).await {
            // It had not been written when the connection broke, so it was sent on the next one.
            Ok(answer) => assert_eq!(answer, r#"{"data":{"echo":"once"}}"#),
            Err(error) => assert_eq!(error.code, Code::OutcomeUnknown),
        }
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_is_left_by_its_heartbeat() {
    for protocol in BOTH {
        let server = RealServer::graphql(&["--ka-ms", "150", "--pong-ms", "150"]).await;
        let mut client = client(&server, protocol);
        // With no `idle_timeout` the heartbeat that the server shows is the measure.
        let _silent = run(&client, SILENT);
        let mut operation = run(&client, TICKS);
        // A tick comes every 5 ms at most, so there are several beats among these.
        for _ in 0..120 {
            next(&mut operation).await;
        }
        let before = next(&mut operation).await.connection();
        server.control("POST", "mute", "").await;
        stale(&mut client).await;
        comes_back(&mut operation, before).await;
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_is_left_after_the_idle_timeout() {
    for protocol in BOTH {
        let server = RealServer::graphql(&[]).await;
        let mut options = options(&server, protocol);
        options.idle_timeout = Some(Duration::from_millis(300));
        let mut client = start(options);
        let mut operation = run(&client, TICKS);
        let before = next(&mut operation).await.connection();
        server.control("POST", "mute", "").await;
        stale(&mut client).await;
        comes_back(&mut operation, before).await;
    }
}

#[tokio::test]
async fn a_server_that_answers_no_probe_is_left() {
    for protocol in BOTH {
        let server = RealServer::graphql(&[]).await;
        let mut options = options(&server, protocol);
        options.ping_interval = Some(Duration::from_millis(50));
        options.pong_timeout = Duration::from_millis(200);
        let mut client = start(options);
        let mut operation = run(&client, TICKS);
        let before = next(&mut operation).await.connection();
        server.control("POST", "mute", "").await;
        stale(&mut client).await;
        comes_back(&mut operation, before).await;
    }
}

#[tokio::test]
async fn a_quiet_server_that_answers_probes_is_kept() {
    let server = RealServer::graphql(&[]).await;
    let mut options = options(&server, Protocol::Modern);
    options.ping_interval = Some(Duration::from_millis(20));
    let client = start(options);
    let _operation = run(&client, SILENT);
    server.until("ten probes", |stats| stats["framesIn"].as_u64() >= Some(12)).await;
    assert_eq!(server.control("GET", "stats", "").await["connections"], 1);
}

#[tokio::test]
async fn the_servers_own_probes_are_answered() {
    // The server cuts a socket that leaves an RFC 6455 ping unanswered.
    let server = RealServer::graphql(&["--ws-ping-ms", "30", "--ping-ms", "30"]).await;
    let client = client(&server, Protocol::Modern);
    let mut operation = run(&client, TICKS);
    for seq in 1..=50 {
        assert_eq!(json(&next(&mut operation).await)["data"]["ticks"]["seq"], seq);
    }
}

async fn stale(client: &mut GraphQl) {
    let pick = |event: topicwire::event::Event| match event.kind {
        EventKind::Fault(fault) if fault.kind == FaultKind::Stale => Some(()),
        _ => None,
    };
    event(client, "the silence to be noticed", pick).await;
}

#[tokio::test]
async fn closes_that_may_pass_are_followed_by_another_connection() {
    for protocol in BOTH {
        let server = RealServer::graphql(&[]).await;
        let client = client(&server, protocol);
        let mut operation = run(&client, TICKS);
        for code in [1000, 1001, 1011, 1012, 4205, 4408, 4500] {
            let before = next(&mut operation).await.connection();
            server.control("POST", &format!("close?code={code}&reason=as+you+were"), "").await;
            comes_back(&mut operation, before).await;
        }
    }
}

#[tokio::test]
async fn closes_that_would_come_again_are_the_end() {
    for protocol in BOTH {
        for code in ["4400", "4401", "4406", "4409"] {
            let server = RealServer::graphql(&[]).await;
            let mut client = client(&server, protocol);
            let mut operation = run(&client, TICKS);
            next(&mut operation).await;
            server.control("POST", &format!("close?code={code}&reason=no"), "").await;
            let error = given_up(&mut client).await;
            assert_eq!((error.gateway_code.as_deref(), error.gateway_text.as_deref()), (Some(code), Some("no")));
            assert!(!error.retryable);
            let (_, end) = all(operation).await;
            assert_eq!(end.expect_err("the operation ended with the client").gateway_code.as_deref(), Some(code));
        }
    }
}

#[tokio::test]
async fn which_closes_are_the_end_can_be_set() {
    let server = RealServer::graphql(&[]).await;
    let mut options = options(&server, Protocol::Modern);
    options.retry_closes = [4400].into();
    options.fatal_closes = [1012].into();
    let mut client = start(options);
    let mut operation = run(&client, TICKS);
    let before = next(&mut operation).await.connection();
    server.control("POST", "close?code=4400", "").await;
    comes_back(&mut operation, before).await;
    server.control("POST", "close?code=1012", "").await;
    assert_eq!(given_up(&mut client).await.gateway_code.as_deref(), Some("1012"));
}

#[tokio::test]
async fn being_cut_off_for_reading_slowly_is_told_as_such() {
    for protocol in BOTH {
        let server = RealServer::graphql(&[]).await;
        let mut client = client(&server, protocol);
        let mut operation = run(&client, TICKS);
        next(&mut operation).await;
        server.control("POST", "close?code=1013&reason=client+is+not+consuming+messages+fast+enough", "").await;
        let pick = |event: topicwire::event::Event| match event.kind {
            EventKind::Fault(fault) if fault.kind == FaultKind::SlowConsumer => Some(fault.error.clone()),
            _ => None,
        };
        let error = event(&mut client, "the fault", pick).await;
        assert_eq!(error.gateway_text.as_deref(), Some("client is not consuming messages fast enough"));
        state(&mut client, State::Backoff).await;
    }
}

#[tokio::test]
async fn a_result_over_the_limit_costs_the_connection_and_names_the_limit() {
    for protocol in BOTH {
        let server = RealServer::graphql(&[]).await;
        let mut options = options(&server, protocol);
        options.connection.max_message = Some(100_000);
        let mut client = start(options);
        let _operation = run(&client, "subscription { big(bytes: 200000) }");
        let pick = |event: topicwire::event::Event| match event.kind {
            EventKind::State { to: State::Backoff, cause, .. } => cause,
            _ => None,
        };
        let error = event(&mut client, "the loss", pick).await;
        assert_eq!(error.code, Code::TooLarge);
        assert!(error.message.contains("max_message"));
    }
}

#[tokio::test]
async fn the_server_chooses_the_subprotocol_unless_the_user_did() {
    for (served, asked, spoken) in [
        ("graphql-transport-ws,graphql-ws", Protocol::Auto, "graphql-transport-ws"),
        ("graphql-ws", Protocol::Auto, "graphql-ws"),
        ("graphql-transport-ws,graphql-ws", Protocol::Legacy, "graphql-ws"),
        ("graphql-ws,graphql-transport-ws", Protocol::Modern, "graphql-transport-ws"),
    ] {
        let server = RealServer::graphql(&["--protocols", served]).await;
        let mut client = client(&server, asked);
        let (_, end) = all(run(&client, "subscription { countdown(from: 1) }")).await;
        assert_eq!(end, Ok(()));
        let pick = |event: topicwire::event::Event| match event.kind {
            EventKind::Opened(opened) => Some(opened.protocol),
            _ => None,
        };
        assert_eq!(event(&mut client, "the opening", pick).await.as_deref(), Some(spoken));
    }
}

#[tokio::test]
async fn a_subprotocol_that_is_not_served_is_the_end() {
    // The reference server names none that it does not speak, and would close 4406.
    let server = RealServer::graphql(&["--protocols", "graphql-transport-ws"]).await;
    let mut client = client(&server, Protocol::Legacy);
    let _operation = run(&client, TICKS);
    assert_eq!(given_up(&mut client).await.code, Code::HandshakeFailed);
}

#[tokio::test]
async fn a_server_that_names_no_subprotocol_is_the_end_and_the_error_says_what_to_do() {
    let server = RealServer::ws().await;
    let mut client = client(&server, Protocol::Auto);
    let _operation = run(&client, TICKS);
    let error = given_up(&mut client).await;
    assert_eq!(error.code, Code::HandshakeFailed);
    assert!(error.message.contains("`protocol`") && error.message.contains("`assume_legacy`"));
}

#[tokio::test]
async fn the_payload_of_the_ack_is_told() {
    let server = RealServer::graphql(&["--ack-payload"]).await;
    let mut client = client(&server, Protocol::Modern);
    let _operation = run(&client, TICKS);
    let pick = |event: topicwire::event::Event| match event.kind {
        EventKind::Opened(opened) => opened.greeting,
        _ => None,
    };
    let greeting = event(&mut client, "the opening", pick).await;
    assert_eq!(greeting, r#"{"server":"test","protocol":"graphql-transport-ws"}"#);
}

#[tokio::test]
async fn an_ack_that_does_not_come_is_not_waited_for() {
    for protocol in BOTH {
        let server = RealServer::graphql(&["--ack-delay-ms", "60000"]).await;
        let mut options = options(&server, protocol);
        options.ack_timeout = Duration::from_millis(50);
        let mut client = start(options);
        let _operation = run(&client, TICKS);
        state(&mut client, State::Backoff).await;
        server.until("another attempt", |stats| stats["connections"].as_u64() >= Some(2)).await;
    }
}

#[tokio::test]
async fn an_eager_client_is_connected_before_its_first_operation() {
    let server = RealServer::graphql(&[]).await;
    let mut options = options(&server, Protocol::Auto);
    options.lazy = false;
    let _client = within("the ack", GraphQl::connect(options)).await.expect("the server accepts");
    assert_eq!(server.control("GET", "stats", "").await["connections"], 1);
}

#[tokio::test]
async fn a_refused_token_is_the_end_if_there_is_no_other() {
    for protocol in BOTH {
        for place in [Auth::Payload, Auth::Query, Auth::Header] {
            let server = RealServer::graphql(&["--token", "s3cret", "--auth", flag(place)]).await;
            let mut options = options(&server, protocol);
            (options.auth, options.token) = (place, Credential::Static("wr0ng".into()));
            if place == Auth::Query {
                (options.auth_name, options.auth_prefix) = ("token".to_owned(), String::new());
            }
            let mut client = start(options);
            let _operation = run(&client, TICKS);
            let error = given_up(&mut client).await;
            assert_eq!(error.code, Code::Unauthorized, "{place:?}");
            assert!(!error.to_string().contains("wr0ng"));
        }
    }
}

#[tokio::test]
async fn a_refused_token_is_asked_for_once_more() {
    for protocol in BOTH {
        for place in [Auth::Payload, Auth::Query, Auth::Header] {
            let server = RealServer::graphql(&["--token", "s3cret", "--auth", flag(place)]).await;
            let mut options = options(&server, protocol);
            options.auth = place;
            if place == Auth::Query {
                (options.auth_name, options.auth_prefix) = ("token".to_owned(), String::new());
            }
            let asked = AtomicUsize::new(0);
            let provider = move |_, _| {
                let token = if asked.fetch_add(1, Ordering::Relaxed) == 0 { "stale" } else { "s3cret" };
                std::future::ready(Ok::<Secret, topicwire::error::Error>(token.into()))
            };
            let client = GraphQl::with_token_provider(options, provider).expect("the options can work");
            next(&mut run(&client, TICKS)).await;
        }
    }
}

fn flag(place: Auth) -> &'static str {
    match place {
        Auth::Query => "query",
        Auth::Header => "header",
        _ => "payload",
    }
}

#[tokio::test]
async fn garbage_of_the_server_is_told_and_the_operation_goes_on() {
    for protocol in BOTH {
        let server = RealServer::graphql(&[]).await;
        let client = client(&server, protocol);
        let mut operation = run(&client, TICKS);
        let before = next(&mut operation).await.connection();
        for body in
            [r#"{"type":"bogus"}"#, r#"{"type":"next","id":"nobody","payload":{}}"#, r#"{"type":"error","payload":[{"message":"x"}]}"#]
        {
            server.control("POST", "send", body).await;
        }
        let message = next(&mut operation).await;
        assert_eq!(message.connection(), before, "what is merely unknown ends nothing");
        server.control("POST", "send", "this is no JSON").await;
        match protocol {
            Protocol::Modern => comes_back(&mut operation, before).await,
            _ => assert_eq!(next(&mut operation).await.connection(), before),
        }
    }
}

#[tokio::test]
async fn closing_says_goodbye_and_leaves_nothing_behind() {
    for protocol in BOTH {
        let server = RealServer::graphql(&[]).await;
        let client = client(&server, protocol);
        let mut operation = run(&client, TICKS);
        next(&mut operation).await;
        let closed = within("the end", client.close()).await.expect("this process has not forked");
        assert!(closed.clean && closed.cause.is_none(), "{closed:?}");
        server
            .until("no socket", |stats| stats["sockets"].as_array().is_some_and(Vec::is_empty) && stats["activeSubscriptions"] == 0)
            .await;
    }
}
