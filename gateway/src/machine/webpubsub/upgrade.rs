//! Letting clients in: new ones with a token, and those that take a session up again.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Value, json};

use super::events::{EventAnswer, EventCall};
use super::payload::Data;
use super::roles::Permissions;
use super::session::{Session, Simple};
use super::wire::{Down, Format};
use super::{WebPubSub, WebPubSubOptions, names, token};
use crate::machine::conn::Conn;
use crate::machine::faults;
use crate::machine::io::{ConnId, Cut, Dialect, Refusal, UpgradeRequest};
use crate::machine::wire::Wire;

/// What became of the check of an upgrade.
pub(super) enum Admission {
    New(Box<Newcomer>),
    Recover {
        id: String,
    },
    /// Accepted, and closed right after it: what a refused recovery looks like.
    RefuseRecovery,
}

/// A client that may come in.
pub(super) struct Newcomer {
    hub: String,
    user: Option<String>,
    roles: Vec<String>,
    groups: Vec<String>,
    subprotocol: Option<String>,
    simple: Simple,
    claims: Value,
}

/// An upgrade that waits for what the handler says.
pub(super) struct Waiting {
    request: UpgradeRequest,
    newcomer: Box<Newcomer>,
    id: String,
}

/// What a client access URL is to allow. Every field has a default, and JSON may leave any of them out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccessUrl {
    /// The hub.
    pub hub: String,
    /// The user.
    pub user: Option<String>,
    /// What the client may do. By default join, leave and send to every group.
    pub roles: Vec<String>,
    /// The groups that it is in from the start.
    pub groups: Vec<String>,
    /// For how long the token lets it in.
    pub minutes: u64,
}

impl Default for AccessUrl {
    fn default() -> Self {
        Self {
            hub: "chat".to_owned(),
            user: None,
            roles: vec!["webpubsub.joinLeaveGroup".to_owned(), "webpubsub.sendToGroup".to_owned()],
            groups: Vec::new(),
            minutes: 60,
        }
    }
}

const KNOWN: [(&str, Format, bool); 4] = [
    ("json.webpubsub.azure.v1", Format::Json, false),
    ("json.reliable.webpubsub.azure.v1", Format::Json, true),
    ("protobuf.webpubsub.azure.v1", Format::Protobuf, false),
    ("protobuf.reliable.webpubsub.azure.v1", Format::Protobuf, true),
];

fn known(name: &str) -> Option<(Format, bool)> {
    KNOWN.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name)).map(|(_, format, reliable)| (*format, *reliable))
}

impl WebPubSub {
    /// A URL with a token that lets a client in. `host` is `127.0.0.1:PORT`.
    pub(crate) fn access_url(options: &WebPubSubOptions, host: &str, wall_ms: u64, wanted: &AccessUrl) -> String {
        let token = Self::client_token(options, host, wall_ms, wanted);
        format!("ws://{host}/client/hubs/{}?access_token={token}", wanted.hub)
    }

    pub(super) fn client_token(options: &WebPubSubOptions, host: &str, wall_ms: u64, wanted: &AccessUrl) -> String {
        let seconds = wall_ms / 1000;
        let mut claims = json!({
            "aud": format!("http://{host}/client/hubs/{}", wanted.hub),
            "iat": seconds,
            "exp": seconds.saturating_add(wanted.minutes.saturating_mul(60)),
        });
        if let Some(user) = &wanted.user {
            claims["sub"] = user.as_str().into();
        }
        if !wanted.roles.is_empty() {
            claims["role"] = json!(wanted.roles);
        }
        if !wanted.groups.is_empty() {
            claims["webpubsub.group"] = json!(wanted.groups);
        }
        token::sign(&options.access_key.0, &claims)
    }

    /// Checks an upgrade. The subprotocol if it is to be accepted now; nothing if a handler decides.
    pub(crate) fn admit(
        &mut self,
        wire: &mut Wire,
        options: &WebPubSubOptions,
        conn: ConnId,
        request: &UpgradeRequest,
    ) -> Result<Option<Option<String>>, Refusal> {
        let bad = |status, why: &str| faults::status(status, None, why);
        let hub = hub_of(request).ok_or_else(|| bad(400, "the hub is missing, or is no hub's name"))?;
        // Before any token is looked at: that of a session that is taken up again may have expired.
        if let Some(id) = request.query_value("awps_connection_id").filter(|id| !id.is_empty()) {
            let token = request.query_value("awps_reconnection_token").unwrap_or_default();
            let refused = self.faults.refuse_recovery.take().is_some();
            let session = self
                .sessions
                .get(&id)
                .filter(|session| !refused && session.hub == hub && session.reliable && !session.ended && session.tokens.contains(&token));
            let agreed = session.map_or_else(|| request.subprotocols.first().cloned(), |session| session.subprotocol.clone());
            self.admitted = Some(if session.is_some() { Admission::Recover { id } } else { Admission::RefuseRecovery });
            return Ok(Some(agreed));
        }
        let simple = simple_of(request).map_err(|why| bad(400, why))?;
        let claims = claims_of(wire, options, request, &hub).map_err(|why| bad(401, why))?;
        let user = claims["sub"].as_str().map(str::to_owned);
        let groups = token::texts(&claims, "webpubsub.group");
        if groups.iter().any(|name| !names::group(name)) {
            return Err(bad(400, "the token names a group that cannot be"));
        }
        let anonymous = claims.get("aud").is_none();
        let roles = if anonymous { options.anonymous_roles.clone() } else { token::texts(&claims, "role") };
        let subprotocol = request.subprotocols.iter().find(|name| known(name).is_some()).cloned();
        let newcomer = Box::new(Newcomer { hub, user, roles, groups, subprotocol, simple, claims });
        if options.connect_event {
            self.wait_for_connect(wire, options, conn, request, newcomer);
            return Ok(None);
        }
        let agreed = newcomer.subprotocol.clone();
        self.admitted = Some(Admission::New(newcomer));
        Ok(Some(agreed))
    }

