//! One client for realtime gateways.

#![forbid(unsafe_code)]

pub mod command;
pub mod dialect;
pub mod error;
pub mod event;
pub mod id;
pub mod lane;
pub mod options;
pub mod scan;
#[cfg(feature = "schema")]
pub mod schema;
mod secret;
pub mod session;
pub mod time;
pub mod view;

pub use secret::Secret;
