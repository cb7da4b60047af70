//! `topicwire send`: what to send, and where.

use clap::{Args, Subcommand};

use super::{ConnectionArguments, SendWebPubSubArguments, ServerArguments};

/// Where to send.
#[derive(Debug, Subcommand)]
pub(crate) enum Send {
    /// Send text messages to any WebSocket server, and say goodbye
    Raw(Box<SendRawArguments>),
    /// Send to a group of an Azure Web PubSub hub, or raise an event, and wait until the service has acknowledged it
    Webpubsub(Box<SendWebPubSubArguments>),
}

/// `topicwire send raw`.
#[derive(Debug, Args)]
pub(crate) struct SendRawArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    /// A message; `-` for each line of standard input
    #[arg(value_name = "TEXT", required = true)]
    pub(crate) texts: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
}
