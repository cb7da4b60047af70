//! Says hello to a WebSocket server and prints what it answers, without async.
//!
//! `cargo run --example raw -- ws://127.0.0.1:8080/`
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use std::time::Duration;

use topicwire::Raw;
use topicwire::client::block_on;
use topicwire::event::EventKind;
use topicwire::options::RawOptions;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("give an address")?;
    let mut socket = block_on(Raw::connect(RawOptions::new(url)))?;
    socket.send_text("hello")?;
    while let Some(event) = socket.poll(Duration::from_secs(5)) {
        if let EventKind::Message(message) = event.kind {
            println!("{}", String::from_utf8_lossy(message.payload()));
            break;
        }
    }
    block_on(socket.close(1000, "bye"))?;
    Ok(())
}
