//! Breaking promises on purpose, to show that the simulation notices.
//!
//! Each of these spoils what the session says or does, or what a lane or the network makes of it, just as a defect would. `tests/` plays
//! seeds with each and expects the invariant that forbids it.

use topicwire::event::{Event, EventKind, Gap};
use topicwire::id::{RequestId, Seq, SubscriptionId, Ticket};
use topicwire::session::io::{Frame, Output};
use topicwire::time::UnixMillis;

/// What is spoiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// One message in twenty is lost.
    LoseMessages,
    /// Messages are lost once the trouble is over.
    LoseProbes,
    /// One message comes twice.
    DoubleMessage,
    /// Messages change places with the next.
    SwapMessages,
    /// Messages come that belong to another channel than the gateway says.
    WrongChannel,
    /// Messages come that were never published.
    Invent,
    /// The user's unsubscribing does not reach the session.
    DeafToUnsubscribe,
    /// That a subscription is live is said again when it has ended.
    LateLive,
    /// That subscriptions are live is never said.
    NeverLive,
    /// Gaps are not told.
    SwallowGaps,
    /// A gap ends before it begins.
    BackwardGap,
    /// A gap is told of a subscription that does not exist.
    StrangeGap,
    /// One reply is lost.
    SwallowReply,
    /// One reply comes twice.
    DoubleReply,
    /// A request is answered that was never made.
    UnaskedReply,
    /// A sequence number is used twice.
    RepeatSeq,
    /// `Closed` is not said.
    HideClosed,
    /// Something is said after `Closed`.
    SpeakAfterClosed,
    /// The session closes by itself.
    CloseEarly,
    /// Commands that end subscriptions are not written.
    SwallowUnsubscribes,
    /// Every command is written twice.
    Unpaced,
    /// A ticket is used twice.
    RepeatTicket,
    /// A frame is written to a link that was cut.
    WriteToGone,
    /// The session does not hear that time passes.
    DeafToTime,
    /// The session's clock turns without end.
    TimerStorm,
    /// The machines always have one thing more to do.
    Restless,
    /// A lane loses messages.
    LaneLoses,
    /// A lane gives messages twice.
    LaneDoubles,
    /// A lane gives events in another order.
    LaneSwaps,
    /// A lane loses a reply.
    LaneLosesReply,
    /// A lane loses its end.
    LaneNeverEnds,
}

impl Sabotage {
    /// All of them.
    pub const ALL: [Self; 31] = [
        Self::LoseMessages,
        Self::LoseProbes,
        Self::DoubleMessage,
        Self::SwapMessages,
        Self::WrongChannel,
        Self::Invent,
        Self::DeafToUnsubscribe,
        Self::LateLive,
        Self::NeverLive,
        Self::SwallowGaps,
        Self::BackwardGap,
        Self::StrangeGap,
        Self::SwallowReply,
        Self::DoubleReply,
        Self::UnaskedReply,
        Self::RepeatSeq,
        Self::HideClosed,
        Self::SpeakAfterClosed,
        Self::CloseEarly,
        Self::SwallowUnsubscribes,
        Self::Unpaced,
        Self::RepeatTicket,
        Self::WriteToGone,
        Self::DeafToTime,
        Self::TimerStorm,
        Self::Restless,
        Self::LaneLoses,
        Self::LaneDoubles,
        Self::LaneSwaps,
        Self::LaneLosesReply,
        Self::LaneNeverEnds,
    ];

    /// The words of the invariant that forbids it.
    #[must_use]
    pub fn is_noticed_as(self) -> &'static str {
        match self {
            Self::LoseMessages | Self::SwallowGaps => "without a word",
            Self::LoseProbes => "does not get probe",
            Self::DoubleMessage => "2 times",
            Self::SwapMessages => "by one connection",
            Self::WrongChannel => "of another channel",
            Self::Invent => "was never published",
            Self::DeafToUnsubscribe => "after its end",
            Self::LateLive => "is live after its end",
            Self::NeverLive => "are wanted and not live",
            Self::BackwardGap => "a gap ends before it begins",
            Self::StrangeGap => "a gap of subscription",
            Self::SwallowReply => "are not answered",
            Self::DoubleReply => "is answered twice",
            Self::UnaskedReply => "was never accepted",
            Self::RepeatSeq => "follows event",
            Self::HideClosed => "does not say so",
            Self::SpeakAfterClosed => "an event follows Closed",
            Self::CloseEarly => "the session ended by itself",
            Self::SwallowUnsubscribes => "which nobody wants",
            Self::Unpaced => "two commands on link",
            Self::RepeatTicket => "out of order",
            Self::WriteToGone => "which is gone",
            Self::DeafToTime => "a timer is due that was just handled",
            Self::TimerStorm => "a timer storm",
            Self::Restless => "the machines find no rest",
            Self::LaneLoses => "messages are missing",
            Self::LaneDoubles => "was not meant for it, or comes twice",
            Self::LaneSwaps => "follows event",
            Self::LaneLosesReply => "the reply to request",
            Self::LaneNeverEnds => "it was never closed",
        }
    }
}

/// One who spoils it.
#[derive(Debug)]
pub(crate) struct Saboteur {
    what: Sabotage,
    /// How many chances there were.
    chances: u64,
    held: Option<Event>,
    /// How far sequence numbers are moved, so that what was added has one.
    shift: u64,
    /// Nothing goes wrong by itself any more.
    pub(crate) calm: bool,
}

impl Saboteur {
    pub(crate) fn new(what: Sabotage) -> Self {
        Self { what, chances: 0, held: None, shift: 0, calm: false }
    }

