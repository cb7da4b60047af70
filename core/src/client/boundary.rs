//! The boundary: what a binding calls. All of it is synchronous and none of it waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;

use crate::batch::{Encoder, Polled};
use crate::command::{Command, Outgoing};
use crate::error::{Code, Error};
use crate::event::State;
use crate::id::{LaneId, RequestId};
use crate::lane::{Lane, LaneOptions, Poller};
use crate::net::{Handle, runtime, seed};
use crate::options::Options;
use crate::secret::Secret;
use crate::session::io::HttpResponse;
use crate::session::{Accepted, Cancelled, Session, Stats};

/// A client of one gateway. Clones are the same client; it is aborted when the last is dropped.
///
/// Its answers come as events in [lanes](crate::lane). For writing programs, [`Astro`](super::Astro), [`GraphQl`](super::GraphQl) and
/// [`Raw`](super::Raw) are more convenient.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    handle: Arc<Handle>,
    generation: u64,
    next_request: AtomicU64,
}

/// A user's answer to a `Need`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Answer {
    /// A credential.
    Token {
        /// It.
        value: Secret,
        /// How long it is known to be good; absent to be asked again with the next connection.
        valid_for: Option<Duration>,
    },
    /// There is none now.
    Failed {
        /// Why, for the `Fault` that reports it.
        text: String,
        /// Asking again later may help.
        retryable: bool,
    },
}

impl Client {
    /// A client that has not begun. Nothing is opened and no thread started before [`Client::connect`].
    ///
    /// # Errors
    /// `invalid_option` for the first option that cannot work.
    pub fn new(options: Options) -> Result<Self, Error> {
        let session = Session::new(&options, seed())?;
        let handle = Handle::new(session, options.connection().clone());
        Ok(Self { inner: Arc::new(Inner { handle, generation: runtime::generation(), next_request: AtomicU64::new(1) }) })
    }

    /// Every entry asks this before it takes a lock: in the child of a fork the lock may be held for ever.
    fn alive(&self) -> Result<&Arc<Handle>, Error> {
        if self.is_ours() { Ok(&self.inner.handle) } else { Err(forked()) }
    }

    /// Begins to connect; the rest comes as events. Runs on the tokio runtime of the caller, or else on threads of its own.
    ///
    /// # Errors
    /// `closed` after the end: a client is used once. `forked` in the child of a fork.
    pub fn connect(&self) -> Result<(), Error> {
        let handle = self.alive()?;
        handle.start(&runtime::of_a_language()?);
        handle.turn(|core, now| core.session.connect(now))
    }

    /// Whether this is the process that the client was made in. It takes no lock.
    pub(super) fn is_ours(&self) -> bool {
        self.inner.generation == runtime::generation()
    }

    /// A number for a request that this client has not used. (Bindings may count for themselves, as long as nobody mixes the two.)
    #[must_use]
    pub fn next_request(&self) -> RequestId {
        RequestId(self.inner.next_request.fetch_add(1, Ordering::Relaxed))
    }

    /// Gives a command. Exactly one `Reply` with this number goes to `reply_lane`, if one is named.
    ///
    /// # Errors
    /// `closed`, `overflow`, `unsupported`, `invalid_option` or `forked`; then there is no reply.
    pub fn submit(&self, request: RequestId, reply_lane: Option<LaneId>, command: Command, payload: Bytes) -> Result<Accepted, Error> {
        self.alive()?.turn(|core, now| {
            // Whoever has no number of its own gets no reply, and must not divert another's.
            let accepted = core.session.submit(now, request, command, payload)?;
            if let Some(lane) = reply_lane {
                core.router.expect_reply(request, lane);
            }
            Ok(accepted)
        })
    }

    /// The same with a command in JSON: `{"type": "subscribe", "topic": "channel.tips", "room": "…"}`.
    ///
    /// # Errors
    /// As [`Client::submit`].
    pub fn submit_json(&self, request: RequestId, reply_lane: Option<LaneId>, json: &[u8], payload: Bytes) -> Result<Accepted, Error> {
        self.submit(request, reply_lane, Command::from_json(json)?, payload)
    }

    /// Sends a payload, without JSON. With a request, its reply says that it was written to the socket.
    ///
    /// # Errors
    /// `closed`, `overflow`, `unsupported`, `connection_failed` or `forked`.
    pub fn send(&self, request: Option<(RequestId, LaneId)>, outgoing: Outgoing) -> Result<Accepted, Error> {
        self.alive()?.turn(|core, now| {
            let accepted = core.session.send(now, request.map(|(request, _)| request), outgoing)?;
            if let Some((request, lane)) = request {
                core.router.expect_reply(request, lane);
            }
            Ok(accepted)
        })
    }

    /// Takes a request back; its reply is `cancelled`.
    ///
    /// # Errors
    /// `forked`.
    pub fn cancel(&self, request: RequestId) -> Result<Cancelled, Error> {
        Ok(self.alive()?.turn(|core, now| core.session.cancel(now, request)))
    }

    /// Answers a `Need`. Late and doubled answers do no harm.
    ///
    /// # Errors
    /// `forked`.
    pub fn answer(&self, request: RequestId, answer: Answer) -> Result<(), Error> {
        let answer = match answer {
            Answer::Token { value, valid_for } => Ok((value, valid_for)),
            Answer::Failed { text, retryable } => Err(Error::new(Code::ProviderFailed, text).retryable(retryable)),
        };
        self.alive()?.turn(|core, now| core.session.answer_need(now, request, answer));
        Ok(())
    }

