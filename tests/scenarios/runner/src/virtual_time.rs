//! Plays a scenario to the machine: no socket, no clock.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use topicwire::command::Command;
use topicwire::event::{CloseFrame, Event, EventKind};
use topicwire::id::{LinkId, RequestId};
use topicwire::options::Options;
use topicwire::session::Session;
use topicwire::session::io::{Dial, DialFailure, DialPhase, Frame, Handshake, HttpResponse, Input, LinkEnd, Output};
use topicwire::time::{Now, UnixMillis};

use crate::pattern::{self, Kept};
use crate::report::{self, Names};
use crate::script::{Scenario, Step};

/// Plays a scenario.
///
/// # Errors
/// A sentence that says what went otherwise, with the number of the step.
pub fn play(scenario: &Scenario) -> Result<(), String> {
    let mut options = scenario.options.clone();
    options["url"] = Value::from("ws://scenario.test/");
    let options = Options::from_json(options.to_string().as_bytes()).map_err(|error| error.to_string())?;
    let mut player = Player::new(&options)?;
    for (at, step) in scenario.steps.iter().enumerate() {
        player.step(step).map_err(|error| format!("step {}: {step:?}: {error}", at + 1))?;
    }
    let heard: Vec<Value> = player.events.iter().filter_map(|event| report::line(event, &player.names)).collect();
    report::compare(&scenario.events, &heard)
}

struct Player {
    session: Session,
    now: Now,
    dials: VecDeque<(LinkId, Dial)>,
    links: BTreeMap<String, LinkId>,
    sent: BTreeMap<LinkId, VecDeque<Value>>,
    closing: BTreeMap<LinkId, Option<CloseFrame>>,
    events: Vec<Event>,
    answered: usize,
    names: Names,
    requests: BTreeMap<String, u64>,
    kept: Kept,
}

impl Player {
    fn new(options: &Options) -> Result<Self, String> {
        let session = Session::new(options, [3; 32]).map_err(|error| error.to_string())?;
        let mut player = Self {
            session,
            now: Now { mono: Duration::from_secs(1), wall: UnixMillis(1_793_491_200_000) },
            dials: VecDeque::new(),
            links: BTreeMap::new(),
            sent: BTreeMap::new(),
            closing: BTreeMap::new(),
            events: Vec::new(),
            answered: 0,
            names: Names::new(),
            requests: BTreeMap::new(),
            kept: Kept::new(),
        };
        player.session.connect(player.now).map_err(|error| error.to_string())?;
        player.settle();
        Ok(player)
    }

    /// Takes outputs and events, and fires what is due at once.
    fn settle(&mut self) {
        loop {
            let mut flushed = Vec::new();
            while let Some(output) = self.session.poll_output() {
                match output {
                    Output::Open { link, dial } => self.dials.push_back((link, *dial)),
                    Output::Send { link, frame, ticket } => {
                        if let Frame::Text(text) = &frame
                            && let Ok(value) = serde_json::from_slice(text)
                        {
                            self.sent.entry(link).or_default().push_back(value);
                        }
                        flushed.push((link, ticket));
                    }
                    Output::Close { link, frame, .. } => {
                        self.closing.insert(link, Some(frame));
                    }
                    Output::Abort { link } => {
                        self.dials.retain(|(other, _)| *other != link);
                        self.closing.insert(link, None);
                    }
                    _ => {}
                }
            }
            while let Some(event) = self.session.poll_event() {
                self.events.push(event);
            }
            let due = self.session.poll_timeout().is_some_and(|at| at <= self.now.mono);
            if flushed.is_empty() && !due {
                return;
            }
            for (link, upto) in flushed {
                self.session.handle(self.now, Input::Flushed { link, upto });
            }
            if due {
                self.session.handle_timeout(self.now);
            }
        }
    }

    fn pass(&mut self, ms: u64) {
        let end = self.now.mono + Duration::from_millis(ms);
        while let Some(at) = self.session.poll_timeout().filter(|at| *at <= end) {
            self.to(at.max(self.now.mono));
            self.session.handle_timeout(self.now);
            self.settle();
        }
        self.to(end);
    }

    fn to(&mut self, mono: Duration) {
        self.now.wall.0 += u64::try_from((mono - self.now.mono).as_millis()).unwrap_or(0);
        self.now.mono = mono;
    }

    fn link(&self, name: &str) -> Result<LinkId, String> {
        self.links.get(name).copied().ok_or_else(|| format!("no connection is called {name}"))
    }

