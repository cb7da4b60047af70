//! Makes the steps happen: the user, the network and the clock.

use std::time::Duration;

use bytes::Bytes;
use topicwire::Secret;
use topicwire::command::{Command, OperationTarget, Outgoing};
use topicwire::error::{Code, Error};
use topicwire::event::{CloseFrame, State};
use topicwire::id::{HttpId, LinkId, RequestId, SubscriptionId, Ticket};
use topicwire::options::Options;
use topicwire::session::Session;
use topicwire::session::io::{DialFailure, DialPhase, Frame, Handshake, HttpResponse, Input, LinkEnd, Output};
use topicwire::time::{Now, UnixMillis};

use crate::books::Books;
use crate::frames::{Side, TOPICS};
use crate::steps::Step;

/// More turns of the session's own clock at one moment than any state of affairs should need.
const MOST_TURNS: u32 = 1_000;

pub(crate) struct Player {
    session: Session,
    side: Side,
    now: Now,
    books: Books,
    requests: Vec<HttpId>,
    next: u64,
    /// Frames that came so far.
    frames: u64,
    /// Steps left in this turn.
    turn: u8,
    ended: bool,
}

fn pick<T: Copy>(from: &[T], which: u8) -> Option<T> {
    from.get(usize::from(which) % from.len().max(1)).copied()
}

impl Player {
    pub(crate) fn new(options: &Options, seed: [u8; 32]) -> Self {
        Self {
            session: Session::new(options, seed).expect("the options are good"),
            side: Side::of(options),
            now: Now { mono: Duration::ZERO, wall: UnixMillis(1_793_491_200_000) },
            books: Books::default(),
            requests: Vec::new(),
            next: 1,
            frames: 0,
            turn: 0,
            ended: false,
        }
    }

    pub(crate) fn into_transcript(self) -> String {
        self.books.transcript
    }

    /// Plays the steps, ends the session and looks at what is left of it.
    pub(crate) fn play(&mut self, steps: &[Step]) -> Result<(), String> {
        self.session.connect(self.now).map_err(|error| format!("a new session does not connect: {error}"))?;
        self.settle()?;
        for step in steps {
            self.step(step)?;
            self.turn = self.turn.saturating_sub(1);
            if self.turn == 0 {
                self.settle()?;
            }
        }
        self.turn = 0;
        self.settle()?;
        self.finish()
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        if !step.is_of_network() {
            // What was said before the user speaks was said to who wanted it then.
            self.settle()?;
        }
        match *step {
            Step::Subscribe { target } => {
                let command = self.side.subscribe(target);
                if let Ok(request) = self.submit(command, Bytes::new()) {
                    self.books.subscriptions.push(request.into());
                    self.books.wanted.insert(request.into(), target);
                }
            }
            Step::Unsubscribe { which } => {
                if let Some(subscription) = pick(&self.books.subscriptions, which) {
                    match self.submit(Command::Unsubscribe { subscription }, Bytes::new()) {
                        Ok(_) => {
                            self.books.wanted.remove(&subscription);
                        }
                        Err(error) if error.code != Code::Closed && self.books.wanted.contains_key(&subscription) => {
                            return Err(format!("subscription {} cannot be ended: {error}", subscription.0));
                        }
                        Err(_) => {}
                    }
                }
            }
            Step::LeaveTopic { topic } => {
                let name = TOPICS[usize::from(topic)].to_owned();
                if self.submit(Command::UnsubscribeAll { topic: name }, Bytes::new()).is_ok() && self.side == Side::Astro {
                    self.books.wanted.retain(|_, target| *target % 2 != topic);
                }
            }
            Step::Execute { mutation } => {
                let query = if mutation { "mutation { do }" } else { "query { once }" };
                let _ = self.submit(Command::Execute(OperationTarget::new(query)), Bytes::new());
            }
            Step::Ping { payload } => {
                let _ = self.submit(Command::Ping, Bytes::copy_from_slice(&b"abc"[..usize::from(payload)]));
            }
            Step::Send { size, asked } => {
                let request = asked.then(|| self.number());
                let outgoing = Outgoing::text("x".repeat(usize::from(size)));
                if self.session.send(self.now, request, outgoing).is_ok()
                    && let Some(request) = request
                {
                    self.books.replies.insert(request, 0);
                }
            }
            Step::Cancel { which } => {
                let request = RequestId(u64::from(which) % self.next.max(1));
                if self.books.replies.get(&request) == Some(&0) {
                    self.books.wanted.remove(&request.into());
                }
                self.session.cancel(self.now, request);
            }
            Step::Release { which } => {
                if let Some(subscription) = pick(&self.books.subscriptions, which) {
                    self.books.wanted.remove(&subscription);
                    self.session.release(self.now, subscription);
                }
            }
            Step::Provide { which, how } => {
                if let Some(need) = self.books.needs.iter().rev().nth(usize::from(which) % self.books.needs.len().max(1)).copied() {
                    let answer = match how {
                        0..=2 => Ok((Secret::new(format!("token-{which}")), None)),
                        3 => Ok((Secret::new("token"), Some(Duration::from_secs(30)))),
                        4 => Err(Error::new(Code::ProviderFailed, "not now").retryable(true)),
                        _ => Err(Error::new(Code::ProviderFailed, "never").retryable(false)),
                    };
                    self.session.answer_need(self.now, need, answer);
                }
            }
            Step::UsedNumber { which } => {
                let request = RequestId(u64::from(which) % self.next.max(1));
                let open = self.books.replies.get(&request) == Some(&0) || self.books.wanted.contains_key(&SubscriptionId::from(request));
                let command = self.side.subscribe(0);
                if open && self.session.submit(self.now, request, command, Bytes::new()).is_ok() {
                    return Err(format!("number {} is taken twice", request.0));
                }
            }
            Step::Connect => {
                let _ = self.session.connect(self.now);
            }
            Step::Close => {
                self.session.close(self.now, 1000, "");
                self.ended = true;
            }
            Step::Abort => {
                self.session.abort(self.now);
                self.ended = true;
            }
            Step::Pressure { on } => self.session.handle(self.now, Input::Pressure { on }),
            Step::Pass { how_long } => {
                self.turn = 0;
                self.settle()?;
                let ms = [1, 20, 110, 600, 2_100, 6_000, 11_000, 31_000, 76_000];
                self.pass(Duration::from_millis(ms[usize::from(how_long) % ms.len()]))?;
            }
            Step::Turn { steps } => self.turn = steps,
            _ => self.network(step),
        }
        Ok(())
    }

