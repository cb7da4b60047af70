//! Errors that servers report, as ours.

use crate::error::{Code, Error};
use crate::view;

/// The payload of an `error` frame, or the errors of a result, in whichever of the four shapes they come.
pub(super) fn of_operation(payload: Option<&[u8]>) -> Error {
    let errors = payload.map(view::graphql::errors).unwrap_or_default();
    let Some(first) = errors.first() else {
        return Error::new(Code::Refused, "the server failed the operation without saying why");
    };
    let text = match errors.len() {
        1 => "the server failed the operation".to_owned(),
        many => format!("the server failed the operation with {many} errors"),
    };
    Error::new(Code::Refused, text).from_gateway(first.code.clone(), Some(first.message.clone()))
}

/// A session that was refused.
pub(super) fn of_session(payload: Option<&[u8]>) -> Error {
    let error = of_operation(payload);
    Error { code: Code::Unauthorized, message: "the server refused the session".into(), ..error }
}
