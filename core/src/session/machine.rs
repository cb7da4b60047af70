//! The session's state, and the small acts that everything else is made of.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::credentials::{OWN_REQUESTS, Provided};
use super::dedup::Dedup;
use super::identities::Identities;
use super::interest::{Everything, Listeners};
use super::io::{HttpRequest, HttpResponse, LinkEnd, Output};
use super::ledger::{Job, Rank, Request, RequestKind};
use super::link::Link;
use super::route::Route;
use super::subscriptions::Key;
use super::timers::{Timer, Timers};
use super::{Accepted, DEDUP_TAIL};
use crate::command::Command;
use crate::dialect::{Facts, Routes};
use crate::error::{Code, Error};
use crate::event::{Event, EventKind, Fault, FaultKind, State};
use crate::id::{HttpId, KeyId, LinkId, RequestId, RouteId, Seq, SubscriptionId, Ticket};
use crate::options::{Options, QueueOptions, ReconnectOptions};

/// Where a client is in its life. It is used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    New,
    Running,
    Closing,
    Closed,
}

/// Counters, for who wants to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Messages that arrived, filtered ones included.
    pub messages: u64,
    /// Messages that no lane wanted.
    pub filtered: u64,
    /// Messages that had come before and were dropped.
    pub duplicates: u64,
    /// Inputs for links that were gone.
    pub ignored: u64,
    /// Faults.
    pub faults: u64,
}

/// Everything but the dialect.
pub(crate) struct Machine {
    pub(super) facts: Facts,
    pub(super) reconnect: ReconnectOptions,
    pub(super) queue: QueueOptions,
    pub(super) rng: ChaCha8Rng,
    pub(super) life: Life,
    pub(super) state: State,
    // Boxed, since a map has room for eleven from its first on, and most clients have one.
    pub(super) routes: BTreeMap<RouteId, Box<Route>>,
    pub(super) links: BTreeMap<LinkId, Box<Link>>,
    pub(super) keys: BTreeMap<KeyId, Key>,
    pub(super) identities: Identities,
    pub(super) subscriptions: BTreeMap<SubscriptionId, KeyId>,
    pub(super) requests: BTreeMap<RequestId, Request>,
    /// Requests that were written in a session that is to be taken up again.
    pub(super) uncertain: BTreeSet<RequestId>,
    pub(super) credentials: BTreeMap<String, Provided>,
    pub(super) needs: BTreeMap<RequestId, String>,
    pub(super) http_open: BTreeSet<HttpId>,
    pub(super) timers: Timers,
    pub(super) dedup: Dedup,
    pub(super) interest: Listeners,
    pub(super) outputs: VecDeque<Output>,
    pub(super) events: VecDeque<Event>,
    /// Links that the dialect should forget.
    pub(super) dropped: Vec<LinkId>,
    /// Routes that may have lost their last use.
    pub(super) idle_routes: Vec<RouteId>,
    pub(super) paused_until: Option<Duration>,
    pub(super) throttles: u32,
    pub(super) pressure: bool,
    pub(super) unsent_bytes: u64,
    busy: bool,
    pub(super) connections: u64,
    pub(super) last_end: Option<LinkEnd>,
    /// The HTTP answer that the last attempt to connect got instead of an upgrade.
    pub(super) refusal: Option<HttpResponse>,
    pub(super) closed_cause: Option<Arc<Error>>,
    pub(super) stats: Stats,
    /// Something changed that may make something else possible.
    pub(super) dirty: bool,
    ids: u64,
    seq: u64,
}

impl Machine {
    pub(super) fn new(facts: Facts, options: &Options, seed: [u8; 32]) -> Self {
        let mut rng = ChaCha8Rng::from_seed(seed);
        let map_seed = rng.next_u64();
        let dedup = Dedup::new(rng.next_u64(), facts.drain + DEDUP_TAIL);
        let shared = facts.routes == Routes::Shared;
        let credentials = options.credentials().into_iter().map(|(name, source)| (name, Provided::new(source))).collect();
        let mut machine = Self {
            facts,
            reconnect: options.reconnect().clone(),
            queue: options.queue().clone(),
            rng,
            life: Life::New,
            state: State::Idle,
            routes: BTreeMap::new(),
            links: BTreeMap::new(),
            keys: BTreeMap::new(),
            identities: Identities::new(map_seed),
            subscriptions: BTreeMap::new(),
            requests: BTreeMap::new(),
            uncertain: BTreeSet::new(),
            credentials,
            needs: BTreeMap::new(),
            http_open: BTreeSet::new(),
            timers: Timers::default(),
            dedup,
            interest: Listeners::new(Box::new(Everything)),
            outputs: VecDeque::new(),
            events: VecDeque::new(),
            dropped: Vec::new(),
            idle_routes: Vec::new(),
            paused_until: None,
            throttles: 0,
            pressure: false,
            unsent_bytes: 0,
            busy: false,
            connections: 0,
            last_end: None,
            refusal: None,
            closed_cause: None,
            stats: Stats::default(),
            dirty: false,
            ids: 0,
            seq: 0,
        };
        if shared {
            machine.new_route();
        }
        machine
    }