    fn network(&mut self, step: &Step) {
        let dialing: Vec<LinkId> = self.books.links.iter().filter(|(_, link)| !link.open).map(|(id, _)| *id).collect();
        // The newest first.
        let open: Vec<LinkId> = self.books.links.iter().rev().filter(|(_, link)| link.open).map(|(id, _)| *id).collect();
        let input = match *step {
            Step::Open { which, protocol } => pick(&dialing, which).map(|link| {
                if let Some(link) = self.books.links.get_mut(&link) {
                    link.open = true;
                }
                let handshake = Handshake { status: 101, protocol: self.side.subprotocol(protocol), ..Handshake::default() };
                Input::Opened { link, handshake }
            }),
            Step::Fail { which, how } => pick(&dialing, which).map(|link| {
                self.books.forget(link);
                Input::Failed { link, failure: failure(how) }
            }),
            Step::Frame { which, kind, name, what } => pick(&open, which).map(|link| {
                self.frames += 1;
                let names = self.books.links.get(&link).map(|link| link.names.clone()).unwrap_or_default();
                Input::Frame { link, frame: self.side.frame(kind, name, what, &names, self.frames) }
            }),
            Step::Flush { which, how_many } => pick(&open, which).and_then(|link| {
                let unwritten = &mut self.books.links.get_mut(&link)?.unwritten;
                let count = usize::from(how_many) % unwritten.len().max(1) + 1;
                let (upto, _) = unwritten.drain(..count.min(unwritten.len())).next_back()?;
                Some(Input::Flushed { link, upto })
            }),
            Step::End { which, how } => pick(&open, which).map(|link| {
                self.books.forget(link);
                Input::Closed { link, end: end(how) }
            }),
            Step::Stale { which, what } => {
                let link = pick(&self.books.gone, which).unwrap_or(LinkId(u64::from(which)));
                let known = self.books.links.contains_key(&link);
                (!known).then(|| match what {
                    0 => Input::Opened { link, handshake: Handshake::default() },
                    1 => Input::Failed { link, failure: failure(0) },
                    2 => Input::Closed { link, end: end(0) },
                    3 => Input::Flushed { link, upto: Ticket(1_000) },
                    _ => Input::Frame { link, frame: Frame::Text(Bytes::from_static(b"{}")) },
                })
            }
            Step::Respond { which, how } => pick(&self.requests, which).map(|id| {
                let body = [r#"{"channel_id":"64f0a1b2c3d4e5f607182930"}"#, "{}", "junk"][usize::from(how) % 3];
                let response = HttpResponse { status: if how < 3 { 200 } else { 500 }, body: body.into(), ..HttpResponse::default() };
                Input::Response { id, result: if how == 5 { Err("no route".to_owned()) } else { Ok(response) } }
            }),
            _ => None,
        };
        if let Some(input) = input {
            self.session.handle(self.now, input);
        }
    }

    fn number(&mut self) -> RequestId {
        self.next += 1;
        RequestId(self.next - 1)
    }

    fn submit(&mut self, command: Command, payload: Bytes) -> Result<RequestId, Error> {
        let request = self.number();
        self.session.submit(self.now, request, command, payload)?;
        self.books.replies.insert(request, 0);
        Ok(request)
    }

    fn pass(&mut self, span: Duration) -> Result<(), String> {
        let until = self.now.mono + span;
        let mut turns = 0;
        while let Some(due) = self.session.poll_timeout().filter(|due| *due <= until) {
            turns = if due == self.now.mono { turns + 1 } else { 0 };
            if turns > MOST_TURNS {
                return Err(format!("a timer storm at {due:?}"));
            }
            self.to(due);
            self.session.handle_timeout(self.now);
            self.settle()?;
            if self.session.poll_timeout().is_some_and(|next| next <= self.now.mono) {
                return Err(format!("a timer is due at {due:?} that was just handled"));
            }
        }
        self.to(until);
        Ok(())
    }

    fn to(&mut self, mono: Duration) {
        self.now.wall.0 += u64::try_from((mono.saturating_sub(self.now.mono)).as_millis()).unwrap_or(0);
        self.now.mono = mono;
    }

    /// Takes what the session has to say, and holds it to it.
    fn settle(&mut self) -> Result<(), String> {
        while let Some(event) = self.session.poll_event() {
            self.books.event(&event)?;
        }
        while let Some(output) = self.session.poll_output() {
            self.books.output(&output)?;
            match output {
                Output::Request { id, .. } => self.requests.push(id),
                Output::Open { .. } if self.ended => return Err("a session that was closed dials".to_owned()),
                _ => {}
            }
        }
        self.ended |= self.session.state() == State::Closed;
        let (counted, said) = (self.books.unwritten(), self.session.outbound_bytes());
        if counted != said {
            return Err(format!("{counted} bytes wait to be written, and the session says {said}"));
        }
        if let Some(due) = self.session.poll_timeout().filter(|due| *due < self.now.mono) {
            return Err(format!("a timer is due at {due:?}, and it is {:?}", self.now.mono));
        }
        Ok(())
    }

    /// The end: everything is settled, and nothing is left.
    fn finish(&mut self) -> Result<(), String> {
        self.session.close(self.now, 1000, "");
        self.ended = true;
        self.settle()?;
        for link in self.books.links.keys().copied().collect::<Vec<_>>() {
            self.books.forget(link);
            self.session.handle(self.now, Input::Closed { link, end: end(0) });
            self.settle()?;
        }
        self.pass(Duration::from_secs(60))?;
        if self.books.closed != 1 {
            return Err(format!("a session that was closed says so {} times", self.books.closed));
        }
        if let Some((request, _)) = self.books.replies.iter().find(|(_, count)| **count != 1) {
            return Err(format!("request {} was never answered", request.0));
        }
        if self.session.poll_timeout().is_some() {
            return Err("a closed session has timers".to_owned());
        }
        let command = self.side.subscribe(0);
        match self.session.submit(self.now, RequestId(self.next), command, Bytes::new()) {
            Err(error) if error.code == Code::Closed => Ok(()),
            other => Err(format!("a closed session takes a command: {other:?}")),
        }
    }
}

fn failure(how: u8) -> DialFailure {
    let http = |status| HttpResponse { status, ..HttpResponse::default() };
    match how {
        0 => DialFailure { phase: DialPhase::Tcp, http: None, error: "refused".to_owned() },
        1 => DialFailure { phase: DialPhase::Timeout, http: None, error: "too long".to_owned() },
        2 => DialFailure { phase: DialPhase::Protocol, http: None, error: "no subprotocol".to_owned() },
        3 => DialFailure { phase: DialPhase::Upgrade, http: Some(http(502)), error: "HTTP 502".to_owned() },
        4 => DialFailure { phase: DialPhase::Upgrade, http: Some(http(429)), error: "HTTP 429".to_owned() },
        _ => DialFailure { phase: DialPhase::Upgrade, http: Some(http(401)), error: "HTTP 401".to_owned() },
    }
}

fn end(how: u8) -> LinkEnd {
    let closed = |code| {
        let frame = CloseFrame { code, reason: String::new() };
        LinkEnd { received: Some(frame.clone()), sent: Some(frame), received_first: true, ..LinkEnd::default() }
    };
    match how {
        0 => closed(1000),
        1 => closed(1008),
        2 => closed(4500),
        3 => closed(4403),
        4 => LinkEnd { error: Some("reset".to_owned()), ..LinkEnd::default() },
        _ => LinkEnd { too_large: true, error: Some("a message was too large".to_owned()), ..LinkEnd::default() },
    }
}
