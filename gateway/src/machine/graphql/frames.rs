//! The frames of both subprotocols, with their fields in the order of the reference servers.

use serde_json::{Value, json};

use super::document::to_json;
use super::options::ErrorShape;

/// Which of the two subprotocols a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// `graphql-transport-ws`
    Modern,
    /// `graphql-ws`
    Legacy,
}

/// A frame of an operation. `id` and `payload` are JSON; a legacy frame may lack its id.
fn frame(protocol: Protocol, kind: &str, id: Option<&str>, payload: Option<&str>) -> String {
    let id = id.map(|id| format!(r#""id":{id}"#));
    let kind = Some(format!(r#""type":"{kind}""#));
    let payload = payload.map(|payload| format!(r#""payload":{payload}"#));
    let fields = match protocol {
        Protocol::Modern => [id, kind, payload],
        Protocol::Legacy => [kind, id, payload],
    };
    let fields: Vec<String> = fields.into_iter().flatten().collect();
    format!("{{{}}}", fields.join(","))
}

pub(super) fn result(protocol: Protocol, id: Option<&str>, payload: &str) -> String {
    let kind = match protocol {
        Protocol::Modern => "next",
        Protocol::Legacy => "data",
    };
    frame(protocol, kind, id, Some(payload))
}

pub(super) fn complete(protocol: Protocol, id: Option<&str>) -> String {
    let payload = (protocol == Protocol::Legacy).then_some("null");
    frame(protocol, "complete", id, payload)
}

/// An `error` frame. `errors` has one at least.
pub(super) fn error(protocol: Protocol, shape: ErrorShape, id: Option<&str>, errors: &[Value]) -> String {
    let shape = match (shape, protocol) {
        (ErrorShape::Reference, Protocol::Modern) => ErrorShape::Array,
        (ErrorShape::Reference, Protocol::Legacy) => ErrorShape::Object,
        (shape, _) => shape,
    };
    let first = errors.first().cloned().unwrap_or(Value::Null);
    let payload = match shape {
        ErrorShape::Array | ErrorShape::Reference => json!(errors),
        ErrorShape::Object => first,
        ErrorShape::Errors => json!({ "errors": errors }),
        ErrorShape::Text => first.get("message").cloned().unwrap_or(first),
    };
    frame(protocol, "error", id, Some(&payload.to_string()))
}

/// A frame without an id.
pub(super) fn plain(kind: &str, payload: Option<&Value>) -> String {
    match payload {
        None => format!(r#"{{"type":"{kind}"}}"#),
        Some(payload) => format!(r#"{{"type":"{kind}","payload":{payload}}}"#),
    }
}

/// Legacy's word for a session that went wrong; its id is null for a frame that could not be read.
pub(super) fn connection_error(with_null_id: bool, message: &str) -> String {
    let id = if with_null_id { r#""id":null,"# } else { "" };
    let payload = to_json(&json!({ "message": message }));
    format!(r#"{{"type":"connection_error",{id}"payload":{payload}}}"#)
}
