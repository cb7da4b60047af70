//! The server side of StreamElements Astro.
//!
//! Where the vendor's pages are silent or contradict each other, an option decides, and the default is what
//! third-party clients were seen to rely on.

mod authorise;
mod command;
mod handover;
mod legacy;
pub mod options;
mod publish;
mod rate;
mod respond;
pub mod tokens;
mod topics;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

pub use publish::{AstroPublish, Published};

use super::clock::rfc3339;
use super::faults::{self, AstroFaults};
use super::hidden::Hidden;
use super::io::{ConnId, Refusal, UpgradeRequest};
use super::timers::Timer;
use super::wire::Wire;
use handover::{Resume, Resumes};
use options::{AstroOptions, BadResume, OnExpiry, Profile};
use rate::Bucket;
use respond::Responses;
use tokens::{TokenEntry, TokenTable};

/// A topic and the canonical name of a room.
pub(crate) type Pair = (String, String);

/// A live subscription.
#[derive(Clone)]
pub(crate) struct Subscription {
    pub(crate) requested_room: Option<String>,
    pub(crate) token: Hidden,
}

pub(crate) type Subscriptions = BTreeMap<Pair, Subscription>;

/// One connection.
struct AstroConn {
    client_id: String,
    resumed: bool,
    bucket: Bucket,
    subscriptions: Subscriptions,
    /// Whether messages go to it; not so on one side of some handovers.
    delivering: bool,
    /// What to take over once it has its `welcome`.
    resume: Option<Resume>,
    /// Who takes over when it is gone.
    successor: Option<ConnId>,
}

/// All that the Astro side knows.
#[derive(Default)]
pub(crate) struct Astro {
    pub(crate) faults: AstroFaults,
    conns: BTreeMap<ConnId, AstroConn>,
    /// Who gets what. Only connections that are delivering are in it.
    index: BTreeMap<Pair, BTreeSet<ConnId>>,
    resumes: Resumes,
    tokens: TokenTable,
    aliases: BTreeMap<String, String>,
    responses: Responses,
}

#[derive(Serialize)]
struct Welcome<'a> {
    id: &'a str,
    ts: String,
    r#type: &'a str,
    data: WelcomeData<'a>,
}

#[derive(Serialize)]
struct WelcomeData<'a> {
    message: &'a str,
    client_id: &'a str,
}

impl Astro {
    /// Whether the node takes a connection more.
    pub(crate) fn admit(&self, wire: &Wire, options: &AstroOptions) -> Result<(), Refusal> {
        if options.draining {
            return Err(faults::status(502, None, "the node is draining"));
        }
        let limit = options.connection_limit.unwrap_or(usize::MAX);
        let open = self.conns.keys().filter(|conn| wire.is_open(**conn));
        if open.count() >= limit {
            return Err(faults::status(429, Some(2), "too many connections"));
        }
        Ok(())
    }

    /// Refuses a bad resume token by HTTP, where that is how it is done.
    pub(crate) fn check_resume(&self, wire: &Wire, options: &AstroOptions, request: &UpgradeRequest) -> Result<(), Refusal> {
        match request.query_value("reconnect_token") {
            Some(token)
                if options.profile == Profile::Current
                    && options.bad_resume == BadResume::Http
                    && !self.resumes.is_good(&token, wire.now.mono) =>
            {
                Err(faults::status(403, None, "reconnect token not accepted"))
            }
            _ => Ok(()),
        }
    }

    /// A connection was accepted.
    pub(crate) fn open(&mut self, wire: &mut Wire, options: &AstroOptions, conn: ConnId, request: &UpgradeRequest) {
        let legacy = options.profile == Profile::Legacy;
        let token = request.query_value("reconnect_token").filter(|_| !legacy);
        let resume = token.as_deref().and_then(|token| self.resumes.take(token, wire.now.mono));
        let refused = token.is_some() && resume.is_none();
        if refused && options.bad_resume != BadResume::AfterWelcome {
            return wire.close(conn, Some(1008), "reconnect token not accepted");
        }
        let client_id = wire.ids.ulid(wire.now.wall);
        self.conns.insert(
            conn,
            AstroConn {
                client_id,
                resumed: resume.is_some(),
                bucket: Bucket::new(options.rate_burst, wire.now.mono),
                subscriptions: Subscriptions::new(),
                delivering: true,
                resume,
                successor: None,
            },
        );
        wire.start_pings(conn, Duration::from_millis(options.ping_ms), Duration::from_millis(options.pong_timeout_ms));
        if options.welcome_delay_ms > 0 && !refused {
            wire.after_ms(options.welcome_delay_ms, Timer::Welcome(conn));
        } else {
            self.welcome(wire, options, conn);
        }
        if refused {
            wire.close(conn, Some(1008), "reconnect token not accepted");
        }
    }

