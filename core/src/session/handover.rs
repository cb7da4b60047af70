//! From one link to the next without a break.
//!
//! A link that is about to go says so. The next one is dialled while the old one still delivers, and takes over when it is greeted;
//! the old one drains. Both deliver for a while, so ids are compared. The old link is not let go before the new one has proved itself.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::Machine;
use super::context::Readiness;
use super::coverage::GapStart;
use super::io::Handshake;
use super::ledger::{Job, Rank};
use super::link::Phase;
use super::subscriptions::Key;
use super::timers::Timer;
use crate::event::{EventKind, Opened};
use crate::id::{Connection, KeyId, LinkId, RouteId};
use crate::secret::Secret;
use crate::time::Now;

/// How often draining may be prolonged since the successor has not everything yet.
const PROLONGED: u32 = 6;

/// A credential with which the next link takes over from one that is leaving.
#[derive(Debug)]
pub(super) struct Resume {
    /// Which of them it is: a newer one must not be taken for the one that a dial is using.
    pub(super) id: u64,
    pub(super) token: Secret,
    pub(super) since: Duration,
    pub(super) tries: u32,
    pub(super) brings: Carried,
}

/// What a resume credential brings back.
#[derive(Debug, Clone, Default)]
pub(super) struct Carried {
    /// What was live on the link when the credential came.
    pub(super) live: BTreeSet<KeyId>,
    /// What had been asked for and not been answered: the server may have counted it in.
    pub(super) perhaps: BTreeSet<KeyId>,
}

impl Carried {
    /// What was thought to be live may have ended before the credential was given.
    pub(super) fn doubt(&mut self, id: KeyId) {
        if self.live.remove(&id) {
            self.perhaps.insert(id);
        }
    }

    pub(super) fn may_contain(&self, id: KeyId) -> bool {
        self.live.contains(&id) || self.perhaps.contains(&id)
    }
}

impl Machine {
    /// The socket is open. Returns whether the link is known.
    pub(super) fn opened(&mut self, now: Now, id: LinkId, handshake: Handshake) -> bool {
        self.connections += 1;
        let connection = Connection(self.connections);
        let Some(link) = self.links.get_mut(&id) else { return false };
        if link.phase != Phase::Dialing {
            return false;
        }
        link.phase = Phase::Greeting;
        link.connection = connection;
        link.last_inbound = now;
        link.handshake = handshake;
        let used = link.resume.as_ref().map(|(id, _)| *id);
        self.timers.set(Timer::Greeting(id), now.after(self.facts.greeting));
        // A resume credential is good for one opened socket. One that came later is for the next.
        if let Some(route) = self.routes.get_mut(&link.route)
            && route.resume.as_ref().map(|resume| resume.id) == used
        {
            route.resume = None;
        }
        self.set_idle(now, id, self.facts.idle);
        self.dirty = true;
        true
    }

    pub(super) fn ready(&mut self, now: Now, id: LinkId, readiness: Readiness, greeting: Option<Bytes>) {
        let Some(link) = self.links.get_mut(&id) else { return };
        if link.phase != Phase::Greeting {
            return;
        }
        link.phase = Phase::Probation;
        link.readiness = Some(readiness);
        let carried = link.resume.as_ref().map(|(_, brings)| brings.clone()).unwrap_or_default();
        let route_id = link.route;
        let handshake = std::mem::take(&mut link.handshake);
        let opened = Opened {
            connection: link.connection,
            protocol: handshake.protocol,
            status: handshake.status,
            headers: handshake.headers,
            resumed: readiness == Readiness::Resumed,
            greeting,
        };
        if self.facts.resume_replays && readiness == Readiness::Resumed {
            // An open socket is not a session taken up again.
            link.untold = Some(Box::new(opened));
        } else {
            self.emit(EventKind::Opened(Box::new(opened)));
        }
        self.timers.cancel(&Timer::Greeting(id));
        self.timers.set(Timer::Settle(id), now.after(self.facts.settle));
        let previous = match self.routes.get_mut(&route_id) {
            Some(route) => {
                if route.candidate == Some(id) {
                    route.candidate = None;
                }
                route.active.replace(id).filter(|previous| *previous != id)
            }
            None => None,
        };
        self.forget_refreshes(route_id);
        match readiness {
            Readiness::Resumed => self.take_over(id, route_id, &carried),
            Readiness::Fresh => {
                self.settle_uncertain();
                self.ask_again(id, route_id);
            }
        }
        if let Some(previous) = previous {
            self.drain(now, previous);
        }
        self.start_probing(now, id);
        if self.facts.probation.is_zero() {
            self.prove(now, id);
        } else {
            self.timers.set(Timer::Probation(id), now.after(self.facts.probation));
        }
        self.dirty = true;
    }

