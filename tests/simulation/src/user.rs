//! The user, and who publishes.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use topicwire::Secret;
use topicwire::command::{Command, OperationTarget, TopicTarget};
use topicwire::error::{Code, Error};
use topicwire::id::{RequestId, SubscriptionId};
use topicwire::lane::{Filter, LaneOptions};
use topicwire::session::Cancelled;
use topicwire_gateway::AstroPublish;
use topicwire_gateway::machine::Hidden;
use topicwire_gateway::machine::astro::tokens::TokenEntry;

use crate::coverage::Deed;
use crate::lanes::What;
use crate::oracle::Publication;
use crate::plan::{Provider, Side, Trouble};
use crate::sabotage::Sabotage;
use crate::world::{Happening, World};

/// Topics among which channels are spread.
const TOPICS: u64 = 3;
/// More would only cost time.
const MOST_PUBLICATIONS: usize = 1_500;
const MOST_SUBSCRIPTIONS: usize = 60;

/// The topic and the room of a channel.
pub(crate) fn pair(channel: u64) -> (String, String) {
    (format!("topic.{}", channel % TOPICS), room(channel / TOPICS))
}

/// A channel id as the gateway makes them.
fn room(number: u64) -> String {
    format!("{:024x}", 0x64f0_a1b2 + number)
}

impl World {
    /// The other name of a room.
    pub(crate) fn alias_of(&self, of: &str) -> Option<String> {
        (0..=self.plan.channels / TOPICS).find(|number| room(*number) == of).map(|number| format!("alias-{number}"))
    }

    fn request(&mut self) -> RequestId {
        self.next_request += 1;
        RequestId(self.next_request - 1)
    }

    fn command_for(&mut self, channel: u64) -> Command {
        match self.plan.side {
            Side::Astro => {
                let (topic, room) = pair(channel);
                let room = if self.plan.aliases && self.dice.percent(15) {
                    self.coverage.note(Deed::Alias);
                    format!("alias-{}", channel / TOPICS)
                } else {
                    room
                };
                Command::Subscribe(TopicTarget::new(topic, room))
            }
            Side::GraphQl => Command::Operation(OperationTarget::new(format!("subscription {{ {} {{ number }} }}", self.field(channel)))),
        }
    }

    fn field(&self, channel: u64) -> String {
        if self.plan.gateway.graphql.bitquery { format!("f{channel}") } else { "blocks".to_owned() }
    }

    fn any_channel(&mut self) -> u64 {
        let channels = self.channels();
        self.dice.between(0, channels - 1)
    }

    fn channels(&self) -> u64 {
        // Without Bitquery's leniency there is one field to publish to.
        let one = self.plan.side == Side::GraphQl && !self.plan.gateway.graphql.bitquery;
        if one { 1 } else { self.plan.channels }
    }

    /// The user wants to hear another channel, perhaps by a lane of its own.
    pub(crate) fn subscribe(&mut self) {
        if self.oracle.wanted().count() >= MOST_SUBSCRIPTIONS {
            return;
        }
        let channel = self.any_channel();
        let command = self.command_for(channel);
        let request = self.request();
        let id = SubscriptionId::from(request);
        if self.dice.percent(20) {
            let options = LaneOptions { owns: vec![id], ..LaneOptions::filtered(Filter::subscription(id)) };
            let (delay, stalls) = (self.plan.consumer, self.plan.stalls);
            let at = self.add_consumer(options, What::Iterator, delay, stalls);
            self.consumers[at].only = Some(id);
        }
        self.trace.note(self.now.mono, || format!("user: subscribes {} to channel {channel} ({command:?})", request.0));
        if self.submit(request, command) {
            self.oracle.subscribed(request, channel);
        }
    }

    fn submit(&mut self, request: RequestId, command: Command) -> bool {
        let replies = self.consumers.iter().find(|consumer| consumer.what == What::Replies).map(|consumer| consumer.lane.id());
        if let Some(lane) = replies {
            self.router.expect_reply(request, lane);
        }
        match self.session.submit(self.now, request, command, Bytes::new()) {
            Ok(_) => true,
            Err(error) => {
                self.oracle.blame(|| format!("request {} is not accepted: {error}", request.0));
                false
            }
        }
    }

