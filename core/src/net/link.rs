//! One socket's task: reads what has come, takes one turn with the session for all of it, writes what is to be written.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Sink as _, Stream as _};
use tokio::time::{Instant, Sleep};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error as WsError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::CloseFrame as WsCloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as WsFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::driver::{Bell, Handle, Item};
use super::gate::Next;
use super::stream::NetStream;
use crate::event::CloseFrame;
use crate::id::{LinkId, Ticket};
use crate::lane::{TURN_BYTES, TURN_EVENTS};
use crate::session::io::{Frame, Input, LinkEnd};

/// How long the peer may take to hang up once both sides have said goodbye.
const HANG_UP: std::time::Duration = std::time::Duration::from_secs(1);

/// What waits until the socket takes it.
enum Written {
    Frame(Frame, Ticket),
    Goodbye(CloseFrame),
}

pub(super) struct Link {
    handle: Arc<Handle>,
    id: LinkId,
    socket: WebSocketStream<NetStream>,
    bell: Arc<Bell>,
    /// To be written.
    items: VecDeque<Written>,
    frames: Vec<Frame>,
    frame_bytes: usize,
    reading: bool,
    /// The last ticket given to the socket, and whether it has been flushed.
    written: Ticket,
    unflushed: bool,
    /// Our goodbye is on its way, and there is a time by which it must be answered.
    deadline: Option<Pin<Box<Sleep>>>,
    said_goodbye: bool,
    end: LinkEnd,
    over: bool,
}

impl Link {
    pub(super) fn new(handle: Arc<Handle>, id: LinkId, socket: WebSocketStream<NetStream>, bell: Arc<Bell>, items: VecDeque<Item>) -> Self {
        let mut link = Self {
            handle,
            id,
            socket,
            bell,
            items: VecDeque::new(),
            frames: Vec::new(),
            frame_bytes: 0,
            reading: true,
            written: Ticket(0),
            unflushed: false,
            deadline: None,
            said_goodbye: false,
            end: LinkEnd::default(),
            over: false,
        };
        link.order(items);
        link
    }

    /// Takes what is to be done. Only what is written waits for its turn: a peer that does not read may be waiting for us to read, and must
    /// not put off the time by which it has to answer.
    fn order(&mut self, items: VecDeque<Item>) {
        for item in items {
            match item {
                Item::Read(on) => self.reading = on,
                Item::Close(frame, deadline) => {
                    self.reading = true;
                    self.deadline = Some(Box::pin(tokio::time::sleep(deadline)));
                    self.items.push_back(Written::Goodbye(frame));
                }
                Item::Send(frame, ticket) => self.items.push_back(Written::Frame(frame, ticket)),
            }
        }
    }

