//! Waiting for answers: a map from requests to whoever waits.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::boundary::{Client, forked};
use crate::command::Command;
use crate::error::{Code, Error};
use crate::event::Reply;
use crate::id::{RequestId, SubscriptionId};
use crate::session::Cancelled;

type Outcome = Result<Reply, Arc<Error>>;

/// The waiters of one client. Each is there before its answer can come.
#[derive(Clone, Default)]
pub(super) struct Replies {
    waiting: Arc<Mutex<BTreeMap<RequestId, oneshot::Sender<Outcome>>>>,
}

impl Replies {
    fn waiting(&self) -> MutexGuard<'_, BTreeMap<RequestId, oneshot::Sender<Outcome>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands an answer to whoever waits for it.
    pub(super) fn hand_out(&self, request: RequestId, result: Outcome) {
        let waiter = self.waiting().remove(&request);
        if let Some(waiter) = waiter {
            // Whoever has gone away does not care.
            let _ = waiter.send(result);
        }
    }

    /// No answer will come any more.
    pub(super) fn end(&self) {
        self.waiting().clear();
    }

    /// Gives a command and waits for its answer. Dropping the future takes the request back.
    pub(super) fn ask(&self, client: &Client, give: impl FnOnce(RequestId) -> Result<(), Error>) -> Pending {
        let request = client.next_request();
        let state = if client.is_ours() { self.register(request, give) } else { Waiting::Refused(forked()) };
        Pending { client: client.clone(), request, replies: self.clone(), state }
    }
}

impl Replies {
    fn register(&self, request: RequestId, give: impl FnOnce(RequestId) -> Result<(), Error>) -> Waiting {
        let (sender, receiver) = oneshot::channel();
        self.waiting().insert(request, sender);
        match give(request) {
            Ok(()) => Waiting::For(receiver),
            Err(error) => {
                self.waiting().remove(&request);
                Waiting::Refused(error)
            }
        }
    }
}

/// An answer that has not come yet.
pub(super) struct Pending {
    client: Client,
    request: RequestId,
    replies: Replies,
    state: Waiting,
}

enum Waiting {
    For(oneshot::Receiver<Outcome>),
    Refused(Error),
    Done,
}

impl Pending {
    /// The subscription that the request makes.
    pub(super) fn subscription(&self) -> SubscriptionId {
        self.request.into()
    }
}

impl Future for Pending {
    type Output = Result<Reply, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = match std::mem::replace(&mut self.state, Waiting::Done) {
            Waiting::Refused(error) => Err(error),
            Waiting::For(mut receiver) => match Pin::new(&mut receiver).poll(cx) {
                Poll::Pending => {
                    self.state = Waiting::For(receiver);
                    return Poll::Pending;
                }
                Poll::Ready(Ok(result)) => result.map_err(|error| error.as_ref().clone()),
                Poll::Ready(Err(_)) => Err(closed()),
            },
            Waiting::Done => Err(closed()),
        };
        Poll::Ready(result)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.client.is_ours() || !matches!(self.state, Waiting::For(_)) {
            return;
        }
        self.replies.waiting().remove(&self.request);
        // A client that is gone has nothing to take back.
        if let Ok(Cancelled::Unknown) = self.client.cancel(self.request) {
            // The answer had come and nobody had looked at it. What it began is ended; for a request that began nothing this is refused.
            let end = Command::Unsubscribe { subscription: self.subscription() };
            let _ = self.client.submit(self.client.next_request(), None, end, Bytes::new());
        }
    }
}

fn closed() -> Error {
    Error::new(Code::Closed, "the client was closed before the answer came")
}
