//! The HTTP control API: JSON in, JSON out.

use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::actor::{Actor, Stopped};
use super::http::Answer;
use super::origin;
use super::shutdown;
use crate::machine::astro::AstroPublish;
use crate::machine::astro::tokens::TokenEntry;
use crate::machine::webpubsub::{AccessUrl, Data, DataKind};
use crate::machine::{Fault, Payload, ReconnectToken, Target};

/// The largest body: more than any message that one would publish.
const MAX_BODY: usize = 64 << 20;

/// The furthest that the clock can be pushed on at once: every timer on the way fires, and all wait for it.
const MAX_ADVANCE_MS: u64 = 24 * 3600 * 1000;

/// Every request that the API takes, for the index at `/control` and for whoever asks for something else.
const ROUTES: &[(&str, &str, &str)] = &[
    ("GET", "/control/connections", "the open connections"),
    ("GET", "/control/transcript", "every frame, secrets masked; ?since=N for those after entry N"),
    ("GET", "/control/stats", "counters"),
    ("GET", "/control/options", "how the gateway is set"),
    ("POST", "/control/options", "set some of it"),
    ("POST", "/control/faults", "let something go wrong"),
    ("POST", "/control/clock", "let time pass, stop it, or move the wall clock"),
    ("POST", "/control/shutdown", "a planned shutdown"),
    ("POST", "/control/astro/publish", "a message to the subscribers of a topic and room"),
    ("POST", "/control/astro/reconnect", "a planned handover"),
    ("POST", "/control/astro/tokens", "tokens that are known"),
    ("POST", "/control/astro/aliases", "other names for rooms"),
    ("POST", "/control/graphql/publish", "a result to the operations that asked for a field"),
    ("POST", "/control/webpubsub/url", "a client access URL"),
    ("POST", "/control/webpubsub/publish", "a message to a group, or to a whole hub"),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GraphQlPublish {
    field: String,
    data: Payload,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebPubSubPublish {
    #[serde(default = "chat")]
    hub: String,
    #[serde(default)]
    group: Option<String>,
    data: Payload,
}

fn chat() -> String {
    "chat".to_owned()
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Reconnect {
    token: ReconnectToken,
    twice: bool,
    grace_ms: Option<u64>,
    target: Target,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Clock {
    stopped: Option<bool>,
    advance_ms: u64,
    wall_ms: i64,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Shutdown {
    grace_ms: Option<u64>,
}

/// What went wrong with a request.
struct Failure(StatusCode, String);

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Self {
        Self(StatusCode::SERVICE_UNAVAILABLE, stopped.to_string())
    }
}

/// Answers requests under `/control`.
pub(super) struct Control {
    pub(super) actor: Actor,
    pub(super) stop: watch::Sender<bool>,
    /// Where the gateway is: `127.0.0.1:PORT`.
    pub(super) host: String,
}

impl Control {
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Answer {
        let origin = request.headers().get(header::ORIGIN).cloned();
        let (status, body) = match origin::refusal(request.headers()) {
            Some(why) => (StatusCode::FORBIDDEN, json!({ "error": why })),
            None if request.method() == Method::OPTIONS => (StatusCode::OK, json!({})),
            None => match self.route(request).await {
                Ok(body) => (StatusCode::OK, body),
                Err(Failure(status, why)) => (status, json!({ "error": why })),
            },
        };
        let mut answer = Response::new(format!("{body}\n").into());
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        if let Some(origin) = origin.filter(|_| status != StatusCode::FORBIDDEN) {
            // A page of this machine may use the API as a program does.
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            let kind = HeaderValue::from_static("content-type");
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, kind);
        }
        answer
    }

    async fn route(&self, request: Request<Incoming>) -> Result<Value, Failure> {
        let method = request.method().clone();
        let path = request.uri().path().trim_end_matches('/').to_owned();
        let query = request.uri().query().unwrap_or_default().to_owned();
        match (method.as_str(), path.as_str()) {
            ("GET", "/control") => Ok(index()),
            ("GET", "/control/connections") => {
                let connections = self.actor.call(|machine, _| machine.connections()).await?;
                Ok(json!({ "connections": connections }))
            }
            ("GET", "/control/transcript") => {
                let since = since(&query)?;
                let entries = self.actor.call(move |machine, _| machine.transcript(since)).await?;
                Ok(json!({ "entries": entries }))
            }
            ("GET", "/control/stats") => {
                let stats = self.actor.call(|machine, _| machine.stats()).await?;
                Ok(json!(stats))
            }
            ("GET", "/control/options") => Ok(self.actor.call(|machine, _| machine.options_json()).await?),
            ("POST", path) => self.post(path, request).await,
            _ => Err(unknown(&method, &path)),
        }
    }

    async fn post(&self, path: &str, request: Request<Incoming>) -> Result<Value, Failure> {
        if !ROUTES.iter().any(|(method, known, _)| *method == "POST" && *known == path) {
            return Err(unknown(request.method(), path));
        }
        let body = request.into_body();
        match path {
            "/control/options" => {
                let patch: Value = read(body).await?;
                let set = self.actor.call(move |machine, _| machine.set_options(&patch).map(|()| machine.options_json()));
                set.await?.map_err(bad)
            }
            "/control/faults" => {
                let fault: Fault = read(body).await?;
                self.fault(fault).await
            }
            "/control/astro/reconnect" => {
                let asked: Reconnect = read(body).await?;
                let fault = Fault::Reconnect { token: asked.token, twice: asked.twice, grace_ms: asked.grace_ms, target: asked.target };
                self.fault(fault).await
            }
            "/control/astro/publish" => {
                let message: AstroPublish = read(body).await?;
                let published = self.actor.call(move |machine, now| machine.publish_astro(now, &message));
                Ok(json!(published.await?))
            }
            "/control/graphql/publish" => {
                let message: GraphQlPublish = read(body).await?;
                let receivers = self.actor.call(move |machine, now| machine.publish_graphql(now, &message.field, &message.data));
                Ok(json!({ "receivers": receivers.await? }))
            }
            "/control/webpubsub/url" => {
                let (wanted, host): (AccessUrl, _) = (read(body).await?, self.host.clone());
                let url = self.actor.call(move |machine, now| machine.access_url(now, &host, &wanted));
                Ok(json!({ "url": url.await? }))
            }
            "/control/webpubsub/publish" => {
                let message: WebPubSubPublish = read(body).await?;
                let data = Data { kind: DataKind::Json, bytes: message.data.as_str().to_owned().into() };
                let receivers =
                    self.actor.call(move |machine, now| machine.publish_webpubsub(now, &message.hub, message.group.as_deref(), data));
                Ok(json!({ "receivers": receivers.await? }))
            }
            "/control/astro/tokens" => {
                let tokens: Vec<TokenEntry> = read(body).await?;
                let count = tokens.len();
                let set = self.actor.call(move |machine, now| machine.set_tokens(now, tokens));
                set.await?;
                Ok(json!({ "tokens": count }))
            }
            "/control/astro/aliases" => {
                let aliases: std::collections::BTreeMap<String, String> = read(body).await?;
                let count = aliases.len();
                let set = self.actor.call(move |machine, _| {
                    for (alias, room) in &aliases {
                        machine.set_alias(alias, room);
                    }
                });
                set.await?;
                Ok(json!({ "aliases": count }))
            }
            "/control/clock" => self.clock(read(body).await?).await,
            _ => {
                let asked: Shutdown = read(body).await?;
                let grace = asked.grace_ms.map(Duration::from_millis);
                let (actor, stop) = (self.actor.clone(), self.stop.clone());
                tokio::spawn(async move {
                    shutdown(&actor, grace).await;
                    stop.send_replace(true);
                });
                Ok(json!({ "shutdown": true }))
            }
        }
    }

    async fn fault(&self, fault: Fault) -> Result<Value, Failure> {
        let hit = self.actor.call(move |machine, now| machine.fault(now, fault));
        Ok(json!({ "hit": hit.await?.map_err(bad)? }))
    }

    async fn clock(&self, asked: Clock) -> Result<Value, Failure> {
        if asked.advance_ms > MAX_ADVANCE_MS {
            let why = format!("advance_ms must be at most {MAX_ADVANCE_MS} (a day), not {}", asked.advance_ms);
            return Err(bad(why));
        }
        let time = self.actor.call(move |machine, now| {
            if asked.stopped == Some(true) {
                machine.stop_clock(now, true);
            }
            machine.advance(now, Duration::from_millis(asked.advance_ms));
            machine.shift_wall(asked.wall_ms);
            if asked.stopped == Some(false) {
                machine.stop_clock(now, false);
            }
            machine.time(now)
        });
        let time = time.await?;
        Ok(json!({
            "mono_ms": u64::try_from(time.mono.as_millis()).unwrap_or(u64::MAX),
            "wall_ms": time.wall.0,
        }))
    }
}

fn index() -> Value {
    let routes: Vec<String> = ROUTES.iter().map(|(method, path, what)| format!("{method} {path}: {what}")).collect();
    json!({ "gateway": "topicwire", "routes": routes })
}

fn unknown(method: &Method, path: &str) -> Failure {
    let other = ROUTES.iter().find(|(_, known, _)| *known == path);
    match other {
        Some((wanted, ..)) => Failure(StatusCode::METHOD_NOT_ALLOWED, format!("{path} takes {wanted}, not {method}")),
        None => Failure(StatusCode::NOT_FOUND, format!("there is no {path}; GET /control lists what there is")),
    }
}

fn bad(why: String) -> Failure {
    Failure(StatusCode::BAD_REQUEST, why)
}

fn since(query: &str) -> Result<u64, Failure> {
    let given = query.split('&').find_map(|pair| pair.strip_prefix("since="));
    given.map_or(Ok(0), |number| number.parse().map_err(|_| bad("since must be the number of a transcript entry".to_owned())))
}

/// The body as JSON; an empty one is an empty object.
async fn read<T: DeserializeOwned>(body: Incoming) -> Result<T, Failure> {
    let body = Limited::new(body, MAX_BODY).collect().await.map_err(|e| bad(format!("the body could not be read: {e}")))?;
    let bytes = body.to_bytes();
    let json = if bytes.iter().all(u8::is_ascii_whitespace) { b"{}" } else { &bytes[..] };
    serde_json::from_slice(json).map_err(|e| bad(format!("the body does not fit: {e}")))
}
