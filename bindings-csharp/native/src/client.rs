//! The client, call by call as the core has them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use topicwire::Secret;
use topicwire::client::Answer;
use topicwire::command::{Command, Outgoing};
use topicwire::id::{LaneId, RequestId};
use topicwire::lane::LaneOptions;
use topicwire::options::Options;

use crate::error::NativeError;
use crate::lane::Lane;
use crate::poller::Poller;
use crate::views::Views;

/// What became of something that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Accepted {
    /// It is on its way.
    Queued,
    /// It is on its way, but so is much else: wait for `Writable` before sending more.
    Busy,
}

/// What became of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Cancelled {
    /// It had not been sent and will not be.
    Queued,
    /// It had been sent; what it started is being undone.
    InFlight,
    /// There is no such request.
    Unknown,
}

/// Counters.
#[derive(Debug, Clone, Copy, uniffi::Record)]
pub struct Stats {
    /// Messages that arrived, filtered ones included.
    pub messages: u64,
    /// Messages that no lane wanted.
    pub filtered: u64,
    /// Messages that had come before and were dropped.
    pub duplicates: u64,
    /// Faults.
    pub faults: u64,
}

/// A header of an HTTP answer.
#[derive(Debug, Clone, uniffi::Record)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// What a server answered when it refused to open a WebSocket.
#[derive(Debug, Clone, uniffi::Record)]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<Header>,
    /// The body, cut at 64 KiB.
    pub body: Vec<u8>,
}

/// A client of one gateway.
#[derive(uniffi::Object)]
pub struct Client {
    inner: topicwire::Client,
    views: topicwire::view::Views,
}

/// Bits of [`Client::send`]'s flags: the message is binary, not text.
const BINARY: u32 = 1;
/// The frame starts a message.
const FIRST: u32 = 2;
/// The frame ends a message.
const FIN: u32 = 4;

#[uniffi::export]
impl Client {
    /// A client that has not begun.
    ///
    /// # Errors
    /// `invalid_option` for the first option that cannot work.
    #[uniffi::constructor]
    pub fn new(options: String) -> Result<Arc<Self>, NativeError> {
        let options = Options::from_json(options.as_bytes())?;
        let views = topicwire::view::Views::of(&options);
        let inner = topicwire::Client::new(options)?;
        Ok(Arc::new(Self { inner, views }))
    }

    /// Which views its payloads have.
    #[must_use]
    pub fn views(&self) -> Arc<Views> {
        Arc::new(Views { inner: self.views })
    }

    /// Begins to connect; the rest comes as events.
    ///
    /// # Errors
    /// `closed` after the end: a client is used once.
    pub fn connect(&self) -> Result<(), NativeError> {
        Ok(self.inner.connect()?)
    }

    /// Gives a command in JSON, with a payload beside it. Exactly one reply with this number goes to `reply_lane`, if one is named.
    ///
    /// # Errors
    /// `closed`, `overflow`, `unsupported` or `invalid_option`; then there is no reply.
    pub fn submit(&self, request: u64, reply_lane: Option<u64>, command: String, payload: &[u8]) -> Result<Accepted, NativeError> {
        let payload = Bytes::copy_from_slice(payload);
        Ok(self.inner.submit_json(RequestId(request), reply_lane.map(LaneId), command.as_bytes(), payload)?.into())
    }

    /// Sends a frame, without JSON. The bits of `flags`: 1 for binary, 2 for the start of a message, 4 for its end. A `request` other than 0
    /// is answered in `reply_lane` when the frame was written to the socket.
    ///
    /// # Errors
    /// `closed`, `overflow`, `unsupported` or `connection_failed`.
    pub fn send(&self, request: u64, reply_lane: u64, flags: u32, payload: &[u8]) -> Result<Accepted, NativeError> {
        let request = (request != 0).then_some((RequestId(request), LaneId(reply_lane)));
        let payload = Bytes::copy_from_slice(payload);
        let (first, fin) = (flags & FIRST != 0, flags & FIN != 0);
        let outgoing = if flags & BINARY != 0 { Outgoing::Binary { payload, first, fin } } else { Outgoing::Text { payload, first, fin } };
        Ok(self.inner.send(request, outgoing)?.into())
    }

    /// Takes a request back; its reply is `cancelled`.
    ///
    /// # Errors
    /// None that a process without forks can meet.
    pub fn cancel(&self, request: u64) -> Result<Cancelled, NativeError> {
        Ok(match self.inner.cancel(RequestId(request))? {
            topicwire::session::Cancelled::Queued => Cancelled::Queued,
            topicwire::session::Cancelled::InFlight => Cancelled::InFlight,
            topicwire::session::Cancelled::Unknown => Cancelled::Unknown,
        })
    }

