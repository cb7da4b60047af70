//! What a lane wants to hear.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::kinds::{Kind, KindSet};
use crate::event::Message;
use crate::id::SubscriptionId;

/// What a lane wants. Each part that is absent wants everything; those that are present must all agree.
///
/// An event that is about a subscription is wanted by a lane that wants that subscription; an event about no subscription in particular
/// is wanted by every lane. Topics and rooms judge messages only: the core does not know a subscription by its topic, and a lane had
/// rather hear of one subscription too many than miss a gap. `Lagged` and `Closed` always come, whatever `kinds` says.
///
/// ```
/// use topicwire::event::{Label, Message, PayloadKind};
/// use topicwire::lane::{Filter, Kind};
///
/// let on = |topic: &str| Message::whole("{}".into(), PayloadKind::Json).with_topic(Label::Owned(topic.into()));
/// let filter: Filter = serde_json::from_str(r#"{ "topics": ["channel.tips"], "kinds": ["message", "gap"] }"#).unwrap();
/// assert!(filter.matches(&on("channel.tips")));
/// assert!(!filter.matches(&on("channel.chat")));
/// assert!(!filter.wants_kind(Kind::State));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Filter {
    /// Only these subscriptions. A message that belongs to none does not match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscriptions: Option<BTreeSet<SubscriptionId>>,
    /// Only messages of these topics. A message without a topic does not match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topics: Option<BTreeSet<String>>,
    /// Only messages of these rooms, groups or channels. A message without one does not match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rooms: Option<BTreeSet<String>>,
    /// Only these kinds of events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kinds: Option<KindSet>,
}

impl Filter {
    /// Wants everything.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Wants one subscription.
    #[must_use]
    pub fn subscription(subscription: SubscriptionId) -> Self {
        Self { subscriptions: Some(BTreeSet::from([subscription])), ..Self::default() }
    }

    /// Wants the messages of some topics.
    pub fn topics<I: IntoIterator<Item: Into<String>>>(topics: I) -> Self {
        Self { topics: Some(topics.into_iter().map(Into::into).collect()), ..Self::default() }
    }

    /// Whether it wants this kind of event at all.
    #[must_use]
    pub fn wants_kind(&self, kind: Kind) -> bool {
        matches!(kind, Kind::Lagged | Kind::Closed) || self.kinds.is_none_or(|kinds| kinds.contains(kind))
    }

    /// Whether it wants events about this subscription.
    #[must_use]
    pub fn wants_subscription(&self, subscription: SubscriptionId) -> bool {
        self.subscriptions.as_ref().is_none_or(|wanted| wanted.contains(&subscription))
    }

    /// Whether it wants a message.
    #[must_use]
    pub fn matches(&self, message: &Message) -> bool {
        self.wants_kind(Kind::Message)
            && self.subscriptions.as_ref().is_none_or(|wanted| message.subscriptions().iter().any(|one| wanted.contains(one)))
            && self.wants_labels(message)
    }

    /// The part of the judgement that is left when the subscription is known to match.
    pub(super) fn wants_labels(&self, message: &Message) -> bool {
        wants_label(self.topics.as_ref(), message.topic_bytes()) && wants_label(self.rooms.as_ref(), message.room_bytes())
    }

    pub(super) fn has_labels(&self) -> bool {
        self.topics.is_some() || self.rooms.is_some()
    }
}

/// Labels are compared as bytes: they are compared for every message, and read for few.
fn wants_label(wanted: Option<&BTreeSet<String>>, label: Option<&[u8]>) -> bool {
    let Some(wanted) = wanted else { return true };
    let Some(label) = label else { return false };
    if wanted.len() <= FEW {
        return wanted.iter().any(|one| one.as_bytes() == label);
    }
    std::str::from_utf8(label).is_ok_and(|label| wanted.contains(label))
}

/// Sets of up to this many labels are looked through rather than searched.
const FEW: usize = 8;
