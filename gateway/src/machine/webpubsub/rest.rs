//! The REST data plane: what an application's server asks of the service.

use std::fmt;

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::payload::{Data, DataKind};
use super::roles::Permission;
use super::session::Session;
use super::upgrade::AccessUrl;
use super::wire::Down;
use super::{WebPubSub, WebPubSubOptions, names, token};
use crate::machine::wire::Wire;

/// A request.
#[derive(Clone, Default)]
pub struct RestRequest {
    /// `POST`, `PUT`, …
    pub method: String,
    /// The path, still percent-encoded.
    pub path: String,
    /// The query, still percent-encoded.
    pub query: String,
    /// The header `Host`.
    pub host: String,
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The header `Content-Type`.
    pub content_type: String,
    /// The body.
    pub body: Bytes,
}

impl fmt::Debug for RestRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestRequest").field("method", &self.method).field("path", &self.path).finish_non_exhaustive()
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestAnswer {
    /// The HTTP status.
    pub status: u16,
    /// JSON, or nothing.
    pub body: Option<String>,
}

fn answer(status: u16) -> RestAnswer {
    RestAnswer { status, body: None }
}

fn failed(status: u16, why: &str) -> RestAnswer {
    RestAnswer { status, body: Some(json!({ "code": status.to_string(), "message": why }).to_string()) }
}

fn found(yes: bool) -> RestAnswer {
    answer(if yes { 200 } else { 404 })
}

