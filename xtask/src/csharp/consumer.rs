//! Projects that use the packages as users do: from a feed, with nothing of this checkout beside them.

use std::fs;
use std::path::{Path, PathBuf};

use super::toolchain::Dotnet;
use super::{build_folder, package};
use crate::{Result, project};

/// Programs of gateways' own documentation.
const SEEDS: [&str; 4] = ["older-csharp", "newer-csharp", "pubsub-simple-csharp", "pubsub-subprotocol-csharp"];

/// The packages as a feed, and where what uses them is built.
pub(crate) struct Consumer<'a> {
    dotnet: &'a Dotnet,
    pub(crate) feed: PathBuf,
    build: PathBuf,
}

impl<'a> Consumer<'a> {
    pub(crate) fn new(dotnet: &'a Dotnet) -> Self {
        Self { dotnet, feed: build_folder().join("feed"), build: build_folder().join("consumer") }
    }

    /// Packs, and forgets what was restored of packages with the same version before.
    pub(crate) fn pack(&self) -> Result<()> {
        package::pack(self.dotnet, package::Profile::Debug, &self.feed)?;
        let packages = ["topicwire", "topicwire.testing"].map(|name| Dotnet::packages().join(name));
        // What a project keeps of a restore, too: it is taken for good as long as names and versions are the same.
        for restored in packages.into_iter().chain([self.build.join("obj")]) {
            if restored.exists() {
                fs::remove_dir_all(&restored).map_err(|error| format!("cannot remove {}: {error}", restored.display()))?;
            }
        }
        Ok(())
    }

    /// Builds a project against the feed.
    pub(crate) fn build(&self, folder: &str, properties: &[&str]) -> Result<()> {
        let mut command = self.dotnet.command(&["build", "--nologo", "--verbosity", "quiet"]);
        command.arg(format!("-p:TopicwireFeed={}", self.feed.display()));
        command.arg(format!("-p:TopicwireBuild={}/", self.build.display()));
        command.args(properties.iter().map(|property| format!("-p:{property}"))).current_dir(project::root().join(folder));
        project::output(command).map(drop)
    }

    /// Where a program is that was built here.
    pub(crate) fn program(&self, project: &str, name: &str) -> PathBuf {
        self.folder(project).join(format!("{name}.dll"))
    }

    pub(crate) fn folder(&self, project: &str) -> PathBuf {
        self.build.join("bin").join(project).join("Debug/netcoreapp3.1")
    }

    /// Builds the programs of documentation pages: one line on top, and address, room, token and topic filled in.
    pub(crate) fn build_seeds(&self) -> Result<()> {
        let from = project::root().join("tests/interop/seeds");
        let to = self.build.join("seeds");
        fs::create_dir_all(&to).map_err(|error| format!("cannot make {}: {error}", to.display()))?;
        for seed in SEEDS {
            let text = fs::read_to_string(from.join(format!("{seed}.cs"))).map_err(|error| format!("cannot read {seed}: {error}"))?;
            let file = to.join(format!("{seed}.cs"));
            fs::write(&file, filled(&text)).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
            self.build("bindings-csharp/seeds", &[&format!("Seed={seed}")])?;
        }
        Ok(())
    }

    /// Builds every program in `examples/csharp`.
    pub(crate) fn build_examples(&self) -> Result<()> {
        let folder = project::root().join("examples/csharp");
        let entries = fs::read_dir(&folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.ok()?.file_name().to_string_lossy().strip_suffix(".cs").map(str::to_owned)).collect();
        names.sort();
        names.iter().try_for_each(|name| self.build("examples/csharp", &[&format!("Example={name}")]))
    }

    /// Builds the program for Mono, which does not look into `runtimes/`: the library is copied beside it.
    pub(crate) fn build_smoke(&self) -> Result<()> {
        self.build("bindings-csharp/mono", &[])?;
        let name = super::generated::library_name("topicwire_csharp");
        let restored = Dotnet::packages().join("topicwire").join(env!("CARGO_PKG_VERSION")).join("runtimes");
        let from = restored.join(package::platform()?).join("native").join(&name);
        fs::copy(&from, self.smoke().join(&name)).map(drop).map_err(|error| format!("cannot copy {}: {error}", from.display()))
    }

    /// Where the program for Mono is.
    pub(crate) fn smoke(&self) -> PathBuf {
        self.build.join("bin/Smoke/Debug/netstandard2.1")
    }

    /// What the documentation tells a newcomer to type, in a folder with nothing in it.
    pub(crate) fn quick_start(&self) -> Result<()> {
        let folder = self.build.join("quick-start");
        package::make_empty(&folder)?;
        // The folder is within the checkout, whose settings are not to be found from it.
        for name in ["Directory.Build.props", "Directory.Build.targets"] {
            write(&folder.join(name), "<Project />\n")?;
        }
        let run = |arguments: &[&str]| {
            let mut command = self.dotnet.command(arguments);
            command.current_dir(&folder);
            project::output(command)
        };
        run(&["new", "console", "--no-restore", "--framework", "netcoreapp3.1", "--name", "listen", "--output", "."])?;
        let feed = self.feed.to_string_lossy();
        run(&["add", "package", "Topicwire", "--version", env!("CARGO_PKG_VERSION"), "--source", &feed])?;
        let page =
            fs::read_to_string(project::root().join("docs/csharp.md")).map_err(|error| format!("cannot read docs/csharp.md: {error}"))?;
        let program = page.split("```csharp\n").nth(1).and_then(|rest| rest.split("```").next()).ok_or("docs/csharp.md has no program")?;
        write(&folder.join("Program.cs"), program)?;
        run(&["build", "--nologo", "--verbosity", "quiet"]).map(drop)
    }
}

fn filled(text: &str) -> String {
    let address = "System.Environment.GetEnvironmentVariable(\"SEED_URL\")";
    let text = text.replace("\"wss://astro.streamelements.com\"", address).replace("\"<Client_URL_From_Portal>\"", address);
    let text = text.replace("YOUR_CHANNEL_ID", ROOM).replace("channelId123", ROOM).replace("YOUR_JWT_TOKEN", "a-token-for-tests");
    format!("using ClientWebSocket = Topicwire.ClientWebSocket;\n{text}")
}

/// The local gateway's own.
const ROOM: &str = "64f0a1b2c3d4e5f607182930";

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).map_err(|error| format!("cannot write {}: {error}", file.display()))
}
