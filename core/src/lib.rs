//! One client for realtime gateways: StreamElements Astro, GraphQL over WebSocket (both subprotocols), and any plain WebSocket.
//!
//! You say what you want to hear, and then you hear it: typed, in order, without loss where the gateway can resume, and with an explicit
//! [`Gap`](event::Gap) where it cannot. Reconnecting, resubscribing, pacing, keep-alive and planned handovers need no line of yours.
//!
#![cfg_attr(feature = "net", doc = "```no_run")]
#![cfg_attr(not(feature = "net"), doc = "```text")] // it is about the client, which needs the network
//! use futures_util::StreamExt as _;
//! use topicwire::Astro;
//! use topicwire::event::EventKind;
//! use topicwire::options::AstroOptions;
//!
//! # async fn example() -> Result<(), topicwire::error::Error> {
//! let mut astro = Astro::connect(AstroOptions::new("a JWT")).await?;
//! astro.subscribe("channel.activities", "64f0a1b2c3d4e5f607182930").await?;
//! while let Some(event) = astro.next().await {
//!     if let EventKind::Message(message) = event.kind {
//!         println!("{:?} {}", message.topic(), String::from_utf8_lossy(message.payload()));
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Where to begin
//!
//! | you want to | look at |
//! | --- | --- |
//! | listen to a StreamElements channel | [`Astro`], [`options::AstroOptions`], [`view::astro`] for typed payloads |
//! | run GraphQL subscriptions, queries and mutations | [`GraphQl`], [`client::Operation`], [`options::GraphQlOptions`] (Bitquery: [`options::Preset`]) |
//! | talk to any WebSocket server | [`Raw`], [`options::RawOptions`] |
//! | know what can happen | [`event::EventKind`] |
//! | know what can go wrong | [`error::Code`] |
//! | write a binding, or share one event loop among many clients | [`Client`], [`lane`], [`batch`] |
//! | add a gateway | [`dialect::Dialect`] |
//! | test under virtual time | [`session::Session`] |
//!
//! # What is promised
//!
//! * **Order.** Events of one [`lane`] come in the order in which they happened. `Subscribed`, `Gap`, `Lagged` and the like stand
//!   among the messages where they belong.
//! * **No loss in silence.** A connection that was lost shows as a `Gap` of each subscription concerned, a consumer that was too slow as
//!   `Lagged`. Where the gateway can resume, there is neither, and nothing comes twice.
//! * **One reply a request**, also when the connection is lost in between: then it says whether the command may have been carried out.
//! * **Payloads as they were sent.** Nothing is decoded before you touch it; [`Message::payload`](event::Message::payload) is a slice of
//!   the frame.
//! * **Secrets do not print.** Tokens, access URLs and frames show as `***` or as sizes.
//!
//! # Features
//!
//! `net` (on by default): sockets, TLS, clocks and the clients above. Without it the crate is the pure [machine](session).
//! `schema`: the names that all languages share, as JSON Schema.

#![forbid(unsafe_code)]

pub mod batch;
#[cfg(feature = "net")]
pub mod client;
pub mod command;
pub mod dialect;
pub mod error;
pub mod event;
pub mod id;
pub mod lane;
#[cfg(feature = "net")]
pub mod net;
pub mod options;
pub mod scan;
#[cfg(feature = "schema")]
pub mod schema;
mod secret;
pub mod session;
pub mod time;
pub mod view;

#[cfg(feature = "net")]
pub use client::{Astro, Client, GraphQl, Raw, Subscription, WebPubSub};
pub use secret::Secret;

/// The programs of the README compile.
#[cfg(all(doctest, feature = "net"))]
#[doc = include_str!("../../README.md")]
struct Readme;
