//! A client of Azure Web PubSub.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::boundary::Client;
use super::events::Events;
use super::providers::{Provider, ProviderError};
use super::replies::Pending;
use super::typed::Shared;
use crate::command::{Command, DataType, GroupMessage, GroupTarget, Invocation, StreamEnd, StreamFragment, StreamStart, UserEvent};
use crate::error::{Code, Error};
use crate::event::{Closed, Event, NeedReason, Reply};
use crate::id::SubscriptionId;
use crate::lane::{Filter, LaneOptions};
use crate::options::{Options, WebPubSubOptions};
use crate::secret::Secret;

/// Joins groups, sends to them, and raises events of an application.
///
/// It is a [`Stream`] of [`Event`]s: a message's `topic` is `group`, `server`, `stream` or `group_state`, its `room` is the group, its `id` the
/// number that the reliable subprotocols give it. Over those (the default is reliable JSON) a lost connection loses nothing: `State` goes to
/// `recovering`, an `Opened` with `resumed` says that the session goes on, and what came meanwhile follows. If it does not, an `Opened` without
/// `resumed` says that another has begun, groups are joined again, and a `Gap` says for which of them something may be missing.
///
/// ```no_run
/// use futures_util::StreamExt as _;
/// use topicwire::WebPubSub;
/// use topicwire::event::EventKind;
/// use topicwire::options::WebPubSubOptions;
///
/// # async fn example() -> Result<(), topicwire::error::Error> {
/// let mut hub = WebPubSub::connect(WebPubSubOptions::new(std::env::var("ACCESS_URL").unwrap_or_default())).await?;
/// hub.join_group("lobby").await?;
/// hub.send_to_group("lobby", Payload::text("good morning")).await?;
/// while let Some(event) = hub.next().await {
///     if let EventKind::Message(message) = event.kind {
///         println!("{:?}: {}", message.room(), String::from_utf8_lossy(message.payload()));
///     }
/// }
/// # Ok(())
/// # }
/// # use topicwire::client::Payload;
/// ```
pub struct WebPubSub {
    shared: Shared,
    events: Events,
}

/// What is sent: bytes, and what they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// What the bytes are.
    pub kind: DataType,
    /// JSON text, UTF-8, or bytes.
    pub bytes: Bytes,
}

impl Payload {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { kind: DataType::Text, bytes: text.into().into() }
    }

    /// Bytes.
    pub fn binary(bytes: impl Into<Bytes>) -> Self {
        Self { kind: DataType::Binary, bytes: bytes.into() }
    }

    /// Anything that can be written as JSON.
    ///
    /// # Errors
    /// `invalid_option` when it cannot be.
    pub fn json(value: &impl serde::Serialize) -> Result<Self, Error> {
        let bytes = serde_json::to_vec(value).map_err(|_| Error::option("payload", "something that can be written as JSON"))?;
        Ok(Self { kind: DataType::Json, bytes: bytes.into() })
    }
}

/// How the service acknowledged a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Acknowledgement {
    /// The number under which it was done.
    pub ack_id: u64,
    /// The service had done it before, in an attempt whose acknowledgement was lost.
    pub duplicate: bool,
}

/// What an invocation answered.
#[derive(Debug, Clone, Deserialize)]
pub struct Invoked {
    /// What the data is.
    pub data_type: DataType,
    /// The data: a JSON value, a string, or base64 of bytes.
    pub data: Box<RawValue>,
}

/// How a message is sent to a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SendOptions {
    /// Do not send it to this connection too.
    pub no_echo: bool,
    /// What is said beside the data, by name. JSON subprotocols only.
    pub metadata: BTreeMap<String, String>,
    /// For how long a copy that could not be delivered is worth delivering, in whole seconds up to 300. JSON subprotocols only.
    pub ttl: Duration,
}

impl WebPubSub {
    /// Connects, and returns when the service has said `connected`. While it cannot be reached it goes on trying: bound the wait with a timeout
    /// of your own, or use [`WebPubSub::start`] and watch the events.
    ///
    /// # Errors
    /// `invalid_option`, or why the client gave up.
    pub async fn connect(options: WebPubSubOptions) -> Result<Self, Error> {
        let client = Self::start(options)?;
        client.shared.connected().await?;
        Ok(client)
    }

