//! Azure Web PubSub on the command line.

use clap::{Args, ValueEnum};
use topicwire::options::WebPubSubProtocol;

use super::{ConnectionArguments, OutputArguments};

/// Which hub, and how to speak to it.
#[derive(Debug, Clone, Args)]
pub(crate) struct HubArguments {
    /// The client access URL, where its token is no secret: that of a local gateway
    #[arg(long, value_name = "URL", required_unless_present = "url_env")]
    pub(crate) url: Option<String>,
    /// The environment variable that holds the client access URL
    #[arg(long, value_name = "NAME", conflicts_with = "url")]
    pub(crate) url_env: Option<String>,
    /// Which subprotocol to speak
    #[arg(long, value_enum, default_value_t = HubProtocol::ReliableJson)]
    pub(crate) protocol: HubProtocol,
}

/// `topicwire listen webpubsub`.
#[derive(Debug, Args)]
pub(crate) struct WebPubSubArguments {
    #[command(flatten)]
    pub(crate) hub: HubArguments,
    /// A group to join; may be given more than once. What the server sends, and groups that the token joins, are heard without
    #[arg(long = "group", value_name = "GROUP", num_args = 1..)]
    pub(crate) groups: Vec<String>,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
}

/// `topicwire send webpubsub`.
#[derive(Debug, Args)]
pub(crate) struct SendWebPubSubArguments {
    #[command(flatten)]
    pub(crate) hub: HubArguments,
    /// The group to send to
    #[arg(long, value_name = "GROUP", required_unless_present = "event")]
    pub(crate) group: Option<String>,
    /// The event to raise, rather than sending to a group
    #[arg(long, value_name = "NAME", conflicts_with = "group")]
    pub(crate) event: Option<String>,
    /// The messages are JSON, not text
    #[arg(long)]
    pub(crate) json: bool,
    /// A message; `-` for each line of standard input
    #[arg(value_name = "TEXT", required = true)]
    pub(crate) texts: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
}

/// Web PubSub subprotocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HubProtocol {
    /// json.reliable.webpubsub.azure.v1
    ReliableJson,
    /// json.webpubsub.azure.v1
    Json,
    /// protobuf.reliable.webpubsub.azure.v1
    ReliableProtobuf,
    /// protobuf.webpubsub.azure.v1
    Protobuf,
}

impl From<HubProtocol> for WebPubSubProtocol {
    fn from(choice: HubProtocol) -> Self {
        match choice {
            HubProtocol::ReliableJson => Self::ReliableJson,
            HubProtocol::Json => Self::Json,
            HubProtocol::ReliableProtobuf => Self::ReliableProtobuf,
            HubProtocol::Protobuf => Self::Protobuf,
        }
    }
}
