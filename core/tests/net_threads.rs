//! The threads of programs that have none of tokio's. It has a process of its own, since it counts them.
#![cfg(all(feature = "net", target_os = "linux"))]

use std::time::Duration;

use topicwire::client::{Events, block_on};
use topicwire::event::EventKind;
use topicwire::lane::LaneOptions;
use topicwire::options::{Options, RawOptions};
use topicwire::{Client, Raw};

const SOON: Duration = Duration::from_secs(20);

/// The signals that each of our threads blocks, as the kernel's mask.
fn masks() -> Vec<u64> {
    let tasks = std::fs::read_dir("/proc/self/task").expect("this process").flatten();
    let ours = tasks.filter(|task| std::fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.trim() == "topicwire"));
    let status = ours.filter_map(|task| std::fs::read_to_string(task.path().join("status")).ok());
    let mask = |status: String| status.lines().find_map(|line| line.strip_prefix("SigBlk:").map(str::trim).map(str::to_owned));
    status.filter_map(mask).map(|mask| u64::from_str_radix(&mask, 16).expect("a mask")).collect()
}

#[test]
fn threads_start_with_the_first_connection_block_signals_and_one_runtimes_end_ends_its_clients_only() {
    let client = Client::new(Options::Raw(RawOptions::new("ws://127.0.0.1:1/"))).expect("good options");
    assert!(masks().is_empty(), "a client that does not connect has no threads");

    client.connect().expect("begun");
    assert!(block_on(Raw::connect(RawOptions::new("ws://127.0.0.1:1/"))).is_err(), "nobody is there");
    let masks = masks();
    assert!(!masks.is_empty());
    for mask in masks {
        let blocked = |signal: u32| mask & (1 << (signal - 1)) != 0;
        // SIGHUP, SIGINT, SIGTERM, SIGCHLD; but not SIGSEGV, SIGPROF.
        assert!([1, 2, 15, 17].into_iter().all(blocked), "{mask:x}");
        assert!(![11, 27].into_iter().any(blocked), "{mask:x}");
    }

    // A program's own runtime: when that goes, so do the clients on it, and whoever waits for them hears of it.
    one_runtimes_end_ends_its_clients(tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads"));
    // One that never ran anything.
    one_runtimes_end_ends_its_clients(tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"));
}

fn one_runtimes_end_ends_its_clients(runtime: tokio::runtime::Runtime) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    let url = format!("ws://{}/", listener.local_addr().expect("an address"));
    let client = Client::new(Options::Raw(RawOptions::new(url))).expect("good options");
    let mut events = Events::open(&client, LaneOptions::default(), None).expect("a lane");
    {
        let _inside = runtime.enter();
        client.connect().expect("begun");
    }
    drop(runtime);
    while !matches!(events.poll(SOON).expect("an end").kind, EventKind::Closed(_)) {}
}
