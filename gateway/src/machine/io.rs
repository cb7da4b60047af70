//! What goes into the machine, and what comes out of it.
//!
//! Whoever drives the machine numbers the connections, tells it what arrived and carries out what it asks
//! for, in order. The `Debug` of these types shows kinds and sizes only: frames hold tokens.

use std::fmt;

use bytes::Bytes;

/// One WebSocket, or an attempt at one. The driver picks the number and never uses it twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct ConnId(pub u64);

/// The HTTP request that asks for a WebSocket.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct UpgradeRequest {
    /// The path, without the query: `/graphql`.
    pub path: String,
    /// The query, still percent-encoded, without the question mark; empty if there is none.
    pub query: String,
    /// Header names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The subprotocols of `Sec-WebSocket-Protocol`, in the client's order.
    pub subprotocols: Vec<String>,
}

impl UpgradeRequest {
    /// A request for `path_and_query` (`"/graphql?token=x"`) that offers `subprotocols`.
    #[must_use]
    pub fn new(path_and_query: &str, subprotocols: &[&str]) -> Self {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        Self {
            path: path.to_owned(),
            query: query.to_owned(),
            headers: Vec::new(),
            subprotocols: subprotocols.iter().map(|&s| s.to_owned()).collect(),
        }
    }

    /// The decoded value of a query parameter, the first if there are several.
    #[must_use]
    pub fn query_value(&self, name: &str) -> Option<String> {
        self.query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then(|| {
                let spaced = value.replace('+', " ");
                percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
            })
        })
    }

    /// The value of a header, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for UpgradeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpgradeRequest").field("path", &self.path).field("subprotocols", &self.subprotocols).finish_non_exhaustive()
    }
}

/// Something that happened on the network.
#[derive(Clone, PartialEq, Eq)]
pub enum Input {
    /// A client asks for a WebSocket. Answered by [`Output::Accept`] or [`Output::Refuse`], at once.
    Upgrade {
        /// The number that the driver gives the new connection.
        conn: ConnId,
        /// What was asked for.
        request: UpgradeRequest,
    },
    /// A whole text message. Text that is not UTF-8 is the driver's to refuse.
    Text {
        /// Where it came from.
        conn: ConnId,
        /// The message.
        text: Bytes,
    },
    /// A whole binary message.
    Binary {
        /// Where it came from.
        conn: ConnId,
        /// The message.
        data: Bytes,
    },
    /// A PING frame. The machine answers it; the driver must not.
    Ping {
        /// Where it came from.
        conn: ConnId,
        /// The body of the frame.
        data: Bytes,
    },
    /// A PONG frame.
    Pong {
        /// Where it came from.
        conn: ConnId,
        /// The body of the frame.
        data: Bytes,
    },
    /// A close frame. The machine answers it; the driver must not.
    Close {
        /// Where it came from.
        conn: ConnId,
        /// The code, if the frame had one.
        code: Option<u16>,
        /// The reason, perhaps empty.
        reason: String,
    },
    /// What came was no WebSocket framing, or not UTF-8, or too large. Nothing more will come.
    Broken {
        /// Where it came from.
        conn: ConnId,
        /// The code to close with: 1002, 1007 or 1009.
        code: u16,
        /// What was wrong.
        reason: String,
    },
    /// The TCP connection ended.
    Lost {
        /// Which one.
        conn: ConnId,
    },
    /// How many bytes wait to be written. Tell it when the number passes a mark of 64 KiB in either
    /// direction and whenever it has grown by as much again.
    Buffered {
        /// Which one.
        conn: ConnId,
        /// Unsent bytes.
        bytes: usize,
    },
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upgrade { conn, request } => write!(f, "Upgrade({}, {request:?})", conn.0),
            Self::Text { conn, text } => write!(f, "Text({}, {} bytes)", conn.0, text.len()),
            Self::Binary { conn, data } => write!(f, "Binary({}, {} bytes)", conn.0, data.len()),
            Self::Ping { conn, .. } => write!(f, "Ping({})", conn.0),
            Self::Pong { conn, .. } => write!(f, "Pong({})", conn.0),
            Self::Close { conn, code, .. } => write!(f, "Close({}, {code:?})", conn.0),
            Self::Broken { conn, code, .. } => write!(f, "Broken({}, {code})", conn.0),
            Self::Lost { conn } => write!(f, "Lost({})", conn.0),
            Self::Buffered { conn, bytes } => write!(f, "Buffered({}, {bytes})", conn.0),
        }
    }
}