impl RestRequest {
    fn values(&self, name: &str) -> Vec<String> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| decoded(&value.replace('+', " "))).collect()
    }

    fn value(&self, name: &str) -> Option<String> {
        self.values(name).pop()
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

impl WebPubSub {
    /// Does what an application's server asks.
    pub(crate) fn rest(&mut self, wire: &mut Wire, options: &WebPubSubOptions, request: &RestRequest) -> RestAnswer {
        let path = request.path.trim_start_matches("/api").trim_matches('/').to_owned();
        let parts: Vec<String> = path.split('/').map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        if parts == ["health"] {
            return answer(200);
        }
        if let Err(why) = authorised(wire, options, request) {
            return failed(401, why);
        }
        if request.body.len() > 1 << 20 {
            return failed(413, "the body is larger than 1 MiB");
        }
        let ["hubs", hub, rest @ ..] = parts.as_slice() else { return failed(404, "there is no such resource") };
        if !names::hub(hub) {
            return failed(400, "not a hub's name");
        }
        let hub = hub.to_ascii_lowercase();
        match (request.method.as_str(), rest) {
            ("POST", [":send"]) => self.send(wire, options, request, &hub, None, |_| true),
            ("POST", ["groups", group, ":send"]) => {
                self.send(wire, options, request, &hub, Some(group), |session| session.groups.contains(*group))
            }
            ("POST", ["users", user, ":send"]) => {
                self.send(wire, options, request, &hub, None, |session| session.user.as_deref() == Some(user))
            }
            ("POST", ["connections", id, ":send"]) => self.send(wire, options, request, &hub, None, |session| session.id == *id),
            ("POST", [":generateToken"]) => generate(wire, options, request, &hub),
            ("POST", [":closeConnections"]) => self.close_all(wire, options, request, &hub, |_| true),
            ("POST", ["groups", group, ":closeConnections"]) => {
                self.close_all(wire, options, request, &hub, |session| session.groups.contains(*group))
            }
            ("HEAD", ["connections", id]) => found(self.one(&hub, id).is_some()),
            ("HEAD", ["groups", group]) => found(self.any(&hub, |session| session.groups.contains(*group))),
            ("HEAD", ["users", user]) => found(self.any(&hub, |session| session.user.as_deref() == Some(user))),
            ("DELETE", ["connections", id]) => {
                let reason = request.value("reason").unwrap_or_default();
                if self.one(&hub, id).is_some() {
                    self.send_away(wire, options, id, &reason);
                }
                answer(204)
            }
            ("PUT" | "DELETE", ["groups", group, "connections", id]) => {
                let joins = request.method == "PUT";
                let found = self.one(&hub, id).is_some();
                self.change(&hub, group, joins, |session| session.id == *id);
                answer(if found || !joins { 200 } else { 404 })
            }
            ("PUT" | "DELETE", ["users", user, "groups", group]) => {
                self.change(&hub, group, request.method == "PUT", |session| session.user.as_deref() == Some(user));
                answer(200)
            }
            (method, ["permissions", permission, "connections", id]) => {
                let Some(permission) = Permission::named(permission) else { return failed(400, "there is no such permission") };
                let group = request.value("targetName");
                let Some(session) = self.one(&hub, id) else { return failed(404, "there is no such connection") };
                match method {
                    "PUT" | "DELETE" => {
                        session.permissions.set(permission, group, method == "PUT");
                        answer(if method == "PUT" { 200 } else { 204 })
                    }
                    "HEAD" => found(session.permissions.has(permission, group.as_deref())),
                    _ => failed(405, "PUT, DELETE or HEAD"),
                }
            }
            _ => failed(404, "there is no such resource"),
        }
    }

    fn one(&mut self, hub: &str, id: &str) -> Option<&mut Session> {
        self.sessions.get_mut(id).filter(|session| session.hub == hub && !session.ended)
    }

    fn any(&self, hub: &str, fits: impl Fn(&Session) -> bool) -> bool {
        self.sessions.values().any(|session| session.hub == hub && !session.ended && fits(session))
    }

    fn change(&mut self, hub: &str, group: &str, joins: bool, fits: impl Fn(&Session) -> bool) {
        for session in self.sessions.values_mut().filter(|session| session.hub == hub && fits(session)) {
            if joins {
                session.groups.insert(group.to_owned());
            } else {
                session.groups.remove(group);
            }
        }
    }

    fn close_all(
        &mut self,
        wire: &mut Wire,
        options: &WebPubSubOptions,
        request: &RestRequest,
        hub: &str,
        fits: impl Fn(&Session) -> bool,
    ) -> RestAnswer {
        let (reason, excluded) = (request.value("reason").unwrap_or_default(), request.values("excluded"));
        let hit = self.sessions.values().filter(|session| session.hub == hub && fits(session) && !excluded.contains(&session.id));
        for id in hit.map(|session| session.id.clone()).collect::<Vec<_>>() {
            self.send_away(wire, options, &id, &reason);
        }
        answer(204)
    }

    fn send(
        &mut self,
        wire: &mut Wire,
        options: &WebPubSubOptions,
        request: &RestRequest,
        hub: &str,
        group: Option<&str>,
        wants: impl Fn(&Session) -> bool,
    ) -> RestAnswer {
        if request.value("filter").is_some() {
            return failed(400, "this gateway evaluates no `filter`");
        }
        let data = Data { kind: DataKind::of_content_type(&request.content_type), bytes: request.body.clone() };
        if let Err(why) = well_formed(&data) {
            return failed(400, why);
        }
        let excluded = request.values("excluded");
        let excluded: Vec<&str> = excluded.iter().map(String::as_str).collect();
        self.fan_out(wire, options, hub, &excluded, &of_server(group, data), wants);
        answer(202)
    }

    /// Gives data to a group, or to all of a hub, for who has no need of HTTP. Returns how many clients that are.
    pub(crate) fn publish_to(&mut self, wire: &mut Wire, options: &WebPubSubOptions, hub: &str, group: Option<&str>, data: Data) -> usize {
        let hub = hub.to_ascii_lowercase();
        self.fan_out(wire, options, &hub, &[], &of_server(group, data), |session| group.is_none_or(|group| session.groups.contains(group)))
    }
}

/// What nobody in particular sends.
fn of_server(group: Option<&str>, data: Data) -> Down {
    Down::Message { group: group.map(str::to_owned), user: None, data: Some(data), metadata: None, number: None, stream: None }
}

fn well_formed(data: &Data) -> Result<(), &'static str> {
    match data.kind {
        DataKind::Json => {
            let value: Result<&serde_json::value::RawValue, _> = serde_json::from_slice(&data.bytes);
            value.map(|_| ()).map_err(|_| "the body is not JSON")
        }
        DataKind::Text => std::str::from_utf8(&data.bytes).map(|_| ()).map_err(|_| "the body is not UTF-8"),
        DataKind::Binary | DataKind::Protobuf => Ok(()),
    }
}

fn authorised(wire: &Wire, options: &WebPubSubOptions, request: &RestRequest) -> Result<(), &'static str> {
    let token = request.authorization.as_deref().and_then(|value| value.strip_prefix("Bearer ")).ok_or("the token is missing")?;
    let claims = token::verify(&options.access_key.0, token, wire.now.wall)?;
    let address = format!("{}{}", request.host, request.path);
    // A client's token is for another address, and so opens nothing here.
    if token::is_for(&claims, &address) || token::is_for(&claims, &decoded(&address)) {
        Ok(())
    } else {
        Err("the token is for another address (`aud`)")
    }
}

fn generate(wire: &Wire, options: &WebPubSubOptions, request: &RestRequest, hub: &str) -> RestAnswer {
    let wanted = AccessUrl {
        hub: hub.to_owned(),
        user: request.value("userId"),
        roles: request.values("role"),
        groups: request.values("group"),
        minutes: request.value("minutesToExpire").and_then(|text| text.parse().ok()).unwrap_or(60),
    };
    let token: Value = WebPubSub::client_token(options, &request.host, wire.now.wall.0, &wanted).into();
    RestAnswer { status: 200, body: Some(json!({ "token": token }).to_string()) }
}
