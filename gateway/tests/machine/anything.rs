//! Any order of inputs: no panic, nothing for a connection that is gone, no storm of timers.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use topicwire::time::{Now, UnixMillis};
use topicwire_gateway::AstroPublish;
use topicwire_gateway::machine::{ConnId, Fault, Input, Machine, Options, Output, UpgradeRequest};

use crate::harness::{LEGACY, MODERN, subscribe};

/// Something that happens; connections are picked among those that ever were.
#[derive(Debug, Clone)]
enum Step {
    Open(usize),
    Send(usize, usize),
    Noise(usize, Vec<u8>),
    Control(usize, u8),
    Buffered(usize, usize),
    Fault(usize),
    Publish(bool),
    Options(usize),
    Pass(u64),
    Resume,
}

const URLS: &[(&str, &[&str])] = &[
    ("/", &[]),
    ("/?reconnect_token=bad", &[]),
    ("/graphql", &[MODERN]),
    ("/graphql", &[LEGACY]),
    ("/graphql", &["other", "other"]),
    ("/graphql", &[]),
    ("/raw", &["x"]),
];

fn frames() -> Vec<String> {
    let mut frames = vec![
        subscribe("n", "channel.tips"),
        subscribe("m", "channel.contests"),
        json!({"type": "unsubscribe", "data": {"topic": "channel.tips"}}),
        json!({"type": "connection_init"}),
        json!({"type": "connection_terminate"}),
        json!({"type": "ping"}),
        json!({"id": "1", "type": "stop"}),
        json!({"id": "1", "type": "complete"}),
        json!([null]),
    ];
    for query in [
        "{ hello slow(ms: 30) fail }",
        "subscription { countdown(from: 3) }",
        "subscription { ticks(intervalMs: 0) { seq } }",
        "subscription { failingStream }",
        "subscription { blocks { number } }",
        "subscription { big(bytes: 1000, n: 2) }",
        "subscription { nope }",
        "{",
    ] {
        for kind in ["start", "subscribe"] {
            frames.push(json!({"id": "1", "type": kind, "payload": {"query": query}}));
        }
    }
    frames.iter().map(Value::to_string).collect()
}

fn faults() -> Vec<Fault> {
    let json = include_str!("../../../docs/gateway.md").lines();
    let bodies = json.filter(|line| line.contains("/control/faults")).filter_map(|line| line.split('\'').nth(1));
    bodies.map(|body| serde_json::from_str(body).expect("a fault of the manual")).collect()
}

