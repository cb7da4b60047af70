//! What the typed clients share: a main lane that opens with the client, and a task that serves replies and needs.

use futures_util::StreamExt as _;
use tokio::sync::watch;

use super::boundary::{Client, WeakClient};
use super::events::Events;
use super::handlers::Handlers;
use super::providers::{self, Provider};
use super::replies::Replies;
use crate::error::{Code, Error};
use crate::event::{Closed, EventKind, State};
use crate::id::LaneId;
use crate::lane::LaneOptions;
use crate::net::runtime;
use crate::options::Options;

/// The parts of a typed client that it can give away; the main lane is its own.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) replies: Replies,
    pub(super) reply_lane: LaneId,
    pub(super) handlers: Handlers,
    state: watch::Receiver<Progress>,
}

/// How far a client has got.
#[derive(Debug, Clone)]
enum Progress {
    Underway,
    Active,
    Ended(Box<Closed>),
}

impl Shared {
    /// Makes a client, opens its main lane, and begins to connect.
    pub(super) fn start(options: Options, main: LaneOptions, provider: Option<Provider>) -> Result<(Self, Events), Error> {
        let client = Client::new(options)?;
        let events = Events::open(&client, main, None)?;
        let answers = Events::open(&client, LaneOptions::reply(), None)?;
        let service = Events::open(&client, LaneOptions::service(), None)?;
        let reply_lane = answers.lane().id();
        let replies = Replies::default();
        let (progress, state) = watch::channel(Progress::Underway);
        client.connect()?;
        let runtime = runtime::handle()?;
        runtime.spawn(hand_out(answers, replies.clone()));
        runtime.spawn(serve(service, client.downgrade(), provider, progress));
        Ok((Self { client, replies, reply_lane, handlers: Handlers::default(), state }, events))
    }

    /// Waits until the client is connected.
    pub(super) async fn connected(&self) -> Result<(), Error> {
        let mut state = self.state.clone();
        let reached = state.wait_for(|progress| !matches!(progress, Progress::Underway)).await;
        match reached.as_deref() {
            Ok(Progress::Ended(closed)) => Err(closed.cause.as_deref().cloned().unwrap_or_else(ended)),
            Ok(_) => Ok(()),
            Err(_) => Err(ended()),
        }
    }

    /// Says goodbye and waits for the end.
    pub(super) async fn close(&self, code: u16, reason: &str) -> Result<Closed, Error> {
        self.client.close(code, reason)?;
        let mut state = self.state.clone();
        let reached = state.wait_for(|progress| matches!(progress, Progress::Ended(_))).await;
        match reached.as_deref() {
            Ok(Progress::Ended(closed)) => Ok(Closed::clone(closed)),
            _ => Ok(Closed::default()),
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if !self.client.is_ours() {
            // The last receiver to go takes a lock, which in the child of a fork may be held for ever.
            std::mem::forget(self.state.clone());
        }
    }
}

fn ended() -> Error {
    Error::new(Code::Closed, "the client is closed; make a new one")
}

async fn hand_out(mut answers: Events, replies: Replies) {
    while let Some(event) = answers.next().await {
        if let EventKind::Reply { request, result } = event.kind {
            replies.hand_out(request, result);
        }
    }
    replies.end();
}

/// Answers needs, each in a task of its own, and notes how far the client has got.
async fn serve(mut service: Events, client: WeakClient, provider: Option<Provider>, progress: watch::Sender<Progress>) {
    while let Some(event) = service.next().await {
        match event.kind {
            EventKind::Need(need) => match &provider {
                Some(provider) => {
                    tokio::spawn(provider.clone().serve(*need, client.clone()));
                }
                None => {
                    let Some(client) = client.upgrade() else { continue };
                    providers::none(&need, &client);
                }
            },
            EventKind::State { to: State::Active, .. } => {
                progress.send_replace(Progress::Active);
            }
            EventKind::Closed(closed) => {
                progress.send_replace(Progress::Ended(closed));
            }
            _ => {}
        }
    }
}
