//! GraphQL execution results and errors.

use serde::Serialize;
use serde_json::value::RawValue;

use super::Json;
use super::object::Object;
use crate::scan::{Keys, Kind, scan};

/// What an execution result has at its top level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outline {
    /// There is a `data` key, perhaps with the value null.
    pub has_data: bool,
    /// There is an `errors` key with a value other than null.
    pub has_errors: bool,
}

/// The outline of an execution result, without decoding it. `None` if `payload` is no JSON object.
///
/// A legacy server reports a failed operation as a result with `errors` and without `data`; with both it is a partial result, and the
/// stream goes on.
#[must_use]
pub fn outline(payload: &[u8]) -> Option<Outline> {
    const KEYS: Keys<'static, 2> = Keys::all(["data", "errors"]);
    let [data, errors] = scan(payload, &KEYS).ok()?;
    Some(Outline { has_data: data.is_some(), has_errors: errors.is_some_and(|errors| errors.kind() != Kind::Null) })
}

/// The canonical JSON of an execution result: `{"data":…,"errors":[…]}`, with the errors as [`errors`] reads them and `data` as the server
/// wrote it. `None` if `payload` is no JSON object.
#[must_use]
pub fn canonical(payload: &[u8]) -> Option<Vec<u8>> {
    #[derive(Serialize)]
    struct Canonical {
        data: Option<Json>,
        errors: Vec<GraphQlError>,
    }

    let object = Object::parse(payload)?;
    let errors = object.some("errors").map(|errors| list(errors.get().as_bytes())).unwrap_or_default();
    serde_json::to_vec(&Canonical { data: object.some("data"), errors }).ok()
}

/// One error that a GraphQL server reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GraphQlError {
    /// What the server says; empty if it gave no message.
    pub message: String,
    /// `extensions.code`, by convention a name such as `UNAUTHENTICATED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The place in the result that the error is about, an array of names and numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Json>,
    /// The error as the server wrote it.
    pub raw: Json,
}

/// The errors in the payload of an `error` frame, or of a result. Servers write them in four shapes: one object, an object with
/// `errors`, an array, a bare string. Empty if there are none (null, or a result without errors).
#[must_use]
pub fn errors(payload: &[u8]) -> Vec<GraphQlError> {
    if let Some(object) = Object::parse(payload) {
        if let Some(inner) = object.some("errors") {
            return list(inner.get().as_bytes());
        }
        if object.has("data") || (object.has("errors") && !object.has("message")) {
            return Vec::new();
        }
    }
    list(payload)
}

/// The errors of an array, or the single one of anything else.
fn list(json: &[u8]) -> Vec<GraphQlError> {
    match serde_json::from_slice::<Vec<&RawValue>>(json) {
        Ok(elements) => elements.into_iter().filter_map(error).collect(),
        Err(_) => serde_json::from_slice(json).ok().and_then(error).into_iter().collect(),
    }
}

/// One error from an object or a string.
fn error(raw: &RawValue) -> Option<GraphQlError> {
    let json = Json::from_raw(raw);
    if let Ok(message) = json.decode::<String>() {
        return Some(GraphQlError { message, code: None, path: None, raw: json });
    }
    let object = Object::parse(raw.get().as_bytes())?;
    Some(GraphQlError {
        message: object.text("message").unwrap_or_default(),
        code: object.object("extensions").and_then(|extensions| extensions.id("code")),
        path: object.some("path"),
        raw: json,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(payload: &str) -> Vec<String> {
        errors(payload.as_bytes()).into_iter().map(|error| error.message).collect()
    }

    #[test]
    fn the_four_shapes_give_the_same_list() {
        for payload in [
            r#"{"message":"no"}"#,
            r#"{"errors":[{"message":"no"}]}"#,
            r#"[{"message":"no"}]"#,
            r#""no""#,
            r#"["no"]"#,
            r#"{"errors":{"message":"no"}}"#,
            r#"{"errors":"no"}"#,
        ] {
            assert_eq!(messages(payload), ["no"], "{payload}");
        }
        assert_eq!(messages(r#"{"data":null,"errors":[{"message":"a"},{"message":"b"}]}"#), ["a", "b"]);
    }

    #[test]
    fn what_holds_no_error_gives_none() {
        for payload in
            ["null", "1", "[]", "", "{", r#"{"data":{"message":"not an error"}}"#, r#"{"errors":null}"#, r#"{"data":1,"errors":[]}"#]
        {
            assert_eq!(messages(payload), [""; 0], "{payload}");
        }
    }

    #[test]
    fn code_and_path_are_taken_where_they_are() {
        let text = r#"{"message":"m","path":["a",0],"extensions":{"code":"DENIED"},"locations":[]}"#;
        let [error] = &errors(text.as_bytes())[..] else { panic!("one error") };
        assert_eq!((error.code.as_deref(), error.path.as_ref().map(Json::get)), (Some("DENIED"), Some(r#"["a",0]"#)));
        assert_eq!(error.raw.get(), text);
        assert_eq!(errors(br#"{"path":null,"extensions":{"code":7}}"#)[0].code.as_deref(), Some("7"));
    }

    #[test]
    fn an_outline_tells_failed_from_partial() {
        let of = |payload: &str| outline(payload.as_bytes()).map(|outline| (outline.has_data, outline.has_errors));
        assert_eq!(of(r#"{"errors":[{}]}"#), Some((false, true)));
        assert_eq!(of(r#"{"errors":[{}],"data":{"f":null}}"#), Some((true, true)));
        assert_eq!(of(r#"{"data":null,"errors":null}"#), Some((true, false)));
        assert_eq!(of(r#"{"data":{"errors":1}}"#), Some((true, false)));
        assert_eq!(of("[]"), None);
    }
}
