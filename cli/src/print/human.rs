//! Lines for people: messages on standard output, everything about the connection on standard error.

use topicwire::event::{CloseFrame, Event, EventKind, Fault, Gap, Message, Opened, Outcome, PayloadKind, State};
use topicwire::view::astro::AstroEvent;

use super::text::{clock, plain, shortened};
use super::{Printer, describe};
use crate::output::Line;

/// Characters of a payload that are shown.
const MOST: usize = 1000;

pub(super) fn line(printer: &Printer, event: &Event) -> Option<Line> {
    let dim = |text: String| Some(Line::Err(printer.err.dim(&format!("· {text}"))));
    let warn = |text: String| Some(Line::Err(printer.err.yellow(&format!("! {text}"))));
    let bad = |text: String| Some(Line::Err(printer.err.red(&format!("! {text}"))));
    match &event.kind {
        EventKind::Message(message) => Some(Line::Out(message_line(printer, message))),
        // `Closed` comes with it and says more.
        EventKind::State { to: State::Closed, .. } => None,
        // A `Fault` says why.
        EventKind::State { to, .. } => dim(to.as_str().replace('_', " ")),
        EventKind::Opened(opened) => dim(opened_text(opened)),
        EventKind::Subscribed { subscription, recovered, .. } => {
            let again = if *recovered { " again" } else { "" };
            dim(format!("listening{again} to {}", printer.name(&[*subscription])))
        }
        EventKind::Unsubscribed { subscription } => dim(format!("no longer listening to {}", printer.name(&[*subscription]))),
        EventKind::Ended { subscription, outcome } => {
            let name = printer.name(&[*subscription]);
            match outcome {
                Outcome::Failed(error) | Outcome::Lost(error) => bad(format!("{name} ended: {}", plain(&error.to_string()))),
                Outcome::Completed => dim(format!("{name} is complete")),
                _ => dim(format!("{name} ended")),
            }
        }
        EventKind::Gap(gap) => warn(gap_text(printer, gap)),
        EventKind::Lagged { count, .. } => warn(format!("{count} messages were dropped here: they came faster than they were printed")),
        EventKind::Fault(fault) => warn(fault_text(printer, fault)),
        EventKind::Closed(closed) => {
            let theirs = closed.received.as_ref().filter(|_| closed.received_first);
            let peer = theirs.map_or_else(String::new, |frame| format!("; the server closed with {}", frame_text(frame)));
            // A cause is what the program ends with, and says in its last line.
            if closed.cause.is_some() { None } else { dim(format!("closed{peer}")) }
        }
        EventKind::Reply { request, result: Err(error) } => {
            bad(format!("cannot listen to {}: {}", printer.name(&[(*request).into()]), plain(&error.to_string())))
        }
        EventKind::Ping(payload) => dim(format!("ping of {} bytes", payload.len())),
        EventKind::Pong(payload) => dim(format!("pong of {} bytes", payload.len())),
        // Other answers, needs and room to send are between the program and its client.
        _ => None,
    }
}

fn message_line(printer: &Printer, message: &Message) -> String {
    let style = printer.out;
    let mut line = style.dim(&clock(message.received()));
    let topic = message.topic();
    if let Some(room) = message.room().filter(|_| printer.rooms) {
        line = format!("{line} {}", style.dim(&plain(room)));
    }
    if let Some(sentence) = describe(&AstroEvent::of(message)) {
        let (kind, rest) = sentence.split_once(": ").unwrap_or(("", &sentence));
        return format!("{line} {} {rest}", style.cyan(&format!("{kind}:")));
    }
    if let Some(topic) = topic {
        line = format!("{line} {}", style.cyan(&plain(topic)));
    }
    format!("{line} {}", payload_text(message))
}

fn payload_text(message: &Message) -> String {
    let payload = message.payload();
    if message.kind() == PayloadKind::Binary {
        let start: Vec<String> = payload.iter().take(32).map(|byte| format!("{byte:02x}")).collect();
        let more = if payload.len() > 32 { " …" } else { "" };
        return format!("{} bytes: {}{more}", payload.len(), start.join(" "));
    }
    shortened(&plain(&String::from_utf8_lossy(payload)), MOST).into_owned()
}

fn opened_text(opened: &Opened) -> String {
    let protocol = opened.protocol.as_deref().map_or_else(String::new, |protocol| format!(", {}", plain(protocol)));
    let resumed = if opened.resumed { ", subscriptions carried over" } else { "" };
    format!("connection {} is open{protocol}{resumed}", opened.connection.0)
}

fn gap_text(printer: &Printer, gap: &Gap) -> String {
    let name = printer.name(&gap.subscriptions);
    let until = gap.until.map_or_else(|| "now".to_owned(), clock);
    let cause = gap.cause.as_ref().map_or_else(String::new, |cause| format!(" ({})", plain(&cause.to_string())));
    format!("gap: {name} may have missed messages from {} to {until}{cause}", clock(gap.since))
}

fn fault_text(printer: &Printer, fault: &Fault) -> String {
    let about = fault.subscription.map_or_else(String::new, |id| format!(" ({})", printer.name(&[id])));
    let times = if fault.count > 1 { format!(", {} times", fault.count) } else { String::new() };
    format!("{}{about}: {}{times}", fault.kind.as_str(), plain(&fault.error.to_string()))
}

fn frame_text(frame: &CloseFrame) -> String {
    if frame.reason.is_empty() { frame.code.to_string() } else { format!("{}, {}", frame.code, plain(&frame.reason)) }
}
