//! Options of the GraphQL dialect.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::connection::{ConnectionOptions, Jitter, QueueOptions, ReconnectOptions, positive, websocket_url};
use super::{Credential, millis};
use crate::error::Error;
use crate::secret::Secret;

/// How a GraphQL client behaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GraphQlOptions {
    /// The server's address.
    pub url: Secret,
    /// The credential, if the server wants one.
    pub token: Credential,
    /// Where the credential goes.
    pub auth: Auth,
    /// The name of the URL parameter, header, or member of the payload or the extensions that carries it.
    pub auth_name: String,
    /// What stands before the credential, for example `Bearer `. Not used in a URL.
    pub auth_prefix: String,
    /// Which subprotocol to speak.
    pub protocol: Protocol,
    /// Take the server for a legacy one when it names no subprotocol.
    pub assume_legacy: bool,
    /// The payload of `connection_init`: a JSON object as text; empty for none. It may hold secrets.
    pub init_payload: Secret,
    /// One socket for all operations, or one for each.
    pub sockets: Sockets,
    /// Connect when the first operation starts, not before.
    pub lazy: bool,
    /// Close an unused socket after this long, in milliseconds; 0 for never.
    #[serde(rename = "linger_ms", with = "millis::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub linger: Option<Duration>,
    /// How long to wait for the server's acknowledgement, in milliseconds.
    #[serde(rename = "ack_timeout_ms", with = "millis")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub ack_timeout: Duration,
    /// Replace the connection after this much silence, in milliseconds; 0 for 2.5 times the period of the heartbeat that the server shows,
    /// if it shows one.
    #[serde(rename = "idle_timeout_ms", with = "millis::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub idle_timeout: Option<Duration>,
    /// Probe the server this often, in milliseconds; 0 for never.
    #[serde(rename = "ping_interval_ms", with = "millis::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub ping_interval: Option<Duration>,
    /// How long the answer to a probe may take, in milliseconds.
    #[serde(rename = "pong_timeout_ms", with = "millis")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub pong_timeout: Duration,
    /// Close codes to give up on, beside 1002, 1003, 1007, 1009, 1010, 4400, 4406 and 4409, and beside 4401 and 4403, which are given up
    /// on if a fresh credential does not help or cannot be had.
    pub fatal_closes: BTreeSet<u16>,
    /// Close codes to come back from, whatever else is said.
    pub retry_closes: BTreeSet<u16>,
    /// How long a provider may take, in milliseconds.
    #[serde(rename = "provider_timeout_ms", with = "millis")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub provider_timeout: Duration,
    /// How long to wait for the result of a query or a mutation, in milliseconds; 0 for ever.
    #[serde(rename = "execute_timeout_ms", with = "millis::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub execute_timeout: Option<Duration>,
    /// How to reach the server.
    pub connection: ConnectionOptions,
    /// How to come back after a loss.
    pub reconnect: ReconnectOptions,
    /// How much may wait.
    pub queue: QueueOptions,
}

/// Where a credential goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Auth {
    /// A parameter of the URL.
    Query,
    /// A header of the upgrade.
    Header,
    /// A member of the payload of `connection_init`.
    Payload,
    /// A member of each operation's `extensions`.
    Extensions,
}

/// Which subprotocol to speak. The names are a trap: the npm package `graphql-ws` speaks `modern`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Protocol {
    /// Offer both, modern first, and speak what the server answers.
    Auto,
    /// `graphql-transport-ws`.
    Modern,
    /// `graphql-ws`.
    Legacy,
}

/// How operations share sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Sockets {
    /// One socket for all.
    Shared,
    /// One socket for each operation.
    PerOperation,
}

/// Defaults for a known service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Preset {
    /// Bitquery's streaming API.
    Bitquery,
}

impl Default for GraphQlOptions {
    fn default() -> Self {
        Self {
            url: Secret::default(),
            token: Credential::None,
            auth: Auth::Payload,
            auth_name: "Authorization".to_owned(),
            auth_prefix: "Bearer ".to_owned(),
            protocol: Protocol::Auto,
            assume_legacy: false,
            init_payload: Secret::default(),
            sockets: Sockets::Shared,
            lazy: true,
            linger: None,
            ack_timeout: Duration::from_secs(10),
            idle_timeout: None,
            ping_interval: None,
            pong_timeout: Duration::from_secs(10),
            fatal_closes: BTreeSet::new(),
            retry_closes: BTreeSet::new(),
            provider_timeout: Duration::from_secs(30),
            execute_timeout: Some(Duration::from_secs(60)),
            connection: ConnectionOptions::default(),
            reconnect: ReconnectOptions::default(),
            queue: QueueOptions::default(),
        }
    }
}

impl GraphQlOptions {
    /// A client of one address.
    pub fn new(url: impl Into<Secret>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// The defaults for a known service.
    #[must_use]
    pub fn preset(preset: Preset) -> Self {
        match preset {
            Preset::Bitquery => Self {
                url: Secret::new("wss://streaming.bitquery.io/graphql"),
                auth: Auth::Query,
                auth_name: "token".to_owned(),
                auth_prefix: String::new(),
                protocol: Protocol::Legacy,
                sockets: Sockets::PerOperation,
                idle_timeout: Some(Duration::from_secs(10)),
                reconnect: ReconnectOptions {
                    initial: Duration::from_secs(3),
                    max: Duration::from_secs(60),
                    jitter: Jitter::Half,
                    ..ReconnectOptions::default()
                },
                ..Self::default()
            },
        }
    }

    pub(super) fn validate(&self) -> Result<(), Error> {
        websocket_url("url", &self.url)?;
        if self.token != Credential::None && self.auth_name.is_empty() {
            return Err(Error::option("auth_name", "the name under which the credential is sent"));
        }
        if self.auth == Auth::Header && http::HeaderName::try_from(&self.auth_name).is_err() {
            return Err(Error::option("auth_name", "a header name of RFC 9110 tokens"));
        }
        if !self.init_payload.is_empty() {
            let object: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_str(self.init_payload.expose());
            if object.is_err() {
                return Err(Error::option("init_payload", "a JSON object"));
            }
        }
        positive("ack_timeout_ms", self.ack_timeout)?;
        positive("pong_timeout_ms", self.pong_timeout)?;
        positive("provider_timeout_ms", self.provider_timeout)?;
        if let Some(code) = self.fatal_closes.intersection(&self.retry_closes).next() {
            return Err(Error::option("fatal_closes", &format!("{code} in one of the two lists only")));
        }
        self.connection.validate()?;
        self.reconnect.validate()?;
        self.queue.validate()
    }
}
