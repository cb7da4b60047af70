//! What is known while the demo runs: the books, and how each client fares.

use std::collections::BTreeMap;

use topicwire::event::{Event, EventKind, FaultKind, Gap, Message, State};
use topicwire::id::SubscriptionId;
use topicwire::view::astro::AstroEvent;

use super::story;
use super::tally::Tally;
use crate::print::{describe, plain};

/// The demo's three clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Client {
    Astro,
    GraphQl,
    WebPubSub,
}

/// Everything that is known.
#[derive(Debug, Default)]
pub(super) struct Books {
    astro: Side,
    graphql: Side,
    webpubsub: Side,
}

/// One client.
#[derive(Debug, Default)]
pub(super) struct Side {
    pub(super) tally: Tally,
    /// What its subscriptions are called.
    names: BTreeMap<SubscriptionId, String>,
    /// Subscriptions that became live for the first time.
    pub(super) live: usize,
    /// How often a subscription became live again.
    pub(super) recovered: usize,
    /// Messages that arrived.
    pub(super) received: u64,
    /// Gaps since the connection opened.
    gaps: Vec<Gap>,
    /// Subscriptions that became live again since the connection opened.
    again: usize,
    /// The session is being taken up again.
    recovering: bool,
}

impl Books {
    pub(super) fn of(&mut self, client: Client) -> &mut Side {
        match client {
            Client::Astro => &mut self.astro,
            Client::GraphQl => &mut self.graphql,
            Client::WebPubSub => &mut self.webpubsub,
        }
    }

    pub(super) fn astro(&self) -> &Side {
        &self.astro
    }

    pub(super) fn graphql(&self) -> &Side {
        &self.graphql
    }

    pub(super) fn webpubsub(&self) -> &Side {
        &self.webpubsub
    }
}

/// How much attention a line wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// A message.
    Message,
    /// Something about the connection.
    Note,
    /// Something went wrong.
    Warning,
}

impl Side {
    /// Says what a subscription is called: the name of its stream in the books.
    pub(super) fn call(&mut self, subscription: SubscriptionId, name: &str) {
        self.names.insert(subscription, name.to_owned());
    }

    /// Enters an event, and says what there is to show of it.
    pub(super) fn enter(&mut self, event: &Event) -> Option<(Tone, String)> {
        match &event.kind {
            EventKind::Message(message) => self.message(message),
            EventKind::Opened(opened) => {
                (self.again, self.gaps) = (0, Vec::new());
                let connection = opened.connection.0;
                if opened.resumed && std::mem::take(&mut self.recovering) {
                    self.recovered += 1;
                    return Some((
                        Tone::Note,
                        format!("took the session up again on connection {connection}: what was sent meanwhile follows"),
                    ));
                }
                if opened.resumed {
                    self.tally.handover();
                    return Some((Tone::Note, format!("moved to connection {connection}, and the subscriptions with it")));
                }
                let greeting = opened.greeting.as_deref().and_then(said).map_or_else(String::new, |said| format!(": “{}”", plain(&said)));
                let protocol = opened.protocol.as_deref().map_or_else(String::new, |protocol| format!(" ({})", plain(protocol)));
                Some((Tone::Note, format!("welcome on connection {connection}{protocol}{greeting}")))
            }
            EventKind::Subscribed { subscription, recovered: false, .. } => {
                self.live += 1;
                let name = self.names.get(subscription)?;
                Some((Tone::Note, format!("listening to {name}")))
            }
            EventKind::Subscribed { recovered: true, .. } => {
                self.recovered += 1;
                self.again += 1;
                if self.again != self.names.len() {
                    return None;
                }
                self.back()
            }
            EventKind::Gap(gap) => {
                let streams: Vec<&str> = gap.subscriptions.iter().filter_map(|id| self.names.get(id)).map(String::as_str).collect();
                self.tally.gap(streams);
                self.gaps.push(gap.as_ref().clone());
                None
            }
            EventKind::State { from: State::Active | State::HandingOver, to, cause } if is_down(*to) => {
                self.tally.outage();
                self.recovering = *to == State::Recovering;
                let cause = cause.as_ref().map_or_else(String::new, |cause| format!(": {}", plain(&cause.to_string())));
                Some((Tone::Warning, format!("the connection is gone{cause}")))
            }
            EventKind::State { to: State::HandingOver, .. } => {
                Some((Tone::Note, "was told to move; dials the next connection while this one goes on".to_owned()))
            }
            // The state says the same, and why.
            EventKind::Fault(fault) if matches!(fault.kind, FaultKind::Connect | FaultKind::Stale) => None,
            EventKind::Fault(fault) => Some((Tone::Warning, format!("{}: {}", fault.kind.as_str(), plain(&fault.error.to_string())))),
            EventKind::Ended { .. } => Some((Tone::Warning, "a subscription ended, which it must not".to_owned())),
            _ => None,
        }
    }

