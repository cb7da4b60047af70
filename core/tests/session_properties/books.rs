//! What a session is held to: the books of everything that it was told and has said.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use topicwire::event::{Event, EventKind};
use topicwire::id::{LinkId, RequestId, SubscriptionId, Ticket};
use topicwire::session::io::{Frame, Output};

/// A socket as its owner sees it.
#[derive(Debug, Default)]
pub(crate) struct Link {
    /// The upgrade has succeeded.
    pub(crate) open: bool,
    /// The session wants it closed.
    pub(crate) closing: bool,
    /// Sent and not written: tickets and sizes.
    pub(crate) unwritten: VecDeque<(Ticket, u64)>,
    /// Nonces or ids of what was sent, the last one first.
    pub(crate) names: Vec<String>,
    last: Ticket,
}

/// Everything there is to hold a session to.
#[derive(Debug, Default)]
pub(crate) struct Books {
    /// Sockets that exist, and everyone that ever did.
    pub(crate) links: BTreeMap<LinkId, Link>,
    pub(crate) gone: Vec<LinkId>,
    /// How often each accepted request was answered.
    pub(crate) replies: BTreeMap<RequestId, u32>,
    /// Every subscription that was accepted, and those that somebody wants.
    pub(crate) subscriptions: Vec<SubscriptionId>,
    pub(crate) wanted: BTreeMap<SubscriptionId, u8>,
    /// Subscriptions that were ended, once and for all.
    told_of_end: BTreeSet<SubscriptionId>,
    /// Needs that were told, in order.
    pub(crate) needs: Vec<RequestId>,
    pub(crate) closed: u32,
    last_seq: u64,
    /// What was said, line by line.
    pub(crate) transcript: String,
}

impl Books {
    /// The session wants something done.
    pub(crate) fn output(&mut self, output: &Output) -> Result<(), String> {
        let _ = writeln!(self.transcript, "{output:?}");
        if let Output::Open { link, .. } = output {
            if self.gone.contains(link) || self.links.insert(*link, Link::default()).is_some() {
                return Err(format!("link {} is dialled again", link.0));
            }
            return Ok(());
        }
        let Some(id) = output.link() else { return Ok(()) };
        let Some(link) = self.links.get_mut(&id) else { return Err(format!("{output:?}, and the link is gone")) };
        match output {
            Output::Send { frame, ticket, .. } => {
                if !link.open || link.closing {
                    return Err(format!("a frame for link {} while it is not open", id.0));
                }
                if *ticket <= link.last {
                    return Err(format!("ticket {} of link {} after ticket {}", ticket.0, id.0, link.last.0));
                }
                link.last = *ticket;
                link.unwritten.push_back((*ticket, frame.len() as u64));
                if let Frame::Text(text) = frame
                    && let Ok(value) = serde_json::from_slice::<serde_json::Value>(text)
                    && let Some(name) = value["nonce"].as_str().or(value["id"].as_str())
                {
                    link.names.insert(0, name.to_owned());
                }
            }
            Output::Read { .. } if !link.open => return Err(format!("reading of link {} while it is not open", id.0)),
            Output::Close { .. } if !link.open || link.closing => return Err(format!("a goodbye on link {} which is not open", id.0)),
            Output::Close { .. } => link.closing = true,
            Output::Abort { .. } => self.forget(id),
            _ => {}
        }
        Ok(())
    }

    /// A link is gone, and what it had not written with it.
    pub(crate) fn forget(&mut self, link: LinkId) {
        if self.links.remove(&link).is_some() {
            self.gone.push(link);
        }
    }

    /// The session says something.
    pub(crate) fn event(&mut self, event: &Event) -> Result<(), String> {
        let _ = writeln!(self.transcript, "{event:?}");
        if self.closed > 0 {
            return Err(format!("{:?} follows Closed", event.kind));
        }
        if event.seq.0 <= self.last_seq {
            return Err(format!("event {} follows event {}", event.seq.0, self.last_seq));
        }
        self.last_seq = event.seq.0;
        match &event.kind {
            EventKind::Closed(_) => {
                self.closed += 1;
                self.wanted.clear();
            }
            EventKind::Reply { request, result } => {
                match self.replies.get_mut(request) {
                    None => return Err(format!("a reply to request {}, which was never accepted", request.0)),
                    Some(0) => {}
                    Some(_) => return Err(format!("request {} is answered twice", request.0)),
                }
                self.replies.insert(*request, 1);
                if result.is_err() {
                    self.wanted.remove(&SubscriptionId::from(*request));
                }
            }
            EventKind::Message(message) => {
                for id in message.subscriptions() {
                    if !self.wanted.contains_key(id) {
                        return Err(format!("a message for subscription {}, which nobody wants", id.0));
                    }
                }
            }
            EventKind::Subscribed { subscription, .. } if !self.wanted.contains_key(subscription) => {
                return Err(format!("subscription {} is live and nobody wants it", subscription.0));
            }
            EventKind::Unsubscribed { subscription } | EventKind::Ended { subscription, .. } => {
                if !self.told_of_end.insert(*subscription) {
                    return Err(format!("subscription {} ends twice", subscription.0));
                }
                if matches!(event.kind, EventKind::Unsubscribed { .. }) && self.wanted.contains_key(subscription) {
                    return Err(format!("subscription {} is ended and somebody wants it", subscription.0));
                }
                self.wanted.remove(subscription);
            }
            EventKind::Gap(gap) => {
                if gap.until.is_some_and(|until| until < gap.since) {
                    return Err(format!("a gap ends before it begins: {gap:?}"));
                }
                if let Some(stranger) = gap.subscriptions.iter().find(|id| !self.subscriptions.contains(id)) {
                    return Err(format!("a gap of subscription {}, which does not exist", stranger.0));
                }
            }
            EventKind::Need(need) => self.needs.push(need.request),
            _ => {}
        }
        Ok(())
    }

    /// Bytes that were sent and are neither written nor lost.
    pub(crate) fn unwritten(&self) -> u64 {
        self.links.values().flat_map(|link| &link.unwritten).map(|(_, size)| size).sum()
    }
}
