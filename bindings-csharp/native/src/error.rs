//! The one error that crosses.

/// What went wrong, in the words of the core.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum NativeError {
    /// The core refused.
    #[error("{code}: {message}")]
    Refused {
        /// The stable code.
        code: String,
        /// What was wrong, what was expected and what to do.
        message: String,
        /// The gateway's own code.
        gateway_code: Option<String>,
        /// The gateway's own text.
        gateway_text: Option<String>,
        /// Whether the same thing tried again may succeed.
        retryable: bool,
    },
    /// The other side of the boundary failed.
    #[error("the callback failed: {reason}")]
    Callback {
        /// How.
        reason: String,
    },
}

impl From<topicwire::error::Error> for NativeError {
    fn from(error: topicwire::error::Error) -> Self {
        Self::Refused {
            code: error.code.as_str().to_owned(),
            message: error.message.into_owned(),
            gateway_code: error.gateway_code,
            gateway_text: error.gateway_text,
            retryable: error.retryable,
        }
    }
}

impl From<uniffi::UnexpectedUniFFICallbackError> for NativeError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Callback { reason: error.reason }
    }
}
