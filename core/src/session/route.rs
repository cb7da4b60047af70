//! What a user thinks of as "the connection": it lives through many sockets.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::Machine;
use super::backoff;
use super::handover::Resume;
use super::io::{DialFailure, DialPhase, LinkEnd, Output};
use super::ledger::{Job, Rank};
use super::link::{Link, Phase};
use super::pacing::Bucket;
use super::timers::Timer;
use crate::dialect::{Dialing, Routes, Verdict};
use crate::error::{Code, Error};
use crate::event::FaultKind;
use crate::id::{KeyId, LinkId, RequestId, RouteId};
use crate::secret::Secret;
use crate::time::{Now, UnixMillis};

/// At most this many old links drain at once; a further one closes the oldest.
const DRAINING: usize = 2;

#[derive(Debug, Default)]
pub(super) struct Route {
    pub(super) keys: BTreeSet<KeyId>,
    /// Requests that are not subscriptions and wait for, or travel on, this route.
    pub(super) requests: BTreeSet<RequestId>,
    pub(super) jobs: BTreeSet<(Rank, u64, Job)>,
    pub(super) attempts: u32,
    pub(super) active: Option<LinkId>,
    pub(super) candidate: Option<LinkId>,
    pub(super) draining: VecDeque<LinkId>,
    pub(super) resume: Option<Resume>,
    /// A dial should start as soon as nothing stands in its way.
    pub(super) dial_now: bool,
    /// The credential that the next dial waits for.
    pub(super) waiting_for: Option<String>,
    /// Credentials were refreshed this often in a row to get in.
    pub(super) refreshes: u32,
    pub(super) last_error: Option<Error>,
}

impl Route {
    pub(super) fn links(&self) -> impl Iterator<Item = LinkId> + '_ {
        self.draining.iter().copied().chain(self.active).chain(self.candidate)
    }

    pub(super) fn is_wanted(&self) -> bool {
        !self.keys.is_empty() || !self.requests.is_empty()
    }
}

impl Machine {
    pub(super) fn new_route(&mut self) -> RouteId {
        let id = RouteId(self.next_id());
        self.routes.insert(id, Box::default());
        id
    }

    /// The route for something new.
    pub(super) fn route_for_new(&mut self) -> RouteId {
        match (self.facts.routes, self.routes.keys().next()) {
            (Routes::Shared, Some(route)) => *route,
            _ => self.new_route(),
        }
    }

    /// Starts what a route lacks to be connected.
    pub(super) fn want_connected(&mut self, id: RouteId) {
        let running = self.is_running();
        let lazy = self.facts.lazy;
        let Some(route) = self.routes.get_mut(&id) else { return };
        self.timers.cancel(&Timer::Linger(id));
        let idle = route.active.is_none() && route.candidate.is_none() && !self.timers.is_set(&Timer::Dial(id));
        if running && idle && route.waiting_for.is_none() && (!lazy || route.is_wanted()) {
            route.dial_now = true;
            self.dirty = true;
        }
    }

    /// The next route that should dial.
    pub(super) fn next_dial(&mut self) -> Option<(RouteId, Option<Secret>)> {
        let (id, route) = self.routes.iter_mut().find(|(_, route)| route.dial_now)?;
        route.dial_now = false;
        Some((*id, route.resume.as_ref().map(|resume| resume.token.clone())))
    }

    /// What the dialect said to a dial.
    pub(super) fn dialed(&mut self, now: Now, id: RouteId, resume: bool, dialing: Dialing) {
        match dialing {
            Dialing::Go(dial) => {
                let link = LinkId(self.next_id());
                let bucket = Bucket::new(&self.facts.pacing, now.mono);
                let mut state = Link::new(id, bucket, now);
                if let Some(route) = self.routes.get_mut(&id) {
                    route.candidate = Some(link);
                    if resume && let Some(resume) = &mut route.resume {
                        resume.tries += 1;
                        state.resumed_from = Some((resume.since, resume.tries));
                        state.resume = Some((resume.id, resume.brings.clone()));
                    }
                }
                // From now on the server may deliver by both.
                if self.facts.dedup && self.routes.get(&id).is_some_and(|route| route.active.is_some()) {
                    self.dedup.overlap();
                    self.timers.cancel(&Timer::Dedup);
                }
                self.links.insert(link, Box::new(state));
                self.outputs.push_back(Output::Open { link, dial });
            }
            Dialing::Waiting { credential } => {
                if let Some(route) = self.routes.get_mut(&id) {
                    route.waiting_for = Some(credential);
                }
            }
            Dialing::Refused(error) => self.fatal(now, error),
        }
        self.dirty = true;
    }

