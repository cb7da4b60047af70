//! Servers of a few lines, and how to wait for things.

use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use topicwire::Raw;
use topicwire::event::{Closed, EventKind};

/// Long enough for any machine; nothing waits for it when all is well.
const SOON: Duration = Duration::from_secs(30);

/// Waits for what has to happen.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(SOON, future).await.expect("it happens soon")
}

/// A free port of the loopback, and its address for WebSockets.
pub(crate) async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let url = format!("ws://{}/", listener.local_addr().expect("an address"));
    (listener, url)
}

/// The next connection, before any byte.
pub(crate) async fn accept(listener: &TcpListener) -> TcpStream {
    soon(listener.accept()).await.expect("a connection").0
}

/// The next connection, upgraded.
pub(crate) async fn accept_websocket(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    soon(tokio_tungstenite::accept_async(accept(listener).await)).await.expect("an upgrade")
}

/// The head of an HTTP request: all up to the empty line.
pub(crate) async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon(stream.read_u8()).await.expect("a request"));
    }
    String::from_utf8(head).expect("HTTP in ASCII")
}

/// A header of a request's head.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// An answer that upgrades, with headers of the test's own.
pub(crate) fn switching(head: &str, more: &str) -> String {
    let key = derive_accept_key(header(head, "sec-websocket-key").expect("a key").as_bytes());
    format!("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {key}\r\n{more}\r\n")
}

pub(crate) async fn write(stream: &mut TcpStream, bytes: impl AsRef<[u8]>) {
    soon(stream.write_all(bytes.as_ref())).await.expect("the client is there");
}

/// Waits until the client has hung up, and says whether that was in order (an end of the stream rather than a reset).
pub(crate) async fn hung_up(stream: &mut TcpStream) -> bool {
    let mut buffer = [0; 4096];
    loop {
        match soon(stream.read(&mut buffer)).await {
            Ok(0) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

/// The end of a client, whatever comes before it.
pub(crate) async fn closed(raw: &mut Raw) -> Closed {
    loop {
        if let EventKind::Closed(closed) = soon(raw.next()).await.expect("an end before the stream's").kind {
            return *closed;
        }
    }
}
