//! Prints what happens on a StreamElements channel.
//!
//! `SE_JWT=… ROOM=… cargo run --example astro`; `ASTRO_URL` for a gateway of your own.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use futures_util::StreamExt as _;
use topicwire::Astro;
use topicwire::event::EventKind;
use topicwire::options::AstroOptions;
use topicwire::view::astro::AstroEvent;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut options = AstroOptions::new(std::env::var("SE_JWT")?);
    if let Ok(url) = std::env::var("ASTRO_URL") {
        options.url = url.into();
    }
    let mut astro = Astro::connect(options).await?;
    astro.subscribe("channel.activities", &std::env::var("ROOM")?).await?;
    while let Some(event) = astro.next().await {
        match event.kind {
            EventKind::Message(message) => println!("{:?}", AstroEvent::of(&message)),
            EventKind::Gap(gap) => println!("messages may be missing since {} ms", gap.since.0),
            EventKind::State { to, .. } => println!("-- {}", to.as_str()),
            _ => {}
        }
    }
    Ok(())
}
