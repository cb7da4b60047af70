//! A client of any WebSocket server.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt as _;

use super::boundary::Client;
use super::events::Events;
use super::typed::Shared;
use crate::command::{Command, Outgoing};
use crate::error::Error;
use crate::event::{Closed, Event, EventKind, Message};
use crate::lane::{LaneOptions, Overflow};
use crate::options::{Options, RawOptions};
use crate::session::Accepted;

/// Sends and receives messages over a plain WebSocket.
///
/// A reader that is slow slows the sender down, as TCP does: nothing is dropped.
///
/// ```no_run
/// use topicwire::Raw;
/// use topicwire::options::RawOptions;
///
/// # async fn example() -> Result<(), topicwire::error::Error> {
/// let mut socket = Raw::connect(RawOptions::new("wss://example.org/")).await?;
/// socket.send_text("hello")?;
/// if let Some(message) = socket.recv().await {
///     println!("{}", String::from_utf8_lossy(message.payload()));
/// }
/// socket.close(1000, "bye").await?;
/// # Ok(())
/// # }
/// ```
pub struct Raw {
    shared: Shared,
    events: Events,
}

impl Raw {
    /// Connects.
    ///
    /// # Errors
    /// `invalid_option`, `connection_failed`, `handshake_failed`.
    pub async fn connect(options: RawOptions) -> Result<Self, Error> {
        let raw = Self::start(options)?;
        raw.shared.connected().await?;
        Ok(raw)
    }

    /// Begins to connect and returns at once.
    ///
    /// # Errors
    /// `invalid_option`.
    pub fn start(options: RawOptions) -> Result<Self, Error> {
        let main = LaneOptions { overflow: Overflow::Block, lazy: false, ..LaneOptions::default() };
        let (shared, events) = Shared::start(Options::Raw(options), main, None)?;
        Ok(Self { shared, events })
    }

    /// Sends a text message. It is on its way when this returns; [`Accepted::Busy`] says that much else is too.
    ///
    /// # Errors
    /// `closed`, `overflow`, `connection_failed`.
    pub fn send_text(&self, text: impl Into<String>) -> Result<Accepted, Error> {
        self.send(Outgoing::text(text.into()))
    }

    /// Sends a binary message.
    ///
    /// # Errors
    /// `closed`, `overflow`, `connection_failed`.
    pub fn send_binary(&self, bytes: impl Into<Bytes>) -> Result<Accepted, Error> {
        self.send(Outgoing::binary(bytes))
    }

    /// Sends a message, or a piece of one.
    ///
    /// # Errors
    /// `closed`, `overflow`, `connection_failed`.
    pub fn send(&self, outgoing: Outgoing) -> Result<Accepted, Error> {
        self.shared.client.send(None, outgoing)
    }

    /// Sends a message and resolves when it was written to the socket.
    ///
    /// # Errors
    /// `closed`, `overflow`, `connection_failed`, `connection_lost`.
    pub fn send_flushed(&self, outgoing: Outgoing) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let (client, lane) = (self.shared.client.clone(), self.shared.reply_lane);
        let pending = self.shared.replies.ask(&client, |request| client.send(Some((request, lane)), outgoing).map(drop));
        async move { pending.await.map(drop) }
    }

    /// Sends a ping and resolves with its pong.
    ///
    /// # Errors
    /// `invalid_option` for a payload over 125 bytes; `outcome_unknown` when the connection was lost; `closed`.
    pub fn ping(&self, payload: Bytes) -> impl Future<Output = Result<Bytes, Error>> + Send + use<> {
        let (client, lane) = (self.shared.client.clone(), self.shared.reply_lane);
        let pending = self.shared.replies.ask(&client, |request| client.submit(request, Some(lane), Command::Ping, payload).map(drop));
        async move { Ok(pending.await?.result.unwrap_or_default()) }
    }

    /// The next message; `None` after the end. Other events are passed over.
    pub async fn recv(&mut self) -> Option<Message> {
        loop {
            if let EventKind::Message(message) = self.events.next().await?.kind {
                return Some(message);
            }
        }
    }

    /// Waits for the next event at most this long, on this thread, for programs without async.
    pub fn poll(&mut self, timeout: Duration) -> Option<Event> {
        self.events.poll(timeout)
    }

    /// The boundary below.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.shared.client
    }

    /// Says goodbye with a close frame, and waits for the peer's. Messages that arrive meanwhile are kept.
    ///
    /// # Errors
    /// `invalid_option` for a code that nobody may send or a reason over 123 bytes, `forked`.
    pub async fn close(&self, code: u16, reason: &str) -> Result<Closed, Error> {
        self.shared.close(code, reason).await
    }
}

impl Stream for Raw {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        Pin::new(&mut self.events).poll_next(cx)
    }
}

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Raw").finish_non_exhaustive()
    }
}
