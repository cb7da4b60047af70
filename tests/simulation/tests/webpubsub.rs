//! Web PubSub's client against the gateway's service, in virtual time, by seed: connections are lost at any moment, and each side learns of it
//! when it likes.
//!
//! * Reliable, while the service keeps the session: nothing is missing, nothing comes twice, every command is done once and says so, and receipts
//!   never go back.
//! * When the service loses the session, or the subprotocol is unreliable: nothing comes twice, and where something is missing stands a gap.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde_json::{Value, json};
use topicwire::command::{Command, GroupMessage, GroupTarget};
use topicwire::event::EventKind;
use topicwire::id::{LinkId, RequestId};
use topicwire::options::{Options, WebPubSubOptions, WebPubSubProtocol};
use topicwire::session::Session;
use topicwire::session::io::{DialFailure, DialPhase, Frame, Handshake, HttpResponse, Input, LinkEnd, Output};
use topicwire::time::{Now, UnixMillis};
use topicwire_gateway::machine::webpubsub::{AccessUrl, Data};
use topicwire_gateway::machine::{self as gateway, ConnId, Fault, Machine, Refusal, UpgradeRequest};

const HOST: &str = "127.0.0.1:1";
const TROUBLE: Duration = Duration::from_secs(90);
const PEACE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum World {
    /// Reliable, and the service keeps sessions.
    Kept,
    /// Reliable, and the service loses sessions now and then.
    Lost,
    Unreliable,
}

enum Happening {
    /// Something reaches the service.
    Up(LinkId, gateway::Input),
    /// Something reaches the client.
    Down(LinkId, Input),
    Trouble,
    Publish,
    Send,
}

/// One socket.
#[derive(Default)]
struct Wire {
    up: Duration,
    down: Duration,
    /// Nothing gets through any more, though not everybody knows.
    cut: bool,
    open: bool,
}

struct Play {
    world: World,
    client: Session,
    service: Machine,
    now: Now,
    dice: ChaCha8Rng,
    agenda: BTreeMap<(Duration, u64), Happening>,
    order: u64,
    wires: BTreeMap<LinkId, Wire>,
    published: u64,
    sent: u64,
    requests: BTreeMap<RequestId, u64>,
    /// Numbers that came, with `None` where a gap was told.
    heard: Vec<Option<u64>>,
    /// How often each of our own messages came back.
    own: BTreeMap<u64, u32>,
    done: BTreeSet<u64>,
    unknown: u64,
    receipt: u64,
    joined: bool,
    recoveries: u64,
    /// What a frame takes at most, in milliseconds.
    latency: u64,
}

impl Play {
    fn new(seed: u64, world: World) -> Self {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let now = Now { mono: Duration::ZERO, wall: UnixMillis(1_793_491_200_000) };
        let service = Machine::new(gateway::Options::default(), seed);
        let url = service.access_url(now, HOST, &AccessUrl { minutes: 10_000, ..AccessUrl::default() });
        let protocol = if world == World::Unreliable { WebPubSubProtocol::Json } else { WebPubSubProtocol::ReliableJson };
        let options = WebPubSubOptions { protocol, ack_messages: 8, ..WebPubSubOptions::new(url) };
        let mut secret = [0; 32];
        dice.fill_bytes(&mut secret);
        let client = Session::new(&Options::WebPubSub(options), secret).expect("good options");
        Self {
            world,
            client,
            service,
            now,
            dice,
            agenda: BTreeMap::new(),
            order: 0,
            wires: BTreeMap::new(),
            published: 0,
            sent: 0,
            requests: BTreeMap::new(),
            heard: Vec::new(),
            own: BTreeMap::new(),
            done: BTreeSet::new(),
            unknown: 0,
            receipt: 0,
            joined: false,
            recoveries: 0,
            latency: 40,
        }
    }

    fn roll(&mut self, most: u64) -> u64 {
        self.dice.next_u64() % most.max(1)
    }

    fn at(&mut self, at: Duration, what: Happening) {
        self.order += 1;
        self.agenda.insert((at, self.order), what);
    }

    fn soon(&mut self, most_ms: u64) -> Duration {
        self.now.mono + Duration::from_millis(1 + self.roll(most_ms))
    }

    fn up(&mut self, link: LinkId, input: gateway::Input) {
        let at = self.soon(self.latency);
        let Some(wire) = self.wires.get_mut(&link).filter(|wire| !wire.cut) else { return };
        wire.up = wire.up.max(at);
        let at = wire.up;
        self.at(at, Happening::Up(link, input));
    }

