//! From what happened to the exit status.

use std::collections::BTreeSet;
use std::sync::Arc;

use topicwire::error::{Code, Error};
use topicwire::event::{Event, EventKind, Outcome, State};
use topicwire::id::SubscriptionId;

use crate::failure::{Failure, Status};

/// Watches a client, to know how it ended.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Subscriptions that may still bring something.
    alive: BTreeSet<SubscriptionId>,
    /// Subscriptions that were asked for.
    wanted: usize,
    /// Why the last subscription that failed did.
    failed: Option<Arc<Error>>,
    /// The client was connected at least once.
    connected: bool,
    /// The time that was given is over.
    time_is_up: bool,
    /// The end was asked for.
    leaving: bool,
    /// The last that was heard of why there is no connection.
    trouble: Option<Arc<Error>>,
    /// Why the client ended by itself.
    cause: Option<Arc<Error>>,
}

impl Watch {
    pub(super) fn new(wanted: Vec<SubscriptionId>) -> Self {
        Self { wanted: wanted.len(), alive: wanted.into_iter().collect(), ..Self::default() }
    }

    /// The end was asked for, and is no failure.
    pub(super) fn leave(&mut self) {
        self.leaving = true;
    }

    /// The time that was given is over. That is no failure either, if there ever was a connection.
    pub(super) fn time_is_up(&mut self) {
        self.time_is_up = true;
        self.leaving = true;
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.leaving
    }

    /// Looks at an event. Returns whether there is a point in going on.
    pub(super) fn see(&mut self, event: &Event) -> bool {
        match &event.kind {
            EventKind::State { to, cause, .. } => {
                self.connected |= *to == State::Active;
                if let Some(cause) = cause {
                    self.trouble = Some(Arc::clone(cause));
                }
            }
            EventKind::Fault(fault) => self.trouble = Some(Arc::clone(&fault.error)),
            EventKind::Reply { request, result: Err(error) } if !self.leaving => {
                return self.lose((*request).into(), Some(error));
            }
            EventKind::Ended { subscription, outcome } if !self.leaving => {
                let error = match outcome {
                    Outcome::Failed(error) | Outcome::Lost(error) => Some(error),
                    _ => None,
                };
                return self.lose(*subscription, error);
            }
            EventKind::Closed(closed) => self.cause.clone_from(&closed.cause),
            _ => {}
        }
        true
    }

    /// A subscription will bring nothing more. When it was the last, there is nothing left to listen to.
    fn lose(&mut self, subscription: SubscriptionId, error: Option<&Arc<Error>>) -> bool {
        if !self.alive.remove(&subscription) {
            return true;
        }
        if let Some(error) = error {
            self.failed = Some(Arc::clone(error));
        }
        self.wanted == 0 || !self.alive.is_empty()
    }

    /// How it ended.
    pub(super) fn verdict(&self) -> Result<Status, Failure> {
        let nothing_left = self.wanted > 0 && self.alive.is_empty();
        let error = match (&self.cause, &self.failed) {
            (Some(cause), _) if !self.leaving => Some(cause),
            (_, Some(failed)) if nothing_left => Some(failed),
            _ => None,
        };
        if let Some(error) = error {
            let status = if error.code == Code::Unauthorized { Status::Refused } else { Status::Lost };
            return Err(Failure::new(status, error.to_string()));
        }
        if self.time_is_up && !self.connected {
            let trouble = self.trouble.as_ref().map_or_else(String::new, |error| format!(": {error}"));
            return Err(Failure::new(Status::Lost, format!("there was no connection in the time given{trouble}")));
        }
        Ok(Status::Done)
    }
}
