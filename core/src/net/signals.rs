//! Signals belong to the program's own threads.

/// Keeps this thread from being chosen for the program's signals: `SIGINT` must interrupt the call that the main thread is in, not one of
/// ours. Signals that tell of a mistake of the thread itself stay as they are, and so does a profiler's.
#[cfg(unix)]
pub(super) fn block() {
    use nix::sys::signal::{SigSet, Signal};

    let mut set = SigSet::all();
    let own = [
        Signal::SIGSEGV,
        Signal::SIGBUS,
        Signal::SIGFPE,
        Signal::SIGILL,
        Signal::SIGTRAP,
        Signal::SIGABRT,
        Signal::SIGSYS,
        Signal::SIGPROF,
    ];
    for signal in own {
        set.remove(signal);
    }
    // Where it cannot be done, threads get signals as any thread does.
    let _ = set.thread_block();
}

/// Elsewhere signals choose no thread.
#[cfg(not(unix))]
pub(super) fn block() {}
