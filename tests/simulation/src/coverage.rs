//! What happened in the runs, so that a green batch means something: a fault that never strikes finds nothing.

use topicwire::error::Code;
use topicwire::event::{EventKind, FaultKind, NeedReason, Outcome as Ending};

/// Something that a batch of seeds must have seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// A run of Astro.
    AstroRun,
    /// A run of GraphQL.
    GraphQlRun,
    /// A connection took over from another by its token.
    Handover,
    /// A connection started from nothing.
    FreshConnection,
    /// A connection broke.
    Crash,
    /// The gateway closed a connection.
    ClosedByGateway,
    /// A connection fell silent and was given up.
    Stall,
    /// An attempt to connect failed.
    RefusedDial,
    /// A gap was told.
    Gap,
    /// A message came twice and was passed once.
    Duplicate,
    /// A subscription or a command was refused.
    Refusal,
    /// Commands were throttled.
    Throttling,
    /// A command was not answered in time.
    LostAnswer,
    /// A frame could not be understood, or nobody had asked for it.
    Nonsense,
    /// Consumers held back the socket.
    SlowConsumer,
    /// Consumers held it back longer than the gateway would bear.
    Stalled,
    /// A lane dropped messages.
    Lagging,
    /// A fresh credential was asked for, since the old one was of another connection.
    Renewal,
    /// A fresh credential was asked for, since the old one was refused.
    Rejection,
    /// A provider failed, or did not answer in time.
    BadProvider,
    /// A request was taken back.
    Cancel,
    /// A subscription was ended.
    Unsubscribe,
    /// A topic was left as a whole.
    TopicEnd,
    /// An iterator was dropped.
    DroppedIterator,
    /// An operation ended by itself, or failed.
    EndedOperation,
    /// Frames counted as written and never arrived.
    LostAfterWrite,
    /// A room was called by its other name.
    Alias,
}

impl Deed {
    /// All of them.
    pub const ALL: [Self; 27] = [
        Self::AstroRun,
        Self::GraphQlRun,
        Self::Handover,
        Self::FreshConnection,
        Self::Crash,
        Self::ClosedByGateway,
        Self::Stall,
        Self::RefusedDial,
        Self::Gap,
        Self::Duplicate,
        Self::Refusal,
        Self::Throttling,
        Self::LostAnswer,
        Self::Nonsense,
        Self::SlowConsumer,
        Self::Stalled,
        Self::Lagging,
        Self::Renewal,
        Self::Rejection,
        Self::BadProvider,
        Self::Cancel,
        Self::Unsubscribe,
        Self::TopicEnd,
        Self::DroppedIterator,
        Self::EndedOperation,
        Self::LostAfterWrite,
        Self::Alias,
    ];

    /// What an event is evidence of.
    pub(crate) fn of(event: &EventKind) -> Option<Self> {
        Some(match event {
            EventKind::Opened(opened) if opened.resumed => Self::Handover,
            EventKind::Opened(_) => Self::FreshConnection,
            EventKind::Gap(_) => Self::Gap,
            EventKind::Reply { result: Err(error), .. } if matches!(error.code, Code::Refused | Code::Unauthorized) => Self::Refusal,
            EventKind::Ended { outcome: Ending::Completed | Ending::Failed(_), .. } => Self::EndedOperation,
            EventKind::Unsubscribed { .. } => Self::Unsubscribe,
            EventKind::Need(need) => match need.reason {
                NeedReason::Rejected { .. } => Self::Rejection,
                NeedReason::Reconnect => Self::Renewal,
                _ => return None,
            },
            EventKind::Fault(fault) => match fault.kind {
                FaultKind::Stale => Self::Stall,
                FaultKind::Throttled => Self::Throttling,
                FaultKind::Provider => Self::BadProvider,
                FaultKind::Resubscribe => Self::Refusal,
                FaultKind::BadFrame | FaultKind::Unsolicited => Self::Nonsense,
                FaultKind::Gateway if fault.error.code == Code::Timeout => Self::LostAnswer,
                _ => return None,
            },
            _ => return None,
        })
    }
}

/// How often each happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage([u64; Deed::ALL.len()]);

impl Coverage {
    pub(crate) fn note(&mut self, deed: Deed) {
        self.add(deed, 1);
    }

    pub(crate) fn add(&mut self, deed: Deed, times: u64) {
        self.0[deed as usize] += times;
    }

    /// Adds what another run has seen.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }

    /// How often something happened.
    #[must_use]
    pub fn count(&self, deed: Deed) -> u64 {
        self.0[deed as usize]
    }

    /// What never happened.
    #[must_use]
    pub fn missing(&self) -> Vec<Deed> {
        Deed::ALL.into_iter().filter(|deed| self.count(*deed) == 0).collect()
    }
}
