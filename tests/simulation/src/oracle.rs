//! What every client promises, checked against what was published and what the session said.

use std::collections::BTreeMap;
use std::time::Duration;

use topicwire::event::{Event, EventKind, FaultKind, Gap};
use topicwire::id::{RequestId, SubscriptionId};
use topicwire::time::Now;

/// Something that was published.
#[derive(Debug)]
pub(crate) struct Publication {
    /// When.
    pub(crate) at: Now,
    /// On which channel.
    pub(crate) channel: u64,
    /// It may come this often: some faults double it on purpose.
    pub(crate) copies: u32,
    /// To how many connections the gateway sent it.
    pub(crate) receivers: usize,
    /// It may have come without a room, and then belongs to every room of its topic.
    pub(crate) roomless: bool,
}

/// What the user had of a subscription.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// Its channel.
    pub(crate) channel: u64,
    /// Since when it is live, as far as the user was told.
    pub(crate) live: Option<Duration>,
    /// When it ended.
    pub(crate) ended: Option<Duration>,
    /// How often each publication came.
    pub(crate) got: BTreeMap<u64, u32>,
    /// The last publication that came by each connection.
    last: BTreeMap<u64, u64>,
    /// What the session said might be missing, in milliseconds of the wall clock.
    gaps: Vec<(u64, u64)>,
}

/// The judge.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    /// Everything published, by number.
    pub(crate) publications: Vec<Publication>,
    /// Every subscription that was ever accepted.
    pub(crate) subscriptions: BTreeMap<SubscriptionId, Subscription>,
    /// How often each request was answered.
    pub(crate) replies: BTreeMap<RequestId, u32>,
    /// The session has said its last word.
    pub(crate) closed: bool,
    /// The session ended by itself.
    pub(crate) cause: Option<String>,
    /// The first promise that was broken.
    pub(crate) broken: Option<String>,
    /// Live needs no confirmation: it may take a moment longer than said.
    pub(crate) unconfirmed: bool,
    /// Links that fell silent, when, and when the client could know.
    pub(crate) silences: Vec<(Duration, Duration)>,
    /// When the gateway had left and the client could neither have followed nor have known.
    pub(crate) limbo: Vec<(Duration, Duration)>,
    /// How long a frame took at most on its way.
    pub(crate) slowest: Duration,
    /// How long one waited at most, at the client's end, to be read.
    pub(crate) longest_unread: Duration,
    pub(crate) last_seq: u64,
}

impl Oracle {
    /// Something is wrong.
    pub(crate) fn blame(&mut self, what: impl FnOnce() -> String) {
        if self.broken.is_none() {
            self.broken = Some(what());
        }
    }

    /// The user subscribes.
    pub(crate) fn subscribed(&mut self, request: RequestId, channel: u64) {
        self.replies.insert(request, 0);
        let subscription = Subscription { channel, live: None, ended: None, got: BTreeMap::new(), last: BTreeMap::new(), gaps: Vec::new() };
        self.subscriptions.insert(request.into(), subscription);
    }

    /// The user has had enough.
    pub(crate) fn ended(&mut self, now: Now, id: SubscriptionId) {
        if let Some(subscription) = self.subscriptions.get_mut(&id) {
            subscription.ended.get_or_insert(now.mono);
        }
    }

