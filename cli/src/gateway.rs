//! `topicwire gateway`: the local gateway as a process.

use std::io::ErrorKind;

use topicwire_gateway::machine::graphql::options::GraphQlOptions;
use topicwire_gateway::{GatewayOptions, RunOptions};

use crate::arguments::GatewayArguments;
use crate::failure::{Failure, Status};

/// Runs it until Ctrl-C, until it is told to stop, or until its parent ends.
pub(crate) async fn run(arguments: GatewayArguments) -> Result<Status, Failure> {
    let mut gateway = GatewayOptions { port: arguments.port, seed: arguments.seed, ..GatewayOptions::default() };
    if let Some(path) = &arguments.options {
        let text = std::fs::read(path).map_err(|error| Failure::wrong(format!("cannot read {}: {error}", path.display())))?;
        gateway.behaviour = serde_json::from_slice(&text)
            .map_err(|error| Failure::wrong(format!("{} does not hold gateway options: {error}", path.display())))?;
    }
    if arguments.bitquery {
        gateway.behaviour.graphql = GraphQlOptions::bitquery();
    }
    match topicwire_gateway::run(RunOptions { gateway, control_stdio: arguments.control_stdio }).await {
        Ok(()) => Ok(Status::Done),
        // Whoever reads where it listens went away.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Status::Done),
        Err(error) => Err(Failure::new(Status::Lost, format!("cannot run a gateway on port {}: {error}", arguments.port))),
    }
}
