//! The control API: what docs/gateway.md says about it, run as it stands there.

mod common;

use common::{Client, http};
use serde_json::Value;
use topicwire_gateway::LocalGateway;

const MANUAL: &str = include_str!("../../docs/gateway.md");

/// A curl line of the manual.
struct Line {
    text: String,
    method: &'static str,
    path: String,
    body: String,
}

/// Reads `curl [-d 'BODY'] http://127.0.0.1:PORT/PATH` lines; a body makes it a POST.
fn curl_lines() -> Vec<Line> {
    let lines = MANUAL.lines().filter(|line| line.starts_with("curl "));
    lines
        .map(|line| {
            let (_, rest) = line.split_once("http://127.0.0.1:8080").unwrap_or_else(|| panic!("no URL in {line}"));
            let path = rest.trim_end_matches('\'').to_owned();
            let body = line.split_once("-d '").and_then(|(_, rest)| rest.split_once('\''));
            let method = if body.is_some() { "POST" } else { "GET" };
            Line { text: line.to_owned(), method, path, body: body.map_or("", |(body, _)| body).to_owned() }
        })
        .collect()
}

#[tokio::test]
async fn every_curl_line_of_the_manual_works() {
    let lines = curl_lines();
    assert!(lines.len() > 40, "the manual has a line for everything");
    // One gateway each: some lines shut it down or make it refuse everything.
    for line in &lines {
        let gateway = LocalGateway::start().await.expect("a free port");
        let (status, answer) = http(gateway.port(), line.method, &line.path, "", &line.body).await;
        assert_eq!(status, 200, "{}: {answer}", line.text);
        assert!(answer.get("error").is_none(), "{}: {answer}", line.text);
    }
}

#[tokio::test]
async fn the_manual_has_a_line_for_every_request_and_every_fault() {
    let gateway = LocalGateway::start().await.expect("a free port");
    let (_, index) = http(gateway.port(), "GET", "/control", "", "").await;
    let routes = index["routes"].as_array().expect("a list").clone();
    let lines = curl_lines();
    for route in routes.iter().filter_map(Value::as_str) {
        let (request, _) = route.split_once(": ").expect("a description");
        let (method, path) = request.split_once(' ').expect("a method");
        assert!(lines.iter().any(|line| line.method == method && line.path.split('?').next() == Some(path)), "no curl line for {request}");
    }
    // A fault that nobody knows is answered with the names of those that there are.
    let (status, answer) = http(gateway.port(), "POST", "/control/faults", "", r#"{"fault":"?"}"#).await;
    assert_eq!(status, 400);
    let names: Vec<&str> = answer["error"].as_str().expect("a text").split('`').skip(3).step_by(2).collect();
    assert!(names.len() > 30, "{answer}");
    for name in names {
        let mentioned = lines.iter().any(|line| line.body.contains(&format!(r#""fault":"{name}""#)));
        assert!(mentioned, "no curl line for the fault {name}");
    }
}

#[tokio::test]
async fn requests_that_make_no_sense_are_answered_with_a_reason() {
    let gateway = LocalGateway::start().await.expect("a free port");
    for (method, path, body, wanted, reason) in [
        ("GET", "/control/nothing", "", 404, "GET /control lists"),
        ("POST", "/control/stats", "{}", 405, "takes GET"),
        ("GET", "/control/faults", "", 405, "takes POST"),
        ("POST", "/control/faults", "{", 400, "does not fit"),
        ("POST", "/control/faults", r#"{"fault":"cut","how":"reset","why":1}"#, 400, "why"),
        ("POST", "/control/faults", r#"{"fault":"close","code":1}"#, 400, "1000 to 4999"),
        ("POST", "/control/options", r#"{"astro":{"pingms":1}}"#, 400, "pingms"),
        ("POST", "/control/clock", r#"{"advance_ms":86400001}"#, 400, "a day"),
        ("GET", "/control/transcript?since=x", "", 400, "since"),
    ] {
        let (status, answer) = http(gateway.port(), method, path, "", body).await;
        assert_eq!(status, wanted, "{method} {path}: {answer}");
        assert!(answer["error"].as_str().is_some_and(|why| why.contains(reason)), "{method} {path}: {answer}");
    }
}

#[tokio::test]
async fn web_pages_from_elsewhere_get_nothing() {
    let gateway = LocalGateway::start().await.expect("a free port");
    let ask = |header: &'static str| http(gateway.port(), "GET", "/control/transcript", header, "");
    assert_eq!(ask("origin: https://example.org\r\n").await.0, 403);
    assert_eq!(ask("origin: null\r\n").await.0, 403);
    assert_eq!(ask("origin: http://localhost:3000\r\n").await.0, 200);
}

#[tokio::test]
async fn a_shutdown_closes_and_then_frees_the_port() {
    let gateway = LocalGateway::start().await.expect("a free port");
    let port = gateway.port();
    let mut client = Client::open(&gateway.astro_url()).await;
    client.json().await;
    let (status, _) = http(port, "POST", "/control/shutdown", "", r#"{"grace_ms":0}"#).await;
    assert_eq!(status, 200);
    assert_eq!(client.json().await["type"], "reconnect");
    assert_eq!(client.end().await, common::End::Close(1001, "the node went away".to_owned()));
    common::within("the end", gateway.stopped()).await;
    gateway.stop().await;
    let again = topicwire_gateway::GatewayOptions { port, ..Default::default() };
    LocalGateway::start_with(again).await.expect("the port is free again");
}

#[tokio::test]
async fn what_is_published_arrives_letter_for_letter() {
    let gateway = LocalGateway::start().await.expect("a free port");
    let mut client = Client::open(&gateway.astro_url()).await;
    client.json().await;
    client.send(&common::subscribe("n", "channel.tips")).await;
    client.json().await;
    let data = r#"{"z":1,"amount":10.10,"a":"\u00e9","big":123456789012345678901234567890}"#;
    let body = format!(r#"{{"topic":"channel.tips","data":{data}}}"#);
    let (status, answer) = http(gateway.port(), "POST", "/control/astro/publish", "", &body).await;
    assert_eq!((status, &answer["receivers"]), (200, &Value::from(1)));
    let message = client.message().await.expect("a message").expect("no error");
    let text = message.to_text().expect("text").to_owned();
    assert!(text.ends_with(&format!(r#""data":{data}}}"#)), "{text}");
}
