//! Errors of the core as JavaScript gets them: one line of JSON, of which the JavaScript layer makes its own classes.

use napi::Status;
use serde_json::json;

/// What the core said.
pub(crate) fn thrown(error: topicwire::error::Error) -> napi::Error {
    let text = json!({
        "code": error.code.as_str(),
        "message": error.message,
        "gatewayCode": error.gateway_code,
        "gatewayText": error.gateway_text,
        "retryable": error.retryable,
    });
    napi::Error::new(Status::GenericFailure, text.to_string())
}
