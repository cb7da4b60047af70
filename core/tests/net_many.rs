//! A thousand clients in one process. It has a process of its own, since it counts every byte that is allocated.
#![cfg(all(feature = "net", unix))]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use topicwire::Raw;
use topicwire::client::block_on;
use topicwire::event::EventKind;
use topicwire::options::RawOptions;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

const CLIENTS: usize = 1000;
/// What an idle connection may cost without TLS, in bytes.
const MOST: usize = 24 << 10;
/// Long enough for any machine; nothing waits for it when all is well.
const SOON: Duration = Duration::from_secs(60);

/// Upgrades every connection, says `hello`, and then holds a few bytes of it: the memory of this process is to be the clients'.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    let url = format!("ws://{}/", listener.local_addr().expect("an address"));
    let mut held = Vec::with_capacity(4 * CLIENTS);
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut head = Vec::new();
            let mut some = [0; 1024];
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read(&mut some) {
                    Ok(n) if n > 0 => head.extend_from_slice(&some[..n]),
                    _ => break,
                }
            }
            let head = String::from_utf8_lossy(&head);
            let key =
                head.lines().filter_map(|line| line.split_once(": ")).find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"));
            let Some((_, key)) = key else { continue };
            let accept = derive_accept_key(key.as_bytes());
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            let _ = stream.write_all(answer.as_bytes()).and_then(|()| stream.write_all(b"\x81\x05hello"));
            held.push(stream);
        }
    });
    url
}

fn connect(url: &str, clients: usize) -> Vec<Raw> {
    let mut all: Vec<Raw> = (0..clients).map(|_| Raw::start(RawOptions::new(url)).expect("good options")).collect();
    for raw in &mut all {
        loop {
            match raw.poll(SOON).expect("an event").kind {
                EventKind::Message(message) => break assert_eq!(message.payload(), b"hello"),
                EventKind::Closed(closed) => panic!("{closed:?}"),
                _ => {}
            }
        }
    }
    all
}

#[test]
fn a_thousand_clients_fit_into_a_process_and_an_idle_one_into_24_kib() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = 2 * CLIENTS as u64 + 500;
    if limit.current.is_some_and(|current| current < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum }).expect("enough open files are allowed");
    }
    let url = server();
    // What there is once a process is not counted.
    let first = connect(&url, 1);
    let region = Region::new(ALLOCATOR);
    let many = connect(&url, CLIENTS);
    let change = region.change();
    let held = change.bytes_allocated - change.bytes_deallocated;
    let each = held / CLIENTS;
    assert!(each <= MOST, "an idle connection holds {each} bytes");
    for raw in first.iter().chain(&many) {
        assert!(raw.client().stats().expect("not forked").messages == 1);
        raw.client().abort().expect("not forked");
    }
    assert!(block_on(many[0].close(1000, "")).is_ok());
}
