//! The local gateway as a process of its own: this very program, started again.

use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long it may take to end when it is asked to.
const GOODBYE: Duration = Duration::from_secs(1);

/// A running gateway. It ends with us, whatever happens: its standard input does.
pub(super) struct GatewayProcess {
    child: Child,
    pub(super) place: Place,
}

/// Where the gateway listens.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Place {
    pub(super) port: u16,
    pub(super) pid: u32,
    pub(super) astro: String,
    pub(super) graphql: String,
}

impl GatewayProcess {
    pub(super) async fn start() -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| format!("cannot find this program again: {error}"))?;
        let mut child = Command::new(program)
            .args(["gateway", "--control-stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("cannot start the local gateway: {error}"))?;
        let out = child.stdout.take().ok_or("the local gateway has no standard output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).await.map_err(|error| format!("cannot read where the local gateway is: {error}"))?;
        let place = serde_json::from_str(&line).map_err(|error| format!("the local gateway did not say where it is: {error}"))?;
        Ok(Self { child, place })
    }

    /// Ends it.
    pub(super) async fn stop(mut self) {
        drop(self.child.stdin.take());
        if tokio::time::timeout(GOODBYE, self.child.wait()).await.is_err() {
            // Dropping it would do the same; this also waits until it is gone. If it cannot be killed, there is nothing else to try.
            let _ = self.child.kill().await;
        }
    }
}
