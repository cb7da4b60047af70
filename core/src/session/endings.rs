//! How subscriptions end: by the user, by the gateway, or by both at once.
//!
//! A key is ended on the server when its last user leaves. A resume credential may bring back what was being ended, so such keys are
//! remembered as ghosts until the credential is used or void.

use super::Machine;
use super::ledger::{Job, Rank, Request, RequestKind};
use super::subscriptions::{Key, KeyState};
use super::timers::Timer;
use crate::command::{Command, Target};
use crate::error::{Code, Error};
use crate::event::{EventKind, Outcome};
use crate::id::{KeyId, LinkId, RequestId, RouteId, SubscriptionId};
use crate::time::Now;

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

    /// The last user of a key left.
    fn leave(&mut self, id: KeyId) {
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

    /// The command that ends a whole topic is to be sent again, but somebody has subscribed to the topic since: it would end that too. What
    /// it meant is ended one by one instead. False if there is no such obstacle.
    pub(super) fn leave_one_by_one(&mut self, request: RequestId) -> bool {
        let Some(Request { kind: RequestKind::Command { command: Command::UnsubscribeAll { topic }, .. }, .. }) =
            self.requests.get(&request)
        else {
            return false;
        };
        let (leaving, wanted): (Vec<KeyId>, Vec<KeyId>) =
            self.keys_of_topic(&topic.clone()).into_iter().partition(|id| self.keys.get(id).is_some_and(Key::is_leaving));
        if wanted.is_empty() {
            return false;
        }
        for id in leaving {
            self.leave(id);
        }
        self.reply(request, Ok(None));
        true
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
        key.covers.clear();
        if !key.is_leaving() {
            // Somebody came back while it was being ended.
            key.was_live = key.members.iter().any(|member| member.told);
            key.state = KeyState::Wanted;
            self.enqueue_subscribe(id);
            return;
        }
        key.gap = None;
        let ghost = self.routes.get(&key.route).is_some_and(|route| {
            let token = route.resume.as_ref().is_some_and(|resume| resume.snapshot.contains(&id));
            let hop = route.candidate.and_then(|link| self.links.get(&link)).and_then(|link| link.resume.as_ref());
            token || hop.is_some_and(|(_, snapshot)| snapshot.contains(&id))
        });
        // A resume credential would bring it back: remember to end it again.
        if ghost {
            key.state = KeyState::Wanted;
        } else {
            self.remove_key(id);
        }
    }

    /// No credential can bring anything back any more.
    pub(super) fn drop_ghosts(&mut self, route: RouteId) {
        let ghosts: Vec<KeyId> = self
            .keys
            .iter()
            .filter(|(_, key)| key.route == route && key.is_leaving() && key.covers.is_empty())
            .map(|(id, _)| *id)
            .collect();
        for id in ghosts {
            self.finish(id);
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
        let Some(key) = self.keys.remove(&id) else { return };
        for name in &key.identities {
            if self.identities.get(name.as_bytes()) == Some(&id) {
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