    /// Begins to connect and returns at once.
    ///
    /// # Errors
    /// `invalid_option`.
    pub fn start(options: WebPubSubOptions) -> Result<Self, Error> {
        Self::launch(options, None)
    }

    /// Like [`WebPubSub::start`], with a function that fetches a client access URL whenever a new session begins. Taking one up again needs none.
    ///
    /// ```no_run
    /// # use topicwire::{Secret, WebPubSub, options::WebPubSubOptions};
    /// # async fn ask_my_server() -> Result<String, std::io::Error> { Ok(String::new()) }
    /// # fn example() -> Result<(), topicwire::error::Error> {
    /// let hub = WebPubSub::with_url_provider(WebPubSubOptions::default(), |_reason| async {
    ///     Ok::<_, std::io::Error>(Secret::new(ask_my_server().await?))
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `invalid_option`.
    pub fn with_url_provider<F, R, E>(mut options: WebPubSubOptions, provider: F) -> Result<Self, Error>
    where
        F: Fn(NeedReason) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Secret, E>> + Send + 'static,
        E: Into<ProviderError>,
    {
        options.url_provider = true;
        Self::launch(options, Some(Provider::new(move |_, reason| provider(reason))))
    }

    fn launch(options: WebPubSubOptions, provider: Option<Provider>) -> Result<Self, Error> {
        let (shared, events) = Shared::start(Options::WebPubSub(options), LaneOptions::default(), provider)?;
        Ok(Self { shared, events })
    }

    /// Joins a group and hears what is sent to it. It is joined again whenever another session begins.
    ///
    /// # Errors
    /// `refused` with the service's own name (`Forbidden`, …), or `closed`.
    pub fn join_group(&self, group: &str) -> impl Future<Output = Result<SubscriptionId, Error>> + Send + use<> {
        let pending = self.ask(Command::JoinGroup(GroupTarget::new(group)), Bytes::new());
        async move {
            let id = pending.subscription();
            pending.await.map(|_| id)
        }
    }

