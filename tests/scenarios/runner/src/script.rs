//! A scenario file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// One file. Its format is told in `tests/scenarios/README.md`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows, in one sentence.
    pub about: String,
    /// Which runners can play it.
    pub kind: Kind,
    /// The client's options, without an address.
    pub options: Value,
    /// What happens, in causal order.
    pub steps: Vec<Step>,
    /// What the client must report.
    pub events: Vec<Value>,
}

/// Which runners can play a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// No timer matters: every language plays it over a socket.
    Wire,
    /// Timers matter: it is played to the machine under virtual time.
    Timer,
}

/// One step. Connections and requests have names that the file gives them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// The client dials.
    Connects {
        /// The name of the connection from here on.
        name: String,
        /// Subprotocols that it must offer, in this order.
        offers: Option<Vec<String>>,
        /// A piece that its address must have.
        url_has: Option<String>,
        /// A piece that its address must not have.
        url_lacks: Option<String>,
    },
    /// The server upgrades.
    Accepts {
        /// The connection.
        on: String,
        /// The subprotocol that it chooses.
        protocol: Option<String>,
    },
    /// The server refuses the upgrade.
    Refuses {
        /// The connection.
        on: String,
        /// HTTP status.
        status: u16,
        /// Headers.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// The client sends a frame: the step waits for it. Frames must come in the order of the file.
    Sends {
        /// The connection.
        on: String,
        /// What the frame must have; it may have more. `"$name"` keeps what stands there under a name.
        frame: Value,
    },
    /// The client has sent nothing that no step has asked for. (virtual time only)
    SendsNothing {
        /// The connection.
        on: String,
    },
    /// The server sends a frame.
    Receives {
        /// The connection.
        on: String,
        /// The frame; `"$name"` stands for what was kept.
        frame: Value,
    },
    /// The server sends a text that may not be JSON.
    ReceivesText {
        /// The connection.
        on: String,
        /// The text.
        text: String,
    },
    /// The server closes with a close frame.
    ServerCloses {
        /// The connection.
        on: String,
        /// The code.
        code: u16,
        /// The reason.
        #[serde(default)]
        reason: String,
    },
    /// The connection breaks without a word.
    Breaks {
        /// The connection.
        on: String,
    },
    /// The client closes: the step waits for its close frame, or for the end of the connection where `code` is left out.
    ClientCloses {
        /// The connection.
        on: String,
        /// The code.
        code: Option<u16>,
    },
    /// The user gives a command.
    Command {
        /// The name of the request, and of the subscription that it makes.
        name: String,
        /// The command. A `subscription` is named as its request was.
        command: Value,
    },
    /// The client has reported this, or reports it now: what follows is caused by it.
    Hears {
        /// The event, as the list of events writes it.
        event: Value,
    },
    /// The user answers the next question for a credential.
    AnswersNeed {
        /// The credential.
        token: String,
    },
    /// The user closes the client.
    Close {},
    /// Time passes. (virtual time only)
    Passes {
        /// Milliseconds.
        ms: u64,
    },
}

/// Every scenario, by file name.
///
/// # Panics
/// When a file cannot be read or is no scenario.
#[must_use]
pub fn all() -> Vec<(String, Scenario)> {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder of scenarios")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json") && !path.ends_with("schema.json"))
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let text = std::fs::read_to_string(&path).expect("a scenario file");
            let scenario = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, scenario)
        })
        .collect()
}