    fn input(&mut self, input: Input) {
        self.session.handle(self.now, input);
        self.settle();
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Connects { name, offers, url_has, url_lacks } => {
                let (link, dial) = self.dials.pop_front().ok_or("the client does not dial")?;
                check_dial(&dial, offers.as_deref(), url_has.as_deref(), url_lacks.as_deref())?;
                self.links.insert(name.clone(), link);
            }
            Step::Accepts { on, protocol } => {
                let handshake = Handshake { status: 101, protocol: protocol.clone(), ..Handshake::default() };
                self.input(Input::Opened { link: self.link(on)?, handshake });
            }
            Step::Refuses { on, status, headers } => {
                let mut map = http::HeaderMap::new();
                for (name, value) in headers {
                    let name = http::HeaderName::try_from(name).map_err(|error| error.to_string())?;
                    map.insert(name, value.parse().map_err(|_| "a bad header")?);
                }
                let http = Some(HttpResponse { status: *status, headers: map, body: Bytes::new() });
                let failure = DialFailure { phase: DialPhase::Upgrade, http, error: format!("HTTP {status}") };
                self.input(Input::Failed { link: self.link(on)?, failure });
            }
            Step::Sends { on, frame } => {
                let link = self.link(on)?;
                let sent = self.sent.entry(link).or_default().pop_front().ok_or("the client sends nothing")?;
                if !pattern::matches(frame, &sent, &mut self.kept) {
                    return Err(format!("the client sends {sent}"));
                }
            }
            Step::SendsNothing { on } => {
                let link = self.link(on)?;
                if let Some(sent) = self.sent.entry(link).or_default().front() {
                    return Err(format!("the client sends {sent}"));
                }
            }
            Step::Receives { on, frame } => {
                let text = pattern::fill(frame, &self.kept).to_string();
                self.input(Input::Frame { link: self.link(on)?, frame: Frame::Text(text.into()) });
            }
            Step::ReceivesText { on, text } => {
                self.input(Input::Frame { link: self.link(on)?, frame: Frame::Text(text.clone().into()) });
            }
            Step::ServerCloses { on, code, reason } => {
                let frame = CloseFrame { code: *code, reason: reason.clone() };
                let end = LinkEnd { received: Some(frame.clone()), sent: Some(frame), received_first: true, ..LinkEnd::default() };
                self.input(Input::Closed { link: self.link(on)?, end });
            }
            Step::Breaks { on } => {
                let end = LinkEnd { error: Some("broken".to_owned()), ..LinkEnd::default() };
                self.input(Input::Closed { link: self.link(on)?, end });
            }
            Step::ClientCloses { on, code } => {
                let link = self.link(on)?;
                let frame = self.closing.remove(&link).ok_or("the client does not close it")?;
                if let (Some(code), Some(frame)) = (code, &frame)
                    && *code != frame.code
                {
                    return Err(format!("the client closes with {}", frame.code));
                }
                if let Some(frame) = frame {
                    let end = LinkEnd { received: Some(frame.clone()), sent: Some(frame), ..LinkEnd::default() };
                    self.input(Input::Closed { link, end });
                }
            }
            Step::Command { name, command } => {
                let command = named(command, &self.requests)?;
                let number = 1 + self.requests.len() as u64;
                self.names.insert(number, name.clone());
                self.requests.insert(name.clone(), number);
                self.session.submit(self.now, RequestId(number), command, Bytes::new()).map_err(|error| error.to_string())?;
                self.settle();
            }
            Step::Hears { event } => {
                let lines = self.events.iter().filter_map(|event| report::line(event, &self.names));
                if !lines.into_iter().any(|line| pattern::matches(event, &line, &mut Kept::new())) {
                    return Err("the client has not reported it".into());
                }
            }
            Step::AnswersNeed { token } => {
                let needs: Vec<RequestId> = self
                    .events
                    .iter()
                    .filter_map(|event| match &event.kind {
                        EventKind::Need(need) => Some(need.request),
                        _ => None,
                    })
                    .collect();
                let need = *needs.get(self.answered).ok_or("the client asks for nothing")?;
                self.answered += 1;
                self.session.answer_need(self.now, need, Ok((token.as_str().into(), None)));
                self.settle();
            }
            Step::Close {} => {
                self.session.close(self.now, 1000, "");
                self.settle();
            }
            Step::Passes { ms } => self.pass(*ms),
        }
        Ok(())
    }
}

/// Whether a dial is as the file says.
pub(crate) fn check_dial(dial: &Dial, offers: Option<&[String]>, has: Option<&str>, lacks: Option<&str>) -> Result<(), String> {
    check_offer(offers, &dial.protocols)?;
    check_url(dial.url.expose(), has, lacks)
}

pub(crate) fn check_offer(wanted: Option<&[String]>, there: &[String]) -> Result<(), String> {
    match wanted {
        Some(wanted) if wanted != there => Err(format!("the client offers {there:?}")),
        _ => Ok(()),
    }
}

pub(crate) fn check_url(url: &str, has: Option<&str>, lacks: Option<&str>) -> Result<(), String> {
    if has.is_some_and(|piece| !url.contains(piece)) || lacks.is_some_and(|piece| url.contains(piece)) {
        return Err(format!("the client dials {url}"));
    }
    Ok(())
}

/// A command with numbers in place of the names of subscriptions.
pub(crate) fn named(command: &Value, requests: &BTreeMap<String, u64>) -> Result<Command, String> {
    let mut command = command.clone();
    if let Some(name) = command.get("subscription").and_then(Value::as_str) {
        let number = *requests.get(name).ok_or_else(|| format!("no request is called {name}"))?;
        command["subscription"] = number.into();
    }
    serde_json::from_str(&command.to_string()).map_err(|error| error.to_string())
}
