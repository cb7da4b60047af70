//! The wanted set: what users want, what the server takes it for, and what is done about the difference.
//!
//! The set belongs to the user. Several subscriptions may be one on the server (an alias of a room and its canonical name); such a
//! [`Key`] is ended when the last of them is. A subscription that could not be renewed stays wanted.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::Machine;
use super::backoff;
use super::coverage::{Cover, GapStart};
use super::ledger::{Job, Rank, Request, RequestKind};
use super::timers::Timer;
use crate::command::Target;
use crate::dialect::{Answer, Identity};
use crate::error::{Code, Error};
use crate::event::{EventKind, FaultKind, NeedReason, Reply, Subscriptions};
use crate::id::{KeyId, LinkId, RequestId, RouteId, SubscriptionId};
use crate::time::{Now, UnixMillis};

/// A refusal is waited out this much longer than a failure.
const REFUSED_WAITS: u32 = 4;

/// What the server knows as one subscription.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) route: RouteId,
    pub(super) target: Arc<Target>,
    /// The names under which the server may speak of it.
    pub(super) identities: Vec<String>,
    pub(super) members: Vec<Member>,
    /// The same as messages carry it.
    pub(super) recipients: Subscriptions,
    pub(super) state: KeyState,
    pub(super) covers: Vec<Cover>,
    /// Links that delivered it and live, but are not relied on any more.
    pub(super) distrusted: Vec<LinkId>,
    /// Links by which it was asked for without ever hearing an answer: the server may have it there.
    pub(super) perhaps: Vec<LinkId>,
    /// A command that ends it was sent, and the server has not said what came of it.
    pub(super) ending: bool,
    /// By this link, and since then, another name of the same room may have been ended on its account.
    pub(super) displaces: Option<(LinkId, UnixMillis)>,
    pub(super) gap: Option<GapStart>,
    pub(super) provisional: Option<GapStart>,
    /// It was live at least once.
    pub(super) was_live: bool,
    /// The users who left, and the requests that want to know when it is done.
    pub(super) leavers: Vec<(SubscriptionId, Option<RequestId>)>,
    pub(super) waiting_for: Option<String>,
    pub(super) tries: u32,
    /// A fresh credential was asked for on its account already.
    pub(super) refreshed: bool,
}

/// One user's share of a key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) subscription: SubscriptionId,
    /// It has been told that it is live.
    pub(super) told: bool,
}

/// What is being done about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum KeyState {
    /// To be asked for.
    Wanted,
    /// Asked for by this link.
    Sent(LinkId),
    /// Live.
    Live,
    /// To be asked for again after a while.
    Retrying,
    /// Refused; it stays wanted, and is tried again with the next connection or credential.
    Failed(Code),
}

impl Key {
    pub(super) fn is_covered_by(&self, link: LinkId) -> bool {
        self.covers.iter().any(|cover| cover.link == link)
    }

    /// Nobody wants it any more.
    pub(super) fn is_leaving(&self) -> bool {
        self.members.is_empty()
    }

    /// The server has it, or may have it soon.
    pub(super) fn is_asked_for(&self) -> bool {
        matches!(self.state, KeyState::Sent(_)) || !self.covers.is_empty() || !self.perhaps.is_empty()
    }

    /// The same of one link.
    pub(super) fn is_asked_for_by(&self, link: LinkId) -> bool {
        self.state == KeyState::Sent(link) || self.is_covered_by(link) || self.perhaps.contains(&link)
    }

    pub(super) fn subscriptions(&self) -> impl Iterator<Item = SubscriptionId> + '_ {
        self.members.iter().map(|member| member.subscription)
    }

    pub(super) fn members_changed(&mut self) {
        self.recipients = match self.members.as_slice() {
            [] => Subscriptions::None,
            [one] => Subscriptions::One(one.subscription),
            many => Subscriptions::Many(Arc::new(many.iter().map(|member| member.subscription).collect())),
        };
    }
}

