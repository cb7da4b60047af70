//! What was asked and not yet answered.
//!
//! A request is queued, handed to a link, written, answered. What was never written is sent again without a word; what may have been
//! carried out is sent again only if that does no harm, and is `outcome_unknown` otherwise.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::Machine;
use super::link::Phase;
use super::timers::Timer;
use crate::command::Command;
use crate::dialect::{Answer, Class, Dispatch};
use crate::error::{Code, Error};
use crate::event::{EventKind, FaultKind, Reply};
use crate::id::{KeyId, LinkId, RequestId, RouteId, SubscriptionId, Ticket};
use crate::time::Now;

/// Something to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Job {
    Unsubscribe(KeyId),
    Request(RequestId),
    Subscribe(KeyId),
}

/// What goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// It may free what the next needs.
    Unsubscribe,
    /// Somebody waits.
    User,
    /// After a loss.
    Resubscribe,
}

/// A command that a link has been given and that has not been answered.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) job: Job,
    pub(super) class: Class,
    pub(super) ticket: Ticket,
    /// Counted from when it was written.
    pub(super) deadline: Option<Duration>,
}

/// A request whose reply is owed.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) route: Option<RouteId>,
    pub(super) kind: RequestKind,
}

#[derive(Debug)]
pub(super) enum RequestKind {
    /// Answered when the subscription is live.
    Subscribe(SubscriptionId),
    /// Answered when the server has let go.
    Unsubscribe(SubscriptionId),
    /// Given to the dialect.
    Command { command: Command, payload: Bytes, waiting_for: Option<String> },
    /// Answered when written.
    Write,
}

impl Machine {
    /// What the dialect did with a job.
    pub(super) fn dispatched(&mut self, now: Now, link: LinkId, job: Job, dispatch: Dispatch, ambiguous: bool) {
        match dispatch {
            Dispatch::Sent { answer, class } => {
                self.spend(now, link);
                if let Some(state) = self.links.get_mut(&link) {
                    let ticket = state.last_ticket();
                    state.in_flight.insert(answer, InFlight { job, class, ticket, deadline: None });
                }
                if let Job::Subscribe(key) = job {
                    self.mark_sent(key, link);
                } else {
                    self.mark_ending(now, link, job, ambiguous);
                }
            }
            Dispatch::Done => {
                self.spend(now, link);
                if let Job::Unsubscribe(key) = job {
                    self.finish(key);
                }
            }
            Dispatch::Waiting { credential } => match job {
                Job::Subscribe(key) | Job::Unsubscribe(key) => self.key_waits(key, credential),
                Job::Request(request) => {
                    if let Some(Request { kind: RequestKind::Command { waiting_for, .. }, .. }) = self.requests.get_mut(&request) {
                        *waiting_for = Some(credential);
                    }
                }
            },
            Dispatch::Later => {}
            Dispatch::Refused(error) => self.job_failed(now, job, error),
        }
        self.dirty = true;
    }

    fn job_failed(&mut self, now: Now, job: Job, error: Error) {
        match job {
            Job::Subscribe(key) => self.key_failed(now, key, error),
            // The server does not let go: it has, as far as anybody can tell.
            Job::Unsubscribe(key) => self.finish(key),
            Job::Request(request) => self.reply(request, Err(error)),
        }
    }

    pub(super) fn sole_in_flight(&self, link: LinkId) -> Option<String> {
        let mut keys = self.links.get(&link)?.in_flight.keys();
        match (keys.next(), keys.next()) {
            (Some(key), None) => Some(key.clone()),
            _ => None,
        }
    }

    pub(super) fn answer(&mut self, now: Now, link: LinkId, key: &str, answer: Answer) -> bool {
        let Some(state) = self.links.get_mut(&link) else { return false };
        let Some(in_flight) = state.in_flight.remove(key) else {
            // Commands of a superseded link have been sent again on its successor.
            return state.phase >= Phase::Draining;
        };
        state.served = true;
        self.dirty = true;
        self.start_answer_clocks(now, link);
        if matches!(answer, Answer::Done { .. }) {
            self.throttles = 0;
            if self.facts.answer_proves {
                self.settled(link);
            }
        }
        match (in_flight.job, answer) {
            (Job::Subscribe(key), answer) => self.subscribe_answered(now, link, key, answer),
            (Job::Unsubscribe(key), Answer::Retry(_)) => {
                if let Some(route) = self.keys.get(&key).map(|key| key.route) {
                    self.enqueue(route, Rank::Unsubscribe, Job::Unsubscribe(key));
                }
            }
            (Job::Unsubscribe(key), answer) => {
                if let Answer::Done { canonical: Some(name), .. } = answer {
                    self.named_at_its_end(key, &name);
                }
                self.finish(key);
            }
            (Job::Request(request), Answer::Done { result, .. }) => {
                self.reply(request, Ok(result));
            }
            // Only a subscription is answered so.
            (Job::Request(request), Answer::Again) => self.reply(request, Ok(None)),
            (Job::Request(request), Answer::Retry(error) | Answer::Unauthorized { error, .. } | Answer::Failed(error)) => {
                self.reply(request, Err(error));
            }
        }
        true
    }

