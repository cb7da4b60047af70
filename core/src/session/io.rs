//! What goes into the machine and what comes out of it.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use crate::event::CloseFrame;
use crate::id::{HttpId, LinkId, Ticket};
use crate::secret::Secret;

/// What happened in the world. Inputs for links that are gone are ignored.
#[derive(Debug)]
#[non_exhaustive]
pub enum Input {
    /// The upgrade succeeded. Every [`Output::Open`] is answered by exactly one of this or [`Input::Failed`].
    Opened {
        /// The link.
        link: LinkId,
        /// What the server said.
        handshake: Handshake,
    },
    /// The upgrade did not succeed. The link is gone.
    Failed {
        /// The link.
        link: LinkId,
        /// Where it failed.
        failure: DialFailure,
    },
    /// A frame arrived. Fragments have been put together.
    Frame {
        /// The link.
        link: LinkId,
        /// The frame.
        frame: Frame,
    },
    /// Everything up to this ticket was given to the operating system.
    Flushed {
        /// The link.
        link: LinkId,
        /// The last ticket written.
        upto: Ticket,
    },
    /// The link is gone. It comes once, after [`Input::Opened`]; nothing follows it.
    Closed {
        /// The link.
        link: LinkId,
        /// How.
        end: LinkEnd,
    },
    /// An HTTP request ended. Every [`Output::Request`] is answered once, unless it was cancelled.
    Response {
        /// The request.
        id: HttpId,
        /// What came of it.
        result: Result<HttpResponse, String>,
    },
    /// A lane that blocks is full (`on`), or has room again.
    Pressure {
        /// Whether reading should pause.
        on: bool,
    },
}

/// What the world should do. Obey in order.
#[derive(Debug)]
#[non_exhaustive]
pub enum Output {
    /// Open a socket.
    Open {
        /// A number never used before.
        link: LinkId,
        /// Where and how.
        dial: Box<Dial>,
    },
    /// Write a frame.
    Send {
        /// The link.
        link: LinkId,
        /// The frame.
        frame: Frame,
        /// Quote it in [`Input::Flushed`]. Tickets of a link rise.
        ticket: Ticket,
    },
    /// Start or stop reading.
    Read {
        /// The link.
        link: LinkId,
        /// Whether to read.
        on: bool,
    },
    /// Reading can be held back no longer: lanes that hold it back must drop messages until they have room. (`Router::stall`)
    Stall,
    /// Say goodbye: send what is queued, a close frame, and wait for the peer's until the deadline; then cut. Answered by [`Input::Closed`].
    Close {
        /// The link.
        link: LinkId,
        /// The frame to send.
        frame: CloseFrame,
        /// How long to wait for the peer.
        deadline: Duration,
    },
    /// Cut without a word. Legal before [`Input::Opened`] too. Nothing of the link comes back after it.
    Abort {
        /// The link.
        link: LinkId,
    },
    /// Send an HTTP request. No retries, no redirects: timers and second attempts are the machine's.
    Request {
        /// A number never used before.
        id: HttpId,
        /// What to send.
        request: Box<HttpRequest>,
    },
    /// Forget a request; its answer is ignored.
    CancelRequest {
        /// The request.
        id: HttpId,
    },
}

impl Output {
    /// The link that it is about.
    #[must_use]
    pub fn link(&self) -> Option<LinkId> {
        match self {
            Self::Open { link, .. }
            | Self::Send { link, .. }
            | Self::Read { link, .. }
            | Self::Close { link, .. }
            | Self::Abort { link } => Some(*link),
            Self::Stall | Self::Request { .. } | Self::CancelRequest { .. } => None,
        }
    }
}

