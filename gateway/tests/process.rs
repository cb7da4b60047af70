//! The gateway as a process, as a parent starts it with `--control-stdio`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;
use topicwire_gateway::{RunOptions, run};

const CHILD: &str = "TOPICWIRE_GATEWAY_TEST_CHILD";

/// Not a test by itself: the other one starts this program again to run it.
#[test]
fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let options = RunOptions { control_stdio: true, ..RunOptions::default() };
    runtime.expect("a runtime").block_on(run(options)).expect("it runs");
}

#[test]
fn a_parent_gets_the_port_in_one_line_and_the_gateway_ends_with_it() {
    let program = std::env::current_exe().expect("this program");
    let mut child = Command::new(program)
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    // The test harness of the child says a few words first.
    let line = lines.by_ref().map_while(Result::ok).find_map(|line| line.find('{').map(|at| line[at..].to_owned()));
    let said: Value = serde_json::from_str(&line.expect("a line of JSON")).expect("JSON");
    assert_eq!(said["pid"], u64::from(child.id()));
    let port = u16::try_from(said["port"].as_u64().expect("a port")).expect("a port");
    assert_eq!(said["astro"], format!("ws://127.0.0.1:{port}/"));
    std::net::TcpStream::connect(("127.0.0.1", port)).expect("it listens");

    drop(child.stdin.take());
    assert!(child.wait().expect("it ends").success());
    std::net::TcpStream::connect(("127.0.0.1", port)).expect_err("it has ended");
}