    /// Answers a request. Each is answered once; a second answer finds nothing.
    pub(super) fn reply(&mut self, request: RequestId, result: Result<Option<Bytes>, Error>) {
        let Some(owed) = self.requests.remove(&request) else { return };
        let subscription = match owed.kind {
            RequestKind::Subscribe(subscription) | RequestKind::Unsubscribe(subscription) => Some(subscription),
            RequestKind::Command { .. } | RequestKind::Write => None,
        };
        let done = result.is_ok();
        let confirmed = done && !matches!(owed.kind, RequestKind::Write);
        self.answered(request, owed.route, result.map(|result| Reply { subscription, result, confirmed }));
        if let RequestKind::Command { command: Command::UnsubscribeAll { topic }, .. } = &owed.kind {
            self.topic_settled(topic, done);
        }
    }

    /// The same for a reply that says more.
    pub(super) fn reply_with(&mut self, request: RequestId, reply: Reply) {
        let Some(owed) = self.requests.remove(&request) else { return };
        self.answered(request, owed.route, Ok(reply));
    }

    pub(super) fn answered(&mut self, request: RequestId, route: Option<RouteId>, result: Result<Reply, Error>) {
        self.uncertain.remove(&request);
        self.timers.cancel(&Timer::Request(request));
        self.emit(EventKind::Reply { request, result: result.map_err(Arc::new) });
        if let Some(id) = route
            && let Some(route) = self.routes.get_mut(&id)
            && route.requests.remove(&request)
        {
            self.dequeue(id, &Job::Request(request));
            self.idle_routes.push(id);
        }
        self.dirty = true;
    }

    /// Everything in flight on a link goes back to where it came from.
    pub(super) fn recall(&mut self, now: Now, link: LinkId) {
        let Some(state) = self.links.get_mut(&link) else { return };
        let flushed = state.flushed;
        let in_flight = std::mem::take(&mut state.in_flight);
        let unwritten: Vec<RequestId> = state.on_flush.drain(..).map(|(_, request)| request).collect();
        self.timers.cancel(&Timer::Answer(link));
        for (_, lost) in in_flight {
            match (lost.job, lost.class) {
                (Job::Request(request), Class::Once) if lost.ticket <= flushed => {
                    let text =
                        "the connection was lost after the command was written and before it was answered: it may have been carried out";
                    self.reply(request, Err(Error::new(Code::OutcomeUnknown, text)));
                }
                (job, class) => {
                    if let (Job::Request(request), Class::SameId) = (job, class)
                        && lost.ticket <= flushed
                    {
                        self.uncertain.insert(request);
                    }
                    self.requeue(job);
                }
            }
        }
        for request in unwritten {
            let text = "the connection was lost before the message was written completely";
            self.reply(request, Err(Error::new(Code::ConnectionLost, text)));
        }
        let _ = now;
    }

    /// Puts a job back in its queue.
    pub(super) fn requeue(&mut self, job: Job) {
        match job {
            Job::Subscribe(key) => self.enqueue_subscribe(key),
            Job::Unsubscribe(key) => {
                if let Some(route) = self.keys.get(&key).map(|key| key.route) {
                    self.enqueue(route, Rank::Unsubscribe, job);
                }
            }
            Job::Request(request) if self.leave_one_by_one(request) => {}
            Job::Request(request) => {
                if let Some(route) = self.requests.get(&request).and_then(|request| request.route) {
                    self.enqueue(route, Rank::User, job);
                }
            }
        }
    }

    /// Commands that were just written start to be waited for.
    pub(super) fn start_answer_clocks(&mut self, now: Now, link: LinkId) {
        let Some(limit) = self.facts.answer else { return };
        let Some(state) = self.links.get_mut(&link) else { return };
        let flushed = state.flushed;
        for in_flight in state.in_flight.values_mut().filter(|in_flight| in_flight.ticket <= flushed) {
            in_flight.deadline.get_or_insert(now.after(limit));
        }
        match state.in_flight.values().filter_map(|in_flight| in_flight.deadline).min() {
            Some(first) => self.timers.set(Timer::Answer(link), first),
            None => self.timers.cancel(&Timer::Answer(link)),
        }
    }

