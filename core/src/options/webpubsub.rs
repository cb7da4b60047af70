//! Options of the Web PubSub dialect.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::connection::{ConnectionOptions, QueueOptions, ReconnectOptions, positive, websocket_url};
use super::{Credential, millis};
use crate::error::Error;
use crate::secret::Secret;

/// How an Azure Web PubSub client behaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WebPubSubOptions {
    /// The client access URL, token included.
    pub url: Secret,
    /// Ask for a client access URL with a `Need` whenever a new session begins, rather than using `url`.
    pub url_provider: bool,
    /// Which subprotocol to speak.
    pub protocol: WebPubSubProtocol,
    /// Acknowledge after this many messages. The service lets 1,000 wait and then ends the session.
    pub ack_messages: u32,
    /// Acknowledge after this many bytes. The service lets 16 MB wait.
    pub ack_bytes: u64,
    /// Acknowledge at the latest after this long, in milliseconds.
    #[serde(rename = "ack_interval_ms", with = "millis")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub ack_interval: Duration,
    /// How long the service may take to acknowledge a command or to answer an invocation, in milliseconds; 0 for ever. A command is then sent
    /// again under its number, so that it is done once.
    #[serde(rename = "answer_timeout_ms", with = "millis::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub answer_timeout: Option<Duration>,
    /// How often a command is tried again that failed in the service or was not acknowledged in time.
    pub retries: u32,
    /// Send commands again whose outcome a lost session left unknown: they may then be carried out twice.
    pub resend_unknown: bool,
    /// Ping the service this often, in milliseconds; 0 for never.
    #[serde(rename = "ping_interval_ms", with = "millis::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub ping_interval: Option<Duration>,
    /// Give the connection up when nothing comes for this long after a ping, in milliseconds; 0 for never.
    #[serde(rename = "ping_timeout_ms", with = "millis::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub ping_timeout: Option<Duration>,
    /// How long a lost session is tried to be taken up again before another is begun, in milliseconds.
    #[serde(rename = "recovery_ms", with = "millis")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub recovery: Duration,
    /// How long to wait for the service's `connected`, in milliseconds.
    #[serde(rename = "connected_timeout_ms", with = "millis")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub connected_timeout: Duration,
    /// How long a provider may take, in milliseconds.
    #[serde(rename = "provider_timeout_ms", with = "millis")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub provider_timeout: Duration,
    /// Simple mode: every message goes to this group. Without it, it goes to the application's server as the event `message`.
    pub simple_group: Option<String>,
    /// Simple mode: do not send messages to the group's own sender.
    pub simple_no_echo: bool,
    /// Deliver every message as the canonical JSON of all that is known of it (sender, type, number, stream) rather than its data alone.
    pub envelopes: bool,
    /// How to reach the service.
    pub connection: ConnectionOptions,
    /// How to come back after a loss.
    pub reconnect: ReconnectOptions,
    /// How much may wait.
    pub queue: QueueOptions,
}

/// Which subprotocol a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum WebPubSubProtocol {
    /// `json.reliable.webpubsub.azure.v1`: a lost connection loses no message.
    #[default]
    ReliableJson,
    /// `json.webpubsub.azure.v1`.
    Json,
    /// `protobuf.reliable.webpubsub.azure.v1`: a lost connection loses no message.
    ReliableProtobuf,
    /// `protobuf.webpubsub.azure.v1`.
    Protobuf,
    /// None: messages in, messages out, no groups to join and no acknowledgements.
    Simple,
}

impl WebPubSubProtocol {
    /// The name that is offered; `None` for simple mode.
    #[must_use]
    pub fn subprotocol(self) -> Option<&'static str> {
        match self {
            Self::ReliableJson => Some("json.reliable.webpubsub.azure.v1"),
            Self::Json => Some("json.webpubsub.azure.v1"),
            Self::ReliableProtobuf => Some("protobuf.reliable.webpubsub.azure.v1"),
            Self::Protobuf => Some("protobuf.webpubsub.azure.v1"),
            Self::Simple => None,
        }
    }

    /// Whether a lost session can be taken up again.
    #[must_use]
    pub fn is_reliable(self) -> bool {
        matches!(self, Self::ReliableJson | Self::ReliableProtobuf)
    }

    /// Whether frames are protobuf.
    #[must_use]
    pub fn is_protobuf(self) -> bool {
        matches!(self, Self::ReliableProtobuf | Self::Protobuf)
    }
}

impl Default for WebPubSubOptions {
    fn default() -> Self {
        Self {
            url: Secret::default(),
            url_provider: false,
            protocol: WebPubSubProtocol::default(),
            ack_messages: 64,
            ack_bytes: 512 << 10,
            ack_interval: Duration::from_millis(250),
            answer_timeout: Some(Duration::from_secs(30)),
            retries: 3,
            resend_unknown: false,
            ping_interval: Some(Duration::from_secs(20)),
            ping_timeout: Some(Duration::from_secs(10)),
            recovery: Duration::from_secs(30),
            connected_timeout: Duration::from_secs(10),
            provider_timeout: Duration::from_secs(30),
            simple_group: None,
            simple_no_echo: false,
            envelopes: false,
            connection: ConnectionOptions::default(),
            reconnect: ReconnectOptions::default(),
            queue: QueueOptions::default(),
        }
    }
}

impl WebPubSubOptions {
    /// A client of one access URL.
    ///
    /// ```
    /// use topicwire::options::WebPubSubOptions;
    ///
    /// let options = WebPubSubOptions::new("wss://example.org/client/hubs/chat?access_token=secret");
    /// assert!(!format!("{options:?}").contains("secret"));
    /// ```
    pub fn new(url: impl Into<Secret>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    pub(super) fn credential(&self) -> Credential {
        if self.url_provider { Credential::Provider } else { Credential::Static(self.url.clone()) }
    }

    pub(super) fn validate(&self) -> Result<(), Error> {
        if !self.url_provider {
            websocket_url("url", &self.url)?;
        }
        if self.ack_messages == 0 || self.ack_messages > 500 {
            return Err(Error::option("ack_messages", "1 to 500, since the service ends a session at 1,000 unacknowledged messages"));
        }
        if self.ack_bytes == 0 || self.ack_bytes > 8 << 20 {
            return Err(Error::option("ack_bytes", "1 byte to 8 MiB, since the service ends a session at 16 MB unacknowledged"));
        }
        positive("ack_interval_ms", self.ack_interval)?;
        positive("connected_timeout_ms", self.connected_timeout)?;
        positive("provider_timeout_ms", self.provider_timeout)?;
        let simple = self.protocol == WebPubSubProtocol::Simple;
        if !simple && (self.simple_group.is_some() || self.simple_no_echo) {
            return Err(Error::option("simple_group", "nothing, unless `protocol` is `simple`"));
        }
        if self.simple_no_echo && self.simple_group.is_none() {
            return Err(Error::option("simple_no_echo", "`simple_group` beside it"));
        }
        if self.simple_group.as_deref().is_some_and(str::is_empty) {
            return Err(Error::option("simple_group", "a group's name"));
        }
        if simple && self.envelopes {
            return Err(Error::option("envelopes", "`false` in simple mode, where nothing is known of a message but its data"));
        }
        self.connection.validate()?;
        self.reconnect.validate()?;
        self.queue.validate()
    }
}