    /// Subscriptions that should live.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = (SubscriptionId, &Subscription)> {
        self.subscriptions.iter().filter(|(_, subscription)| subscription.ended.is_none()).map(|(id, subscription)| (*id, subscription))
    }

    /// The session says something.
    pub(crate) fn observe(&mut self, now: Now, event: &Event) {
        if self.closed {
            self.blame(|| "an event follows Closed".to_owned());
        }
        if event.seq.0 <= self.last_seq {
            let last = self.last_seq;
            self.blame(|| format!("event {} follows event {last}", event.seq.0));
        }
        self.last_seq = event.seq.0;
        match &event.kind {
            EventKind::Message(message) => {
                let number = number_of(message.payload());
                let subscriptions = message.subscriptions().to_vec();
                for id in subscriptions {
                    self.delivered(id, number, message.connection().0);
                }
            }
            EventKind::Subscribed { subscription, .. } => match self.subscriptions.get_mut(subscription) {
                Some(state) if state.ended.is_none() => {
                    state.live.get_or_insert(now.mono);
                }
                _ => self.blame(|| format!("subscription {} is live after its end", subscription.0)),
            },
            EventKind::Ended { subscription, .. } => self.ended(now, *subscription),
            EventKind::Gap(gap) => self.gap(gap),
            EventKind::Reply { request, result } => {
                match self.replies.get_mut(request) {
                    Some(1..) => self.blame(|| format!("request {} is answered twice", request.0)),
                    Some(count) => *count += 1,
                    None => self.blame(|| format!("request {} is answered, and was never accepted", request.0)),
                }
                if result.is_err() {
                    self.ended(now, SubscriptionId::from(*request));
                }
            }
            EventKind::Fault(fault) if fault.kind == FaultKind::Throttled => {}
            EventKind::Closed(closed) => {
                self.closed = true;
                self.cause = closed.cause.as_ref().map(ToString::to_string);
                let ids: Vec<SubscriptionId> = self.wanted().map(|(id, _)| id).collect();
                for id in ids {
                    self.ended(now, id);
                }
            }
            _ => {}
        }
    }

    fn delivered(&mut self, id: SubscriptionId, number: Option<u64>, connection: u64) {
        let Some(number) = number else { return };
        let Some(publication) = usize::try_from(number).ok().and_then(|at| self.publications.get(at)) else {
            return self.blame(|| format!("message {number} was never published"));
        };
        let (channel, copies, roomless) = (publication.channel, publication.copies, publication.roomless);
        let Some(subscription) = self.subscriptions.get_mut(&id) else {
            return self.blame(|| format!("message {number} names subscription {}, which does not exist", id.0));
        };
        let count = subscription.got.entry(number).or_default();
        *count += 1;
        let (count, wrong, over) = (*count, subscription.channel != channel && !roomless, subscription.ended.is_some());
        let last = subscription.last.insert(connection, number);
        if count > copies {
            self.blame(|| format!("subscription {} got message {number} {count} times", id.0));
        } else if wrong {
            self.blame(|| format!("subscription {} got message {number} of another channel", id.0));
        } else if over {
            self.blame(|| format!("subscription {} got message {number} after its end", id.0));
        } else if last.is_some_and(|last| last > number) {
            self.blame(|| format!("subscription {} got message {number} after {last:?} by one connection", id.0));
        }
    }

    fn gap(&mut self, gap: &Gap) {
        let until = gap.until.map_or(u64::MAX, |until| until.0);
        if gap.since.0 > until {
            self.blame(|| format!("a gap ends before it begins: {} to {until}", gap.since.0));
        }
        for id in &gap.subscriptions {
            match self.subscriptions.get_mut(id) {
                Some(subscription) => subscription.gaps.push((gap.since.0, until)),
                None => self.blame(|| format!("a gap of subscription {}, which does not exist", id.0)),
            }
        }
    }

    /// The first publication that a subscription should have had and did not, without a word.
    pub(crate) fn check_losses(&mut self) {
        let slack = self.slowest + Duration::from_millis(2);
        let slack_ms = u64::try_from(slack.as_millis()).unwrap_or(u64::MAX);
        let late = if self.unconfirmed { slack_ms * 2 } else { 1 };
        let mut found = None;
        for (id, subscription) in &self.subscriptions {
            let Some(live) = subscription.live else { continue };
            let from = if self.unconfirmed { live + slack * 2 } else { live };
            let newest = subscription.got.keys().next_back().copied().unwrap_or(0);
            for (number, publication) in self.publications.iter().enumerate() {
                let number = number as u64;
                let at = publication.at;
                // What came before the beginning or after the end is nobody's; and when the end comes in the middle of a loss, there is no
                // one left to tell.
                let over = subscription.ended.is_some_and(|ended| at.mono + slack >= ended || number > newest);
                if publication.channel != subscription.channel || at.mono <= from || over || subscription.got.contains_key(&number) {
                    continue;
                }
                let limbo = |(since, until): &(Duration, Duration)| publication.receivers == 0 && (*since..=*until).contains(&at.mono);
                // Who leaves before a silent link is known to be dead is not there to be told of what it swallowed.
                let early = |(since, until): &(Duration, Duration)| {
                    subscription.ended.is_some_and(|ended| ended <= *until) && at.mono + slack >= *since && at.mono <= *until
                };
                if self.limbo.iter().any(limbo) || self.silences.iter().any(early) {
                    continue;
                }
                let told = subscription
                    .gaps
                    .iter()
                    .any(|(since, until)| at.wall.0 + slack_ms >= *since && at.wall.0 <= until.saturating_add(late));
                if !told {
                    found = Some(format!(
                        "subscription {} missed message {number} of {:.3} ms without a word (live since {:.3} ms, gaps {:?})",
                        id.0,
                        at.mono.as_secs_f64() * 1000.0,
                        live.as_secs_f64() * 1000.0,
                        subscription
                            .gaps
                            .iter()
                            .map(|(a, b)| (a - crate::world::EPOCH, b.saturating_sub(crate::world::EPOCH)))
                            .collect::<Vec<_>>(),
                    ));
                    break;
                }
            }
        }
        if let Some(found) = found {
            self.blame(|| found);
        }
    }

    /// Whether every accepted request was answered.
    pub(crate) fn check_replies(&mut self) {
        if let Some((request, _)) = self.replies.iter().find(|(_, count)| **count != 1) {
            let text = format!("request {} was never answered", request.0);
            self.blame(|| text);
        }
    }
}

/// The number that a publication carries.
#[must_use]
pub(crate) fn number_of(payload: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(payload).ok()?;
    let at = text.find("\"number\":")? + 9;
    let digits: String = text[at..].chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
