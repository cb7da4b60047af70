//! `topicwire demo`.

use crate::running::{run, texts, topicwire};

#[test]
fn the_demo_loses_nothing_that_can_be_kept_and_says_so() {
    let output = run(&mut topicwire(&["demo"]));
    let (out, err) = texts(&output);
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    assert_eq!(err, "");
    for said in [
        "welcome on connection 1",
        "listening to channel.activities",
        "follow: ",
        "tip: ",
        "subscriber: ",
        "session update: ",
        "session reset: ",
        "block: ",
        "lobby: “",
        "took the session up again",
        "planned handover 3",
        "a crash",
        "a silent stall",
        "Nothing was lost that could be kept",
    ] {
        assert!(out.contains(said), "“{said}” is missing in:\n{out}");
    }
    let figures = |row: &str| -> Vec<u64> {
        let line = out.lines().find(|line| line.trim_start().starts_with(row)).unwrap_or_else(|| panic!("no row “{row}” in:\n{out}"));
        line.split_whitespace().filter_map(|word| word.parse().ok()).collect()
    };
    let (published, received, lost) = (figures("published"), figures("received"), figures("lost"));
    for client in 0..3 {
        assert_eq!(published[client], received[client] + lost[client], "{out}");
    }
    assert_eq!(figures("of these unnoticed"), [0, 0, 0]);
    assert_eq!(figures("duplicated"), [0, 0, 0]);
    // A reliable session loses nothing at all.
    assert_eq!(lost[2], 0, "{out}");
}

#[test]
fn a_demo_that_nobody_watches_ends() {
    let mut running = crate::running::Running::start(&mut topicwire(&["demo"]));
    drop(running.out());
    assert_eq!(running.wait().code(), Some(0));
    assert_eq!(running.stderr(), "");
}
