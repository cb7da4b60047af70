//! Trying suspects one at a time. Who they are, and why, is told in [`super::suspects`].

use super::alarms::Alarm;
use super::operations::{Operations, Owner};
use super::wire::Wire;
use super::{Conn, GraphQl};
use crate::dialect::{Class, Priority, lost};
use crate::error::{Code, Error};
use crate::event::Outcome;
use crate::id::LinkId;
use crate::session::Context;
use crate::session::io::LinkEnd;

/// Whether an operation may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// Nothing is held against it.
    Free,
    /// With a ping behind it.
    Trial,
    /// Others go first.
    Wait,
}

impl GraphQl {
    /// While anybody is suspected, whoever is not proven is tried, newcomers included: a second unproven operation beside the one on
    /// trial would make it impossible to tell which of them a close was for.
    pub(super) fn admit(&mut self, cx: &mut Context<'_>, link: LinkId, owner: Owner) -> Admission {
        let Some(conn) = self.links.get_mut(&link) else { return Admission::Free };
        if conn.wire == Wire::Legacy || self.suspects.is_empty() || self.suspects.is_proven(owner) {
            return Admission::Free;
        }
        match conn.trials.on_trial() {
            Some(other) if other == owner => return Admission::Trial,
            Some(_) => {}
            // Not before the proven ones are sent, which is now.
            None => cx.timer(Alarm::Trial(link).key(), Some(cx.now().mono)),
        }
        conn.trials.wait(owner);
        Admission::Wait
    }

    /// Sends a ping message, which only modern links know.
    pub(super) fn ping(&mut self, cx: &mut Context<'_>, link: LinkId) {
        if let Some(conn) = self.links.get_mut(&link) {
            let ping = conn.pings.next();
            Self::text(cx, link, ping, Priority::Control);
        }
    }

    /// A ping was answered.
    pub(super) fn answered(&mut self, cx: &mut Context<'_>, link: LinkId) {
        let Some(conn) = self.links.get_mut(&link) else { return };
        for owner in conn.operations.answered(conn.pings.answered(), conn.pings.sent()) {
            self.proved(cx, link, owner);
        }
        // A trial takes as many pings as it takes, but never two at once.
        let goes_on = |conn: &Conn| conn.pings.answered() == conn.pings.sent() && conn.trials.on_trial().is_some();
        if self.links.get(&link).is_some_and(goes_on) {
            self.ping(cx, link);
        }
    }

    /// The server has shown that it understood an operation's document.
    pub(super) fn proved(&mut self, cx: &mut Context<'_>, link: LinkId, owner: Owner) {
        if let Some(operation) = self.links.get_mut(&link).and_then(|conn| conn.operations.of(owner)) {
            operation.proven = true;
        }
        self.suspects.prove(owner);
        self.adjourn(cx, link, owner);
    }

    /// An operation is over, and with it whatever was held against it.
    pub(super) fn acquit(&mut self, cx: &mut Context<'_>, link: LinkId, owner: Owner) {
        self.suspects.forget(owner);
        self.adjourn(cx, link, owner);
    }

    fn adjourn(&mut self, cx: &mut Context<'_>, link: LinkId, owner: Owner) {
        let over = self.links.get_mut(&link).is_some_and(|conn| conn.trials.end(owner));
        if over {
            self.next_trial(cx, link);
        }
    }

    /// A trial may begin, or has had its time: a server that does not answer pings has not closed either.
    pub(super) fn trial_due(&mut self, cx: &mut Context<'_>, link: LinkId) {
        let Some(conn) = self.links.get_mut(&link) else { return };
        match conn.trials.on_trial() {
            None => self.next_trial(cx, link),
            Some(owner) if conn.operations.of(owner).is_some() => self.proved(cx, link, owner),
            // It waits for a credential, or was given up.
            Some(owner) => self.adjourn(cx, link, owner),
        }
    }

    fn next_trial(&mut self, cx: &mut Context<'_>, link: LinkId) {
        while let Some(conn) = self.links.get_mut(&link) {
            if conn.trials.on_trial().is_some() {
                return;
            }
            let Some(owner) = conn.trials.next() else { return cx.timer(Alarm::Trial(link).key(), None) };
            let wanted = match owner {
                Owner::Subscription(key) => cx.retry(key),
                Owner::Request(request) => cx.retry_request(request),
            };
            if !wanted {
                self.suspects.forget(owner);
            } else if !self.suspects.is_empty() && !self.suspects.is_proven(owner) {
                conn.trials.begin(owner);
                let patience = cx.now().after(self.options.pong_timeout);
                return cx.timer(Alarm::Trial(link).key(), Some(patience));
            }
        }
    }

    /// A document brought the socket down; which one?
    pub(super) fn accuse(&mut self, cx: &mut Context<'_>, link: LinkId, operations: &Operations, end: &LinkEnd) {
        let unproven: Vec<(Owner, Class)> = operations
            .values()
            .filter(|(_, operation)| !operation.proven)
            .map(|(_, operation)| (operation.owner, operation.class))
            .collect();
        if let [(Owner::Request(request), Class::Once)] = unproven.as_slice() {
            // It is not sent again, so this is all that will be known of it: let the server's own words be heard.
            let text = "the server closed the connection when it was sent this operation; whether it was carried out is unknown";
            return cx.reply(*request, Err(Error { code: Code::OutcomeUnknown, message: text.into(), ..lost(end) }.retryable(false)));
        }
        // What is never sent again cannot be tried.
        let again =
            |(owner, class): &(Owner, Class)| (*class == Class::Idempotent || matches!(owner, Owner::Subscription(_))).then_some(*owner);
        let owners: Vec<Owner> = unproven.iter().filter_map(again).collect();
        let Some(culprit) = self.suspects.accuse(&owners, unproven.len() == 1) else { return };
        let text = "the server closes the connection whenever it is sent this operation";
        let error = Error { code: Code::Refused, message: text.into(), ..lost(end) }.retryable(false);
        match culprit {
            Owner::Subscription(key) => cx.ended(link, key, Outcome::Failed(error.into())),
            Owner::Request(request) => cx.reply(request, Err(error)),
        }
        self.over(cx, link, culprit);
    }

    /// A link is gone. Subscriptions that waited there are asked for again by the session; requests are ours to bring back.
    pub(super) fn dismiss(&mut self, conn: Conn) {
        let requests = conn.trials.dismissed().filter_map(|owner| match owner {
            Owner::Request(request) => Some(request),
            Owner::Subscription(_) => None,
        });
        self.orphans.extend(requests);
    }

    pub(super) fn resume_orphans(&mut self, cx: &mut Context<'_>) {
        for request in std::mem::take(&mut self.orphans) {
            cx.retry_request(request);
        }
    }
}
