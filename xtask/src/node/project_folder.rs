//! A user's project under `target/node`: empty but for the packages, and the tests that run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Result, project};

/// Makes it anew, installs the packages, and puts the tests beside them.
pub(crate) fn install(tarballs: &[PathBuf]) -> Result<PathBuf> {
    let folder = project::root().join("target/node/project");
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(failed)?;
    }
    fs::create_dir_all(&folder).map_err(failed)?;
    fs::write(folder.join("package.json"), "{\"name\":\"project\",\"private\":true}\n").map_err(failed)?;
    // Packages without dependencies need no registry.
    let mut npm = command(&folder, "npm", &["install", "--offline", "--no-audit", "--no-fund"]);
    npm.args(tarballs);
    project::output(npm)?;
    copy(&project::root().join("bindings-node/tests"), &folder.join("tests"))?;
    copy(&project::root().join("examples/node"), &folder.join("examples"))?;
    copy(&project::root().join("tests/scenarios"), &folder.join("scenarios"))?;
    copy(&project::root().join("tests/interop/seeds"), &folder.join("seeds"))?;
    fs::create_dir(folder.join("pages")).map_err(failed)?;
    for page in ["README.md", "docs/node.md"] {
        let page = project::root().join(page);
        fs::copy(&page, folder.join("pages").join(page.file_name().unwrap_or_default())).map_err(failed)?;
    }
    Ok(folder)
}

/// The files with tests. Node.js versions do not agree on which files of a folder those are.
pub(crate) fn tests(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join("tests")).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with(".test.mjs")).collect();
    files.sort();
    files
}

/// A program that runs in the project and sees what is installed there.
pub(crate) fn command(folder: &Path, program: &str, arguments: &[&str]) -> Command {
    let mut command = project::command(program, arguments);
    command.current_dir(folder).env_remove("TOPICWIRE_PROGRAM").env_remove("NODE_OPTIONS").env_remove("NODE_PATH");
    command
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let failed = |error: std::io::Error| format!("cannot copy {}: {error}", from.display());
    fs::create_dir_all(to).map_err(failed)?;
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target).map_err(failed)?;
        }
    }
    Ok(())
}
