//! The Node.js packages: what npm installs, and what CI runs in an empty project that has installed it.

pub(crate) mod options;
mod project_folder;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::step::{Check, Steps, Tally};
use crate::{Result, package, project, setup};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Show the output of every program as it comes, not only when it has failed.
    #[arg(long, short)]
    verbose: bool,
}

/// What CI runs for Node.js, alone.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let mut all = Steps::new(arguments.verbose);
    steps(&mut all);
    Ok(if all.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `cargo xtask package node`: the main package and this machine's platform package.
pub(crate) fn package() -> Result<Vec<PathBuf>> {
    let packed = pack(package::PROFILE, &project::root().join("target/packages/node"))?;
    package::check_size(&project::target_directory()?.join(package::PROFILE).join(LIBRARY))?;
    Ok(packed)
}

pub(crate) const LIBRARY: &str = if cfg!(windows) {
    "topicwire_node.dll"
} else if cfg!(target_os = "macos") {
    "libtopicwire_node.dylib"
} else {
    "libtopicwire_node.so"
};

/// Everything of Node.js that CI runs.
pub(crate) fn steps(steps: &mut Steps) {
    let mut ready = None;
    steps.checks("Node.js: packages, installed into an empty project", || checks(&mut ready));
    let Some(folder) = ready else { return };
    // A test that hangs must not take the whole run with it.
    let mut tests = project_folder::command(&folder, "node", &["--test", "--test-reporter=tap", "--test-timeout=300000"]);
    tests.args(project_folder::tests(&folder));
    steps.program("Node.js: tests against the installed packages", Tally::Tap, tests);
    steps.program("Node.js: tsc --strict over a program that uses them", Tally::Status, tsc(&folder));
    steps.program("Node.js: eslint", Tally::Status, eslint());
}

fn checks(ready: &mut Option<PathBuf>) -> Vec<Check> {
    let packed = toolchain().and_then(|()| pack("dev", &project::root().join("target/node/packages")));
    let installed = packed.as_ref().map_err(Clone::clone).and_then(|tarballs| project_folder::install(tarballs));
    let checks = vec![
        ("the packages can be packed".to_owned(), packed.map(drop)),
        ("npm installs them, and nothing else".to_owned(), installed.as_ref().map(drop).map_err(Clone::clone)),
    ];
    *ready = installed.ok();
    checks
}

/// The tarballs in `folder` after packing there.
fn pack(profile: &str, folder: &Path) -> Result<Vec<PathBuf>> {
    let mut node = project::command("node", &["bindings-node/pack.js"]);
    node.arg(folder).env("TOPICWIRE_BUILD_PROFILE", profile);
    project::forget_package(&mut node);
    project::output(node)?;
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut tarballs: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    tarballs.sort();
    match tarballs.len() {
        2 => Ok(tarballs),
        other => Err(format!("two packages are expected in {}, there are {other}", folder.display())),
    }
}

fn toolchain() -> Result<()> {
    let folder = toolchain_folder();
    setup::when_changed(&folder.join("package-lock.json"), &folder.join("node_modules/.topicwire-installed"), || {
        let mut npm = project::command("npm", &["ci", "--no-audit", "--no-fund"]);
        npm.current_dir(&folder);
        project::output(npm).map(drop)
    })
}

fn toolchain_folder() -> PathBuf {
    project::root().join("bindings-node/toolchain")
}

/// A program of the toolchain, which is JavaScript whatever the platform wraps it in.
fn tool(script: &str) -> Command {
    let mut node = project::command("node", &[]);
    node.arg(toolchain_folder().join("node_modules").join(script));
    node
}

fn tsc(folder: &Path) -> Command {
    let mut tsc = tool("typescript/bin/tsc");
    tsc.args([
        "--strict",
        "--noEmit",
        "--module",
        "nodenext",
        "--target",
        "es2022",
        "--lib",
        "es2023,esnext.disposable",
        "--types",
        "node",
    ]);
    tsc.arg("--typeRoots").arg(toolchain_folder().join("node_modules/@types"));
    tsc.arg("tests/types/program.ts").current_dir(folder);
    tsc
}

fn eslint() -> Command {
    let mut eslint = tool("eslint/bin/eslint.js");
    eslint.args(["--config", "bindings-node/toolchain/eslint.config.mjs", "--max-warnings", "0", "bindings-node", "examples/node"]);
    eslint
}