    fn a_subscription(&mut self) -> Option<SubscriptionId> {
        let ids: Vec<SubscriptionId> = self.oracle.wanted().map(|(id, _)| id).collect();
        self.dice.pick(&ids).copied()
    }

    /// The user does something.
    pub(crate) fn act(&mut self) {
        if self.calm || self.oracle.closed {
            return;
        }
        let (low, high) = self.plan.act_every;
        let wait = self.dice.ms(low, high);
        self.after(wait, Happening::Act);
        match self.dice.between(0, 99) {
            0..45 => self.subscribe(),
            45..75 => {
                if let Some(subscription) = self.a_subscription() {
                    let request = self.request();
                    self.trace.note(self.now.mono, || format!("user: unsubscribes {}", subscription.0));
                    self.oracle.ended(self.now, subscription);
                    if self.is_spoiled_by(Sabotage::DeafToUnsubscribe) {
                        return;
                    }
                    if self.submit(request, Command::Unsubscribe { subscription }) {
                        self.oracle.replies.insert(request, 0);
                    }
                }
            }
            75..80 if self.plan.side == Side::Astro => self.leave_topic(),
            75..80 => self.execute(),
            80..90 => {
                let waiting: Vec<RequestId> = self.oracle.replies.iter().filter(|(_, n)| **n == 0).map(|(id, _)| *id).collect();
                if let Some(request) = self.dice.pick(&waiting).copied() {
                    self.trace.note(self.now.mono, || format!("user: takes {} back", request.0));
                    self.oracle.ended(self.now, request.into());
                    if self.session.cancel(self.now, request) != Cancelled::Unknown {
                        self.coverage.note(Deed::Cancel);
                    }
                }
            }
            90..95 => {
                let open: Vec<usize> = (0..self.consumers.len())
                    .filter(|at| self.consumers[*at].what == What::Iterator && !self.consumers[*at].left)
                    .collect();
                if let Some(at) = self.dice.pick(&open).copied() {
                    let consumer = &mut self.consumers[at];
                    consumer.left = true;
                    self.coverage.note(Deed::DroppedIterator);
                    consumer.lane.close();
                    self.trace.note(self.now.mono, || format!("user: drops the iterator of {:?}", consumer.only));
                    if let Some(only) = consumer.only {
                        self.oracle.ended(self.now, only);
                    }
                }
            }
            _ => {
                let request = self.request();
                if self.submit(request, Command::Ping) {
                    self.oracle.replies.insert(request, 0);
                }
            }
        }
    }

    fn leave_topic(&mut self) {
        let topic = pair(self.dice.between(0, TOPICS - 1)).0;
        let request = self.request();
        self.coverage.note(Deed::TopicEnd);
        self.trace.note(self.now.mono, || format!("user: leaves {topic} with request {}", request.0));
        let ids: Vec<SubscriptionId> = self.oracle.wanted().filter(|(_, s)| pair(s.channel).0 == topic).map(|(id, _)| id).collect();
        for id in ids {
            self.oracle.ended(self.now, id);
        }
        if self.submit(request, Command::UnsubscribeAll { topic }) {
            self.oracle.replies.insert(request, 0);
        }
    }

