//! `topicwire gateway` as a process.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

#[test]
fn the_gateway_says_its_port_and_ends_when_standard_input_does() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_topicwire"))
        .args(["gateway", "--control-stdio"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut line = String::new();
    out.read_line(&mut line).expect("it says where it is");
    let said: serde_json::Value = serde_json::from_str(&line).expect("one line of JSON");
    assert!(said["port"].as_u64().is_some_and(|port| port > 0), "{line}");
    assert_eq!(said["pid"].as_u64(), Some(u64::from(child.id())));

    drop(child.stdin.take());
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("it ends");
    assert_eq!(rest, "");
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_port_that_is_taken_is_a_lost_cause() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("it has one").port().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_topicwire")).args(["gateway", "--port", &port]).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(4));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(&port) && said.lines().count() == 1, "{said}");
}