    /// Answers a need with a credential.
    ///
    /// # Errors
    /// None that a process without forks can meet.
    pub fn answer(&self, request: u64, token: String, valid_for_ms: Option<u64>) -> Result<(), NativeError> {
        let answer = Answer::Token { value: Secret::new(token), valid_for: valid_for_ms.map(Duration::from_millis) };
        Ok(self.inner.answer(RequestId(request), answer)?)
    }

    /// Answers a need with the word that there is none now.
    ///
    /// # Errors
    /// None that a process without forks can meet.
    pub fn answer_failed(&self, request: u64, text: String, retryable: bool) -> Result<(), NativeError> {
        Ok(self.inner.answer(RequestId(request), Answer::Failed { text, retryable })?)
    }

    /// Opens a lane that is described in JSON, and gives the command that feeds it in the same breath. A `request` of 0 gives none.
    ///
    /// # Errors
    /// As [`Client::submit`], and what is wrong with the lane's options. Then no lane is open.
    pub fn open_lane(
        &self,
        poller: &Poller,
        options: String,
        request: u64,
        reply_lane: Option<u64>,
        command: Option<String>,
    ) -> Result<Arc<Lane>, NativeError> {
        let options = LaneOptions::from_json(options.as_bytes())?;
        let command = match command {
            Some(command) => Some((RequestId(request), reply_lane.map(LaneId), Command::from_json(command.as_bytes())?)),
            None => None,
        };
        Ok(Arc::new(Lane::new(self.inner.open_lane(&poller.inner, options, command)?)))
    }

    /// Changes what a lane wants, and what happens when it is full.
    ///
    /// # Errors
    /// `invalid_option`, or `closed` if there is no such lane any more.
    pub fn set_lane(&self, lane: u64, options: String) -> Result<(), NativeError> {
        Ok(self.inner.set_lane(LaneId(lane), LaneOptions::from_json(options.as_bytes())?)?)
    }

    /// Ends a lane and the subscriptions that it owns.
    ///
    /// # Errors
    /// None that a process without forks can meet.
    pub fn close_lane(&self, lane: u64) -> Result<(), NativeError> {
        Ok(self.inner.close_lane(LaneId(lane))?)
    }

    /// Bytes accepted and not yet written.
    ///
    /// # Errors
    /// None that a process without forks can meet.
    pub fn outbound_bytes(&self) -> Result<u64, NativeError> {
        Ok(self.inner.outbound_bytes()?)
    }

    /// The client's state.
    ///
    /// # Errors
    /// None that a process without forks can meet.
    pub fn state(&self) -> Result<String, NativeError> {
        Ok(self.inner.state()?.as_str().to_owned())
    }

    /// Counters.
    ///
    /// # Errors
    /// None that a process without forks can meet.
    pub fn stats(&self) -> Result<Stats, NativeError> {
        let stats = self.inner.stats()?;
        Ok(Stats { messages: stats.messages, filtered: stats.filtered, duplicates: stats.duplicates, faults: stats.faults })
    }

    /// What the server answered over HTTP when it refused the last attempt to connect.
    ///
    /// # Errors
    /// None that a process without forks can meet.
    pub fn refusal(&self) -> Result<Option<Refusal>, NativeError> {
        let header = |(name, value): (&_, &_)| named(name, value);
        Ok(self.inner.refusal()?.map(|refusal| Refusal {
            status: refusal.status,
            headers: refusal.headers.iter().map(header).collect(),
            body: refusal.body.to_vec(),
        }))
    }

    /// Ends the client politely.
    ///
    /// # Errors
    /// `invalid_option` for a code or a reason that cannot be sent; then nothing happens.
    pub fn close(&self, code: u16, reason: String) -> Result<(), NativeError> {
        Ok(self.inner.close(code, &reason)?)
    }

    /// Ends the client at once.
    ///
    /// # Errors
    /// None that a process without forks can meet.
    pub fn abort(&self) -> Result<(), NativeError> {
        Ok(self.inner.abort()?)
    }
}

fn named(name: &impl AsRef<str>, value: &impl AsRef<[u8]>) -> Header {
    Header { name: name.as_ref().to_owned(), value: String::from_utf8_lossy(value.as_ref()).into_owned() }
}

impl From<topicwire::session::Accepted> for Accepted {
    fn from(accepted: topicwire::session::Accepted) -> Self {
        match accepted {
            topicwire::session::Accepted::Queued => Self::Queued,
            topicwire::session::Accepted::Busy => Self::Busy,
        }
    }
}
