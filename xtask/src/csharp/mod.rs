//! The C# package: its toolchain, the code that is generated for it, and its tests.

mod generated;
pub(crate) mod options;
mod toolchain;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::step::{Check, Steps, Tally};
use crate::{Result, project};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Show the output of every program as it comes, not only when it has failed.
    #[arg(long, short)]
    verbose: bool,
}

/// What CI runs for C#, alone.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let mut all = Steps::new(arguments.verbose);
    steps(&mut all);
    Ok(if all.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Everything of C# that CI runs.
pub(crate) fn steps(steps: &mut Steps) {
    let mut ready = None;
    steps.checks("C#: a .NET SDK, and code that fits the library", || checks(&mut ready));
    let Some(dotnet) = ready else { return };
    steps.program("C#: generated code against the library it was made from", Tally::Plain, roundtrip(&dotnet, "fixture", &[]));
    steps.program("C#: generated code against a library that has changed", Tally::Plain, roundtrip(&dotnet, "changed", &["stale"]));
}

fn checks(ready: &mut Option<toolchain::Dotnet>) -> Vec<Check> {
    let dotnet = toolchain::Dotnet::find_or_install();
    let mut checks = vec![
        ("a .NET SDK is there".to_owned(), dotnet.as_ref().map(drop).map_err(Clone::clone)),
        ("Native.g.cs is what the library asks for".to_owned(), generated::check()),
    ];
    if let Ok(dotnet) = dotnet {
        let built = generated::fixtures().and_then(|()| dotnet.build("bindings-csharp/generator/tests/roundtrip"));
        checks.push(("the fixture's code compiles".to_owned(), built));
        *ready = Some(dotnet);
    }
    checks
}

/// Where everything of C# is built.
fn build_folder() -> PathBuf {
    project::root().join("target/csharp")
}

/// A program that calls everything the generator's fixture exports.
fn roundtrip(dotnet: &toolchain::Dotnet, library: &str, arguments: &[&str]) -> Command {
    let mut command = dotnet.run(&build_folder().join("bin/Roundtrip/Debug/netcoreapp3.1/Roundtrip.dll"));
    command.args(arguments).env("LD_LIBRARY_PATH", generated::fixture_folder(library));
    command
}

/// Writes the generated code anew.
pub(crate) fn generate() -> Result<()> {
    generated::write()
}
