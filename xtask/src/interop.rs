//! Other people's clients against our gateway, run by Node's own test runner.

use std::process::Command;

use crate::{Result, project, setup};

/// The runner, told where the program is. `cargo test --workspace` has just built it, for the program's own integration tests.
pub(crate) fn gateway_clients() -> Result<Command> {
    // A test that hangs must not take the whole run with it.
    let mut node = project::command("node", &["--test", "--test-reporter=tap", "--test-timeout=60000", "gateway-clients/"]);
    node.current_dir(setup::interop()).env("TOPICWIRE_PROGRAM", project::target_directory()?.join("debug/topicwire"));
    Ok(node)
}