    pub(crate) fn does(&self, what: Sabotage) -> bool {
        self.what == what
    }

    /// One time in so many.
    fn strikes(&mut self, one_in: u64) -> bool {
        self.chances += 1;
        self.chances.is_multiple_of(one_in)
    }

    /// An event, as the rest of the world gets it.
    pub(crate) fn spoil_event(&mut self, event: Event) -> Vec<Event> {
        let kinds: Vec<EventKind> = match (self.what, event.kind) {
            (Sabotage::LoseMessages, EventKind::Message(_)) if self.strikes(20) => Vec::new(),
            (Sabotage::LoseProbes, EventKind::Message(_)) if self.calm => Vec::new(),
            (Sabotage::DoubleMessage, kind @ EventKind::Message(_)) if self.strikes(5) => vec![kind.clone(), kind],
            (Sabotage::SwapMessages, EventKind::Message(message)) => match self.held.take() {
                Some(held) => vec![EventKind::Message(message), held.kind],
                None => {
                    self.held = Some(Event { seq: event.seq, kind: EventKind::Message(message) });
                    Vec::new()
                }
            },
            (Sabotage::NeverLive, EventKind::Subscribed { .. }) | (Sabotage::SwallowGaps, EventKind::Gap(_)) => Vec::new(),
            (Sabotage::LateLive, kind @ EventKind::Subscribed { .. }) if self.held.is_none() => {
                self.held = Some(Event { seq: event.seq, kind: kind.clone() });
                vec![kind]
            }
            (Sabotage::LateLive, EventKind::Unsubscribed { subscription }) => match &self.held {
                Some(Event { kind: live @ EventKind::Subscribed { subscription: other, .. }, .. }) if *other == subscription => {
                    vec![EventKind::Unsubscribed { subscription }, live.clone()]
                }
                _ => vec![EventKind::Unsubscribed { subscription }],
            },
            (Sabotage::BackwardGap, EventKind::Gap(gap)) => {
                vec![EventKind::Gap(Box::new(Gap { since: UnixMillis(gap.since.0 + 3_600_000), ..*gap }))]
            }
            (Sabotage::StrangeGap, EventKind::Gap(gap)) => {
                vec![EventKind::Gap(Box::new(Gap { subscriptions: vec![SubscriptionId(7_777)], ..*gap }))]
            }
            (Sabotage::SwallowReply, EventKind::Reply { .. }) if self.strikes(3) => Vec::new(),
            (Sabotage::DoubleReply, kind @ EventKind::Reply { .. }) => vec![kind.clone(), kind],
            (Sabotage::UnaskedReply, EventKind::Reply { result, .. }) => vec![EventKind::Reply { request: RequestId(7_777), result }],
            (Sabotage::HideClosed, EventKind::Closed(_)) => Vec::new(),
            (Sabotage::SpeakAfterClosed, kind @ EventKind::Closed(_)) => vec![kind, EventKind::Writable],
            (_, kind) => vec![kind],
        };
        // What was left out keeps its number; what was added has the next.
        let first = event.seq.0 + self.shift;
        self.shift += (kinds.len() as u64).saturating_sub(1);
        let repeated = u64::from(self.does(Sabotage::RepeatSeq) && self.strikes(10));
        (first..).zip(kinds).map(|(seq, kind)| Event { seq: Seq(seq - repeated), kind }).collect()
    }

    /// What the session wants done, as it is done.
    pub(crate) fn spoil_output(&mut self, output: Output) -> Vec<Output> {
        match (self.what, output) {
            (Sabotage::SwallowUnsubscribes, Output::Send { frame: Frame::Text(text), .. }) if has(&text, b"\"unsubscribe\"") => Vec::new(),
            (Sabotage::Unpaced, Output::Send { link, frame, ticket }) => {
                let twice = Ticket(ticket.0 * 2);
                vec![Output::Send { link, frame: frame.clone(), ticket: Ticket(twice.0 - 1) }, Output::Send { link, frame, ticket: twice }]
            }
            (Sabotage::RepeatTicket, Output::Send { link, frame, ticket }) => {
                vec![Output::Send { link, frame: frame.clone(), ticket }, Output::Send { link, frame, ticket }]
            }
            (Sabotage::WriteToGone, Output::Abort { link }) => {
                vec![Output::Abort { link }, Output::Send { link, frame: Frame::Text("late".into()), ticket: Ticket(u64::MAX) }]
            }
            (_, output) => vec![output],
        }
    }

    /// What a consumer finds in its lane.
    pub(crate) fn spoil_lane(&mut self, events: &mut Vec<Event>) {
        let at = |fits: fn(&EventKind) -> bool| events.iter().position(|event| fits(&event.kind));
        let (message, reply, end) = (
            at(|kind| matches!(kind, EventKind::Message(_))),
            at(|kind| matches!(kind, EventKind::Reply { .. })),
            at(|kind| matches!(kind, EventKind::Closed(_))),
        );
        match (self.what, message, reply, end) {
            (Sabotage::LaneLoses, Some(at), ..) | (Sabotage::LaneLosesReply, _, Some(at), _) | (Sabotage::LaneNeverEnds, .., Some(at)) => {
                events.remove(at);
            }
            (Sabotage::LaneDoubles, Some(at), ..) => {
                let again = events[at].clone();
                events.insert(at, again);
            }
            (Sabotage::LaneSwaps, Some(_), ..) => events.reverse(),
            _ => {}
        }
    }
}

fn has(text: &[u8], what: &[u8]) -> bool {
    text.windows(what.len()).any(|window| window == what)
}
