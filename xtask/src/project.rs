//! The project as files: where it lies, what belongs to it, and how its programs are called.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::Result;

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("xtask is a folder of the workspace").to_path_buf()
}

/// A program that starts in the root of the checkout.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// The cargo that runs us, so that a toolchain chosen by the caller stays chosen.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let mut command = command(&cargo, arguments);
    forget_package(&mut command);
    command
}

/// `cargo run` describes the xtask package in these variables; a build script that watches one of them (ring's does) would run again for nothing.
pub(crate) fn forget_package(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
}

/// Where cargo builds, which is the machine's owner to choose.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let text = output(cargo(&["metadata", "--format-version", "1", "--no-deps", "--locked"]))?;
    let metadata: Value = serde_json::from_str(&text).map_err(|error| format!("cargo metadata is not JSON: {error}"))?;
    metadata["target_directory"].as_str().map(PathBuf::from).ok_or_else(|| "cargo metadata names no target directory".to_owned())
}

/// Standard output of a program that must succeed.
pub(crate) fn output(mut command: Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command.output().map_err(|error| format!("cannot start {name}: {error}"))?;
    if !done.status.success() {
        // Some programs complain on the wrong stream.
        let complaint = if done.stderr.is_empty() { &done.stdout } else { &done.stderr };
        return Err(format!("{name} failed ({}): {}", done.status, String::from_utf8_lossy(complaint).trim()));
    }
    String::from_utf8(done.stdout).map_err(|_| format!("{name} wrote something other than UTF-8"))
}

/// A file of the project.
pub(crate) struct Source {
    /// From the root, with `/` between folders.
    pub(crate) path: String,
    /// The whole text.
    pub(crate) text: String,
}

/// Every text file that is committed, or would be by `git add --all`.
pub(crate) fn sources() -> Result<Vec<Source>> {
    let list = output(command("git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
    let read = |path: &str| Some(Source { path: path.to_owned(), text: std::fs::read_to_string(root().join(path)).ok()? });
    Ok(list.split('\0').filter(|path| !path.is_empty()).filter_map(read).collect())
}
