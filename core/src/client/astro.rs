//! A client of StreamElements Astro.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;

use super::boundary::Client;
use super::events::Events;
use super::providers::{Provider, ProviderError};
use super::typed::Shared;
use crate::command::{Command, TopicTarget};
use crate::error::Error;
use crate::event::{Closed, Event, Message, NeedReason};
use crate::id::SubscriptionId;
use crate::lane::{Filter, LaneOptions};
use crate::options::{AstroOptions, Credential, Options};
use crate::secret::Secret;

/// Listens to topics of StreamElements channels.
///
/// It is a [`Stream`] of [`Event`]s. Reconnecting, resubscribing, pacing and planned handovers happen by themselves and show up as events.
///
/// ```no_run
/// use futures_util::StreamExt as _;
/// use topicwire::Astro;
/// use topicwire::event::EventKind;
/// use topicwire::options::AstroOptions;
///
/// # async fn example() -> Result<(), topicwire::error::Error> {
/// let mut astro = Astro::connect(AstroOptions::new(std::env::var("SE_JWT").unwrap_or_default())).await?;
/// astro.subscribe("channel.activities", "64f0a1b2c3d4e5f607182930").await?;
/// while let Some(event) = astro.next().await {
///     match event.kind {
///         EventKind::Message(message) => println!("{:?}: {}", message.topic(), String::from_utf8_lossy(message.payload())),
///         EventKind::Gap(gap) => println!("messages may be missing since {}", gap.since.0),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct Astro {
    shared: Shared,
    events: Events,
}

/// A live subscription.
#[derive(Debug, Clone)]
pub struct Subscription {
    id: SubscriptionId,
    result: Option<Bytes>,
}

impl Subscription {
    /// Its number, as messages carry it.
    #[must_use]
    pub fn id(&self) -> SubscriptionId {
        self.id
    }

    /// What the gateway said when it accepted, raw JSON.
    #[must_use]
    pub fn result(&self) -> Option<&Bytes> {
        self.result.as_ref()
    }
}

impl Astro {
    /// Connects, and returns when the gateway has greeted. While it cannot be reached it goes on trying: bound the wait with a timeout of
    /// your own, or use [`Astro::start`] and watch the events.
    ///
    /// # Errors
    /// `invalid_option`, or why the client gave up.
    pub async fn connect(options: AstroOptions) -> Result<Self, Error> {
        let astro = Self::start(options)?;
        astro.shared.connected().await?;
        Ok(astro)
    }

    /// Begins to connect and returns at once.
    ///
    /// # Errors
    /// `invalid_option`.
    pub fn start(options: AstroOptions) -> Result<Self, Error> {
        Self::launch(options, None)
    }

    /// Like [`Astro::start`], with a function that fetches the token whenever one is needed: at first, for each new connection, and when the
    /// gateway refused the last. It is told the credential's name and the reason.
    ///
    /// ```no_run
    /// # use topicwire::{Astro, Secret, options::AstroOptions};
    /// # async fn fetch() -> Result<String, std::io::Error> { Ok(String::new()) }
    /// # fn example() -> Result<(), topicwire::error::Error> {
    /// let astro = Astro::with_token_provider(AstroOptions::default(), |_name, _reason| async {
    ///     Ok::<_, std::io::Error>(Secret::new(fetch().await?))
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `invalid_option`.
    pub fn with_token_provider<F, R, E>(mut options: AstroOptions, provider: F) -> Result<Self, Error>
    where
        F: Fn(String, NeedReason) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Secret, E>> + Send + 'static,
        E: Into<ProviderError>,
    {
        options.token = Credential::Provider;
        Self::launch(options, Some(Provider::new(provider)))
    }

    fn launch(options: AstroOptions, provider: Option<Provider>) -> Result<Self, Error> {
        let (shared, events) = Shared::start(Options::Astro(options), LaneOptions::default(), provider)?;
        Ok(Self { shared, events })
    }

    /// Listens to a topic of a room (a channel id). Resolves with the gateway's answer; messages come as events, perhaps even before it.
    ///
    /// # Errors
    /// What the gateway said, or `closed`.
    pub fn subscribe(&self, topic: &str, room: &str) -> impl Future<Output = Result<Subscription, Error>> + Send + use<> {
        self.subscribe_to(TopicTarget::new(topic, room))
    }

    /// The same with everything that can be said of it: another credential, or no room.
    ///
    /// # Errors
    /// What the gateway said, or `closed`.
    pub fn subscribe_to(&self, target: TopicTarget) -> impl Future<Output = Result<Subscription, Error>> + Send + use<> {
        let (client, lane) = (self.shared.client.clone(), self.shared.reply_lane);
        let pending = self
            .shared
            .replies
            .ask(&client, |request| client.submit(request, Some(lane), Command::Subscribe(target), Bytes::new()).map(drop));
        async move {
            let id = pending.subscription();
            let reply = pending.await?;
            Ok(Subscription { id, result: reply.result })
        }
    }

    /// Ends a subscription. Messages that are on their way are dropped.
    ///
    /// # Errors
    /// `invalid_option` if it has ended already, or `closed`.
    pub fn unsubscribe(&self, subscription: &Subscription) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        self.ask(Command::Unsubscribe { subscription: subscription.id })
    }

    /// Ends every subscription of a topic, whatever its room.
    ///
    /// # Errors
    /// What the gateway said, or `closed`.
    pub fn unsubscribe_all(&self, topic: &str) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        self.ask(Command::UnsubscribeAll { topic: topic.to_owned() })
    }

    fn ask(&self, command: Command) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let (client, lane) = (self.shared.client.clone(), self.shared.reply_lane);
        let pending = self.shared.replies.ask(&client, |request| client.submit(request, Some(lane), command, Bytes::new()).map(drop));
        async move { pending.await.map(drop) }
    }

    /// Calls a function with every message of a topic, on a task of the client's own. Handlers see messages beside the stream, which has
    /// them too. On a client that has ended it will not be called.
    ///
    /// # Errors
    /// `forked`.
    pub fn on(&self, topic: &str, handler: impl Fn(&Message) + Send + Sync + 'static) -> Result<(), Error> {
        self.shared.handlers.add(&self.shared.client, topic, Arc::new(handler))
    }

    /// A stream of its own for some topics, with its own queue. That of a client that has ended holds nothing but the end.
    ///
    /// # Errors
    /// `forked`.
    pub fn stream<I: IntoIterator<Item: Into<String>>>(&self, topics: I) -> Result<Events, Error> {
        Events::open(&self.shared.client, LaneOptions::filtered(Filter::topics(topics)), None)
    }

    /// Waits for the next event at most this long, on this thread, for programs without async.
    pub fn poll(&mut self, timeout: Duration) -> Option<Event> {
        self.events.poll(timeout)
    }

    /// The lane that the stream reads. Closing it leaves handlers and other lanes alone.
    #[must_use]
    pub fn main_lane(&self) -> crate::id::LaneId {
        self.events.lane().id()
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

impl Stream for Astro {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        Pin::new(&mut self.events).poll_next(cx)
    }
}

impl std::fmt::Debug for Astro {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Astro").finish_non_exhaustive()
    }
}