fn patches() -> Vec<Value> {
    vec![
        json!({"astro": {"handover": "both"}}),
        json!({"astro": {"handover": "old", "bad_resume": "after_welcome"}}),
        json!({"astro": {"handover": "lose", "resume_set": "snapshot"}}),
        json!({"astro": {"profile": "legacy"}}),
        json!({"astro": {"profile": "2026", "handover": "move", "welcome_delay_ms": 20}}),
        json!({"graphql": {"bitquery": true, "ka_ms": 50, "max_streams": 1}}),
        json!({"graphql": {"bitquery": false, "ack_delay_ms": 20, "mute_after_results": 3}}),
        json!({"graphql": {"token": "t", "ping_ms": 50, "ws_ping_ms": u64::MAX}}),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let conn = 0..12_usize;
    prop_oneof![
        3 => (0..URLS.len()).prop_map(Step::Open),
        8 => (conn.clone(), 0..25_usize).prop_map(|(conn, frame)| Step::Send(conn, frame)),
        1 => (conn.clone(), proptest::collection::vec(any::<u8>(), 0..40)).prop_map(|(conn, noise)| Step::Noise(conn, noise)),
        2 => (conn.clone(), 0..5_u8).prop_map(|(conn, kind)| Step::Control(conn, kind)),
        1 => (conn, 0..100_000_000_usize).prop_map(|(conn, bytes)| Step::Buffered(conn, bytes)),
        3 => (0..60_usize).prop_map(Step::Fault),
        2 => any::<bool>().prop_map(Step::Publish),
        1 => (0..8_usize).prop_map(Step::Options),
        3 => (0..40_000_u64).prop_map(Step::Pass),
        1 => Just(Step::Resume),
    ]
}

struct World {
    machine: Machine,
    now: Now,
    opened: Vec<ConnId>,
    /// Whether a connection may still be spoken to.
    alive: BTreeMap<ConnId, bool>,
    resume: Option<String>,
}

impl World {
    fn carry_out(&mut self) -> usize {
        let mut count = 0;
        while let Some(output) = self.machine.poll_output() {
            count += 1;
            let (conn, ends) = match &output {
                Output::Accept { conn, .. } => {
                    assert_eq!(self.alive.insert(*conn, true), None, "accepted twice");
                    continue;
                }
                Output::Refuse { conn, .. } => {
                    assert_eq!(self.alive.insert(*conn, false), None, "refused after an answer");
                    continue;
                }
                Output::Send { conn, frame } => {
                    if let topicwire_gateway::machine::Frame::Text(text) = frame {
                        self.note_token(text);
                    }
                    (*conn, false)
                }
                Output::Close { conn, .. } | Output::Read { conn, .. } => (*conn, false),
                Output::Drop { conn, .. } => (*conn, true),
            };
            assert_eq!(self.alive.get(&conn), Some(&true), "{output:?} for a connection that is not there");
            if ends {
                self.alive.insert(conn, false);
            }
        }
        count
    }

    fn note_token(&mut self, text: &[u8]) {
        let frame: Value = serde_json::from_slice(text).unwrap_or(Value::Null);
        if let Some(token) = frame["data"]["reconnect_token"].as_str() {
            self.resume = Some(token.to_owned());
        }
    }

    fn open(&mut self, request: UpgradeRequest) {
        let conn = ConnId(self.opened.len() as u64 + 1);
        self.opened.push(conn);
        self.machine.handle(self.now, Input::Upgrade { conn, request });
    }

    fn conn(&self, at: usize) -> ConnId {
        self.opened.get(at % self.opened.len().max(1)).copied().unwrap_or(ConnId(99))
    }

    fn run(&mut self, step: Step, frames: &[String], faults: &[Fault]) {
        let now = self.now;
        match step {
            Step::Open(at) => {
                let (url, offers) = URLS[at];
                self.open(UpgradeRequest::new(url, offers));
            }
            Step::Resume => {
                let token = self.resume.take().unwrap_or_default();
                self.open(UpgradeRequest::new(&format!("/?reconnect_token={token}"), &[]));
            }
            Step::Send(conn, frame) => {
                let (conn, text) = (self.conn(conn), frames[frame % frames.len()].clone().into());
                self.machine.handle(now, Input::Text { conn, text });
            }
            Step::Noise(conn, noise) => {
                let conn = self.conn(conn);
                self.machine.handle(now, Input::Text { conn, text: noise.clone().into() });
                self.machine.handle(now, Input::Binary { conn, data: noise.into() });
            }
            Step::Control(conn, kind) => {
                let conn = self.conn(conn);
                let data = bytes::Bytes::new();
                let input = match kind {
                    0 => Input::Ping { conn, data },
                    1 => Input::Pong { conn, data },
                    2 => Input::Close { conn, code: Some(1000), reason: String::new() },
                    3 => Input::Broken { conn, code: 1002, reason: String::new() },
                    _ => {
                        // The driver says nothing of a connection that it has lost.
                        self.alive.insert(conn, false);
                        Input::Lost { conn }
                    }
                };
                self.machine.handle(now, input);
            }
            Step::Buffered(conn, bytes) => {
                let conn = self.conn(conn);
                self.machine.handle(now, Input::Buffered { conn, bytes });
            }
            Step::Fault(at) => {
                self.machine.fault(now, faults[at % faults.len()].clone()).expect("the manual's faults make sense");
            }
            Step::Publish(astro) => {
                let topic = "channel.tips".to_owned();
                if astro {
                    self.machine.publish_astro(now, &AstroPublish { topic, room: None, data: json!({}).into(), id: None });
                } else {
                    self.machine.publish_graphql(now, "blocks", &json!({"number": 1}).into());
                }
            }
            Step::Options(at) => self.machine.set_options(&patches()[at]).expect("options that fit"),
            Step::Pass(ms) => self.pass(Duration::from_millis(ms)),
        }
        self.carry_out();
    }

    fn pass(&mut self, time: Duration) {
        let target = self.now.mono + time;
        let mut turns = 0_u64;
        while let Some(due) = self.machine.poll_timeout().filter(|due| *due <= target) {
            turns += 1;
            self.now.mono = self.now.mono.max(due);
            self.machine.handle_timeout(self.now);
            let outputs = self.carry_out();
            assert!(outputs < 10_000, "a storm of {outputs} outputs at once");
        }
        // The fastest source ticks once a millisecond.
        let bound = 100 * (time.as_millis() as u64 + 10);
        assert!(turns < bound, "{turns} timers in {time:?}");
        self.now.mono = target;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_inputs_is_borne(steps in proptest::collection::vec(step(), 1..80), seed in any::<u64>()) {
        let now = Now { mono: Duration::ZERO, wall: UnixMillis(1_793_261_700_000) };
        let options = Options { transcript_limit: 50, ..Options::default() };
        let mut world = World {
            machine: Machine::new(options, seed),
            now,
            opened: Vec::new(),
            alive: BTreeMap::new(),
            resume: None,
        };
        let (frames, faults) = (frames(), faults());
        for step in steps {
            world.run(step, &frames, &faults);
        }
        let gone = |world: &World| world.alive.values().all(|alive| !alive);
        let conns: Vec<ConnId> = world.alive.iter().filter(|(_, alive)| **alive).map(|(conn, _)| *conn).collect();
        for conn in conns {
            world.machine.handle(world.now, Input::Lost { conn });
            world.alive.insert(conn, false);
        }
        world.carry_out();
        prop_assert!(gone(&world));
        prop_assert_eq!(world.machine.open_connections(), 0);
        prop_assert!(world.machine.transcript(0).len() <= 50);
        world.pass(Duration::from_secs(3600));
        prop_assert_eq!(world.machine.poll_timeout(), None, "a timer outlived its connection");
    }
}
