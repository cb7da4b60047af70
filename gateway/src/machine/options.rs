//! What can be set: how the gateway behaves while nothing is broken.

use serde::{Deserialize, Serialize};

use super::astro::options::AstroOptions;
use super::graphql::options::GraphQlOptions;
use super::webpubsub::WebPubSubOptions;

/// How the machine behaves. Every field has a default, and JSON may leave any of them out.
///
/// ```
/// use topicwire_gateway::machine::Options;
///
/// let options: Options = serde_json::from_str(r#"{"astro":{"profile":"legacy"}}"#).unwrap();
/// assert_eq!(options.transcript_limit, Options::default().transcript_limit);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The Astro side.
    pub astro: AstroOptions,
    /// The GraphQL side.
    pub graphql: GraphQlOptions,
    /// The Web PubSub side.
    pub webpubsub: WebPubSubOptions,
    /// How many transcript entries are kept; 0 keeps none.
    pub transcript_limit: usize,
    /// Cut a connection whose reader lags by more than this many bytes; 0 never does.
    pub max_queued_bytes: usize,
    /// How long a peer may take to answer a close frame, in milliseconds.
    pub close_timeout_ms: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            astro: AstroOptions::default(),
            graphql: GraphQlOptions::default(),
            webpubsub: WebPubSubOptions::default(),
            transcript_limit: 10_000,
            max_queued_bytes: 64 << 20,
            close_timeout_ms: 2_000,
        }
    }
}