    /// Sends `welcome`, and with it lets a resumed connection take over.
    pub(crate) fn welcome(&mut self, wire: &mut Wire, options: &AstroOptions, conn: ConnId) {
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        if options.welcome && options.profile == Profile::Current {
            let welcome = Welcome {
                id: &state.client_id,
                ts: rfc3339(wire.now.wall),
                r#type: "welcome",
                data: WelcomeData { message: "welcome to the local gateway", client_id: &state.client_id },
            };
            wire.send_text(conn, to_json(&welcome));
        }
        if let Some(resume) = state.resume.take() {
            self.take_over(options, conn, resume);
        }
    }

    /// A connection is gone, or about to be: nothing goes to it any more.
    pub(crate) fn forget(&mut self, wire: &mut Wire, options: &AstroOptions, conn: ConnId) {
        self.set_delivering(conn, false);
        self.responses.forget(wire, conn);
        let Some(state) = self.conns.remove(&conn) else {
            return;
        };
        if let Some(successor) = state.successor {
            self.set_delivering(successor, true);
        }
        self.resumes.keep_last_set(conn, state.subscriptions, options.resume_set);
    }

    fn set_delivering(&mut self, conn: ConnId, delivering: bool) {
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        state.delivering = delivering;
        for pair in state.subscriptions.keys() {
            index(&mut self.index, pair, conn, delivering);
        }
    }

    fn add(&mut self, conn: ConnId, pair: Pair, subscription: Subscription, delivering: bool) {
        if let Some(state) = self.conns.get_mut(&conn) {
            if delivering {
                index(&mut self.index, &pair, conn, true);
            }
            state.subscriptions.insert(pair, subscription);
        }
    }

    fn remove(&mut self, conn: ConnId, pair: &Pair) {
        if let Some(state) = self.conns.get_mut(&conn) {
            state.subscriptions.remove(pair);
            index(&mut self.index, pair, conn, false);
        }
    }

    /// The canonical name of a room.
    fn canonical<'a>(&'a self, room: &'a str) -> &'a str {
        self.aliases.get(room).map_or(room, String::as_str)
    }

    pub(crate) fn set_alias(&mut self, alias: &str, room: &str) {
        self.aliases.insert(alias.to_owned(), room.to_owned());
    }

    pub(crate) fn set_tokens(&mut self, wire: &mut Wire, tokens: Vec<TokenEntry>) {
        for token in tokens {
            if let Some(expires) = token.expires_at_ms {
                let left = expires.saturating_sub(wire.now.wall.0);
                wire.after_ms(left, Timer::TokenExpiry);
            }
            self.tokens.insert(token);
        }
    }

    /// Tokens whose time is over by now.
    pub(crate) fn expire_tokens(&mut self, wire: &mut Wire, options: &AstroOptions) {
        for token in self.tokens.newly_expired(wire.now.wall) {
            self.end_token(wire, options, &token);
        }
    }

    /// One token, at once. Returns how many connections used it.
    pub(crate) fn expire_token(&mut self, wire: &mut Wire, options: &AstroOptions, token: &Hidden) -> usize {
        self.tokens.expire(token);
        self.end_token(wire, options, token)
    }

    fn end_token(&mut self, wire: &mut Wire, options: &AstroOptions, token: &Hidden) -> usize {
        let used: Vec<(ConnId, Vec<Pair>)> = self
            .conns
            .iter()
            .map(|(conn, state)| {
                let with_it = state.subscriptions.iter().filter(|(_, s)| s.token == *token);
                (*conn, with_it.map(|(pair, _)| pair.clone()).collect())
            })
            .filter(|(_, pairs): &(ConnId, Vec<Pair>)| !pairs.is_empty())
            .collect();
        for (conn, pairs) in &used {
            match options.on_expiry {
                OnExpiry::Keep => {}
                OnExpiry::Drop => pairs.iter().for_each(|pair| self.remove(*conn, pair)),
                OnExpiry::Close => wire.close(*conn, Some(1008), "token expired"),
            }
        }
        used.len()
    }

    /// What must not be read in a transcript.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let live = self.conns.values().flat_map(|c| c.subscriptions.values());
        let live = live.map(|subscription| subscription.token.0.clone());
        live.chain(self.tokens.all()).chain(self.resumes.all()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    pub(crate) fn describe(&self, conn: ConnId) -> Value {
        let Some(state) = self.conns.get(&conn) else {
            return Value::Null;
        };
        let subscriptions: Vec<_> = state
            .subscriptions
            .iter()
            .map(|((topic, room), subscription)| {
                json!({
                    "topic": topic,
                    "room": room,
                    "requested_room": subscription.requested_room,
                })
            })
            .collect();
        json!({
            "client_id": state.client_id,
            "resumed": state.resumed,
            "delivering": state.delivering,
            "subscriptions": subscriptions,
        })
    }
}

fn index(index: &mut BTreeMap<Pair, BTreeSet<ConnId>>, pair: &Pair, conn: ConnId, listed: bool) {
    if listed {
        index.entry(pair.clone()).or_default().insert(conn);
    } else if let Some(conns) = index.get_mut(pair) {
        conns.remove(&conn);
        if conns.is_empty() {
            index.remove(pair);
        }
    }
}

/// Serialises one of our own frames.
fn to_json(frame: &impl Serialize) -> String {
    serde_json::to_string(frame).expect("our frames have string keys only")
}
