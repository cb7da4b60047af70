//! Credentials, and what the user is asked for.
//!
//! Each credential is asked for once at a time, however many subscriptions wait for it, and one answer serves one round of
//! reconnecting. A question outlives links; a late answer is used if it is still wanted.

use std::time::Duration;

use super::Machine;
use super::backoff;
use super::ledger::{Job, Rank, Request, RequestKind};
use super::timers::Timer;
use crate::error::{Code, Error};
use crate::event::{EventKind, Fault, FaultKind, Need, NeedReason, NeedWhat};
use crate::id::{KeyId, RequestId, RouteId};
use crate::options::Credential;
use crate::secret::Secret;
use crate::time::Now;

/// The machine's own requests have numbers that callers do not choose.
pub(super) const OWN_REQUESTS: u64 = 1 << 53;

#[derive(Debug)]
pub(super) struct Provided {
    source: Credential,
    value: Option<Secret>,
    /// The value is good until then, whatever happens to connections.
    valid_until: Option<Duration>,
    /// The value belongs to an earlier round.
    stale: bool,
    need: Option<RequestId>,
    reason: NeedReason,
    failures: u32,
    /// Not to be asked for before the timer.
    resting: bool,
}

impl Provided {
    pub(super) fn new(source: Credential) -> Self {
        Self { source, value: None, valid_until: None, stale: false, need: None, reason: NeedReason::Initial, failures: 0, resting: false }
    }
}

impl Machine {
    pub(super) fn credential(&mut self, now: Now, name: &str) -> Option<Secret> {
        let Some(provided) = self.credentials.get_mut(name) else { return Some(Secret::default()) };
        match &provided.source {
            Credential::None => return Some(Secret::default()),
            Credential::Static(secret) => return Some(secret.clone()),
            Credential::Provider => {}
        }
        let good = match provided.valid_until {
            Some(until) => now.mono < until,
            None => !provided.stale,
        };
        if good && let Some(value) = &provided.value {
            return Some(value.clone());
        }
        self.ask(now, name);
        None
    }

    fn ask(&mut self, now: Now, name: &str) {
        let request = RequestId(OWN_REQUESTS + self.next_id());
        let Some(provided) = self.credentials.get_mut(name) else { return };
        if provided.need.is_some() || provided.resting {
            return;
        }
        provided.need = Some(request);
        let deadline_ms = u64::try_from(self.facts.provider.as_millis()).unwrap_or(u64::MAX);
        let what = NeedWhat::Token { credential: name.to_owned() };
        let reason = provided.reason.clone();
        self.needs.insert(request, name.to_owned());
        self.timers.set(Timer::Need(request), now.after(self.facts.provider));
        self.emit(EventKind::Need(Box::new(Need { request, what, reason, deadline_ms })));
    }

    /// A new connection starts from nothing: what was provided for the last one is asked for again.
    pub(super) fn new_credential_round(&mut self) {
        for provided in self.credentials.values_mut() {
            if provided.value.is_some() && !provided.stale {
                provided.stale = true;
                if !matches!(provided.reason, NeedReason::Rejected { .. }) {
                    provided.reason = NeedReason::Reconnect;
                }
            }
        }
    }

    /// The gateway refused a value. False if there is no other.
    pub(super) fn reject_credential(&mut self, _now: Now, name: &str, reason: NeedReason) -> bool {
        let Some(provided) = self.credentials.get_mut(name) else { return false };
        if provided.source != Credential::Provider {
            return false;
        }
        provided.value = None;
        provided.valid_until = None;
        provided.stale = false;
        provided.reason = reason;
        true
    }

    /// The user's answer to a need. One that comes late is used if nothing else has come meanwhile.
    pub(super) fn need_answered(
        &mut self,
        now: Now,
        request: RequestId,
        answer: Result<(Secret, Option<Duration>), Error>,
    ) -> Option<String> {
        let name = self.needs.remove(&request)?;
        self.timers.cancel(&Timer::Need(request));
        let provided = self.credentials.get_mut(&name)?;
        let current = provided.need == Some(request);
        if current {
            provided.need = None;
        } else if provided.need.is_none() && provided.value.is_some() && !provided.stale {
            return None;
        }
        match answer {
            Ok((value, valid_for)) => {
                if let Some(other) = provided.need.take() {
                    self.needs.remove(&other);
                    self.timers.cancel(&Timer::Need(other));
                    self.emit(EventKind::NeedCancelled { request: other });
                }
                let provided = self.credentials.get_mut(&name)?;
                provided.value = Some(value);
                provided.valid_until = valid_for.map(|span| now.after(span));
                provided.stale = false;
                provided.failures = 0;
                provided.resting = false;
                provided.reason = NeedReason::Reconnect;
                self.timers.cancel(&Timer::Credential(name.clone()));
                self.wake_waiters(&name);
                Some(name)
            }
            Err(error) => {
                if current {
                    self.provider_failed(now, &name, request, error);
                }
                None
            }
        }
    }

