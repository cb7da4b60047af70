//! Threads, for programs that have none of tokio's.
//!
//! Nothing starts before the first client connects, and nothing is joined at exit.

use tokio::runtime::{Builder, Handle, Runtime};

use super::process::{self, Process};
use super::signals;
use crate::error::{Code, Error};

/// Threads of a Rust program that has no runtime: its handlers and providers run on them, and one that blocks must leave another.
const OF_A_PROGRAM: usize = 2;
/// Threads under another language, whose code never runs on them. Two would wake each other for every event: that costs a tenth to a quarter more.
const OF_A_LANGUAGE: usize = 1;

/// Which life of the process this is. A fork begins another: what belonged to the parent must not be touched there.
#[must_use]
pub fn generation() -> u64 {
    process::generation()
}

/// Tells that the process was forked and this is the child. Clients of the parent refuse from now on; new ones work.
///
/// Call it in the child before anything else of this crate, while there is only one thread.
pub fn forked() {
    process::forked();
}

/// A handle of the runtime that is running here, or else of the process's own, which is started if need be.
///
/// # Errors
/// `internal` when threads cannot be started.
pub fn handle() -> Result<Handle, Error> {
    if let Ok(handle) = Handle::try_current() {
        return Ok(handle);
    }
    own()
}

/// The same for a binding of another language. Whoever comes first decides how many threads there are.
///
/// # Errors
/// `internal` when threads cannot be started.
pub fn of_a_language() -> Result<Handle, Error> {
    Handle::try_current().or_else(|_| shared(OF_A_LANGUAGE))
}

/// A handle of the process's own runtime.
///
/// # Errors
/// `internal` when threads cannot be started.
pub fn own() -> Result<Handle, Error> {
    shared(OF_A_PROGRAM)
}

fn shared(threads: usize) -> Result<Handle, Error> {
    Process::current().runtime.get_or_try_init(|| start(threads)).map(|runtime| runtime.handle().clone())
}

/// `TOPICWIRE_THREADS` has the last word.
fn start(threads: usize) -> Result<Runtime, Error> {
    let threads = std::env::var("TOPICWIRE_THREADS").ok().and_then(|text| text.parse().ok()).filter(|n| *n > 0).unwrap_or(threads);
    Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("topicwire")
        .on_thread_start(signals::block)
        .enable_all()
        .build()
        .map_err(|error| Error::new(Code::Internal, format!("cannot start threads: {error}")))
}
