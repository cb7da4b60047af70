//! Threads, for programs that have none of tokio's.
//!
//! Nothing starts before the first client connects, and nothing is joined at exit.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::{Code, Error};

/// Which life of the process this is. A fork begins another: what belonged to the parent must not be touched there.
static GENERATION: AtomicU64 = AtomicU64::new(0);

static SHARED: Mutex<Option<(u64, Arc<Runtime>)>> = Mutex::new(None);

/// Threads unless `TOPICWIRE_THREADS` says otherwise: a client is cheap, so that more would only compete with the program.
const THREADS: usize = 2;

/// Which life of the process this is.
#[must_use]
pub fn generation() -> u64 {
    GENERATION.load(Ordering::Acquire)
}

/// Tells that the process was forked and this is the child. Clients of the parent refuse from now on; new ones work.
pub fn forked() {
    GENERATION.fetch_add(1, Ordering::AcqRel);
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

/// A handle of the process's own runtime.
///
/// # Errors
/// `internal` when threads cannot be started.
pub fn own() -> Result<Handle, Error> {
    let generation = generation();
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((of, runtime)) = shared.as_ref()
        && *of == generation
    {
        return Ok(runtime.handle().clone());
    }
    let threads = std::env::var("TOPICWIRE_THREADS").ok().and_then(|text| text.parse().ok()).filter(|n| *n > 0).unwrap_or(THREADS);
    let runtime = Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("topicwire")
        .enable_all()
        .build()
        .map_err(|error| Error::new(Code::Internal, format!("cannot start threads: {error}")))?;
    let handle = runtime.handle().clone();
    if let Some((_, old)) = shared.replace((generation, Arc::new(runtime))) {
        // The parent's threads do not exist here; dropping their runtime would wait for them.
        std::mem::forget(old);
    }
    Ok(handle)
}
