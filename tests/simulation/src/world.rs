//! Virtual time: what happens next, until the plan is over.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use topicwire::Secret;
use topicwire::error::Error;
use topicwire::id::{HttpId, LinkId, RequestId, Ticket};
use topicwire::lane::{LaneOptions, Overflow, Poller, Router};
use topicwire::session::Session;
use topicwire::time::{Now, UnixMillis};
use topicwire_gateway::machine::Machine;

use crate::coverage::{Coverage, Deed};
use crate::dice::Dice;
use crate::lanes::{Consumer, What};
use crate::network::{Down, Socket, Up};
use crate::oracle::Oracle;
use crate::plan::{Plan, Side};
use crate::sabotage::{Sabotage, Saboteur};
use crate::trace::Trace;

/// Wall clock at the start: 2026-11-01.
pub(crate) const EPOCH: u64 = 1_793_491_200_000;
/// After the trouble: time for the longest silence, backoff, pause and provider to pass.
const CALM: Duration = Duration::from_secs(240);
/// More timers at one moment than any state of affairs should need.
const MOST_TIMERS: u32 = 2_000;
/// More turns of the session's own clock in a second than any state of affairs should need.
const MOST_TURNS: u32 = 400;

/// Something that will happen.
pub(crate) enum Happening {
    /// Something arrives at the client.
    Down { link: LinkId, number: u64, what: Down },
    /// Something arrives at the gateway.
    Up { link: LinkId, number: u64, what: Up },
    /// What was sent counts as written.
    Flushed { link: LinkId, ticket: Ticket },
    /// An attempt to connect has taken too long.
    DialTimeout { link: LinkId },
    /// The gateway has had its time to answer a close frame.
    CloseDeadline { link: LinkId },
    /// A consumer looks.
    Consumer { at: usize },
    /// A provider answers.
    Answer { request: RequestId, answer: Result<(Secret, Option<Duration>), Error> },
    /// An HTTP request is answered.
    Http { id: HttpId },
    /// Something is published.
    Publish,
    /// The user does something.
    Act,
    /// Something goes wrong.
    Trouble,
    /// A node that drained is replaced.
    Replaced,
    /// The trouble is over.
    Calm,
    /// Everything should be well again.
    Probe,
    /// The last messages have had their time.
    Close,
}

/// Both machines and what is between and around them.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) dice: Dice,
    pub(crate) now: Now,
    pub(crate) session: Session,
    pub(crate) router: Router,
    pub(crate) attention: Arc<AtomicBool>,
    pub(crate) gateway: Machine,
    pub(crate) sockets: BTreeMap<LinkId, Socket>,
    pub(crate) consumers: Vec<Consumer>,
    pub(crate) oracle: Oracle,
    pub(crate) trace: Trace,
    pub(crate) coverage: Coverage,
    /// Somebody breaks promises on purpose.
    pub(crate) saboteur: Option<Saboteur>,
    pub(crate) calm: bool,
    pub(crate) next_request: u64,
    /// Which tokens the gateway takes: those from this number on.
    pub(crate) token: u64,
    /// Troubles that wait for the next attempt to connect.
    pub(crate) refuse: u32,
    pub(crate) hang: u32,
    /// Of which of the next messages it is the room that is left out.
    pub(crate) omitted: VecDeque<bool>,
    /// So many of the next messages come twice.
    pub(crate) doubled: u32,
    /// The first publication that must arrive.
    pub(crate) probes_from: u64,
    /// Links of which the last command is known, for pacing.
    pub(crate) last_command: BTreeMap<LinkId, (Duration, u32)>,
    /// What was asked to be ended, by nonce, and what a fault refused to end: a topic and perhaps a room, by the name it was given.
    pub(crate) ends_asked: BTreeMap<String, (String, Option<String>)>,
    pub(crate) ends_refused: BTreeSet<(String, Option<String>)>,
    /// The end is being told.
    pub(crate) closing: bool,
    queue: BTreeMap<(Duration, u64), Happening>,
    order: u64,
    turns: (u64, u32),
    done: bool,
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The promise that was broken, if one was.
    pub broken: Option<String>,
    /// What happened, if that was asked for.
    pub trace: Vec<String>,
    /// How much virtual time has passed.
    pub passed: Duration,
    /// How many messages were published.
    pub published: usize,
    /// What happened, in numbers.
    pub coverage: Coverage,
}

/// Plays what a seed stands for.
#[must_use]
pub fn run(seed: u64, trace: bool) -> Outcome {
    play(seed, trace, None)
}

/// The same with somebody who breaks promises on purpose.
#[must_use]
pub fn run_spoiled(seed: u64, sabotage: Sabotage) -> Outcome {
    play(seed, false, Some(Saboteur::new(sabotage)))
}

