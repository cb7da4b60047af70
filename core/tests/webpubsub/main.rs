//! The Web PubSub dialect under virtual time: the test plays the service.

#[path = "../harness/mod.rs"]
mod harness;

mod commands;
mod connecting;
mod messages;
mod recovery;
mod service;
mod streams;
