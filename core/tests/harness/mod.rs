//! A session under virtual time, with its outputs and events at hand: the test plays the network and the gateway.

#![allow(dead_code, unreachable_pub, reason = "a module that several test crates include, each using a part of it")]

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use topicwire::command::{Command, TopicTarget};
use topicwire::event::{CloseFrame, Event, EventKind};
use topicwire::id::{LinkId, RequestId, SubscriptionId, Ticket};
use topicwire::options::Options;
use topicwire::session::Session;
use topicwire::session::io::{Dial, DialFailure, DialPhase, Frame, Handshake, HttpResponse, Input, LinkEnd, Output};
use topicwire::time::{Now, UnixMillis};

/// Wall clock at the start: 2026-11-01.
const EPOCH: u64 = 1_793_491_200_000;

/// A session and everything that it has said.
pub struct Bench {
    pub session: Session,
    pub now: Now,
    pub outputs: VecDeque<Output>,
    pub events: VecDeque<Event>,
    next_request: u64,
    /// Whether every frame counts as written at once.
    pub flush: bool,
}

impl Bench {
    pub fn new(options: Options) -> Self {
        let session = Session::new(&options, [7; 32]).expect("the options are good");
        let now = Now { mono: Duration::ZERO, wall: UnixMillis(EPOCH) };
        Self { session, now, outputs: VecDeque::new(), events: VecDeque::new(), next_request: 1, flush: true }
    }

    /// Connects.
    pub fn connect(&mut self) {
        self.session.connect(self.now).expect("a new client connects");
        self.collect();
    }

    /// Takes what the session has to say, and writes frames if that is wanted.
    pub fn collect(&mut self) {
        loop {
            let mut written = Vec::new();
            while let Some(output) = self.session.poll_output() {
                if let Output::Send { link, ticket, .. } = &output {
                    written.push((*link, *ticket));
                }
                self.outputs.push_back(output);
            }
            while let Some(event) = self.session.poll_event() {
                self.events.push_back(event);
            }
            if written.is_empty() || !self.flush {
                return;
            }
            for (link, upto) in written {
                self.session.handle(self.now, Input::Flushed { link, upto });
            }
        }
    }

    pub fn input(&mut self, input: Input) {
        self.session.handle(self.now, input);
        self.collect();
    }

    pub fn flushed(&mut self, link: LinkId, upto: u64) {
        self.input(Input::Flushed { link, upto: Ticket(upto) });
    }

    /// Lets time pass, timer by timer.
    pub fn pass(&mut self, span: Duration) {
        let end = self.now.mono + span;
        for _ in 0..100_000 {
            match self.session.poll_timeout() {
                Some(at) if at <= end => {
                    self.to(at.max(self.now.mono));
                    self.session.handle_timeout(self.now);
                    self.collect();
                }
                _ => {
                    self.to(end);
                    return;
                }
            }
        }
        panic!("a timer storm: 100,000 timers within {span:?}");
    }

    pub fn pass_ms(&mut self, ms: u64) {
        self.pass(Duration::from_millis(ms));
    }

    fn to(&mut self, mono: Duration) {
        let step = mono.saturating_sub(self.now.mono);
        self.now.wall.0 += u64::try_from(step.as_millis()).expect("a short test");
        self.now.mono = mono;
    }

    /// The next dial, which must be there.
    pub fn dialed(&mut self) -> (LinkId, Dial) {
        self.take(|output| match output {
            Output::Open { link, dial } => Some((*link, dial.as_ref().clone())),
            _ => None,
        })
        .expect("the session dials")
    }

    pub fn dials(&self) -> usize {
        self.outputs.iter().filter(|output| matches!(output, Output::Open { .. })).count()
    }

    /// Takes the first output that fits, leaving the others.
    pub fn take<T>(&mut self, fits: impl Fn(&Output) -> Option<T>) -> Option<T> {
        let at = self.outputs.iter().position(|output| fits(output).is_some())?;
        self.outputs.remove(at).and_then(|output| fits(&output))
    }

    /// The JSON texts sent on a link since the last look.
    pub fn sent(&mut self, link: LinkId) -> Vec<Value> {
        let mut sent = Vec::new();
        while let Some(value) = self.take(|output| match output {
            Output::Send { link: other, frame: Frame::Text(text), .. } if *other == link => serde_json::from_slice(text).ok(),
            _ => None,
        }) {
            sent.push(value);
        }
        sent
    }

    pub fn aborted(&mut self, link: LinkId) -> bool {
        self.take(|output| matches!(output, Output::Abort { link: other } if *other == link).then_some(())).is_some()
    }

    pub fn closing(&mut self, link: LinkId) -> Option<CloseFrame> {
        self.take(|output| match output {
            Output::Close { link: other, frame, .. } if *other == link => Some(frame.clone()),
            _ => None,
        })
    }

    pub fn open(&mut self, link: LinkId) {
        self.input(Input::Opened { link, handshake: Handshake { status: 101, ..Handshake::default() } });
    }

    pub fn open_with(&mut self, link: LinkId, protocol: &str) {
        let handshake = Handshake { status: 101, protocol: Some(protocol.to_owned()), ..Handshake::default() };
        self.input(Input::Opened { link, handshake });
    }

    pub fn text(&mut self, link: LinkId, value: &Value) {
        self.raw_text(link, &value.to_string());
    }

    pub fn raw_text(&mut self, link: LinkId, text: &str) {
        self.input(Input::Frame { link, frame: Frame::Text(Bytes::from(text.to_owned())) });
    }