    fn down(&mut self, link: LinkId, input: Input) {
        let at = self.soon(self.latency);
        let Some(wire) = self.wires.get_mut(&link).filter(|wire| !wire.cut) else { return };
        wire.down = wire.down.max(at);
        let at = wire.down;
        self.at(at, Happening::Down(link, input));
    }

    /// A socket dies. What is under way is lost, and each side hears of it in its own time.
    fn cut(&mut self, link: LinkId) {
        let Some(wire) = self.wires.get_mut(&link).filter(|wire| !wire.cut) else { return };
        wire.cut = true;
        let open = wire.open;
        let (mine, theirs) = (self.soon(3_000), self.soon(3_000));
        let lost = if open {
            Input::Closed { link, end: LinkEnd { error: Some("reset".to_owned()), ..LinkEnd::default() } }
        } else {
            Input::Failed { link, failure: DialFailure { phase: DialPhase::Tcp, http: None, error: "reset".to_owned() } }
        };
        self.at(mine, Happening::Down(link, lost));
        self.at(theirs, Happening::Up(link, gateway::Input::Lost { conn: ConnId(link.0) }));
    }

    fn collect(&mut self) {
        loop {
            let mut quiet = true;
            while let Some(output) = self.client.poll_output() {
                quiet = false;
                self.client_wants(output);
            }
            while let Some(output) = self.service.poll_output() {
                quiet = false;
                self.service_wants(output);
            }
            while let Some(event) = self.client.poll_event() {
                self.hear(event.kind);
            }
            if quiet {
                return;
            }
        }
    }

    fn client_wants(&mut self, output: Output) {
        match output {
            Output::Open { link, dial } => {
                let path = dial.url.expose().replace(&format!("ws://{HOST}"), "");
                if path.contains("awps_") {
                    self.recoveries += 1;
                } else {
                    self.receipt = 0;
                }
                let protocols: Vec<&str> = dial.protocols.iter().map(String::as_str).collect();
                let request = UpgradeRequest::new(&path, &protocols);
                self.wires.insert(link, Wire::default());
                self.up(link, gateway::Input::Upgrade { conn: ConnId(link.0), request });
            }
            Output::Send { link, frame, ticket } => {
                if let Frame::Text(text) = &frame {
                    let value: Value = serde_json::from_slice(text).expect("the client writes JSON");
                    if let Some(number) = value["sequenceId"].as_u64() {
                        assert!(number >= self.receipt, "receipts never go back: {number} after {}", self.receipt);
                        self.receipt = number;
                    }
                    self.up(link, gateway::Input::Text { conn: ConnId(link.0), text: text.clone() });
                }
                // Written is not arrived.
                self.client.handle(self.now, Input::Flushed { link, upto: ticket });
            }
            Output::Close { link, frame, .. } => {
                self.up(link, gateway::Input::Close { conn: ConnId(link.0), code: Some(frame.code), reason: frame.reason.clone() });
                let end = LinkEnd { sent: Some(frame), ..LinkEnd::default() };
                let at = self.soon(100);
                self.at(at, Happening::Down(link, Input::Closed { link, end }));
            }
            Output::Abort { link } => {
                let at = self.soon(3_000);
                if let Some(wire) = self.wires.get_mut(&link) {
                    wire.cut = true;
                }
                self.at(at, Happening::Up(link, gateway::Input::Lost { conn: ConnId(link.0) }));
            }
            _ => {}
        }
    }

    fn service_wants(&mut self, output: gateway::Output) {
        match output {
            gateway::Output::Accept { conn, subprotocol } => {
                let link = LinkId(conn.0);
                if let Some(wire) = self.wires.get_mut(&link) {
                    wire.open = true;
                }
                self.down(
                    link,
                    Input::Opened { link, handshake: Handshake { status: 101, protocol: subprotocol, ..Handshake::default() } },
                );
            }
            gateway::Output::Refuse { conn, refusal } => {
                let link = LinkId(conn.0);
                let http = match refusal {
                    Refusal::Status { status, .. } => Some(HttpResponse { status, ..HttpResponse::default() }),
                    Refusal::Reset | Refusal::Hang => None,
                };
                self.down(
                    link,
                    Input::Failed { link, failure: DialFailure { phase: DialPhase::Upgrade, http, error: "refused".to_owned() } },
                );
            }
            gateway::Output::Send { conn, frame } => {
                let link = LinkId(conn.0);
                let frame = match frame {
                    gateway::Frame::Text(text) => Frame::Text(text),
                    gateway::Frame::Ping(data) => Frame::Ping(data),
                    _ => return,
                };
                if let Frame::Ping(data) = &frame {
                    self.up(link, gateway::Input::Pong { conn, data: data.clone() });
                }
                self.down(link, Input::Frame { link, frame });
            }
            gateway::Output::Close { conn, code, reason } => {
                let link = LinkId(conn.0);
                let received = Some(topicwire::event::CloseFrame { code: code.unwrap_or(1005), reason });
                self.down(
                    link,
                    Input::Closed { link, end: LinkEnd { sent: received.clone(), received, received_first: true, ..LinkEnd::default() } },
                );
                self.up(link, gateway::Input::Lost { conn });
            }
            gateway::Output::Drop { conn, .. } => self.cut(LinkId(conn.0)),
            gateway::Output::Read { .. } => {}
        }
    }

