//! Other people's clients against our gateway, run by Node's own test runner.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::{Result, project, setup};

/// The runner, told where the program is. `cargo test --workspace` has just built it, for the program's own integration tests.
pub(crate) fn gateway_clients() -> Result<Command> {
    // A test that hangs must not take the whole run with it.
    let mut node = project::command("node", &["--test", "--test-reporter=tap", "--test-timeout=60000", "gateway-clients/"]);
    node.current_dir(setup::interop()).env("TOPICWIRE_PROGRAM", target_directory()?.join("debug/topicwire"));
    Ok(node)
}

fn target_directory() -> Result<PathBuf> {
    let text = project::output(project::cargo(&["metadata", "--format-version", "1", "--no-deps", "--locked"]))?;
    let metadata: Value = serde_json::from_str(&text).map_err(|error| format!("cargo metadata is not JSON: {error}"))?;
    metadata["target_directory"].as_str().map(PathBuf::from).ok_or_else(|| "cargo metadata names no target directory".to_owned())
}
