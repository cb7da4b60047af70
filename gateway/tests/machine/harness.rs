//! Drives a machine: numbers connections, keeps what comes out, lets time pass.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};
use topicwire::time::{Now, UnixMillis};
use topicwire_gateway::AstroPublish;
use topicwire_gateway::machine::{ConnId, Cut, Fault, Frame, Input, Machine, Options, Output, Refusal, UpgradeRequest};

pub(crate) const ROOM: &str = "64f0a1b2c3d4e5f607182930";
pub(crate) const MODERN: &str = "graphql-transport-ws";
pub(crate) const LEGACY: &str = "graphql-ws";

/// What a connection saw.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Seen {
    Accept(Option<String>),
    Refuse(Refusal),
    Json(Value),
    Other(Frame),
    Close(Option<u16>, String),
    Drop(Cut),
    Read(bool),
}

pub(crate) struct Bench {
    pub(crate) machine: Machine,
    pub(crate) now: Now,
    next: u64,
    seen: BTreeMap<ConnId, VecDeque<Seen>>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(&json!({}))
    }

    /// A machine whose options are the defaults but for `patch`.
    pub(crate) fn with(patch: &Value) -> Self {
        let mut machine = Machine::new(Options::default(), 1);
        machine.set_options(patch).expect("options that fit");
        let wall = UnixMillis(1_793_261_700_000);
        Self { machine, now: Now { mono: Duration::from_secs(5), wall }, next: 0, seen: BTreeMap::new() }
    }

    pub(crate) fn collect(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            let (conn, seen) = match output {
                Output::Accept { conn, subprotocol } => (conn, Seen::Accept(subprotocol)),
                Output::Refuse { conn, refusal } => (conn, Seen::Refuse(refusal)),
                Output::Send { conn, frame: Frame::Text(text) } => match serde_json::from_slice(&text) {
                    Ok(json) => (conn, Seen::Json(json)),
                    Err(_) => (conn, Seen::Other(Frame::Text(text))),
                },
                Output::Send { conn, frame } => (conn, Seen::Other(frame)),
                Output::Close { conn, code, reason } => (conn, Seen::Close(code, reason)),
                Output::Drop { conn, how } => (conn, Seen::Drop(how)),
                Output::Read { conn, on } => (conn, Seen::Read(on)),
            };
            self.seen.entry(conn).or_default().push_back(seen);
        }
    }

    pub(crate) fn handle(&mut self, input: Input) {
        self.machine.handle(self.now, input);
        self.collect();
    }

    pub(crate) fn upgrade(&mut self, request: UpgradeRequest) -> ConnId {
        self.next += 1;
        let conn = ConnId(self.next);
        self.handle(Input::Upgrade { conn, request });
        conn
    }

    /// Opens a connection, and takes the acceptance.
    pub(crate) fn open(&mut self, url: &str, subprotocols: &[&str]) -> ConnId {
        let conn = self.upgrade(UpgradeRequest::new(url, subprotocols));
        let first = self.take(conn);
        assert!(matches!(first, Some(Seen::Accept(_))), "{first:?}");
        conn
    }

    /// An Astro connection that has had its welcome.
    pub(crate) fn astro(&mut self) -> ConnId {
        self.resume_with("/")
    }

    pub(crate) fn resume_with(&mut self, url: &str) -> ConnId {
        let conn = self.open(url, &[]);
        assert_eq!(self.json(conn)["type"], "welcome");
        conn
    }

    /// A GraphQL connection that has had its ack.
    pub(crate) fn graphql(&mut self, subprotocol: &str) -> ConnId {
        let conn = self.open("/graphql", &[subprotocol]);
        self.text(conn, json!({"type": "connection_init"}));
        assert_eq!(self.json(conn), json!({"type": "connection_ack"}));
        conn
    }

    pub(crate) fn raw_text(&mut self, conn: ConnId, text: &str) {
        self.handle(Input::Text { conn, text: text.to_owned().into() });
    }

    pub(crate) fn text(&mut self, conn: ConnId, frame: Value) {
        self.raw_text(conn, &frame.to_string());
    }

    /// Sends a subscribe and takes the answer.
    pub(crate) fn subscribe(&mut self, conn: ConnId, topic: &str) -> Value {
        self.text(conn, subscribe("n", topic));
        self.json(conn)
    }

    /// Starts an operation.
    pub(crate) fn start(&mut self, conn: ConnId, kind: &str, id: &str, query: &str) {
        self.text(conn, json!({"id": id, "type": kind, "payload": {"query": query}}));
    }

    pub(crate) fn publish(&mut self, topic: &str, data: Value) -> usize {
        let message = AstroPublish { topic: topic.to_owned(), room: None, data: data.into(), id: None };
        let published = self.machine.publish_astro(self.now, &message);
        self.collect();
        published.receivers
    }

    pub(crate) fn publish_graphql(&mut self, field: &str, data: &Value) -> usize {
        let receivers = self.machine.publish_graphql(self.now, field, &data.clone().into());
        self.collect();
        receivers
    }

    /// A fault, in the words of the control API.
    pub(crate) fn fault(&mut self, fault: Value) -> usize {
        let fault: Fault = serde_json::from_value(fault).expect("a fault");
        let hit = self.machine.fault(self.now, fault).expect("a fault that makes sense");
        self.collect();
        hit
    }

    /// Lets time pass on the driver's clock.
    pub(crate) fn pass(&mut self, ms: u64) {
        let target = self.now.mono + Duration::from_millis(ms);
        loop {
            let due = self.machine.poll_timeout().filter(|due| *due <= target);
            let next = due.unwrap_or(target).max(self.now.mono);
            let step = next - self.now.mono;
            self.now.mono = next;
            self.now.wall.0 += u64::try_from(step.as_millis()).expect("a short step");
            if due.is_none() {
                break;
            }
            self.machine.handle_timeout(self.now);
            self.collect();
        }
    }

    pub(crate) fn take(&mut self, conn: ConnId) -> Option<Seen> {
        self.seen.get_mut(&conn)?.pop_front()
    }

    /// The next thing, which is a JSON frame.
    pub(crate) fn json(&mut self, conn: ConnId) -> Value {
        match self.take(conn) {
            Some(Seen::Json(json)) => json,
            other => panic!("expected JSON, got {other:?}"),
        }
    }

    pub(crate) fn rest(&mut self, conn: ConnId) -> Vec<Seen> {
        self.seen.remove(&conn).map(Vec::from).unwrap_or_default()
    }

    /// All that is left, if it is JSON; PINGs are left out.
    pub(crate) fn jsons(&mut self, conn: ConnId) -> Vec<Value> {
        let rest = self.rest(conn).into_iter();
        rest.filter_map(|seen| match seen {
            Seen::Json(json) => Some(json),
            Seen::Other(Frame::Ping(_)) => None,
            other => panic!("expected JSON, got {other:?}"),
        })
        .collect()
    }
}

pub(crate) fn subscribe(nonce: &str, topic: &str) -> Value {
    json!({
        "type": "subscribe",
        "nonce": nonce,
        "data": {"topic": topic, "room": ROOM, "token": "se-jwt-1", "token_type": "jwt"},
    })
}

pub(crate) fn close(code: u16, reason: &str) -> Seen {
    Seen::Close(Some(code), reason.to_owned())
}
