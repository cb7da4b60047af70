//! How to reach a server: the same for every dialect.

use std::path::PathBuf;
use std::time::Duration;

use super::period;

/// How to reach the server, and how to come back.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArguments {
    /// A header of the upgrade request; may be given more than once
    #[arg(long = "header", value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,
    /// A header whose value is secret and stands in an environment variable
    #[arg(long = "header-env", value_name = "NAME: VARIABLE")]
    pub(crate) headers_env: Vec<String>,
    /// An HTTP proxy, if not the one that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// A PEM file with certificate authorities to trust beside the system's
    #[arg(long = "ca-file", value_name = "FILE")]
    pub(crate) ca_files: Vec<PathBuf>,
    /// Accept any certificate: for local use only
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Time for DNS, TCP, TLS and the upgrade together
    #[arg(long, value_name = "TIME", value_parser = period::parse, default_value = "10s")]
    pub(crate) connect_timeout: Duration,
    /// Give up after this many attempts in a row; 0 for no second connection at all. Without it, the attempts go on
    #[arg(long, value_name = "N")]
    pub(crate) retries: Option<u32>,
}

/// Which server that speaks no dialect of ours.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ServerArguments {
    /// The server
    #[arg(long, value_name = "URL", required_unless_present = "url_env")]
    pub(crate) url: Option<String>,
    /// The environment variable that holds the server's URL, where the URL is a secret
    #[arg(long, value_name = "NAME", conflicts_with = "url")]
    pub(crate) url_env: Option<String>,
    /// A subprotocol to offer; may be given more than once, the best first
    #[arg(long = "subprotocol", value_name = "NAME")]
    pub(crate) subprotocols: Vec<String>,
}
