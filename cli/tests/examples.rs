//! The programs in `examples/rust`, run as a reader would run them, against the local gateway; what they print is looked at.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};
use topicwire_gateway::LocalGateway;

/// Long enough for any machine; nothing waits for it when all is well.
const SOON: Duration = Duration::from_secs(30);
const ROOM: &str = "64f0a1b2c3d4e5f607182930";

/// The folder of the built examples. They belong to another crate, so whoever tests this one alone has them built here.
fn examples() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_topicwire"));
        let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "topicwire", "--examples", "--profile", profile])
            .status()
            .expect("cargo starts");
        assert!(built.success(), "the examples build");
        program.parent().expect("a program is in a folder").join("examples")
    })
}

/// An example that runs, and the lines that it prints.
struct Example {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Example {
    fn start(name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = tokio::process::Command::new(examples().join(name));
        command.args(arguments).envs(environment.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("an example that was built starts");
        let stdout = child.stdout.take().expect("it was piped above");
        Self { child, lines: BufReader::new(stdout).lines() }
    }

    /// The next line that says so.
    async fn line_with(&mut self, what: &str) -> String {
        let search = async {
            while let Some(line) = self.lines.next_line().await.expect("an example prints text") {
                if line.contains(what) {
                    return line;
                }
            }
            panic!("it ended before it printed {what:?}");
        };
        tokio::time::timeout(SOON, search).await.unwrap_or_else(|_| panic!("it does not print {what:?}"))
    }
}

/// Publishes until somebody receives it: an example says nothing of when it has subscribed.
async fn publish_to_somebody(gateway: &LocalGateway, topic: &str, data: &serde_json::Value) {
    let publish = async { while gateway.publish_astro(topic, Some(ROOM), data.clone()).await.expect("running").receivers == 0 {} };
    tokio::time::timeout(SOON, publish).await.expect("it subscribes");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_astro_example_prints_what_happens_on_a_channel() {
    let gateway = LocalGateway::start().await.expect("a free port");
    let mut example = Example::start("astro", &[], &[("SE_JWT", "jwt"), ("ROOM", ROOM), ("ASTRO_URL", &gateway.astro_url())]);
    example.line_with("-- active").await;
    let data = json!({"type": "follow", "data": {"username": "ada"}});
    publish_to_somebody(&gateway, "channel.activities", &data).await;
    assert!(example.line_with("ada").await.contains("ollow"), "a typed activity");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_example_reads_its_token_from_a_file_and_prints_tips() {
    let gateway = LocalGateway::start().await.expect("a free port");
    let file = std::env::temp_dir().join(format!("topicwire-example-{}", std::process::id()));
    std::fs::write(&file, "a-token\n").expect("a file can be written there");
    let path = file.to_str().expect("a path of this machine is text");
    let mut example = Example::start("bot", &[], &[("TOKEN_FILE", path), ("ROOM", ROOM), ("ASTRO_URL", &gateway.astro_url())]);
    let data = json!({"_id": "t1", "approved": "allowed", "status": "success", "donation": {"user": {"username": "ada"}, "amount": 5, "currency": "USD"}});
    publish_to_somebody(&gateway, "channel.tips", &data).await;
    let line = example.line_with("a tip:").await;
    std::fs::remove_file(&file).expect("it is still there");
    assert!(line.contains("ada"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_graphql_example_prints_each_result_and_ends_with_the_subscription() {
    let gateway = LocalGateway::start().await.expect("a free port");
    let query = "subscription { countdown(from: 3, intervalMs: 1) }";
    let mut example = Example::start("graphql", &[query], &[("GRAPHQL_URL", &gateway.graphql_url())]);
    for number in [3, 2, 1, 0] {
        example.line_with(&format!("\"countdown\":{number}")).await;
    }
    let status = tokio::time::timeout(SOON, example.child.wait()).await.expect("it ends").expect("it can be waited for");
    assert!(status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_raw_example_prints_the_answer_and_says_goodbye() {
    let gateway = LocalGateway::start().await.expect("a free port");
    let mut example = Example::start("raw", &[&gateway.raw_url()], &[]);
    assert_eq!(example.line_with("hello").await, "hello");
    let status = tokio::time::timeout(SOON, example.child.wait()).await.expect("it ends").expect("it can be waited for");
    assert!(status.success());
}
