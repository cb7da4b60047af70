//! Looking at the machine and setting it: what the control API offers beside faults.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use topicwire::time::Now;

use super::astro::tokens::TokenEntry;
use super::astro::{AstroPublish, Published};
use super::io::{ConnId, Dialect};
use super::options::Options;
use super::payload::Payload;
use super::webpubsub::{AccessUrl, Data, EventAnswer, EventCall, RestAnswer, RestRequest, WebPubSub};
use super::{ConnectionInfo, Machine, TranscriptEntry};

/// Counters since the machine began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Stats {
    /// Upgrades that were accepted.
    pub opened: u64,
    /// Upgrades that were refused.
    pub refused: u64,
    /// Messages that were published.
    pub published: u64,
    /// Deliveries of published messages.
    pub delivered: u64,
    /// Faults that were asked for.
    pub faults: u64,
}

impl Machine {
    /// The connections, oldest first.
    #[must_use]
    pub fn connections(&self) -> Vec<ConnectionInfo> {
        let conns = self.wire.conns.values();
        conns.map(|conn| conn.info(self.dialect_state(conn))).collect()
    }

    /// How many connections are there, those included that wait for the answer to a close frame.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.wire.conns.len()
    }

    /// The transcript after entry `since` (0: all of it), with secrets masked.
    #[must_use]
    pub fn transcript(&self, since: u64) -> Vec<TranscriptEntry> {
        let mut known = self.astro.secrets();
        known.extend(self.options.graphql.token.iter().map(|t| t.0.clone()));
        known.extend(self.webpubsub.secrets(&self.options.webpubsub));
        self.wire.transcript.read(since, &known)
    }

    /// The counters.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// How the machine is set.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The options as JSON, without the token.
    #[must_use]
    pub fn options_json(&self) -> Value {
        let mut shown = json!(self.options);
        if self.options.graphql.token.is_some() {
            shown["graphql"]["token"] = json!("***");
        }
        shown["webpubsub"]["access_key"] = json!("***");
        shown
    }

    /// Sets what `patch`, a JSON object in the form of [`Options`], has in it. Connections that are open
    /// keep the timers that they have.
    ///
    /// # Errors
    ///
    /// What does not fit, by its name.
    pub fn set_options(&mut self, patch: &Value) -> Result<(), String> {
        let mut whole = serde_json::to_value(&self.options).map_err(|e| e.to_string())?;
        if !patch.is_object() {
            return Err("options must be a JSON object".to_owned());
        }
        merge(&mut whole, patch);
        self.options = serde_json::from_value(whole).map_err(|e| e.to_string())?;
        self.wire.transcript.set_limit(self.options.transcript_limit);
        self.wire.close_timeout = Duration::from_millis(self.options.close_timeout_ms);
        Ok(())
    }

    /// Publishes a message to every subscriber of a topic and room.
    pub fn publish_astro(&mut self, now: Now, message: &AstroPublish) -> Published {
        let published = self.step(now, |m| m.astro.publish(&mut m.wire, &m.options.astro, message));
        self.stats.published += 1;
        self.stats.delivered += published.receivers as u64;
        published
    }

    /// Sends `data` as a result to every running operation whose root field is `field`. Returns how many
    /// those are.
    pub fn publish_graphql(&mut self, now: Now, field: &str, data: &Payload) -> usize {
        let receivers = self.step(now, |m| m.graphql.publish(&mut m.wire, &m.options.graphql, field, data));
        self.stats.published += 1;
        self.stats.delivered += receivers as u64;
        receivers
    }

    /// A Web PubSub client access URL, as the portal makes them. `host` is `127.0.0.1:PORT`.
    #[must_use]
    pub fn access_url(&self, now: Now, host: &str, wanted: &AccessUrl) -> String {
        WebPubSub::access_url(&self.options.webpubsub, host, self.clock.read(now).wall.0, wanted)
    }

    /// Sends data to everybody in a group of a Web PubSub hub, or to all of the hub. Returns how many those are.
    pub fn publish_webpubsub(&mut self, now: Now, hub: &str, group: Option<&str>, data: Data) -> usize {
        let receivers = self.step(now, |m| m.webpubsub.publish_to(&mut m.wire, &m.options.webpubsub, hub, group, data));
        self.stats.published += 1;
        self.stats.delivered += receivers as u64;
        receivers
    }

    /// Answers a request of Web PubSub's REST data plane.
    pub fn rest(&mut self, now: Now, request: &RestRequest) -> RestAnswer {
        self.step(now, |m| m.webpubsub.rest(&mut m.wire, &m.options.webpubsub, request))
    }

    /// The next Web PubSub event for a handler outside of the machine, until there is none. Answer it with [`Machine::answer_event`].
    pub fn poll_event(&mut self) -> Option<EventCall> {
        self.webpubsub.poll_event()
    }

    /// What a handler outside of the machine said to an event.
    pub fn answer_event(&mut self, now: Now, call: u64, answer: EventAnswer) {
        self.step(now, |m| m.webpubsub.event_answered(&mut m.wire, &m.options.webpubsub, call, answer));
    }

    /// Adds tokens to Astro's table, or replaces those that are there. While the table is empty, every token
    /// is good for everything.
    pub fn set_tokens(&mut self, now: Now, tokens: Vec<TokenEntry>) {
        self.step(now, |m| m.astro.set_tokens(&mut m.wire, tokens));
    }

    /// Makes a room name stand for another on the Astro side.
    pub fn set_alias(&mut self, alias: &str, room: &str) {
        self.astro.set_alias(alias, room);
    }

    /// Lets time pass: every timer that falls due fires, in order, before this returns.
    pub fn advance(&mut self, now: Now, by: Duration) {
        // In steps from timer to timer, so that what fires sees the time it was meant for.
        let target = self.clock.read(now).mono.saturating_add(by);
        loop {
            let here = self.clock.read(now).mono;
            let next = self.wire.next_due().unwrap_or(target).clamp(here, target);
            self.clock.advance(next - here);
            self.handle_timeout(now);
            if next == target {
                break;
            }
        }
    }

    /// Moves the wall clock alone. Timers do not notice.
    pub fn shift_wall(&mut self, by_ms: i64) {
        self.clock.shift_wall(by_ms);
    }

    /// Stops the machine's clock, so that time passes by [`Machine::advance`] alone, or lets it run.
    pub fn stop_clock(&mut self, now: Now, stop: bool) {
        self.clock.stop(now, stop);
    }

    /// The machine's own time when the driver's is `now`.
    #[must_use]
    pub fn time(&self, now: Now) -> Now {
        self.clock.read(now)
    }

    /// A planned shutdown: Astro's clients get `reconnect`, new upgrades of theirs 502; after `grace` (none:
    /// the option `grace_ms`) every connection is closed with 1001. GraphQL and raw have no such notice and
    /// are closed at once.
    pub fn shutdown(&mut self, now: Now, grace: Option<Duration>) {
        self.options.astro.draining = true;
        let grace = grace.unwrap_or(Duration::from_millis(self.options.astro.grace_ms));
        self.step(now, |m| {
            for conn in m.conns_of(None) {
                if m.wire.conns.get(&conn).map(|c| c.dialect) == Some(Dialect::Astro) {
                    let token = super::ReconnectToken::Valid;
                    m.astro.reconnect(&mut m.wire, &m.options.astro, conn, token, grace);
                } else {
                    m.wire.close(conn, Some(1001), "Going away");
                }
            }
        });
    }

    /// The open connections, of one dialect or all.
    pub(super) fn conns_of(&self, dialect: Option<Dialect>) -> Vec<ConnId> {
        let conns = self.wire.conns.values();
        conns.filter(|conn| dialect.is_none_or(|d| conn.dialect == d)).map(|conn| conn.id).collect()
    }
}

/// Puts `patch` over `whole`, object by object. What `whole` does not have is left for the reader to refuse.
fn merge(whole: &mut Value, patch: &Value) {
    match (whole, patch) {
        (Value::Object(whole), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(whole.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (whole, patch) => *whole = patch.clone(),
    }
}