impl Machine {
    /// A user wants to listen.
    pub(super) fn subscribe(&mut self, request: RequestId, target: Target, identity: Identity) {
        let subscription = SubscriptionId::from(request);
        let known = match &identity {
            Identity::Shared(name) => self.identities.get(name.as_bytes()),
            Identity::Own => None,
        };
        let id = known.unwrap_or_else(|| self.new_key(target, identity));
        let Some(key) = self.keys.get_mut(&id) else { return };
        key.members.push(Member { subscription, told: false });
        key.members_changed();
        let route = key.route;
        let live = key.state == KeyState::Live && !key.ending;
        self.subscriptions.insert(subscription, id);
        self.requests.insert(request, Request { route: Some(route), kind: RequestKind::Subscribe(subscription) });
        self.keep_from_topic_end(id);
        // Whoever was leaving is done with it; the server need not know.
        if self.dequeue(route, &Job::Unsubscribe(id)) {
            self.tell_leavers(id);
        }
        if live {
            self.tell_newcomers(id);
        } else {
            self.enqueue_subscribe(id);
            self.want_connected(route);
        }
        self.dirty = true;
    }

    fn new_key(&mut self, target: Target, identity: Identity) -> KeyId {
        let id = KeyId(self.next_id());
        let route = self.route_for_new();
        let identities = match identity {
            Identity::Shared(name) => vec![name],
            Identity::Own => Vec::new(),
        };
        for name in &identities {
            self.identities.insert(name.as_bytes(), id);
        }
        self.keys.insert(
            id,
            Key {
                route,
                target: Arc::new(target),
                identities,
                members: Vec::new(),
                recipients: Subscriptions::None,
                state: KeyState::Wanted,
                covers: Vec::new(),
                distrusted: Vec::new(),
                perhaps: Vec::new(),
                ending: false,
                displaces: None,
                gap: None,
                provisional: None,
                was_live: false,
                leavers: Vec::new(),
                waiting_for: None,
                tries: 0,
                refreshed: false,
            },
        );
        if let Some(route) = self.routes.get_mut(&route) {
            route.keys.insert(id);
        }
        id
    }

    /// Sees to it that a key will be asked for, unless it is on its way or has its own time.
    pub(super) fn enqueue_subscribe(&mut self, id: KeyId) {
        let Some(key) = self.keys.get_mut(&id) else { return };
        if key.is_leaving() || key.waiting_for.is_some() || self.timers.is_set(&Timer::Key(id)) {
            return;
        }
        if let KeyState::Sent(link) = key.state
            && self.links.get(&link).is_some_and(|link| link.in_flight.values().any(|sent| sent.job == Job::Subscribe(id)))
        {
            return;
        }
        key.state = KeyState::Wanted;
        let rank = if key.was_live { Rank::Resubscribe } else { Rank::User };
        let route = key.route;
        self.enqueue(route, rank, Job::Subscribe(id));
    }

    pub(super) fn mark_sent(&mut self, id: KeyId, link: LinkId) {
        if let Some(key) = self.keys.get_mut(&id) {
            key.state = KeyState::Sent(link);
        }
    }

    pub(super) fn key_waits(&mut self, id: KeyId, credential: String) {
        if let Some(key) = self.keys.get_mut(&id) {
            key.waiting_for = Some(credential);
        }
    }

    /// A command that ends it, alone or with its topic, is on its way.
    fn unsubscribing(&self, id: KeyId) -> bool {
        let ends = |job: Job| match job {
            Job::Unsubscribe(key) => key == id,
            Job::Request(request) => self.topic_ended_by(request).is_some_and(|topic| self.is_of_topic(id, topic)),
            Job::Subscribe(_) => false,
        };
        self.links.values().any(|link| link.in_flight.values().any(|sent| ends(sent.job)))
    }

    /// A subscribe was sent by this link, and what came of it will not be known.
    pub(super) fn mark_perhaps(&mut self, id: KeyId, link: LinkId) {
        if let Some(key) = self.keys.get_mut(&id)
            && !key.perhaps.contains(&link)
        {
            key.perhaps.push(link);
        }
    }

    /// The server answered a subscribe.
    pub(super) fn subscribe_answered(&mut self, now: Now, link: LinkId, id: KeyId, answer: Answer) {
        match answer {
            Answer::Done { result, canonical } => {
                self.placed(id, canonical.is_some(), None);
                let known = canonical.map_or(id, |name| self.merge(id, name));
                if known != id && self.unsubscribing(known) {
                    // It is being ended for those who left, and will be asked for again when that is done.
                    return;
                }
                self.went_live(now, link, known, true, result);
            }
            Answer::Again => {
                let Some(key) = self.keys.get_mut(&id) else { return };
                // Whoever has the same under another name loses it for a moment.
                key.miss(GapStart { since: now.wall, cause: None });
                key.displaces.get_or_insert((link, now.wall));
                let route = key.route;
                self.enqueue(route, Rank::Unsubscribe, Job::Unsubscribe(id));
            }
            // Nobody waits for it any more, and the command that ends it is on its way.
            Answer::Retry(_) if self.keys.get(&id).is_none_or(Key::is_leaving) => {}
            Answer::Retry(error) => self.retry_later(now, id, error),
            Answer::Unauthorized { credential, error } => {
                let Some(key) = self.keys.get_mut(&id) else { return };
                let first = !std::mem::replace(&mut key.refreshed, true);
                let code = error.gateway_code.clone().unwrap_or_default();
                if first && self.reject_credential(now, &credential, NeedReason::Rejected { code }) {
                    self.enqueue_subscribe(id);
                } else {
                    self.key_failed(now, id, error);
                }
            }
            Answer::Failed(error) => self.key_failed(now, id, error),
        }
    }

