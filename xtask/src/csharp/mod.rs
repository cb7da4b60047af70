//! The C# package: its toolchain, the code that is generated for it, and its tests.

pub(crate) mod bench;
mod consumer;
mod generated;
mod mono;
pub(crate) mod options;
mod package;
mod toolchain;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use self::consumer::Consumer;
use self::toolchain::Dotnet;
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
    steps.checks("C#: a .NET SDK, code that fits the library, and packages", || checks(&mut ready));
    let Some(dotnet) = ready else { return };
    steps.program("C#: generated code against the library it was made from", Tally::Plain, roundtrip(&dotnet, "fixture", &[]));
    steps.program("C#: generated code against a library that has changed", Tally::Plain, roundtrip(&dotnet, "changed", &["stale"]));
    let consumer = Consumer::new(&dotnet);
    let mut tests = dotnet.run(&consumer.program("Topicwire.Tests", "Topicwire.Tests"));
    tests.env("TOPICWIRE_SEEDS", consumer.folder("Seed")).env("TOPICWIRE_EXAMPLES", consumer.folder("Example"));
    // Without it the one test that needs it fails, and says why.
    match mono::find_or_install() {
        Ok(mono) => tests.env("TOPICWIRE_MONO", mono).env("TOPICWIRE_SMOKE", consumer.smoke().join("Smoke.dll")),
        Err(reason) => tests.env("TOPICWIRE_NO_MONO", reason),
    };
    steps.program("C#: the package, restored from a feed", Tally::Plain, tests);
}

fn checks(ready: &mut Option<Dotnet>) -> Vec<Check> {
    let dotnet = match Dotnet::find_or_install() {
        Ok(dotnet) => dotnet,
        Err(reason) => return vec![("a .NET SDK is there".to_owned(), Err(reason))],
    };
    let consumer = Consumer::new(&dotnet);
    let named = |name: &str, outcome| (name.to_owned(), outcome);
    let checks = vec![
        named("Native.g.cs is what the library asks for", generated::check()),
        named(
            "the fixture's code compiles",
            generated::fixtures().and_then(|()| dotnet.build("bindings-csharp/generator/tests/roundtrip")),
        ),
        named("the assemblies have the crates' version", same_version()),
        named("the packages are built", consumer.pack()),
        named("the tests compile against the packages", consumer.build("bindings-csharp/tests", &[])),
        named("every example compiles", consumer.build_examples()),
        named("the netstandard2.1 build's program compiles", consumer.build_smoke()),
        named("docs/csharp.md's first program compiles in an empty project", consumer.quick_start()),
        named("programs of documentation pages compile with one line changed", consumer.build_seeds()),
    ];
    *ready = Some(dotnet);
    checks
}

/// An assembly refuses a library of another version, so the two numbers must not drift apart.
fn same_version() -> Result<()> {
    let path = "bindings-csharp/Directory.Build.props";
    let text = std::fs::read_to_string(project::root().join(path)).map_err(|error| format!("cannot read {path}: {error}"))?;
    let wanted = format!("<Version>{}</Version>", env!("CARGO_PKG_VERSION"));
    if text.contains(&wanted) { Ok(()) } else { Err(format!("{path} lacks {wanted}")) }
}

/// The packages for users, in `target/packages/csharp`.
pub(crate) fn package() -> Result<Vec<PathBuf>> {
    package::pack(&Dotnet::find_or_install()?, package::Profile::Release, &project::root().join("target/packages/csharp"))
}

/// Where everything of C# is built.
fn build_folder() -> PathBuf {
    project::root().join("target/csharp")
}

/// A program that calls everything the generator's fixture exports.
fn roundtrip(dotnet: &Dotnet, library: &str, arguments: &[&str]) -> Command {
    let mut command = dotnet.run(&build_folder().join("bin/Roundtrip/Debug/netcoreapp3.1/Roundtrip.dll"));
    command.args(arguments).env("LD_LIBRARY_PATH", generated::fixture_folder(library));
    command
}

/// Writes the generated code anew.
pub(crate) fn generate() -> Result<()> {
    generated::write()
}
