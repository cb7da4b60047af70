//! The native half of the Python package: the core's boundary (`topicwire::client::Client`, lanes, pollers) as Python classes.
//!
//! It knows no gateway: options and commands pass through as JSON. It never calls into Python by itself: the core's threads write one byte
//! into a socket, and Python comes and polls. What is Pythonic (awaiting, handlers, iterators) is written in Python, in `python/topicwire`.

mod client;
mod decode;
mod error;
mod event;
mod fork;
mod lane;
mod message;
mod names;
mod poller;
mod wake;

use pyo3::prelude::*;

/// The native half of `topicwire`. Use the package; this module's names may change.
#[pymodule]
mod _native {
    #[pymodule_export]
    use crate::client::Client;
    #[pymodule_export]
    use crate::decode::decode;
    #[pymodule_export]
    use crate::event::{
        Closed, Ended, Fault, Gap, Lagged, Need, NeedCancelled, Opened, Ping, Pong, Reply, State, Subscribed, Unknown, Unsubscribed,
        Writable,
    };
    #[pymodule_export]
    use crate::fork::forked;
    #[pymodule_export]
    use crate::lane::Lane;
    #[pymodule_export]
    use crate::message::Message;
    #[pymodule_export]
    use crate::poller::Poller;

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
