//! A GraphQL session against a server that says anything at any time.

#![no_main]

mod player;

use libfuzzer_sys::fuzz_target;
use topicwire::command::{Command, OperationTarget};
use topicwire::options::{GraphQlOptions, Options, Sockets};

fuzz_target!(|input: &[u8]| {
    // The first byte chooses how operations share sockets; which subprotocol is spoken, the script says when it opens a link.
    let Some((&choice, script)) = input.split_first() else { return };
    let mut options = GraphQlOptions::new("ws://gateway.example/graphql");
    options.sockets = if choice & 1 == 0 { Sockets::Shared } else { Sockets::PerOperation };
    let operation = |n: usize| {
        let target = OperationTarget::new(["subscription { ticks }", "subscription { silent }"][n % 2]);
        if n % 5 == 4 { Command::Execute(target) } else { Command::Operation(target) }
    };
    player::play(&Options::GraphQl(options), &operation, script);
});
