//! Which links deliver a subscription, and since when none does.
//!
//! A subscription is covered by every link on which the server delivers it. When the last cover goes, messages may be missing from the
//! moment of that link's last frame; the gap is reported when the subscription is live again, or before its first message, whichever
//! comes first. A link that merely *claims* to have resumed covers provisionally: if it turns out to be refused, the gap began when the
//! link before it was lost.

use std::sync::Arc;

use super::Machine;
use super::subscriptions::{Key, KeyState};
use crate::error::Error;
use crate::event::{EventKind, Gap};
use crate::id::{KeyId, LinkId, RouteId, SubscriptionId};
use crate::time::{Now, UnixMillis};

/// A link that delivers a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cover {
    pub(super) link: LinkId,
    pub(super) proven: bool,
}

/// Where a gap begins.
#[derive(Debug, Clone)]
pub(super) struct GapStart {
    pub(super) since: UnixMillis,
    pub(super) cause: Option<Arc<Error>>,
}

impl Key {
    /// Messages may be missing from here on. What is not told yet and began earlier says it already; what began later goes back as far.
    pub(super) fn miss(&mut self, start: GapStart) {
        match &mut self.gap {
            Some(gap) if gap.since <= start.since => {}
            gap => *gap = Some(start),
        }
    }

    /// Not to be relied on any more, though the links live: what they swallow before their end is still to be told, and what the server has
    /// by them is still to be ended.
    pub(super) fn distrust(&mut self, which: impl Fn(LinkId) -> bool) {
        for cover in self.covers.extract_if(.., |cover| which(cover.link)) {
            self.distrusted.push(cover.link);
            if !self.perhaps.contains(&cover.link) {
                self.perhaps.push(cover.link);
            }
        }
    }
}

impl Machine {
    /// The server delivers this subscription by this link.
    pub(super) fn cover(&mut self, key: KeyId, link: LinkId, proven: bool) {
        let superseded = if proven { self.superseded() } else { Vec::new() };
        let Some(key) = self.keys.get_mut(&key) else { return };
        key.distrusted.retain(|other| *other != link);
        match key.covers.iter_mut().find(|cover| cover.link == link) {
            Some(cover) => cover.proven |= proven,
            None => key.covers.push(Cover { link, proven }),
        }
        if proven {
            key.provisional = None;
            // It took over for good, and may have silenced those before it.
            key.distrust(|other| other < link && superseded.contains(&other));
        }
    }

    /// A link is gone, or is not listened to any more. `whole`: everything that the server sent by it has arrived.
    pub(super) fn uncover(&mut self, now: Now, link: LinkId, error: Option<&Error>, whole: bool) {
        let Some(state) = self.links.get(&link) else { return };
        let last = state.heard();
        let unplaced: Vec<KeyId> =
            self.keys.iter().filter(|(_, key)| key.displaces.is_some_and(|(by, _)| by == link)).map(|(id, _)| *id).collect();
        for id in unplaced {
            self.placed(id, false, (!whole).then_some(last));
        }
        let cause = error.cloned().map(Arc::new);
        let mut torn = Vec::new();
        let mut ghosts = Vec::new();
        for (id, key) in &mut self.keys {
            let before = key.perhaps.len();
            key.perhaps.retain(|other| *other != link);
            if key.is_leaving() && key.perhaps.len() < before {
                ghosts.push(*id);
            }
            if key.is_leaving() && key.state == KeyState::Sent(link) {
                key.state = KeyState::Wanted;
            }
            let start = GapStart { since: last, cause: cause.clone() };
            let Some(at) = key.covers.iter().position(|cover| cover.link == link) else {
                let distrusted = key.distrusted.len();
                key.distrusted.retain(|other| *other != link);
                if key.distrusted.len() < distrusted && !whole {
                    key.miss(start);
                    torn.extend(key.covers.iter().any(|cover| cover.proven).then_some(*id));
                }
                continue;
            };
            let lost = key.covers.remove(at);
            if lost.proven && !whole && !key.covers.is_empty() {
                // What was on its way by this link is not sent again by the one that took over.
                key.miss(start.clone());
            }
            if key.covers.iter().any(|cover| cover.proven) {
                torn.push(*id);
                continue;
            }
            if key.covers.is_empty() {
                let start = match key.provisional.take() {
                    Some(earlier) if !lost.proven && earlier.since < start.since => earlier,
                    _ => start,
                };
                key.miss(start);
                if key.state == KeyState::Live {
                    key.state = KeyState::Wanted;
                }
            } else if lost.proven {
                key.provisional = Some(start);
            }
        }
        for id in torn {
            self.report_gap(now, id);
        }
        self.lay_ghosts(ghosts);
    }

