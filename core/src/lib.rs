//! One client for realtime gateways.

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
pub use client::{Astro, Client, GraphQl, Raw, Subscription};
pub use secret::Secret;

/// The programs of the README compile.
#[cfg(all(doctest, feature = "net"))]
#[doc = include_str!("../../README.md")]
struct Readme;