    /// Answers are overdue: ask again under new names, so that a late answer is not taken for the new one's.
    pub(super) fn answers_overdue(&mut self, now: Now, link: LinkId) {
        let Some(state) = self.links.get_mut(&link) else { return };
        let overdue: Vec<String> = state
            .in_flight
            .iter()
            .filter(|(_, in_flight)| in_flight.deadline.is_some_and(|deadline| deadline <= now.mono))
            .map(|(key, _)| key.clone())
            .collect();
        for key in overdue {
            let Some(lost) = self.links.get_mut(&link).and_then(|link| link.in_flight.remove(&key)) else { continue };
            if let Job::Subscribe(id) = lost.job {
                self.mark_perhaps(id, link);
            }
            let error = Error::new(Code::Timeout, "a command was not answered in time; it is sent again");
            self.fault(FaultKind::Gateway, None, error);
            match (lost.job, lost.class) {
                (Job::Request(request), Class::Once) => {
                    self.reply(
                        request,
                        Err(Error::new(Code::OutcomeUnknown, "no answer came in time: the command may have been carried out")),
                    );
                }
                (job, _) => self.requeue(job),
            }
        }
        self.start_answer_clocks(now, link);
        self.dirty = true;
    }

    /// A command that the dialect put off can be tried again; false if nobody waits for it any more.
    pub(super) fn retry_request(&mut self, request: RequestId) -> bool {
        if self.flight_of(request).is_none() {
            self.requeue(Job::Request(request));
        }
        self.requests.contains_key(&request)
    }

    /// A command was refused for now. It waits, and is in flight no more, until the dialect retries it.
    pub(super) fn put_off(&mut self, link: LinkId, key: &str) -> bool {
        self.links.get_mut(&link).is_some_and(|link| link.in_flight.remove(key).is_some())
    }

    /// Nothing answers this command: it is answered by being written.
    pub(super) fn answer_when_written(&mut self, link: LinkId, request: RequestId) {
        let (Some(state), Some(owed)) = (self.links.get_mut(&link), self.requests.get_mut(&request)) else { return };
        owed.kind = RequestKind::Write;
        state.on_flush.push_back((state.last_ticket(), request));
    }

    /// Where a command was sent, and under which key its answer is awaited.
    pub(super) fn flight_of(&self, request: RequestId) -> Option<(LinkId, String)> {
        let job = Job::Request(request);
        self.links.iter().find_map(|(link, state)| {
            let (key, _) = state.in_flight.iter().find(|(_, in_flight)| in_flight.job == job)?;
            Some((*link, key.clone()))
        })
    }

    /// A request that was just accepted waits for its answer from now on, wherever it may be held up.
    pub(super) fn limit_wait(&mut self, now: Now, request: RequestId) {
        if let Some(limit) = self.queue.request_timeout
            && self.requests.contains_key(&request)
        {
            self.timers.set(Timer::Request(request), now.after(limit));
        }
    }

    /// What is said of a request that has waited long enough.
    pub(super) fn overdue(&self, request: RequestId) -> Error {
        let written = self.flight_of(request).is_some_and(|(link, answer)| {
            self.links.get(&link).is_some_and(|link| link.in_flight.get(&answer).is_some_and(|sent| sent.ticket <= link.flushed))
        });
        let limit = self.queue.request_timeout.unwrap_or_default().as_millis();
        if written || self.uncertain.contains(&request) {
            let text = format!("no answer came within {limit} ms (`queue.request_timeout_ms`): the command may have been carried out");
            return Error::new(Code::OutcomeUnknown, text);
        }
        let why = self.last_error().map_or_else(String::new, |error| format!("; the connection: {error}"));
        Error::new(
            Code::Timeout,
            format!("no answer came within {limit} ms (`queue.request_timeout_ms`) and the command was taken back{why}"),
        )
    }

    /// Takes a request back, and says why.
    pub(super) fn cancel_request(&mut self, request: RequestId, error: Error) -> Option<SubscriptionId> {
        let owed = self.requests.get(&request)?;
        let undo = match owed.kind {
            RequestKind::Subscribe(subscription) => Some(subscription),
            _ => None,
        };
        if let Some(route) = owed.route {
            self.dequeue(route, &Job::Request(request));
        }
        for link in self.links.values_mut() {
            link.in_flight.retain(|_, in_flight| in_flight.job != Job::Request(request));
            link.on_flush.retain(|(_, other)| *other != request);
        }
        self.reply(request, Err(error));
        undo
    }
}
