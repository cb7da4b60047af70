//! Operations over both subprotocols, against what the reference servers and known services were seen to do.

mod closes;
mod credentials;
#[path = "../harness/mod.rs"]
mod harness;
mod liveness;
mod quarantine;
mod requests;
mod results;
mod server;
mod session;
