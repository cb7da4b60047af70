//! Events for the application's server, and what it answers.

use super::options::Reaction;
use super::payload::{Data, DataKind};
use super::wire::{Down, Format};
use super::{WebPubSub, WebPubSubOptions};
use crate::machine::io::ConnId;
use crate::machine::timers::Timer;
use crate::machine::wire::Wire;

/// Who waits for an answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Asker {
    Event {
        ack: Option<u64>,
    },
    Invocation {
        invocation: String,
    },
    Simple,
    /// An upgrade that waits for `connect`.
    Connect {
        conn: ConnId,
    },
    Nobody,
}

#[derive(Debug)]
pub(super) struct Pending {
    pub(super) session: String,
    pub(super) asker: Asker,
    /// What a late handler sends back.
    late: Option<Data>,
}

/// An event for an external handler, as CloudEvents has it.
#[derive(Debug, Clone)]
pub struct EventCall {
    /// Quote it in the answer.
    pub call: u64,
    /// `azure.webpubsub.sys.connect`, `azure.webpubsub.user.NAME`, …
    pub kind: String,
    /// The event's name.
    pub event: String,
    /// The hub.
    pub hub: String,
    /// Which session.
    pub connection: String,
    /// The user, if the client has one.
    pub user: Option<String>,
    /// The subprotocol, if there is one.
    pub subprotocol: Option<String>,
    /// What the handler had the service remember of the connection.
    pub state: Option<String>,
    /// The signature by which a handler knows the service.
    pub signature: String,
    /// What was sent.
    pub data: Data,
}

/// What an external handler answered.
#[derive(Debug, Clone, PartialEq)]
pub enum EventAnswer {
    /// It was done; perhaps with something to say.
    Done {
        /// What the client is to be told.
        data: Option<Data>,
        /// What is to be remembered of the connection.
        state: Option<String>,
    },
    /// It failed, with an HTTP status.
    Failed {
        /// The status.
        status: u16,
        /// Why.
        why: String,
    },
}

impl EventAnswer {
    /// It was done, and there is nothing to say.
    #[must_use]
    pub fn done() -> Self {
        Self::Done { data: None, state: None }
    }

    /// It was done, and this is the answer.
    #[must_use]
    pub fn with(data: Data) -> Self {
        Self::Done { data: Some(data), state: None }
    }
}

impl WebPubSub {
    /// A client raised an event.
    pub(super) fn raise(&mut self, wire: &mut Wire, options: &WebPubSubOptions, id: &str, event: String, data: Data, asker: Asker) {
        let named = options.handlers.iter().find(|(name, _)| name.eq_ignore_ascii_case(&event)).map(|(_, reaction)| reaction);
        let reaction = named.unwrap_or(&options.default_handler).clone();
        self.calls += 1;
        let call = self.calls;
        let mut pending = Pending { session: id.to_owned(), asker, late: None };
        let failed = || EventAnswer::Failed { status: 500, why: "the handler failed".to_owned() };
        let answer = match reaction {
            Reaction::Echo => EventAnswer::with(data),
            Reaction::Accept => EventAnswer::done(),
            Reaction::Reply(value) => EventAnswer::with(Data::json(&value)),
            Reaction::Fail => failed(),
            Reaction::Late(ms) => {
                pending.late = Some(data);
                self.pending.insert(call, pending);
                wire.after_ms(ms, Timer::Handler(call));
                return;
            }
            Reaction::External => {
                self.pending.insert(call, pending);
                let kind = format!("azure.webpubsub.user.{event}");
                self.call_out(options, call, id, kind, event, data);
                return;
            }
        };
        self.pending.insert(call, pending);
        self.answer(wire, options, call, answer);
    }

    /// Something that handlers may want to know of a session.
    pub(super) fn announce(&mut self, options: &WebPubSubOptions, id: &str, event: &str, body: &serde_json::Value) {
        if options.lifecycle_events {
            self.calls += 1;
            let call = self.calls;
            self.pending.insert(call, Pending { session: id.to_owned(), asker: Asker::Nobody, late: None });
            self.call_out(options, call, id, format!("azure.webpubsub.sys.{event}"), event.to_owned(), Data::json(body));
        }
    }

