//! The client: what the package builds its classes on. None of its calls waits.

use std::time::Duration;

use bytes::Bytes;
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBytes, PyDict};
use topicwire::Secret;
use topicwire::client::{self, Answer};
use topicwire::command::{Command, Outgoing};
use topicwire::error::Error;
use topicwire::id::RequestId;
use topicwire::lane::LaneOptions;
use topicwire::options::Options;
use topicwire::session::{Accepted, Cancelled};
use topicwire::view::Views;

use crate::error::raise;
use crate::event::pairs;
use crate::lane::Lane;
use crate::poller::Poller;

/// A client of one gateway. It is aborted when the object goes.
#[pyclass(frozen, weakref, module = "topicwire._native")]
pub(crate) struct Client {
    inner: client::Client,
    views: Views,
}

/// Answer of an HTTP server that refused the upgrade: status, headers, body.
type Refusal = (u16, Vec<(String, String)>, Py<PyBytes>);

#[pymethods]
impl Client {
    /// A client that has not begun, from its options in JSON.
    #[new]
    fn new(py: Python<'_>, options: &str) -> PyResult<Self> {
        let made = Options::from_json(options.as_bytes()).and_then(|options| {
            let views = Views::of(&options);
            client::Client::new(options).map(|inner| Self { inner, views })
        });
        made.map_err(|error| raise(py, &error))
    }

    /// Begins to connect; the rest comes as events.
    fn connect(&self, py: Python<'_>) -> PyResult<()> {
        self.call(py, client::Client::connect)
    }

    /// A number for a request that was not used before.
    fn next_request(&self) -> u64 {
        self.inner.next_request().0
    }

    /// Gives a command in JSON. Its reply goes to the lane. True if much else is on its way already.
    #[pyo3(signature = (request, reply_lane, command, payload = None))]
    fn submit(
        &self,
        py: Python<'_>,
        request: u64,
        reply_lane: Option<&Lane>,
        command: &str,
        payload: Option<PyBackedBytes>,
    ) -> PyResult<bool> {
        let lane = reply_lane.map(|lane| lane.get(py).map(topicwire::lane::Lane::id)).transpose()?;
        let payload = payload.map_or_else(Bytes::new, |payload| Bytes::copy_from_slice(&payload));
        let accepted = self.call(py, |client| client.submit_json(RequestId(request), lane, command.as_bytes(), payload))?;
        Ok(accepted == Accepted::Busy)
    }

    /// Sends a text, or a piece of one. With a request, its reply says that it was written. True if much else is on its way already.
    #[pyo3(signature = (text, first = true, fin = true, request = 0, reply_lane = None))]
    fn send_text(
        &self,
        py: Python<'_>,
        text: PyBackedStr,
        first: bool,
        fin: bool,
        request: u64,
        reply_lane: Option<&Lane>,
    ) -> PyResult<bool> {
        self.send(py, Outgoing::Text { payload: Bytes::copy_from_slice(text.as_bytes()), first, fin }, request, reply_lane)
    }

    /// Sends bytes, or a piece of a message. With a request, its reply says that it was written. True if much else is on its way already.
    #[pyo3(signature = (payload, first = true, fin = true, request = 0, reply_lane = None))]
    fn send_bytes(
        &self,
        py: Python<'_>,
        payload: PyBackedBytes,
        first: bool,
        fin: bool,
        request: u64,
        reply_lane: Option<&Lane>,
    ) -> PyResult<bool> {
        let outgoing = Outgoing::Binary { payload: Bytes::copy_from_slice(&payload), first, fin };
        self.send(py, outgoing, request, reply_lane)
    }

