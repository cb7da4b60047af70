//! The gateway as a Rust test uses it.

use std::io;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::machine::astro::tokens::TokenEntry;
use crate::machine::astro::{AstroPublish, Published};
use crate::machine::webpubsub::{AccessUrl, Data, EventAnswer, EventCall};
use crate::machine::{ConnectionInfo, Dialect, Fault, Options, Payload, Stats, TranscriptEntry};
use crate::net::{Server, Stopped};

/// How to start a gateway.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatewayOptions {
    /// The port on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// Decides ids and resume tokens; picked at random if none is given.
    pub seed: Option<u64>,
    /// How it behaves.
    pub behaviour: Options,
}

/// Why a call came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayError {
    /// The gateway has been stopped.
    Stopped,
    /// The request makes no sense; the text says why.
    Refused(String),
}

impl std::fmt::Display for GatewayError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stopped => Stopped.fmt(f),
            Self::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for GatewayError {}

impl From<Stopped> for GatewayError {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

/// A local gateway on a port of its own. Dropping it stops it.
///
/// It needs a tokio runtime with timers and I/O, and runs on it.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use serde_json::json;
/// use topicwire_gateway::LocalGateway;
///
/// let gateway = LocalGateway::start().await?;
/// assert!(gateway.astro_url().starts_with("ws://127.0.0.1:"));
///
/// // Nobody listens yet.
/// let published = gateway.publish_astro("channel.tips", None, json!({"_id": "1"})).await?;
/// assert_eq!(published.receivers, 0);
/// gateway.stop().await;
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
pub struct LocalGateway {
    server: Server,
}

impl std::fmt::Debug for LocalGateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalGateway").field("port", &self.port()).finish_non_exhaustive()
    }
}