    /// Takes what has come. True if there may be more. The system is asked only when what it gave before has had its turn.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        while self.reading && !self.over {
            // One busy link must not keep callers from the session, and a lane that blocks must be able to say stop.
            if self.frames.len() >= TURN_EVENTS || self.frame_bytes >= TURN_BYTES {
                return true;
            }
            match self.socket.get_mut().poll_frame(cx, self.frames.is_empty()) {
                Poll::Pending => return false,
                Poll::Ready(Next::Dry) => return true,
                Poll::Ready(Next::Whole(frame)) => {
                    self.frame_bytes += frame.len();
                    self.frames.push(frame);
                }
                Poll::Ready(Next::Codec) => match Pin::new(&mut self.socket).poll_next(cx) {
                    // It has taken its frame, which was a part of a message.
                    Poll::Pending if self.socket.get_ref().is_shut() => {}
                    Poll::Pending => return false,
                    Poll::Ready(Some(Ok(message))) => self.take_in(message),
                    Poll::Ready(Some(Err(error))) => self.broken(&error),
                    Poll::Ready(None) => self.over = true,
                },
            }
        }
        false
    }

    fn take_in(&mut self, message: Message) {
        self.frame_bytes += message.len();
        match message {
            Message::Text(text) => self.frames.push(Frame::Text(text.into())),
            Message::Binary(bytes) => self.frames.push(Frame::Binary(bytes)),
            Message::Ping(bytes) => {
                // The codec has the answer ready, and writes it when it is asked to flush.
                self.unflushed = true;
                self.frames.push(Frame::Ping(bytes));
            }
            Message::Pong(bytes) => self.frames.push(Frame::Pong(bytes)),
            Message::Close(frame) => {
                let frame = CloseFrame {
                    code: frame.as_ref().map_or(1005, |frame| frame.code.into()),
                    reason: frame.map(|frame| frame.reason.to_string()).unwrap_or_default(),
                };
                if self.end.sent.is_none() {
                    self.end.received_first = true;
                    // The protocol layer answers by itself, with the same code.
                    self.end.sent = Some(frame.clone());
                    self.unflushed = true;
                }
                self.end.received = Some(frame);
                // A goodbye of ours has a deadline already; this only shortens it.
                let hang_up = Instant::now() + HANG_UP;
                if self.deadline.as_ref().is_none_or(|deadline| deadline.deadline() > hang_up) {
                    self.deadline = Some(Box::pin(tokio::time::sleep_until(hang_up)));
                }
            }
            // Never read.
            Message::Frame(_) => {}
        }
    }

    fn broken(&mut self, error: &WsError) {
        self.over = true;
        // After both goodbyes the peer may hang up as it likes.
        if self.end.received.is_some() && self.end.sent.is_some() {
            return;
        }
        self.end.too_large = matches!(error, WsError::Capacity(CapacityError::MessageTooLong { .. }));
        self.end.error = Some(match error {
            WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => "the peer hung up without a close frame".to_owned(),
            WsError::Io(error) => error.to_string(),
            other => other.to_string(),
        });
        let code = match error {
            WsError::Capacity(_) => Some(CloseCode::Size),
            WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
            WsError::Protocol(_) => Some(CloseCode::Protocol),
            WsError::Utf8(_) => Some(CloseCode::Invalid),
            _ => None,
        };
        // The peer may be interested why. It is not waited for.
        if let Some(code) = code
            && self.end.sent.is_none()
        {
            self.say_goodbye(&CloseFrame { code: code.into(), reason: String::new() });
        }
    }

    fn say_goodbye(&mut self, frame: &CloseFrame) {
        self.said_goodbye = true;
        let wire = (frame.code != 1005).then(|| WsCloseFrame { code: frame.code.into(), reason: Utf8Bytes::from(frame.reason.as_str()) });
        if Pin::new(&mut self.socket).start_send(Message::Close(wire)).is_ok() {
            self.end.sent = Some(frame.clone());
            self.unflushed = true;
        }
    }

    /// Writes what can be written. True if something was flushed that the session should know of.
    fn write(&mut self, cx: &mut Context<'_>) -> bool {
        while !self.items.is_empty() {
            match Pin::new(&mut self.socket).poll_ready(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => {
                    self.broken(&error);
                    return false;
                }
                Poll::Pending => return false,
            }
            let Some(item) = self.items.pop_front() else { break };
            match item {
                Written::Frame(frame, ticket) => {
                    if self.said_goodbye || self.end.received.is_some() {
                        continue;
                    }
                    if let Err(error) = Pin::new(&mut self.socket).start_send(to_message(frame)) {
                        self.broken(&error);
                        return false;
                    }
                    self.written = ticket;
                    self.unflushed = true;
                }
                Written::Goodbye(frame) => {
                    if self.end.sent.is_none() {
                        self.say_goodbye(&frame);
                    }
                }
            }
        }
        if !self.unflushed {
            return false;
        }
        match Pin::new(&mut self.socket).poll_flush(cx) {
            Poll::Ready(Ok(())) => {
                self.unflushed = false;
                true
            }
            Poll::Ready(Err(error)) => {
                self.broken(&error);
                false
            }
            Poll::Pending => false,
        }
    }

    /// Tells the session what happened and takes what it wants done.
    fn turn(&mut self, flushed: bool) {
        self.frame_bytes = 0;
        let (id, frames) = (self.id, &mut self.frames);
        let upto = self.written;
        let ((), items) = self.handle.turn_of(Some(id), |core, now| {
            for frame in frames.drain(..) {
                core.session.frame(now, id, frame);
            }
            if flushed {
                core.session.handle(now, Input::Flushed { link: id, upto });
            }
        });
        self.order(items);
    }

    fn finish(&mut self) {
        let (id, end) = (self.id, std::mem::take(&mut self.end));
        self.handle.link_over(id);
        self.handle.turn(|core, now| core.session.handle(now, Input::Closed { link: id, end }));
    }
}

impl Future for Link {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let link = &mut *self;
        link.bell.waker.register(cx.waker());
        let mut flushed = false;
        loop {
            let more = link.read(cx);
            let was_reading = link.reading;
            let rung = link.bell.rung.swap(false, Ordering::AcqRel);
            if !link.frames.is_empty() || rung || flushed {
                link.turn(flushed);
            }
            flushed = link.write(cx);
            let resumed = link.reading && !was_reading;
            if let Some(deadline) = &mut link.deadline
                && deadline.as_mut().poll(cx).is_ready()
            {
                link.over = true;
                if link.end.received.is_none() && link.end.error.is_none() {
                    link.end.error = Some("the peer did not answer the close frame in time".to_owned());
                }
            }
            if link.over {
                link.finish();
                return Poll::Ready(());
            }
            if more && !flushed && link.socket.get_ref().is_busy() {
                // Whoever listens takes what it was given while that is in the cache.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if !more && !flushed && !resumed {
                // Whatever is left to write waits for the socket, which will wake us; and so does reading, unless it was only now resumed.
                return Poll::Pending;
            }
        }
    }
}

fn to_message(frame: Frame) -> Message {
    match frame {
        Frame::Text(bytes) => match Utf8Bytes::try_from(bytes.clone()) {
            Ok(text) => Message::Text(text),
            // The session sends no such text; a binary frame is at least not a broken one.
            Err(_) => Message::Binary(bytes),
        },
        Frame::Binary(bytes) => Message::Binary(bytes),
        Frame::Ping(bytes) => Message::Ping(bytes),
        Frame::Pong(bytes) => Message::Pong(bytes),
        Frame::Fragment { text, first, fin, payload } => {
            let data = match (first, text) {
                (false, _) => Data::Continue,
                (true, true) => Data::Text,
                (true, false) => Data::Binary,
            };
            Message::Frame(fragment(payload, data, fin))
        }
    }
}

fn fragment(payload: Bytes, data: Data, fin: bool) -> WsFrame {
    WsFrame::message(payload, OpCode::Data(data), fin)
}
