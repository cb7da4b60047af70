//! How subscriptions end: by the user, by the gateway, or by both at once.
//!
//! A key is ended on the server when its last user leaves. A resume credential may bring back what was being ended, so such keys are
//! remembered as ghosts until the credential is used or void.

use super::Machine;
use super::coverage::GapStart;
use super::ledger::{Job, Rank, Request, RequestKind};
use super::subscriptions::{Key, KeyState};
use super::timers::Timer;
use crate::command::{Command, Target};
use crate::dialect::Identity;
use crate::error::{Code, Error};
use crate::event::{EventKind, Outcome, Reply};
use crate::id::{KeyId, LinkId, RequestId, RouteId, SubscriptionId};
use crate::time::{Now, UnixMillis};

impl Machine {
    /// A user wants to listen no more.
    ///
    /// # Errors
    /// `invalid_option` when there is no such subscription.
    pub(super) fn unsubscribe(&mut self, request: Option<RequestId>, subscription: SubscriptionId) -> Result<(), Error> {
        let Some(id) = self.subscriptions.remove(&subscription) else {
            return Err(Error::new(Code::InvalidOption, format!("subscription {} does not exist, or was ended already", subscription.0)));
        };
        self.report_open_gap(id, &[subscription]);
        let Some(key) = self.keys.get_mut(&id) else { return Ok(()) };
        key.members.retain(|member| member.subscription != subscription);
        key.members_changed();
        let route = key.route;
        let leaving = key.is_leaving();
        key.leavers.push((subscription, request));
        if let Some(request) = request {
            self.requests.insert(request, Request { route: Some(route), kind: RequestKind::Unsubscribe(subscription) });
        }
        self.reply(RequestId(subscription.0), Err(Error::new(Code::Cancelled, "the subscription was ended before it was live")));
        if leaving {
            self.leave(id);
        } else {
            self.tell_leavers(id);
        }
        self.dirty = true;
        Ok(())
    }

    /// Everybody who listens to what the server knows by this identity wants to listen no more. False if nobody does.
    pub(super) fn unsubscribe_all_of(&mut self, request: RequestId, identity: &Identity) -> bool {
        let Identity::Shared(name) = identity else { return false };
        let Some(key) = self.identities.get(name.as_bytes()).and_then(|key| self.keys.get(&key)) else { return false };
        let members: Vec<SubscriptionId> = key.subscriptions().collect();
        let Some((last, others)) = members.split_last() else { return false };
        for subscription in others {
            // They are there, so this cannot fail.
            let _ = self.unsubscribe(None, *subscription);
        }
        self.unsubscribe(Some(request), *last).is_ok()
    }

    /// The last user of a key left.
    pub(super) fn leave(&mut self, id: KeyId) {
        let Some(key) = self.keys.get(&id) else { return };
        let (route, asked) = (key.route, key.is_asked_for());
        self.dequeue(route, &Job::Subscribe(id));
        self.timers.cancel(&Timer::Key(id));
        if asked {
            self.enqueue(route, Rank::Unsubscribe, Job::Unsubscribe(id));
        } else {
            self.finish(id);
        }
    }

    /// Ends every subscription of a topic at once: one word on the wire, said by `request`.
    pub(super) fn leave_topic(&mut self, topic: &str) {
        for id in self.keys_of_topic(topic) {
            let Some(key) = self.keys.get(&id) else { continue };
            let left: Vec<SubscriptionId> = key.subscriptions().collect();
            self.report_open_gap(id, &left);
            let Some(key) = self.keys.get_mut(&id) else { continue };
            key.members.clear();
            key.members_changed();
            key.leavers.extend(left.iter().map(|subscription| (*subscription, None)));
            for subscription in left {
                self.subscriptions.remove(&subscription);
                self.reply(RequestId(subscription.0), Err(Error::new(Code::Cancelled, "the topic was ended before it was live")));
            }
            let Some(key) = self.keys.get(&id) else { continue };
            let (route, asked) = (key.route, key.is_asked_for());
            self.dequeue(route, &Job::Subscribe(id));
            self.dequeue(route, &Job::Unsubscribe(id));
            self.timers.cancel(&Timer::Key(id));
            if !asked {
                self.finish(id);
            }
        }
    }

    /// The topic that a request ends as a whole, if it is such a request.
    pub(super) fn topic_ended_by(&self, request: RequestId) -> Option<&str> {
        match &self.requests.get(&request)?.kind {
            RequestKind::Command { command: Command::UnsubscribeAll { topic }, .. } => Some(topic),
            _ => None,
        }
    }

    pub(super) fn is_of_topic(&self, id: KeyId, topic: &str) -> bool {
        self.keys.get(&id).is_some_and(|key| matches!(key.target.as_ref(), Target::Topic(target) if target.topic == topic))
    }