    fn hear(&mut self, event: EventKind) {
        match event {
            EventKind::Message(message) => {
                let value: Value = message.json().expect("JSON");
                if let Some(number) = value["n"].as_u64() {
                    self.heard.push(Some(number));
                } else if let Some(own) = value["own"].as_u64() {
                    *self.own.entry(own).or_default() += 1;
                }
            }
            EventKind::Gap(_) => self.heard.push(None),
            EventKind::Subscribed { .. } => self.joined = true,
            EventKind::Reply { request, result } => match (self.requests.remove(&request), result) {
                (Some(own), Ok(_)) => {
                    self.done.insert(own);
                }
                (Some(_), Err(error)) => {
                    assert_eq!(error.code.as_str(), "outcome_unknown", "{error}");
                    self.unknown += 1;
                }
                (None, _) => {}
            },
            _ => {}
        }
    }

    fn publish(&mut self) {
        self.published += 1;
        self.service.publish_webpubsub(self.now, "chat", Some("g"), Data::json(&json!({"n": self.published})));
    }

    fn send(&mut self) {
        self.sent += 1;
        let request = RequestId(1_000 + self.sent);
        let message = GroupMessage { group: "g".into(), data: Some(json!({"own": self.sent})), ..GroupMessage::default() };
        self.client.submit(self.now, request, Command::SendToGroup(message), Bytes::new()).expect("accepted");
        self.requests.insert(request, self.sent);
    }

    fn trouble(&mut self) {
        let live: Vec<LinkId> = self.wires.iter().filter(|(_, wire)| !wire.cut).map(|(link, _)| *link).collect();
        match (self.roll(6), self.world) {
            (0 | 1, World::Lost) => {
                self.service.fault(self.now, Fault::ForgetSessions).map(drop).expect("a fault");
                live.into_iter().for_each(|link| self.cut(link));
            }
            (2, _) => {
                let count = 1 + u32::try_from(self.roll(3)).unwrap_or(1);
                self.service.fault(self.now, Fault::RefuseUpgrades { status: 502, count, retry_after: None }).map(drop).expect("a fault");
                live.into_iter().for_each(|link| self.cut(link));
            }
            (3, _) => self.service.fault(self.now, Fault::CutBeforeAck { count: 1 }).map(drop).expect("a fault"),
            (4, World::Kept | World::Lost) => {
                self.service.fault(self.now, Fault::DuplicateNumbers { count: 3 }).map(drop).expect("a fault");
            }
            _ => live.into_iter().for_each(|link| self.cut(link)),
        }
    }

    fn to(&mut self, mono: Duration) {
        self.now.wall.0 += u64::try_from((mono - self.now.mono).as_millis()).unwrap_or_default();
        self.now.mono = mono;
    }

    /// Lets time pass until `end`.
    fn pass(&mut self, end: Duration) {
        for _ in 0..2_000_000 {
            let next = self.agenda.keys().next().map(|(at, _)| *at);
            let due = [next, self.client.poll_timeout(), self.service.poll_timeout()].into_iter().flatten().min();
            let Some(due) = due.filter(|due| *due <= end) else { return self.to(end) };
            self.to(due.max(self.now.mono));
            if next == Some(due)
                && let Some((_, what)) = self.agenda.pop_first()
            {
                self.happens(what);
            } else {
                self.client.handle_timeout(self.now);
                self.service.handle_timeout(self.now);
            }
            self.collect();
        }
        panic!("a timer storm");
    }

