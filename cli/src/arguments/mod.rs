//! What the command line says. Wrong use gets one line that names what is wrong; no line ever quotes what may be a secret.

mod connection;
mod listen;
mod period;
mod send;
mod token;
mod webpubsub;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};

pub(crate) use connection::{ConnectionArguments, ServerArguments};
pub(crate) use listen::{AstroArguments, GraphQlArguments, Listen, OutputArguments, PresetChoice, RawArguments};
pub(crate) use send::{Send, SendRawArguments};
pub(crate) use token::TokenArguments;
pub(crate) use webpubsub::{HubArguments, SendWebPubSubArguments, WebPubSubArguments};

use crate::failure::Failure;

/// Listen to realtime gateways from a terminal, and run the local one.
#[derive(Debug, Parser)]
#[command(name = "topicwire", version, disable_help_subcommand = true, max_term_width = 120)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Listen to a gateway and print what it says
    #[command(subcommand)]
    Listen(Listen),
    /// Send messages to a server
    #[command(subcommand)]
    Send(Send),
    /// Run the local gateway: the server side of every dialect on one port of this machine, with faults on demand
    Gateway(GatewayArguments),
    /// Show what a client lives through: local gateway, three clients, handovers, a crash and a silent stall, in under 20 seconds
    Demo,
}

/// How to run the local gateway.
#[derive(Debug, clap::Args)]
pub(crate) struct GatewayArguments {
    /// The port on 127.0.0.1; 0 for a free one
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Print one line of JSON with the port and end when standard input does: for programs that start a gateway
    #[arg(long)]
    pub(crate) control_stdio: bool,
    /// Makes ids and resume tokens the same every time
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Behave on `/graphql` as Bitquery does
    #[arg(long)]
    pub(crate) bitquery: bool,
    /// A JSON file with options, in the form that GET /control/options shows
    #[arg(long, value_name = "FILE", conflicts_with = "bitquery")]
    pub(crate) options: Option<PathBuf>,
}

/// Why there are no arguments.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Help or the version was asked for.
    Show(String),
    /// They make no sense.
    Wrong(Failure),
}

impl Arguments {
    /// Reads the command line, program name first.
    pub(crate) fn read(line: Vec<OsString>) -> Result<Self, Stop> {
        token::refuse_bare(&line).map_err(Stop::Wrong)?;
        Self::try_parse_from(line).map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Stop::Show(error.render().to_string()),
            _ => Stop::Wrong(Failure::wrong(one_line(&error))),
        })
    }
}

/// clap's message without its paragraphs, and with the way to the help.
fn one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let mut said = Vec::new();
    for paragraph in text.split("\n\n") {
        let paragraph = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        if !paragraph.is_empty() && !paragraph.starts_with("Usage:") && !paragraph.starts_with("For more information") {
            said.push(paragraph);
        }
    }
    let said = said.join("; ");
    let said = said.strip_prefix("error: ").unwrap_or(&said);
    format!("{said} (try `{} --help`)", command_of(error))
}

/// The command whose help is wanted: what the usage line starts with.
fn command_of(error: &clap::Error) -> String {
    let usage = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage.to_string(),
        _ => String::new(),
    };
    let words = usage.split_whitespace().skip_while(|word| *word != "topicwire");
    let words: Vec<&str> = words.take_while(|word| word.starts_with(|first: char| first.is_ascii_lowercase())).collect();
    if words.is_empty() { "topicwire".to_owned() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(line: &[&str]) -> String {
        let line = std::iter::once("topicwire").chain(line.iter().copied()).map(OsString::from).collect();
        match Arguments::read(line) {
            Err(Stop::Wrong(failure)) => failure.to_string(),
            other => panic!("expected wrong use, got {other:?}"),
        }
    }

    #[test]
    fn the_definition_is_sound() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn wrong_use_is_one_line_that_names_the_help() {
        for line in [
            &[][..],
            &["listne"],
            &["listen"],
            &["listen", "astro"],
            &["listen", "astro", "--topic", "channel.tips", "--cuont", "3"],
            &["listen", "graphql", "--url", "ws://127.0.0.1/", "--query", "{a}", "--query-file", "q.graphql"],
            &["gateway", "--port", "many"],
        ] {
            let said = wrong(line);
            assert!(!said.contains('\n'), "{said}");
            assert!(said.contains("--help"), "{said}");
        }
        assert_eq!(
            wrong(&["listen", "astro"]),
            "the following required arguments were not provided: --topic <TOPIC>... (try `topicwire listen astro --help`)"
        );
    }

    #[test]
    fn a_bare_token_is_refused_without_being_quoted() {
        for line in [&["listen", "astro", "--token", "eyJhbGciOi"][..], &["listen", "graphql", "--token=eyJhbGciOi"]] {
            let said = wrong(line);
            assert!(said.contains("--token-env") && said.contains("--token-file"), "{said}");
            assert!(!said.contains("eyJ"), "{said}");
        }
    }
}