    /// Somebody subscribes while the command that ends the whole topic has yet to go: it would end that too.
    pub(super) fn keep_from_topic_end(&mut self, id: KeyId) {
        let Some(route) = self.keys.get(&id).and_then(|key| self.routes.get(&key.route)) else { return };
        let queued: Vec<RequestId> = route
            .jobs
            .iter()
            .filter_map(|(_, _, job)| match job {
                Job::Request(request) => Some(*request),
                _ => None,
            })
            .filter(|request| self.topic_ended_by(*request).is_some_and(|topic| self.is_of_topic(id, topic)))
            .collect();
        for request in queued {
            self.leave_one_by_one(request);
        }
    }

    /// The command that ends a whole topic is to be sent, but somebody has subscribed to the topic since: it would end that too. What it
    /// meant is ended one by one instead. False if there is no such obstacle.
    pub(super) fn leave_one_by_one(&mut self, request: RequestId) -> bool {
        let Some(topic) = self.topic_ended_by(request).map(str::to_owned) else { return false };
        if self.keys_of_topic(&topic).iter().all(|id| self.keys.get(id).is_none_or(Key::is_leaving)) {
            return false;
        }
        self.end_each(&topic);
        if let Some(owed) = self.requests.remove(&request) {
            self.answered(request, owed.route, Ok(Reply { subscription: None, result: None, confirmed: true }));
        }
        true
    }

    /// The command that ended a topic as a whole has had its answer.
    pub(super) fn topic_settled(&mut self, topic: &str, done: bool) {
        if !done {
            // Taken back, lost or refused: its users left all the same.
            return self.end_each(topic);
        }
        for id in self.keys_of_topic(topic) {
            if self.keys.get(&id).is_some_and(Key::is_leaving) {
                self.finish(id);
            } else {
                self.tell_leavers(id);
            }
        }
    }

    /// Ends what nobody wants any more of a topic by a command each.
    fn end_each(&mut self, topic: &str) {
        for id in self.keys_of_topic(topic) {
            if self.keys.get(&id).is_some_and(Key::is_leaving) {
                self.leave(id);
            } else if !self.is_being_unsubscribed(id) {
                self.tell_leavers(id);
            }
        }
    }

    /// A command that ends one key, or a topic, went out.
    pub(super) fn mark_ending(&mut self, now: Now, link: LinkId, job: Job, ambiguous: bool) {
        let keys = match job {
            Job::Unsubscribe(id) => vec![id],
            Job::Request(request) => match self.topic_ended_by(request).map(str::to_owned) {
                Some(topic) => self.keys_of_topic(&topic),
                None => return,
            },
            Job::Subscribe(_) => return,
        };
        for id in keys {
            if let Some(key) = self.keys.get_mut(&id) {
                key.ending = true;
                if ambiguous {
                    key.displaces.get_or_insert((link, now.wall));
                }
            }
        }
    }

    /// The answer that a key is ended says what the server called it: another key may have been ended with it, and no more than that one.
    pub(super) fn named_at_its_end(&mut self, id: KeyId, name: &str) {
        let Some((_, since)) = self.keys.get_mut(&id).and_then(|key| key.displaces.take()) else { return };
        if let Some(other) = self.identities.get(name.as_bytes())
            && other != id
        {
            self.displace(other, since);
        }
    }

    /// A key was ended on the server though it is wanted.
    fn displace(&mut self, id: KeyId, since: UnixMillis) {
        let Some(key) = self.keys.get_mut(&id) else { return };
        if key.is_leaving() || key.covers.is_empty() {
            return;
        }
        key.miss(GapStart { since, cause: None });
        key.distrust(|_| true);
        key.state = KeyState::Wanted;
        // Credentials that were given meanwhile may not bring it back either.
        for route in self.routes.values_mut() {
            if let Some(resume) = &mut route.resume {
                resume.brings.doubt(id);
            }
        }
        for link in self.links.values_mut() {
            if let Some((_, brings)) = &mut link.resume {
                brings.doubt(id);
            }
        }
        self.enqueue_subscribe(id);
    }

    /// A name was ended so that the server would say which room it means, and now it is settled. Unless the room is known, any other
    /// subscription of the topic may have been the one that was ended with it: since then, or since the link fell silent if it is lost.
    pub(super) fn placed(&mut self, id: KeyId, known: bool, silent_since: Option<UnixMillis>) {
        let Some(key) = self.keys.get_mut(&id) else { return };
        let Some((_, since)) = key.displaces.take() else { return };
        let since = silent_since.map_or(since, |silent| silent.min(since));
        let Target::Topic(target) = key.target.as_ref() else { return };
        if known {
            return;
        }
        let topic = target.topic.clone();
        for other in self.keys_of_topic(&topic).into_iter().filter(|other| *other != id) {
            self.displace(other, since);
        }
    }

