//! One GraphQL operation, as a stream of its results.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;

use super::boundary::Client;
use super::events::Events;
use crate::command::{Command, OperationTarget};
use crate::error::Error;
use crate::event::{Event, EventKind, Message, Outcome};
use crate::id::SubscriptionId;
use crate::lane::{Filter, LaneOptions, Overflow};

/// The results of an operation, in order. Each is a whole execution result: `errors` beside `data` end nothing.
///
/// The stream ends when the operation does: with `None` when it completed, with an error when it failed or was lost. Dropping it ends
/// the operation on the server. After an outage it goes on; [`Message::connection`] tells where results may be missing, and
/// [`Operation::next_event`] shows the `Gap` itself.
pub struct Operation {
    id: SubscriptionId,
    events: Events,
    over: bool,
}

impl Operation {
    pub(super) fn start(client: &Client, target: OperationTarget) -> Result<Self, Error> {
        let request = client.next_request();
        let id = SubscriptionId::from(request);
        let options = LaneOptions { overflow: Overflow::Close, owns: vec![id], ..LaneOptions::filtered(Filter::subscription(id)) };
        let events = Events::open(client, options, Some((request, None, Command::Operation(target))))?;
        Ok(Self { id, events, over: false })
    }

    /// Its number, as messages carry it.
    #[must_use]
    pub fn id(&self) -> SubscriptionId {
        self.id
    }

    /// Waits for the next result at most this long, on this thread, for programs without async.
    ///
    /// # Errors
    /// Why the operation failed.
    pub fn poll(&mut self, timeout: Duration) -> Option<Result<Message, Error>> {
        let deadline = std::time::Instant::now().checked_add(timeout);
        while !self.over {
            let left = deadline.map_or(timeout, |deadline| deadline.saturating_duration_since(std::time::Instant::now()));
            let event = self.events.poll(left)?;
            if let Some(result) = self.result(event) {
                return Some(result);
            }
        }
        None
    }

    /// The next event of the operation, results and everything beside them.
    pub async fn next_event(&mut self) -> Option<Event> {
        std::future::poll_fn(|cx| Pin::new(&mut self.events).poll_next(cx)).await
    }

    /// What an event means for who only wants results.
    fn result(&mut self, event: Event) -> Option<Result<Message, Error>> {
        match event.kind {
            EventKind::Message(message) => Some(Ok(message)),
            EventKind::Ended { outcome, .. } => {
                self.over = true;
                match outcome {
                    Outcome::Failed(error) | Outcome::Lost(error) => Some(Err(error.as_ref().clone())),
                    Outcome::Completed | Outcome::Stopped => None,
                }
            }
            EventKind::Closed(closed) => {
                self.over = true;
                closed.cause.map(|cause| Err(cause.as_ref().clone()))
            }
            _ => None,
        }
    }
}

impl Stream for Operation {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while !self.over {
            match Pin::new(&mut self.events).poll_next(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => self.over = true,
                Poll::Ready(Some(event)) => {
                    if let Some(result) = self.result(event) {
                        return Poll::Ready(Some(result));
                    }
                }
            }
        }
        Poll::Ready(None)
    }
}

impl std::fmt::Debug for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operation").field("id", &self.id.0).field("over", &self.over).finish_non_exhaustive()
    }
}
