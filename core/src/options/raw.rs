//! Options of the raw dialect.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::connection::{ConnectionOptions, QueueOptions, ReconnectOptions, websocket_url};
use super::millis;
use crate::error::Error;
use crate::secret::Secret;

/// How a plain WebSocket client behaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RawOptions {
    /// The server's address.
    pub url: Secret,
    /// Subprotocols to offer, the best first.
    pub subprotocols: Vec<String>,
    /// Ping this often, in milliseconds; 0 for never.
    #[serde(rename = "ping_interval_ms", with = "millis::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub ping_interval: Option<Duration>,
    /// Give the connection up when a ping is not answered for this long, in milliseconds; 0 for never.
    #[serde(rename = "ping_timeout_ms", with = "millis::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub ping_timeout: Option<Duration>,
    /// Give the connection up after this much silence, in milliseconds; 0 for never.
    #[serde(rename = "idle_timeout_ms", with = "millis::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub idle_timeout: Option<Duration>,
    /// Report pings and pongs as events.
    pub control_events: bool,
    /// How to reach the server.
    pub connection: ConnectionOptions,
    /// How to come back after a loss. Off unless `enabled` is set.
    #[serde(deserialize_with = "off_unless_enabled")]
    pub reconnect: ReconnectOptions,
    /// How much may wait.
    pub queue: QueueOptions,
}

impl Default for RawOptions {
    fn default() -> Self {
        Self {
            url: Secret::default(),
            subprotocols: Vec::new(),
            ping_interval: None,
            ping_timeout: Some(Duration::from_secs(20)),
            idle_timeout: None,
            control_events: false,
            connection: ConnectionOptions::default(),
            reconnect: ReconnectOptions { enabled: false, ..ReconnectOptions::default() },
            queue: QueueOptions::default(),
        }
    }
}

impl RawOptions {
    /// A client of one address.
    pub fn new(url: impl Into<Secret>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    pub(super) fn validate(&self) -> Result<(), Error> {
        websocket_url("url", &self.url)?;
        for (at, name) in self.subprotocols.iter().enumerate() {
            let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
            if name.is_empty() || !name.bytes().all(token) {
                return Err(Error::option(&format!("subprotocols[{at}]"), "a name of RFC 9110 token characters"));
            }
            if self.subprotocols[..at].contains(name) {
                return Err(Error::option(&format!("subprotocols[{at}]"), "each name once"));
            }
        }
        self.connection.validate()?;
        self.reconnect.validate()?;
        self.queue.validate()
    }
}

/// What says how to reconnect does not say that it should be done.
fn off_unless_enabled<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<ReconnectOptions, D::Error> {
    let mut fields = serde_json::Map::deserialize(deserializer)?;
    fields.entry("enabled").or_insert(serde_json::Value::Bool(false));
    serde_json::from_value(serde_json::Value::Object(fields)).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reconnecting_stays_off_until_it_is_asked_for() {
        for (json, enabled) in [
            ("{}", false),
            (r#"{"reconnect": {"initial_ms": 50}}"#, false),
            (r#"{"reconnect": {"initial_ms": 50, "enabled": true}}"#, true),
        ] {
            let options: RawOptions = serde_json::from_str(json).unwrap();
            assert_eq!(options.reconnect.enabled, enabled, "{json}");
        }
        let error = serde_json::from_str::<RawOptions>(r#"{"reconnect": {"initial": 50}}"#).unwrap_err().to_string();
        assert!(error.contains("initial"), "{error}");
    }
}
