//! Steady publication: what the clients must not lose.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::books::{Books, Client};
use super::control::Control;
use super::story;

/// Time between two lines of chat.
const STEP: Duration = Duration::from_millis(25);

/// Steps between two messages that are worth showing.
const HIGHLIGHT: u64 = 14;

/// Steps between two blocks.
const BLOCK: u64 = 4;

/// Publishes until `stop` says so, and then once more to every stream: a stream whose last message was lost in an outage would leave
/// nothing to tell by that everything has arrived.
pub(super) async fn publish(control: Control, books: watch::Sender<Books>, stop: watch::Receiver<bool>) -> Result<(), String> {
    let mut publisher = Publisher { control, books, number: 0, block: story::GENESIS };
    let mut pace = interval(STEP);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for step in 0.. {
        pace.tick().await;
        if *stop.borrow() {
            break;
        }
        publisher.message(story::CROWD, story::chat(step)).await?;
        if step % HIGHLIGHT == 0 {
            let (topic, data) = story::highlight(step / HIGHLIGHT);
            publisher.message(topic, data).await?;
        }
        if step % BLOCK == 0 {
            publisher.block().await?;
        }
    }
    for (topic, data) in story::farewell() {
        publisher.message(topic, data).await?;
    }
    publisher.block().await
}

struct Publisher {
    control: Control,
    books: watch::Sender<Books>,
    number: u64,
    block: u64,
}

impl Publisher {
    /// Publishes a message. It is entered in the books first, so that it cannot arrive before it is known.
    async fn message(&mut self, topic: &str, data: Value) -> Result<(), String> {
        self.number += 1;
        self.books.send_modify(|books| books.of(Client::Astro).tally.publish(topic, self.number));
        let body = json!({ "topic": topic, "room": story::ROOM, "data": data, "id": story::id(self.number) });
        self.control.post("astro/publish", &body).await.map(drop)
    }

    /// Publishes the next block.
    async fn block(&mut self) -> Result<(), String> {
        self.block += 1;
        self.books.send_modify(|books| books.of(Client::GraphQl).tally.publish(story::BLOCK_STREAM, self.block));
        let body = json!({ "field": "blocks", "data": story::block(self.block) });
        self.control.post("graphql/publish", &body).await.map(drop)
    }
}
