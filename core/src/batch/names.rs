//! Names back into values.

use crate::event::{FaultKind, State};

const STATES: &[State] = &[
    State::Idle,
    State::Connecting,
    State::AwaitingWelcome,
    State::Active,
    State::HandingOver,
    State::Recovering,
    State::Backoff,
    State::Closed,
];

const FAULTS: &[FaultKind] = &[
    FaultKind::BadFrame,
    FaultKind::UnknownFrame,
    FaultKind::Unsolicited,
    FaultKind::Throttled,
    FaultKind::Resubscribe,
    FaultKind::Provider,
    FaultKind::Connect,
    FaultKind::Stale,
    FaultKind::NoData,
    FaultKind::SlowConsumer,
    FaultKind::Gateway,
];

pub(super) fn state(name: &str) -> Option<State> {
    STATES.iter().copied().find(|state| state.as_str() == name)
}

pub(super) fn fault(name: &str) -> Option<FaultKind> {
    FAULTS.iter().copied().find(|kind| kind.as_str() == name)
}