fn play(seed: u64, trace: bool, saboteur: Option<Saboteur>) -> Outcome {
    let mut dice = Dice::new(seed);
    let plan = Plan::new(&mut dice);
    let mut world = World::new(plan, dice, Trace::new(trace));
    world.saboteur = saboteur;
    world.coverage.note(if world.plan.side == Side::Astro { Deed::AstroRun } else { Deed::GraphQlRun });
    world.play();
    world.coverage.add(Deed::Duplicate, world.session.stats().duplicates);
    Outcome {
        broken: world.oracle.broken.take(),
        trace: std::mem::take(&mut world.trace).into_lines(),
        passed: world.now.mono,
        published: world.oracle.publications.len(),
        coverage: std::mem::take(&mut world.coverage),
    }
}

impl World {
    fn new(plan: Plan, mut dice: Dice, mut trace: Trace) -> Self {
        trace.note(Duration::ZERO, || format!("{plan:?}"));
        let attention = Arc::new(AtomicBool::new(false));
        let look = attention.clone();
        let router = Router::new(Arc::new(move || look.store(true, Ordering::Release)));
        let mut session = Session::new(&plan.options, dice.seed()).expect("a plan's options are good");
        session.set_interest(Box::new(router.interest()));
        let gateway = Machine::new(plan.gateway.clone(), dice.any());
        let oracle = Oracle { unconfirmed: plan.side == Side::GraphQl, ..Oracle::default() };
        let mut world = Self {
            plan,
            dice,
            now: Now { mono: Duration::ZERO, wall: UnixMillis(EPOCH) },
            session,
            router,
            attention,
            gateway,
            sockets: BTreeMap::new(),
            consumers: Vec::new(),
            oracle,
            trace,
            coverage: Coverage::default(),
            saboteur: None,
            calm: false,
            next_request: 1,
            token: 0,
            refuse: 0,
            hang: 0,
            omitted: VecDeque::new(),
            doubled: 0,
            probes_from: 0,
            last_command: BTreeMap::new(),
            ends_asked: BTreeMap::new(),
            ends_refused: BTreeSet::new(),
            closing: false,
            queue: BTreeMap::new(),
            order: 0,
            turns: (0, 0),
            done: false,
        };
        world.add_consumer(LaneOptions::service(), What::Service, (0, 5), 0);
        world.add_consumer(LaneOptions::reply(), What::Replies, (0, 20), 0);
        // Sees to it that every message is built, and read at once.
        world.add_consumer(LaneOptions::default(), What::Tap, (0, 0), 0);
        let overflow = if world.plan.blocks { Overflow::Block } else { Overflow::DropOldest };
        let events = if world.dice.percent(30) { Some(20) } else { None };
        let (delay, stalls) = (world.plan.consumer, world.plan.stalls);
        world.add_consumer(LaneOptions { overflow, events, ..LaneOptions::default() }, What::Main, delay, stalls);
        world
    }

    /// Opens a lane and sees to it that somebody reads it. Returns which consumer it is.
    pub(crate) fn add_consumer(&mut self, options: LaneOptions, what: What, delay: (u64, u64), stalls: u64) -> usize {
        let woken = Arc::new(AtomicBool::new(false));
        let wake = woken.clone();
        let poller = Poller::new(Arc::new(move || wake.store(true, Ordering::Release)));
        let lane = self.router.open(&poller, options).expect("the options of a lane are good");
        self.consumers.push(Consumer::new(lane, poller, woken, what, delay, stalls));
        self.consumers.len() - 1
    }

    /// Something will happen after a while.
    pub(crate) fn after(&mut self, wait: Duration, what: Happening) {
        self.at(self.now.mono + wait, what);
    }

    /// Something will happen.
    pub(crate) fn at(&mut self, at: Duration, what: Happening) {
        self.order += 1;
        self.queue.insert((at.max(self.now.mono), self.order), what);
    }

    pub(crate) fn is_spoiled_by(&self, what: Sabotage) -> bool {
        self.saboteur.as_ref().is_some_and(|saboteur| saboteur.does(what))
    }

    fn play(&mut self) {
        self.start();
        let mut stuck = (Duration::ZERO, 0);
        while self.oracle.broken.is_none() && !self.done {
            let queued = self.queue.first_key_value().map(|((at, _), _)| *at);
            let (session, gateway) = (self.session.poll_timeout(), self.gateway.poll_timeout());
            let Some(next) = [queued, session, gateway].into_iter().flatten().min() else { break };
            self.pass_to(next.max(self.now.mono));
            stuck = if stuck.0 == self.now.mono { (stuck.0, stuck.1 + 1) } else { (self.now.mono, 0) };
            if stuck.1 > MOST_TIMERS * 10 {
                self.oracle.blame(|| "time stands still".to_owned());
            }
            if session.is_some_and(|due| due <= self.now.mono) {
                self.turn_clock();
            } else if gateway.is_some_and(|due| due <= self.now.mono) {
                self.gateway.handle_timeout(self.now);
            } else if let Some((_, what)) = self.queue.pop_first() {
                self.happen(what);
            }
            self.settle();
        }
        if self.oracle.broken.is_none() {
            self.check_end();
        }
        let broken = self.oracle.broken.clone();
        self.trace.note(self.now.mono, || match broken {
            Some(broken) => format!("BROKEN {broken}"),
            None => "kept every promise".to_owned(),
        });
    }

