//! Events as frozen Python classes, one for each kind. Messages, of which there are many, have a file of their own.

use http::HeaderMap;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};
use topicwire::event::{self, CloseFrame, EventKind, NeedReason, NeedWhat, Outcome};

use crate::error;

/// A class whose attributes are its fields, in the order in which `match` takes them. All events have the attributes that everybody asks for,
/// so that `if event.topic == "…"` is good for any of them.
macro_rules! event {
    ($(#[$meta:meta])* $name:ident($($arg:literal),*) { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[pyclass(frozen, get_all, weakref, module = "topicwire")]
        pub(crate) struct $name {
            $($(#[$field_meta])* $field: $type,)*
            /// Place in the client-wide order of events.
            seq: u64,
        }

        #[pymethods]
        impl $name {
            #[classattr]
            #[pyo3(name = "__match_args__")]
            fn match_args(py: Python<'_>) -> PyResult<Py<PyTuple>> {
                const NAMES: &[&str] = &[$($arg),*];
                PyTuple::new(py, NAMES).map(Bound::unbind)
            }

            /// Only messages have a topic.
            #[getter]
            fn topic(&self) -> Option<&str> {
                None
            }

            /// Only messages have a room.
            #[getter]
            fn room(&self) -> Option<&str> {
                None
            }

            /// Only messages have data.
            #[getter]
            fn data(&self) -> Option<&str> {
                None
            }

            fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
                const NAMES: &[&str] = &[$($arg),*];
                let mut shown = Vec::with_capacity(NAMES.len());
                for name in NAMES {
                    shown.push(format!("{name}={}", slf.getattr(*name)?.repr()?));
                }
                Ok(format!("{}({})", stringify!($name), shown.join(", ")))
            }
        }
    };
}

event! {
    /// The client's state changed.
    State("from_", "to", "cause") {
        /// The state before.
        from_: &'static str,
        /// The state now: `idle`, `connecting`, `active` and so on; `StateName` has them all.
        to: &'static str,
        /// Why, where there is a reason: a `topicwire.Error`.
        cause: Option<Py<PyAny>>,
    }
}

event! {
    /// A connection is open and greeted.
    Opened("connection", "protocol", "status", "resumed") {
        /// Which connection of this client: 1, 2 and so on.
        connection: u64,
        /// The subprotocol that the server chose.
        protocol: Option<String>,
        /// HTTP status of the upgrade.
        status: u16,
        /// Headers of the upgrade's answer, as pairs of texts.
        headers: Vec<(String, String)>,
        /// Subscriptions were carried over by the gateway.
        resumed: bool,
        /// The gateway's greeting, if it sent one, as bytes.
        greeting: Option<Py<PyBytes>>,
    }
}

event! {
    /// A subscription is live.
    Subscribed("subscription", "recovered", "confirmed") {
        /// Which one.
        subscription: u64,
        /// It was live before, and is again.
        recovered: bool,
        /// The gateway said so, rather than that the command is merely on its way.
        confirmed: bool,
    }
}

event! {
    /// A subscription was ended by the user.
    Unsubscribed("subscription") {
        /// Which one.
        subscription: u64,
    }
}

event! {
    /// A subscription was ended by the gateway, or given up.
    Ended("subscription", "outcome", "error") {
        /// Which one.
        subscription: u64,
        /// How: `completed`, `failed`, `stopped` or `lost`.
        outcome: &'static str,
        /// Why, if it failed or was lost: a `topicwire.Error`.
        error: Option<Py<PyAny>>,
    }
}

event! {
    /// Messages may have been missed.
    Gap("subscriptions", "since", "until", "cause") {
        /// The subscriptions concerned.
        subscriptions: Py<PyTuple>,
        /// When the last frame arrived before the loss, in milliseconds since 1970.
        since: u64,
        /// When messages flowed again, in milliseconds since 1970; `None` if they do not yet.
        until: Option<u64>,
        /// Why: a `topicwire.Error`.
        cause: Option<Py<PyAny>>,
    }
}

event! {
    /// The stream's reader was too slow, and messages were dropped here.
    Lagged("first", "last", "count") {
        /// Sequence number of the first message dropped.
        first: u64,
        /// Sequence number of the last message dropped.
        last: u64,
        /// How many were dropped.
        count: u64,
    }
}

event! {
    /// The answer to a request. Only the package itself sees it.
    Reply("request", "subscription", "result", "confirmed", "error") {
        /// The request.
        request: u64,
        /// The subscription that the request created or ended.
        subscription: Option<u64>,
        /// The gateway's result as bytes, where there is one.
        result: Option<Py<PyBytes>>,
        /// The answer came from the gateway, not merely from the socket.
        confirmed: bool,
        /// Why it failed: a `topicwire.Error`.
        error: Option<Py<PyAny>>,
    }
}

event! {
    /// The core needs something of the user. Only the package itself sees it.
    Need("request", "what", "credential", "reason", "gateway_code", "deadline_ms") {
        /// To be quoted in the answer.
        request: u64,
        /// What is needed: `token`.
        what: &'static str,
        /// The credential's name; `default` is the client's own.
        credential: String,
        /// Why it is needed now: `initial`, `reconnect` or `rejected`.
        reason: &'static str,
        /// The gateway's code, if it rejected the last value.
        gateway_code: Option<String>,
        /// Milliseconds that the answer may take.
        deadline_ms: u64,
    }
}

event! {
    /// A need is no longer wanted. Only the package itself sees it.
    NeedCancelled("request") {
        /// The need's request.
        request: u64,
    }
}

event! {
    /// There is room to send again. Only the package itself sees it.
    Writable() {}
}

event! {
    /// Something went wrong that does not end the client.
    Fault("kind", "error", "subscription", "count") {
        /// What kind of thing, for example `connect`, `stale`, `throttled` or `bad_frame`.
        kind: &'static str,
        /// Details: a `topicwire.Error`.
        error: Py<PyAny>,
        /// The subscription concerned, if one is.
        subscription: Option<u64>,
        /// The request of the need whose provider failed, if that is it.
        request: Option<u64>,
        /// How many equal faults this one stands for.
        count: u64,
    }
}

event! {
    /// A WebSocket ping arrived, and has been answered.
    Ping("payload") {
        /// What it carried.
        payload: Py<PyBytes>,
    }
}

event! {
    /// A WebSocket pong arrived.
    Pong("payload") {
        /// What it carried.
        payload: Py<PyBytes>,
    }
}

event! {
    /// The end of the stream. Nothing follows.
    Closed("received", "sent", "clean", "cause") {
        /// Code and reason of the close frame that the peer sent.
        received: Option<(u16, String)>,
        /// Code and reason of the close frame that we sent.
        sent: Option<(u16, String)>,
        /// The peer's came first.
        received_first: bool,
        /// Both sides said goodbye.
        clean: bool,
        /// Why it ended: a `topicwire.Error`; `None` when the user asked for it.
        cause: Option<Py<PyAny>>,
    }
}

event! {
    /// An event of a kind that this version does not know.
    Unknown() {}
}

/// An event other than a message.
pub(crate) fn object<'py>(py: Python<'py>, seq: u64, kind: EventKind) -> PyResult<Bound<'py, PyAny>> {
    Ok(match kind {
        EventKind::State { from, to, cause } => {
            let cause = error::optional(py, cause.as_deref())?;
            Bound::new(py, State { from_: from.as_str(), to: to.as_str(), cause, seq })?.into_any()
        }
        EventKind::Opened(opened) => Bound::new(py, Opened::new(py, seq, *opened))?.into_any(),
        EventKind::Subscribed { subscription, recovered, confirmed } => {
            Bound::new(py, Subscribed { subscription: subscription.0, recovered, confirmed, seq })?.into_any()
        }
        EventKind::Unsubscribed { subscription } => Bound::new(py, Unsubscribed { subscription: subscription.0, seq })?.into_any(),
        EventKind::Ended { subscription, outcome } => {
            let (outcome, cause) = match &outcome {
                Outcome::Completed => ("completed", None),
                Outcome::Failed(error) => ("failed", Some(error.as_ref())),
                Outcome::Stopped => ("stopped", None),
                Outcome::Lost(error) => ("lost", Some(error.as_ref())),
                _ => ("unknown", None),
            };
            Bound::new(py, Ended { subscription: subscription.0, outcome, error: error::optional(py, cause)?, seq })?.into_any()
        }
        EventKind::Gap(gap) => {
            let cause = error::optional(py, gap.cause.as_deref())?;
            let subscriptions = PyTuple::new(py, gap.subscriptions.iter().map(|one| one.0))?.unbind();
            Bound::new(py, Gap { subscriptions, since: gap.since.0, until: gap.until.map(|until| until.0), cause, seq })?.into_any()
        }
        EventKind::Lagged { first, last, count } => Bound::new(py, Lagged { first: first.0, last: last.0, count, seq })?.into_any(),
        EventKind::Reply { request, result } => {
            let error = error::optional(py, result.as_ref().err().map(AsRef::as_ref))?;
            let reply = result.unwrap_or_default();
            let result = reply.result.map(|bytes| PyBytes::new(py, &bytes).unbind());
            let subscription = reply.subscription.map(|one| one.0);
            Bound::new(py, Reply { request: request.0, subscription, result, confirmed: reply.confirmed, error, seq })?.into_any()
        }
        EventKind::Need(need) => Bound::new(py, Need::new(seq, *need))?.into_any(),
        EventKind::NeedCancelled { request } => Bound::new(py, NeedCancelled { request: request.0, seq })?.into_any(),
        EventKind::Writable => Bound::new(py, Writable { seq })?.into_any(),
        EventKind::Fault(fault) => {
            let fault = Fault {
                kind: fault.kind.as_str(),
                error: error::exception(py, &fault.error)?.unbind(),
                subscription: fault.subscription.map(|one| one.0),
                request: fault.request.map(|one| one.0),
                count: fault.count,
                seq,
            };
            Bound::new(py, fault)?.into_any()
        }
        EventKind::Ping(payload) => Bound::new(py, Ping { payload: PyBytes::new(py, &payload).unbind(), seq })?.into_any(),
        EventKind::Pong(payload) => Bound::new(py, Pong { payload: PyBytes::new(py, &payload).unbind(), seq })?.into_any(),
        EventKind::Closed(closed) => {
            let cause = error::optional(py, closed.cause.as_deref())?;
            let (received, sent) = (closed.received.map(frame), closed.sent.map(frame));
            let closed = Closed { received, sent, received_first: closed.received_first, clean: closed.clean, cause, seq };
            Bound::new(py, closed)?.into_any()
        }
        // Messages are made elsewhere, and the core may learn of others.
        _ => Bound::new(py, Unknown { seq })?.into_any(),
    })
}

