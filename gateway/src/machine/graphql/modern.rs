//! `graphql-transport-ws`, as the npm package `graphql-ws` 6.4 serves it: every misuse closes the socket.

use serde_json::{Map, Value};

use super::document::{Document, LooseDocument, Refused, Request, errors_only, message};
use super::frames::{self, Protocol};
use super::operation::Started;
use super::options::GraphQlOptions;
use super::{GraphQl, Init};
use crate::machine::io::ConnId;
use crate::machine::wire::{MAX_REASON, Wire};

/// A frame of the client, when it has the right shape.
enum ClientFrame {
    Init(Option<Value>),
    Ping(Option<Value>),
    Pong,
    Subscribe { id: String, request: Request },
    Complete { id: String },
}

impl GraphQl {
    pub(super) fn modern_frame(&mut self, wire: &mut Wire, options: &GraphQlOptions, conn: ConnId, data: &[u8]) {
        let Some(state) = self.conns.get(&conn) else {
            return;
        };
        let Some(frame) = read(data) else {
            return wire.close(conn, Some(4400), "Invalid message received");
        };
        match frame {
            ClientFrame::Init(_) if state.init != Init::Awaited => {
                wire.close(conn, Some(4429), "Too many initialisation requests");
            }
            ClientFrame::Init(payload) => self.begin_init(wire, options, conn, payload.as_ref()),
            ClientFrame::Ping(payload) => {
                wire.send_text(conn, frames::plain("pong", payload.as_ref()));
            }
            ClientFrame::Pong => {}
            ClientFrame::Subscribe { .. } if state.init != Init::Acked => {
                wire.close(conn, Some(4401), "Unauthorized");
            }
            ClientFrame::Subscribe { id, .. } if state.by_id.contains_key(&id) => {
                let reason = format!("Subscriber for {id} already exists");
                wire.close(conn, Some(4409), &fitting(reason, "Subscriber already exists"));
            }
            ClientFrame::Subscribe { id, request } => {
                self.modern_subscribe(wire, options, conn, id, &request);
            }
            ClientFrame::Complete { id } => {
                if !options.ignores_stop() {
                    self.end(wire, conn, &id);
                }
            }
        }
    }

    fn modern_subscribe(&mut self, wire: &mut Wire, options: &GraphQlOptions, conn: ConnId, id: String, request: &Request) {
        let protocol = Protocol::Modern;
        let json_id = Value::String(id.clone()).to_string();
        let named = Some(json_id.as_str());
        if let Some(why) = self.faults.fail.take() {
            return self.send_error(wire, options, conn, named, &[message(&why)]);
        }
        let started = if options.bitquery {
            LooseDocument::read(request).map(|document| Started::loose(&document))
        } else {
            Document::read(request).map(Started::from)
        };
        match started {
            Err(Refused::Syntax(text)) => {
                let reason = fitting(text, "Internal server error");
                wire.close(conn, Some(4500), &reason);
            }
            Err(Refused::Validation(errors)) => {
                self.send_error(wire, options, conn, named, &errors);
            }
            Err(Refused::NoSuchOperation(_)) => {
                let errors = [message("Unable to identify operation")];
                self.send_error(wire, options, conn, named, &errors);
            }
            Err(Refused::Variables(error)) => {
                let payload = errors_only(&[error]);
                wire.send_text(conn, frames::result(protocol, named, &payload));
                wire.send_text(conn, frames::complete(protocol, named));
            }
            Ok(started) => self.begin(wire, options, conn, (id, Some(json_id)), started),
        }
    }
}

/// The reason, or its replacement if a close frame cannot hold it.
fn fitting(reason: String, otherwise: &str) -> String {
    if reason.len() <= MAX_REASON { reason } else { otherwise.to_owned() }
}

fn read(data: &[u8]) -> Option<ClientFrame> {
    let Ok(Value::Object(mut frame)) = serde_json::from_slice(data) else {
        return None;
    };
    let kind = frame.get("type")?.as_str()?.to_owned();
    match kind.as_str() {
        "connection_init" => Some(ClientFrame::Init(optional_object(&mut frame)?)),
        "ping" => Some(ClientFrame::Ping(optional_object(&mut frame)?)),
        "pong" => optional_object(&mut frame).map(|_| ClientFrame::Pong),
        "subscribe" => Some(ClientFrame::Subscribe { id: id(&frame)?, request: request(frame.get("payload")?)? }),
        "complete" => Some(ClientFrame::Complete { id: id(&frame)? }),
        _ => None,
    }
}

/// The payload: absent or null, or an object; none if it is anything else.
#[expect(clippy::option_option, reason = "a bad payload and no payload are two things")]
fn optional_object(frame: &mut Map<String, Value>) -> Option<Option<Value>> {
    match frame.remove("payload") {
        None | Some(Value::Null) => Some(None),
        Some(payload @ Value::Object(_)) => Some(Some(payload)),
        Some(_) => None,
    }
}

fn id(frame: &Map<String, Value>) -> Option<String> {
    let id = frame.get("id")?.as_str()?;
    (!id.is_empty()).then(|| id.to_owned())
}

fn request(payload: &Value) -> Option<Request> {
    let payload = payload.as_object()?;
    let variables = match payload.get("variables") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(variables)) => variables.clone(),
        Some(_) => return None,
    };
    let operation_name = match payload.get("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name.clone()),
        Some(_) => return None,
    };
    if !matches!(payload.get("extensions"), None | Some(Value::Null | Value::Object(_))) {
        return None;
    }
    Some(Request { query: payload.get("query")?.as_str()?.to_owned(), variables, operation_name })
}
