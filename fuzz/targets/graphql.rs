//! A GraphQL session against a server that says anything at any time.

#![no_main]

mod player;

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use topicwire::command::{Command, OperationTarget};
use topicwire::options::{GraphQlOptions, Options, Sockets};

const DOCUMENTS: [&str; 7] = [
    "subscription { ticks }",
    "subscription { silent }",
    "subscription Named { ticks }",
    "query { long }",
    "mutation { once }",
    "{ hello }",
    "mutation { again }",
];

fuzz_target!(|input: &[u8]| {
    // The first byte chooses how operations share sockets, and what is watched; which subprotocol is spoken, the script says when it
    // opens a link.
    let Some((&choice, script)) = input.split_first() else { return };
    let mut options = GraphQlOptions::new("ws://gateway.example/graphql");
    options.sockets = if choice & 1 == 0 { Sockets::Shared } else { Sockets::PerOperation };
    options.assume_legacy = choice & 2 != 0;
    options.ping_interval = (choice & 4 != 0).then(|| Duration::from_secs(3));
    let operation = |n: usize| {
        let target =
            OperationTarget { data_timeout_ms: (choice & 8 != 0).then_some(5_000), ..OperationTarget::new(DOCUMENTS[n % DOCUMENTS.len()]) };
        if n % DOCUMENTS.len() > 4 { Command::Execute(target) } else { Command::Operation(target) }
    };
    player::play(&Options::GraphQl(options), &operation, script);
});
