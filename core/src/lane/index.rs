//! Which lanes an event goes to.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::filter::Filter;
use super::kinds::Kind;
use super::options::Role;
use crate::event::Message;
use crate::id::SubscriptionId;

/// A lane's place in the router.
pub(super) type Place = usize;

/// Lanes by what they want. With ten thousand lanes of one subscription each, an event costs a look-up, not ten thousand questions.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Data lanes that name subscriptions.
    by_subscription: HashMap<SubscriptionId, Vec<Place>, FixedState>,
    /// Data lanes that do not.
    general: Vec<Place>,
    /// All data lanes.
    data: Vec<Place>,
    reply: Vec<Place>,
    service: Vec<Place>,
}

/// What the index needs to know of a lane.
pub(super) trait Lookup {
    /// The filter of the lane in this place.
    fn filter(&self, place: Place) -> &Filter;
}

impl Index {
    pub(super) fn add(&mut self, place: Place, role: Role, filter: &Filter) {
        match role {
            Role::Reply => self.reply.push(place),
            Role::Service => self.service.push(place),
            Role::Data => {
                self.data.push(place);
                match &filter.subscriptions {
                    None => self.general.push(place),
                    Some(wanted) => {
                        for one in wanted {
                            self.by_subscription.entry(*one).or_default().push(place);
                        }
                    }
                }
            }
        }
    }

    pub(super) fn remove(&mut self, place: Place, role: Role, filter: &Filter) {
        match role {
            Role::Reply => take(&mut self.reply, place),
            Role::Service => take(&mut self.service, place),
            Role::Data => {
                take(&mut self.data, place);
                match &filter.subscriptions {
                    None => take(&mut self.general, place),
                    Some(wanted) => {
                        for one in wanted {
                            if let Some(places) = self.by_subscription.get_mut(one) {
                                take(places, place);
                                if places.is_empty() {
                                    self.by_subscription.remove(one);
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Data lanes that want a message.
    pub(super) fn for_message(&self, lanes: &impl Lookup, message: &Message, found: &mut Vec<Place>) {
        let wants = |place: &Place| {
            let filter = lanes.filter(*place);
            if !filter.wants_kind(Kind::Message) {
                return false;
            }
            !filter.has_labels() || filter.wants_labels(message)
        };
        found.extend(self.general.iter().filter(|place| wants(place)));
        let subscriptions = message.subscriptions();
        if self.by_subscription.is_empty() || subscriptions.is_empty() {
            return;
        }
        for one in subscriptions {
            found.extend(self.by_subscription.get(one).into_iter().flatten().filter(|place| wants(place)));
        }
        unique(found, subscriptions.len());
    }

    /// Data lanes that want an event of this kind about these subscriptions.
    pub(super) fn about(&self, lanes: &impl Lookup, kind: Kind, subscriptions: &[SubscriptionId], found: &mut Vec<Place>) {
        let wants = |place: &&Place| lanes.filter(**place).wants_kind(kind);
        found.extend(self.general.iter().filter(wants));
        for one in subscriptions {
            found.extend(self.by_subscription.get(one).into_iter().flatten().filter(wants));
        }
        unique(found, subscriptions.len());
    }

    /// Every data lane that wants this kind of event.
    pub(super) fn all_data(&self, lanes: &impl Lookup, kind: Kind, found: &mut Vec<Place>) {
        found.extend(self.data.iter().filter(|place| lanes.filter(**place).wants_kind(kind)));
    }

    /// Service lanes that want this kind of event.
    pub(super) fn service(&self, lanes: &impl Lookup, kind: Kind, found: &mut Vec<Place>) {
        found.extend(self.service.iter().filter(|place| lanes.filter(**place).wants_kind(kind)));
    }

    /// Every service lane.
    pub(super) fn every_service(&self, found: &mut Vec<Place>) {
        found.extend_from_slice(&self.service);
    }

    /// Every reply lane.
    pub(super) fn every_reply(&self, found: &mut Vec<Place>) {
        found.extend_from_slice(&self.reply);
    }
}

/// A lane may want two of an event's subscriptions.
fn unique(found: &mut Vec<Place>, subscriptions: usize) {
    if subscriptions > 1 {
        found.sort_unstable();
        found.dedup();
    }
}

/// From the end, so that ending ten thousand lanes in reverse looks at ten thousand places.
fn take(places: &mut Vec<Place>, place: Place) {
    if let Some(at) = places.iter().rposition(|one| *one == place) {
        places.swap_remove(at);
    }
}