    fn call_out(&mut self, options: &WebPubSubOptions, call: u64, id: &str, kind: String, event: String, data: Data) {
        let Some(session) = self.sessions.get(id) else { return };
        self.outbox.push_back(EventCall {
            call,
            kind,
            event,
            hub: session.hub.clone(),
            connection: session.id.clone(),
            user: session.user.clone(),
            subprotocol: session.subprotocol.clone(),
            state: session.state.clone(),
            signature: super::token::signature_of(&options.access_key.0, &session.id),
            data,
        });
    }

    /// A handler that takes its time is done.
    pub(crate) fn handler_due(&mut self, wire: &mut Wire, options: &WebPubSubOptions, call: u64) {
        if let Some(data) = self.pending.get_mut(&call).and_then(|pending| pending.late.take()) {
            self.answer(wire, options, call, EventAnswer::with(data));
        }
    }

    /// A handler answered.
    pub(super) fn answer(&mut self, wire: &mut Wire, options: &WebPubSubOptions, call: u64, answer: EventAnswer) {
        let Some(Pending { session: id, asker, .. }) = self.pending.remove(&call) else { return };
        if let Asker::Connect { conn } = asker {
            return self.connect_answered(wire, options, conn, answer);
        }
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if let EventAnswer::Done { state: Some(state), .. } = &answer {
            session.state = Some(state.clone());
        }
        let simple = session.format == Format::Simple;
        match (asker, answer) {
            (Asker::Invocation { invocation }, EventAnswer::Done { data, .. }) => {
                self.tell(wire, options, &id, &Down::Invoked { id: invocation, result: Ok(data) });
            }
            (Asker::Invocation { invocation }, EventAnswer::Failed { why, .. }) => {
                let result = Err(("InternalServerError".to_owned(), why));
                self.tell(wire, options, &id, &Down::Invoked { id: invocation, result });
            }
            (asker, EventAnswer::Done { data, .. }) => {
                if let Some(data) = data.filter(|data| !data.bytes.is_empty()) {
                    self.deliver(
                        wire,
                        options,
                        &id,
                        Down::Message { group: None, user: None, data: Some(data), metadata: None, number: None, stream: None },
                    );
                }
                if let Asker::Event { ack } = asker {
                    self.acknowledge(wire, options, &id, ack, None);
                }
            }
            (Asker::Event { ack: Some(ack) }, EventAnswer::Failed { why, .. }) => {
                self.acknowledge(wire, options, &id, Some(ack), Some(("InternalServerError".to_owned(), why)));
            }
            (Asker::Nobody, _) => {}
            (_, EventAnswer::Failed { .. }) if simple || options.close_on_failed_event => {
                self.breach(wire, options, &id, 1011, "the event handler failed");
            }
            (_, EventAnswer::Failed { .. }) => {}
        }
    }

    pub(super) fn cancel_invocation(&mut self, id: &str, invocation: &str) {
        self.pending.retain(|_, pending| {
            pending.session != id || !matches!(&pending.asker, Asker::Invocation { invocation: other } if other == invocation)
        });
    }

    /// The upgrade waits for what the handler says to `connect`.
    pub(super) fn ask_connect(&mut self, options: &WebPubSubOptions, conn: ConnId, call: EventCall) {
        let _ = options;
        self.pending.insert(call.call, Pending { session: call.connection.clone(), asker: Asker::Connect { conn }, late: None });
        self.outbox.push_back(call);
    }
}

/// A payload as a simple client gets it.
pub(super) fn simple_frame(data: &Data) -> crate::machine::io::Frame {
    match data.kind {
        DataKind::Json | DataKind::Text => crate::machine::io::Frame::Text(data.bytes.clone()),
        DataKind::Binary | DataKind::Protobuf => crate::machine::io::Frame::Binary(data.bytes.clone()),
    }
}