    /// The upgrade was accepted.
    pub(crate) fn open(&mut self, wire: &mut Wire, options: &WebPubSubOptions, conn: ConnId) {
        match self.admitted.take() {
            Some(Admission::New(newcomer)) => {
                let id = wire.ids.token("");
                self.begin(wire, options, conn, *newcomer, id);
            }
            Some(Admission::Recover { id }) => self.recover(wire, options, conn, &id),
            Some(Admission::RefuseRecovery) | None => wire.close(conn, Some(1008), "the session cannot be taken up again"),
        }
    }

    fn begin(&mut self, wire: &mut Wire, options: &WebPubSubOptions, conn: ConnId, newcomer: Newcomer, id: String) {
        self.serials += 1;
        let (format, reliable) = newcomer.subprotocol.as_deref().and_then(known).unwrap_or((Format::Simple, false));
        let token = reliable.then(|| wire.ids.token("rt."));
        let session = Session {
            serial: self.serials,
            id: id.clone(),
            hub: newcomer.hub,
            user: newcomer.user.clone(),
            format,
            reliable,
            subprotocol: newcomer.subprotocol,
            conn: Some(conn),
            permissions: Permissions::of(newcomer.roles),
            groups: newcomer.groups.into_iter().collect(),
            watched: BTreeSet::new(),
            states: std::collections::BTreeMap::new(),
            tokens: token.clone().into_iter().collect(),
            next_number: 1,
            queue: VecDeque::new(),
            queued_bytes: 0,
            done: VecDeque::new(),
            streams: std::collections::BTreeMap::new(),
            simple: newcomer.simple,
            ended: false,
            retention: None,
            state: None,
        };
        self.by_conn.insert(conn, id.clone());
        self.sessions.insert(id.clone(), session);
        keep_alive(wire, options, conn);
        self.tell(wire, options, &id, &Down::Connected { id: id.clone(), user: newcomer.user, token });
        self.announce(options, &id, "connected", &json!({}));
    }

    fn recover(&mut self, wire: &mut Wire, options: &WebPubSubOptions, conn: ConnId, id: &str) {
        let token = wire.ids.token("rt.");
        let Some(session) = self.sessions.get_mut(id) else { return };
        if let Some(old) = session.conn.replace(conn) {
            // Nothing more is heard from it, nor told it.
            self.by_conn.remove(&old);
            wire.cut(old, Cut::Reset);
        }
        wire.cancel(session.retention.take());
        self.by_conn.insert(conn, id.to_owned());
        keep_alive(wire, options, conn);
        let user = session.user.clone();
        if options.connected_after_recovery {
            session.tokens.push(token.clone());
            self.tell(wire, options, id, &Down::Connected { id: id.to_owned(), user, token: Some(token) });
        }
        let waiting: Vec<_> =
            self.sessions.get(id).map(|session| session.queue.iter().map(|(_, frame)| frame.clone()).collect()).unwrap_or_default();
        for frame in waiting {
            wire.send(conn, frame);
        }
    }

    fn wait_for_connect(
        &mut self,
        wire: &mut Wire,
        options: &WebPubSubOptions,
        conn: ConnId,
        request: &UpgradeRequest,
        newcomer: Box<Newcomer>,
    ) {
        self.calls += 1;
        let id = wire.ids.token("");
        let body = json!({
            "claims": as_lists(&newcomer.claims),
            "query": {},
            "headers": {},
            "subprotocols": request.subprotocols,
            "clientCertificates": [],
        });
        let call = EventCall {
            call: self.calls,
            kind: "azure.webpubsub.sys.connect".to_owned(),
            event: "connect".to_owned(),
            hub: newcomer.hub.clone(),
            connection: id.clone(),
            user: newcomer.user.clone(),
            subprotocol: newcomer.subprotocol.clone(),
            state: None,
            signature: token::signature_of(&options.access_key.0, &id),
            data: Data::json(&body),
        };
        self.waiting.insert(conn, Waiting { request: request.clone(), newcomer, id });
        self.ask_connect(options, conn, call);
    }