    /// With a new connection every subscription may ask for a fresh credential again.
    fn forget_refreshes(&mut self, route: RouteId) {
        for key in self.keys.values_mut().filter(|key| key.route == route) {
            key.refreshed = false;
        }
    }

    /// The server brings back what was live when the credential was given. The rest is asked for.
    fn take_over(&mut self, link: LinkId, route: RouteId, carried: &Carried) {
        for key in &carried.live {
            self.cover(*key, link, false);
            self.bridge_gap(*key);
        }
        let since = self.links.get(&link).map(|link| link.dialed.wall);
        let keys: Vec<KeyId> = self.routes.get(&route).map(|route| route.keys.iter().copied().collect()).unwrap_or_default();
        for id in keys {
            let Some(key) = self.keys.get_mut(&id) else { continue };
            if !carried.live.contains(&id) && (carried.may_contain(id) || key.is_asked_for()) && !key.perhaps.contains(&link) {
                key.perhaps.push(link);
            }
            if key.is_leaving() {
                // The credential resurrects what was being ended, and perhaps what was asked for and not yet answered; the rest is ended.
                if carried.may_contain(id) || key.is_asked_for() {
                    self.enqueue(route, Rank::Unsubscribe, Job::Unsubscribe(id));
                } else {
                    self.finish(id);
                }
                continue;
            }
            let missed = !carried.live.contains(&id);
            if missed
                && let Some(since) = since
                && let Some(key) = self.keys.get_mut(&id)
                && !key.covers.is_empty()
            {
                // The link before delivered it, and may have stopped when this one took over.
                key.miss(GapStart { since, cause: None });
                key.distrust(|other| other != link);
            }
            if missed || self.facts.verify_resume {
                self.timers.cancel(&Timer::Key(id));
                self.enqueue_subscribe(id);
            }
        }
    }

    /// The server knows nothing of us.
    fn ask_again(&mut self, link: LinkId, route: RouteId) {
        let keys: Vec<KeyId> = self.routes.get(&route).map(|route| route.keys.iter().copied().collect()).unwrap_or_default();
        for id in keys {
            let Some(key) = self.keys.get(&id) else { continue };
            if key.is_leaving() {
                self.finish(id);
                continue;
            }
            // What was being ended when somebody came back is not there any more.
            self.dequeue(route, &Job::Unsubscribe(id));
            self.tell_leavers(id);
            if self.keys.get(&id).is_some_and(|key| !key.is_covered_by(link)) {
                self.timers.cancel(&Timer::Key(id));
                self.enqueue_subscribe(id);
            }
        }
    }

    /// A link has lived long enough: what it carried over is believed.
    pub(super) fn prove(&mut self, now: Now, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else { return };
        if link.phase != Phase::Probation {
            return;
        }
        link.phase = Phase::Ready;
        let (route, leaving) = (link.route, link.leaving);
        if let Some(opened) = link.untold.take() {
            self.emit(EventKind::Opened(opened));
        }
        self.confirm_cover(now, id);
        if let Some(route) = self.routes.get_mut(&route) {
            route.refreshes = 0;
            if leaving {
                route.dial_now = route.candidate.is_none();
            }
        }
        self.dirty = true;
    }

