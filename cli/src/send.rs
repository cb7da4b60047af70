//! `topicwire send`: messages to a server, each written before the next.

use std::io::BufRead;

use tokio::sync::mpsc;
use topicwire::client::Payload;
use topicwire::command::{DataType, Outgoing};
use topicwire::error::{Code, Error};
use topicwire::{Raw, WebPubSub};

use crate::arguments::{Send, SendRawArguments, SendWebPubSubArguments};
use crate::failure::{Failure, Status};
use crate::options;

/// Sends everything and says goodbye.
pub(crate) async fn run(arguments: Send) -> Result<Status, Failure> {
    match arguments {
        Send::Raw(arguments) => raw(*arguments).await,
        Send::Webpubsub(arguments) => webpubsub(*arguments).await,
    }
}

async fn raw(arguments: SendRawArguments) -> Result<Status, Failure> {
    let SendRawArguments { server, texts, connection } = arguments;
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

async fn webpubsub(arguments: SendWebPubSubArguments) -> Result<Status, Failure> {
    let options = options::webpubsub(&arguments.hub, &arguments.connection)?;
    let hub = WebPubSub::connect(options).await.map_err(|error| failed(&error))?;
    for text in &arguments.texts {
        if text == "-" {
            let mut lines = standard_input();
            while let Some(line) = lines.recv().await {
                let line = line.map_err(|error| Failure::wrong(format!("cannot read standard input: {error}")))?;
                publish(&hub, &arguments, line).await?;
            }
        } else {
            publish(&hub, &arguments, text.clone()).await?;
        }
    }
    hub.stop().await.map_err(|error| failed(&error))?;
    Ok(Status::Done)
}

async fn publish(hub: &WebPubSub, arguments: &SendWebPubSubArguments, text: String) -> Result<(), Failure> {
    let kind = if arguments.json { DataType::Json } else { DataType::Text };
    let payload = Payload { kind, bytes: text.into() };
    let sent = match (&arguments.group, &arguments.event) {
        (Some(group), _) => hub.send_to_group(group, payload).await,
        (None, event) => hub.send_event(event.as_deref().unwrap_or_default(), payload).await,
    };
    sent.map(drop).map_err(|error| failed(&error))
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
