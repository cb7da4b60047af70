//! Everything that can be made to go wrong.

use serde::{Deserialize, Serialize};

use super::io::{ConnId, Cut, Dialect};

/// Which connections a fault hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// All of them.
    #[default]
    All,
    /// The one that opened last.
    Newest,
    /// One, by its number in the list of connections.
    Conn(ConnId),
    /// Those of one dialect.
    Dialect(Dialect),
}

/// A frame that RFC 6455 forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadFrame {
    /// Opcode 3, which means nothing.
    ReservedOpcode,
    /// RSV1 set without an extension.
    ReservedBits,
    /// Masked, which only a client may do.
    Masked,
    /// A text frame that is not UTF-8.
    BadUtf8,
    /// A continuation of no message.
    LoneContinuation,
    /// A PING in two fragments.
    FragmentedPing,
    /// A PING of 126 bytes.
    LongPing,
    /// A close frame with the code 1005.
    BadCloseCode,
    /// A close frame with a body of one byte.
    ShortClose,
    /// A length of 5 written in eight bytes.
    PaddedLength,
    /// A header that promises 100 bytes, five bytes, and the end of the connection.
    Truncated,
}

/// A field that messages of Astro normally have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The message id.
    Id,
    /// The time.
    Ts,
    /// The room.
    Room,
}

/// What a `reconnect` frame of Astro carries as token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReconnectToken {
    /// One that works.
    #[default]
    Valid,
    /// None at all.
    Missing,
    /// One whose life is over.
    Expired,
    /// One that nobody issued.
    Unknown,
}

/// A frame of GraphQL that does not belong where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stray {
    /// A result for an id that nobody uses.
    UnknownId,
    /// The last result of each operation once more.
    RepeatResult,
    /// `complete` for each operation, then another result for it.
    CompleteThenResult,
    /// `complete` for each operation, twice.
    CompleteTwice,
    /// `error` without an id.
    ErrorWithoutId,
    /// A type that is in no protocol text.
    UnknownType,
    /// `connection_error`.
    ConnectionError,
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

