//! `cargo xtask demo`: builds the command line program and runs its demo.

use std::process::ExitCode;

use crate::{Result, project};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Passed on to `topicwire demo`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    println!("Building Topicwire (the first time takes a few minutes) …");
    let mut cargo = project::cargo(&["run", "--quiet", "--package", "topicwire-cli", "--bin", "topicwire", "--", "demo"]);
    let status = cargo.args(&arguments.rest).status().map_err(|error| format!("cannot start cargo: {error}"))?;
    Ok(u8::try_from(status.code().unwrap_or(1)).map_or(ExitCode::FAILURE, ExitCode::from))
}
