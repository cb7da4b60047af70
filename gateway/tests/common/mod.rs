//! A WebSocket client for the tests of the gateway, with a deadline on everything.

#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Long enough for any machine; a test that needs it has failed.
const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) const ROOM: &str = "64f0a1b2c3d4e5f607182930";

pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(done) => done,
        Err(_) => panic!("waited too long for {what}"),
    }
}

/// What ended a connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Close(u16, String),
    /// A close frame without a code.
    NoCode,
    /// No close frame.
    Cut,
}

pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) subprotocol: Option<String>,
}

impl Client {
    pub(crate) async fn open(url: &str) -> Self {
        Self::offer(url, &[]).await.expect("the upgrade succeeds")
    }

    pub(crate) async fn offer(url: &str, subprotocols: &[&str]) -> Result<Self, Box<tungstenite::Error>> {
        let mut request = url.into_client_request().expect("a URL");
        if !subprotocols.is_empty() {
            let offer = subprotocols.join(", ").parse().expect("a header");
            request.headers_mut().insert("sec-websocket-protocol", offer);
        }
        let connected = tokio_tungstenite::connect_async(request);
        let (socket, response) = within("the upgrade", connected).await.map_err(Box::new)?;
        let answered = response.headers().get("sec-websocket-protocol");
        Ok(Self { socket, subprotocol: answered.map(|name| name.to_str().expect("text").to_owned()) })
    }

    pub(crate) async fn send(&mut self, text: &str) {
        let sent = self.socket.send(Message::text(text));
        within("a send", sent).await.expect("the connection is open");
    }

    /// The next message, PINGs and PONGs included.
    pub(crate) async fn message(&mut self) -> Option<Result<Message, tungstenite::Error>> {
        within("a message", self.socket.next()).await
    }

    /// The next text frame, as JSON.
    pub(crate) async fn json(&mut self) -> Value {
        loop {
            match self.message().await {
                Some(Ok(Message::Text(text))) => {
                    return serde_json::from_str(&text).expect("JSON");
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("expected a text frame, got {other:?}"),
            }
        }
    }

    /// Reads to the end.
    pub(crate) async fn end(&mut self) -> End {
        loop {
            match self.message().await {
                Some(Ok(Message::Close(Some(frame)))) => {
                    return End::Close(frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(Message::Close(None))) => return End::NoCode,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return End::Cut,
            }
        }
    }

    pub(crate) async fn close(&mut self, code: u16) {
        let frame = tungstenite::protocol::CloseFrame { code: CloseCode::from(code), reason: "done".into() };
        let closed = self.socket.close(Some(frame));
        within("a close", closed).await.expect("the connection is open");
    }
}

/// An Astro subscribe.
pub(crate) fn subscribe(nonce: &str, topic: &str) -> String {
    serde_json::json!({
        "type": "subscribe",
        "nonce": nonce,
        "data": {"topic": topic, "room": ROOM, "token": "se-jwt-1", "token_type": "jwt"},
    })
    .to_string()
}

/// An HTTP request to the control API. Returns the status and the answer.
pub(crate) async fn http(port: u16, method: &str, path: &str, headers: &str, body: &str) -> (u16, Value) {
    let exchange = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = within("an answer", exchange).await.expect("the gateway answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, serde_json::from_str(body).unwrap_or_else(|_| panic!("no JSON: {answer}")))
}
