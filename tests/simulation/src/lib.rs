//! A client and a gateway in one virtual world, in which things go wrong by seed.
//!
//! [`run`] plays one seed: the client's session with its lanes and their consumers, the gateway's machine, a network between them, a user
//! who subscribes and changes his mind, providers of credentials, and faults. Then the faults stop, and everything must be well again.
//! `oracle` says what must hold; what does not is in [`Outcome::broken`], and the same seed breaks it again.
//!
//! A simulated network is kinder than a real one in one respect: a link delivers in order or not at all.

mod client;
mod coverage;
mod dice;
mod lanes;
mod network;
mod oracle;
mod plan;
mod sabotage;
mod server;
mod trace;
mod trouble;
mod user;
mod world;

pub use coverage::{Coverage, Deed};
pub use sabotage::Sabotage;
pub use world::{Outcome, run, run_spoiled};
