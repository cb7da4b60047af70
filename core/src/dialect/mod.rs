//! The seam between the machine and the wire languages.
//!
//! A [`Dialect`] is a passive machine: it knows one gateway's words and holds what it must remember of each link, but it opens no
//! socket, sets no clock and decides nothing about reconnecting. The session calls it, and it acts through the [`Context`] that it is
//! handed. Sessions know no word of any gateway, dialects know neither each other nor the network.

pub mod astro;
pub mod graphql;
pub mod raw;
pub mod webpubsub;

use std::time::Duration;

use bytes::Bytes;

use crate::command::{Command, Outgoing, Target};
use crate::error::Error;
use crate::event::CloseFrame;
use crate::id::{HttpId, KeyId, LinkId, RequestId, RouteId};
use crate::options::{ConnectionOptions, Options};
use crate::secret::Secret;
use crate::session::Context;
use crate::session::io::{Dial, DialFailure, Frame, Handshake, HttpResponse, LinkEnd};
use crate::time::Now;

/// Makes the dialect that the options ask for.
///
/// # Errors
/// `unsupported` for a dialect that this build does not have.
pub fn of(options: &Options) -> Result<Box<dyn Dialect>, Error> {
    match options {
        Options::Astro(options) => Ok(Box::new(astro::Astro::new(options.clone()))),
        Options::GraphQl(options) => Ok(Box::new(graphql::GraphQl::new(options.clone()))),
        Options::Raw(options) => Ok(Box::new(raw::Raw::new(options.clone()))),
        Options::WebPubSub(options) => Ok(Box::new(webpubsub::WebPubSub::new(options.clone()))),
    }
}

/// One gateway's wire language.
///
/// All methods are called with a context through which the dialect acts. None may block, and none may panic on what a peer sent.
pub trait Dialect: Send {
    /// The word for it: `astro`, `graphql`, …
    fn name(&self) -> &'static str;

    /// The gateway's manners as data, from which the session takes its timers.
    fn facts(&self) -> Facts;

    /// What the server takes a target for. Targets with equal identities share one subscription on the server.
    ///
    /// # Errors
    /// `invalid_option` when the target cannot be subscribed to, `unsupported` when the dialect has no such target.
    fn identify(&self, target: &Target) -> Result<Identity, Error>;

    /// Whether the server may know the target under another name, too, which only an answer will tell: to end it may then end another.
    fn is_ambiguous(&self, target: &Target) -> bool {
        let _ = target;
        false
    }