    fn pass_to(&mut self, mono: Duration) {
        self.now.mono = mono;
        self.now.wall = UnixMillis(EPOCH + u64::try_from(mono.as_millis()).unwrap_or(0));
    }

    fn turn_clock(&mut self) {
        let second = self.now.mono.as_secs();
        let turns = if self.is_spoiled_by(Sabotage::TimerStorm) { MOST_TURNS + 1 } else { 1 };
        self.turns = if self.turns.0 == second { (second, self.turns.1 + turns) } else { (second, turns) };
        if self.turns.1 > MOST_TURNS {
            self.oracle.blame(|| format!("a timer storm: {MOST_TURNS} turns in second {second}"));
        }
        if !self.is_spoiled_by(Sabotage::DeafToTime) {
            self.session.handle_timeout(self.now);
        }
        if self.session.poll_timeout().is_some_and(|due| due <= self.now.mono) {
            self.oracle.blame(|| "a timer is due that was just handled".to_owned());
        }
    }

    fn start(&mut self) {
        let plan = &self.plan;
        let chaos = plan.chaos;
        self.set_tokens();
        let begin = self.plan.begin_with;
        let early = self.dice.percent(50);
        if early {
            self.connect();
        }
        for _ in 0..begin {
            self.subscribe();
        }
        if !early {
            self.connect();
        }
        self.settle();
        self.after(Duration::from_millis(50), Happening::Publish);
        let (low, high) = self.plan.act_every;
        let act = self.dice.ms(low, high);
        self.after(act, Happening::Act);
        let (low, high) = self.plan.trouble_every;
        let trouble = self.dice.ms(low, high);
        self.after(trouble, Happening::Trouble);
        self.at(chaos, Happening::Calm);
    }

    fn connect(&mut self) {
        if let Err(error) = self.session.connect(self.now) {
            self.oracle.blame(|| format!("a new session does not connect: {error}"));
        }
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Down { link, number, what } => self.arrive_down(link, number, what),
            Happening::Up { link, number, what } => self.arrive_up(link, number, what),
            Happening::Flushed { link, ticket } => self.flushed(link, ticket),
            Happening::DialTimeout { link } => self.dial_timeout(link),
            Happening::CloseDeadline { link } => self.close_deadline(link),
            Happening::Consumer { at } => self.consume(at),
            Happening::Answer { request, answer } => {
                self.trace
                    .note(self.now.mono, || format!("user: answers need {} ({})", request.0, if answer.is_ok() { "ok" } else { "error" }));
                self.session.answer_need(self.now, request, answer);
            }
            Happening::Http { id } => self.answer_http(id),
            Happening::Publish => self.publish_some(),
            Happening::Act => self.act(),
            Happening::Trouble => self.make_trouble(),
            Happening::Replaced => self.replace_node(),
            Happening::Calm => {
                self.calm_down();
                if let Some(saboteur) = &mut self.saboteur {
                    saboteur.calm = true;
                }
                if self.is_spoiled_by(Sabotage::CloseEarly) {
                    self.session.close(self.now, 1000, "");
                }
                self.after(CALM, Happening::Probe);
            }
            Happening::Probe => {
                self.check_converged();
                self.publish_probes();
                let wait = (self.oracle.slowest + self.oracle.longest_unread) * 4 + Duration::from_secs(10);
                self.after(wait, Happening::Close);
            }
            Happening::Close => {
                if self.closing {
                    self.done = true;
                } else {
                    self.check_probes();
                    self.say_goodbye();
                    self.after(Duration::from_secs(30), Happening::Close);
                }
            }
        }
    }

    fn check_end(&mut self) {
        self.oracle.check_losses();
        self.oracle.check_replies();
        if !self.oracle.closed {
            self.oracle.blame(|| "the session was closed and does not say so".to_owned());
        }
        if self.session.poll_timeout().is_some() {
            self.oracle.blame(|| "a closed session has timers".to_owned());
        }
        if self.session.outbound_bytes() != 0 {
            let bytes = self.session.outbound_bytes();
            self.oracle.blame(|| format!("a closed session has {bytes} bytes to write"));
        }
        for at in 0..self.consumers.len() {
            // However slow it was, it has all the time now.
            let mut events = Vec::new();
            while self.consumers[at].lane.poll(256, &mut events) {}
            if let Some(saboteur) = &mut self.saboteur {
                saboteur.spoil_lane(&mut events);
            }
            if let Err(wrong) = self.consumers[at].take(&events).and_then(|()| self.consumers[at].check()) {
                self.oracle.blame(|| wrong);
            }
        }
    }
}
