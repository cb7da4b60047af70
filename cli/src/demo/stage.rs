//! What the demo's audience sees.

use std::io::IsTerminal;

use futures_util::StreamExt as _;
use tokio::sync::watch;
use tokio::time::Instant;
use topicwire::client::Events;

use super::books::{Books, Client, Tone};
use crate::output::{Line, Lines};
use crate::print::Style;

/// Who says a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    Gateway,
    Client(Client, Tone),
}

/// Prints the story, line by line.
#[derive(Clone)]
pub(super) struct Stage {
    lines: Lines,
    pub(super) style: Style,
    pub(super) start: Instant,
}

impl Stage {
    pub(super) fn new(lines: Lines, start: Instant) -> Self {
        Self { lines, style: Style::of(std::io::stdout().is_terminal()), start }
    }

    pub(super) async fn title(&self) {
        let title = "Topicwire demo: three clients, three planned handovers, a crash and a silent stall. No account, no network.";
        self.print(self.style.bold(title)).await;
        self.print(String::new()).await;
    }

    /// Prints a line of the story.
    pub(super) async fn say(&self, who: Speaker, text: &str) {
        let style = self.style;
        let (name, text) = match who {
            Speaker::Gateway => (style.bold("gateway  "), style.bold(text)),
            Speaker::Client(client, tone) => {
                let name = match client {
                    Client::Astro => style.cyan("astro    "),
                    Client::GraphQl => style.green("graphql  "),
                    Client::WebPubSub => style.magenta("webpubsub"),
                };
                let text = match tone {
                    Tone::Message => text.to_owned(),
                    Tone::Note => style.dim(text),
                    Tone::Warning => style.yellow(text),
                };
                (name, text)
            }
        };
        let elapsed = self.start.elapsed();
        let time = format!("{:3}.{:01}", elapsed.as_secs(), elapsed.subsec_millis() / 100);
        self.print(format!("{} {name}  {text}", style.dim(&time))).await;
    }

    /// Enters every event of a client into the books, and prints what there is to see.
    pub(super) fn follow(
        &self,
        client: Client,
        mut events: Events,
        books: watch::Sender<Books>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let stage = self.clone();
        async move {
            while let Some(event) = events.next().await {
                let mut shown = None;
                books.send_modify(|books| shown = books.of(client).enter(&event));
                if let Some((tone, text)) = shown {
                    stage.say(Speaker::Client(client, tone), &text).await;
                }
            }
        }
    }

    pub(super) async fn summary(&self, lines: Vec<String>) {
        self.print(String::new()).await;
        for line in lines {
            self.print(line).await;
        }
    }

    async fn print(&self, line: String) {
        // Whether anybody reads is watched elsewhere.
        let _ = self.lines.put(Line::Out(line)).await;
    }
}
