//! `topicwire listen`: what to listen to, and how to print it.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use topicwire::options::{Auth, Protocol, TokenType};

use super::{ConnectionArguments, ServerArguments, TokenArguments, WebPubSubArguments, period};

/// What to listen to.
#[derive(Debug, Subcommand)]
pub(crate) enum Listen {
    /// Topics of StreamElements Astro
    Astro(Box<AstroArguments>),
    /// A subscription of a GraphQL server, over WebSocket
    Graphql(Box<GraphQlArguments>),
    /// Any other WebSocket server
    Raw(Box<RawArguments>),
    /// Groups of an Azure Web PubSub hub
    Webpubsub(Box<WebPubSubArguments>),
}

/// How to print, and when to stop.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArguments {
    /// Print each event as one line of JSON on standard output (see docs/cli.md)
    #[arg(long)]
    pub(crate) json: bool,
    /// Stop after this many messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// Stop after this time: 30s, 500ms, 2m, 1h
    #[arg(long = "for", value_name = "TIME", value_parser = period::parse)]
    pub(crate) period: Option<Duration>,
}

/// `topicwire listen astro`.
#[derive(Debug, Args)]
pub(crate) struct AstroArguments {
    /// A topic, for example channel.activities; may be given more than once
    #[arg(long = "topic", value_name = "TOPIC", required = true, num_args = 1..)]
    pub(crate) topics: Vec<String>,
    /// The room: a channel id. Without one, the channel that the token belongs to
    #[arg(long = "room", value_name = "ROOM", num_args = 1..)]
    pub(crate) rooms: Vec<String>,
    /// The gateway, if not the public one
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Which kind of token it is
    #[arg(long, value_enum, default_value_t = TokenKind::Jwt)]
    pub(crate) token_type: TokenKind,
    /// Print each tip once, though it may come as a tip, as a moderation step and as an activity
    #[arg(long)]
    pub(crate) tips_once: bool,
    #[command(flatten)]
    pub(crate) token: TokenArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
}

/// `topicwire listen graphql`.
#[derive(Debug, Args)]
pub(crate) struct GraphQlArguments {
    /// The server
    #[arg(long, value_name = "URL", required_unless_present = "preset")]
    pub(crate) url: Option<String>,
    /// The file that holds the document; `-` for standard input
    #[arg(long, value_name = "FILE", required_unless_present = "query")]
    pub(crate) query_file: Option<PathBuf>,
    /// The document itself
    #[arg(long, value_name = "DOCUMENT", conflicts_with = "query_file")]
    pub(crate) query: Option<String>,
    /// The document's variables: a JSON object
    #[arg(long, value_name = "JSON")]
    pub(crate) variables: Option<String>,
    /// The file that holds the variables
    #[arg(long, value_name = "FILE", conflicts_with = "variables")]
    pub(crate) variables_file: Option<PathBuf>,
    /// Which operation of the document
    #[arg(long, value_name = "NAME")]
    pub(crate) operation_name: Option<String>,
    /// Which subprotocol to speak: modern is graphql-transport-ws, legacy is graphql-ws; auto offers both
    #[arg(long, value_enum)]
    pub(crate) protocol: Option<ProtocolChoice>,
    /// The defaults for a known service
    #[arg(long, value_enum)]
    pub(crate) preset: Option<PresetChoice>,
    /// Where the token goes: a parameter of the URL, a header, the payload of connection_init, or the extensions of the operation
    #[arg(long, value_enum)]
    pub(crate) auth: Option<AuthChoice>,
    /// Under which name it goes there
    #[arg(long, value_name = "NAME")]
    pub(crate) auth_name: Option<String>,
    /// What stands before it, for example "Bearer "
    #[arg(long, value_name = "TEXT")]
    pub(crate) auth_prefix: Option<String>,
    #[command(flatten)]
    pub(crate) token: TokenArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
}

/// `topicwire listen raw`.
#[derive(Debug, Args)]
pub(crate) struct RawArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    /// A text to send when the connection is open; may be given more than once
    #[arg(long = "send", value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) send: Vec<String>,
    /// Ping the server this often
    #[arg(long, value_name = "TIME", value_parser = period::parse)]
    pub(crate) ping: Option<Duration>,
    /// Come back after a loss. What --send names is then sent again
    #[arg(long)]
    pub(crate) reconnect: bool,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
}

/// Kinds of Astro tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TokenKind {
    /// The channel's JWT from the dashboard
    Jwt,
    /// An OAuth2 access token
    Oauth2,
    /// The same, spelt as the older documentation has it
    Oauth,
    /// The channel's overlay token
    Apikey,
}

impl From<TokenKind> for TokenType {
    fn from(kind: TokenKind) -> Self {
        match kind {
            TokenKind::Jwt => Self::Jwt,
            TokenKind::Oauth2 => Self::Oauth2,
            TokenKind::Oauth => Self::Oauth,
            TokenKind::Apikey => Self::Apikey,
        }
    }
}

/// GraphQL subprotocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProtocolChoice {
    /// Offer both
    Auto,
    /// graphql-transport-ws
    Modern,
    /// graphql-ws
    Legacy,
}

impl From<ProtocolChoice> for Protocol {
    fn from(choice: ProtocolChoice) -> Self {
        match choice {
            ProtocolChoice::Auto => Self::Auto,
            ProtocolChoice::Modern => Self::Modern,
            ProtocolChoice::Legacy => Self::Legacy,
        }
    }
}

/// Known GraphQL services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PresetChoice {
    /// Bitquery's streaming API
    Bitquery,
}

/// Places for a GraphQL token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AuthChoice {
    /// A parameter of the URL
    Query,
    /// A header of the upgrade
    Header,
    /// A member of the payload of connection_init
    Payload,
    /// A member of each operation's extensions
    Extensions,
}

impl From<AuthChoice> for Auth {
    fn from(choice: AuthChoice) -> Self {
        match choice {
            AuthChoice::Query => Self::Query,
            AuthChoice::Header => Self::Header,
            AuthChoice::Payload => Self::Payload,
            AuthChoice::Extensions => Self::Extensions,
        }
    }
}
