//! Steady publication: what the clients must not lose.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::books::{Books, Client};
use super::control::Control;
use super::story;

/// Time between two lines of chat.
const CHAT: Duration = Duration::from_millis(25);

/// Time between two blocks.
const BLOCK: Duration = Duration::from_millis(100);

/// Blocks between two messages that are worth showing.
const HIGHLIGHT: u64 = 3;

/// Lines of chat have numbers of their own, since they are published beside the rest.
const CHAT_NUMBERS: u64 = 500_000;

/// Publishes lines of chat until `stop` says so, and then one more: a stream whose last message was lost in an outage would leave nothing
/// to tell by that everything has arrived.
pub(super) async fn chat(control: Control, books: watch::Sender<Books>, stop: watch::Receiver<bool>) -> Result<(), String> {
    let mut publisher = Publisher { control, books, number: CHAT_NUMBERS };
    let mut pace = pace(CHAT);
    for step in 0.. {
        pace.tick().await;
        let last = *stop.borrow();
        publisher.message(story::CROWD, story::chat(step)).await?;
        if last {
            break;
        }
    }
    Ok(())
}

/// Publishes blocks, greetings and messages that are worth showing until `stop` says so, and then one more for each stream.
pub(super) async fn highlights(control: Control, books: watch::Sender<Books>, stop: watch::Receiver<bool>) -> Result<(), String> {
    let mut publisher = Publisher { control, books, number: 0 };
    let mut pace = pace(BLOCK);
    for step in 0.. {
        pace.tick().await;
        let last = *stop.borrow();
        if step % HIGHLIGHT == 0 {
            let (topic, data) = story::highlight(step / HIGHLIGHT);
            publisher.message(topic, data).await?;
        }
        publisher.block(story::GENESIS + 1 + step).await?;
        publisher.greeting(1 + step).await?;
        if last {
            break;
        }
    }
    for (topic, data) in story::farewell() {
        publisher.message(topic, data).await?;
    }
    Ok(())
}

fn pace(period: Duration) -> Interval {
    let mut pace = interval(period);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pace
}

struct Publisher {
    control: Control,
    books: watch::Sender<Books>,
    number: u64,
}

impl Publisher {
    /// Publishes a message. It is entered in the books first, so that it cannot arrive before it is known.
    async fn message(&mut self, topic: &str, data: Value) -> Result<(), String> {
        self.number += 1;
        self.books.send_modify(|books| books.of(Client::Astro).tally.publish(topic, self.number));
        let body = json!({ "topic": topic, "room": story::ROOM, "data": data, "id": story::id(self.number) });
        self.control.post("astro/publish", &body).await.map(drop)
    }

    /// Publishes a block.
    async fn block(&mut self, number: u64) -> Result<(), String> {
        self.books.send_modify(|books| books.of(Client::GraphQl).tally.publish(story::BLOCK_STREAM, number));
        self.control.post("graphql/publish", &json!({ "field": "blocks", "data": story::block(number) })).await.map(drop)
    }

    /// Publishes a greeting to the group.
    async fn greeting(&mut self, number: u64) -> Result<(), String> {
        self.books.send_modify(|books| books.of(Client::WebPubSub).tally.publish(story::GROUP, number));
        self.control.post("webpubsub/publish", &json!({ "group": story::GROUP, "data": story::greeting(number) })).await.map(drop)
    }
}
