//! `cargo xtask test`: everything that CI runs, in the order in which a mistake shows soonest.

use std::process::{Command, ExitCode};

use crate::step::{Steps, Tally};
use crate::{Result, boundaries, csharp, fuzz, interop, licences, node, project, python, schema, setup, sim};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Show the output of every program as it comes, not only when it has failed.
    #[arg(long, short)]
    verbose: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let mut steps = Steps::new(arguments.verbose);
    steps.checks("set-up", setup::checks);
    steps.checks("boundaries", boundaries::checks);
    steps.checks("licences", licences::checks);
    steps.checks("schema", schema::checks);
    steps.program("format", Tally::Status, project::cargo(&["fmt", "--all", "--check"]));
    steps.program("clippy", Tally::Status, clippy(&["--workspace", "--all-targets", "--all-features"]));
    steps.program("clippy, core alone", Tally::Status, clippy(&["--package", "topicwire", "--no-default-features", "--all-targets"]));
    steps.program("tests", Tally::Cargo, project::cargo(&["test", "--workspace", "--no-fail-fast"]));
    steps.program("simulation with fresh seeds", Tally::Status, sim::fresh_seeds());
    steps.program("other people's clients against the gateway", Tally::Tap, interop::gateway_clients()?);
    csharp::steps(&mut steps);
    python::steps(&mut steps);
    node::steps(&mut steps);
    steps.program("lanes under loom", Tally::Cargo, loom());
    for (target, replay) in fuzz::replays()? {
        steps.program(&format!("fuzz target {target} over its seeds"), Tally::Status, replay);
    }
    steps.program("documentation", Tally::Status, documentation());
    Ok(if steps.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn clippy(packages: &[&str]) -> Command {
    let mut cargo = project::cargo(&["clippy"]);
    cargo.args(packages).args(["--", "--deny", "warnings"]);
    cargo
}

/// Every interleaving of the lanes' scenes. The flag changes what everything is compiled to, so it has a target folder of its own.
fn loom() -> Command {
    let mut cargo =
        project::cargo(&["test", "--package", "topicwire", "--no-default-features", "--lib", "--target-dir", "target/loom", "lane::loom"]);
    cargo.env("RUSTFLAGS", "--cfg loom");
    cargo
}

fn documentation() -> Command {
    let mut cargo = project::cargo(&["doc", "--workspace", "--no-deps", "--all-features"]);
    cargo.env("RUSTDOCFLAGS", "--deny warnings");
    cargo
}
