//! Listening to GraphQL servers.

use serde_json::{Value, json};

use crate::running::{Gateway, run, texts, topicwire};

/// The payloads that came, the exit status, and standard error.
fn listen(gateway: &Gateway, more: &[&str]) -> (Vec<Value>, Option<i32>, String) {
    let mut command = topicwire(&[&["listen", "graphql", "--json", "--url", &gateway.graphql()], more].concat());
    let output = run(command.env("TOKEN", "the-right-token").env("WRONG", "the-wrong-token"));
    let (out, err) = texts(&output);
    let events = out.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"));
    let data = events.filter(|event| event["kind"] == "message").map(|event| event["data"].clone()).collect();
    assert!(!out.contains("-token") && !err.contains("-token"), "{out}{err}");
    (data, output.status.code(), err)
}

const COUNTDOWN: &str = "subscription Count($from: Int!) { countdown(from: $from) }";

#[test]
fn an_operation_that_completes_is_a_success_in_every_protocol() {
    let gateway = Gateway::start();
    for protocol in ["auto", "modern", "legacy"] {
        let (data, status, err) = listen(&gateway, &["--query", COUNTDOWN, "--variables", r#"{"from":1}"#, "--protocol", protocol]);
        assert_eq!(data, [json!({ "data": { "countdown": 1 } }), json!({ "data": { "countdown": 0 } })]);
        assert_eq!(status, Some(0), "{err}");
    }
}

#[test]
fn the_document_and_its_variables_may_come_from_files() {
    let gateway = Gateway::start();
    let folder = std::env::temp_dir().join(format!("topicwire-documents-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let (query, variables) = (folder.join("q.graphql"), folder.join("v.json"));
    std::fs::write(&query, format!("query Other {{ hello }} {COUNTDOWN}")).expect("a file can be written");
    std::fs::write(&variables, "{\n  \"from\": 0\n}\n").expect("a file can be written");
    let path = |file: &std::path::Path| file.to_str().expect("it is UTF-8").to_owned();
    let (data, status, err) =
        listen(&gateway, &["--query-file", &path(&query), "--variables-file", &path(&variables), "--operation-name", "Count"]);
    assert_eq!(data, [json!({ "data": { "countdown": 0 } })]);
    assert_eq!(status, Some(0), "{err}");
    std::fs::remove_dir_all(&folder).expect("it is there");
}

#[test]
fn an_operation_that_fails_is_a_lost_cause() {
    let gateway = Gateway::start();
    let (data, status, err) = listen(&gateway, &["--query", "subscription { failingStream(after: 1) }"]);
    assert_eq!((data.len(), status), (1, Some(4)), "{err}");
    let (data, status, err) = listen(&gateway, &["--query", "subscription { noSuchField }"]);
    assert_eq!((data.len(), status), (0, Some(4)), "{err}");
    assert!(err.contains("noSuchField"), "{err}");
}

#[test]
fn the_token_goes_where_the_server_wants_it() {
    let gateway = Gateway::start();
    for place in ["payload", "query", "header"] {
        gateway.set(json!({ "graphql": { "token": "the-right-token", "token_place": place } }));
        let hello = ["--query", "{ hello }", "--auth", place];
        let (data, status, err) = listen(&gateway, &[&hello[..], &["--token-env", "TOKEN"]].concat());
        assert_eq!((data.len(), status), (1, Some(0)), "{place}: {err}");
        let (data, status, err) = listen(&gateway, &[&hello[..], &["--token-env", "WRONG"]].concat());
        assert_eq!((data.len(), status), (0, Some(3)), "{place}: {err}");
    }
}

#[test]
fn the_bitquery_preset_needs_no_other_word() {
    let gateway = Gateway::start();
    gateway.set(json!({ "graphql": { "token": "the-right-token", "token_place": "query" } }));
    let (data, status, err) = listen(&gateway, &["--query", "{ hello }", "--preset", "bitquery", "--token-env", "TOKEN"]);
    assert_eq!((data.len(), status), (1, Some(0)), "{err}");
}
