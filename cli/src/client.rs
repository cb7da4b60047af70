//! One client and everything it has to say, in one stream: the same for every dialect.
//!
//! It stands on the boundary rather than on `Astro`, `GraphQl` and `Raw`: a program that prints wants what all of them say, in one order,
//! and to know the number of a subscription before the first event about it.

use bytes::Bytes;
use topicwire::client::{Client, Events};
use topicwire::command::{Command, Outgoing};
use topicwire::error::Error;
use topicwire::id::{LaneId, RequestId, SubscriptionId};
use topicwire::lane::{LaneOptions, Overflow};
use topicwire::options::Options;

/// A client that listens.
pub(crate) struct Listener {
    client: Client,
    lane: LaneId,
}

impl Listener {
    /// A client and its events. It connects at [`Listener::connect`].
    pub(crate) fn new(options: Options) -> Result<(Self, Events), Error> {
        let mut lane = LaneOptions::default();
        if matches!(options, Options::Raw(_)) {
            // A server that sends faster than we print is slowed down. The other gateways would cut us off.
            lane.overflow = Overflow::Block;
        }
        let client = Client::new(options)?;
        let events = Events::open(&client, lane, None)?;
        let lane = events.lane().id();
        Ok((Self { client, lane }, events))
    }

    /// Begins to connect.
    pub(crate) fn connect(&self) -> Result<(), Error> {
        self.client.connect()
    }

    /// A number for a subscription to be.
    pub(crate) fn next_subscription(&self) -> SubscriptionId {
        self.client.next_request().into()
    }

    /// Subscribes under a number. The gateway's answer is a `Reply` among the events.
    pub(crate) fn subscribe(&self, subscription: SubscriptionId, command: Command) -> Result<(), Error> {
        self.client.submit(RequestId(subscription.0), Some(self.lane), command, Bytes::new()).map(drop)
    }

    /// Sends a text message.
    pub(crate) fn send(&self, text: String) -> Result<(), Error> {
        self.client.send(None, Outgoing::text(text)).map(drop)
    }

    /// Begins to say goodbye; `Closed` among the events is the end.
    pub(crate) fn close(&self) {
        // The only error is that of a forked child, and this program forks none.
        let _ = self.client.close(1000, "");
    }

    /// Ends at once.
    pub(crate) fn abort(&self) {
        // As above.
        let _ = self.client.abort();
    }
}
