//! `graphql-ws`, as the npm package `subscriptions-transport-ws` 0.11 serves it: misuse draws an `error`, and
//! the socket stays.

use serde_json::{Map, Value, json};

use super::document::{Document, LooseDocument, Refused, Request, errors_only, message};
use super::frames::{self, Protocol};
use super::operation::Started;
use super::options::GraphQlOptions;
use super::{GraphQl, Init, auth};
use crate::machine::io::ConnId;
use crate::machine::wire::Wire;

impl GraphQl {
    pub(super) fn legacy_frame(&mut self, wire: &mut Wire, options: &GraphQlOptions, conn: ConnId, data: &[u8]) {
        let frame: Value = match serde_json::from_slice(data) {
            Ok(frame) if frame != Value::Null => frame,
            // JSON's null breaks the reference server in the same place.
            _ => {
                let text = frames::connection_error(true, "message must be JSON");
                return wire.send_text(conn, text);
            }
        };
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        let key = id_text(frame.get("id"));
        match frame.get("type").and_then(Value::as_str) {
            Some("connection_init") => {
                // A second init is answered like the first; Bitquery knows no second one.
                if !(options.bitquery && state.init != Init::Awaited) {
                    self.begin_init(wire, options, conn, frame.get("payload"));
                }
            }
            Some("connection_terminate") => wire.close(conn, None, ""),
            Some("start") => match state.init {
                Init::Pending { .. } => state.waiting.push(frame),
                _ => self.legacy_start(wire, options, conn, &frame),
            },
            Some("stop") => {
                if !options.ignores_stop() && self.end(wire, conn, &key) {
                    let id = frame.get("id").map(Value::to_string);
                    let complete = frames::complete(Protocol::Legacy, id.as_deref());
                    wire.send_text(conn, complete);
                }
            }
            Some("complete") if options.ignores_stop() => {}
            _ => {
                let errors = [message("Invalid message type!")];
                let id = frame.get("id").map(Value::to_string);
                self.send_error(wire, options, conn, id.as_deref(), &errors);
            }
        }
    }

    /// A `start` whose turn has come.
    pub(super) fn legacy_start(&mut self, wire: &mut Wire, options: &GraphQlOptions, conn: ConnId, frame: &Value) {
        let Some(state) = self.conns.get(&conn) else {
            return;
        };
        let (protocol, key) = (Protocol::Legacy, id_text(frame.get("id")));
        let json_id = frame.get("id").map(Value::to_string);
        let named = json_id.as_deref();
        let uninvited = state.init == Init::Awaited && auth::by_payload(options) && !options.legacy_auth_hole;
        if state.init == Init::Refused || uninvited {
            let errors = [message("Unauthorized")];
            return self.send_error(wire, options, conn, named, &errors);
        }
        // An id that is in use is taken from its operation, which completes behind the new `start`.
        if self.end(wire, conn, &key) {
            if options.bitquery {
                return;
            }
            wire.send_text(conn, frames::complete(protocol, named));
        }
        if let Some(why) = self.faults.fail.take() {
            return self.send_error(wire, options, conn, named, &[message(&why)]);
        }
        let request = match request(frame.get("payload")) {
            Ok(request) => request,
            Err(why) => {
                return self.send_error(wire, options, conn, named, &[message(why)]);
            }
        };
        let started = if options.bitquery {
            LooseDocument::read(&request).map(|document| Started::loose(&document))
        } else {
            Document::read(&request).map(Started::from)
        };
        let errors = match started {
            Ok(started) => {
                return self.begin(wire, options, conn, (key, json_id), started);
            }
            Err(Refused::Syntax(text)) => {
                return self.send_error(wire, options, conn, named, &[message(&text)]);
            }
            Err(Refused::Validation(errors)) => errors,
            Err(Refused::NoSuchOperation(error) | Refused::Variables(error)) => vec![error],
        };
        let payload = errors_only(&errors);
        wire.send_text(conn, frames::result(protocol, named, &payload));
        wire.send_text(conn, frames::complete(protocol, named));
    }
}

/// Ids are compared by their text, so that `1` and `"1"` are the same; no id is the text `undefined`.
fn id_text(id: Option<&Value>) -> String {
    match id {
        Some(Value::String(id)) => id.clone(),
        Some(other) => other.to_string(),
        None => "undefined".to_owned(),
    }
}

fn request(payload: Option<&Value>) -> Result<Request, &'static str> {
    let payload = payload.and_then(Value::as_object).ok_or("payload must be an object with a query")?;
    let query = payload.get("query").and_then(Value::as_str).ok_or("payload.query must be a string")?;
    let empty = json!({});
    let variables = payload.get("variables").unwrap_or(&empty);
    let name = payload.get("operationName").and_then(Value::as_str);
    Ok(Request {
        query: query.to_owned(),
        variables: variables.as_object().cloned().unwrap_or_else(Map::new),
        operation_name: name.map(str::to_owned),
    })
}
