//! The client, call by call as the core has them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use napi::Result;
use napi::bindgen_prelude::{BigInt, Buffer};
use napi_derive::napi;
use topicwire::Secret;
use topicwire::client::Answer;
use topicwire::command::{Command, Outgoing};
use topicwire::id::{LaneId, RequestId};
use topicwire::lane::LaneOptions;
use topicwire::options::Options;
use topicwire::view::Views;

use crate::error::thrown;
use crate::lane::NativeLane;
use crate::poller::NativePoller;

/// Bits of the flags of `send`: the message is binary, not text.
const BINARY: u32 = 1;
/// The frame starts a message.
const FIRST: u32 = 2;
/// The frame ends a message.
const FIN: u32 = 4;

/// A client of one gateway. It is aborted when it is collected.
#[napi]
pub struct NativeClient {
    inner: Arc<topicwire::Client>,
    views: Views,
}

/// Counters.
#[napi(object)]
pub struct NativeStats {
    /// Messages that arrived, filtered ones included.
    pub messages: f64,
    /// Messages that no lane wanted.
    pub filtered: f64,
    /// Messages that had come before and were dropped.
    pub duplicates: f64,
    /// Faults.
    pub faults: f64,
}

/// What a server answered when it refused to open a WebSocket.
#[napi(object)]
pub struct NativeRefusal {
    /// The status.
    pub status: u32,
    /// Names and values in turn.
    pub headers: Vec<String>,
    /// The body, cut at 64 KiB.
    pub body: Buffer,
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "requests and lanes are counted from 1 and never reach 2^53")]
fn number(number: f64) -> u64 {
    number as u64
}

#[napi]
#[allow(clippy::cast_precision_loss, reason = "no count of a program reaches 2^53")]
impl NativeClient {
    /// A client that has not begun, with options in JSON. It ends with the poller's environment.
    ///
    /// # Errors
    /// `invalid_option` for the first option that cannot work.
    #[napi(constructor)]
    pub fn new(poller: &NativePoller, options: String) -> Result<Self> {
        let options = Options::from_json(options.as_bytes()).map_err(thrown)?;
        let views = Views::of(&options);
        let inner = Arc::new(topicwire::Client::new(options).map_err(thrown)?);
        poller.clients.add(&inner);
        Ok(Self { inner, views })
    }

    /// A payload as what it means, as canonical JSON; nothing where it has no such view.
    #[napi]
    #[must_use]
    pub fn canonical(&self, topic: Option<String>, payload: &[u8]) -> Option<String> {
        self.views.canonical_payload(topic.as_deref(), payload).and_then(|json| String::from_utf8(json).ok())
    }

    /// Begins to connect; the rest comes as events.
    ///
    /// # Errors
    /// `closed` after the end: a client is used once.
    #[napi]
    pub fn connect(&self) -> Result<()> {
        self.inner.connect().map_err(thrown)
    }

    /// A request number that was not used.
    #[napi]
    #[must_use]
    pub fn next_request(&self) -> f64 {
        self.inner.next_request().0 as f64
    }

    /// Gives a command in JSON. Exactly one reply with this number goes to `reply_lane`, if that is not 0. True if much else waits to be
    /// written: wait for `writable` before giving more.
    ///
    /// # Errors
    /// `closed`, `overflow`, `unsupported` or `invalid_option`; then there is no reply.
    #[napi]
    pub fn submit(&self, request: f64, reply_lane: f64, command: String, payload: Option<&[u8]>) -> Result<bool> {
        let payload = payload.map(Bytes::copy_from_slice).unwrap_or_default();
        let lane = (reply_lane != 0.0).then(|| LaneId(number(reply_lane)));
        let accepted = self.inner.submit_json(RequestId(number(request)), lane, command.as_bytes(), payload).map_err(thrown)?;
        Ok(accepted == topicwire::session::Accepted::Busy)
    }

    /// Sends a frame, without JSON. The bits of `flags`: 1 for binary, 2 for the start of a message, 4 for its end. A `request` other than 0
    /// is answered in `reply_lane` when the frame was written to the socket. Returns what `submit` does.
    ///
    /// # Errors
    /// `closed`, `overflow`, `unsupported` or `connection_failed`.
    #[napi]
    pub fn send(&self, request: f64, reply_lane: f64, flags: u32, payload: &[u8]) -> Result<bool> {
        let request = (request != 0.0).then(|| (RequestId(number(request)), LaneId(number(reply_lane))));
        let payload = Bytes::copy_from_slice(payload);
        let (first, fin) = (flags & FIRST != 0, flags & FIN != 0);
        let outgoing = if flags & BINARY != 0 { Outgoing::Binary { payload, first, fin } } else { Outgoing::Text { payload, first, fin } };
        Ok(self.inner.send(request, outgoing).map_err(thrown)? == topicwire::session::Accepted::Busy)
    }