/// Where to connect, and what to offer.
#[derive(Debug, Clone, PartialEq)]
pub struct Dial {
    /// `ws://` or `wss://`; it may hold a credential.
    pub url: Secret,
    /// Headers of the upgrade, in order.
    pub headers: Vec<(String, Secret)>,
    /// Subprotocols to offer, the best first. An answer outside of them fails the handshake (RFC 6455 §4.1).
    pub protocols: Vec<String>,
    /// The server need not choose any of them (RFC 6455 §4.2.2 leaves it free to).
    pub protocol_optional: bool,
    /// Time for DNS, TCP, TLS and the upgrade together, counted from when dialing starts, not from when it was asked for.
    pub timeout: Duration,
    /// The largest message to accept, and the largest frame, in bytes.
    pub max_message: usize,
}

/// An upgrade that succeeded.
#[derive(Debug, Clone, Default)]
pub struct Handshake {
    /// The subprotocol that the server chose.
    pub protocol: Option<String>,
    /// HTTP status; 101.
    pub status: u16,
    /// Response headers.
    pub headers: HeaderMap,
}

/// An upgrade that failed.
#[derive(Debug, Clone, Default)]
pub struct DialFailure {
    /// How far it got.
    pub phase: DialPhase,
    /// The HTTP answer, if there was one.
    pub http: Option<HttpResponse>,
    /// What went wrong, free of secrets.
    pub error: String,
}

/// How far an attempt to connect got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum DialPhase {
    /// Looking the host up.
    Dns,
    /// Opening the TCP connection.
    #[default]
    Tcp,
    /// Asking the proxy.
    Proxy,
    /// Agreeing on TLS.
    Tls,
    /// Upgrading to WebSocket.
    Upgrade,
    /// The server did not choose a subprotocol that was offered.
    Protocol,
    /// The whole took too long.
    Timeout,
}

impl DialPhase {
    /// A word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::Upgrade => "upgrade",
            Self::Protocol => "protocol",
            Self::Timeout => "timeout",
        }
    }
}

/// One WebSocket frame, or a message put together from several.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame {
    /// Text, valid UTF-8.
    Text(Bytes),
    /// Bytes.
    Binary(Bytes),
    /// A ping. Incoming ones have been answered.
    Ping(Bytes),
    /// A pong.
    Pong(Bytes),
    /// Outgoing only: a piece of a message.
    Fragment {
        /// The message is text.
        text: bool,
        /// It starts the message.
        first: bool,
        /// It ends the message.
        fin: bool,
        /// The bytes.
        payload: Bytes,
    },
}

impl Frame {
    /// Payload bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Text(payload) | Self::Binary(payload) | Self::Ping(payload) | Self::Pong(payload) | Self::Fragment { payload, .. } => {
                payload.len()
            }
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Frames carry tokens out and donors' data in, so only their size is printed.
impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Text(_) => "Text",
            Self::Binary(_) => "Binary",
            Self::Ping(_) => "Ping",
            Self::Pong(_) => "Pong",
            Self::Fragment { .. } => "Fragment",
        };
        write!(f, "{name}({} bytes)", self.len())
    }
}

/// How a link ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkEnd {
    /// The close frame that the peer sent.
    pub received: Option<CloseFrame>,
    /// The close frame that we sent (an echo of the peer's included).
    pub sent: Option<CloseFrame>,
    /// The peer's came first.
    pub received_first: bool,
    /// The link broke: what the operating system or the protocol layer said, free of secrets.
    pub error: Option<String>,
    /// It broke since a message was larger than the limit.
    pub too_large: bool,
}

impl LinkEnd {
    /// Both sides said goodbye.
    #[must_use]
    pub fn clean(&self) -> bool {
        self.received.is_some() && self.sent.is_some() && self.error.is_none()
    }

    /// The close code to judge by: the peer's; 1006 if there was none.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.received.as_ref().map_or(1006, |frame| frame.code)
    }
}

/// An HTTP request of a dialect.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// `http://` or `https://`; it may hold a credential.
    pub url: Secret,
    /// Headers, in order.
    pub headers: Vec<(String, Secret)>,
    /// The body.
    pub body: Bytes,
    /// The largest answer to accept, in bytes.
    pub limit: usize,
    /// How long it may take.
    pub timeout: Duration,
}

/// An HTTP answer.
#[derive(Debug, Clone, Default)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, cut at a limit.
    pub body: Bytes,
}
