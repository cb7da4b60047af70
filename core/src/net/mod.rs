//! The world: sockets, TLS, clocks and randomness. The only place that knows them.
//!
//! ```text
//! clock, seed      what the machine is told
//! connector        one socket, from a name to an upgraded stream: address, proxy, tls, upgrade
//! http             the HTTP requests of dialects
//! stream, gate     bytes, and the frames cut out of them
//! link             one task a socket: reads, writes, closes
//! driver           one task a client: timers, dials, HTTP requests
//! runtime          threads, for programs that have none of tokio's
//! process          what there is once a process, and again after a fork
//! ```

mod address;
mod clock;
mod connector;
mod driver;
mod gate;
mod http;
mod link;
mod process;
mod proxy;
pub mod runtime;
mod seed;
mod signals;
mod stream;
mod tls;
mod upgrade;

pub use clock::Clock;
pub use driver::{Core, Handle};
pub use seed::seed;
