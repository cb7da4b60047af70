//! A bot with handlers, a token that is fetched when it is needed, and a clean end.
//!
//! `TOKEN_FILE=… ROOM=… cargo run --example bot`; `ASTRO_URL` for a gateway of your own.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use futures_util::StreamExt as _;
use topicwire::event::EventKind;
use topicwire::options::{AstroOptions, TokenType};
use topicwire::view::astro::AstroEvent;
use topicwire::{Astro, Secret};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::var("TOKEN_FILE")?;
    let mut options = AstroOptions { token_type: TokenType::Oauth2, tips_once: true, ..AstroOptions::default() };
    if let Ok(url) = std::env::var("ASTRO_URL") {
        options.url = url.into();
    }
    // Asked at first, after each loss of the connection, and when the gateway refuses the token.
    let mut astro = Astro::with_token_provider(options, move |_name, _reason| {
        let file = file.clone();
        async move { Ok::<_, std::io::Error>(Secret::new(std::fs::read_to_string(file)?.trim())) }
    })?;
    astro.on("channel.tips", |message| {
        if let AstroEvent::Tip(tip) = AstroEvent::of(message) {
            println!("a tip: {tip:?}");
        }
    })?;
    let room = std::env::var("ROOM")?;
    astro.subscribe("channel.tips", &room).await?;
    // The events that are not messages still tell how the connection fares.
    while let Some(event) = astro.next().await {
        if let EventKind::Fault(fault) = event.kind {
            eprintln!("{}", fault.error);
        }
    }
    Ok(())
}