    /// Leaves a group, however often it was joined.
    ///
    /// # Errors
    /// What the service said, or `closed`.
    pub fn leave_group(&self, group: &str) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let pending = self.ask(Command::LeaveGroup(GroupTarget::new(group)), Bytes::new());
        async move { pending.await.map(drop) }
    }

    /// Sends to everybody in a group, which one need not be in oneself. Resolves when the service has acknowledged it.
    ///
    /// # Errors
    /// What the service said; `outcome_unknown` when the session was lost in between; `closed`.
    pub fn send_to_group(&self, group: &str, payload: Payload) -> impl Future<Output = Result<Acknowledgement, Error>> + Send + use<> {
        self.send_to_group_with(group, payload, SendOptions::default())
    }

    /// The same with options.
    ///
    /// # Errors
    /// As [`WebPubSub::send_to_group`].
    pub fn send_to_group_with(
        &self,
        group: &str,
        payload: Payload,
        options: SendOptions,
    ) -> impl Future<Output = Result<Acknowledgement, Error>> + Send + use<> {
        acknowledged(self.publish(group, payload, options, false))
    }

    /// Sends to a group without an acknowledgement. Resolves when it was written to the socket.
    ///
    /// # Errors
    /// `connection_lost` when it was not written completely; `closed`.
    pub fn send_to_group_and_forget(
        &self,
        group: &str,
        payload: Payload,
        options: SendOptions,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let pending = self.publish(group, payload, options, true);
        async move { pending.await.map(drop) }
    }

    fn publish(&self, group: &str, payload: Payload, options: SendOptions, fire_and_forget: bool) -> Pending {
        let message = GroupMessage {
            group: group.to_owned(),
            data_type: payload.kind,
            data: None,
            no_echo: options.no_echo,
            fire_and_forget,
            metadata: options.metadata,
            // What is too long is refused by its name.
            ttl_seconds: u32::try_from(options.ttl.as_secs()).unwrap_or(u32::MAX),
        };
        self.ask(Command::SendToGroup(message), payload.bytes)
    }

    /// Raises an event of the application's server. Its answer, if it has one, comes as a message of the topic `server` before this resolves.
    ///
    /// # Errors
    /// As [`WebPubSub::send_to_group`].
    pub fn send_event(&self, event: &str, payload: Payload) -> impl Future<Output = Result<Acknowledgement, Error>> + Send + use<> {
        let event = UserEvent { event: event.to_owned(), data_type: payload.kind, ..UserEvent::default() };
        acknowledged(self.ask(Command::SendEvent(event), payload.bytes))
    }

    /// Raises an event and resolves with its result. It is sent once; dropping the future tells the service. JSON subprotocols only.
    ///
    /// # Errors
    /// `refused` when the handler failed; `outcome_unknown` when the connection was lost; `unsupported` over protobuf; `closed`.
    pub fn invoke(&self, event: &str, payload: Payload) -> impl Future<Output = Result<Invoked, Error>> + Send + use<> {
        let invocation = Invocation { event: event.to_owned(), data_type: payload.kind, data: None };
        let pending = self.ask(Command::Invoke(invocation), payload.bytes);
        async move { read(&pending.await?) }
    }

    /// Begins a stream to a group. Resolves when fragments may follow.
    ///
    /// # Errors
    /// What the service said, or `closed`.
    pub fn start_stream(&self, group: &str, stream_id: &str) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let start = StreamStart { group: group.to_owned(), stream_id: stream_id.to_owned(), ..StreamStart::default() };
        let pending = self.ask(Command::StartStream(start), Bytes::new());
        async move { pending.await.map(drop) }
    }

    /// Sends the next fragment of a stream. Resolves when the service has it; up to 256 may wait.
    ///
    /// # Errors
    /// `overflow` when too many wait, what the service said, or `closed`.
    pub fn stream_data(&self, stream_id: &str, payload: Payload) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let fragment = StreamFragment { stream_id: stream_id.to_owned(), data_type: payload.kind, data: None };
        let pending = self.ask(Command::StreamData(fragment), payload.bytes);
        async move { pending.await.map(drop) }
    }

    /// Ends a stream. Resolves when that was written to the socket.
    ///
    /// # Errors
    /// `invalid_option` when there is no such stream, or `closed`.
    pub fn end_stream(&self, end: StreamEnd) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let pending = self.ask(Command::EndStream(end), Bytes::new());
        async move { pending.await.map(drop) }
    }

    fn ask(&self, command: Command, payload: Bytes) -> Pending {
        let (client, lane) = (self.shared.client.clone(), self.shared.reply_lane);
        self.shared.replies.ask(&client, |request| client.submit(request, Some(lane), command, payload).map(drop))
    }

    /// A stream of its own for the messages of some groups, with its own queue. That of a client that has ended holds nothing but the end.
    ///
    /// # Errors
    /// `forked`.
    pub fn stream<I: IntoIterator<Item: Into<String>>>(&self, groups: I) -> Result<Events, Error> {
        Events::open(
            &self.shared.client,
            LaneOptions::filtered(Filter { rooms: Some(groups.into_iter().map(Into::into).collect()), ..Filter::all() }),
            None,
        )
    }

    /// Waits for the next event at most this long, on this thread, for programs without async.
    pub fn poll(&mut self, timeout: Duration) -> Option<Event> {
        self.events.poll(timeout)
    }

    /// The boundary below.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.shared.client
    }

    /// Says goodbye and waits for the end, in whatever state the connection is. The service forgets the session.
    ///
    /// # Errors
    /// `forked`.
    pub async fn stop(&self) -> Result<Closed, Error> {
        self.shared.close(1000, "").await
    }
}

async fn acknowledged(pending: Pending) -> Result<Acknowledgement, Error> {
    read(&pending.await?)
}

fn read<T: serde::de::DeserializeOwned>(reply: &Reply) -> Result<T, Error> {
    let result = reply.result.as_deref().unwrap_or_default();
    serde_json::from_slice(result).map_err(|_| Error::new(Code::ProtocolError, "the service answered something else than was expected"))
}

impl Stream for WebPubSub {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        Pin::new(&mut self.events).poll_next(cx)
    }
}

impl std::fmt::Debug for WebPubSub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebPubSub").finish_non_exhaustive()
    }
}
