//! The limit on open files: a thousand connections do not fit into the usual soft limit of 1,024.

/// Raises this process's soft limit on open files to its hard limit, as far as 65,536. For processes that are
/// the gateway's own; a library does not change the process that it is in.
#[cfg(unix)]
pub fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(u64::MAX).min(65_536);
    if limit.current.is_some_and(|current| current < wanted) {
        // Without it the gateway works all the same, with fewer connections.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum });
    }
}

/// Nothing to do: here sockets are not limited like that.
#[cfg(not(unix))]
pub fn raise_open_files() {}
