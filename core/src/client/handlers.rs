//! Handlers by topic: a lane of their own, drained by one task.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt as _;

use super::boundary::{Client, WeakClient, forked};
use super::events::Events;
use crate::error::Error;
use crate::event::{EventKind, Message};
use crate::id::LaneId;
use crate::lane::{Filter, LaneOptions};

type Handler = Arc<dyn Fn(&Message) + Send + Sync>;

/// The handlers of one client.
#[derive(Clone, Default)]
pub(super) struct Handlers {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    by_topic: BTreeMap<String, Vec<Handler>>,
    lane: Option<LaneId>,
}

impl Handlers {
    /// Adds a handler. The lane is opened with the first, and widened with each new topic.
    pub(super) fn add(&self, client: &Client, topic: &str, handler: Handler) -> Result<(), Error> {
        if !client.is_ours() {
            return Err(forked());
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let new = !state.by_topic.contains_key(topic);
        state.by_topic.entry(topic.to_owned()).or_default().push(handler);
        let topics: BTreeSet<String> = state.by_topic.keys().cloned().collect();
        let options = LaneOptions::filtered(Filter::topics(topics));
        match state.lane {
            Some(lane) if new => client.set_lane(lane, options),
            Some(_) => Ok(()),
            None => {
                let events = Events::open(client, options, None)?;
                state.lane = Some(events.lane().id());
                let runtime = crate::net::runtime::handle()?;
                runtime.spawn(self.clone().run(events, client.downgrade()));
                Ok(())
            }
        }
    }

    async fn run(self, mut events: Events, _client: WeakClient) {
        while let Some(event) = events.next().await {
            let EventKind::Message(message) = event.kind else { continue };
            let Some(topic) = message.topic() else { continue };
            let handlers = self.state.lock().unwrap_or_else(PoisonError::into_inner).by_topic.get(topic).cloned().unwrap_or_default();
            for handler in handlers {
                // A handler that panics has told so by the panic hook; the events that follow are not its.
                let _ = std::panic::catch_unwind(AssertUnwindSafe(|| handler(&message)));
            }
        }
    }
}
