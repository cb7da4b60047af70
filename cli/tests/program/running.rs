//! Programs that run, and a gateway for them.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use topicwire_gateway::LocalGateway;
use topicwire_gateway::machine::webpubsub::AccessUrl;
use topicwire_gateway::machine::{Direction, Fault, TranscriptEntry};

/// Far longer than anything here takes, so that a busy machine does not fail a test.
const PATIENCE: Duration = Duration::from_secs(60);

/// The room of the tests.
pub(crate) const ROOM: &str = "64f0a1b2c3d4e5f607182930";

/// The program with these arguments, in an environment without proxies and without anything else that might change what it does.
pub(crate) fn topicwire(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_topicwire"));
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it to its end.
pub(crate) fn run(command: &mut Command) -> Output {
    let mut running = Running::start(command);
    let out = running.out();
    let reader = std::thread::spawn(move || read_all(out));
    let status = running.wait();
    let stdout = reader.join().expect("reading does not panic");
    Output { status, stdout, stderr: running.stderr().into_bytes() }
}

fn read_all(mut out: impl Read) -> Vec<u8> {
    let mut all = Vec::new();
    out.read_to_end(&mut all).expect("a pipe can be read");
    all
}

/// Standard output and standard error as text.
pub(crate) fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it prints UTF-8");
    (text(&output.stdout), text(&output.stderr))
}

/// A program that runs. It is killed when the test is done with it.
pub(crate) struct Running {
    child: Child,
    notes: mpsc::Receiver<String>,
    seen: String,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the program starts");
        let err = child.stderr.take().expect("it is piped");
        let (send, notes) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(err).lines() {
                // Whoever does not listen any more does not want to know.
                let _ = send.send(line.expect("it prints UTF-8"));
            }
        });
        Self { child, notes, seen: String::new() }
    }

    /// Its standard output.
    pub(crate) fn out(&mut self) -> ChildStdout {
        self.child.stdout.take().expect("it is piped, and taken once")
    }

    /// Its standard input, if it was piped.
    pub(crate) fn input(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("it is piped, and taken once")
    }

    /// Waits for a line on standard error that holds `text`.
    pub(crate) fn until_it_says(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.notes.recv_timeout(left).unwrap_or_else(|_| panic!("it never said “{text}”, but:\n{}", self.seen));
            self.seen += &line;
            self.seen += "\n";
            if line.contains(text) {
                return;
            }
        }
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().expect("there is kill");
        assert!(sent.success());
    }

    /// Waits for the end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("the program ends", || {
            status = self.child.try_wait().expect("it can be waited for");
            status.is_some()
        });
        status.expect("it has ended")
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it can be waited for").is_some()
    }

    /// All of standard error, after the end.
    pub(crate) fn stderr(&mut self) -> String {
        for line in self.notes.iter() {
            self.seen += &line;
            self.seen += "\n";
        }
        std::mem::take(&mut self.seen)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // If it has ended by itself there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for a condition.
pub(crate) fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < deadline, "this never happened: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A gateway for tests that are not asynchronous.
pub(crate) struct Gateway {
    runtime: tokio::runtime::Runtime,
    gateway: LocalGateway,
}

impl Gateway {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads can be started");
        let gateway = runtime.block_on(LocalGateway::start()).expect("a free port");
        Self { runtime, gateway }
    }

    pub(crate) fn astro(&self) -> String {
        self.gateway.astro_url()
    }

    pub(crate) fn graphql(&self) -> String {
        self.gateway.graphql_url()
    }

    pub(crate) fn raw(&self) -> String {
        self.gateway.raw_url()
    }

    /// A client access URL for the hub `chat`.
    pub(crate) fn webpubsub(&self) -> String {
        self.runtime.block_on(self.gateway.access_url(AccessUrl::default())).expect("it runs")
    }

    /// Waits until a client is in a group of Web PubSub, and connected.
    pub(crate) fn until_joined(&self, group: &str) {
        eventually("a client joins the group", || {
            let connections = self.runtime.block_on(self.gateway.connections()).expect("it runs");
            let joined = |groups: &Value| groups.as_array().is_some_and(|groups| groups.iter().any(|name| name == group));
            connections.iter().any(|connection| joined(&connection.state["groups"]))
        });
    }

    /// Publishes to the room of the tests; returns how many heard it.
    pub(crate) fn publish(&self, topic: &str, data: Value) -> usize {
        self.runtime.block_on(self.gateway.publish_astro(topic, Some(ROOM), data)).expect("it runs").receivers
    }

    /// Publishes until somebody hears it.
    pub(crate) fn publish_until_heard(&self, topic: &str, data: &Value) {
        eventually("somebody hears it", || self.publish(topic, data.clone()) > 0);
    }

    /// Lets something go wrong; returns how many connections it hit.
    pub(crate) fn fault(&self, fault: Fault) -> usize {
        self.runtime.block_on(self.gateway.fault(fault)).expect("the fault makes sense")
    }

    /// Sets some options.
    pub(crate) fn set(&self, options: Value) {
        self.runtime.block_on(self.gateway.set_options(options)).expect("the options fit");
    }

    /// Accepts this Astro token alone.
    pub(crate) fn accept_only(&self, token: &str) {
        let entry = serde_json::from_value(json!({ "token": token, "channel": ROOM })).expect("it fits");
        self.runtime.block_on(self.gateway.set_tokens(vec![entry])).expect("it runs");
    }

    /// Every frame so far.
    pub(crate) fn transcript(&self) -> Vec<TranscriptEntry> {
        self.runtime.block_on(self.gateway.transcript()).expect("it runs")
    }

    /// Whether a client has said goodbye with this code.
    pub(crate) fn heard_close(&self, code: u16) -> bool {
        let all = self.transcript();
        all.iter().any(|entry| entry.kind == "close" && entry.direction == Direction::In && entry.text.contains(&code.to_string()))
    }
}
