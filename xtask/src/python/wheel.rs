//! The wheel: built as pip builds it from the sources, by `bindings-python/build_backend.py`.

use std::fs;
use std::path::{Path, PathBuf};

use super::environment::{Environment, package_folder};
use crate::{Result, package, project};

/// A wheel for the tests: built in no time, and slow.
pub(crate) fn for_tests(python: &Environment) -> Result<PathBuf> {
    build(python, "dev", None, &project::root().join("target/python/wheel"))
}

/// `cargo xtask package python`: the wheel for others.
pub(crate) fn package() -> Result<PathBuf> {
    let python = Environment::set_up()?;
    let profile = package::PROFILE;
    // As the wheel's backend builds them, one after the other, so that it finds them built.
    for package in ["topicwire-cli", "topicwire-python"] {
        let mut cargo = project::cargo(&["build", "--locked", "--profile", profile, "--package", package]);
        let status = cargo.status().map_err(|error| format!("cannot start cargo: {error}"))?;
        if !status.success() {
            return Err(format!("cargo build: {status}"));
        }
    }
    let built = project::target_directory()?.join(profile);
    let (library, program) = (built.join(LIBRARY), built.join(package::program_name()));
    // The tag promises what both files need; maturin looks at the library only.
    let compatibility = package::glibc(&[&library, &program])?.map(|(major, minor)| format!("manylinux_{major}_{minor}"));
    package::check_size(&library)?;
    build(&python, profile, compatibility.as_deref(), &project::root().join("target/packages/python"))
}

const LIBRARY: &str = if cfg!(windows) {
    "_native.dll"
} else if cfg!(target_os = "macos") {
    "lib_native.dylib"
} else {
    "lib_native.so"
};

/// The one wheel in `folder` after building it there.
fn build(python: &Environment, profile: &str, compatibility: Option<&str>, folder: &Path) -> Result<PathBuf> {
    let is_wheel = |path: &Path| path.extension().is_some_and(|kind| kind == "whl");
    let wheels = || -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| is_wheel(path)).collect()
    };
    for old in wheels() {
        fs::remove_file(&old).map_err(|error| format!("cannot remove {}: {error}", old.display()))?;
    }
    let mut pip = python.command(&["-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation"]);
    pip.arg("--wheel-dir").arg(folder).arg(package_folder());
    pip.env("TOPICWIRE_BUILD_PROFILE", profile);
    match compatibility {
        Some(tag) => pip.env("MATURIN_PEP517_ARGS", format!("--compatibility {tag}")),
        None => pip.env_remove("MATURIN_PEP517_ARGS"),
    };
    project::output(pip)?;
    match wheels().as_slice() {
        [wheel] => Ok(wheel.clone()),
        other => Err(format!("one wheel is expected in {}, there are {}", folder.display(), other.len())),
    }
}