impl LocalGateway {
    /// Starts a gateway with the defaults on a free port.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(GatewayOptions::default()).await
    }

    /// Starts a gateway.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// use topicwire_gateway::machine::graphql::options::GraphQlOptions;
    /// use topicwire_gateway::{GatewayOptions, LocalGateway};
    ///
    /// let mut options = GatewayOptions::default();
    /// options.behaviour.graphql = GraphQlOptions::bitquery();
    /// let gateway = LocalGateway::start_with(options).await?;
    /// # gateway.stop().await;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// When the port is taken or may not be used.
    // Asynchronous although it waits for nothing: it must run inside a runtime, and the signature says so.
    #[expect(clippy::unused_async, reason = "it must be called inside a runtime")]
    pub async fn start_with(options: GatewayOptions) -> io::Result<Self> {
        let seed = match options.seed {
            Some(seed) => seed,
            None => random_seed()?,
        };
        let server = Server::start(options.port, options.behaviour, seed)?;
        Ok(Self { server })
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.port
    }

    /// The URL at which a dialect is spoken.
    #[must_use]
    pub fn url(&self, dialect: Dialect) -> String {
        let path = match dialect {
            Dialect::Astro => "/",
            Dialect::GraphQl => "/graphql",
            Dialect::Raw => "/raw",
            Dialect::WebPubSub => "/client/hubs/chat",
        };
        format!("ws://127.0.0.1:{}{path}", self.port())
    }

    /// Where Astro is.
    #[must_use]
    pub fn astro_url(&self) -> String {
        self.url(Dialect::Astro)
    }

    /// Where GraphQL is, both subprotocols.
    #[must_use]
    pub fn graphql_url(&self) -> String {
        self.url(Dialect::GraphQl)
    }

    /// Where the echo is.
    #[must_use]
    pub fn raw_url(&self) -> String {
        self.url(Dialect::Raw)
    }

    /// A Web PubSub client access URL with a token, as the portal makes them.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Stopped`].
    pub async fn access_url(&self, wanted: AccessUrl) -> Result<String, GatewayError> {
        let host = format!("127.0.0.1:{}", self.port());
        let call = self.server.actor.call(move |machine, now| machine.access_url(now, &host, &wanted));
        Ok(call.await?)
    }

    /// Answers Web PubSub events whose handler is [`Reaction::External`](crate::machine::webpubsub::Reaction) with a function.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// use serde_json::json;
    /// use topicwire_gateway::LocalGateway;
    /// use topicwire_gateway::machine::webpubsub::{Data, EventAnswer};
    ///
    /// let gateway = LocalGateway::start().await?;
    /// gateway.set_options(json!({"webpubsub": {"default_handler": "external"}})).await?;
    /// gateway.on_event(|event| EventAnswer::with(Data::text(format!("hello, {}", event.event))));
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub fn on_event(&self, handler: impl Fn(&EventCall) -> EventAnswer + Send + Sync + 'static) {
        self.server.events.set(handler);
    }

    /// Sends data to everybody in a group of a Web PubSub hub, or to all of the hub. Returns how many those are.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Stopped`].
    pub async fn publish_webpubsub(&self, hub: &str, group: Option<&str>, data: Data) -> Result<usize, GatewayError> {
        let (hub, group) = (hub.to_owned(), group.map(str::to_owned));
        let call = self.server.actor.call(move |machine, now| machine.publish_webpubsub(now, &hub, group.as_deref(), data));
        Ok(call.await?)
    }

    /// Where the HTTP control API is.
    #[must_use]
    pub fn control_url(&self) -> String {
        format!("http://127.0.0.1:{}/control", self.port())
    }

    /// Publishes a message to the subscribers of a topic and room; without a room, of the default channel.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Stopped`].
    pub async fn publish_astro(&self, topic: &str, room: Option<&str>, data: impl Into<Payload>) -> Result<Published, GatewayError> {
        let message = AstroPublish { topic: topic.to_owned(), room: room.map(str::to_owned), data: data.into(), id: None };
        self.publish_astro_message(message).await
    }

    /// Publishes a message whose id may be given.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Stopped`].
    pub async fn publish_astro_message(&self, message: AstroPublish) -> Result<Published, GatewayError> {
        let call = self.server.actor.call(move |machine, now| machine.publish_astro(now, &message));
        Ok(call.await?)
    }

    /// Sends `data` as a result to the operations whose root field is `field`: `blocks`, or in Bitquery mode
    /// whatever the client asked for. Returns how many those are.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Stopped`].
    pub async fn publish_graphql(&self, field: &str, data: impl Into<Payload>) -> Result<usize, GatewayError> {
        let (field, data) = (field.to_owned(), data.into());
        let call = self.server.actor.call(move |machine, now| machine.publish_graphql(now, &field, &data));
        Ok(call.await?)
    }

    /// Lets something go wrong. Returns how many connections it hit now; faults that wait hit none yet.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// use topicwire_gateway::LocalGateway;
    /// use topicwire_gateway::machine::Fault;
    ///
    /// let gateway = LocalGateway::start().await?;
    /// gateway.fault(Fault::RefuseUpgrades { status: 502, count: 2, retry_after: None }).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`GatewayError::Refused`] says what about the fault makes no sense.
    pub async fn fault(&self, fault: Fault) -> Result<usize, GatewayError> {
        let call = self.server.actor.call(move |machine, now| machine.fault(now, fault));
        call.await?.map_err(GatewayError::Refused)
    }

    /// The open connections, oldest first.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Stopped`].
    pub async fn connections(&self) -> Result<Vec<ConnectionInfo>, GatewayError> {
        let call = self.server.actor.call(|machine, _| machine.connections());
        Ok(call.await?)
    }

    /// Every frame so far, as far as the bound reaches, with secrets masked.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Stopped`].
    pub async fn transcript(&self) -> Result<Vec<TranscriptEntry>, GatewayError> {
        let call = self.server.actor.call(|machine, _| machine.transcript(0));
        Ok(call.await?)
    }

    /// The counters.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Stopped`].
    pub async fn stats(&self) -> Result<Stats, GatewayError> {
        let call = self.server.actor.call(|machine, _| machine.stats());
        Ok(call.await?)
    }

    /// Sets some options, given as JSON in the form of [`Options`].
    ///
    /// # Errors
    ///
    /// [`GatewayError::Refused`] names what does not fit.
    pub async fn set_options(&self, patch: Value) -> Result<(), GatewayError> {
        let call = self.server.actor.call(move |machine, _| machine.set_options(&patch));
        call.await?.map_err(GatewayError::Refused)
    }

    /// Adds tokens to Astro's table. While it is empty, every token is good for everything.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Stopped`].
    pub async fn set_tokens(&self, tokens: Vec<TokenEntry>) -> Result<(), GatewayError> {
        let call = self.server.actor.call(move |machine, now| machine.set_tokens(now, tokens));
        Ok(call.await?)
    }

    /// Makes a room name stand for another on the Astro side.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Stopped`].
    pub async fn set_alias(&self, alias: &str, room: &str) -> Result<(), GatewayError> {
        let (alias, room) = (alias.to_owned(), room.to_owned());
        let call = self.server.actor.call(move |machine, _| machine.set_alias(&alias, &room));
        Ok(call.await?)
    }

    /// Lets time pass for the gateway: timers that fall due fire before this returns.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Stopped`].
    pub async fn advance(&self, by: Duration) -> Result<(), GatewayError> {
        let call = self.server.actor.call(move |machine, now| machine.advance(now, by));
        Ok(call.await?)
    }

    /// Resolves when the gateway was told to stop, through the control API or otherwise.
    pub fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        self.server.stopped()
    }

    /// A planned shutdown: Astro's clients get `reconnect`, new ones 502, and after `grace` whoever is left
    /// is closed with 1001. Then the gateway stops.
    pub async fn shutdown(self, grace: Duration) {
        self.server.shutdown(Some(grace)).await;
        self.server.stop().await;
    }

    /// Stops at once: every connection ends without a close frame, and the port is free.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

fn random_seed() -> io::Result<u64> {
    getrandom::u64().map_err(|e| io::Error::other(format!("no random seed to be had: {e}")))
}
