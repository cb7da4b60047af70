//! `cargo xtask sim`: the client's machine against the gateway's in virtual time, by seed. `tests/simulation` says what must hold.

use std::process::{Command, ExitCode};

use crate::{Result, project};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many seeds to play.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first of them; a fresh one if none is given. It is printed.
    #[arg(long)]
    seed: Option<u64>,
    /// Print what happens, line by line.
    #[arg(long)]
    trace: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let mut command = seeds(arguments.seeds);
    if let Some(seed) = arguments.seed {
        command.args(["--seed", &seed.to_string()]);
    }
    if arguments.trace {
        command.arg("--trace");
    }
    let status = command.status().map_err(|error| format!("cannot start cargo: {error}"))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// As many fresh seeds as a few seconds allow, by what the tests have built already. The program prints which.
pub(crate) fn fresh_seeds() -> Command {
    project::cargo(&["run", "--quiet", "--package", "topicwire-simulation", "--", "--seeds", "1000000", "--seconds", "12"])
}

/// So many fresh seeds. The program prints which.
fn seeds(count: u64) -> Command {
    let mut cargo = project::cargo(&["run", "--quiet", "--package", "topicwire-simulation", "--profile", "simulation", "--"]);
    cargo.args(["--seeds", &count.to_string()]);
    cargo
}
