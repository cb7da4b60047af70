//! Virtual environments under `target/python`: one with the tools and the wheel under test, and an empty one with the wheel alone.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::step::Check;
use crate::{Result, project, setup};

/// The environment with everything that `bindings-python/requirements.txt` names.
pub(crate) struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Makes it, if it is not there or has something else installed.
    pub(crate) fn set_up() -> Result<Self> {
        let python = Self { folder: folder().join("tools") };
        let requirements = package_folder().join("requirements.txt");
        setup::when_changed(&requirements, &python.folder.join(".topicwire-installed"), || {
            make(&python.folder)?;
            let mut pip = python.command(&["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
            pip.arg(&requirements);
            project::output(pip).map(drop)
        })?;
        Ok(python)
    }

    /// Its Python, in the root of the checkout.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = project::command(&program(&self.folder, "python").to_string_lossy(), arguments);
        project::forget_package(&mut command);
        // Nothing from around the environment, and the cargo that runs us.
        command.env_remove("PYTHONPATH").env_remove("PYTHONHOME").env("PYTHONNOUSERSITE", "1");
        // Build backends call their tools by name.
        let programs = self.folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
        let path = std::env::var_os("PATH").unwrap_or_default();
        if let Ok(path) = std::env::join_paths(std::iter::once(programs).chain(std::env::split_paths(&path))) {
            command.env("PATH", path);
        }
        // pyright is a Node program that its package fetches; it goes where everything else is, and runs on the Node that is there.
        command.env("PYRIGHT_PYTHON_CACHE_DIR", folder().join("pyright")).env("PYRIGHT_PYTHON_IGNORE_WARNINGS", "1");
        command
    }

    /// Its Python, where the tests are. The package there is never seen: Python looks into the folder that it is started in only for what `-m`
    /// names, and there the sources are a folder further down.
    pub(crate) fn tests(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.current_dir(package_folder());
        command
    }

    /// Installs a wheel in place of whatever was there.
    pub(crate) fn install(&self, wheel: &Path) -> Result<()> {
        let mut pip = self.command(&["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--force-reinstall"]);
        pip.arg(wheel);
        project::output(pip).map(drop)
    }
}

/// What somebody sees who installs the wheel and nothing else, in a folder with nothing in it.
pub(crate) fn empty(python: &Environment, wheel: &Path) -> Vec<Check> {
    let (environment, elsewhere) = (folder().join("empty"), folder().join("elsewhere"));
    let prepared = make(&environment).and_then(|()| {
        std::fs::create_dir_all(&elsewhere).map_err(|error| format!("{}: {error}", elsewhere.display()))?;
        let mut pip = python.command(&["-m", "pip", "--python"]);
        pip.arg(program(&environment, "python")).args(["install", "--quiet", "--disable-pip-version-check", "--no-index"]).arg(wheel);
        project::output(pip).map(drop)
    });
    let name = str::to_owned;
    if prepared.is_err() {
        return vec![(name("the wheel needs nothing else"), prepared)];
    }
    let run = |from: &str, arguments: &[&str]| {
        let mut command = project::command(&program(&environment, from).to_string_lossy(), arguments);
        command.env_remove("PYTHONPATH").current_dir(&elsewhere);
        project::output(command)
    };
    let version = format!("topicwire {}", env!("CARGO_PKG_VERSION"));
    let says = |said: Result<String>| match said {
        Ok(text) if text.trim() == version => Ok(()),
        Ok(text) => Err(format!("it says `{}` instead of `{version}`", text.trim())),
        Err(reason) => Err(reason),
    };
    vec![
        (name("the wheel needs nothing else"), prepared),
        (name("`topicwire` is on PATH after installing"), says(run("topicwire", &["--version"]))),
        (name("`python -m topicwire` is the same program"), says(run("python", &["-m", "topicwire", "--version"]))),
        (
            name("the package is the program's version"),
            says(run("python", &["-c", "import topicwire; print('topicwire', topicwire.__version__)"])),
        ),
        (name("the package opens no thread, socket or file"), run("python", &["-c", QUIET]).map(drop)),
        (name("the local gateway starts from an installed wheel"), run("python", &["-c", GATEWAY]).map(drop)),
    ]
}

const QUIET: &str = "
import os, threading
opened = lambda: (len(os.listdir('/proc/self/task')), len(os.listdir('/proc/self/fd')))
before = opened() if os.path.exists('/proc/self/task') else None
import topicwire, topicwire.sync, topicwire.testing, topicwire.websockets
assert threading.active_count() == 1
assert before is None or before == opened(), (before, opened())
";

const GATEWAY: &str = "
from topicwire.testing import LocalGateway
with LocalGateway() as gateway:
    assert gateway.connections() == []
";

fn folder() -> PathBuf {
    project::root().join("target/python")
}

/// Where the package's sources are.
pub(crate) fn package_folder() -> PathBuf {
    project::root().join("bindings-python")
}

fn make(folder: &Path) -> Result<()> {
    project::output(project::command("python3", &["-m", "venv", "--clear", &folder.to_string_lossy()])).map(drop)
}

/// A program of an environment.
fn program(environment: &Path, name: &str) -> PathBuf {
    environment.join(if cfg!(windows) { format!("Scripts/{name}.exe") } else { format!("bin/{name}") })
}
