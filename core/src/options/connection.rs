//! What the options of every dialect share.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::millis;
use crate::error::Error;
use crate::secret::Secret;

/// How to reach the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConnectionOptions {
    /// Time for DNS, TCP, TLS and the upgrade together, in milliseconds.
    #[serde(rename = "connect_timeout_ms", with = "millis")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub connect_timeout: Duration,
    /// Time for the close handshake, in milliseconds.
    #[serde(rename = "close_timeout_ms", with = "millis")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub close_timeout: Duration,
    /// Headers of the upgrade request, in order. Values may be secrets, so they print as `***`.
    pub headers: Vec<(String, Secret)>,
    /// An HTTP proxy, `http://[user:password@]host:port`. Without it the usual environment variables count (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`).
    pub proxy: Option<Secret>,
    /// Use no proxy, whatever the environment says.
    pub no_proxy: bool,
    /// PEM files with certificate authorities to trust beside the system's.
    pub ca_files: Vec<PathBuf>,
    /// Accept any certificate. For local use only.
    pub insecure: bool,
    /// The largest message that is accepted, in bytes; absent for the dialect's own limit.
    pub max_message: Option<u64>,
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(2),
            headers: Vec::new(),
            proxy: None,
            no_proxy: false,
            ca_files: Vec::new(),
            insecure: false,
            max_message: None,
        }
    }
}

impl ConnectionOptions {
    pub(super) fn validate(&self) -> Result<(), Error> {
        positive("connection.connect_timeout_ms", self.connect_timeout)?;
        for (at, (name, value)) in self.headers.iter().enumerate() {
            if http::HeaderName::try_from(name).is_err() {
                return Err(Error::option(&format!("connection.headers[{at}]"), "a header name of RFC 9110 tokens"));
            }
            if http::HeaderValue::try_from(value.expose()).is_err() {
                return Err(Error::option(&format!("connection.headers[{at}]"), "a header value without control characters"));
            }
            if name.eq_ignore_ascii_case("sec-websocket-protocol") {
                return Err(Error::option(
                    &format!("connection.headers[{at}]"),
                    "no `Sec-WebSocket-Protocol`: name subprotocols with the option that is there for them, since a value sent twice is refused by servers",
                ));
            }
        }
        if let Some(proxy) = &self.proxy {
            let uri: Result<http::Uri, _> = proxy.expose().parse();
            if !uri.is_ok_and(|uri| uri.host().is_some() && matches!(uri.scheme_str(), None | Some("http"))) {
                return Err(Error::option("connection.proxy", "`http://host:port`"));
            }
        }
        if self.max_message == Some(0) {
            return Err(Error::option("connection.max_message", "at least 1 byte"));
        }
        Ok(())
    }
}

/// How to come back after a loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReconnectOptions {
    /// Come back at all.
    pub enabled: bool,
    /// The first wait, in milliseconds.
    #[serde(rename = "initial_ms", with = "millis")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub initial: Duration,
    /// What each wait is multiplied by to get the next.
    pub factor: f64,
    /// The longest wait, in milliseconds.
    #[serde(rename = "max_ms", with = "millis")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub max: Duration,
    /// How the wait is spread, so that a thousand clients do not come back at once.
    pub jitter: Jitter,
    /// Give up after this many attempts in a row; absent for never.
    pub max_attempts: Option<u32>,
}

/// How a wait `d` is spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Jitter {
    /// Exactly `d`.
    None,
    /// Uniform in `d/2..d`.
    Half,
    /// Uniform in `0..d`.
    Full,
}

impl Default for ReconnectOptions {
    fn default() -> Self {
        Self {
            enabled: true,
            initial: Duration::from_secs(1),
            factor: 2.0,
            max: Duration::from_secs(30),
            jitter: Jitter::Half,
            max_attempts: None,
        }
    }
}

impl ReconnectOptions {
    pub(super) fn validate(&self) -> Result<(), Error> {
        if !(self.factor.is_finite() && self.factor >= 1.0) {
            return Err(Error::option("reconnect.factor", "a number of at least 1"));
        }
        if self.max < self.initial {
            return Err(Error::option("reconnect.max_ms", "at least `reconnect.initial_ms`"));
        }
        if self.max_attempts == Some(0) {
            return Err(Error::option("reconnect.max_attempts", "at least 1, or nothing"));
        }
        Ok(())
    }
}

/// How much may wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QueueOptions {
    /// Commands that may wait for their answers; more are refused with `overflow`.
    pub max_requests: u32,
    /// Take a command back that has no answer after this long, whatever holds it up, in milliseconds; 0 for never. While the server cannot be reached nothing else ends the wait.
    #[serde(rename = "request_timeout_ms", with = "millis::optional")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub request_timeout: Option<Duration>,
    /// Unsent bytes above which `send` answers `Busy`.
    pub send_high: u64,
    /// Unsent bytes above which `send` is refused with `overflow`.
    pub send_cap: u64,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self { max_requests: 10_000, request_timeout: None, send_high: 1 << 20, send_cap: 64 << 20 }
    }
}

impl QueueOptions {
    pub(super) fn validate(&self) -> Result<(), Error> {
        if self.max_requests == 0 {
            return Err(Error::option("queue.max_requests", "at least 1"));
        }
        if self.send_high == 0 || self.send_cap < self.send_high {
            return Err(Error::option("queue.send_cap", "at least `queue.send_high`, and that at least 1"));
        }
        Ok(())
    }
}

pub(super) fn positive(path: &str, value: Duration) -> Result<(), Error> {
    if value.is_zero() {
        return Err(Error::option(path, "more than 0"));
    }
    Ok(())
}

/// A WebSocket address: `ws` or `wss` and a host. The value may hold a token, so it is never quoted.
pub(super) fn websocket_url(path: &str, url: &Secret) -> Result<(), Error> {
    let uri: Result<http::Uri, _> = url.expose().parse();
    let good = uri.is_ok_and(|uri| matches!(uri.scheme_str(), Some("ws" | "wss")) && uri.host().is_some_and(|host| !host.is_empty()));
    if good {
        Ok(())
    } else {
        Err(Error::option(path, "an address that starts with `ws://` or `wss://` and names a host, percent-encoded"))
    }
}

/// serde's message without the value that it may quote.
pub(crate) fn json_error(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    // serde quotes what it found between backticks or quotes only for names of fields, variants and types; a
    // scalar's value follows "invalid value:" or "invalid type:" and is cut out here.
    let safe = match text.find("invalid value: ").or_else(|| text.find("invalid type: ")) {
        Some(_) => match text.find("expected ") {
            Some(at) => text[at..].to_owned(),
            None => "a value of another type".to_owned(),
        },
        None => text,
    };
    Error::new(crate::error::Code::InvalidOption, format!("options: {safe}"))
}