    /// The link breaks without a close frame.
    pub fn cut(&mut self, link: LinkId) {
        self.input(Input::Closed { link, end: LinkEnd { error: Some("reset".to_owned()), ..LinkEnd::default() } });
    }

    /// The peer closes with a code.
    pub fn closed(&mut self, link: LinkId, code: u16, reason: &str) {
        let frame = CloseFrame { code, reason: reason.to_owned() };
        let end = LinkEnd { received: Some(frame.clone()), sent: Some(frame), received_first: true, ..LinkEnd::default() };
        self.input(Input::Closed { link, end });
    }

    pub fn fail(&mut self, link: LinkId) {
        let failure = DialFailure { phase: DialPhase::Tcp, http: None, error: "connection refused".to_owned() };
        self.input(Input::Failed { link, failure });
    }

    pub fn refuse(&mut self, link: LinkId, status: u16, headers: &[(&'static str, &str)]) {
        let mut map = http::HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a header value"));
        }
        let http = HttpResponse { status, headers: map, body: Bytes::new() };
        let failure = DialFailure { phase: DialPhase::Upgrade, http: Some(http), error: format!("HTTP {status}") };
        self.input(Input::Failed { link, failure });
    }

    pub fn command(&mut self, command: Command) -> RequestId {
        let request = RequestId(self.next_request);
        self.next_request += 1;
        self.session.submit(self.now, request, command, Bytes::new()).expect("the command is accepted");
        self.collect();
        request
    }

    pub fn subscribe(&mut self, topic: &str, room: &str) -> SubscriptionId {
        self.command(Command::Subscribe(TopicTarget::new(topic, room))).into()
    }

    pub fn unsubscribe(&mut self, subscription: SubscriptionId) -> RequestId {
        self.command(Command::Unsubscribe { subscription })
    }

    /// Takes all events that fit.
    pub fn events_of<T>(&mut self, fits: impl Fn(&EventKind) -> Option<T>) -> Vec<T> {
        let mut found = Vec::new();
        self.events.retain(|event| match fits(&event.kind) {
            Some(value) => {
                found.push(value);
                false
            }
            None => true,
        });
        found
    }

    /// The ids of messages since the last look.
    pub fn messages(&mut self) -> Vec<String> {
        self.events_of(|kind| match kind {
            EventKind::Message(message) => Some(message.id().unwrap_or("-").to_owned()),
            _ => None,
        })
    }

    pub fn gaps(&mut self) -> Vec<topicwire::event::Gap> {
        self.events_of(|kind| match kind {
            EventKind::Gap(gap) => Some(gap.as_ref().clone()),
            _ => None,
        })
    }

    pub fn reply(&mut self, request: RequestId) -> Option<Result<topicwire::event::Reply, String>> {
        self.events_of(|kind| match kind {
            EventKind::Reply { request: other, result } if *other == request => Some(result.clone().map_err(|error| error.to_string())),
            _ => None,
        })
        .pop()
    }

    pub fn states(&mut self) -> Vec<&'static str> {
        self.events_of(|kind| match kind {
            EventKind::State { to, .. } => Some(to.as_str()),
            _ => None,
        })
    }

    pub fn faults(&mut self) -> Vec<&'static str> {
        self.events_of(|kind| match kind {
            EventKind::Fault(fault) => Some(fault.kind.as_str()),
            _ => None,
        })
    }

    // Astro's side of the conversation.

    pub fn welcome(&mut self, link: LinkId) {
        self.text(
            link,
            &json!({"id": "01W", "ts": "2026-11-01T00:00:00Z", "type": "welcome", "data": {"message": "hello", "client_id": "01C"}}),
        );
    }

    /// Opens and greets the next dial.
    pub fn astro_up(&mut self) -> LinkId {
        let (link, _) = self.dialed();
        self.open(link);
        self.welcome(link);
        link
    }

    /// Accepts every command sent so far on a link, and those that follow from it; returns topics and rooms.
    pub fn accept_all(&mut self, link: LinkId) -> Vec<(String, String, String)> {
        let mut accepted = Vec::new();
        for _ in 0..1000 {
            let commands = self.sent(link);
            if commands.is_empty() {
                self.pass_ms(110);
                if !self.outputs.iter().any(|output| matches!(output, Output::Send { link: other, .. } if *other == link)) {
                    break;
                }
                continue;
            }
            for command in commands {
                accepted.push(kind_topic_room(&command));
                self.accept(link, &command);
            }
        }
        accepted
    }

    pub fn accept(&mut self, link: LinkId, command: &Value) {
        let data = &command["data"];
        self.text(
            link,
            &json!({"id": "01R", "type": "response", "nonce": command["nonce"], "data": {"message": "ok", "topic": data["topic"], "room": data["room"]}}),
        );
    }

    pub fn reject(&mut self, link: LinkId, command: &Value, code: &str, text: &str) {
        self.text(link, &json!({"type": "response", "nonce": command["nonce"], "error": code, "data": {"message": text}}));
    }

    pub fn publish(&mut self, link: LinkId, id: &str, topic: &str, room: &str) {
        self.text(
            link,
            &json!({"id": id, "ts": "2026-11-01T00:00:01Z", "type": "message", "topic": topic, "room": room, "data": {"n": id}}),
        );
    }

    pub fn reconnect(&mut self, link: LinkId, token: Option<&str>) {
        let data = match token {
            Some(token) => json!({"message": "going away", "reconnect_token": token}),
            None => json!({"message": "going away"}),
        };
        self.text(link, &json!({"type": "reconnect", "data": data}));
    }
}

pub fn kind_topic_room(command: &Value) -> (String, String, String) {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    (text(&command["type"]), text(&command["data"]["topic"]), text(&command["data"]["room"]))
}
