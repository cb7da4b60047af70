//! The C# package's native library: the boundary of Topicwire as uniffi exports.
//!
//! Nothing here knows a protocol. Options, commands and lanes are described in JSON, events come as [batches](topicwire::batch), and
//! what a user sees is the C# layer over this. `bindings-csharp/generator` reads the metadata of these exports out of the built library
//! and writes `Native.g.cs`.

mod client;
mod error;
mod lane;
mod poller;
mod views;
mod wake;

pub use client::{Accepted, Cancelled, Client, Header, Refusal, Stats};
pub use error::NativeError;
pub use lane::{Lane, LaneStats};
pub use poller::Poller;
pub use views::Views;
pub use wake::{Wake, claim_wakes, failed_wakes};

uniffi::setup_scaffolding!("topicwire");

/// The version of the library, which is that of the package it belongs to.
#[uniffi::export]
#[must_use]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