/// What to put on a connection.
#[derive(Clone, PartialEq, Eq)]
pub enum Frame {
    /// A text message in one frame. A fault may have put bytes in it that are not UTF-8.
    Text(Bytes),
    /// A binary message in one frame.
    Binary(Bytes),
    /// A PING.
    Ping(Bytes),
    /// A PONG.
    Pong(Bytes),
    /// One message in several frames.
    Fragments {
        /// Text or binary.
        text: bool,
        /// The body of each frame; the last has FIN set.
        parts: Vec<Bytes>,
    },
    /// Bytes for the TCP connection as they are, outside all framing.
    Raw(Bytes),
}

impl Frame {
    /// Text that is UTF-8.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(Bytes::from(text.into()))
    }

    /// The number of payload bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Text(b) | Self::Binary(b) | Self::Ping(b) | Self::Pong(b) | Self::Raw(b) => b.len(),
            Self::Fragments { parts, .. } => parts.iter().map(Bytes::len).sum(),
        }
    }

    /// Whether the payload is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Binary(_) => "binary",
            Self::Ping(_) => "ping",
            Self::Pong(_) => "pong",
            Self::Fragments { text: true, .. } => "text fragments",
            Self::Fragments { text: false, .. } => "binary fragments",
            Self::Raw(_) => "raw bytes",
        }
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({} bytes)", self.kind(), self.len())
    }
}

/// How a TCP connection ends without a close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// What is queued goes out, then FIN.
    Fin,
    /// RST at once; what is queued is lost.
    Reset,
    /// Half-open: the connection stays, and nothing is read from it or written to it any more.
    Silent,
}

/// How an upgrade is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// An HTTP answer.
    Status {
        /// The status code.
        status: u16,
        /// Further headers.
        headers: Vec<(String, String)>,
        /// The body, plain text.
        body: String,
    },
    /// RST before any answer.
    Reset,
    /// No answer, ever.
    Hang,
}

/// Something to do on the network. Carry them out in the order in which they come.
#[derive(Clone, PartialEq, Eq)]
pub enum Output {
    /// Complete the handshake.
    Accept {
        /// Which attempt.
        conn: ConnId,
        /// The value for `Sec-WebSocket-Protocol`, if there shall be one.
        subprotocol: Option<String>,
    },
    /// Do not complete the handshake. The number is dead.
    Refuse {
        /// Which attempt.
        conn: ConnId,
        /// How.
        refusal: Refusal,
    },
    /// Write a frame.
    Send {
        /// Where.
        conn: ConnId,
        /// What.
        frame: Frame,
    },
    /// Write a close frame. The TCP connection stays until a [`Output::Drop`] follows.
    Close {
        /// Where.
        conn: ConnId,
        /// The code; without one the frame is empty and the peer sees 1005.
        code: Option<u16>,
        /// The reason, at most 123 bytes.
        reason: String,
    },
    /// End the connection. The number is dead: no [`Input`] for it counts any more.
    Drop {
        /// Which one.
        conn: ConnId,
        /// How.
        how: Cut,
    },
    /// Stop or go on reading from the connection.
    Read {
        /// Which one.
        conn: ConnId,
        /// Whether to read.
        on: bool,
    },
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept { conn, subprotocol } => write!(f, "Accept({}, {subprotocol:?})", conn.0),
            Self::Refuse { conn, refusal } => write!(f, "Refuse({}, {refusal:?})", conn.0),
            Self::Send { conn, frame } => write!(f, "Send({}, {frame:?})", conn.0),
            Self::Close { conn, code, .. } => write!(f, "Close({}, {code:?})", conn.0),
            Self::Drop { conn, how } => write!(f, "Drop({}, {how:?})", conn.0),
            Self::Read { conn, on } => write!(f, "Read({}, {on})", conn.0),
        }
    }
}

/// Which server side a connection talks to; chosen by the path of its URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// StreamElements Astro: `/` and every path that is nobody else's.
    Astro,
    /// GraphQL over WebSocket, both subprotocols: `/graphql`.
    #[serde(rename = "graphql")]
    GraphQl,
    /// An echo: `/raw`.
    Raw,
    /// Azure Web PubSub: `/client/hubs/HUB` and `/client/?hub=HUB`.
    #[serde(rename = "webpubsub")]
    WebPubSub,
}

impl Dialect {
    /// The dialect that answers at `path`.
    #[must_use]
    pub fn at(path: &str) -> Self {
        match path.trim_end_matches('/') {
            "/graphql" => Self::GraphQl,
            "/raw" => Self::Raw,
            "/client" => Self::WebPubSub,
            path if path.starts_with("/client/hubs") => Self::WebPubSub,
            _ => Self::Astro,
        }
    }
}
