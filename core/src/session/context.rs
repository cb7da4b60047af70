//! What a dialect can do.

use std::time::Duration;

use bytes::Bytes;

use super::Machine;
use super::io::{Frame, HttpRequest};
use crate::dialect::{Answer, Priority, Verdict};
use crate::error::Error;
use crate::event::{FaultKind, Message, NeedReason, Outcome};
use crate::id::{HttpId, KeyId, LinkId, RequestId, Ticket};
use crate::secret::Secret;
use crate::time::Now;

/// The session as a dialect sees it: a set of acts, and a few things to look at.
pub struct Context<'a> {
    pub(super) machine: &'a mut Machine,
    pub(super) now: Now,
}

/// How a link came to be ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// The server knows nothing of us: everything wanted is asked for again.
    Fresh,
    /// The server carried our subscriptions over.
    Resumed,
}

impl Context<'_> {
    /// The time.
    #[must_use]
    pub fn now(&self) -> Now {
        self.now
    }

    /// Writes a frame. Control frames do not wait for pacing; nothing is held back for either kind once a dialect decides to send.
    pub fn send(&mut self, link: LinkId, frame: Frame, priority: Priority) -> Ticket {
        self.machine.send(link, frame, priority)
    }

    /// The gateway has greeted: commands may flow. `greeting` is what it said, raw JSON.
    pub fn ready(&mut self, link: LinkId, readiness: Readiness, greeting: Option<Bytes>) {
        self.machine.ready(self.now, link, readiness, greeting);
    }

    /// Whether the link was dialled with a resume credential.
    #[must_use]
    pub fn is_resume(&self, link: LinkId) -> bool {
        self.machine.is_resume(link)
    }

    /// The link is what it claims to be: what it carried over is believed from now on, without waiting for the end of probation.
    pub fn proven(&mut self, link: LinkId) {
        self.machine.prove(self.now, link);
    }

    /// If this link is lost, its session is to be taken up again with this credential; without one, it cannot be. ([`crate::dialect::Facts::resume_replays`])
    pub fn resumable(&mut self, link: LinkId, credential: Option<Secret>) {
        self.machine.resumable(link, credential);
    }

    /// The gateway refused a command for now. It is in flight no more and waits until [`Context::retry_request`]. False if it is not in flight.
    pub fn put_off(&mut self, link: LinkId, answer: &str) -> bool {
        self.machine.put_off(link, answer)
    }

    /// Nothing will answer this command: its reply says that the last frame sent on the link, which carries it, was written.
    pub fn answer_when_written(&mut self, link: LinkId, request: RequestId) {
        self.machine.answer_when_written(link, request);
    }

    /// The gateway will close this link soon. With a credential the next one resumes; without, it starts afresh. Either way the next is opened before this one is left.
    pub fn hand_over(&mut self, link: LinkId, resume: Option<Secret>) {
        self.machine.hand_over(self.now, link, resume);
    }

    /// An answer arrived. Returns whether anything waited for it.
    pub fn answer(&mut self, link: LinkId, key: &str, answer: Answer) -> bool {
        self.machine.answer(self.now, link, key, answer)
    }

    /// Whether a command that was given this answer key is still waited for.
    #[must_use]
    pub fn is_in_flight(&self, link: LinkId, key: &str) -> bool {
        self.machine.links.get(&link).is_some_and(|link| link.in_flight.contains_key(key))
    }

    /// Whether the link is on its way out: its commands have been sent again by its successor.
    #[must_use]
    pub fn is_superseded(&self, link: LinkId) -> bool {
        self.machine.links.get(&link).is_none_or(|link| link.phase >= super::link::Phase::Draining)
    }

    /// The only command in flight on the link, if exactly one is: whom an answer without a key must mean.
    #[must_use]
    pub fn sole_in_flight(&self, link: LinkId) -> Option<String> {
        self.machine.sole_in_flight(link)
    }

    /// The gateway asks for fewer commands. Pauses all of them, and takes the command in flight back if it is the only one.
    pub fn throttled(&mut self, link: LinkId, wait: Option<Duration>, error: Error) {
        self.machine.throttled(self.now, link, wait, error);
    }

    /// A message arrived for the subscription that the server knows by this identity.
    pub fn deliver(&mut self, link: LinkId, to: Recipient<'_>, message: Message) {
        self.machine.deliver(self.now, link, to, message);
    }

    /// The subscription is as live as it will ever be known to be, though no answer said so. (GraphQL)
    pub fn live_unconfirmed(&mut self, link: LinkId, key: KeyId) {
        self.machine.live(self.now, link, key, false);
    }

    /// The gateway ended a subscription.
    pub fn ended(&mut self, link: LinkId, key: KeyId, outcome: Outcome) {
        self.machine.ended(self.now, link, key, outcome);
    }

    /// A subscription that waited with `Dispatch::Later` can be tried again. Returns false if nobody wants it any more.
    pub fn retry(&mut self, key: KeyId) -> bool {
        self.machine.retry_key(self.now, key)
    }

    /// The same for a command.
    pub fn retry_request(&mut self, request: RequestId) -> bool {
        self.machine.retry_request(request)
    }

    /// Whether somebody still wants a subscription.
    #[must_use]
    pub fn wants(&self, key: KeyId) -> bool {
        self.machine.wants_key(key)
    }

    /// Whether somebody still waits for a command's answer.
    #[must_use]
    pub fn awaits(&self, request: RequestId) -> bool {
        self.machine.requests.contains_key(&request)
    }

    /// A credential's value. `None`: it was asked for, and what needs it must wait. A credential that does not exist is empty.
    pub fn credential(&mut self, name: &str) -> Option<Secret> {
        self.machine.credential(self.now, name)
    }

    /// A credential's value was refused: forget it and ask anew. Returns false if it cannot change (it is static).
    pub fn reject_credential(&mut self, name: &str, code: &str) -> bool {
        self.machine.reject_credential(self.now, name, NeedReason::Rejected { code: code.to_owned() })
    }

    /// Replaces the silence after which a link is given up.
    pub fn set_idle(&mut self, link: LinkId, idle: Option<Duration>) {
        self.machine.set_idle(self.now, link, idle);
    }

    /// Gives a link up as if it had broken: what is lost with it is what a break would lose.
    pub fn give_up(&mut self, link: LinkId, error: Error) {
        self.machine.give_up(self.now, link, error);
    }

    /// Closes a link with a close frame of the dialect's choice, and goes on as `verdict` says. [`crate::dialect::Dialect::link_ended`]
    /// is not asked.
    pub fn close_link(&mut self, link: LinkId, code: u16, reason: &str, verdict: Verdict) {
        self.machine.close_link(self.now, link, code, reason, verdict);
    }

    /// Ends the client.
    pub fn fatal(&mut self, error: Error) {
        self.machine.fatal(self.now, error);
    }

    /// Reports something that does not end anything.
    pub fn fault(&mut self, kind: FaultKind, error: Error) {
        self.machine.fault(kind, None, error);
    }

    /// Reports something about one subscription.
    pub fn fault_of(&mut self, key: KeyId, kind: FaultKind, error: Error) {
        self.machine.fault(kind, Some(key), error);
    }

    /// Reports a ping or a pong of the peer.
    pub fn control_event(&mut self, frame: Frame) {
        self.machine.control_event(frame);
    }

    /// Answers a request that was sent without an answer key.
    pub fn reply(&mut self, request: RequestId, result: Result<Option<Bytes>, Error>) {
        self.machine.reply(request, result);
    }

    /// Calls [`crate::dialect::Dialect::timer`] at `at` (monotonic); a later call with the same key replaces it, `None` cancels it.
    pub fn timer(&mut self, key: u64, at: Option<Duration>) {
        self.machine.dialect_timer(key, at);
    }

    /// Starts an HTTP request.
    pub fn http(&mut self, request: HttpRequest) -> HttpId {
        self.machine.http(request)
    }

    /// Forgets an HTTP request.
    pub fn cancel_http(&mut self, id: HttpId) {
        self.machine.cancel_http(id);
    }

    /// A fresh name for a command, unguessable as far as the session's seed is.
    pub fn nonce(&mut self) -> String {
        self.machine.nonce()
    }

    /// Keys that are live or on their way on a link, oldest first.
    #[must_use]
    pub fn keys_on(&self, link: LinkId) -> Vec<KeyId> {
        self.machine.keys_on(link)
    }
}

/// Whom a message is for.
#[derive(Debug, Clone, Copy)]
pub enum Recipient<'a> {
    /// A key the dialect knows.
    Key(KeyId),
    /// Whatever has this identity; if nothing has, the message is delivered without subscriptions.
    Identity(&'a [u8]),
    /// Everybody whose identity starts with this: the gateway did not say more. (Astro messages without a room)
    Prefix(&'a [u8]),
    /// Nobody in particular.
    Nobody,
}
