//! Watching our GraphQL client.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::Value;
use topicwire::GraphQl;
use topicwire::client::Operation;
use topicwire::error::Error;
use topicwire::event::{Event, EventKind, Gap, Message, State};
use topicwire::options::{GraphQlOptions, Jitter, Protocol, ReconnectOptions};

use crate::{RealServer, within};

/// Never ends, and counts.
pub const TICKS: &str = "subscription { ticks(intervalMs: 5) { seq } }";
/// Never ends, and says nothing.
pub const SILENT: &str = "subscription { silent }";

/// Options for a server, with short waits between attempts.
#[must_use]
pub fn options(server: &RealServer, protocol: Protocol) -> GraphQlOptions {
    let reconnect = ReconnectOptions {
        initial: Duration::from_millis(20),
        max: Duration::from_millis(100),
        jitter: Jitter::None,
        ..ReconnectOptions::default()
    };
    GraphQlOptions { protocol, reconnect, ..GraphQlOptions::new(server.url()) }
}

/// A client of a server.
///
/// # Panics
/// When the options cannot work.
#[must_use]
pub fn client(server: &RealServer, protocol: Protocol) -> GraphQl {
    start(options(server, protocol))
}

/// A client with these options.
///
/// # Panics
/// When they cannot work.
#[must_use]
pub fn start(options: GraphQlOptions) -> GraphQl {
    GraphQl::start(options).expect("the options can work")
}

/// An operation without variables.
///
/// # Panics
/// When the client is closed.
#[must_use]
pub fn run(client: &GraphQl, query: &str) -> Operation {
    client.subscribe(query, &()).expect("the client is open")
}

/// An execution result.
///
/// # Panics
/// When it is not JSON.
#[must_use]
pub fn json(message: &Message) -> Value {
    serde_json::from_slice(message.payload()).expect("a result is JSON")
}

/// The next result of an operation that goes on.
///
/// # Panics
/// When it ends, or when none comes.
pub async fn next(operation: &mut Operation) -> Message {
    let result = within("a result", operation.next()).await;
    result.expect("the operation goes on").unwrap_or_else(|error| panic!("the operation failed: {error}"))
}

/// Every result until the end, and how it ended.
pub async fn all(mut operation: Operation) -> (Vec<Value>, Result<(), Error>) {
    let collect = async {
        let mut results = Vec::new();
        loop {
            match operation.next().await {
                Some(Ok(message)) => results.push(json(&message)),
                Some(Err(error)) => return (results, Err(error)),
                None => return (results, Ok(())),
            }
        }
    };
    within("the end of the operation", collect).await
}

/// The next gap that an operation reports.
pub async fn gap(operation: &mut Operation) -> Gap {
    let look = async {
        loop {
            let event = operation.next_event().await.expect("the operation goes on");
            if let EventKind::Gap(gap) = event.kind {
                return *gap;
            }
        }
    };
    within("a gap", look).await
}

/// The first event of a client that `pick` takes.
///
/// # Panics
/// When none comes.
pub async fn event<T>(client: &mut GraphQl, what: &str, mut pick: impl FnMut(Event) -> Option<T>) -> T {
    let look = async {
        loop {
            let event = client.next().await.unwrap_or_else(|| panic!("the client ended before {what}"));
            if let Some(picked) = pick(event) {
                return picked;
            }
        }
    };
    within(what, look).await
}

/// Waits until a client is in a state.
pub async fn state(client: &mut GraphQl, wanted: State) {
    event(client, wanted.as_str(), |event| matches!(event.kind, EventKind::State { to, .. } if to == wanted).then_some(())).await;
}

/// Why a client gave up.
///
/// # Panics
/// When it did not, or gives no reason.
pub async fn given_up(client: &mut GraphQl) -> Error {
    let pick = |event: Event| match event.kind {
        EventKind::Closed(closed) => Some(closed.cause.expect("nobody asked for the end").as_ref().clone()),
        _ => None,
    };
    event(client, "the end", pick).await
}
