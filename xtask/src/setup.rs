//! `cargo xtask setup`: what the tests need besides Rust, in ignored folders of the project.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::project;
use crate::step::Check;

/// The folder of the interop tests: its npm packages and its Python environment serve every test that needs a foreign peer.
pub(crate) fn interop() -> PathBuf {
    project::root().join("tests/interop")
}

/// The set-up as a check, for the run of all tests.
pub(crate) fn checks() -> Vec<Check> {
    vec![("npm packages and the Python environment are installed".to_owned(), run())]
}

/// Installs whatever is missing or older than its lock file. Does nothing, quickly, when all is there.
pub(crate) fn run() -> Result<()> {
    let interop = interop();
    let run = |program: &str, arguments: &[&str]| {
        let mut command = project::command(program, arguments);
        command.current_dir(&interop);
        project::output(command).map(drop)
    };
    when_changed(&interop.join("package-lock.json"), &interop.join("node_modules/.topicwire-installed"), || run("npm", &["ci"]))?;
    when_changed(&interop.join("requirements.txt"), &interop.join(".venv/.topicwire-installed"), || {
        run("python3", &["-m", "venv", "--clear", ".venv"])?;
        run("./.venv/bin/python", &["-m", "pip", "install", "--quiet", "--requirement", "requirements.txt"])
    })
}

/// Installs unless `stamp` holds what `lock` holds, then writes the stamp.
pub(crate) fn when_changed(lock: &Path, stamp: &Path, install: impl FnOnce() -> Result<()>) -> Result<()> {
    let wanted = fs::read(lock).map_err(|error| format!("cannot read {}: {error}", lock.display()))?;
    if fs::read(stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("installing what {} names …", lock.display());
    install()?;
    fs::write(stamp, wanted).map_err(|error| format!("cannot write {}: {error}", stamp.display()))
}