    /// The server uses another name for it. If that name is known already, the two are one.
    fn merge(&mut self, id: KeyId, canonical: String) -> KeyId {
        let other = self.identities.get(canonical.as_bytes());
        match other {
            Some(other) if other == id => id,
            Some(other) => {
                let Some(mut key) = self.keys.remove(&id) else { return other };
                self.dequeue(key.route, &Job::Subscribe(id));
                self.dequeue(key.route, &Job::Unsubscribe(id));
                self.timers.cancel(&Timer::Key(id));
                if let Some(route) = self.routes.get_mut(&key.route) {
                    route.keys.remove(&id);
                }
                for name in &key.identities {
                    self.identities.insert(name.as_bytes(), other);
                }
                for member in &key.members {
                    self.subscriptions.insert(member.subscription, other);
                }
                if let Some(into) = self.keys.get_mut(&other) {
                    into.identities.append(&mut key.identities);
                    into.members.append(&mut key.members);
                    into.leavers.append(&mut key.leavers);
                    if let Some(gap) = key.gap {
                        into.miss(gap);
                    }
                    into.perhaps.append(&mut key.perhaps);
                    into.ending |= key.ending;
                    if let Some((_, since)) = key.displaces {
                        // It was ended under the other name, so that the gateway would explain it.
                        into.miss(GapStart { since, cause: None });
                        into.distrust(|_| true);
                        into.state = KeyState::Wanted;
                    }
                    into.members_changed();
                }
                // Who left the one while the other is wanted waits for nothing, and the server need not know.
                if let Some(route) = self.keys.get(&other).filter(|key| !key.is_leaving()).map(|key| key.route) {
                    self.dequeue(route, &Job::Unsubscribe(other));
                    if !self.unsubscribing(other) {
                        self.tell_leavers(other);
                    }
                }
                other
            }
            None => {
                self.identities.insert(canonical.as_bytes(), id);
                if let Some(key) = self.keys.get_mut(&id) {
                    key.identities.push(canonical);
                }
                id
            }
        }
    }

    /// Whether another key has this name.
    pub(super) fn is_known_otherwise(&self, id: KeyId, name: &str) -> bool {
        self.identities.get(name.as_bytes()).is_some_and(|other| other != id)
    }

    /// Two keys turn out to be one before anything was said about the first: what is known of the second goes for both.
    pub(super) fn join(&mut self, id: KeyId, name: String) {
        self.dequeue_all(id);
        let id = self.merge(id, name);
        let Some(key) = self.keys.get(&id) else { return };
        if key.is_leaving() {
            return;
        }
        let live = key.state == KeyState::Live && !key.ending;
        self.tell_leavers(id);
        if live {
            self.tell_newcomers(id);
        } else {
            self.enqueue_subscribe(id);
        }
    }

    fn dequeue_all(&mut self, id: KeyId) {
        if let Some(route) = self.keys.get(&id).map(|key| key.route) {
            self.dequeue(route, &Job::Subscribe(id));
            self.dequeue(route, &Job::Unsubscribe(id));
        }
    }

    /// As live as it will be known to be.
    pub(super) fn live(&mut self, now: Now, link: LinkId, key: KeyId, confirmed: bool) {
        self.went_live(now, link, key, confirmed, None);
    }

    fn went_live(&mut self, now: Now, link: LinkId, id: KeyId, confirmed: bool, result: Option<Bytes>) {
        self.cover(id, link, true);
        self.report_gap(now, id);
        let Some(key) = self.keys.get_mut(&id) else { return };
        key.state = KeyState::Live;
        key.ending = false;
        key.tries = 0;
        key.refreshed = false;
        if key.is_leaving() && !self.unsubscribing(id) {
            // It was given up while its answer was on the way.
            let Some(route) = self.keys.get(&id).map(|key| key.route) else { return };
            self.enqueue(route, Rank::Unsubscribe, Job::Unsubscribe(id));
            return;
        }
        self.tell_live(id, confirmed, result);
    }

