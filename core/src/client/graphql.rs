//! A client of a GraphQL server.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use serde::Serialize;
use serde_json::value::RawValue;

use super::boundary::Client;
use super::events::Events;
use super::operation::Operation;
use super::providers::{Provider, ProviderError};
use super::typed::Shared;
use crate::command::{Command, OperationTarget};
use crate::error::{Code, Error};
use crate::event::{Closed, Event, NeedReason};
use crate::lane::{Kind, KindSet, LaneOptions};
use crate::options::{Credential, GraphQlOptions, Options};
use crate::secret::Secret;

/// Runs GraphQL subscriptions, queries and mutations over a WebSocket.
///
/// Each operation is a [`Stream`] of its own. The client itself is a [`Stream`] of what happens to connections.
///
/// ```no_run
/// use futures_util::StreamExt as _;
/// use topicwire::GraphQl;
/// use topicwire::options::GraphQlOptions;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let graphql = GraphQl::connect(GraphQlOptions::new("wss://example.org/graphql")).await?;
/// let mut blocks = graphql.subscribe("subscription { blocks { number } }", &())?;
/// while let Some(result) = blocks.next().await {
///     println!("{}", String::from_utf8_lossy(result?.payload()));
/// }
/// # Ok(())
/// # }
/// ```
pub struct GraphQl {
    shared: Shared,
    events: Events,
    lazy: bool,
}

impl GraphQl {
    /// Makes a client. If it is to connect at once (`lazy: false`), returns when the server has acknowledged; a lazy one connects with its
    /// first operation.
    ///
    /// # Errors
    /// `invalid_option`, or why the client gave up.
    pub async fn connect(options: GraphQlOptions) -> Result<Self, Error> {
        let graphql = Self::start(options)?;
        if !graphql.lazy {
            graphql.shared.connected().await?;
        }
        Ok(graphql)
    }

    /// Begins and returns at once.
    ///
    /// # Errors
    /// `invalid_option`.
    pub fn start(options: GraphQlOptions) -> Result<Self, Error> {
        Self::launch(options, None)
    }

    /// Like [`GraphQl::start`], with a function that fetches the token whenever one is needed.
    ///
    /// # Errors
    /// `invalid_option`.
    pub fn with_token_provider<F, R, E>(mut options: GraphQlOptions, provider: F) -> Result<Self, Error>
    where
        F: Fn(String, NeedReason) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Secret, E>> + Send + 'static,
        E: Into<ProviderError>,
    {
        options.token = Credential::Provider;
        Self::launch(options, Some(Provider::new(provider)))
    }

    fn launch(options: GraphQlOptions, provider: Option<Provider>) -> Result<Self, Error> {
        let lazy = options.lazy;
        // Results go to their operations; here they would only fill a queue that few read.
        let mut main = LaneOptions::default();
        main.filter.kinds = Some(KindSet::from_iter([Kind::State, Kind::Opened, Kind::Fault, Kind::Gap, Kind::Subscribed, Kind::Ended]));
        let (shared, events) = Shared::start(Options::GraphQl(options), main, provider)?;
        Ok(Self { shared, events, lazy })
    }

    /// Starts an operation. Its results come by the stream that is returned; dropping that ends the operation.
    ///
    /// # Errors
    /// `invalid_option` when the variables are not a JSON object; `closed`; `overflow`.
    pub fn subscribe(&self, query: &str, variables: &impl Serialize) -> Result<Operation, Error> {
        self.operate(OperationTarget { variables: object(variables)?, ..OperationTarget::new(query) })
    }

    /// The same with everything that can be said of it.
    ///
    /// # Errors
    /// `closed`, `overflow`.
    pub fn operate(&self, target: OperationTarget) -> Result<Operation, Error> {
        Operation::start(&self.shared.client, target)
    }

    /// Runs a query or a mutation and returns its execution result, errors and all, as raw JSON.
    ///
    /// # Errors
    /// What the server said if it could not run it; `timeout`; `outcome_unknown` for a mutation whose connection was lost; `closed`.
    pub fn execute<V: Serialize>(&self, query: &str, variables: &V) -> impl Future<Output = Result<Bytes, Error>> + Send + use<V> {
        let (client, lane) = (self.shared.client.clone(), self.shared.reply_lane);
        let target = object(variables).map(|variables| OperationTarget { variables, ..OperationTarget::new(query) });
        let pending = self
            .shared
            .replies
            .ask(&client, |request| client.submit(request, Some(lane), Command::Execute(target?), Bytes::new()).map(drop));
        async move { Ok(pending.await?.result.unwrap_or_default()) }
    }

    /// Waits for the next event of the connections at most this long, on this thread, for programs without async.
    pub fn poll(&mut self, timeout: Duration) -> Option<Event> {
        self.events.poll(timeout)
    }

    /// The boundary below.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.shared.client
    }

    /// Says goodbye and waits for the end.
    ///
    /// # Errors
    /// `forked`.
    pub async fn close(&self) -> Result<Closed, Error> {
        self.shared.close(1000, "").await
    }
}

/// Variables as they will be sent; nothing for `()` and `None`.
fn object(variables: &impl Serialize) -> Result<Option<Box<RawValue>>, Error> {
    let raw = serde_json::value::to_raw_value(variables)
        .map_err(|error| Error::new(Code::InvalidOption, format!("the variables cannot be written as JSON: {error}")))?;
    match raw.get().as_bytes().first() {
        Some(b'{') => Ok(Some(raw)),
        Some(b'n') => Ok(None),
        _ => Err(Error::option("variables", "a JSON object, or nothing")),
    }
}

impl Stream for GraphQl {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        Pin::new(&mut self.events).poll_next(cx)
    }
}

impl std::fmt::Debug for GraphQl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GraphQl").finish_non_exhaustive()
    }
}
