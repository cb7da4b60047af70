//! The Python package: its wheel, and what CI runs against the wheel once it is installed.

mod environment;
mod wheel;

use std::process::{Command, ExitCode};

use crate::step::{Check, Steps, Tally};
use crate::{Result, project};

use environment::Environment;
pub(crate) use wheel::package;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Show the output of every program as it comes, not only when it has failed.
    #[arg(long, short)]
    verbose: bool,
}

/// What CI runs for Python, alone.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let mut all = Steps::new(arguments.verbose);
    steps(&mut all);
    Ok(if all.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Everything of Python that CI runs.
pub(crate) fn steps(steps: &mut Steps) {
    let mut ready = None;
    steps.checks("Python: a wheel, installed into an empty environment", || checks(&mut ready));
    let Some(python) = ready else { return };
    steps.program(
        "Python: tests against the installed wheel",
        Tally::Pytest,
        python.tests(&["-m", "pytest", "--quiet", "-p", "no:cacheprovider"]),
    );
    steps.program("Python: mypy", Tally::Status, python.tests(&["-m", "mypy", "--package", "topicwire"]));
    steps.program("Python: mypy of the tests", Tally::Status, python.tests(&["-m", "mypy", "tests", "build_backend.py"]));
    steps.program("Python: mypy of programs that use the package", Tally::Status, programs(&python, &["-m", "mypy", "--strict"]));
    steps.program("Python: pyright", Tally::Status, python.tests(&["-m", "pyright", "--warnings"]));
    steps.program("Python: stubs against the library", Tally::Status, python.tests(&["-m", "mypy.stubtest", "topicwire._native"]));
    steps.program("Python: ruff", Tally::Status, python.tests(&["-m", "ruff", "check", ".", "../examples/python"]));
    steps.program("Python: format", Tally::Status, python.tests(&["-m", "ruff", "format", "--check", ".", "../examples/python"]));
}

/// A program over the examples, from a folder that knows nothing of our sources: it sees what the wheel carries, as a user's would.
fn programs(python: &Environment, arguments: &[&str]) -> Command {
    let mut command = python.tests(arguments);
    command.arg(project::root().join("examples/python")).current_dir(project::root().join("examples"));
    command
}

fn checks(ready: &mut Option<Environment>) -> Vec<Check> {
    let name = str::to_owned;
    let python = match Environment::set_up() {
        Ok(python) => python,
        Err(reason) => return vec![(name("the tools are installed"), Err(reason))],
    };
    let wheel = match wheel::for_tests(&python) {
        Ok(wheel) => wheel,
        Err(reason) => return vec![(name("the wheel can be built"), Err(reason))],
    };
    let mut checks = environment::empty(&python, &wheel);
    checks.push((name("the wheel is installed beside the test programs"), python.install(&wheel)));
    if checks.iter().all(|(_, outcome)| outcome.is_ok()) {
        *ready = Some(python);
    }
    checks
}
