//! The machine: everything that is connecting, reconnecting, resubscribing, pacing and filtering, and no I/O at all.
//!
//! A [`Session`] is fed with [`Input`]s and commands and asked for [`Output`]s and [`Event`]s. It reads no clock, opens no socket and
//! throws no dice of its own: time and a seed are arguments, so that what ships can be simulated.
//!
//! The order of calls is always the same: change something (`handle`, `submit`, …), then take outputs and events until there are none,
//! then ask [`Session::poll_timeout`] when to call [`Session::handle_timeout`].

mod backoff;
mod context;
mod coverage;
mod credentials;
mod dedup;
mod delivery;
mod endings;
mod handover;
mod identities;
mod interest;
pub mod io;
mod ledger;
mod linger;
mod link;
mod liveness;
mod machine;
mod pacing;
mod recovery;
mod route;
mod shutdown;
mod state;
mod subscriptions;
mod timers;

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

pub use context::{Context, Readiness, Recipient};
pub use interest::{Everything, Interest};
pub(crate) use machine::Machine;
pub use machine::Stats;

use self::io::{Input, Output};
use self::ledger::{Job, Request, RequestKind};
use self::link::Phase;
use self::machine::Life;
use self::timers::Timer;
use crate::command::{Command, Outgoing, Target};
use crate::dialect::{Dialect, Dialing, Dispatch, Identity, Routes};
use crate::error::{Code, Error};
use crate::event::{Event, State};
use crate::id::{LinkId, RequestId, RouteId, SubscriptionId};
use crate::options::Options;
use crate::secret::Secret;
use crate::time::Now;

/// Room that is not kept between turns.
const FEW_EVENTS: usize = 8;
/// Message ids are compared this much longer than links overlap.
const DEDUP_TAIL: Duration = Duration::from_secs(10);

/// One client's machine.
pub struct Session {
    dialect: Box<dyn Dialect>,
    machine: Machine,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It is on its way.
    Queued,
    /// It is on its way, but so is much else: wait for `Writable` before sending more.
    Busy,
}

/// What became of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It had not been sent and will not be.
    Queued,
    /// It had been sent; what it started is being undone.
    InFlight,
    /// There is no such request.
    Unknown,
}

impl Session {
    /// A machine that has not begun.
    ///
    /// # Errors
    /// `invalid_option` for the first option that cannot work.
    pub fn new(options: &Options, seed: [u8; 32]) -> Result<Self, Error> {
        options.validate()?;
        Ok(Self::with_dialect(crate::dialect::of(options)?, options, seed))
    }

    /// The same with a dialect of one's own.
    #[must_use]
    pub fn with_dialect(dialect: Box<dyn Dialect>, options: &Options, seed: [u8; 32]) -> Self {
        let machine = Machine::new(dialect.facts(), options, seed);
        Self { dialect, machine }
    }

    /// Begins to connect (or, for a lazy client, to be willing to).
    ///
    /// # Errors
    /// `closed` after the end: a client is used once.
    pub fn connect(&mut self, now: Now) -> Result<(), Error> {
        match self.machine.life {
            Life::New => {
                self.machine.start();
                self.settle(now);
                Ok(())
            }
            Life::Running => Ok(()),
            Life::Closing | Life::Closed => Err(closed()),
        }
    }

    /// Takes in what happened. Inputs of links that are gone are ignored and counted.
    pub fn handle(&mut self, now: Now, input: Input) {
        match input {
            Input::Frame { link, frame } => return self.frame(now, link, frame),
            Input::Opened { link, handshake } => {
                self.machine.refusal = None;
                if self.machine.opened(now, link, handshake.clone()) {
                    self.dialect.opened(&mut Context { machine: &mut self.machine, now }, link, &handshake);
                }
            }
            Input::Failed { link, failure } => {
                self.machine.take_back_outputs(link);
                if self.machine.links.contains_key(&link) {
                    let verdict = self.dialect.dial_failed(&mut Context { machine: &mut self.machine, now }, link, &failure);
                    self.machine.dial_failed(now, link, &failure, verdict);
                }
            }
            Input::Closed { link, end } => {
                self.machine.take_back_outputs(link);
                if self.machine.links.contains_key(&link) {
                    let verdict = self.dialect.link_ended(&mut Context { machine: &mut self.machine, now }, link, &end);
                    self.machine.link_ended(now, link, &end, verdict);
                }
            }
            Input::Flushed { link, upto } => self.machine.flushed(now, link, upto),
            Input::Response { id, result } => {
                if self.machine.http_done(id) {
                    self.dialect.response(&mut Context { machine: &mut self.machine, now }, id, result);
                }
            }
            Input::Pressure { on } => self.machine.pressed(now, on),
        }
        self.settle(now);
    }

