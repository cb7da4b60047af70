//! The project's own commands: `cargo xtask <command>`.
//!
//! One file a command. A new one is a variant of [`Command`], an arm in [`main`] and a module with `pub(crate) fn run(…) -> Result<ExitCode>`.
#![allow(clippy::print_stdout, reason = "a command line program speaks on standard output")]

mod bench;
mod bench_node;
mod bench_python;
mod bench_webpubsub;
mod boundaries;
mod csharp;
mod demo;
mod fuzz;
mod interop;
mod licences;
mod node;
mod package;
mod project;
mod python;
mod schema;
mod setup;
mod sim;
mod step;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a command ends with: an exit code, or one line that says why it could not do its work.
type Result<T> = std::result::Result<T, String>;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own commands", disable_version_flag = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure Topicwire beside its peers and print ratios.
    Bench(bench::Arguments),
    /// Build and test the C# package alone.
    Csharp(csharp::Arguments),
    /// Show Topicwire at work: a local gateway, two clients, handovers, a crash and a stall. Needs no account and no network.
    Demo(demo::Arguments),
    /// Feed everything that reads what a peer sent, for a bounded time.
    Fuzz(fuzz::Arguments),
    /// Pack the Node.js packages and test them alone.
    Node(node::Arguments),
    /// Build what users install.
    Package(package::Arguments),
    /// Build the wheel and test the Python package alone.
    Python(python::Arguments),
    /// Install what the tests need into ignored folders of the project (npm packages, a Python environment).
    Setup,
    /// Play the client against the gateway in virtual time, with seeded faults.
    Sim(sim::Arguments),
    /// Write `schema/topicwire.json`, the reference tables that are made from it, and C#'s generated code.
    Schema(schema::Arguments),
    /// Set up, run everything that CI runs, and end with one line `N passed, N failed`.
    Test(test::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Csharp(arguments) => csharp::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        Command::Sim(arguments) => sim::run(&arguments),
        Command::Node(arguments) => node::run(&arguments),
        Command::Package(arguments) => package::run(&arguments),
        Command::Python(arguments) => python::run(&arguments),
        Command::Setup => setup::run().map(|()| ExitCode::SUCCESS),
        Command::Test(arguments) => test::run(&arguments),
    };
    done.unwrap_or_else(|reason| {
        println!("cargo xtask: {reason}");
        ExitCode::FAILURE
    })
}
