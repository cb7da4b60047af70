//! The driver over real sockets, against servers that do what a test tells them.
#![cfg(feature = "net")]

mod close;
mod limits;
mod liveness;
mod pressure;
mod proxy;
mod reconnect;
mod server;
mod tls;
mod upgrade;