    pub(super) fn start(&mut self) {
        self.life = Life::Running;
        let routes: Vec<RouteId> = self.routes.keys().copied().collect();
        for route in routes {
            self.want_connected(route);
        }
        self.dirty = true;
    }

    pub(super) fn next_id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    pub(super) fn emit(&mut self, kind: EventKind) {
        self.seq += 1;
        self.events.push_back(Event { seq: Seq(self.seq), kind });
    }

    /// Reports something that does not end the client.
    pub(super) fn fault(&mut self, kind: FaultKind, key: Option<KeyId>, error: Error) {
        self.stats.faults += 1;
        let subscription = key.and_then(|key| self.keys.get(&key)).and_then(|key| key.subscriptions().next());
        self.emit(EventKind::Fault(Box::new(Fault { kind, subscription, request: None, error: Arc::new(error), count: 1 })));
    }

    /// Whether a request may be taken.
    pub(super) fn admit(&self, request: RequestId) -> Result<(), Error> {
        if matches!(self.life, Life::Closing | Life::Closed) {
            return Err(super::closed());
        }
        if request.0 >= OWN_REQUESTS {
            return Err(Error::option("request", "a number below 2^53"));
        }
        if self.requests.contains_key(&request) || self.subscriptions.contains_key(&SubscriptionId::from(request)) {
            return Err(Error::option("request", "a number that was not used before"));
        }
        if self.requests.len() >= self.queue.max_requests as usize {
            let text = format!("{} requests wait for their answers already; wait for some", self.requests.len());
            return Err(Error::new(Code::Overflow, text));
        }
        Ok(())
    }

    /// Queues a command for the dialect.
    pub(super) fn queue_command(&mut self, request: RequestId, command: Command, payload: Bytes) {
        let route = self.route_for_new();
        self.requests.insert(request, Request { route: Some(route), kind: RequestKind::Command { command, payload, waiting_for: None } });
        if let Some(state) = self.routes.get_mut(&route) {
            state.requests.insert(request);
        }
        self.enqueue(route, Rank::User, Job::Request(request));
        self.want_connected(route);
    }

    pub(super) fn is_queued(&self, request: RequestId) -> bool {
        let flying = |job: Job| self.links.values().any(|link| link.in_flight.values().any(|sent| sent.job == job));
        match self.subscriptions.get(&SubscriptionId::from(request)) {
            Some(key) => !flying(Job::Subscribe(*key)) && self.keys.get(key).is_none_or(|key| key.covers.is_empty()),
            None => !flying(Job::Request(request)),
        }
    }

    /// The link that a payload goes out by.
    pub(super) fn link_to_send_by(&self, size: usize) -> Result<LinkId, Error> {
        if matches!(self.life, Life::Closing | Life::Closed) {
            return Err(super::closed());
        }
        if self.unsent_bytes + size as u64 > self.queue.send_cap && self.unsent_bytes > 0 {
            return Err(Error::new(Code::Overflow, format!("{} bytes wait to be written already", self.unsent_bytes)));
        }
        self.routes
            .values()
            .filter_map(|route| route.active)
            .find(|link| self.links.get(link).is_some_and(|link| link.takes_commands()))
            .ok_or_else(|| Error::new(Code::ConnectionFailed, "not connected: wait for the state `active`"))
    }

    pub(super) fn reply_when_written(&mut self, link: LinkId, request: RequestId) {
        self.requests.insert(request, Request { route: None, kind: RequestKind::Write });
        if let Some(state) = self.links.get_mut(&link) {
            let ticket: Ticket = state.last_ticket();
            state.on_flush.push_back((ticket, request));
        }
    }

    pub(super) fn accepted(&mut self) -> Accepted {
        if self.unsent_bytes > self.queue.send_high {
            self.busy = true;
            Accepted::Busy
        } else {
            Accepted::Queued
        }
    }

    /// Tells once that there is room again.
    pub(super) fn tell_writable(&mut self) {
        if self.busy && self.unsent_bytes <= self.queue.send_high / 4 {
            self.busy = false;
            self.emit(EventKind::Writable);
        }
    }

    pub(super) fn dialect_timer(&mut self, key: u64, at: Option<Duration>) {
        match at {
            Some(at) => self.timers.set(Timer::Dialect(key), at),
            None => self.timers.cancel(&Timer::Dialect(key)),
        }
    }

    pub(super) fn http(&mut self, request: HttpRequest) -> HttpId {
        let id = HttpId(self.next_id());
        self.http_open.insert(id);
        self.outputs.push_back(Output::Request { id, request: Box::new(request) });
        id
    }

    pub(super) fn cancel_http(&mut self, id: HttpId) {
        if self.http_open.remove(&id) {
            self.outputs.push_back(Output::CancelRequest { id });
        }
    }

    pub(super) fn nonce(&mut self) -> String {
        let mut bytes = [0; 16];
        self.rng.fill_bytes(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}
