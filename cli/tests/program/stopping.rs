//! Every way to stop listening.

use std::io::{BufRead, BufReader, Read};

use serde_json::json;

use crate::running::{Gateway, ROOM, Running, eventually, run, texts, topicwire};

fn raw(gateway: &Gateway, more: &[&str]) -> Running {
    let mut running = Running::start(&mut topicwire(&[&["listen", "raw", "--url", &gateway.raw()], more].concat()));
    running.until_it_says("active");
    running
}

#[cfg(unix)]
#[test]
fn signals_close_cleanly() {
    for name in ["INT", "TERM"] {
        let gateway = Gateway::start();
        let mut running = raw(&gateway, &[]);
        running.signal(name);
        assert_eq!(running.wait().code(), Some(0), "{name}");
        assert!(gateway.heard_close(1000), "{name}");
        assert!(running.stderr().ends_with("· closed\n"), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_though_nobody_reads_on() {
    let gateway = Gateway::start();
    let url = gateway.graphql();
    // More lines than may wait, each far larger than what fits into a pipe that is not read.
    let flood = "subscription { big(bytes: 100000, n: 3000) }";
    let arguments = ["listen", "graphql", "--url", &url, "--query", flood, "--json"];
    for more in [&[][..], &["--count", "2500"]] {
        let mut running = Running::start(&mut topicwire(&[&arguments, more].concat()));
        let mut out = running.out();
        let mut start = [0; 4096];
        out.read_exact(&mut start).expect("it prints");
        running.signal("INT");
        assert_eq!(running.wait().code(), Some(0));
        drop(out);
    }
}

#[cfg(unix)]
#[test]
fn a_full_output_that_does_not_block_is_waited_for() {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    let gateway = Gateway::start();
    let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
    // The flag belongs to the open file, so the program finds it set.
    theirs.set_nonblocking(true).expect("it can be set");
    let query = "subscription { big(bytes: 100000, n: 100) }";
    let mut command = topicwire(&["listen", "graphql", "--url", &gateway.graphql(), "--query", query, "--json"]);
    let mut running = Running::start(command.stdout(OwnedFd::from(theirs)));
    // Its copy in this process would keep the other end open.
    drop(command);
    let lines = BufReader::new(ours).lines().map(|line| line.expect("it prints UTF-8"));
    let whole = lines.filter(|line| serde_json::from_str::<serde_json::Value>(line).expect("no line is torn")["kind"] == "message");
    assert_eq!(whole.count(), 100);
    assert_eq!(running.wait().code(), Some(0));
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let gateway = Gateway::start();
    let url = gateway.astro();
    let arguments = ["listen", "astro", "--url", &url, "--topic", "channel.tips", "--room", ROOM, "--token-env", "TOKEN"];
    let mut running = Running::start(topicwire(&arguments).env("TOKEN", "t"));
    gateway.publish_until_heard("channel.tips", &json!({ "n": 1 }));
    let mut out = BufReader::new(running.out());
    let mut line = String::new();
    out.read_line(&mut line).expect("a pipe can be read");
    assert!(line.ends_with("channel.tips {\"n\":1}\n"), "{line}");
    drop(out);
    // It learns that nobody reads when it writes.
    eventually("it ends", || {
        gateway.publish("channel.tips", json!({ "n": 2 }));
        running.has_ended()
    });
    assert_eq!(running.wait().code(), Some(0));
    let err = running.stderr();
    assert!(!err.contains("topicwire:") && !err.contains("panicked"), "{err}");
}

#[test]
fn the_help_may_be_cut_short() {
    let mut running = Running::start(&mut topicwire(&["listen", "graphql", "--help"]));
    drop(running.out());
    assert_eq!(running.wait().code(), Some(0));
    assert_eq!(running.stderr(), "");
}

#[test]
fn time_ends_it() {
    let gateway = Gateway::start();
    let output = run(&mut topicwire(&["listen", "raw", "--url", &gateway.raw(), "--for", "200ms"]));
    let (out, err) = texts(&output);
    assert_eq!((output.status.code(), out.as_str()), (Some(0), ""), "{err}");
    assert!(gateway.heard_close(1000));
}

#[test]
fn time_that_was_never_enough_to_connect_is_a_lost_cause() {
    // It accepts connections into its backlog and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("ws://{}/", silent.local_addr().expect("it has one"));
    let output = run(&mut topicwire(&["listen", "raw", "--url", &url, "--for", "200ms"]));
    let (_, err) = texts(&output);
    assert_eq!(output.status.code(), Some(4), "{err}");
    assert!(err.contains("there was no connection in the time given"), "{err}");
}

#[test]
fn a_count_is_exact_though_more_has_come() {
    let gateway = Gateway::start();
    let send: Vec<String> = (0..50).flat_map(|n| ["--send".to_owned(), n.to_string()]).collect();
    let send: Vec<&str> = send.iter().map(String::as_str).collect();
    let output = run(&mut topicwire(&[&["listen", "raw", "--url", &gateway.raw(), "--count", "7"], &send[..]].concat()));
    let (out, err) = texts(&output);
    assert_eq!((output.status.code(), out.lines().count()), (Some(0), 7), "{err}");
}