    /// Takes a request back: `queued`, `in_flight` or `unknown`.
    fn cancel(&self, py: Python<'_>, request: u64) -> PyResult<&'static str> {
        Ok(match self.call(py, |client| client.cancel(RequestId(request)))? {
            Cancelled::Queued => "queued",
            Cancelled::InFlight => "in_flight",
            Cancelled::Unknown => "unknown",
        })
    }

    /// Answers a need with a credential.
    #[pyo3(signature = (request, token, valid_for = None))]
    fn answer(&self, py: Python<'_>, request: u64, token: &str, valid_for: Option<f64>) -> PyResult<()> {
        let valid_for = match valid_for.map(Duration::try_from_secs_f64).transpose() {
            Ok(valid_for) => valid_for,
            Err(_) => return Err(raise(py, &Error::option("valid_for", "seconds, 0 or more"))),
        };
        let answer = Answer::Token { value: Secret::new(token), valid_for };
        self.call(py, |client| client.answer(RequestId(request), answer))
    }

    /// Says that there is no credential now.
    fn fail(&self, py: Python<'_>, request: u64, text: String, retryable: bool) -> PyResult<()> {
        self.call(py, |client| client.answer(RequestId(request), Answer::Failed { text, retryable }))
    }

    /// Opens a lane at a poller, from its options in JSON, perhaps with the command that feeds it.
    #[pyo3(signature = (poller, options, request = 0, command = None, reply_lane = None))]
    fn open_lane(
        &self,
        py: Python<'_>,
        poller: &Poller,
        options: &str,
        request: u64,
        command: Option<&str>,
        reply_lane: Option<&Lane>,
    ) -> PyResult<Lane> {
        let poller = poller.get(py)?;
        let options = LaneOptions::from_json(options.as_bytes()).map_err(|error| raise(py, &error))?;
        let reply_lane = reply_lane.map(|lane| lane.get(py).map(topicwire::lane::Lane::id)).transpose()?;
        let command = match command.map(|json| Command::from_json(json.as_bytes())).transpose() {
            Ok(command) => command.map(|command| (RequestId(request), reply_lane, command)),
            Err(error) => return Err(raise(py, &error)),
        };
        let lane = self.call(py, |client| client.open_lane(poller, options, command))?;
        Ok(Lane::new(lane, self.views))
    }

    /// Changes what a lane wants.
    fn set_lane(&self, py: Python<'_>, lane: &Lane, options: &str) -> PyResult<()> {
        let id = lane.get(py)?.id();
        let options = LaneOptions::from_json(options.as_bytes()).map_err(|error| raise(py, &error))?;
        self.call(py, |client| client.set_lane(id, options))
    }

    /// Ends a lane and the subscriptions that it owns.
    fn close_lane(&self, py: Python<'_>, lane: &Lane) -> PyResult<()> {
        let id = lane.get(py)?.id();
        self.call(py, |client| client.close_lane(id))
    }

    /// Bytes accepted and not yet written.
    fn outbound_bytes(&self, py: Python<'_>) -> PyResult<u64> {
        self.call(py, client::Client::outbound_bytes)
    }

    /// The client's state.
    fn state(&self, py: Python<'_>) -> PyResult<&'static str> {
        Ok(self.call(py, client::Client::state)?.as_str())
    }

    /// Counters.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let stats = self.call(py, client::Client::stats)?;
        let dict = PyDict::new(py);
        for (name, value) in [
            ("messages", stats.messages),
            ("filtered", stats.filtered),
            ("duplicates", stats.duplicates),
            ("ignored", stats.ignored),
            ("faults", stats.faults),
        ] {
            dict.set_item(name, value)?;
        }
        Ok(dict)
    }

    /// What the server answered over HTTP when it refused the last attempt: status, headers, body.
    fn refusal(&self, py: Python<'_>) -> PyResult<Option<Refusal>> {
        let refusal = self.call(py, client::Client::refusal)?;
        Ok(refusal.map(|answer| (answer.status, pairs(&answer.headers), PyBytes::new(py, &answer.body).unbind())))
    }

    /// Says goodbye. `Closed` in every lane is the end of it.
    fn close(&self, py: Python<'_>, code: u16, reason: &str) -> PyResult<()> {
        self.call(py, |client| client.close(code, reason))
    }

    /// Ends the client at once.
    fn abort(&self, py: Python<'_>) -> PyResult<()> {
        self.call(py, client::Client::abort)
    }
}

impl Client {
    /// A call of the core. Other Python threads may run meanwhile: it may have to wait for a turn of one of the core's threads.
    fn call<T: Send>(&self, py: Python<'_>, act: impl FnOnce(&client::Client) -> Result<T, Error> + Send) -> PyResult<T> {
        py.detach(|| act(&self.inner)).map_err(|error| raise(py, &error))
    }

    fn send(&self, py: Python<'_>, outgoing: Outgoing, request: u64, reply_lane: Option<&Lane>) -> PyResult<bool> {
        let request = reply_lane.map(|lane| lane.get(py).map(|lane| (RequestId(request), lane.id()))).transpose()?;
        Ok(self.call(py, |client| client.send(request, outgoing))? == Accepted::Busy)
    }
}