impl Opened {
    fn new(py: Python<'_>, seq: u64, opened: event::Opened) -> Self {
        Self {
            connection: opened.connection.0,
            protocol: opened.protocol,
            status: opened.status,
            headers: pairs(&opened.headers),
            resumed: opened.resumed,
            greeting: opened.greeting.map(|bytes| PyBytes::new(py, &bytes).unbind()),
            seq,
        }
    }
}

impl Need {
    fn new(seq: u64, need: event::Need) -> Self {
        let (what, credential) = match need.what {
            NeedWhat::Token { credential } => ("token", credential),
            _ => ("unknown", String::new()),
        };
        let (reason, gateway_code) = match need.reason {
            NeedReason::Initial => ("initial", None),
            NeedReason::Reconnect => ("reconnect", None),
            NeedReason::Rejected { code } => ("rejected", Some(code)),
            _ => ("unknown", None),
        };
        Self { request: need.request.0, what, credential, reason, gateway_code, deadline_ms: need.deadline_ms, seq }
    }
}

fn frame(frame: CloseFrame) -> (u16, String) {
    (frame.code, frame.reason)
}

/// Headers as texts, those of other alphabets byte by byte.
pub(crate) fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect()
}

/// Several events as a list.
pub(crate) fn list<'py>(py: Python<'py>, events: Vec<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyList>> {
    PyList::new(py, events)
}
