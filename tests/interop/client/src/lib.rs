//! Fixtures for tests of our clients against real servers: processes that somebody else's code runs in.

pub mod graphql;
mod http;
mod server;

pub use server::RealServer;

use std::future::Future;
use std::time::Duration;

/// How long anything may take before a test gives up on it.
const DEADLINE: Duration = Duration::from_secs(20);

/// Waits for something that must happen.
///
/// # Panics
/// When it does not happen in time; `what` says what it was.
pub async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, work).await {
        Ok(done) => done,
        Err(_) => panic!("waited in vain for {what}"),
    }
}
