//! The NuGet packages: the assemblies, with a native library and a program for each platform as files of their own.

use std::fs;
use std::path::{Path, PathBuf};

use super::toolchain::Dotnet;
use super::{build_folder, generated};
use crate::{Result, project};

/// How the native parts are built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quickly, for tests.
    Debug,
    /// For users.
    Release,
}

/// A library that grew beyond this has something in it that does not belong there.
const LARGEST: u64 = 6 << 20;

/// The projects that become packages.
const PROJECTS: [&str; 2] = ["bindings-csharp/Topicwire", "bindings-csharp/Topicwire.Testing"];

/// Builds everything and packs it into a folder, which is a feed then. Returns the packages.
pub(crate) fn pack(dotnet: &Dotnet, profile: Profile, feed: &Path) -> Result<Vec<PathBuf>> {
    let mut cargo = project::cargo(&["build", "--quiet", "--package", "topicwire-csharp", "--package", "topicwire-cli"]);
    if profile == Profile::Release {
        cargo.arg("--release");
    }
    project::output(cargo)?;
    let built = project::root().join("target").join(if profile == Profile::Release { "release" } else { "debug" });
    let library = place(&built, &generated::library_name("topicwire_csharp"), "native")?;
    place(&built, &format!("topicwire{}", std::env::consts::EXE_SUFFIX), "programs")?;
    if profile == Profile::Release {
        let size = fs::metadata(&library).map_err(|error| format!("cannot look at {}: {error}", library.display()))?.len();
        println!("{}: {:.1} MiB", library.display(), size as f64 / f64::from(1 << 20));
        if size > LARGEST {
            return Err(format!("the native library has {size} bytes, more than the {LARGEST} that a package may cost its users"));
        }
    }
    make_empty(feed)?;
    for project in PROJECTS {
        let mut command = dotnet.command(&["pack", "--nologo", "--verbosity", "quiet", "--configuration", "Release", "--output"]);
        command.arg(feed).current_dir(project::root().join(project));
        project::output(command)?;
    }
    let mut made: Vec<PathBuf> = fs::read_dir(feed)
        .map_err(|error| format!("cannot read {}: {error}", feed.display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    made.sort();
    if made.len() == PROJECTS.len() { Ok(made) } else { Err(format!("{} packages were made, not {}", made.len(), PROJECTS.len())) }
}

/// Puts a built file where the project packs it from, without what only a debugger needs.
fn place(built: &Path, name: &str, kind: &str) -> Result<PathBuf> {
    let folder = build_folder().join(kind).join(platform()?).join("native");
    make_empty(&folder)?;
    let file = folder.join(name);
    fs::copy(built.join(name), &file).map_err(|error| format!("cannot copy {name}: {error}"))?;
    // Where there is no `strip` the file is larger, and that is all.
    let _ = project::output(project::command("strip", &["--strip-unneeded", &file.to_string_lossy()]));
    Ok(file)
}

/// The platform as NuGet names it.
pub(crate) fn platform() -> Result<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Ok("linux-x64"),
        ("linux", "aarch64") => Ok("linux-arm64"),
        ("macos", "aarch64") => Ok("osx-arm64"),
        ("macos", "x86_64") => Ok("osx-x64"),
        ("windows", "x86_64") => Ok("win-x64"),
        (system, processor) => Err(format!("NuGet's name for {system} on {processor} is not known here")),
    }
}

pub(crate) fn make_empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| format!("cannot empty {}: {error}", folder.display()))?;
    }
    fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))
}
