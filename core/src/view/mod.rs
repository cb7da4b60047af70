//! Payloads as what they mean: pure functions from the bytes of a frame to canonical values, run when somebody looks.
//!
//! A gateway's payload reaches the user as it was sent. Beside it stands a *view*: the same content under steady names, with the
//! variants of several protocol revisions folded into one, and sums of money as decimal text. Every language gets the canonical JSON
//! that is made here, so that no rule exists four times; a Rust user gets the types.
//!
//! Nothing here fails. What does not fit the view of its topic has none, and stays what it was: raw.

pub mod astro;
mod decimal;
pub mod graphql;
mod json;
mod object;
mod views;
pub mod webpubsub;

pub use decimal::{Decimal, NotDecimal};
pub use json::{Json, Personal};
pub use views::Views;