    /// An attempt to connect failed.
    pub(super) fn dial_failed(&mut self, now: Now, link: LinkId, failure: &DialFailure, verdict: Verdict) {
        let Some(state) = self.links.get(&link) else { return };
        let (route, resumed) = (state.route, state.resume.is_some());
        // Once the request for an upgrade was on its way, the server may have seen it.
        let asked = failure.http.is_none() && matches!(failure.phase, DialPhase::Upgrade | DialPhase::Protocol | DialPhase::Timeout);
        let doubt = (resumed && asked).then_some(state.dialed.wall);
        self.refusal.clone_from(&failure.http);
        self.remove_link(now, link, None, true);
        self.judge(now, route, verdict, Loss { resumed, clean: false, doubt });
    }

    /// A link ended by itself.
    pub(super) fn link_ended(&mut self, now: Now, link: LinkId, end: &LinkEnd, verdict: Verdict) {
        let Some(state) = self.links.get(&link) else { return };
        let (route, was, resumed) = (state.route, state.phase, state.unproven_resume());
        let error = verdict.error().clone();
        // The server refused the credential, if it closed before it greeted, or for a policy (RFC 6455 §7.4.1) before it served anything.
        let refused = end.received.is_some() && (was == Phase::Greeting || (end.code() == 1008 && !state.served));
        let doubt = (resumed && !refused).then_some(state.dialed.wall);
        let loss = Loss { resumed, clean: end.clean(), doubt };
        self.keep_session(now, link, resumed && refused);
        let Some(role) = self.remove_link(now, link, Some(&error), end.received.is_some()) else { return };
        self.last_end = Some(end.clone());
        if was == Phase::Closing {
            // We asked for it: nothing to judge.
            self.after_planned_close(now, route);
            return;
        }
        match role {
            Role::Draining => {}
            Role::Active if self.has_successor(route) => {}
            Role::Active | Role::Candidate => self.judge(now, route, verdict, loss),
        }
    }

    /// What was to be done with a link that has ended meanwhile cannot be done any more.
    pub(super) fn take_back_outputs(&mut self, link: LinkId) {
        self.outputs.retain(|output| output.link() != Some(link));
    }

    /// Takes a link out of everything. What it carried goes back to where it came from.
    pub(super) fn remove_link(&mut self, now: Now, id: LinkId, error: Option<&Error>, whole: bool) -> Option<Role> {
        self.forget_unsent(id);
        self.timers.cancel_link(id);
        self.uncover(now, id, error, whole);
        self.recall(now, id);
        let link = self.links.remove(&id)?;
        self.dirty = true;
        let route = self.routes.get_mut(&link.route)?;
        if route.active == Some(id) {
            route.active = None;
            Some(Role::Active)
        } else if route.candidate == Some(id) {
            route.candidate = None;
            Some(Role::Candidate)
        } else {
            route.draining.retain(|other| *other != id);
            Some(Role::Draining)
        }
    }

