//! The network between the two machines: frames take time, arrive in order, and may stop arriving.

use std::collections::VecDeque;
use std::time::Duration;

use topicwire::event::CloseFrame;
use topicwire::id::{LinkId, Ticket};
use topicwire::session::io::{DialFailure, Frame, LinkEnd};
use topicwire_gateway::machine::{ConnId, UpgradeRequest};

use crate::dice::Dice;

/// What travels towards the client.
#[derive(Debug, Clone)]
pub(crate) enum Down {
    /// The upgrade succeeded.
    Opened(Option<String>),
    /// It did not.
    Failed(DialFailure),
    /// A frame.
    Frame(Frame),
    /// The gateway's close frame.
    Close(CloseFrame),
    /// The end of the stream.
    End(String),
}

/// What travels towards the gateway.
#[derive(Debug, Clone)]
pub(crate) enum Up {
    /// A request for a socket.
    Upgrade(UpgradeRequest),
    /// A frame.
    Frame(Frame),
    /// The client's close frame.
    Close(CloseFrame),
    /// The end of the stream.
    Lost,
}

/// One direction of a socket: in order, with a time for each frame.
#[derive(Debug, Default)]
pub(crate) struct Way {
    last: Duration,
    sent: u64,
    /// What was sent after this many never arrives.
    limit: Option<u64>,
}

impl Way {
    /// When something that is sent now arrives, and its number. `None` if it never does.
    pub(crate) fn send(&mut self, now: Duration, takes: Duration) -> Option<(Duration, u64)> {
        self.sent += 1;
        if self.limit.is_some() {
            return None;
        }
        self.last = self.last.max(now + takes);
        Some((self.last, self.sent))
    }

    /// Whether what has this number arrives.
    #[must_use]
    pub(crate) fn arrives(&self, number: u64) -> bool {
        self.limit.is_none_or(|limit| number <= limit)
    }

    /// Only the first `kept` of what is under way arrive, counted from `arrived`, and nothing after them.
    pub(crate) fn cut(&mut self, arrived: u64, kept: u64) {
        let limit = (arrived + kept).min(self.sent);
        self.limit = Some(self.limit.map_or(limit, |earlier| earlier.min(limit)));
    }

    /// How many were sent.
    #[must_use]
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// Whether nothing more gets through.
    #[must_use]
    pub(crate) fn is_cut(&self) -> bool {
        self.limit.is_some()
    }

    /// When what was sent last arrives.
    #[must_use]
    pub(crate) fn last(&self) -> Duration {
        self.last
    }
}

/// A socket, both ends and what is between them.
#[derive(Debug)]
pub(crate) struct Socket {
    /// The client's name for it.
    pub(crate) link: LinkId,
    /// The gateway's.
    pub(crate) conn: ConnId,
    /// What a frame takes at least.
    pub(crate) latency: Duration,
    /// Until then everything takes this much longer.
    pub(crate) spike: Option<(Duration, Duration)>,
    /// Towards the client.
    pub(crate) down: Way,
    /// Towards the gateway.
    pub(crate) up: Way,
    /// How many frames have come down.
    pub(crate) down_arrived: u64,
    /// How many have come up.
    pub(crate) up_arrived: u64,
    /// The upgrade was answered with a socket.
    pub(crate) open: bool,
    /// Since when nothing more arrives from it.
    pub(crate) cut_since: Option<Duration>,
    /// The gateway has announced that it will close it, with a token for the next one or without.
    pub(crate) announced: bool,
    /// Since when the gateway has closed it, after it announced that.
    pub(crate) left_since: Option<Duration>,
    /// The client reads.
    pub(crate) reading: bool,
    /// What has arrived and was not read, since when.
    pub(crate) unread: VecDeque<(Duration, Down)>,
    /// What was written last.
    pub(crate) written: Ticket,
    /// How the end looks so far.
    pub(crate) end: LinkEnd,
    /// The client has forgotten it.
    pub(crate) forgotten: bool,
    /// The gateway has.
    pub(crate) dropped: bool,
}

impl Socket {
    /// A socket that was just asked for.
    #[must_use]
    pub(crate) fn new(link: LinkId, latency: Duration) -> Self {
        Self {
            link,
            conn: ConnId(link.0),
            latency,
            spike: None,
            down: Way::default(),
            up: Way::default(),
            down_arrived: 0,
            up_arrived: 0,
            open: false,
            cut_since: None,
            announced: false,
            left_since: None,
            reading: true,
            unread: VecDeque::new(),
            written: Ticket(0),
            end: LinkEnd::default(),
            forgotten: false,
            dropped: false,
        }
    }

    /// Only the first `kept` of what is on its way to the client arrive, and nothing after them.
    pub(crate) fn silence(&mut self, now: Duration, kept: u64) {
        self.down.cut(self.down_arrived, kept);
        self.cut_since.get_or_insert(now);
    }

    /// What a frame takes that leaves now.
    pub(crate) fn takes(&self, now: Duration, jitter: u64, dice: &mut Dice) -> Duration {
        let extra = match self.spike {
            Some((until, extra)) if now < until => extra,
            _ => Duration::ZERO,
        };
        self.latency + dice.ms(0, jitter) + extra
    }
}