    /// Links that others have taken over from.
    pub(super) fn superseded(&self) -> Vec<LinkId> {
        self.links.iter().filter(|(_, link)| link.superseded).map(|(id, _)| *id).collect()
    }

    /// A link that was to take over came to nothing after the server may have let it: from `since` on the link before it is not to be
    /// relied on, though it lives.
    pub(super) fn doubt(&mut self, since: UnixMillis, link: LinkId, error: &Error) {
        let cause = Arc::new(error.clone());
        for key in self.keys.values_mut() {
            if !key.is_covered_by(link) {
                continue;
            }
            key.distrust(|other| other == link);
            key.miss(GapStart { since, cause: Some(cause.clone()) });
            if key.covers.is_empty() && key.state == KeyState::Live {
                key.state = KeyState::Wanted;
            }
        }
    }

    /// The same, when the link before it has ended meanwhile: it may have been silenced long before it was heard to end.
    pub(super) fn doubt_in_retrospect(&mut self, since: UnixMillis, route: RouteId, error: &Error) {
        let cause = Arc::new(error.clone());
        for key in self.keys.values_mut().filter(|key| key.route == route && key.gap.is_some() && key.covers.is_empty()) {
            key.miss(GapStart { since, cause: Some(cause.clone()) });
        }
    }

    /// A link proved itself: what it covers, it covers.
    pub(super) fn confirm_cover(&mut self, now: Now, link: LinkId) {
        let claimed = |key: &Key| key.covers.iter().any(|cover| cover.link == link && !cover.proven);
        let recovered: Vec<KeyId> = self.keys.iter().filter(|(_, key)| claimed(key)).map(|(id, _)| *id).collect();
        for id in &recovered {
            self.cover(*id, link, true);
            if let Some(key) = self.keys.get_mut(id) {
                key.state = KeyState::Live;
            }
        }
        let mut live = Vec::new();
        for id in recovered {
            let Some(key) = self.keys.get(&id) else { continue };
            live.extend(key.members.iter().filter(|member| member.told).map(|member| member.subscription));
            self.report_gap(now, id);
        }
        for subscription in live {
            self.emit(EventKind::Subscribed { subscription, recovered: true, confirmed: true });
        }
    }

    /// Some leave while messages may have been missed, and will not hear of the end of it.
    pub(super) fn report_open_gap(&mut self, id: KeyId, leavers: &[SubscriptionId]) {
        let Some(key) = self.keys.get(&id) else { return };
        let Some(start) = key.gap.clone() else { return };
        let told = |one: &&SubscriptionId| key.members.iter().any(|member| member.told && member.subscription == **one);
        let subscriptions: Vec<SubscriptionId> = leavers.iter().filter(told).copied().collect();
        if !subscriptions.is_empty() {
            self.emit(EventKind::Gap(Box::new(Gap { subscriptions, since: start.since, until: None, cause: start.cause })));
        }
    }

    /// Reports that messages of a subscription may have been missed, if they may.
    pub(super) fn report_gap(&mut self, now: Now, id: KeyId) {
        let Some(key) = self.keys.get_mut(&id) else { return };
        let Some(start) = key.gap.take() else { return };
        let subscriptions: Vec<SubscriptionId> = key.subscriptions().collect();
        if !subscriptions.is_empty() && key.was_live {
            self.emit(EventKind::Gap(Box::new(Gap { subscriptions, since: start.since, until: Some(now.wall), cause: start.cause })));
        }
    }
}