    /// Tells members that they are live: all of them after a loss, otherwise those who do not know.
    fn tell_live(&mut self, id: KeyId, confirmed: bool, result: Option<Bytes>) {
        let Some(key) = self.keys.get_mut(&id) else { return };
        let mut news = Vec::new();
        for member in &mut key.members {
            let recovered = std::mem::replace(&mut member.told, true);
            news.push((member.subscription, recovered));
        }
        key.was_live = true;
        for (subscription, recovered) in news {
            let request = RequestId(subscription.0);
            let first = self.requests.contains_key(&request);
            if first || recovered {
                self.emit(EventKind::Subscribed { subscription, recovered, confirmed });
            }
            let reply = Reply { subscription: Some(subscription), result: result.clone(), confirmed };
            self.reply_with(request, reply);
        }
    }

    /// Tells members who joined what is live already.
    fn tell_newcomers(&mut self, id: KeyId) {
        let Some(key) = self.keys.get_mut(&id) else { return };
        let mut news = Vec::new();
        for member in key.members.iter_mut().filter(|member| !member.told) {
            member.told = true;
            news.push(member.subscription);
        }
        key.was_live |= !news.is_empty();
        for subscription in news {
            self.emit(EventKind::Subscribed { subscription, recovered: false, confirmed: true });
            let reply = Reply { subscription: Some(subscription), result: None, confirmed: true };
            self.reply_with(RequestId(subscription.0), reply);
        }
    }

    fn retry_later(&mut self, now: Now, id: KeyId, error: Error) {
        let Some(key) = self.keys.get_mut(&id) else { return };
        key.state = KeyState::Retrying;
        let wait = backoff::delay(&self.reconnect, key.tries, &mut self.rng).max(Duration::from_millis(100));
        key.tries = key.tries.saturating_add(1);
        self.timers.set(Timer::Key(id), now.after(wait));
        self.fault(FaultKind::Resubscribe, Some(id), error);
    }

    pub(super) fn key_due(&mut self, id: KeyId) {
        if let Some(key) = self.keys.get_mut(&id) {
            key.refreshed = false;
        }
        self.enqueue_subscribe(id);
    }

    pub(super) fn retry_key(&mut self, _now: Now, id: KeyId) -> bool {
        self.enqueue_subscribe(id);
        self.wants_key(id)
    }

    pub(super) fn wants_key(&self, id: KeyId) -> bool {
        self.keys.get(&id).is_some_and(|key| !key.is_leaving())
    }

    /// The server will not have it. Who never heard it live is told so and forgotten; who did keeps wanting it.
    pub(super) fn key_failed(&mut self, now: Now, id: KeyId, error: Error) {
        let Some(key) = self.keys.get_mut(&id) else { return };
        key.state = KeyState::Failed(error.code);
        let key_tries = key.tries;
        key.tries = key.tries.saturating_add(1);
        let rejected: Vec<SubscriptionId> = key.members.iter().filter(|member| !member.told).map(|member| member.subscription).collect();
        key.members.retain(|member| member.told);
        key.members_changed();
        let left = !key.members.is_empty();
        for subscription in rejected {
            self.subscriptions.remove(&subscription);
            self.reply(RequestId(subscription.0), Err(error.clone()));
        }
        if left {
            // It stays wanted. The next connection may be luckier, and so may the same one after a good while.
            let wait = backoff::delay(&self.reconnect, key_tries, &mut self.rng) * REFUSED_WAITS;
            self.timers.set(Timer::Key(id), now.after(wait));
            self.fault(FaultKind::Resubscribe, Some(id), error.clone());
        } else {
            // The server may have it all the same, from an earlier attempt or by a resume credential.
            self.leave(id);
        }
        let nothing_works = !self.keys.is_empty() && self.keys.values().all(|key| key.state == KeyState::Failed(Code::Unauthorized));
        if self.facts.stop_when_unauthorized && (nothing_works || (self.keys.is_empty() && error.code == Code::Unauthorized)) {
            self.fatal(now, error);
        }
    }

    pub(super) fn keys_on(&self, link: LinkId) -> Vec<KeyId> {
        self.keys.iter().filter(|(_, key)| key.is_covered_by(link) || key.state == KeyState::Sent(link)).map(|(id, _)| *id).collect()
    }
}
