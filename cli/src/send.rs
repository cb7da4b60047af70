//! `topicwire send`: messages to a server, each written before the next.

use std::io::BufRead;

use tokio::sync::mpsc;
use topicwire::Raw;
use topicwire::command::Outgoing;
use topicwire::error::{Code, Error};

use crate::arguments::{Send, SendRawArguments};
use crate::failure::{Failure, Status};
use crate::options;

/// Sends everything and says goodbye.
pub(crate) async fn run(arguments: Send) -> Result<Status, Failure> {
    let Send::Raw(arguments) = arguments;
    let SendRawArguments { server, texts, connection } = *arguments;
    let raw = Raw::connect(options::server(&server, &connection)?).await.map_err(|error| failed(&error))?;
    for text in texts {
        if text == "-" {
            let mut lines = standard_input();
            while let Some(line) = lines.recv().await {
                let line = line.map_err(|error| Failure::wrong(format!("cannot read standard input: {error}")))?;
                raw.send_flushed(Outgoing::text(line)).await.map_err(|error| failed(&error))?;
            }
        } else {
            raw.send_flushed(Outgoing::text(text)).await.map_err(|error| failed(&error))?;
        }
    }
    raw.close(1000, "").await.map_err(|error| failed(&error))?;
    Ok(Status::Done)
}

/// Lines of standard input, read on a thread of its own: a line may be long in coming.
fn standard_input() -> mpsc::Receiver<std::io::Result<String>> {
    let (send, lines) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            if send.blocking_send(line).is_err() {
                break;
            }
        }
    });
    lines
}

fn failed(error: &Error) -> Failure {
    match error.code {
        Code::InvalidOption => options::refused(error),
        Code::Unauthorized => Failure::new(Status::Refused, error.to_string()),
        _ => Failure::new(Status::Lost, error.to_string()),
    }
}
