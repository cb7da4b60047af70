//! Listening and sending to a Web PubSub hub.

use std::io::Read;

use serde_json::{Value, json};
use topicwire_gateway::machine::{Cut, Fault, Target};

use crate::running::{Gateway, Running, run, texts, topicwire};

#[test]
fn what_one_sends_another_hears_over_every_subprotocol_and_a_recovery() {
    let gateway = Gateway::start();
    let url = gateway.webpubsub();
    for protocol in ["reliable-json", "json", "reliable-protobuf", "protobuf"] {
        let mut command =
            topicwire(&["listen", "webpubsub", "--url-env", "HUB", "--group", "lobby", "--json", "--count", "3", "--protocol", protocol]);
        let mut listener = Running::start(command.env("HUB", &url));
        gateway.until_joined("lobby");
        let send = |arguments: &[&str]| {
            let output = run(topicwire(&[&["send", "webpubsub", "--url-env", "HUB"], arguments].concat()).env("HUB", &url));
            assert_eq!(output.status.code(), Some(0), "{}", texts(&output).1);
        };
        send(&["--group", "lobby", "good morning", "again"]);
        if protocol.starts_with("reliable") {
            gateway.fault(Fault::Cut { how: Cut::Reset, target: Target::All });
        }
        gateway.until_joined("lobby");
        send(&["--group", "lobby", "--json", r#"{"n":1}"#]);
        let mut out = String::new();
        listener.out().read_to_string(&mut out).expect("it prints UTF-8");
        assert_eq!(listener.wait().code(), Some(0));
        let events: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
        let heard: Vec<&Value> = events.iter().filter(|event| event["kind"] == "message").map(|event| &event["data"]).collect();
        assert_eq!(heard, [&json!("good morning"), &json!("again"), &json!({"n": 1})], "{protocol}");
        assert!(!events.iter().any(|event| event["kind"] == "gap"), "{protocol}");
        assert!(!out.contains("access_token") && !out.contains("rt."), "{out}");
    }
}

#[test]
fn a_token_that_is_not_good_is_a_refusal_and_is_not_shown() {
    let gateway = Gateway::start();
    let url = format!("{}x", gateway.webpubsub());
    let output = run(topicwire(&["listen", "webpubsub", "--url-env", "HUB"]).env("HUB", &url));
    let (out, err) = texts(&output);
    assert_eq!(output.status.code(), Some(3), "{err}");
    assert!(!out.contains("access_token") && !err.contains("access_token"), "{out}{err}");
}
