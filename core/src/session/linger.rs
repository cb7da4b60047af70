//! What becomes of a route of which nothing is wanted any more.

use super::Machine;
use super::link::Phase;
use super::timers::Timer;
use crate::dialect::Routes;
use crate::id::{LinkId, RouteId};
use crate::time::Now;

impl Machine {
    /// The open links of a route of which nothing is wanted any more.
    pub(super) fn unused_links(&self, id: RouteId) -> Vec<LinkId> {
        let open = |link: &LinkId| self.links.get(link).is_some_and(|link| link.phase > Phase::Greeting && link.phase < Phase::Closing);
        match self.routes.get(&id) {
            Some(route) if !route.is_wanted() => route.links().filter(open).collect(),
            _ => Vec::new(),
        }
    }

    /// Nothing is wanted of a route any more.
    pub(super) fn route_unwanted(&mut self, now: Now, id: RouteId) {
        let Some(route) = self.routes.get(&id) else { return };
        if route.is_wanted() {
            return;
        }
        match self.facts.routes {
            Routes::PerKey => {
                let links: Vec<LinkId> = route.links().collect();
                for link in links {
                    self.part_with(now, link, 1000, "");
                }
                self.timers.cancel(&Timer::Dial(id));
                self.timers.cancel(&Timer::Linger(id));
                self.routes.remove(&id);
                self.dirty = true;
            }
            Routes::Shared if self.facts.lazy => {
                if let Some(linger) = self.facts.linger {
                    self.timers.set(Timer::Linger(id), now.after(linger));
                }
            }
            Routes::Shared => {}
        }
    }

    /// An unused route has lingered long enough.
    pub(super) fn linger_over(&mut self, now: Now, id: RouteId) {
        let Some(route) = self.routes.get_mut(&id) else { return };
        if route.is_wanted() {
            return;
        }
        route.dial_now = false;
        route.resume = None;
        let links: Vec<LinkId> = route.links().collect();
        for link in links {
            self.part_with(now, link, 1000, "");
        }
        self.timers.cancel(&Timer::Dial(id));
    }
}