    /// Everything is live again.
    fn back(&mut self) -> Option<(Tone, String)> {
        let longest = self.gaps.iter().filter_map(|gap| Some(gap.until?.0.saturating_sub(gap.since.0))).max()?;
        let seconds = longest / 1000;
        let tenths = longest % 1000 / 100;
        let reported = self.gaps.len();
        let reports = if reported == 1 { "1 gap".to_owned() } else { format!("{reported} gaps") };
        Some((Tone::Note, format!("listening again; {reports} reported, of at most {seconds}.{tenths} s")))
    }

    fn message(&mut self, message: &Message) -> Option<(Tone, String)> {
        self.received += 1;
        // The topic would not tell: a GraphQL result has the name of its operation there.
        match message.subscriptions().first().and_then(|id| self.names.get(id)).map(String::as_str) {
            Some(story::BLOCK_STREAM) => return self.block(message),
            Some(story::GROUP) => return self.greeting(message),
            _ => {}
        }
        let topic = message.topic()?;
        let number = message.id().and_then(story::number);
        self.tally.receive(topic, number.unwrap_or(0));
        if topic == story::CROWD {
            return None;
        }
        Some((Tone::Message, describe(&AstroEvent::of(message)).unwrap_or_else(|| plain(topic).into_owned())))
    }

    fn block(&mut self, message: &Message) -> Option<(Tone, String)> {
        #[derive(serde::Deserialize)]
        struct Result {
            data: Data,
        }
        #[derive(serde::Deserialize)]
        struct Data {
            blocks: Block,
        }
        #[derive(serde::Deserialize)]
        struct Block {
            number: u64,
            hash: String,
            transactions: u64,
        }
        let Ok(Result { data: Data { blocks: block } }) = message.json() else {
            return Some((Tone::Warning, "a result that is no block".to_owned()));
        };
        self.tally.receive(story::BLOCK_STREAM, block.number);
        // Every fifth is enough to watch.
        let shown = block.number % 5 == 0;
        shown.then(|| (Tone::Message, format!("block: {} with {} transactions, {}", block.number, block.transactions, plain(&block.hash))))
    }

    fn greeting(&mut self, message: &Message) -> Option<(Tone, String)> {
        #[derive(serde::Deserialize)]
        struct Greeting {
            number: u64,
            text: String,
        }
        let Ok(Greeting { number, text }) = message.json() else {
            return Some((Tone::Warning, "something that is no greeting".to_owned()));
        };
        self.tally.receive(story::GROUP, number);
        // As with blocks.
        (number % 5 == 0).then(|| (Tone::Message, format!("{}: “{}”, the {number}th", story::GROUP, plain(&text))))
    }
}

/// The text of an Astro welcome.
fn said(greeting: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Greeting {
        message: String,
    }
    serde_json::from_slice::<Greeting>(greeting).ok().map(|greeting| greeting.message)
}

/// States without a connection.
fn is_down(state: State) -> bool {
    matches!(state, State::Idle | State::Connecting | State::AwaitingWelcome | State::Recovering | State::Backoff)
}
