//! One WebSocket: a task that reads and a task that writes, so that neither waits for the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::actor::{Actor, LOW_WATER};
use super::encode;
use super::tcp::{ReadSide, Tcp};
use crate::machine::{ConnId, Cut, Frame, Input};

/// Small: a gateway has many connections, and its clients send short frames.
const READ_BUFFER: usize = 4 * 1024;
/// Frames that wait are joined into writes of about this size.
const WRITE_BATCH: usize = 64 * 1024;
/// The largest message that a client may send.
const MAX_MESSAGE: usize = 64 << 20;
/// How long a connection that is told to end may take to get its last bytes out, and the peer's in.
const LINGER: Duration = Duration::from_secs(2);

/// Something for the writer, in order.
pub(super) enum Order {
    Frame(Frame),
    Close(Option<u16>, String),
    Finish,
}

impl Order {
    /// What it costs in the queue: the payload and the longest header.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Frame(frame) => frame.len() + 10,
            Self::Close(_, reason) => reason.len() + 4,
            Self::Finish => 0,
        }
    }
}

/// What takes effect at once, past all that is queued.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steering {
    pub(super) read: bool,
    pub(super) cut: Option<Cut>,
}

/// The driver's end of a connection, before it has a socket.
pub(super) struct Port {
    pub(super) conn: ConnId,
    pub(super) orders: mpsc::UnboundedReceiver<Order>,
    pub(super) queued: Arc<AtomicUsize>,
    pub(super) steering: watch::Receiver<Steering>,
}

/// Runs a connection until it ends. `early` came behind the HTTP request.
pub(super) async fn run(port: Port, tcp: Tcp, early: Bytes, actor: Actor) {
    let steering = port.steering.clone();
    let reading = read(port.conn, tcp.clone(), early, steering.clone(), &actor);
    let writing = write(port, tcp.clone(), &actor);
    tokio::join!(reading, writing);
    if steering.borrow().cut == Some(Cut::Reset) {
        tcp.reset_when_dropped();
    }
}

async fn read(conn: ConnId, tcp: Tcp, early: Bytes, mut steering: watch::Receiver<Steering>, actor: &Actor) {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let mut socket = WebSocketStream::from_partially_read(ReadSide(tcp), early.to_vec(), Role::Server, Some(config)).await;
    loop {
        let now = *steering.borrow_and_update();
        match now.cut {
            Some(Cut::Reset) => return,
            Some(Cut::Fin) => {
                // What the peer still sends is thrown away, or its arrival would turn our FIN into a reset.
                let drain = async { while socket.next().await.is_some_and(|m| m.is_ok()) {} };
                let _ = tokio::time::timeout(LINGER, drain).await;
                return;
            }
            // Half-open, or mute: the bytes stay in the kernel, and the peer finds its window full.
            _ if !now.read || now.cut == Some(Cut::Silent) => {
                if steering.changed().await.is_err() {
                    return;
                }
                continue;
            }
            _ => {}
        }
        let message = tokio::select! {
            message = socket.next() => message,
            changed = steering.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        let Some(input) = input(conn, message) else {
            continue;
        };
        let over = matches!(input, Input::Lost { .. } | Input::Broken { .. });
        if actor.input(input).await.is_err() || over {
            return;
        }
    }
}

/// What a message is to the machine; none if it is nothing.
fn input(conn: ConnId, message: Option<Result<Message, Error>>) -> Option<Input> {
    let broken = |code, reason: String| Input::Broken { conn, code, reason };
    Some(match message {
        None => Input::Lost { conn },
        Some(Ok(Message::Text(text))) => Input::Text { conn, text: text.into() },
        Some(Ok(Message::Binary(data))) => Input::Binary { conn, data },
        Some(Ok(Message::Ping(data))) => Input::Ping { conn, data },
        Some(Ok(Message::Pong(data))) => Input::Pong { conn, data },
        Some(Ok(Message::Close(frame))) => Input::Close {
            conn,
            code: frame.as_ref().map(|frame| frame.code.into()),
            reason: frame.map(|frame| frame.reason.to_string()).unwrap_or_default(),
        },
        Some(Ok(Message::Frame(_))) => return None,
        Some(Err(Error::Utf8(what))) => broken(1007, what),
        Some(Err(Error::Capacity(what))) => broken(1009, what.to_string()),
        Some(Err(Error::Protocol(what))) => match what {
            // The peer went away without a close frame, which is no misuse of framing.
            tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake => Input::Lost { conn },
            what => broken(1002, what.to_string()),
        },
        Some(Err(_)) => Input::Lost { conn },
    })
}

async fn write(mut port: Port, mut tcp: Tcp, actor: &Actor) {
    let (mut pieces, mut small) = (Vec::new(), Vec::new());
    loop {
        let order = tokio::select! {
            order = port.orders.recv() => order,
            () = interrupted(&mut port.steering) => return,
        };
        let Some(mut order) = order else {
            return;
        };
        let (mut weight, mut finish) = (0, false);
        loop {
            weight += order.weight();
            match order {
                Order::Frame(frame) => encode::frame(frame, &mut pieces, &mut small),
                Order::Close(code, reason) => {
                    encode::close(code, &reason, &mut pieces, &mut small);
                }
                Order::Finish => finish = true,
            }
            if weight >= WRITE_BATCH || finish {
                break;
            }
            match port.orders.try_recv() {
                Ok(next) => order = next,
                Err(_) => break,
            }
        }
        encode::flush(&mut pieces, &mut small);
        let writing = async {
            for piece in pieces.drain(..) {
                tcp.write_all(&piece).await?;
            }
            std::io::Result::Ok(())
        };
        let written = tokio::select! {
            written = writing => written.is_ok(),
            () = interrupted(&mut port.steering) => false,
        };
        if !written {
            return;
        }
        let before = port.queued.fetch_sub(weight, Ordering::Relaxed);
        if before > LOW_WATER && before - weight <= LOW_WATER {
            actor.drained(port.conn).await;
        }
        if finish {
            return tcp.finish();
        }
    }
}

/// Waits until writing makes no sense any more: the connection is cut, or is to end and does not get there.
async fn interrupted(steering: &mut watch::Receiver<Steering>) {
    loop {
        let cut = steering.borrow_and_update().cut;
        match cut {
            Some(Cut::Reset | Cut::Silent) => return,
            Some(Cut::Fin) => return tokio::time::sleep(LINGER).await,
            None => {}
        }
        if steering.changed().await.is_err() {
            return;
        }
    }
}