    /// Attempts start from 0 again.
    pub(super) fn settled(&mut self, id: LinkId) {
        let Some(link) = self.links.get(&id) else { return };
        self.timers.cancel(&Timer::Settle(id));
        if let Some(route) = self.routes.get_mut(&link.route) {
            route.attempts = 0;
            route.last_error = None;
        }
    }

    pub(super) fn hand_over(&mut self, now: Now, id: LinkId, token: Option<Secret>) {
        let resume_id = self.next_id();
        let Some(link) = self.links.get_mut(&id) else { return };
        if link.phase >= Phase::Draining {
            return;
        }
        link.leaving = true;
        let phase = link.phase;
        let route_id = link.route;
        let live = |key: &Key| key.is_covered_by(id) && !key.ending;
        // Before it is greeted, what it was to take over is not known to have arrived.
        let inherited = match &link.resume {
            Some((_, carried)) if phase == Phase::Greeting => carried.clone(),
            _ => Carried::default(),
        };
        let mut brings = Carried {
            live: self.keys.iter().filter(|(_, key)| live(key)).map(|(key, _)| *key).collect(),
            perhaps: self.keys.iter().filter(|(_, key)| !live(key) && key.is_asked_for_by(id)).map(|(key, _)| *key).collect(),
        };
        brings.perhaps.extend(inherited.live.into_iter().chain(inherited.perhaps).filter(|key| !brings.live.contains(key)));
        let Some(route) = self.routes.get_mut(&route_id) else { return };
        if let Some(token) = token {
            route.resume = Some(Resume { id: resume_id, token, since: now.mono, tries: 0, brings });
        }
        // On a link that has yet to prove itself the next hop waits until it has.
        if route.candidate.is_none() && phase == Phase::Ready {
            self.timers.cancel(&Timer::Dial(route_id));
            route.dial_now = true;
        }
        self.dirty = true;
    }

    /// A successor came to nothing: the link that was draining in its favour is the best there is.
    pub(super) fn call_back(&mut self, route_id: RouteId) {
        let Some(route) = self.routes.get_mut(&route_id) else { return };
        if route.active.is_some() {
            return;
        }
        let Some(link) = route.draining.pop_back() else { return };
        route.active = Some(link);
        self.timers.cancel(&Timer::Drain(link));
        if let Some(state) = self.links.get_mut(&link) {
            state.phase = Phase::Ready;
            state.superseded = false;
            state.leaving = true;
        }
    }

    /// An old link has drained long enough, unless it still delivers what nothing else does.
    pub(super) fn drained(&mut self, now: Now, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else { return };
        let needed = self.keys.values().any(|key| key.is_covered_by(id) && key.covers.len() == 1 && !key.is_leaving());
        if needed && link.prolonged < PROLONGED {
            link.prolonged += 1;
            self.timers.set(Timer::Drain(id), now.after(self.facts.drain));
        } else {
            self.part_with(now, id, 1000, "");
        }
    }

    /// Links overlap no more: ids are compared a while longer, then merely remembered.
    pub(super) fn watch_overlap(&mut self, now: Now) {
        if !self.facts.dedup || !self.dedup.is_overlapping() {
            return;
        }
        let overlap = self.routes.values().any(|route| route.links().count() > 1);
        // What a link holds back while nobody reads it comes later than anything else.
        let unread = self.links.values().any(|link| !link.reading);
        if overlap || unread {
            self.timers.cancel(&Timer::Dedup);
        } else if !self.timers.is_set(&Timer::Dedup) {
            self.timers.set(Timer::Dedup, now.after(super::DEDUP_TAIL));
        }
    }

    pub(super) fn last_error(&self) -> Option<Arc<crate::error::Error>> {
        self.routes.values().find_map(|route| route.last_error.clone()).map(Arc::new)
    }
}
