//! Sessions that the gateway keeps while their connection is gone. (`Facts::resume_replays`)
//!
//! Unlike a planned handover, taking a session up again begins with a loss. What the gateway had for it meanwhile comes then, so that there is
//! no gap; commands that were not answered are sent again under the numbers that they had. If the session cannot be taken up again, the gap
//! began when its last connection was lost, and what became of those commands cannot be known.

use super::Machine;
use super::handover::{Carried, Resume};
use super::link::Phase;
use super::subscriptions::Key;
use crate::error::{Code, Error};
use crate::id::{KeyId, LinkId, RequestId, RouteId, Ticket};
use crate::secret::Secret;
use crate::time::Now;

impl Machine {
    /// What to take the session of a link up again with, if the link is lost; `None` if the gateway would not have it.
    pub(super) fn resumable(&mut self, link: LinkId, credential: Option<Secret>) {
        if let Some(link) = self.links.get_mut(&link) {
            link.keep = credential;
        }
    }

    /// A link is lost. Its session is to be taken up again, if it can be; `refused`: the gateway did nothing of what it was told by this link.
    pub(super) fn keep_session(&mut self, now: Now, id: LinkId, refused: bool) {
        if !self.facts.resume_replays || !self.is_running() {
            return;
        }
        let resume_id = self.next_id();
        let Some(link) = self.links.get_mut(&id) else { return };
        if refused {
            link.flushed = Ticket(0);
        }
        if link.phase >= Phase::Draining {
            return;
        }
        let Some(token) = link.keep.take() else { return };
        // A link that never proved itself is one more try of the same loss.
        let (since, tries) = if link.unproven_resume() { link.resumed_from.unwrap_or((now.mono, 0)) } else { (now.mono, 0) };
        let route = link.route;
        let live = |key: &Key| key.is_covered_by(id) && !key.ending;
        let brings = Carried {
            live: self.keys.iter().filter(|(_, key)| live(key)).map(|(key, _)| *key).collect(),
            perhaps: self.keys.iter().filter(|(_, key)| !live(key) && key.is_asked_for_by(id)).map(|(key, _)| *key).collect(),
        };
        if let Some(route) = self.routes.get_mut(&route) {
            route.resume = Some(Resume { id: resume_id, token, since, tries, brings });
        }
    }

    /// Whether the session of a route that has no connection may still be taken up again.
    pub(super) fn may_recover(&self, now: Now, route: RouteId) -> bool {
        let (most, span) = self.facts.resume_tries;
        let resume = self.routes.get(&route).and_then(|route| route.resume.as_ref());
        self.facts.resume_replays && resume.is_some_and(|resume| resume.tries < most && now.mono < resume.since + span)
    }

    /// A link that takes a session up again brings what this subscription missed, unless it turns out to be refused.
    pub(super) fn bridge_gap(&mut self, key: KeyId) {
        if self.facts.resume_replays
            && let Some(key) = self.keys.get_mut(&key)
        {
            key.provisional = key.gap.take();
        }
    }

    /// Another session has begun, or will: what was written in the last one and never answered may have been carried out.
    pub(super) fn settle_uncertain(&mut self) {
        let uncertain: Vec<RequestId> = std::mem::take(&mut self.uncertain).into_iter().collect();
        for request in uncertain {
            let text = "the session was lost after the command was written and before it was answered: it may have been carried out";
            self.reply(request, Err(Error::new(Code::OutcomeUnknown, text)));
        }
    }
}