    /// Takes in a frame, as [`Session::handle`] does with [`Input::Frame`]: nearly everything that happens is one.
    #[inline]
    pub fn frame(&mut self, now: Now, link: LinkId, frame: io::Frame) {
        let Some(state) = self.machine.links.get_mut(&link) else {
            self.machine.stats.ignored += 1;
            return;
        };
        state.last_inbound = now;
        let delivers = self.machine.facts.keep_while_closing || (state.superseded && self.machine.life == Life::Running);
        if state.phase == Phase::Closing && !delivers {
            return;
        }
        self.dialect.frame(&mut Context { machine: &mut self.machine, now }, link, frame);
        self.settle(now);
    }

    /// Takes in that time has passed.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(timer) = self.machine.timers.pop(now.mono) {
            match timer {
                Timer::Greeting(link) => {
                    let error = Error::new(Code::Timeout, "the gateway did not greet in time");
                    self.machine.give_up(now, link, error);
                }
                Timer::Probation(link) => self.machine.prove(now, link),
                Timer::Settle(link) => self.machine.settled(link),
                Timer::Idle(link) => self.machine.judge_silence(now, link),
                Timer::Probe(link) => {
                    if self.machine.probe_due(now, link) {
                        self.dialect.probe(&mut Context { machine: &mut self.machine, now }, link);
                    }
                }
                Timer::ProbeAnswer(link) => self.machine.probe_overdue(now, link),
                Timer::Answer(link) => self.machine.answers_overdue(now, link),
                Timer::Drain(link) => self.machine.drained(now, link),
                Timer::Pace(_) => self.machine.dirty = true,
                Timer::Pause => self.machine.pause_over(),
                Timer::Dial(route) => self.machine.dial_due(route),
                Timer::Linger(route) => {
                    self.say_goodbye(now, route);
                    self.machine.linger_over(now, route);
                }
                Timer::Key(key) => self.machine.key_due(key),
                Timer::Request(request) => {
                    let error = self.machine.overdue(request);
                    self.take_back(now, request, error);
                }
                Timer::Need(request) => self.machine.need_expired(now, request),
                Timer::Credential(name) => self.machine.credential_due(&name),
                Timer::Dedup => self.machine.dedup.end_overlap(),
                Timer::Stall => self.machine.stall_over(),
                Timer::Shutdown => self.machine.shutdown_overdue(now),
                Timer::Dialect(key) => self.dialect.timer(&mut Context { machine: &mut self.machine, now }, key),
            }
            self.machine.dirty = true;
            self.settle(now);
        }
    }

    /// When to call [`Session::handle_timeout`] (monotonic), if nothing else happens first.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.machine.timers.next()
    }

    /// The next thing to do, until there is none.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.machine.outputs.pop_front()
    }

    /// The next thing to tell, until there is none.
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.machine.events.pop_front();
        // Room for a few events is cheaper to make again than to keep for a connection that rests.
        if event.is_none() && self.machine.events.capacity() <= FEW_EVENTS {
            self.machine.events = VecDeque::new();
        }
        event
    }

    /// Takes a command. The caller chose the request's number (below 2⁵³, never used before in this client); exactly one `Reply` will
    /// carry it. A subscription's number is its request's.
    ///
    /// # Errors
    /// `closed`, `overflow`, `unsupported` or `invalid_option`. Then there is no reply.
    pub fn submit(&mut self, now: Now, request: RequestId, command: Command, payload: Bytes) -> Result<Accepted, Error> {
        self.machine.admit(request)?;
        match command {
            Command::Subscribe(target) => self.subscribe(request, Target::Topic(target))?,
            Command::Operation(target) => self.subscribe(request, Target::Operation(target))?,
            Command::Unsubscribe { subscription } => self.machine.unsubscribe(Some(request), subscription)?,
            Command::UnsubscribeAll { ref topic } => {
                let topic = topic.clone();
                self.machine.queue_command(request, command, payload);
                self.machine.leave_topic(&topic);
            }
            Command::JoinGroup(target) => self.subscribe(request, Target::Group(target))?,
            Command::LeaveGroup(ref target) => {
                let identity = self.dialect.identify(&Target::Group(target.clone()))?;
                if !self.machine.unsubscribe_all_of(request, &identity) {
                    // Nobody here joined it, but the server may have done so.
                    self.machine.queue_command(request, command, payload);
                }
            }
            command => self.machine.queue_command(request, command, payload),
        }
        self.settle(now);
        self.machine.limit_wait(now, request);
        Ok(self.machine.accepted())
    }

    fn subscribe(&mut self, request: RequestId, target: Target) -> Result<(), Error> {
        let identity: Identity = self.dialect.identify(&target)?;
        self.machine.subscribe(request, target, identity);
        Ok(())
    }

    /// Ends a subscription without a request: its lane was closed.
    pub fn release(&mut self, now: Now, subscription: SubscriptionId) {
        // One that is gone already needs nothing.
        let _ = self.machine.unsubscribe(None, subscription);
        self.settle(now);
    }

    /// Sends a payload. With a request, its reply means "written to the socket".
    ///
    /// # Errors
    /// `closed`, `overflow`, `unsupported`, or `connection_failed` when there is no connection to send by.
    pub fn send(&mut self, now: Now, request: Option<RequestId>, outgoing: Outgoing) -> Result<Accepted, Error> {
        if let Some(request) = request {
            self.machine.admit(request)?;
        }
        let link = self.machine.link_to_send_by(outgoing.len())?;
        self.dialect.send(&mut Context { machine: &mut self.machine, now }, link, outgoing)?;
        if let Some(request) = request {
            self.machine.reply_when_written(link, request);
        }
        self.settle(now);
        Ok(self.machine.accepted())
    }

    /// Takes a request back. Its reply is `cancelled`.
    pub fn cancel(&mut self, now: Now, request: RequestId) -> Cancelled {
        if !self.machine.requests.contains_key(&request) {
            return Cancelled::Unknown;
        }
        let queued = self.machine.is_queued(request);
        self.take_back(now, request, Error::new(Code::Cancelled, "the request was taken back"));
        self.settle(now);
        if queued { Cancelled::Queued } else { Cancelled::InFlight }
    }

    fn take_back(&mut self, now: Now, request: RequestId, error: Error) {
        if let Some((link, answer)) = self.machine.flight_of(request) {
            self.dialect.cancelled(&mut Context { machine: &mut self.machine, now }, link, &answer);
        }
        if let Some(subscription) = self.machine.cancel_request(request, error) {
            // One that is gone already needs nothing.
            let _ = self.machine.unsubscribe(None, subscription);
        }
    }

    /// Answers a `Need` with a value, perhaps one that is known to be good for a while, or with an error. Late and doubled answers do no harm.
    pub fn answer_need(&mut self, now: Now, request: RequestId, answer: Result<(Secret, Option<Duration>), Error>) {
        if let Some(name) = self.machine.need_answered(now, request, answer) {
            self.dialect.credential_changed(&mut Context { machine: &mut self.machine, now }, &name);
        }
        self.settle(now);
    }

    /// Ends the client politely: refuses commands, settles requests, says goodbye on every link. A second call does nothing.
    pub fn close(&mut self, now: Now, code: u16, reason: &str) {
        if matches!(self.machine.life, Life::Closing | Life::Closed) {
            return;
        }
        let links: Vec<LinkId> = self
            .machine
            .links
            .iter()
            .filter(|(_, link)| link.phase > Phase::Greeting && link.phase < Phase::Closing)
            .map(|(id, _)| *id)
            .collect();
        for link in links {
            self.dialect.goodbye(&mut Context { machine: &mut self.machine, now }, link);
        }
        self.machine.wind_down(now, code, reason);
        self.settle(now);
    }

    /// Ends the client at once.
    pub fn abort(&mut self, now: Now) {
        self.machine.abort(now);
        self.settle(now);
    }

    /// The client's state.
    #[must_use]
    pub fn state(&self) -> State {
        self.machine.state
    }

    /// Bytes accepted and not yet written.
    #[must_use]
    pub fn outbound_bytes(&self) -> u64 {
        self.machine.unsent_bytes
    }

    /// Counters.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.machine.stats
    }

    /// What the server answered over HTTP when it refused the last attempt to connect: status, headers, and the beginning of the body.
    #[must_use]
    pub fn refusal(&self) -> Option<&io::HttpResponse> {
        self.machine.refusal.as_ref()
    }

    /// What lanes want; the rest is dropped before anything is built for it.
    pub fn set_interest(&mut self, interest: Box<dyn Interest>) {
        self.machine.interest = interest::Listeners::new(interest);
    }

    /// Does what has become possible, until nothing is left to do.
    fn settle(&mut self, now: Now) {
        while std::mem::take(&mut self.machine.dirty) {
            for link in std::mem::take(&mut self.machine.dropped) {
                self.dialect.link_dropped(link);
            }
            while let Some((route, resume)) = self.machine.next_dial() {
                let dialing: Dialing = self.dialect.dial(&mut Context { machine: &mut self.machine, now }, route, resume.as_ref());
                self.machine.dialed(now, route, resume.is_some(), dialing);
            }
            while let Some((link, job)) = self.machine.next_job(now) {
                let dispatch = self.dispatch(now, link, job);
                let ambiguous = match job {
                    Job::Unsubscribe(key) => self.machine.keys.get(&key).is_some_and(|key| self.dialect.is_ambiguous(&key.target)),
                    _ => false,
                };
                self.machine.dispatched(now, link, job, dispatch, ambiguous);
            }
            for route in std::mem::take(&mut self.machine.idle_routes) {
                if self.machine.facts.routes == Routes::PerKey {
                    self.say_goodbye(now, route);
                }
                self.machine.route_unwanted(now, route);
            }
            self.machine.watch_overlap(now);
            self.machine.update_reading(now);
            self.machine.update_state();
        }
    }

    /// Links that nothing needs any more are about to be closed.
    fn say_goodbye(&mut self, now: Now, route: RouteId) {
        for link in self.machine.unused_links(route) {
            self.dialect.goodbye(&mut Context { machine: &mut self.machine, now }, link);
        }
    }

    fn dispatch(&mut self, now: Now, link: LinkId, job: Job) -> Dispatch {
        match job {
            Job::Subscribe(key) | Job::Unsubscribe(key) => {
                let Some(target) = self.machine.keys.get(&key).map(|state| state.target.clone()) else { return Dispatch::Later };
                // Another key may have taught the dialect another name for this one meanwhile.
                if let Ok(Identity::Shared(name)) = self.dialect.identify(&target)
                    && self.machine.is_known_otherwise(key, &name)
                {
                    self.machine.join(key, name);
                    return Dispatch::Later;
                }
                let mut cx = Context { machine: &mut self.machine, now };
                match job {
                    Job::Subscribe(_) => self.dialect.subscribe(&mut cx, link, key, &target),
                    _ => self.dialect.unsubscribe(&mut cx, link, key, &target),
                }
            }
            Job::Request(id) => {
                let Some(Request { kind: RequestKind::Command { command, payload, .. }, .. }) = self.machine.requests.get(&id) else {
                    return Dispatch::Later;
                };
                let (command, payload) = (command.clone(), payload.clone());
                self.dialect.command(&mut Context { machine: &mut self.machine, now }, link, id, &command, &payload)
            }
        }
    }
}

fn closed() -> Error {
    Error::new(Code::Closed, "the client is closed; make a new one")
}
