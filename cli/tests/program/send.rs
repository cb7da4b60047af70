//! `topicwire send`.

use std::io::Write;
use std::process::Stdio;

use topicwire_gateway::machine::Direction;

use crate::running::{Gateway, Running, run, texts, topicwire};

#[test]
fn messages_arrive_in_order_before_the_goodbye() {
    let gateway = Gateway::start();
    let mut command = topicwire(&["send", "raw", "--url", &gateway.raw(), "first", "-", "last"]);
    let mut running = Running::start(command.stdin(Stdio::piped()));
    let mut input = running.input();
    input.write_all(b"from a line\nand another\n").expect("it reads");
    drop(input);
    assert_eq!(running.wait().code(), Some(0));
    let heard: Vec<_> = gateway.transcript().into_iter().filter(|entry| entry.direction == Direction::In).collect();
    let texts: Vec<_> = heard.iter().filter(|entry| entry.kind == "text").map(|entry| entry.text.as_str()).collect();
    assert_eq!(texts, ["first", "from a line", "and another", "last"]);
    assert!(gateway.heard_close(1000));
}

#[test]
fn a_server_that_is_not_there_is_a_lost_cause() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
    let output = run(&mut topicwire(&["send", "raw", "--url", &format!("ws://127.0.0.1:{port}/"), "hello"]));
    let (_, err) = texts(&output);
    assert_eq!(output.status.code(), Some(4), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
}