    /// Takes a request back; its reply is `cancelled`. Says what it was: `queued`, `in_flight` or `unknown`.
    ///
    /// # Errors
    /// `forked`.
    #[napi]
    pub fn cancel(&self, request: f64) -> Result<&'static str> {
        Ok(match self.inner.cancel(RequestId(number(request))).map_err(thrown)? {
            topicwire::session::Cancelled::Queued => "queued",
            topicwire::session::Cancelled::InFlight => "in_flight",
            topicwire::session::Cancelled::Unknown => "unknown",
        })
    }

    /// Answers a need (whose number is above what a `number` can hold) with a credential, which is known to be good for so many milliseconds, or for nobody knows how long (0).
    ///
    /// # Errors
    /// `forked`.
    #[napi]
    pub fn answer(&self, request: BigInt, token: String, valid_for_ms: f64) -> Result<()> {
        let valid_for = (valid_for_ms > 0.0).then(|| Duration::from_millis(number(valid_for_ms)));
        self.inner.answer(RequestId(request.get_u64().1), Answer::Token { value: Secret::new(token), valid_for }).map_err(thrown)
    }

    /// Answers a need with the word that there is none now.
    ///
    /// # Errors
    /// `forked`.
    #[napi]
    pub fn answer_failed(&self, request: BigInt, text: String, retryable: bool) -> Result<()> {
        self.inner.answer(RequestId(request.get_u64().1), Answer::Failed { text, retryable }).map_err(thrown)
    }

    /// Opens a lane that is described in JSON, and gives the command that feeds it in the same breath. A `request` of 0 gives none; a
    /// `reply_lane` of 0 is the lane itself.
    ///
    /// # Errors
    /// As `submit`, and what is wrong with the lane's options. Then no lane is open.
    #[napi]
    pub fn open_lane(
        &self,
        poller: &NativePoller,
        options: String,
        request: f64,
        reply_lane: f64,
        command: Option<String>,
    ) -> Result<NativeLane> {
        let options = LaneOptions::from_json(options.as_bytes()).map_err(thrown)?;
        let reply = (reply_lane != 0.0).then(|| LaneId(number(reply_lane)));
        let command = match command {
            Some(command) => Some((RequestId(number(request)), reply, Command::from_json(command.as_bytes()).map_err(thrown)?)),
            None => None,
        };
        let inner = self.inner.open_lane(&poller.inner, options, command).map_err(thrown)?;
        Ok(NativeLane { inner, encoder: topicwire::batch::Encoder::default() })
    }

    /// Changes what a lane wants, and what happens when it is full.
    ///
    /// # Errors
    /// `invalid_option`, or `closed` if there is no such lane any more.
    #[napi]
    pub fn set_lane(&self, lane: f64, options: String) -> Result<()> {
        let options = LaneOptions::from_json(options.as_bytes()).map_err(thrown)?;
        self.inner.set_lane(LaneId(number(lane)), options).map_err(thrown)
    }

    /// Ends a lane and the subscriptions that it owns.
    ///
    /// # Errors
    /// `forked`.
    #[napi]
    pub fn close_lane(&self, lane: f64) -> Result<()> {
        self.inner.close_lane(LaneId(number(lane))).map_err(thrown)
    }

    /// Bytes accepted and not yet written.
    ///
    /// # Errors
    /// `forked`.
    #[napi]
    pub fn outbound_bytes(&self) -> Result<f64> {
        Ok(self.inner.outbound_bytes().map_err(thrown)? as f64)
    }

    /// The client's state.
    ///
    /// # Errors
    /// `forked`.
    #[napi]
    pub fn state(&self) -> Result<&'static str> {
        Ok(self.inner.state().map_err(thrown)?.as_str())
    }

    /// Counters.
    ///
    /// # Errors
    /// `forked`.
    #[napi]
    pub fn stats(&self) -> Result<NativeStats> {
        let stats = self.inner.stats().map_err(thrown)?;
        Ok(NativeStats {
            messages: stats.messages as f64,
            filtered: stats.filtered as f64,
            duplicates: stats.duplicates as f64,
            faults: stats.faults as f64,
        })
    }

    /// What the server answered over HTTP when it refused the last attempt to connect.
    ///
    /// # Errors
    /// `forked`.
    #[napi]
    pub fn refusal(&self) -> Result<Option<NativeRefusal>> {
        Ok(self.inner.refusal().map_err(thrown)?.map(|refusal| NativeRefusal {
            status: u32::from(refusal.status),
            headers: refusal
                .headers
                .iter()
                .flat_map(|(name, value)| [name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()])
                .collect(),
            body: refusal.body.to_vec().into(),
        }))
    }

    /// Ends the client politely.
    ///
    /// # Errors
    /// `invalid_option` for a code or a reason that cannot be sent; then nothing happens.
    #[napi]
    pub fn close(&self, code: u32, reason: String) -> Result<()> {
        self.inner.close(u16::try_from(code).unwrap_or(0), &reason).map_err(thrown)
    }

    /// Ends the client at once.
    ///
    /// # Errors
    /// `forked`.
    #[napi]
    pub fn abort(&self) -> Result<()> {
        self.inner.abort().map_err(thrown)
    }
}
