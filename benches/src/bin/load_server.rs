//! Sends frames as fast as they are taken: `load_server`. The client says in its path what it wants: `/flood/SHAPE/SIZE`,
//! `/sparse/SHAPE/SIZE` (50 frames a second), `/client/hubs/SIZE` (reliable Web PubSub messages in JSON, whose window is as wide as it need be) or `/echo`.
#![allow(clippy::print_stdout, reason = "the first line tells the port")]

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use topicwire_benches::{Shape, frame};

/// The header of the subprotocol.
const PROTOCOL: &str = "Sec-WebSocket-Protocol";

/// Different frames in a round.
const ROUND: u64 = 256;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    // The parent holds our standard input; when it is gone, so are we.
    tokio::task::spawn_blocking(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0);
    });
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(serve(stream));
    }
}

async fn serve(stream: TcpStream) {
    let mut path = String::new();
    #[allow(clippy::result_large_err, reason = "the type of the callback is tungstenite's")]
    let look = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        request.uri().path().clone_into(&mut path);
        let mut response = response;
        if let Some(offered) = request.headers().get(PROTOCOL) {
            response.headers_mut().insert(PROTOCOL, offered.clone());
        }
        Ok(response)
    };
    let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, look).await else { return };
    let mut parts = path.trim_start_matches('/').split('/');
    if let Some(size) = path.strip_prefix("/client/hubs/").and_then(|size| size.parse().ok()) {
        webpubsub(socket, size).await;
        return;
    }
    match (parts.next(), parts.next().and_then(Shape::named), parts.next().and_then(|size| size.parse().ok())) {
        (Some(pace @ ("flood" | "sparse")), Some(shape), Some(size)) => {
            let sparse = pace == "sparse";
            if socket.send(Message::text(r#"{"type":"welcome","data":{"client_id":"1"}}"#)).await.is_err() {
                return;
            }
            // Whoever subscribes is answered and then flooded.
            let Some(Ok(Message::Text(command))) = socket.next().await else { return };
            let command: serde_json::Value = serde_json::from_str(&command).unwrap_or_default();
            let answer = serde_json::json!({"type": "response", "nonce": command["nonce"], "data": {"room": command["data"]["room"]}});
            if socket.send(Message::text(answer.to_string())).await.is_err() {
                return;
            }
            if sparse {
                trickle(socket, shape, size).await;
            } else {
                flood(socket.into_inner(), shape, size).await;
            }
        }
        _ => {
            while let Some(Ok(message)) = socket.next().await {
                if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Fifty frames a second, as long as they are taken.
async fn trickle(mut socket: WebSocketStream<TcpStream>, shape: Shape, size: usize) {
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    for number in 0.. {
        ticks.tick().await;
        if socket.send(Message::text(frame(shape, size, number % ROUND))).await.is_err() {
            return;
        }
    }
}

/// Frames are encoded once and written over and over, so that the server is never what is measured.
async fn flood(mut stream: TcpStream, shape: Shape, size: usize) {
    let mut round = Vec::new();
    for number in 0..ROUND {
        encode(&mut round, &frame(shape, size, number));
    }
    while stream.write_all(&round).await.is_ok() {}
}

/// A session whose client joins a group and is flooded. Receipts are read and not looked at: every client is held to the same.
async fn webpubsub(mut socket: WebSocketStream<TcpStream>, size: usize) {
    let connected = r#"{"type":"system","event":"connected","userId":"maya","connectionId":"c","reconnectionToken":"t"}"#;
    if socket.send(Message::text(connected)).await.is_err() {
        return;
    }
    let Some(Ok(Message::Text(join))) = socket.next().await else { return };
    let join: serde_json::Value = serde_json::from_str(&join).unwrap_or_default();
    let acknowledgement = serde_json::json!({ "type": "ack", "ackId": join["ackId"], "success": true });
    if socket.send(Message::text(acknowledgement.to_string())).await.is_err() {
        return;
    }
    let (mut reader, mut writer) = socket.into_inner().into_split();
    tokio::spawn(async move { tokio::io::copy(&mut reader, &mut tokio::io::sink()).await });
    let data = frame(Shape::RoutingFirst, size.saturating_sub(110), 0);
    let mut round = Vec::new();
    for number in 1_u64.. {
        let text = format!(
            r#"{{"sequenceId":{number},"type":"message","from":"group","fromUserId":"maya","group":"lobby","dataType":"json","data":{data}}}"#
        );
        encode(&mut round, &text);
        if number % ROUND == 0 {
            if writer.write_all(&round).await.is_err() {
                return;
            }
            round.clear();
        }
    }
}

/// Appends a text frame.
fn encode(to: &mut Vec<u8>, text: &str) {
    to.push(0x81);
    match u16::try_from(text.len()) {
        Ok(short) if short < 126 => to.push(short as u8),
        Ok(medium) => {
            to.push(126);
            to.extend(medium.to_be_bytes());
        }
        Err(_) => {
            to.push(127);
            to.extend((text.len() as u64).to_be_bytes());
        }
    }
    to.extend(text.as_bytes());
}