    /// A provider took too long. Its answer may still be used when it comes.
    pub(super) fn need_expired(&mut self, now: Now, request: RequestId) {
        let Some(name) = self.needs.get(&request).cloned() else { return };
        if let Some(provided) = self.credentials.get_mut(&name)
            && provided.need == Some(request)
        {
            provided.need = None;
            let error = Error::new(Code::ProviderTimeout, format!("the provider of credential `{name}` did not answer in time"));
            self.emit(EventKind::NeedCancelled { request });
            self.provider_failed(now, &name, request, error);
        }
    }

    /// What waits goes on waiting, and the provider is asked again after a while; unless it said that it never will have an answer.
    fn provider_failed(&mut self, now: Now, name: &str, request: RequestId, error: Error) {
        let fault = Fault {
            kind: FaultKind::Provider,
            subscription: None,
            request: Some(request),
            error: std::sync::Arc::new(error.clone()),
            count: 1,
        };
        self.emit(EventKind::Fault(Box::new(fault)));
        if !error.retryable {
            let keys: Vec<KeyId> = self.waiting_keys(name);
            for key in keys {
                if let Some(key) = self.keys.get_mut(&key) {
                    key.waiting_for = None;
                }
                self.key_failed(now, key, error.clone());
            }
            for request in self.waiting_requests(name) {
                self.reply(request, Err(error.clone()));
            }
        }
        let Some(provided) = self.credentials.get_mut(name) else { return };
        provided.resting = true;
        let wait = backoff::delay(&self.reconnect, provided.failures, &mut self.rng);
        provided.failures = provided.failures.saturating_add(1);
        self.timers.set(Timer::Credential(name.to_owned()), now.after(wait));
        self.dirty = true;
    }

    /// A credential may be asked for again.
    pub(super) fn credential_due(&mut self, name: &str) {
        if let Some(provided) = self.credentials.get_mut(name) {
            provided.resting = false;
        }
        self.wake_waiters(name);
    }

    fn waiting_keys(&self, name: &str) -> Vec<KeyId> {
        self.keys.iter().filter(|(_, key)| key.waiting_for.as_deref() == Some(name)).map(|(id, _)| *id).collect()
    }

    fn waiting_requests(&self, name: &str) -> Vec<RequestId> {
        self.requests
            .iter()
            .filter(|(_, request)| matches!(&request.kind, RequestKind::Command { waiting_for: Some(other), .. } if other == name))
            .map(|(id, _)| *id)
            .collect()
    }

    /// What waits for a credential tries again.
    fn wake_waiters(&mut self, name: &str) {
        for id in self.waiting_keys(name) {
            if let Some(key) = self.keys.get_mut(&id) {
                key.waiting_for = None;
            }
            self.enqueue_subscribe(id);
        }
        for id in self.waiting_requests(name) {
            let Some(Request { route, kind: RequestKind::Command { waiting_for, .. } }) = self.requests.get_mut(&id) else { continue };
            *waiting_for = None;
            if let Some(route) = *route {
                self.enqueue(route, Rank::User, Job::Request(id));
            }
        }
        // Subscriptions that were refused have a new chance.
        let refused: Vec<KeyId> = self
            .keys
            .iter()
            .filter(|(_, key)| matches!(key.state, super::subscriptions::KeyState::Failed(Code::Unauthorized)))
            .map(|(id, _)| *id)
            .collect();
        for id in refused {
            self.enqueue_subscribe(id);
        }
        let routes: Vec<RouteId> =
            self.routes.iter().filter(|(_, route)| route.waiting_for.as_deref() == Some(name)).map(|(id, _)| *id).collect();
        for id in routes {
            if let Some(route) = self.routes.get_mut(&id) {
                route.waiting_for = None;
                route.dial_now = true;
            }
        }
        self.dirty = true;
    }

    /// Nobody needs an answer any more.
    pub(super) fn cancel_needs(&mut self) {
        let asked: Vec<RequestId> = self.credentials.values_mut().filter_map(|provided| provided.need.take()).collect();
        self.needs.clear();
        for request in asked {
            self.emit(EventKind::NeedCancelled { request });
        }
    }
}
