//! What can happen to a session, as small numbers that shrink.

use proptest::collection::vec;
use proptest::prelude::*;

/// One thing that happens. A number that says *which* counts among those that there are; where there are none, nothing happens.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// The user subscribes to a target.
    Subscribe { target: u8 },
    /// The user ends a subscription, of those that ever were.
    Unsubscribe { which: u8 },
    /// The user leaves a topic.
    LeaveTopic { topic: u8 },
    /// The user runs a query or a mutation.
    Execute { mutation: bool },
    /// The user asks for a ping.
    Ping { payload: u8 },
    /// The user sends a payload, perhaps wanting to know when it is written.
    Send { size: u8, asked: bool },
    /// The user takes a request back, of those that ever were.
    Cancel { which: u8 },
    /// A lane that owned a subscription is closed.
    Release { which: u8 },
    /// A need is answered, of those that ever were: with a value, for a while or for good, or with an error that may pass or not.
    Provide { which: u8, how: u8 },
    /// A number that was used before is used again.
    UsedNumber { which: u8 },
    /// The user connects again.
    Connect,
    /// The user closes.
    Close,
    /// The user aborts.
    Abort,
    /// A dial succeeds.
    Open { which: u8, protocol: u8 },
    /// A dial fails.
    Fail { which: u8, how: u8 },
    /// A frame arrives, on a link that may have ended long ago.
    Frame { which: u8, kind: u8, name: u8, what: u8 },
    /// Some of what was sent counts as written.
    Flush { which: u8, how_many: u8 },
    /// A link ends.
    End { which: u8, how: u8 },
    /// An input comes for a link that ended, or for one that never was.
    Stale { which: u8, what: u8 },
    /// An HTTP request is answered, perhaps twice.
    Respond { which: u8, how: u8 },
    /// Consumers fall behind or catch up.
    Pressure { on: bool },
    /// Time passes.
    Pass { how_long: u8 },
    /// What the network brings in the next so many steps comes in one turn: nobody asks the session anything in between.
    Turn { steps: u8 },
}

impl Step {
    /// It comes from the network, of which several things may happen in one turn.
    pub(crate) fn is_of_network(&self) -> bool {
        matches!(
            self,
            Self::Open { .. }
                | Self::Fail { .. }
                | Self::Frame { .. }
                | Self::Flush { .. }
                | Self::End { .. }
                | Self::Stale { .. }
                | Self::Respond { .. }
                | Self::Turn { .. }
        )
    }
}

/// Some steps, of which the likely ones lead somewhere.
pub(crate) fn script() -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 0..90)
}

fn step() -> impl Strategy<Value = Step> {
    let small = 0_u8..6;
    let which = prop_oneof![3 => Just(0_u8), 1 => any::<u8>()];
    prop_oneof![
        10 => (0_u8..8).prop_map(|target| Step::Subscribe { target }),
        4 => any::<u8>().prop_map(|which| Step::Unsubscribe { which }),
        2 => (0_u8..2).prop_map(|topic| Step::LeaveTopic { topic }),
        2 => any::<bool>().prop_map(|mutation| Step::Execute { mutation }),
        2 => (0_u8..3).prop_map(|payload| Step::Ping { payload }),
        3 => (any::<u8>(), any::<bool>()).prop_map(|(size, asked)| Step::Send { size, asked }),
        3 => any::<u8>().prop_map(|which| Step::Cancel { which }),
        1 => any::<u8>().prop_map(|which| Step::Release { which }),
        6 => (which.clone(), small.clone()).prop_map(|(which, how)| Step::Provide { which, how }),
        1 => any::<u8>().prop_map(|which| Step::UsedNumber { which }),
        1 => Just(Step::Connect),
        10 => (which.clone(), small.clone()).prop_map(|(which, protocol)| Step::Open { which, protocol }),
        3 => (which.clone(), small.clone()).prop_map(|(which, how)| Step::Fail { which, how }),
        12 => which.clone().prop_map(|which| Step::Frame { which, kind: 0, name: 0, what: 0 }),
        40 => (which.clone(), 0_u8..16, which.clone(), small.clone()).prop_map(|(which, kind, name, what)| Step::Frame { which, kind, name, what }),
        6 => (which.clone(), any::<u8>()).prop_map(|(which, how_many)| Step::Flush { which, how_many }),
        5 => (which.clone(), small.clone()).prop_map(|(which, how)| Step::End { which, how }),
        2 => (any::<u8>(), small.clone()).prop_map(|(which, what)| Step::Stale { which, what }),
        2 => (which, small).prop_map(|(which, how)| Step::Respond { which, how }),
        2 => any::<bool>().prop_map(|on| Step::Pressure { on }),
        14 => any::<u8>().prop_map(|how_long| Step::Pass { how_long }),
        3 => (2_u8..6).prop_map(|steps| Step::Turn { steps }),
        1 => prop_oneof![8 => Just(Step::Close), 1 => Just(Step::Abort)],
    ]
}