/// Something that goes wrong. In JSON the field `fault` names it: `{"fault":"cut","how":"reset"}`.
///
/// Faults with a `count` hit that many of what comes next and are then over; `0` takes the fault back.
/// Faults with a `target` hit what is there now. The rest stay until they are set again.
///
/// ```
/// use topicwire_gateway::machine::{Cut, Fault, Target};
///
/// let fault: Fault = serde_json::from_str(r#"{"fault":"cut","how":"reset"}"#).unwrap();
/// assert_eq!(fault, Fault::Cut { how: Cut::Reset, target: Target::All });
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Answer the next upgrades with an HTTP status.
    RefuseUpgrades {
        /// The status, 400 to 599.
        status: u16,
        /// How many.
        #[serde(default = "one")]
        count: u32,
        /// Seconds for a `Retry-After` header. 429 and 503 have 2 if none is given.
        #[serde(default)]
        retry_after: Option<u32>,
    },
    /// Reset the TCP connection of the next upgrades before any answer.
    ResetUpgrades {
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },
    /// Never answer the next upgrades.
    HangUpgrades {
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },
    /// Answer the next upgrades with this subprotocol, or with none, whatever was offered.
    Subprotocol {
        /// The value of the header; none leaves it out.
        #[serde(default)]
        answer: Option<String>,
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },
    /// Close with a code and a reason, in a proper close handshake.
    Close {
        /// The code; none sends an empty close frame.
        #[serde(default)]
        code: Option<u16>,
        /// The reason.
        #[serde(default)]
        reason: String,
        /// Which connections.
        #[serde(default)]
        target: Target,
    },
    /// End the TCP connection without a close frame, or leave it half-open.
    Cut {
        /// How.
        how: Cut,
        /// Which connections.
        #[serde(default)]
        target: Target,
    },
    /// Send nothing, PONG included, and read nothing, with TCP open; or end that.
    Mute {
        /// Whether to be mute.
        #[serde(default = "yes")]
        on: bool,
        /// Which connections.
        #[serde(default)]
        target: Target,
        /// New connections too.
        #[serde(default)]
        new: bool,
    },
    /// Send no PINGs, on all connections.
    SilencePings {
        /// Whether.
        #[serde(default = "yes")]
        on: bool,
    },
    /// Do not answer PINGs, on all connections.
    WithholdPongs {
        /// Whether.
        #[serde(default = "yes")]
        on: bool,
    },
    /// Send a text message as it is: garbage, an odd type, whatever is wanted.
    SendText {
        /// The message.
        text: String,
        /// Which connections.
        #[serde(default)]
        target: Target,
    },
    /// Send a binary message.
    SendBinary {
        /// The message, as bytes 0 to 255.
        data: Vec<u8>,
        /// Which connections.
        #[serde(default)]
        target: Target,
    },
    /// Send a text message in fragments, with a PING between them.
    SendFragments {
        /// The message.
        text: String,
        /// The number of bytes in each frame.
        size: usize,
        /// Which connections.
        #[serde(default)]
        target: Target,
    },
    /// Send a huge text message: a JSON object of a type that nobody knows, padded.
    SendHuge {
        /// Its size in bytes, at most 256 MiB.
        bytes: usize,
        /// Which connections.
        #[serde(default)]
        target: Target,
    },
    /// Send bytes outside all framing.
    SendRaw {
        /// The bytes.
        data: Vec<u8>,
        /// Which connections.
        #[serde(default)]
        target: Target,
    },
    /// Send a frame that RFC 6455 forbids.
    SendBadFrame {
        /// Which one.
        kind: BadFrame,
        /// Which connections.
        #[serde(default)]
        target: Target,
    },

    /// Astro: give the next responses out late.
    DelayResponses {
        /// How late, in milliseconds.
        ms: u64,
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },
    /// Astro: hold responses back until there are `window` of them, or 250 ms have passed, and give
    /// them out in reverse.
    ReorderResponses {
        /// How many belong together.
        window: u32,
        /// How many responses.
        count: u32,
    },
    /// Astro: never send the next responses.
    DropResponses {
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },
    /// Astro: leave the nonce out of the next responses.
    DropNonces {
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },
    /// Astro: send the next responses to a subscribe only after the first message of that subscription.
    RespondAfterMessage {
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },
    /// Astro: answer commands for a topic with an error.
    ForceError {
        /// The topic; none is every topic.
        #[serde(default)]
        topic: Option<String>,
        /// `err_unauthorized`, `err_bad_request`, `err_internal_error`, `err_deadline_exceeded`,
        /// `rate_limit_exceeded` (which carries no nonce) or any other code.
        code: String,
        /// How many commands.
        #[serde(default = "one")]
        count: u32,
    },
    /// Astro: leave fields out of the next messages.
    OmitFields {
        /// Which.
        fields: Vec<Field>,
        /// How many messages.
        #[serde(default = "one")]
        count: u32,
    },
    /// Astro: send each of the next messages twice.
    DuplicateMessages {
        /// How many messages.
        #[serde(default = "one")]
        count: u32,
    },
    /// Astro: send a frame whose type nobody knows.
    UnknownType {
        /// Which connections.
        #[serde(default)]
        target: Target,
    },
    /// Astro: send a message on a topic that nobody asked for.
    UnknownTopic {
        /// The topic.
        topic: String,
        /// Which connections.
        #[serde(default)]
        target: Target,
    },
    /// Astro: send `reconnect`, and close the connection after the grace time.
    Reconnect {
        /// What it carries.
        #[serde(default)]
        token: ReconnectToken,
        /// Send it twice in a row, with two tokens.
        #[serde(default)]
        twice: bool,
        /// The grace time in milliseconds; the option `grace_ms` if none is given.
        #[serde(default)]
        grace_ms: Option<u64>,
        /// Which connections.
        #[serde(default)]
        target: Target,
    },
    /// Astro: a token of the table expires now. What that does to live subscriptions is the option
    /// `on_expiry`.
    ExpireToken {
        /// The token.
        token: super::hidden::Hidden,
    },

    /// GraphQL: never ack the next inits.
    NoAck {
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },
    /// GraphQL: ack the next inits late.
    LateAck {
        /// How late, in milliseconds.
        ms: u64,
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },
    /// GraphQL: close right behind the next acks.
    CloseAfterAck {
        /// The code.
        code: u16,
        /// The reason.
        #[serde(default)]
        reason: String,
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },
    /// GraphQL: send a result as soon as the next connections open.
    DataBeforeAck {
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },
    /// GraphQL: swallow results, while heartbeats go on.
    HeartbeatOnly {
        /// Whether.
        #[serde(default = "yes")]
        on: bool,
    },
    /// GraphQL: answer the next operations with an error.
    FailOperations {
        /// The message.
        message: String,
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },
    /// GraphQL: send a frame that does not belong there.
    Stray {
        /// Which one.
        kind: Stray,
        /// Which connections.
        #[serde(default)]
        target: Target,
    },

    /// Web PubSub: carry the next commands out and never acknowledge them.
    DropAcks {
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },
    /// Web PubSub: carry the next commands out, and cut the connection instead of acknowledging them.
    CutBeforeAck {
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },
    /// Web PubSub: refuse the next commands.
    FailCommands {
        /// `InternalServerError`, `Forbidden`, `Timeout`, …
        name: String,
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },
    /// Web PubSub: let the next clients that want to take a session up again in, and close them with 1008.
    RefuseRecoveries {
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },
    /// Web PubSub: lose every session: who is connected stays so, and nobody can take one up again.
    ForgetSessions,
    /// Web PubSub: send each of the next numbered messages twice.
    DuplicateNumbers {
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },
    /// Web PubSub: leave a number out before each of the next messages.
    SkipNumbers {
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },
    /// Web PubSub: take no notice of the next receipts.
    IgnoreReceipts {
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },

    /// Take back every fault that is waiting or lasting. What was sent, cut or closed stays so; mute
    /// connections speak again.
    Clear,
}
