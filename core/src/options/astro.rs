//! Options of the Astro dialect.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::connection::{ConnectionOptions, QueueOptions, ReconnectOptions, positive, websocket_url};
use super::{Credential, millis};
use crate::error::Error;
use crate::secret::Secret;

/// How a StreamElements Astro client behaves. Every default is the one of the protocol's documentation, or the careful reading of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AstroOptions {
    /// The gateway's address.
    pub url: Secret,
    /// The credential that subscriptions are made with.
    pub token: Credential,
    /// What kind of credential it is.
    pub token_type: TokenType,
    /// Further credentials by name, for clients that listen to several channels.
    pub credentials: Vec<NamedCredential>,
    /// How long to wait for the gateway's welcome, in milliseconds.
    #[serde(rename = "welcome_timeout_ms", with = "millis")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub welcome_timeout: Duration,
    /// Behave as before 2025: no welcome is awaited, subscriptions go out when the socket opens.
    pub legacy: bool,
    /// How long to wait for the answer to a command, counted from when it was written, in milliseconds.
    #[serde(rename = "response_timeout_ms", with = "millis")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub response_timeout: Duration,
    /// Time between two commands, in milliseconds. The gateway allows one per 100 ms.
    #[serde(rename = "command_interval_ms", with = "millis")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub command_interval: Duration,
    /// Commands that may go out at once after a rest; 1 is strict spacing. The gateway allows 100 per 10 s.
    pub command_burst: u32,
    /// Replace the connection after this much silence, in milliseconds; 0 for never. The gateway pings every 30 s.
    #[serde(rename = "idle_timeout_ms", with = "millis::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub idle_timeout: Option<Duration>,
    /// Ping the gateway this often, in milliseconds; 0 for never.
    #[serde(rename = "ping_interval_ms", with = "millis::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub ping_interval: Option<Duration>,
    /// How long an old connection may go on delivering after a handover, in milliseconds.
    #[serde(rename = "drain_ms", with = "millis")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub drain: Duration,
    /// Send each subscription again after a resume, to be sure. It costs commands.
    pub verify_resume: bool,
    /// Pass each tip once, though it may come as a tip, as a moderation step and as an activity.
    pub tips_once: bool,
    /// Deliver messages that were on their way when their subscription was ended.
    pub deliver_after_unsubscribe: bool,
    /// End the client when every subscription was refused as unauthorised.
    pub stop_when_unauthorized: bool,
    /// How long a provider may take, in milliseconds.
    #[serde(rename = "provider_timeout_ms", with = "millis")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub provider_timeout: Duration,
    /// Where rooms of credentials are looked up over HTTP when none is given and the token does not tell; empty for nowhere.
    pub api_url: String,
    /// How to reach the server.
    pub connection: ConnectionOptions,
    /// How to come back after a loss.
    pub reconnect: ReconnectOptions,
    /// How much may wait.
    pub queue: QueueOptions,
}

/// The kind of an Astro credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum TokenType {
    /// The channel's JWT from the dashboard.
    Jwt,
    /// An OAuth2 access token.
    Oauth2,
    /// The same as the older documentation spells it.
    Oauth,
    /// The channel's overlay token.
    Apikey,
}

impl TokenType {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Oauth2 => "oauth2",
            Self::Oauth => "oauth",
            Self::Apikey => "apikey",
        }
    }
}

/// A credential with a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NamedCredential {
    /// Its name; `default` is the client's own.
    pub name: String,
    /// Where it comes from.
    pub token: Credential,
    /// What kind it is.
    pub token_type: TokenType,
}

impl Default for AstroOptions {
    fn default() -> Self {
        Self {
            url: Secret::new("wss://astro.streamelements.com/"),
            token: Credential::None,
            token_type: TokenType::Jwt,
            credentials: Vec::new(),
            welcome_timeout: Duration::from_secs(10),
            legacy: false,
            response_timeout: Duration::from_secs(10),
            command_interval: Duration::from_millis(110),
            command_burst: 1,
            idle_timeout: Some(Duration::from_secs(75)),
            ping_interval: None,
            drain: Duration::from_secs(5),
            verify_resume: false,
            tips_once: false,
            deliver_after_unsubscribe: false,
            stop_when_unauthorized: false,
            provider_timeout: Duration::from_secs(30),
            api_url: "https://api.streamelements.com".to_owned(),
            connection: ConnectionOptions::default(),
            reconnect: ReconnectOptions::default(),
            queue: QueueOptions::default(),
        }
    }
}

impl AstroOptions {
    /// The usual client: a JWT for the public gateway.
    pub fn new(token: impl Into<Secret>) -> Self {
        Self { token: Credential::Static(token.into()), ..Self::default() }
    }

    pub(super) fn validate(&self) -> Result<(), Error> {
        websocket_url("url", &self.url)?;
        if matches!(&self.token, Credential::Static(token) if token.is_empty()) {
            return Err(Error::option("token", "a token that is not empty"));
        }
        for (at, named) in self.credentials.iter().enumerate() {
            if named.name.is_empty() || named.name == "default" {
                return Err(Error::option(&format!("credentials[{at}].name"), "a name other than `default`"));
            }
            if self.credentials[..at].iter().any(|other| other.name == named.name) {
                return Err(Error::option(&format!("credentials[{at}].name"), "a name that is used once"));
            }
        }
        positive("welcome_timeout_ms", self.welcome_timeout)?;
        positive("response_timeout_ms", self.response_timeout)?;
        positive("provider_timeout_ms", self.provider_timeout)?;
        if !(1..=100).contains(&self.command_burst) {
            return Err(Error::option("command_burst", "1 to 100, which is what the gateway allows per 10 s"));
        }
        self.connection.validate()?;
        self.reconnect.validate()?;
        self.queue.validate()
    }
}