    pub(super) fn connect_answered(&mut self, wire: &mut Wire, options: &WebPubSubOptions, conn: ConnId, answer: EventAnswer) {
        let Some(Waiting { request, mut newcomer, id }) = self.waiting.remove(&conn) else { return };
        let data = match answer {
            EventAnswer::Done { data, .. } => data,
            EventAnswer::Failed { status, why } => {
                let status = if (400..=599).contains(&status) { status } else { 500 };
                return wire.refuse(conn, faults::status(status, None, &why));
            }
        };
        if let Some(data) = data.filter(|data| !data.bytes.is_empty()) {
            #[derive(Deserialize)]
            #[serde(rename_all = "camelCase")]
            struct Said {
                user_id: Option<String>,
                groups: Option<Vec<String>>,
                roles: Option<Vec<String>>,
                subprotocol: Option<String>,
            }
            let Ok(said) = serde_json::from_slice::<Said>(&data.bytes) else {
                return wire.refuse(conn, faults::status(500, None, "the handler of `connect` answered something else than JSON"));
            };
            newcomer.user = said.user_id.or(newcomer.user);
            newcomer.groups.extend(said.groups.unwrap_or_default());
            newcomer.roles = said.roles.unwrap_or(newcomer.roles);
            newcomer.subprotocol = said.subprotocol.or(newcomer.subprotocol);
        }
        let mut state = Conn::new(conn, Dialect::WebPubSub, &request, wire.now);
        state.subprotocol.clone_from(&newcomer.subprotocol);
        let agreed = newcomer.subprotocol.clone();
        wire.accept(state, agreed);
        self.begin(wire, options, conn, *newcomer, id);
    }
}

fn keep_alive(wire: &mut Wire, options: &WebPubSubOptions, conn: ConnId) {
    let period = Duration::from_millis(options.keep_alive_ms);
    wire.start_pings(conn, period, period * 2);
}

fn as_lists(claims: &Value) -> Value {
    let lists = claims.as_object().into_iter().flatten().map(|(name, value)| {
        let texts = match value {
            Value::Array(all) => all.iter().map(plain).collect(),
            one => vec![plain(one)],
        };
        (name.clone(), json!(texts))
    });
    Value::Object(lists.collect())
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn hub_of(request: &UpgradeRequest) -> Option<String> {
    let path = request.path.trim_end_matches('/');
    let hub = match path.strip_prefix("/client/hubs/") {
        Some(name) => percent_decode_str(name).decode_utf8().ok()?.into_owned(),
        None => request.query_value("hub")?,
    };
    names::hub(&hub).then(|| hub.to_ascii_lowercase())
}

/// The last of equal parameters counts.
fn last_value(request: &UpgradeRequest, name: &str) -> Option<String> {
    let mut pairs = request.query.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.rfind(|(key, _)| *key == name)?.1.replace('+', " ");
    Some(percent_decode_str(&value).decode_utf8_lossy().into_owned())
}

fn simple_of(request: &UpgradeRequest) -> Result<Simple, &'static str> {
    let mode = last_value(request, "webpubsub_mode").unwrap_or_else(|| "sendEvent".to_owned());
    let no_echo = match last_value(request, "noEcho").as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err("`noEcho` is `true` or `false`"),
    };
    match mode.to_ascii_lowercase().as_str() {
        "sendevent" => Ok(Simple::default()),
        "sendtogroup" => match last_value(request, "group").filter(|group| names::group(group)) {
            Some(group) => Ok(Simple { group: Some(group), no_echo }),
            None => Err("`webpubsub_mode=sendToGroup` needs a `group`"),
        },
        _ => Err("`webpubsub_mode` is `sendEvent` or `sendToGroup`"),
    }
}

fn claims_of(wire: &Wire, options: &WebPubSubOptions, request: &UpgradeRequest, hub: &str) -> Result<Value, &'static str> {
    let header = |name: &str| request.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let bearer = || header("authorization").and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
    let Some(token) = request.query_value("access_token").or_else(bearer) else {
        return if options.allow_anonymous { Ok(json!({})) } else { Err("the access token is missing") };
    };
    let claims = token::verify(&options.access_key.0, &token, wire.now.wall)?;
    if options.check_audience {
        let host = header("host").unwrap_or_default();
        let addresses = [format!("{host}/client/hubs/{hub}"), format!("{host}/client/?hub={hub}")];
        if !host.is_empty() && !addresses.iter().any(|address| token::is_for(&claims, address)) {
            return Err("the token is for another address (`aud`)");
        }
    }
    Ok(claims)
}
