//! From events to lines: pure functions, so that what is printed can be tested without a gateway.

mod activity;
mod astro;
mod human;
mod json;
mod text;

use std::collections::BTreeMap;

use topicwire::event::{Event, EventKind};
use topicwire::id::SubscriptionId;

pub(crate) use astro::describe;
pub(crate) use text::{Style, plain};

use crate::output::Line;

/// How to print events.
#[derive(Debug, Default)]
pub(crate) struct Printer {
    /// One JSON object a line, rather than something to read.
    pub(crate) json: bool,
    /// Standard output understands colours.
    pub(crate) out: Style,
    /// Standard error does.
    pub(crate) err: Style,
    /// More than one room is listened to, so that each line has to say which.
    pub(crate) rooms: bool,
    /// What to call subscriptions.
    pub(crate) names: BTreeMap<SubscriptionId, String>,
    /// Texts that must not be printed wherever a gateway may have repeated them in a complaint.
    pub(crate) secrets: Vec<topicwire::Secret>,
}

impl Printer {
    /// The line for an event, if it has one.
    pub(crate) fn line(&self, event: &Event) -> Option<Line> {
        if matches!(&event.kind, EventKind::Reply { result: Ok(_), .. } | EventKind::Writable) {
            // Between the program and its client: `Subscribed` says the same to everybody.
            return None;
        }
        let line = if self.json { Some(Line::Out(json::line(event))) } else { human::line(self, event) };
        match (&event.kind, line) {
            // What a message carries is what was asked for.
            (EventKind::Message(_), line) => line,
            (_, line) => line.map(|line| self.masked(line)),
        }
    }

    /// What to call these subscriptions.
    fn name(&self, subscriptions: &[SubscriptionId]) -> String {
        let names: Vec<String> = subscriptions
            .iter()
            .map(|id| self.names.get(id).map_or_else(|| format!("subscription {}", id.0), |name| plain(name).into_owned()))
            .collect();
        if names.is_empty() { "everything".to_owned() } else { names.join(", ") }
    }

    fn masked(&self, line: Line) -> Line {
        match line {
            Line::Out(text) => Line::Out(self.mask(text)),
            Line::Err(text) => Line::Err(self.mask(text)),
        }
    }

    /// Takes secrets out of a text.
    pub(crate) fn mask(&self, text: String) -> String {
        self.secrets.iter().filter(|secret| !secret.is_empty()).fold(text, |text, secret| text.replace(secret.expose(), "***"))
    }
}

#[cfg(test)]
mod tests;
