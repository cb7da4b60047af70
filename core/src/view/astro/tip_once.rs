//! Each tip once.

use std::collections::{BTreeSet, VecDeque};
use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use super::AstroEvent;

/// Passes each tip once, when it is paid and allowed, by whichever topic it comes first: `channel.tips`, `channel.tips.moderation`, or
/// a `tip` among the activities.
///
/// It remembers the last few tips by a 64-bit hash of their ids, 16 bytes each, so its memory is bounded.
///
/// ```
/// use topicwire::view::astro::{AstroEvent, TipOnce, TipVerdict};
///
/// let frame = br#"{"data":{"_id":"1","approved":"allowed","status":"success","donation":{"amount":5}}}"#;
/// let tip = AstroEvent::read("channel.tips", frame);
/// let again = AstroEvent::read("channel.tips.moderation", frame);
/// let mut once = TipOnce::default();
/// assert_eq!(once.judge(&tip), TipVerdict::First);
/// assert_eq!(once.judge(&again), TipVerdict::Repeated);
/// ```
#[derive(Debug, Clone)]
pub struct TipOnce {
    known: BTreeSet<u64>,
    order: VecDeque<u64>,
    capacity: usize,
}

/// What an event means for somebody who wants each tip once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TipVerdict {
    /// It is not about a tip.
    NotATip,
    /// The tip is not paid or not allowed yet, or never will be.
    NotFinal,
    /// A tip that has not been passed before: show it.
    First,
    /// A tip that has been passed.
    Repeated,
}

impl Default for TipOnce {
    /// Remembers 1,024 tips.
    fn default() -> Self {
        Self::with_capacity(1024)
    }
}

impl TipOnce {
    /// Remembers the last `capacity` tips.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { known: BTreeSet::new(), order: VecDeque::new(), capacity: capacity.max(1) }
    }

    /// Judges an event, and remembers the tip if it is the first of its id.
    pub fn judge(&mut self, event: &AstroEvent) -> TipVerdict {
        let id = match event {
            AstroEvent::Tip(tip) | AstroEvent::TipModeration(tip) if tip.is_final() => &tip.id,
            AstroEvent::Tip(_) | AstroEvent::TipModeration(_) => return TipVerdict::NotFinal,
            // An activity is made of a tip that was allowed. Without the tip's id it cannot be told from others, only from itself.
            AstroEvent::Activity(activity) if activity.activity_type == "tip" => match &activity.tip_id {
                Some(_) => &activity.tip_id,
                None => &activity.id,
            },
            _ => return TipVerdict::NotATip,
        };
        match id {
            Some(id) if !self.remember(id) => TipVerdict::Repeated,
            // What has no id cannot be recognised, and showing a tip twice is better than never.
            _ => TipVerdict::First,
        }
    }

    /// Whether the id is new.
    fn remember(&mut self, id: &str) -> bool {
        let hash = FixedState::with_seed(0x7469_7073).hash_one(id);
        if !self.known.insert(hash) {
            return false;
        }
        if self.order.len() == self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(hash);
        true
    }
}
