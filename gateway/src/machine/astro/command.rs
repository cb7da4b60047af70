//! Commands of the client, checked in the order of the specification: rate, shape, type, topic, token,
//! token type, authorisation, limit, duplicate.

use serde_json::{Map, Value};

use super::authorise::is_token_type;
use super::options::AstroOptions;
use super::respond::Response;
use super::{Astro, Pair, Subscription, topics};
use crate::machine::hidden::Hidden;
use crate::machine::io::ConnId;
use crate::machine::wire::Wire;

impl Astro {
    pub(crate) fn command(&mut self, wire: &mut Wire, options: &AstroOptions, conn: ConnId, text: &[u8]) {
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        let response = if !state.bucket.take(options, wire.now.mono) {
            Response::error("rate_limit_exceeded", "rate limit exceeded")
        } else {
            match serde_json::from_slice(text) {
                Ok(Value::Object(command)) => {
                    let mut response = self.execute(wire, options, conn, &command);
                    if response.error.as_deref() != Some("rate_limit_exceeded") {
                        response.nonce = nonce(&command, options);
                    }
                    response
                }
                Ok(_) => Response::error("err_bad_request", "a command must be a JSON object"),
                Err(_) => Response::error("err_bad_request", "a command must be JSON"),
            }
        };
        self.respond(wire, conn, response);
    }

    fn execute(&mut self, wire: &Wire, options: &AstroOptions, conn: ConnId, command: &Map<String, Value>) -> Response {
        let subscribe = match command.get("type").and_then(Value::as_str) {
            Some("subscribe") => true,
            Some("unsubscribe") => false,
            _ => {
                let text = "type must be subscribe or unsubscribe";
                return Response::error("invalid_message_type", text);
            }
        };
        let field = |name: &str| {
            let data = command.get("data").and_then(Value::as_object);
            data.and_then(|data| data.get(name)).and_then(Value::as_str)
        };
        let Some(topic) = field("topic").filter(|topic| !topic.is_empty()) else {
            return Response::error("err_bad_request", "data.topic is missing");
        };
        if !topics::is_known(topic, options) {
            return Response::error("err_bad_request", "unknown topic");
        }
        let forced = self.faults.force_error.take_if(|(of, _)| of.as_deref().is_none_or(|of| of == topic));
        if let Some((_, code)) = forced {
            return Response::error(&code, "a fault asked for this error");
        }
        let room = field("room");
        if subscribe {
            let credential = (field("token"), field("token_type"));
            self.subscribe(wire, options, conn, topic, room, credential)
        } else {
            self.unsubscribe(options, conn, topic, room)
        }
    }

    fn subscribe(
        &mut self,
        wire: &Wire,
        options: &AstroOptions,
        conn: ConnId,
        topic: &str,
        room: Option<&str>,
        credential: (Option<&str>, Option<&str>),
    ) -> Response {
        let Some(token) = credential.0.filter(|token| !token.is_empty()) else {
            return Response::error("err_bad_request", "data.token is missing");
        };
        let Some(token_type) = credential.1.filter(|name| is_token_type(name)) else {
            let text = "data.token_type must be jwt, oauth2 or apikey";
            return Response::error("err_bad_request", text);
        };
        let wall = wire.now.wall;
        let Some(canonical) = self.authorise(options, wall, topic, room, (token, token_type)) else {
            return Response::error("err_unauthorized", "token not accepted for this topic");
        };
        let Some(state) = self.conns.get(&conn) else {
            return Response::error("err_internal_error", "the connection is gone");
        };
        let pair: Pair = (topic.to_owned(), canonical);
        let limit = options.subscription_limit.unwrap_or(usize::MAX);
        if state.subscriptions.len() >= limit {
            return Response::error("err_bad_request", "subscription limit exceeded");
        }
        if state.subscriptions.contains_key(&pair) {
            return Response::error("err_bad_request", "already subscribed to topic");
        }
        let subscription = Subscription { requested_room: room.map(str::to_owned), token: Hidden::from(token) };
        // Only what it took over waits for the connection before it to be gone.
        self.add(conn, pair.clone(), subscription, true);
        Response::success("successfully subscribed to topic", pair)
    }

    fn unsubscribe(&mut self, options: &AstroOptions, conn: ConnId, topic: &str, room: Option<&str>) -> Response {
        let room = room.filter(|room| !room.is_empty()).map(|room| self.canonical(room).to_owned());
        let Some(state) = self.conns.get(&conn) else {
            return Response::error("err_internal_error", "the connection is gone");
        };
        let affected: Vec<Pair> =
            state.subscriptions.keys().filter(|(t, r)| t == topic && room.as_ref().is_none_or(|room| room == r)).cloned().collect();
        if affected.is_empty() && options.unsubscribe_missing_fails {
            return Response::error("err_bad_request", "not subscribed to topic");
        }
        for pair in &affected {
            self.remove(conn, pair);
        }
        let mut response = Response::success("successfully unsubscribed from topic", (topic.to_owned(), room.clone().unwrap_or_default()));
        response.subscribed = None;
        response.room = room;
        response
    }
}

/// The nonce to echo.
fn nonce(command: &Map<String, Value>, options: &AstroOptions) -> Option<String> {
    match command.get("nonce")? {
        Value::String(nonce) => Some(nonce.clone()),
        Value::Null => None,
        other => options.nonce_as_text.then(|| other.to_string()),
    }
}
