//! The world: sockets, TLS, clocks and randomness. The only place that knows them.
//!
//! ```text
//! clock, seed      what the machine is told
//! connector        one socket, from a name to an upgraded stream (dns → tcp → proxy → tls → upgrade)
//! link             one task a socket: reads, writes, closes
//! driver           one task a client: timers, dials, HTTP requests
//! runtime          threads, for programs that have none of tokio's
//! ```

mod address;
mod clock;
mod connector;
mod driver;
mod http;
mod link;
mod proxy;
pub mod runtime;
mod seed;
mod stream;
mod tls;

pub use clock::Clock;
pub use driver::{Core, Handle};
pub use seed::seed;
