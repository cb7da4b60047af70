//! Options: each dialect's own, and what they share. Every one is checked when a client is made, by name.

mod astro;
mod connection;
mod graphql;
mod millis;
mod raw;
mod webpubsub;

pub use astro::{AstroOptions, NamedCredential, TokenType};
pub(crate) use connection::json_error;
pub use connection::{ConnectionOptions, Jitter, QueueOptions, ReconnectOptions};
pub use graphql::{Auth, GraphQlOptions, Preset, Protocol, Sockets};
pub use raw::RawOptions;
pub use webpubsub::{WebPubSubOptions, WebPubSubProtocol};

use crate::error::Error;
use crate::secret::Secret;

/// The name of a client's own credential.
pub const DEFAULT_CREDENTIAL: &str = "default";

/// Where a credential comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Credential {
    /// There is none.
    #[default]
    None,
    /// Always the same.
    Static(Secret),
    /// Asked for with a `Need` whenever it is wanted.
    Provider,
}

/// What a client is made from: a dialect and its options.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(tag = "dialect", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Options {
    /// StreamElements Astro.
    Astro(AstroOptions),
    /// GraphQL over WebSocket.
    #[serde(rename = "graphql")]
    GraphQl(GraphQlOptions),
    /// Any other WebSocket server.
    Raw(RawOptions),
    /// Azure Web PubSub.
    #[serde(rename = "webpubsub")]
    WebPubSub(WebPubSubOptions),
}

impl Options {
    /// Reads options from JSON: `{"dialect": "astro", …}`.
    ///
    /// # Errors
    /// `invalid_option`, naming the path and what was expected, never the value.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        let options: Self = serde_json::from_slice(json).map_err(|error| json_error(&error))?;
        options.validate()?;
        Ok(options)
    }

    /// Checks every option.
    ///
    /// # Errors
    /// `invalid_option` for the first that cannot work.
    pub fn validate(&self) -> Result<(), Error> {
        match self {
            Self::Astro(options) => options.validate(),
            Self::GraphQl(options) => options.validate(),
            Self::Raw(options) => options.validate(),
            Self::WebPubSub(options) => options.validate(),
        }
    }

    /// What every dialect has: how to connect.
    #[must_use]
    pub fn connection(&self) -> &ConnectionOptions {
        match self {
            Self::Astro(options) => &options.connection,
            Self::GraphQl(options) => &options.connection,
            Self::Raw(options) => &options.connection,
            Self::WebPubSub(options) => &options.connection,
        }
    }

    /// What every dialect has: how to come back.
    #[must_use]
    pub fn reconnect(&self) -> &ReconnectOptions {
        match self {
            Self::Astro(options) => &options.reconnect,
            Self::GraphQl(options) => &options.reconnect,
            Self::Raw(options) => &options.reconnect,
            Self::WebPubSub(options) => &options.reconnect,
        }
    }

    /// The credentials by name; the client's own is `default`.
    #[must_use]
    pub fn credentials(&self) -> Vec<(String, Credential)> {
        let own = |token: &Credential| vec![(DEFAULT_CREDENTIAL.to_owned(), token.clone())];
        match self {
            Self::Astro(options) => {
                let mut all = own(&options.token);
                all.extend(options.credentials.iter().map(|named| (named.name.clone(), named.token.clone())));
                all
            }
            Self::GraphQl(options) => own(&options.token),
            Self::WebPubSub(options) => own(&options.credential()),
            Self::Raw(_) => Vec::new(),
        }
    }

    /// What every dialect has: queues.
    #[must_use]
    pub fn queue(&self) -> &QueueOptions {
        match self {
            Self::Astro(options) => &options.queue,
            Self::GraphQl(options) => &options.queue,
            Self::Raw(options) => &options.queue,
            Self::WebPubSub(options) => &options.queue,
        }
    }
}
