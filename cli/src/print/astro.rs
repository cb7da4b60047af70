//! Astro messages as sentences, from the core's typed view of them. What has no view is printed as it came.

use serde::Deserialize;
use serde_json::value::RawValue;
use topicwire::view::astro::{AstroEvent, SessionReset, Tip};
use topicwire::view::{Decimal, Json};

use super::activity;
use super::text::{money, plain, shortened};

/// Values of a session reset that are named; the rest are counted.
const NAMED: usize = 3;

/// The sentence for an event, if people are better served by one than by its payload. It starts with what it is about, and a colon.
pub(crate) fn describe(event: &AstroEvent) -> Option<String> {
    Some(match event {
        AstroEvent::Activity(activity) => activity::describe(activity),
        AstroEvent::Tip(tip) => tip_sentence(tip),
        AstroEvent::TipModeration(tip) => format!("tip moderation: {}", tip_sentence(tip).trim_start_matches("tip: ")),
        AstroEvent::SessionUpdate(update) => {
            format!("session update: {} is {}", plain(&update.key), update.value.as_ref().map_or_else(|| "gone".to_owned(), value))
        }
        AstroEvent::SessionReset(reset) => session_reset(reset),
        AstroEvent::StreamStatus(status) => format!("stream: {}", if status.is_live { "live" } else { "offline" }),
        AstroEvent::ChatMessage(chat) => {
            let author = chat.author.name.as_deref().or(chat.author.login.as_deref()).unwrap_or("somebody");
            format!("chat: {}: {}", plain(author), plain(&chat.text))
        }
        AstroEvent::ChatbotCounter(counter) => format!("counter: {} is {}", plain(&counter.counter), counter.value),
        _ => return None,
    })
}

/// A tip. Its donor's e-mail address and country are not for a terminal that others may see.
fn tip_sentence(tip: &Tip) -> String {
    let name = plain(tip.user.name.as_deref().unwrap_or("somebody"));
    let mut sentence = format!("tip: {name} tipped {}", money(&tip.amount, tip.currency.as_deref()));
    if let Some(message) = tip.message.as_deref().filter(|message| !message.is_empty()) {
        sentence = format!("{sentence}: “{}”", plain(message));
    }
    match tip.approved.as_deref() {
        Some(approved) if approved != "allowed" => format!("{sentence} ({})", plain(approved)),
        _ => sentence,
    }
}

fn session_reset(reset: &SessionReset) -> String {
    let named: Vec<String> = reset.session.iter().take(NAMED).map(|(key, data)| format!("{} {}", plain(key), value(data))).collect();
    let rest = match reset.session.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("session reset: {}{rest}", named.join(", "))
}

/// A session value: mostly `{"count": n}`, `{"amount": n}` or `{"name": …, "amount": …}`.
fn value(data: &Json) -> String {
    #[derive(Deserialize)]
    struct Entry<'a> {
        name: Option<String>,
        #[serde(borrow)]
        count: Option<&'a RawValue>,
        #[serde(borrow)]
        amount: Option<&'a RawValue>,
    }
    if let Ok(entry) = data.decode::<Entry<'_>>() {
        let number = |raw: &RawValue| raw.get().trim_matches('"').parse::<Decimal>().ok();
        let amount = entry.amount.or(entry.count).and_then(number);
        match (entry.name.as_deref(), amount) {
            (Some(name), Some(amount)) => return format!("{} ({})", plain(name), amount.as_str()),
            (Some(name), None) => return plain(name).into_owned(),
            (None, Some(amount)) => return amount.as_str().to_owned(),
            (None, None) => {}
        }
    }
    shortened(&plain(data.get()), 60).into_owned()
}
