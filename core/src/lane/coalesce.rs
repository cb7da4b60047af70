//! Events that say the same thing twice are merged, so that a lane nobody reads stays small though nothing but messages may be dropped.
//!
//! Two degrees. At once: an equal fault, a gap of equal extent, a hole beside a hole; nothing is lost by these. And when a few hundred
//! events other than messages have piled up: whatever a later event of the same run (a run lies between two messages) makes obsolete.

use std::collections::{BTreeMap, VecDeque};

use crate::event::{Event, EventKind, Fault, Gap};
use crate::id::{RequestId, SubscriptionId};

/// How far back an equal fault is looked for.
const NEAR: usize = 8;

/// Puts a hole at the end of a trail. Returns whether it became an entry of its own.
pub(super) fn push_hole(trail: &mut VecDeque<Event>, hole: Event) -> bool {
    if let (Some(Event { kind: EventKind::Lagged { last, count, .. }, .. }), EventKind::Lagged { last: newest, count: more, .. }) =
        (trail.back_mut(), &hole.kind)
    {
        *last = *newest;
        *count += more;
        return false;
    }
    trail.push_back(hole);
    true
}

/// Merges an event into the end of a trail if that loses nothing; else gives it back.
pub(super) fn into_trail(trail: &mut VecDeque<Event>, event: Event) -> Option<Event> {
    match &event.kind {
        EventKind::Fault(fault) => {
            let near = trail.iter_mut().rev().take(NEAR).take_while(|event| !matches!(event.kind, EventKind::Message(_)));
            for before in near {
                if let EventKind::Fault(before) = &mut before.kind
                    && same_fault(before, fault)
                {
                    before.count += fault.count;
                    return None;
                }
            }
        }
        EventKind::Gap(gap) => {
            if let Some(Event { kind: EventKind::Gap(before), .. }) = trail.back_mut()
                && (before.since, before.until) == (gap.since, gap.until)
                && before.cause == gap.cause
            {
                before.subscriptions.extend_from_slice(&gap.subscriptions);
                before.subscriptions.sort_unstable();
                before.subscriptions.dedup();
                return None;
            }
        }
        _ => {}
    }
    Some(event)
}

fn same_fault(one: &Fault, other: &Fault) -> bool {
    (one.kind, one.subscription, one.request) == (other.kind, other.subscription, other.request) && one.error == other.error
}

/// What an event says something about. Of several in one run about the same, the last stands.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    State,
    Opened,
    Subscribed(SubscriptionId),
    Gap,
    Lagged,
    Fault(crate::event::FaultKind, Option<SubscriptionId>),
    Need(RequestId),
    Ping,
    Pong,
}

fn subject(kind: &EventKind) -> Option<Subject> {
    Some(match kind {
        EventKind::State { .. } => Subject::State,
        EventKind::Opened(_) => Subject::Opened,
        EventKind::Subscribed { subscription, .. } => Subject::Subscribed(*subscription),
        EventKind::Gap(_) => Subject::Gap,
        EventKind::Lagged { .. } => Subject::Lagged,
        EventKind::Fault(fault) => Subject::Fault(fault.kind, fault.subscription),
        // A need that was taken back is nobody's concern any more, but its end is: somebody may have started on it.
        EventKind::Need(need) => Subject::Need(need.request),
        EventKind::NeedCancelled { request } => Subject::Need(*request),
        EventKind::Ping(_) => Subject::Ping,
        EventKind::Pong(_) => Subject::Pong,
        // Each of these is said once, and somebody may wait for it.
        EventKind::Message(_)
        | EventKind::Unsubscribed { .. }
        | EventKind::Ended { .. }
        | EventKind::Reply { .. }
        | EventKind::Writable
        | EventKind::Closed(_) => return None,
    })
}

/// Merges, within each run of events between two messages, those that later ones make obsolete.
pub(super) fn compact(events: VecDeque<Event>) -> VecDeque<Event> {
    let mut kept: Vec<Option<Event>> = Vec::with_capacity(events.len());
    let mut run: BTreeMap<Subject, usize> = BTreeMap::new();
    for mut event in events {
        if matches!(event.kind, EventKind::Message(_)) {
            run.clear();
        } else if let Some(subject) = subject(&event.kind) {
            let before = run.insert(subject, kept.len()).and_then(|at| kept[at].take());
            if let Some(before) = before {
                absorb(&mut event.kind, before.kind);
            }
        }
        kept.push(Some(event));
    }
    kept.into_iter().flatten().collect()
}

/// Makes an event stand for an earlier one as well.
fn absorb(event: &mut EventKind, before: EventKind) {
    match (event, before) {
        (EventKind::State { from, .. }, EventKind::State { from: earlier, .. }) => *from = earlier,
        (EventKind::Gap(gap), EventKind::Gap(before)) => widen(gap, *before),
        (EventKind::Lagged { first, count, .. }, EventKind::Lagged { first: earlier, count: more, .. }) => {
            *first = earlier;
            *count += more;
        }
        (EventKind::Fault(fault), EventKind::Fault(before)) => fault.count += before.count,
        (EventKind::Subscribed { recovered, .. }, EventKind::Subscribed { recovered: before, .. }) => {
            // The first time is told as the first time.
            *recovered &= before;
        }
        _ => {}
    }
}

/// A gap wide enough for both. It claims no less than either did.
fn widen(gap: &mut Gap, before: Gap) {
    gap.since = gap.since.min(before.since);
    gap.subscriptions.extend(before.subscriptions);
    gap.subscriptions.sort_unstable();
    gap.subscriptions.dedup();
}