    /// What a new link needs. Called when the session wants to connect; `resume` is the credential of a handover, if one is held.
    fn dial(&mut self, cx: &mut Context<'_>, route: RouteId, resume: Option<&Secret>) -> Dialing;

    /// The socket is open. Say hello, and call [`Context::ready`] when the gateway has greeted (perhaps right now).
    fn opened(&mut self, cx: &mut Context<'_>, link: LinkId, handshake: &Handshake);

    /// A frame arrived. Liveness has been noted.
    fn frame(&mut self, cx: &mut Context<'_>, link: LinkId, frame: Frame);

    /// Ask the server for a subscription. The link is ready and paced. The answer comes by [`Context::answer`] with the key that
    /// [`Dispatch::Sent`] names.
    fn subscribe(&mut self, cx: &mut Context<'_>, link: LinkId, key: KeyId, target: &Target) -> Dispatch;

    /// Tell the server to end a subscription that is live on this link, or on its way.
    fn unsubscribe(&mut self, cx: &mut Context<'_>, link: LinkId, key: KeyId, target: &Target) -> Dispatch;

    /// Carry out any other command on a ready link.
    fn command(&mut self, cx: &mut Context<'_>, link: LinkId, request: RequestId, command: &Command, payload: &Bytes) -> Dispatch;

    /// The user took a command back that [`Dispatch::Sent`] named with this key. Nobody waits for its answer any more; undo it if the
    /// gateway has a word for that.
    fn cancelled(&mut self, cx: &mut Context<'_>, link: LinkId, answer: &str) {
        let _ = (cx, link, answer);
    }

    /// Send a payload on a ready link, without JSON. Only dialects that can publish do more than refuse.
    ///
    /// # Errors
    /// `unsupported`, or why this payload cannot be sent.
    fn send(&mut self, cx: &mut Context<'_>, link: LinkId, outgoing: Outgoing) -> Result<(), Error> {
        let _ = (cx, link, outgoing);
        Err(Error::new(crate::error::Code::Unsupported, format!("{} clients cannot send frames", self.name())))
    }

    /// Prove that the link lives: send whatever the gateway answers. Any frame counts as the answer.
    fn probe(&mut self, cx: &mut Context<'_>, link: LinkId);

    /// An attempt to connect failed. Nothing of the link will be heard.
    fn dial_failed(&mut self, cx: &mut Context<'_>, link: LinkId, failure: &DialFailure) -> Verdict;

    /// A link ended by itself. Forget what was remembered of it.
    fn link_ended(&mut self, cx: &mut Context<'_>, link: LinkId, end: &LinkEnd) -> Verdict;

    /// The session gave a link up (stale, drained, superseded). Forget what was remembered of it.
    fn link_dropped(&mut self, link: LinkId);

    /// A credential that [`Context::credential`] asked for has arrived, changed or failed. The session retries what waited for it.
    fn credential_changed(&mut self, cx: &mut Context<'_>, credential: &str) {
        let _ = (cx, credential);
    }

    /// A timer of [`Context::timer`] came due.
    fn timer(&mut self, cx: &mut Context<'_>, key: u64) {
        let _ = (cx, key);
    }

    /// An HTTP request of [`Context::http`] ended.
    fn response(&mut self, cx: &mut Context<'_>, id: HttpId, result: Result<HttpResponse, String>) {
        let _ = (cx, id, result);
    }

    /// A link is about to be closed since the user closes, or since nothing needs it any more. Send the gateway's last words, if it has
    /// any, and name the close frame.
    fn goodbye(&mut self, cx: &mut Context<'_>, link: LinkId) -> CloseFrame {
        let _ = (cx, link);
        CloseFrame { code: 1000, reason: String::new() }
    }
}

/// A gateway's manners.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Whether there is one connection, or one for each subscription.
    pub routes: Routes,
    /// Connect only while something is wanted.
    pub lazy: bool,
    /// With `lazy`: close this long after nothing is wanted any more.
    pub linger: Option<Duration>,
    /// How long a greeting may take after the socket opened.
    pub greeting: Duration,
    /// How long a greeted link must live before it counts: until then attempts go on counting, and old links are kept.
    pub probation: Duration,
    /// Whether a link also proves itself by the first command that is answered.
    pub answer_proves: bool,
    /// Attempts start from 0 again once a link lived this long.
    pub settle: Duration,
    /// Pacing of commands.
    pub pacing: Pacing,
    /// How long an answer may take, counted from when its command was written; `None` where the gateway gives no answers.
    pub answer: Option<Duration>,
    /// Replace a link after this much silence. Dialects change it with [`Context::set_idle`].
    pub idle: Option<Duration>,
    /// Probe a link this often, and replace it when nothing at all came for `timeout` after a probe.
    pub probe: Option<Probe>,
    /// How long an old link may go on delivering after a handover.
    pub drain: Duration,
    /// A resume credential is tried at most this often and this long while the server answers "later".
    pub resume_tries: (u32, Duration),
    /// The gateway keeps a session whose connection broke, and what it has for it, until it is taken up again: then nothing is missing. A
    /// dialect names the credential with [`Context::resumable`].
    pub resume_replays: bool,
    /// The same message may come by two links, so ids are remembered.
    pub dedup: bool,
    /// Drop messages of subscriptions that the user has ended.
    pub drop_after_unsubscribe: bool,
    /// End the client when every subscription was refused as unauthorised.
    pub stop_when_unauthorized: bool,
    /// How long reading may pause for consumers who are behind, before the gateway would take us for dead; `None` for as long as they like.
    pub stall: Option<Duration>,
    /// After a resume, ask for every subscription again to be sure.
    pub verify_resume: bool,
    /// Messages that arrive during the close handshake are still delivered.
    pub keep_while_closing: bool,
    /// How long a provider may take.
    pub provider: Duration,
    /// How long a close handshake may take.
    pub close: Duration,
}

/// How subscriptions share connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Routes {
    /// All by one.
    Shared,
    /// One for each subscription and each request.
    PerKey,
}

/// How commands are paced: a token bucket, a window, and pauses when throttled.
#[derive(Debug, Clone, Copy)]
pub struct Pacing {
    /// Time in which one token comes back; zero for no pacing.
    pub interval: Duration,
    /// Tokens at most.
    pub burst: u32,
    /// Commands that may be unanswered while few subscriptions are wanted …
    pub window_small: usize,
    /// … and while more than [`Pacing::small`] are.
    pub window_large: usize,
    /// What few are.
    pub small: usize,
    /// First pause after being throttled; it doubles …
    pub pause: Duration,
    /// … up to this.
    pub pause_max: Duration,
}

impl Pacing {
    /// No pacing at all.
    pub const NONE: Self = Self {
        interval: Duration::ZERO,
        burst: u32::MAX,
        window_small: usize::MAX,
        window_large: usize::MAX,
        small: usize::MAX,
        pause: Duration::from_secs(5),
        pause_max: Duration::from_secs(30),
    };
}

/// An active sign of life.
#[derive(Debug, Clone, Copy)]
pub struct Probe {
    /// How often.
    pub interval: Duration,
    /// How long the answer may take.
    pub timeout: Option<Duration>,
}

/// What the server takes a target for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Equal texts are one subscription on the server.
    Shared(String),
    /// It is its own.
    Own,
}

/// What came of a request to dial.
#[derive(Debug)]
pub enum Dialing {
    /// Go.
    Go(Box<Dial>),
    /// A credential was asked for; the session tries again when it comes.
    Waiting {
        /// Its name.
        credential: String,
    },
    /// It cannot work, and why.
    Refused(Error),
}

/// What came of a command given to a dialect.
#[derive(Debug)]
pub enum Dispatch {
    /// It is on its way, and its answer will carry this key (unique on the link). If the link is lost before the answer, `class` decides.
    Sent {
        /// The key for [`Context::answer`].
        answer: String,
        /// What a loss means.
        class: Class,
    },
    /// It is on its way and done with: nothing answers it.
    Done,
    /// A credential was asked for; the session tries again when it comes.
    Waiting {
        /// Its name.
        credential: String,
    },
    /// Something else is awaited (a look-up); the dialect calls [`Context::retry`] when it is there.
    Later,
    /// It cannot be sent.
    Refused(Error),
}

/// What a command may suffer when its connection is lost after it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Doing it twice does no harm: it is sent again.
    Idempotent,
    /// It carries a number under which the gateway does it once, for as long as it keeps the session: it is sent again when the session is
    /// taken up again, and answered `outcome_unknown` when another begins. ([`Facts::resume_replays`])
    SameId,
    /// Whether it was done cannot be known: it is answered `outcome_unknown`.
    Once,
}

/// What the gateway answered.
#[derive(Debug)]
pub enum Answer {
    /// It is done.
    Done {
        /// The gateway's own result, raw JSON.
        result: Option<Bytes>,
        /// For a subscription: the identity that the server uses, if it differs from what was asked.
        canonical: Option<String>,
    },
    /// Not now: try again after a while, for this subscription or command alone.
    Retry(Error),
    /// The credential is no good: ask for a fresh one, then try once more.
    Unauthorized {
        /// Its name.
        credential: String,
        /// What the gateway said.
        error: Error,
    },
    /// The server has it, by a name that it did not say: end it, and ask again. (Astro)
    Again,
    /// No.
    Failed(Error),
}

impl Verdict {
    /// Why.
    #[must_use]
    pub fn error(&self) -> &Error {
        match self {
            Self::Retry(error) | Self::RetryAfter { error, .. } | Self::Refresh { error, .. } | Self::Fatal(error) => error,
        }
    }
}

/// What the end of a link, or a failed attempt, means for its route.
#[derive(Debug)]
pub enum Verdict {
    /// Come back after the usual wait. A resume credential is given up.
    Retry(Error),
    /// Come back, but wait at least this long; a resume credential is kept if `keep_resume`.
    RetryAfter {
        /// At least this long.
        wait: Duration,
        /// Whether the resume credential is still good.
        keep_resume: bool,
        /// Why.
        error: Error,
    },
    /// Ask for a fresh credential, then come back; the second time in a row is fatal.
    Refresh {
        /// Its name.
        credential: String,
        /// Why.
        error: Error,
    },
    /// It is over.
    Fatal(Error),
}

/// Where an envelope's payload lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Signs of life, acknowledgements, hellos: never queued behind anything.
    Control,
    /// Everything else.
    Data,
}

/// Fills in what a dialect does not decide about a dial.
#[must_use]
pub fn dial_from(connection: &ConnectionOptions, url: Secret, protocols: Vec<String>, max_message: u64) -> Dial {
    Dial {
        url,
        headers: connection.headers.clone(),
        protocols,
        protocol_optional: false,
        timeout: connection.connect_timeout,
        max_message: usize::try_from(connection.max_message.unwrap_or(max_message)).unwrap_or(usize::MAX),
    }
}

/// What the end of a link says, as an error.
#[must_use]
pub fn lost(end: &LinkEnd) -> Error {
    if end.too_large {
        return Error::new(crate::error::Code::TooLarge, "a message was larger than `connection.max_message` allows").retryable(false);
    }
    match (&end.received, &end.error) {
        (Some(frame), _) => Error::new(crate::error::Code::ConnectionLost, "the gateway closed the connection")
            .from_gateway(Some(frame.code.to_string()), Some(frame.reason.clone())),
        (None, Some(error)) => Error::new(crate::error::Code::ConnectionLost, format!("the connection broke: {error}")),
        (None, None) => Error::new(crate::error::Code::ConnectionLost, "the connection ended without a close frame"),
    }
}

/// How long an HTTP answer asks us to wait: `Retry-After`, in seconds or as a date (RFC 9110 §10.2.3).
#[must_use]
pub fn retry_after(now: Now, answer: &HttpResponse) -> Option<Duration> {
    let text = answer.headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(u64::from(seconds)));
    }
    let at = httpdate::parse_http_date(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(at.saturating_sub(Duration::from_millis(now.wall.0)))
}
