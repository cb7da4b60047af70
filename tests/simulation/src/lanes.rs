//! Consumers of lanes, as programs are: prompt, slow, stalled, or gone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use topicwire::error::Code;
use topicwire::event::{Event, EventKind};
use topicwire::id::{RequestId, SubscriptionId};
use topicwire::lane::{Lane, Poller};

/// Something that polls one lane when it is woken.
pub(crate) struct Consumer {
    /// The lane.
    pub(crate) lane: Lane,
    /// Where it is announced.
    pub(crate) poller: Poller,
    /// Somebody woke it.
    pub(crate) woken: Arc<AtomicBool>,
    /// It will look by itself.
    pub(crate) coming: bool,
    /// Only this subscription.
    pub(crate) only: Option<SubscriptionId>,
    /// What it is for.
    pub(crate) what: What,
    /// It takes its time, in milliseconds.
    pub(crate) delay: (u64, u64),
    /// Out of a hundred times, how often it takes much longer.
    pub(crate) stalls: u64,
    /// It closed its lane.
    pub(crate) left: bool,
    /// The messages that were put in, not yet seen again.
    expected: BTreeSet<u64>,
    /// How many were said to be dropped, and the stretches in which.
    lagged: u64,
    holes: Vec<(u64, u64)>,
    replies: BTreeSet<RequestId>,
    last_seq: u64,
    closed: bool,
}

/// What a lane is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Everything, at once.
    Tap,
    /// Everything.
    Main,
    /// One subscription's iterator.
    Iterator,
    /// Replies.
    Replies,
    /// Needs.
    Service,
}

impl Consumer {
    /// A consumer of a lane.
    #[must_use]
    pub(crate) fn new(lane: Lane, poller: Poller, woken: Arc<AtomicBool>, what: What, delay: (u64, u64), stalls: u64) -> Self {
        Self {
            lane,
            poller,
            woken,
            coming: false,
            only: None,
            what,
            delay,
            stalls,
            left: false,
            expected: BTreeSet::new(),
            lagged: 0,
            holes: Vec::new(),
            replies: BTreeSet::new(),
            last_seq: 0,
            closed: false,
        }
    }

    /// An event is about to be routed; notes what this lane must see of it.
    pub(crate) fn expect(&mut self, event: &Event) {
        if self.left {
            return;
        }
        match &event.kind {
            EventKind::Message(message)
                if matches!(self.what, What::Tap | What::Main | What::Iterator)
                    && self.only.is_none_or(|only| message.subscriptions().contains(&only)) =>
            {
                self.expected.insert(event.seq.0);
            }
            EventKind::Reply { request, .. } if self.what == What::Replies => {
                self.replies.insert(*request);
            }
            _ => {}
        }
    }

    /// Whether it was woken since this was last asked.
    pub(crate) fn take_wake(&mut self) -> bool {
        self.woken.swap(false, Ordering::AcqRel)
    }

    /// Looks at what has come.
    ///
    /// # Errors
    /// What a lane must not do.
    pub(crate) fn take(&mut self, events: &[Event]) -> Result<(), String> {
        for event in events {
            if self.closed {
                return Err(format!("lane {:?}: an event follows Closed", self.what));
            }
            let seq = event.seq.0;
            match &event.kind {
                EventKind::Lagged { first, last, count } => {
                    self.lagged += count;
                    self.holes.push((first.0, last.0));
                    continue;
                }
                EventKind::Closed(closed) => {
                    self.closed = true;
                    // It was full four times over: what did not fit is gone with it.
                    self.left |= closed.cause.as_ref().is_some_and(|cause| cause.code == Code::Overflow);
                    continue;
                }
                EventKind::Message(_) if !self.expected.remove(&seq) => {
                    return Err(format!("lane {:?}: message {seq} was not meant for it, or comes twice", self.what));
                }
                EventKind::Reply { request, .. } if !self.replies.remove(request) => {
                    return Err(format!("lane {:?}: the reply to request {} comes twice", self.what, request.0));
                }
                _ => {}
            }
            if seq <= self.last_seq {
                return Err(format!("lane {:?}: event {seq} follows event {}", self.what, self.last_seq));
            }
            self.last_seq = seq;
        }
        Ok(())
    }

    /// Whether it got what was meant for it, once it is over.
    ///
    /// # Errors
    /// What is missing.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.left {
            return Ok(());
        }
        if !self.closed {
            return Err(format!("lane {:?}: it was never closed", self.what));
        }
        if self.expected.len() as u64 != self.lagged {
            return Err(format!("lane {:?}: {} messages are missing and {} were said to be", self.what, self.expected.len(), self.lagged));
        }
        if let Some(seq) = self.expected.iter().find(|seq| !self.holes.iter().any(|(first, last)| (first..=last).contains(seq))) {
            return Err(format!("lane {:?}: message {seq} is missing outside of every Lagged", self.what));
        }
        if let Some(request) = self.replies.first() {
            return Err(format!("lane {:?}: the reply to request {} is missing", self.what, request.0));
        }
        Ok(())
    }
}
