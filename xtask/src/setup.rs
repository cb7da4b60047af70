//! `cargo xtask setup`: what the tests need besides Rust, in ignored folders of the project.

use std::fs;
use std::path::Path;

use crate::Result;
use crate::project;

/// The folder of the interop tests: its npm packages and its Python environment serve every test that needs a foreign peer.
const INTEROP: &str = "tests/interop";

/// Installs whatever is missing or older than its lock file. Does nothing, quickly, when all is there.
pub(crate) fn run() -> Result<()> {
    let interop = project::root().join(INTEROP);
    if interop.join("package-lock.json").exists() {
        when_changed(&interop.join("package-lock.json"), &interop.join("node_modules/.topicwire-installed"), || {
            let mut npm = project::command("npm", &["ci", "--no-audit", "--no-fund"]);
            npm.current_dir(&interop);
            project::output(npm).map(drop)
        })?;
    }
    if interop.join("requirements.txt").exists() {
        when_changed(&interop.join("requirements.txt"), &interop.join(".venv/.topicwire-installed"), || {
            let environment = interop.join(".venv").to_string_lossy().into_owned();
            project::output(project::command("python3", &["-m", "venv", "--clear", &environment]))?;
            let python = interop.join(".venv/bin/python").to_string_lossy().into_owned();
            let requirements = interop.join("requirements.txt").to_string_lossy().into_owned();
            project::output(project::command(&python, &["-m", "pip", "install", "--quiet", "--requirement", &requirements])).map(drop)
        })?;
    }
    Ok(())
}

/// Installs unless `stamp` holds what `lock` holds, then writes the stamp.
fn when_changed(lock: &Path, stamp: &Path, install: impl FnOnce() -> Result<()>) -> Result<()> {
    let wanted = fs::read(lock).map_err(|error| format!("cannot read {}: {error}", lock.display()))?;
    if fs::read(stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("installing what {} names …", lock.display());
    install()?;
    fs::write(stamp, wanted).map_err(|error| format!("cannot write {}: {error}", stamp.display()))
}
