//! The clients that Rust programs write with, against a real local gateway. (The crate itself cannot name the gateway, which stands on it.)

mod astro;
mod graphql;
mod webpubsub;

use std::time::Duration;

use topicwire_gateway::LocalGateway;

/// Long enough for any machine; nothing waits for it when all is well.
const SOON: Duration = Duration::from_secs(30);

/// Waits for what has to happen.
async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(SOON, future).await.expect("it happens soon")
}

async fn gateway() -> LocalGateway {
    LocalGateway::start().await.expect("a free port")
}

/// Waits until the gateway's connections are as wanted: what a client does not tell is seen there.
async fn until(gateway: &LocalGateway, wanted: impl Fn(&[serde_json::Value]) -> bool) {
    soon(async {
        loop {
            let connections = gateway.connections().await.expect("running");
            let states: Vec<_> = connections.into_iter().map(|connection| connection.state).collect();
            if wanted(&states) {
                return;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
}