    /// Opens a lane, and gives the command that feeds it in the same breath: no event can fall between the two.
    ///
    /// # Errors
    /// As [`Client::submit`], and what is wrong with the lane's options. Then no lane is open.
    pub fn open_lane(
        &self,
        poller: &Poller,
        options: LaneOptions,
        command: Option<(RequestId, Option<LaneId>, Command)>,
    ) -> Result<Lane, Error> {
        self.alive()?.turn(|core, now| {
            let lane = core.router.open(poller, options)?;
            let Some((request, reply_lane, command)) = command else { return Ok(lane) };
            match core.session.submit(now, request, command, Bytes::new()) {
                Ok(_) => {
                    core.router.expect_reply(request, reply_lane.unwrap_or(lane.id()));
                    Ok(lane)
                }
                Err(error) => {
                    core.router.close(lane.id());
                    Err(error)
                }
            }
        })
    }

    /// Changes what a lane wants, and what happens when it is full.
    ///
    /// # Errors
    /// `invalid_option`, `closed` if there is no such lane any more, or `forked`.
    pub fn set_lane(&self, lane: LaneId, options: LaneOptions) -> Result<(), Error> {
        self.alive()?.turn(|core, _| core.router.set(lane, options))
    }

    /// Ends a lane and the subscriptions that it owns.
    ///
    /// # Errors
    /// `forked`.
    pub fn close_lane(&self, lane: LaneId) -> Result<(), Error> {
        self.alive()?.turn(|core, now| {
            for subscription in core.router.close(lane) {
                core.session.release(now, subscription);
            }
        });
        Ok(())
    }

    /// Moves events of a lane into a buffer, in the [flat layout](crate::batch). The encoder keeps scratch space: one for each consumer.
    ///
    /// # Errors
    /// `forked`.
    pub fn poll_into(&self, lane: &Lane, encoder: &mut Encoder, max: usize, buffer: &mut [u8]) -> Result<Polled, Error> {
        self.alive()?;
        Ok(encoder.poll_into(lane, max, buffer))
    }

    /// Bytes accepted and not yet written.
    ///
    /// # Errors
    /// `forked`.
    pub fn outbound_bytes(&self) -> Result<u64, Error> {
        Ok(self.alive()?.turn(|core, _| core.session.outbound_bytes()))
    }

    /// The client's state.
    ///
    /// # Errors
    /// `forked`.
    pub fn state(&self) -> Result<State, Error> {
        Ok(self.alive()?.turn(|core, _| core.session.state()))
    }

    /// Counters.
    ///
    /// # Errors
    /// `forked`.
    pub fn stats(&self) -> Result<Stats, Error> {
        Ok(self.alive()?.turn(|core, _| core.session.stats()))
    }

    /// What the server answered over HTTP when it refused the last attempt to connect: status, headers and body (64 KiB of it at most).
    /// None when it did not refuse, or was never reached.
    ///
    /// # Errors
    /// `forked`.
    pub fn refusal(&self) -> Result<Option<HttpResponse>, Error> {
        Ok(self.alive()?.turn(|core, _| core.session.refusal().cloned()))
    }

    /// Ends the client politely: refuses commands, settles requests, says goodbye. `Closed` in every lane is the end of it.
    ///
    /// # Errors
    /// `invalid_option` for a code that RFC 6455 §7.4 allows nobody to send, or a reason over 123 bytes; then nothing happens. `forked`.
    pub fn close(&self, code: u16, reason: &str) -> Result<(), Error> {
        let handle = self.alive()?;
        check_goodbye(code, reason)?;
        handle.turn(|core, now| core.session.close(now, code, reason));
        Ok(())
    }

    /// Ends the client at once.
    ///
    /// # Errors
    /// `forked`.
    pub fn abort(&self) -> Result<(), Error> {
        self.alive()?.turn(|core, now| core.session.abort(now));
        Ok(())
    }

    /// The same client, unless it has been dropped meanwhile.
    pub(super) fn downgrade(&self) -> WeakClient {
        WeakClient(Arc::downgrade(&self.inner))
    }
}

fn check_goodbye(code: u16, reason: &str) -> Result<(), Error> {
    // 1005 stands for a frame without a code; 1004, 1006 and 1015 are never on the wire.
    if !matches!(code, 1000..=1003 | 1005 | 1007..=1014 | 3000..=4999) {
        return Err(Error::option("code", "1000, one of 3000 to 4999, another that RFC 6455 lets an endpoint send, or 1005 for none"));
    }
    if reason.len() > 123 {
        return Err(Error::option("reason", "at most 123 bytes of UTF-8, which is what fits into a close frame"));
    }
    if code == 1005 && !reason.is_empty() {
        return Err(Error::option("reason", "nothing, since a close frame without a code has no room for it"));
    }
    Ok(())
}

pub(super) fn forked() -> Error {
    Error::new(Code::Forked, "the process was forked and this client belongs to the parent; make a new one in the child")
}

/// A client that is not kept alive by whoever merely serves it.
#[derive(Clone)]
pub(super) struct WeakClient(std::sync::Weak<Inner>);

impl WeakClient {
    pub(super) fn upgrade(&self) -> Option<Client> {
        self.0.upgrade().map(|inner| Client { inner })
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.generation == runtime::generation() {
            self.handle.turn(|core, now| core.session.abort(now));
        } else {
            // In the child of a fork everything is left as it is: it belongs to the parent.
            std::mem::forget(self.handle.clone());
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}
