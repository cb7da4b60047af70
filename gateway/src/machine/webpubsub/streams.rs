//! Group streams, the service's side.

use std::time::Duration;

use super::payload::Data;
use super::roles::Permission;
use super::wire::{Down, Place};
use super::{WebPubSub, WebPubSubOptions};
use crate::machine::timers::Timer;
use crate::machine::wire::Wire;

/// A stream that a client sends.
#[derive(Debug)]
pub(super) struct Stream {
    group: String,
    expected: u64,
    no_echo: bool,
    idle: Duration,
    last: Duration,
}

impl WebPubSub {
    pub(super) fn stream_start(
        &mut self,
        wire: &mut Wire,
        options: &WebPubSubOptions,
        id: &str,
        (group, stream): (String, String),
        (idle_ms, no_echo): (Option<u32>, bool),
    ) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let refusal = if stream.is_empty() || idle_ms == Some(0) || session.streams.contains_key(&stream) {
            Some(("BadRequest", "the stream cannot be started".to_owned()))
        } else if !session.permissions.allow(Permission::Send, &group) {
            Some(("Forbidden", "no permission to send to the group".to_owned()))
        } else {
            None
        };
        if refusal.is_some() {
            return self.tell(wire, options, id, &Down::StreamClosed { stream, error: refusal });
        }
        let idle = Duration::from_millis(u64::from(idle_ms.unwrap_or(300_000)));
        session.streams.insert(stream.clone(), Stream { group, expected: 1, no_echo, idle, last: wire.now.mono });
        wire.after(idle, Timer::StreamIdle(session.serial, stream.clone()));
        self.tell(wire, options, id, &Down::StreamAck { stream, expected: 1 });
    }

    pub(super) fn stream_data(
        &mut self,
        wire: &mut Wire,
        options: &WebPubSubOptions,
        id: &str,
        (stream, number): (String, Option<u64>),
        data: Option<Data>,
    ) {
        let now = wire.now.mono;
        let Some(session) = self.sessions.get_mut(id) else { return };
        let Some(state) = session.streams.get_mut(&stream) else {
            return self.no_stream(wire, options, id, stream);
        };
        state.last = now;
        // Without a number it only keeps the stream alive.
        let Some(number) = number else { return };
        let expected = state.expected;
        if number > expected {
            let message = format!("expected {expected}, got {number}");
            return self.tell(wire, options, id, &Down::StreamNack { stream, expected, name: "InvalidSequenceId", message });
        }
        if number == expected {
            state.expected += 1;
            let place = Place { stream: stream.clone(), number, end: false, error: None };
            let (group, no_echo, user) = (state.group.clone(), state.no_echo, session.user.clone());
            self.tell_group(
                wire,
                options,
                id,
                &group,
                no_echo,
                &Down::Message { group: Some(group.clone()), user, data, metadata: None, number: None, stream: Some(place) },
            );
        }
        let Some(expected) = self.sessions.get(id).and_then(|session| session.streams.get(&stream)).map(|state| state.expected) else {
            return;
        };
        self.tell(wire, options, id, &Down::StreamAck { stream, expected });
    }

    pub(super) fn stream_end(
        &mut self,
        wire: &mut Wire,
        options: &WebPubSubOptions,
        id: &str,
        stream: String,
        error: Option<(Option<String>, Option<String>)>,
    ) {
        let error = error.map(|(message, code)| ("UserError".to_owned(), message.unwrap_or_default(), code));
        if self.finish_stream(wire, options, id, &stream, error) {
            self.tell(wire, options, id, &Down::StreamClosed { stream, error: None });
        } else {
            self.no_stream(wire, options, id, stream);
        }
    }

    /// A stream may have been silent for too long.
    pub(crate) fn stream_idle(&mut self, wire: &mut Wire, options: &WebPubSubOptions, serial: u64, stream: &str) {
        let Some(id) = self.sessions.values().find(|session| session.serial == serial).map(|session| session.id.clone()) else { return };
        let Some(state) = self.sessions.get(&id).and_then(|session| session.streams.get(stream)) else { return };
        let due = state.last + state.idle;
        if due > wire.now.mono {
            wire.after(due - wire.now.mono, Timer::StreamIdle(serial, stream.to_owned()));
            return;
        }
        let message = "nothing came for too long".to_owned();
        self.finish_stream(wire, options, &id, stream, Some(("IdleTimeout".to_owned(), message.clone(), None)));
        self.tell(wire, options, &id, &Down::StreamClosed { stream: stream.to_owned(), error: Some(("IdleTimeout", message)) });
    }

    fn finish_stream(
        &mut self,
        wire: &mut Wire,
        options: &WebPubSubOptions,
        id: &str,
        stream: &str,
        error: Option<(String, String, Option<String>)>,
    ) -> bool {
        let Some(session) = self.sessions.get_mut(id) else { return false };
        let Some(state) = session.streams.remove(stream) else { return false };
        let place = Place { stream: stream.to_owned(), number: state.expected, end: true, error };
        let user = session.user.clone();
        let last = Down::Message {
            group: Some(state.group.clone()),
            user,
            data: Some(Data::text("")),
            metadata: None,
            number: None,
            stream: Some(place),
        };
        self.tell_group(wire, options, id, &state.group, state.no_echo, &last);
        true
    }

    /// The streams of a session that is gone end with it.
    pub(super) fn cancel_streams(&mut self, wire: &mut Wire, options: &WebPubSubOptions, id: &str) {
        let names: Vec<String> = self.sessions.get(id).map(|session| session.streams.keys().cloned().collect()).unwrap_or_default();
        for name in names {
            let error = ("Cancelled".to_owned(), "the sender is gone".to_owned(), None);
            self.finish_stream(wire, options, id, &name, Some(error));
        }
    }

    fn no_stream(&mut self, wire: &mut Wire, options: &WebPubSubOptions, id: &str, stream: String) {
        let error = Some(("StreamNotFound", "there is no such stream".to_owned()));
        self.tell(wire, options, id, &Down::StreamClosed { stream, error });
    }
}
