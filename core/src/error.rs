//! What can go wrong, with codes that are the same in every language.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

/// A stable error code. The string form is what every language shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Code {
    /// An option or an argument cannot work. Nothing was opened.
    InvalidOption,
    /// The dialect has no such command.
    Unsupported,
    /// The gateway refused the credential.
    Unauthorized,
    /// The gateway refused the command and a retry cannot help.
    Refused,
    /// The gateway asked for fewer commands.
    RateLimited,
    /// The gateway failed; a retry may help.
    GatewayError,
    /// No answer came in time.
    Timeout,
    /// The host could not be reached, or the connection broke.
    ConnectionFailed,
    /// The upgrade to WebSocket was refused.
    HandshakeFailed,
    /// The gateway closed the connection for good.
    ConnectionLost,
    /// The connection delivered nothing for longer than allowed.
    Stale,
    /// What arrived breaks the protocol.
    ProtocolError,
    /// A message is larger than the limit.
    TooLarge,
    /// A queue is full.
    Overflow,
    /// The command may or may not have been carried out.
    OutcomeUnknown,
    /// The client is closed.
    Closed,
    /// The caller took the request back.
    Cancelled,
    /// The user's provider of a credential failed.
    ProviderFailed,
    /// The user's provider of a credential did not answer in time.
    ProviderTimeout,
    /// A provider waits for something that waits for the provider.
    ProviderReentrant,
    /// The process was forked; this client belongs to the parent.
    Forked,
    /// A lane was used from a loop or thread that is not its own.
    WrongLoop,
    /// One lane is being read by two readers.
    Concurrency,
    /// A defect of this library.
    Internal,
}

impl Code {
    /// The string that every language shows, for example `outcome_unknown`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidOption => "invalid_option",
            Self::Unsupported => "unsupported",
            Self::Unauthorized => "unauthorized",
            Self::Refused => "refused",
            Self::RateLimited => "rate_limited",
            Self::GatewayError => "gateway_error",
            Self::Timeout => "timeout",
            Self::ConnectionFailed => "connection_failed",
            Self::HandshakeFailed => "handshake_failed",
            Self::ConnectionLost => "connection_lost",
            Self::Stale => "stale",
            Self::ProtocolError => "protocol_error",
            Self::TooLarge => "too_large",
            Self::Overflow => "overflow",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
            Self::ProviderFailed => "provider_failed",
            Self::ProviderTimeout => "provider_timeout",
            Self::ProviderReentrant => "provider_reentrant",
            Self::Forked => "forked",
            Self::WrongLoop => "wrong_loop",
            Self::Concurrency => "concurrency",
            Self::Internal => "internal",
        }
    }

    /// Every code, in the order of the schema.
    pub const ALL: &'static [Code] = &[
        Self::InvalidOption,
        Self::Unsupported,
        Self::Unauthorized,
        Self::Refused,
        Self::RateLimited,
        Self::GatewayError,
        Self::Timeout,
        Self::ConnectionFailed,
        Self::HandshakeFailed,
        Self::ConnectionLost,
        Self::Stale,
        Self::ProtocolError,
        Self::TooLarge,
        Self::Overflow,
        Self::OutcomeUnknown,
        Self::Closed,
        Self::Cancelled,
        Self::ProviderFailed,
        Self::ProviderTimeout,
        Self::ProviderReentrant,
        Self::Forked,
        Self::WrongLoop,
        Self::Concurrency,
        Self::Internal,
    ];
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error: a stable code, a sentence, what the gateway itself said, and whether a retry can help.
///
/// ```
/// use topicwire::error::{Code, Error};
///
/// let error = Error::new(Code::Timeout, "no answer within 10 s");
/// assert_eq!(error.to_string(), "timeout: no answer within 10 s");
/// assert!(error.retryable);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Error {
    /// The stable code.
    pub code: Code,
    /// What was wrong, what was expected and what to do.
    pub message: Cow<'static, str>,
    /// The gateway's own code, as it was sent: an Astro `error`, a GraphQL `extensions.code`, a close code, an HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_code: Option<String>,
    /// The gateway's own text, as it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_text: Option<String>,
    /// Whether the same thing tried again may succeed.
    pub retryable: bool,
}

impl Error {
    /// An error that says nothing of the gateway. Whether it is retryable follows from the code.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        let retryable = matches!(
            code,
            Code::RateLimited
                | Code::GatewayError
                | Code::Timeout
                | Code::ConnectionFailed
                | Code::ConnectionLost
                | Code::Stale
                | Code::Overflow
                | Code::ProviderTimeout
        );
        Self { code, message: message.into(), gateway_code: None, gateway_text: None, retryable }
    }

    /// A bad option: names its path and what was expected, never the value.
    pub fn option(path: &str, expected: &str) -> Self {
        Self::new(Code::InvalidOption, format!("option `{path}`: expected {expected}"))
    }

    /// Adds what the gateway said.
    #[must_use]
    pub fn from_gateway(mut self, code: Option<impl Into<String>>, text: Option<impl Into<String>>) -> Self {
        self.gateway_code = code.map(Into::into);
        self.gateway_text = text.map(Into::into).filter(|text| !text.is_empty());
        self
    }

    /// Overrides whether a retry can help.
    #[must_use]
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.retryable = retryable;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        match (&self.gateway_code, &self.gateway_text) {
            (Some(code), Some(text)) => write!(f, " (gateway: {code}, {text})"),
            (Some(one), None) | (None, Some(one)) => write!(f, " (gateway: {one})"),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
