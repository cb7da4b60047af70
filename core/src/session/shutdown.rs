//! The end: asked for, or unavoidable.

use std::sync::Arc;

use super::io::Output;
use super::ledger::RequestKind;
use super::link::Phase;
use super::timers::Timer;
use super::{Life, Machine};
use crate::error::{Code, Error};
use crate::event::{Closed, EventKind};
use crate::id::{HttpId, LinkId, RequestId, Ticket};
use crate::time::Now;

impl Machine {
    pub(super) fn is_running(&self) -> bool {
        self.life == Life::Running
    }

    pub(super) fn is_closed(&self) -> bool {
        self.life == Life::Closed
    }

    /// It cannot go on.
    pub(super) fn fatal(&mut self, now: Now, error: Error) {
        self.end(now, Some(error));
    }

    /// The machine ends by itself. What is still open is closed, politely but without waiting for the user.
    pub(super) fn end(&mut self, now: Now, cause: Option<Error>) {
        if matches!(self.life, Life::Closing | Life::Closed) {
            return;
        }
        self.closed_cause = cause.map(Arc::new);
        self.wind_down(now, 1000, "");
    }

    /// Refuses, settles and says goodbye.
    pub(super) fn wind_down(&mut self, now: Now, code: u16, reason: &str) {
        if matches!(self.life, Life::Closing | Life::Closed) {
            return;
        }
        self.life = Life::Closing;
        self.settle_requests();
        self.cancel_needs();
        self.timers.clear();
        for id in std::mem::take(&mut self.http_open) {
            self.outputs.push_back(Output::CancelRequest { id });
        }
        let links: Vec<(LinkId, Phase)> = self.links.iter().map(|(id, link)| (*id, link.phase)).collect();
        for (id, phase) in links {
            match phase {
                Phase::Dialing => {
                    self.outputs.push_back(Output::Abort { link: id });
                    self.dropped.push(id);
                    self.links.remove(&id);
                }
                Phase::Closing => {}
                _ => {
                    if let Some(link) = self.links.get_mut(&id) {
                        link.phase = Phase::Closing;
                        if !link.reading {
                            link.read(now, true);
                            self.outputs.push_back(Output::Read { link: id, on: true });
                        }
                    }
                    let frame = crate::event::CloseFrame { code, reason: reason.to_owned() };
                    self.outputs.push_back(Output::Close { link: id, frame, deadline: self.facts.close });
                }
            }
        }
        // The deadline of the handshakes is the driver's; this is for a driver that forgets.
        self.timers.set(Timer::Shutdown, now.after(self.facts.close * 2));
        self.closing_progress(now);
        self.dirty = true;
    }

    /// Every request is answered: what was written may have been carried out, the rest was not.
    fn settle_requests(&mut self) {
        let mut written: Vec<RequestId> = Vec::new();
        for link in self.links.values() {
            for in_flight in link.in_flight.values().filter(|in_flight| in_flight.ticket <= link.flushed && link.flushed > Ticket(0)) {
                if let super::ledger::Job::Request(request) = in_flight.job {
                    written.push(request);
                }
            }
        }
        let all: Vec<RequestId> = self.requests.keys().copied().collect();
        for request in all {
            let unknown = written.contains(&request)
                || self.uncertain.contains(&request)
                || matches!(self.requests.get(&request).map(|request| &request.kind), Some(RequestKind::Unsubscribe(_)));
            let error = match (&self.closed_cause, unknown) {
                (_, true) => Error::new(Code::OutcomeUnknown, "the client was closed before the gateway answered"),
                (Some(cause), false) => cause.as_ref().clone(),
                (None, false) => Error::new(Code::Closed, "the client was closed"),
            };
            self.reply(request, Err(error));
        }
    }

    /// Cuts everything at once.
    pub(super) fn abort(&mut self, now: Now) {
        if self.life == Life::Closed {
            return;
        }
        if self.life != Life::Closing {
            self.life = Life::Closing;
            self.settle_requests();
            self.cancel_needs();
            for id in std::mem::take(&mut self.http_open) {
                self.outputs.push_back(Output::CancelRequest { id });
            }
        }
        self.cut_links();
        self.closing_progress(now);
    }

    fn cut_links(&mut self) {
        let links: Vec<LinkId> = self.links.keys().copied().collect();
        for link in links {
            self.forget_unsent(link);
            self.links.remove(&link);
            self.outputs.push_back(Output::Abort { link });
            self.dropped.push(link);
        }
    }

    /// The close handshakes have had their time.
    pub(super) fn shutdown_overdue(&mut self, now: Now) {
        if !self.links.is_empty() {
            let error = Some("the close handshake took too long and was cut short".to_owned());
            self.last_end = Some(super::io::LinkEnd { error, ..super::io::LinkEnd::default() });
        }
        self.cut_links();
        self.closing_progress(now);
    }

    /// When the last link is gone, it is over.
    pub(super) fn closing_progress(&mut self, _now: Now) {
        if self.life != Life::Closing || !self.links.is_empty() {
            return;
        }
        self.life = Life::Closed;
        self.timers.clear();
        self.routes.clear();
        self.keys.clear();
        self.identities.clear();
        self.subscriptions.clear();
        self.update_state();
        let end = self.last_end.take().unwrap_or_default();
        let clean = end.clean() || (end.received.is_none() && end.sent.is_none() && end.error.is_none() && self.closed_cause.is_none());
        let closed =
            Closed { received: end.received, sent: end.sent, received_first: end.received_first, clean, cause: self.closed_cause.clone() };
        self.emit(EventKind::Closed(Box::new(closed)));
    }

    pub(super) fn http_done(&mut self, id: HttpId) -> bool {
        self.http_open.remove(&id)
    }
}