    fn is_being_unsubscribed(&self, id: KeyId) -> bool {
        let job = Job::Unsubscribe(id);
        self.links.values().any(|link| link.in_flight.values().any(|sent| sent.job == job))
            || self.routes.values().any(|route| route.jobs.iter().any(|(_, _, other)| *other == job))
    }

    pub(super) fn keys_of_topic(&self, topic: &str) -> Vec<KeyId> {
        self.keys
            .iter()
            .filter(|(_, key)| matches!(key.target.as_ref(), Target::Topic(target) if target.topic == topic))
            .map(|(id, _)| *id)
            .collect()
    }

    /// The server has let go of a key, or never had it.
    pub(super) fn finish(&mut self, id: KeyId) {
        self.tell_leavers(id);
        let Some(key) = self.keys.get_mut(&id) else { return };
        let draining = self.routes.get(&key.route).map(|route| route.draining.iter().copied());
        let still_there: Vec<LinkId> = draining.into_iter().flatten().filter(|link| key.is_asked_for_by(*link)).collect();
        key.distrust(|_| true);
        key.perhaps.clear();
        key.ending = false;
        if !key.is_leaving() {
            // Somebody came back while it was being ended.
            key.was_live = key.members.iter().any(|member| member.told);
            key.state = KeyState::Wanted;
            self.enqueue_subscribe(id);
            return;
        }
        key.gap = None;
        let ghost = self.routes.get(&key.route).is_some_and(|route| {
            let token = route.resume.as_ref().is_some_and(|resume| resume.brings.may_contain(id));
            let hop = route.candidate.and_then(|link| self.links.get(&link)).and_then(|link| link.resume.as_ref());
            token || hop.is_some_and(|(_, brings)| brings.may_contain(id))
        });
        // A resume credential would bring it back, and so would a link that is called back: remember to end it again.
        if ghost || !still_there.is_empty() {
            key.state = KeyState::Wanted;
            key.perhaps = still_there;
        } else {
            self.remove_key(id);
        }
    }

    /// No credential can bring anything back any more.
    pub(super) fn drop_ghosts(&mut self, route: RouteId) {
        let ghosts: Vec<KeyId> =
            self.keys.iter().filter(|(_, key)| key.route == route && key.is_leaving() && !key.is_asked_for()).map(|(id, _)| *id).collect();
        for id in ghosts {
            self.finish(id);
        }
    }

    /// A draining link is gone, and with it the last that might have brought these back.
    pub(super) fn lay_ghosts(&mut self, ids: Vec<KeyId>) {
        for id in ids {
            let told = self.keys.get(&id).is_some_and(|key| key.is_leaving() && !key.is_asked_for() && key.leavers.is_empty());
            if told && !self.is_being_unsubscribed(id) {
                self.finish(id);
            }
        }
    }

    pub(super) fn tell_leavers(&mut self, id: KeyId) {
        let Some(key) = self.keys.get_mut(&id) else { return };
        for (subscription, request) in std::mem::take(&mut key.leavers) {
            self.emit(EventKind::Unsubscribed { subscription });
            if let Some(request) = request {
                self.reply(request, Ok(None));
            }
        }
    }

    pub(super) fn remove_key(&mut self, id: KeyId) {
        self.placed(id, false, None);
        let Some(key) = self.keys.remove(&id) else { return };
        for name in &key.identities {
            if self.identities.get(name.as_bytes()) == Some(id) {
                self.identities.remove(name.as_bytes());
            }
        }
        self.timers.cancel(&Timer::Key(id));
        self.dequeue(key.route, &Job::Subscribe(id));
        self.dequeue(key.route, &Job::Unsubscribe(id));
        if let Some(route) = self.routes.get_mut(&key.route) {
            route.keys.remove(&id);
        }
        self.idle_routes.push(key.route);
        self.dirty = true;
    }

    /// The gateway ended a subscription.
    pub(super) fn ended(&mut self, _now: Now, _link: LinkId, id: KeyId, outcome: Outcome) {
        let Some(key) = self.keys.get_mut(&id) else { return };
        let members = std::mem::take(&mut key.members);
        self.tell_leavers(id);
        for member in members {
            self.subscriptions.remove(&member.subscription);
            let request = RequestId(member.subscription.0);
            match &outcome {
                Outcome::Failed(error) | Outcome::Lost(error) => self.reply(request, Err(error.as_ref().clone())),
                Outcome::Completed | Outcome::Stopped => self.reply(request, Ok(None)),
            }
            self.emit(EventKind::Ended { subscription: member.subscription, outcome: outcome.clone() });
        }
        self.remove_key(id);
    }
}