    fn execute(&mut self) {
        let request = self.request();
        let query = if self.dice.percent(50) { "query { hello }" } else { r#"mutation { echo(text: "x") }"# };
        if self.submit(request, Command::Execute(OperationTarget::new(query))) {
            self.oracle.replies.insert(request, 0);
        }
    }

    /// Somebody publishes, and will again.
    pub(crate) fn publish_some(&mut self) {
        if self.closing {
            return;
        }
        let (low, high) = if self.calm { (2_000, 8_000) } else { self.plan.publish_every };
        let wait = self.dice.ms(low, high);
        self.after(wait, Happening::Publish);
        if self.oracle.publications.len() < MOST_PUBLICATIONS || self.calm {
            let channel = self.any_channel();
            self.publish(channel);
        }
    }

    fn publish(&mut self, channel: u64) {
        let number = self.oracle.publications.len();
        let receivers = match self.plan.side {
            Side::Astro => {
                let (topic, room) = pair(channel);
                let message = AstroPublish { topic, room: Some(room), data: json!({ "number": number }).into(), id: None };
                self.gateway.publish_astro(self.now, &message).receivers
            }
            Side::GraphQl => {
                let data = json!({"number": number, "hash": "h", "time": "t", "transactions": 0}).into();
                let field = self.field(channel);
                self.gateway.publish_graphql(self.now, &field, &data)
            }
        };
        let hit = receivers > 0;
        let roomless = hit && self.omitted.pop_front().unwrap_or(false);
        let doubled = hit && take_one(&mut self.doubled);
        self.trace.note(self.now.mono, || format!("gateway: publishes {number} on channel {channel} to {receivers}"));
        let copies = if doubled { 2 } else { 1 };
        if self.is_spoiled_by(Sabotage::Invent) && number >= 3 {
            return;
        }
        let channel = if self.is_spoiled_by(Sabotage::WrongChannel) { channel + 1 } else { channel };
        self.oracle.publications.push(Publication { at: self.now, channel, copies, receivers, roomless });
    }

    /// Two messages on every channel, which must all arrive.
    pub(crate) fn publish_probes(&mut self) {
        self.probes_from = self.oracle.publications.len() as u64;
        for channel in (0..self.channels()).chain(0..self.channels()) {
            self.publish(channel);
        }
    }

    /// Whether the probes arrived.
    pub(crate) fn check_probes(&mut self) {
        let mut missing = None;
        for (id, subscription) in self.oracle.wanted() {
            for (number, publication) in self.oracle.publications.iter().enumerate() {
                let number = number as u64;
                if number >= self.probes_from
                    && number < self.probes_from + self.channels() * 2
                    && publication.channel == subscription.channel
                    && !subscription.got.contains_key(&number)
                {
                    missing = Some((id.0, number));
                }
            }
        }
        if let Some((id, number)) = missing {
            self.oracle.blame(|| format!("subscription {id} is wanted and does not get probe {number}, long after the trouble"));
        }
    }

    /// Puts the token that is good now into the gateway's table.
    pub(crate) fn set_tokens(&mut self) {
        let token = Hidden(format!("token-{}", self.token));
        let entry =
            TokenEntry { token, channel: room(0), scopes: vec!["*".to_owned()], token_type: None, expires_at_ms: None, any_room: true };
        self.gateway.set_tokens(self.now, vec![entry]);
        for number in 0..=self.plan.channels / TOPICS {
            self.gateway.set_alias(&format!("alias-{number}"), &room(number));
        }
    }

    /// A provider is asked.
    pub(crate) fn provide(&mut self, request: RequestId, deadline_ms: u64) {
        self.trace.note(self.now.mono, || format!("user: is asked for a credential by need {}", request.0));
        let token = Secret::new(format!("token-{}", self.token));
        let valid = if self.dice.percent(20) { Some(Duration::from_secs(45)) } else { None };
        let good = Ok((token, valid));
        let moody = !self.calm && self.plan.provider == Provider::Moody;
        let prompt = self.dice.ms(0, 50);
        let (wait, answer) = match self.dice.between(0, 99) {
            0..15 if moody => (prompt, Err(Error::new(Code::ProviderFailed, "the provider is in a bad mood").retryable(true))),
            15..30 if moody => (Duration::from_millis(deadline_ms) + self.dice.ms(1, 20_000), good),
            30..40 if moody => return,
            40..50 if moody && self.plan.troubles.contains(&Trouble::Refused) => (prompt, Ok((Secret::new("forged"), None))),
            50..70 if moody => (self.dice.ms(50, 15_000), good),
            _ => (prompt, good),
        };
        self.after(wait, Happening::Answer { request, answer });
    }

    /// The user closes the client.
    pub(crate) fn say_goodbye(&mut self) {
        self.closing = true;
        self.trace.note(self.now.mono, || "user: closes".to_owned());
        self.session.close(self.now, 1000, "");
    }
}

fn take_one(count: &mut u32) -> bool {
    let some = *count > 0;
    *count = count.saturating_sub(1);
    some
}