    /// Decides how a route goes on after its link, or its attempt, came to nothing.
    pub(super) fn judge(&mut self, now: Now, id: RouteId, verdict: Verdict, loss: Loss) {
        if !self.is_running() {
            return;
        }
        if loss.resumed {
            self.call_back(id);
        }
        if let Some(since) = loss.doubt {
            match self.routes.get(&id).and_then(|route| route.active) {
                Some(active) => self.doubt(since, active, verdict.error()),
                None => self.doubt_in_retrospect(since, id, verdict.error()),
            }
        }
        let Some(route) = self.routes.get_mut(&id) else { return };
        let (wait, keep_resume, error) = match verdict {
            Verdict::Fatal(error) => return self.fatal(now, error),
            Verdict::Refresh { credential, error } => {
                route.last_error = Some(error.clone());
                route.refreshes += 1;
                let again = route.refreshes == 1;
                if !(again && self.reject_credential(now, &credential, rejected(&error))) {
                    return self.fatal(now, error);
                }
                if let Some(route) = self.routes.get_mut(&id) {
                    route.resume = None;
                    route.dial_now = true;
                }
                self.dirty = true;
                return;
            }
            Verdict::Retry(error) => (Duration::ZERO, false, error),
            Verdict::RetryAfter { wait, keep_resume, error } => (wait, keep_resume, error),
        };
        let recovering = self.may_recover(now, id);
        if !self.reconnect.enabled && !recovering {
            let cause = if loss.clean { None } else { Some(error) };
            return self.end(now, cause);
        }
        let Some(route) = self.routes.get_mut(&id) else { return };
        if !recovering && self.reconnect.max_attempts.is_some_and(|most| route.attempts >= most) {
            let text = format!("gave up after {} attempts in a row: {}", route.attempts, error.message);
            let error = Error { message: text.into(), ..error }.retryable(false);
            return self.fatal(now, error);
        }
        route.last_error = Some(error.clone());
        let untried = route.resume.as_ref().is_some_and(|resume| resume.tries == 0);
        let delay = if untried {
            Duration::ZERO
        } else if loss.resumed {
            let (most, span) = self.facts.resume_tries;
            let held = route.resume.as_ref().is_some_and(|resume| resume.tries < most && now.mono < resume.since + span);
            if recovering {
                wait.max(backoff::delay(&self.reconnect, 0, &mut self.rng))
            } else if keep_resume && held {
                wait.max(self.reconnect.initial / 2)
            } else {
                // The way back is closed: start afresh, at once.
                route.resume = None;
                route.attempts = 0;
                Duration::ZERO
            }
        } else {
            let delay = backoff::delay(&self.reconnect, route.attempts, &mut self.rng);
            route.attempts += 1;
            wait.max(delay)
        };
        if route.resume.is_none() {
            self.drop_ghosts(id);
            self.settle_uncertain();
        }
        if self.facts.lazy && !self.routes.get(&id).is_some_and(|route| route.is_wanted()) {
            return;
        }
        self.new_credential_round();
        if delay.is_zero() {
            if let Some(route) = self.routes.get_mut(&id) {
                route.dial_now = true;
            }
        } else {
            self.timers.set(Timer::Dial(id), now.after(delay));
        }
        self.fault(FaultKind::Connect, None, error);
        self.dirty = true;
    }

    /// The wait before an attempt is over.
    pub(super) fn dial_due(&mut self, id: RouteId) {
        if let Some(route) = self.routes.get_mut(&id)
            && route.candidate.is_none()
        {
            route.dial_now = true;
            self.dirty = true;
        }
    }

    /// Puts a link among the draining ones.
    pub(super) fn drain(&mut self, now: Now, link: LinkId) {
        let Some(state) = self.links.get_mut(&link) else { return };
        state.phase = Phase::Draining;
        state.superseded = true;
        let route = state.route;
        self.timers.cancel(&Timer::Greeting(link));
        self.timers.cancel(&Timer::Probation(link));
        self.timers.cancel(&Timer::Settle(link));
        self.timers.set(Timer::Drain(link), now.after(self.facts.drain));
        self.recall(now, link);
        let Some(route) = self.routes.get_mut(&route) else { return };
        route.draining.push_back(link);
        if route.draining.len() > DRAINING
            && let Some(oldest) = route.draining.front().copied()
        {
            self.part_with(now, oldest, 1000, "");
        }
    }

    /// Starts the close handshake of a link that is not needed any more.
    pub(super) fn part_with(&mut self, now: Now, link: LinkId, code: u16, reason: &str) {
        let Some(state) = self.links.get_mut(&link) else { return };
        match state.phase {
            Phase::Closing => return,
            Phase::Dialing => {
                self.remove_link(now, link, None, true);
                self.outputs.push_back(Output::Abort { link });
                self.dropped.push(link);
                return;
            }
            _ => {}
        }
        state.phase = Phase::Closing;
        let (route, superseded) = (state.route, state.superseded);
        self.timers.cancel_link(link);
        if !superseded {
            self.uncover(now, link, None, true);
        }
        self.recall(now, link);
        if let Some(route) = self.routes.get_mut(&route) {
            route.draining.retain(|other| *other != link);
            if route.active == Some(link) {
                route.active = None;
            }
            if route.candidate == Some(link) {
                route.candidate = None;
            }
        }
        let frame = crate::event::CloseFrame { code, reason: reason.to_owned() };
        self.outputs.push_back(Output::Close { link, frame, deadline: self.facts.close });
        self.dropped.push(link);
        self.dirty = true;
    }

