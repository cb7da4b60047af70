//! The local gateway: the server side of every Topicwire dialect on one loopback port, with faults on demand.
//!
//! Real services need accounts and a network. This needs neither: [`LocalGateway`] speaks the server side of
//! StreamElements Astro (`/`), of GraphQL over WebSocket in both subprotocols (`/graphql`) and an echo
//! (`/raw`), publishes what it is told to, and goes wrong in every way that a client has to survive. It is a
//! development tool, not a production server: it listens on 127.0.0.1 only.
//!
//! * [`machine`]: the whole behaviour as a pure machine, driven by virtual time in simulations.
//! * [`LocalGateway`]: the machine on a real port, for tests in Rust.
//! * [`run()`]: the machine as a process, with an HTTP control API.
//!
//! ```
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use futures_util::StreamExt;
//! use topicwire_gateway::LocalGateway;
//!
//! let gateway = LocalGateway::start().await?;
//! let (mut socket, _) = tokio_tungstenite::connect_async(gateway.astro_url()).await?;
//! let welcome = socket.next().await.ok_or("nothing came")??;
//! assert!(welcome.to_text()?.contains(r#""type":"welcome""#));
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! ```
#![forbid(unsafe_code)]

mod files;
mod gateway;
pub mod machine;
mod net;
mod run;

pub use files::raise_open_files;
pub use gateway::{GatewayError, GatewayOptions, LocalGateway};
pub use machine::Payload;
pub use machine::astro::{AstroPublish, Published};
pub use net::Stopped;
pub use run::{RunOptions, run};
