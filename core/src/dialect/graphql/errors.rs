//! Errors that servers report, as ours.

use crate::error::{Code, Error};
use crate::view;

/// What servers write into `extensions.code` when they do not know who asks. Apollo's name, Hasura's, GoldRush's, and the usual ones.
const UNAUTHORIZED: &[&str] =
    &["UNAUTHENTICATED", "UNAUTHORIZED", "INVALID_TOKEN", "MISSING_TOKEN", "AUTH_SYSTEM_ERROR", "invalid-jwt", "access-denied"];

/// The payload of an `error` frame, or the errors of a result, in whichever of the four shapes they come.
pub(super) fn of_operation(payload: Option<&[u8]>) -> Error {
    let errors = payload.map(view::graphql::errors).unwrap_or_default();
    let Some(first) = errors.first() else {
        return Error::new(Code::Refused, "the server failed the operation without saying why");
    };
    let text = match errors.len() {
        1 => "the server failed the operation".to_owned(),
        many => format!("the server failed the operation with {many} errors; the first is told here"),
    };
    let unauthorized = first.code.as_deref().is_some_and(|code| UNAUTHORIZED.iter().any(|known| known.eq_ignore_ascii_case(code)));
    let code = if unauthorized { Code::Unauthorized } else { Code::Refused };
    Error::new(code, text).from_gateway(first.code.clone(), Some(first.message.clone()))
}

/// What the server says of the connection, not of an operation.
pub(super) fn of_connection(payload: Option<&[u8]>) -> Error {
    Error { code: Code::GatewayError, message: "the server reports an error".into(), ..of_operation(payload) }.retryable(true)
}
