//! What a Rust program holds, and what every binding is made from.
//!
//! [`Client`] is the boundary: about twenty calls that know no protocol. [`Astro`], [`GraphQl`], [`WebPubSub`] and [`Raw`] are the clients that people
//! write programs with; each is a thin layer of names over it.

mod astro;
mod boundary;
mod events;
mod graphql;
mod handlers;
mod operation;
mod providers;
mod raw;
mod replies;
mod typed;
mod webpubsub;

pub use astro::{Astro, Subscription};
pub use boundary::{Answer, Client};
pub use events::Events;
pub use graphql::GraphQl;
pub use operation::Operation;
pub use providers::ProviderError;
pub use raw::Raw;
pub use webpubsub::{Acknowledgement, Invoked, Payload, SendOptions, WebPubSub};

use std::future::Future;

/// Waits for a future on this thread, for programs without an executor of their own.
///
/// ```
/// assert_eq!(topicwire::client::block_on(async { 1 + 1 }), 2);
/// ```
///
/// # Panics
/// When called on a thread that runs async tasks, which it would block; and when threads cannot be started.
pub fn block_on<F: Future>(future: F) -> F::Output {
    crate::net::runtime::own().expect("threads can be started").block_on(future)
}
