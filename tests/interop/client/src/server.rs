//! A server in a process of its own.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

use crate::{http, within};

/// A server that somebody else wrote, on a port of 127.0.0.1. It ends when this is dropped, or when the test process dies.
pub struct RealServer {
    program: PathBuf,
    arguments: Vec<String>,
    port: u16,
    path: &'static str,
    process: Child,
    /// The server ends when its standard input does.
    _input: ChildStdin,
}

impl RealServer {
    /// GraphQL in both subprotocols, each by its reference implementation, with flags of `graphql-server/server.mjs`.
    pub async fn graphql(flags: &[&str]) -> Self {
        let mut arguments = vec![interop("graphql-server/server.mjs"), "--exit-on-stdin-close".to_owned()];
        arguments.extend(flags.iter().map(|&flag| flag.to_owned()));
        Self::start("node".into(), arguments, "/graphql").await
    }

    /// The paths of `ws-server/README.md` on npm `ws`.
    pub async fn ws() -> Self {
        Self::start("node".into(), vec![interop("ws-server/server.mjs")], "").await
    }

    /// The paths of `ws-server/README.md` on npm `ws`, which offers permessage-deflate.
    pub async fn ws_with_deflate() -> Self {
        Self::start("node".into(), vec![interop("ws-server/server.mjs"), "--deflate".to_owned()], "").await
    }

    /// The paths of `ws-server/README.md` on Python's `websockets`.
    pub async fn websockets() -> Self {
        Self::start(interop(".venv/bin/python").into(), vec![interop("ws-server/server.py")], "").await
    }

    async fn start(program: PathBuf, arguments: Vec<String>, path: &'static str) -> Self {
        let (process, input, port) = spawn(&program, &arguments).await;
        Self { program, arguments, port, path, process, _input: input }
    }

    /// Its WebSocket address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}{}", self.port, self.path)
    }

    /// Asks its control API for something.
    ///
    /// # Panics
    /// When it does not answer 200.
    pub async fn control(&self, method: &str, path: &str, body: &str) -> Value {
        let path = format!("/control/{path}");
        let answer = within(&path, http::request(self.port, method, &path, body)).await.expect("the control API answers");
        serde_json::from_str(&answer).unwrap_or(Value::Null)
    }

    /// Waits until its counters, `GET /control/stats`, are as wanted.
    pub async fn until(&self, what: &str, wanted: impl Fn(&Value) -> bool) {
        let look = async {
            while !wanted(&self.control("GET", "stats", "").await) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        within(what, look).await;
    }

    /// Kills it as a crash would: SIGKILL, without a word to anybody.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub async fn kill(&mut self) {
        self.process.kill().await.expect("a child process can be killed");
    }

    /// Starts it again on the same port, after [`RealServer::kill`].
    pub async fn restart(&mut self) {
        let mut arguments = self.arguments.clone();
        arguments.extend(["--port".to_owned(), self.port.to_string()]);
        (self.process, self._input, self.port) = spawn(&self.program, &arguments).await;
    }
}

async fn spawn(program: &PathBuf, arguments: &[String]) -> (Child, ChildStdin, u16) {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    // The reference servers write a stack trace for every bad document, and these tests send many.
    command.stderr(Stdio::null());
    let mut process =
        command.spawn().unwrap_or_else(|error| panic!("{} cannot be started ({error}): run `cargo xtask setup`", program.display()));
    let input = process.stdin.take().expect("standard input was piped above");
    let output = process.stdout.take().expect("standard output was piped above");
    let mut lines = BufReader::new(output).lines();
    let first = within("the server's first line", lines.next_line()).await.expect("its output can be read");
    let first = first.unwrap_or_else(|| panic!("{} ended without a word: run `cargo xtask setup`", program.display()));
    let said: Value = serde_json::from_str(&first).expect("the first line is JSON");
    let port = said["port"].as_u64().and_then(|port| u16::try_from(port).ok()).expect("the first line names a port");
    // Its later lines are for people; unread they would fill the pipe and stop it.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (process, input, port)
}

/// A file in `tests/interop`.
fn interop(path: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    folder.parent().expect("this crate lies in tests/interop").join(path).to_string_lossy().into_owned()
}
