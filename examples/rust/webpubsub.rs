//! Joins a group of an Azure Web PubSub hub, says something, and prints what comes. `HUB` holds a client access URL, for example the one that
//! `topicwire gateway` prints. Run it twice and watch the two talk: `cargo run -p topicwire --example webpubsub`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use futures_util::StreamExt;
use topicwire::WebPubSub;
use topicwire::client::Payload;
use topicwire::event::EventKind;
use topicwire::options::WebPubSubOptions;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut hub = WebPubSub::connect(WebPubSubOptions::new(std::env::var("HUB")?)).await?;
    hub.join_group("lobby").await?;
    hub.send_to_group("lobby", Payload::text("good morning")).await?;
    while let Some(event) = hub.next().await {
        match event.kind {
            EventKind::Message(message) => {
                let from = message.room().or(message.topic()).unwrap_or_default();
                println!("{from}: {}", String::from_utf8_lossy(message.payload()));
            }
            EventKind::Opened(opened) if opened.resumed => println!("the session goes on where it was"),
            EventKind::Gap(gap) => println!("messages may be missing since {} ms", gap.since.0),
            _ => {}
        }
    }
    Ok(())
}