    /// Cuts a link that is beyond hope and judges it as lost.
    pub(super) fn give_up(&mut self, now: Now, link: LinkId, error: Error) {
        let Some(state) = self.links.get(&link) else { return };
        let (route, was, resumed) = (state.route, state.phase, state.unproven_resume());
        let loss = Loss { resumed, clean: false, doubt: resumed.then_some(state.dialed.wall) };
        self.outputs.push_back(Output::Abort { link });
        self.dropped.push(link);
        self.keep_session(now, link, false);
        let role = self.remove_link(now, link, Some(&error), false);
        if was == Phase::Closing {
            return self.after_planned_close(now, route);
        }
        self.judge_role(now, route, role, loss, Verdict::Retry(error));
    }

    /// Closes a link with a word and judges it as lost at once: the peer's answer is not waited for.
    pub(super) fn close_link(&mut self, now: Now, link: LinkId, code: u16, reason: &str, verdict: Verdict) {
        let Some(state) = self.links.get(&link) else { return };
        if state.phase == Phase::Closing {
            return;
        }
        let (route, resumed) = (state.route, state.unproven_resume());
        let loss = Loss { resumed, clean: false, doubt: resumed.then_some(state.dialed.wall) };
        let role = self.routes.get(&route).map(|state| {
            if state.active == Some(link) {
                Role::Active
            } else if state.candidate == Some(link) {
                Role::Candidate
            } else {
                Role::Draining
            }
        });
        self.part_with(now, link, code, reason);
        self.judge_role(now, route, role, loss, verdict);
    }

    /// The next connection is on its way already.
    fn has_successor(&self, route: RouteId) -> bool {
        self.routes.get(&route).is_some_and(|state| state.candidate.is_some() || state.dial_now || state.waiting_for.is_some())
            || self.timers.is_set(&Timer::Dial(route))
    }

    fn judge_role(&mut self, now: Now, route: RouteId, role: Option<Role>, loss: Loss, verdict: Verdict) {
        match role {
            Some(Role::Active) if self.has_successor(route) => {}
            Some(Role::Active | Role::Candidate) => self.judge(now, route, verdict, loss),
            Some(Role::Draining) | None => {}
        }
    }

    /// A link that we closed ourselves is gone.
    fn after_planned_close(&mut self, now: Now, route: RouteId) {
        if self.is_running() {
            self.want_connected(route);
        } else {
            self.closing_progress(now);
        }
    }

    /// Puts a job in a route's queue.
    pub(super) fn enqueue(&mut self, route: RouteId, rank: Rank, job: Job) {
        let order = self.next_id();
        if let Some(route) = self.routes.get_mut(&route)
            && !route.jobs.iter().any(|(_, _, other)| *other == job)
        {
            route.jobs.insert((rank, order, job));
            self.dirty = true;
        }
    }

    /// Takes a job out of a route's queue; true if it was there.
    pub(super) fn dequeue(&mut self, route: RouteId, job: &Job) -> bool {
        let Some(route) = self.routes.get_mut(&route) else { return false };
        let before = route.jobs.len();
        route.jobs.retain(|(_, _, other)| other != job);
        route.jobs.len() != before
    }
}

/// What is known of the end of a link, or of an attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loss {
    /// It was dialled with a resume credential and never proved itself.
    pub(super) resumed: bool,
    /// Both sides said goodbye.
    pub(super) clean: bool,
    /// Since then the server may have taken it for the link that takes over, without our hearing of it.
    pub(super) doubt: Option<UnixMillis>,
}

/// What a link was to its route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Active,
    Candidate,
    Draining,
}

fn rejected(error: &Error) -> crate::event::NeedReason {
    crate::event::NeedReason::Rejected { code: error.gateway_code.clone().unwrap_or_else(|| Code::Unauthorized.as_str().to_owned()) }
}