    fn happens(&mut self, what: Happening) {
        match what {
            Happening::Up(link, input) => {
                let lost = matches!(input, gateway::Input::Lost { .. });
                if lost || self.wires.get(&link).is_some_and(|wire| !wire.cut) {
                    self.service.handle(self.now, input);
                }
            }
            Happening::Down(link, input) => {
                let over = matches!(input, Input::Closed { .. } | Input::Failed { .. });
                if over {
                    if self.wires.remove(&link).is_some() {
                        self.client.handle(self.now, input);
                    }
                } else if self.wires.get(&link).is_some_and(|wire| !wire.cut) {
                    self.client.handle(self.now, input);
                }
            }
            Happening::Trouble => self.trouble(),
            Happening::Publish => self.publish(),
            Happening::Send => self.send(),
        }
    }

    fn run(mut self, seed: u64) -> u64 {
        self.client.connect(self.now).expect("it begins");
        self.client.submit(self.now, RequestId(1), Command::JoinGroup(GroupTarget::new("g")), Bytes::new()).expect("accepted");
        self.collect();
        self.pass(Duration::from_secs(5));
        assert!(self.joined, "seed {seed}: nothing was wrong yet");
        for _ in 0..300 {
            let (publish, send) = (self.soon(85_000), self.soon(85_000));
            self.at(publish, Happening::Publish);
            self.at(send, Happening::Send);
        }
        for _ in 0..8 {
            let at = self.soon(85_000);
            self.at(at, Happening::Trouble);
        }
        self.pass(TROUBLE + Duration::from_secs(5));
        self.service.fault(self.now, Fault::Clear).expect("a fault");
        self.pass(TROUBLE + PEACE);
        self.publish();
        self.collect();
        self.pass(TROUBLE + PEACE + Duration::from_secs(5));
        self.judge(seed);
        self.recoveries
    }

    fn judge(&self, seed: u64) {
        let world = self.world;
        assert!(self.requests.is_empty(), "seed {seed}: every command is answered");
        let mut last = 0;
        let mut excused = false;
        for heard in &self.heard {
            let Some(number) = heard else {
                excused = true;
                continue;
            };
            assert!(*number > last, "seed {seed}, {world:?}: {number} after {last}");
            assert!(*number == last + 1 || excused, "seed {seed}, {world:?}: nothing says why {} to {} are missing", last + 1, number - 1);
            (last, excused) = (*number, false);
        }
        assert_eq!(last, self.published, "seed {seed}, {world:?}: what is published in peace arrives");
        for (own, times) in &self.own {
            assert_eq!(*times, 1, "seed {seed}, {world:?}: message {own} was published {times} times");
        }
        if world == World::Kept {
            assert!(!self.heard.contains(&None), "seed {seed}: a session that goes on has no gap");
            assert_eq!(self.unknown, 0, "seed {seed}: what is numbered has a known outcome");
            assert_eq!(self.own.len() as u64, self.sent, "seed {seed}: everything that was sent came back");
            assert_eq!(self.done.len() as u64, self.sent, "seed {seed}");
        }
    }
}

fn play(world: World) -> u64 {
    (0..60).map(|seed| Play::new(seed, world).run(seed)).sum()
}

#[test]
fn a_session_that_the_service_keeps_loses_nothing_and_repeats_nothing() {
    assert!(play(World::Kept) > 100, "recoveries were played");
}

#[test]
fn a_session_that_the_service_loses_has_gaps_where_something_is_missing() {
    assert!(play(World::Lost) > 100, "recoveries were played");
}

/// The service ends a session at 1,000 messages that wait for their receipts.
#[test]
fn twenty_thousand_messages_a_second_do_not_overrun_the_window() {
    let mut play = Play::new(1, World::Kept);
    play.latency = 15;
    play.client.connect(play.now).expect("it begins");
    play.client.submit(play.now, RequestId(1), Command::JoinGroup(GroupTarget::new("g")), Bytes::new()).expect("accepted");
    play.collect();
    play.pass(Duration::from_secs(1));
    for ms in 0..3_000 {
        for _ in 0..20 {
            play.at(Duration::from_millis(1_000 + ms), Happening::Publish);
        }
    }
    play.pass(Duration::from_secs(5));
    assert_eq!((play.published, play.recoveries), (60_000, 0));
    assert!(play.heard.iter().copied().eq((1..=60_000).map(Some)));
}

#[test]
fn an_unreliable_connection_has_gaps_where_something_is_missing() {
    assert_eq!(play(World::Unreliable), 0, "there is nothing to take up again");
}
