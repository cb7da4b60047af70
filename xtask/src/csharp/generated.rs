//! `Native.g.cs`: written from the library, committed, and checked for staleness.

use std::fs;
use std::path::PathBuf;

use crate::{Result, project};

const FILE: &str = "bindings-csharp/Topicwire/Interop/Native.g.cs";

pub(crate) fn library_name(name: &str) -> String {
    format!("{}{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
}

/// Builds the native library and says where it is.
fn library() -> Result<PathBuf> {
    project::output(project::cargo(&["build", "--quiet", "--package", "topicwire-csharp"]))?;
    Ok(project::root().join("target/debug").join(library_name("topicwire_csharp")))
}

fn generator(last: &[&str]) -> Result<()> {
    let library = library()?;
    let mut cargo = project::cargo(&["run", "--quiet", "--package", "uniffi-csharp-generator", "--"]);
    cargo.arg(library).args(["--out", FILE, "--namespace", "Topicwire.Interop"]).args(last);
    project::output(cargo).map(drop)
}

/// The committed file is what the library asks for.
pub(crate) fn check() -> Result<()> {
    generator(&["--check"]).map_err(|reason| format!("{reason}\nrun `cargo xtask schema` to write it anew"))
}

pub(crate) fn write() -> Result<()> {
    generator(&[])
}

/// Where a build of the generator's fixture is kept.
pub(crate) fn fixture_folder(name: &str) -> PathBuf {
    project::root().join("target/csharp/fixture").join(name)
}

/// The fixture as it is, and with one export changed.
pub(crate) fn fixtures() -> Result<()> {
    let name = library_name("uniffi_csharp_fixture");
    for (folder, features) in [("fixture", ""), ("changed", "changed")] {
        project::output(project::cargo(&["build", "--quiet", "--package", "uniffi-csharp-fixture", "--features", features]))?;
        let to = fixture_folder(folder);
        fs::create_dir_all(&to).map_err(|error| format!("cannot make {}: {error}", to.display()))?;
        fs::copy(project::root().join("target/debug").join(&name), to.join(&name))
            .map_err(|error| format!("cannot copy {name}: {error}"))?;
    }
    Ok(())
}
