//! `topicwire demo`: the local gateway in a process of its own, three clients, steady publication, and everything that may happen to a
//! connection. It ends by itself with a summary that is computed from what was published and what arrived.

mod books;
mod control;
mod process;
mod publisher;
mod stage;
mod story;
mod summary;
mod tally;

use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use topicwire::Secret;
use topicwire::command::{Command, GroupTarget, OperationTarget, TopicTarget};
use topicwire::options::{AstroOptions, ConnectionOptions, GraphQlOptions, Jitter, Options, ReconnectOptions, WebPubSubOptions};

use crate::client::Listener;
use crate::failure::{Failure, Status};
use crate::output::Output;
use books::{Books, Client};
use control::Control;
use process::{GatewayProcess, Place};
use stage::{Speaker, Stage};
use summary::Sums;

/// When the story must be over, counted from the start. The rest of 20 s is for saying goodbye.
const CURTAIN: Duration = Duration::from_secs(18);

/// The longest silence that a client of the demo bears.
const IDLE: Duration = Duration::from_millis(1500);

/// How long the old connection of a handover stays: longer than the new one is on probation.
const GRACE_MS: u64 = 5000;

/// Runs it.
pub(crate) async fn run(output: &Output) -> Result<Status, Failure> {
    let start = Instant::now();
    let failed = |text: String| Failure::new(Status::Failed, text);
    let stage = Stage::new(output.lines().clone(), start);
    stage.title().await;
    let gateway = GatewayProcess::start().await.map_err(failed)?;
    let place = gateway.place.clone();
    stage.say(Speaker::Gateway, &format!("the local gateway is process {}, on port {} of this machine", place.pid, place.port)).await;

    let (books, _) = watch::channel(Books::default());
    let played = tokio::select! {
        played = timeout_at(start + CURTAIN, play(&stage, &place, &books)) => played,
        // Nobody watches.
        () = output.lines().reader_gone() => {
            gateway.stop().await;
            return Ok(Status::Done);
        }
    };
    gateway.stop().await;
    let sums = {
        let books = books.borrow();
        Sums { astro: books.astro().tally.sum(), graphql: books.graphql().tally.sum(), webpubsub: books.webpubsub().tally.sum() }
    };
    stage.summary(summary::lines(&sums, matches!(played, Ok(Ok(()))), stage.style)).await;
    match played {
        Ok(Ok(())) if summary::is_success(&sums) => Ok(Status::Done),
        Ok(Ok(())) => Err(failed("the demo did not go as it should; the summary says what was wrong".to_owned())),
        Ok(Err(text)) => Err(failed(text)),
        Err(_) => Err(failed(format!("the demo was not over within {} s", CURTAIN.as_secs()))),
    }
}

/// The story. Nothing in it waits for a time: each step begins when the one before it has shown its effect. Between two steps there are
/// messages to watch; a machine so busy that the story is late shows fewer of them.
async fn play(stage: &Stage, place: &Place, books: &watch::Sender<Books>) -> Result<(), String> {
    let mut control = Control::connect(place.port).await?;
    // Heartbeats that fit clients of so little patience.
    control.post("options", &json!({ "astro": { "ping_ms": 300 }, "graphql": { "ping_ms": 300 } })).await?;

    let topics: Vec<_> =
        story::TOPICS.iter().map(|topic| ((*topic).to_owned(), Command::Subscribe(TopicTarget::new(*topic, story::ROOM)))).collect();
    let astro = listen(stage, books, Client::Astro, astro_options(place), topics)?;
    let blocks = vec![(story::BLOCK_STREAM.to_owned(), Command::Operation(OperationTarget::new(story::BLOCKS)))];
    let graphql = listen(stage, books, Client::GraphQl, graphql_options(place), blocks)?;
    let url = control.post("webpubsub/url", &json!({})).await?;
    let group = vec![(story::GROUP.to_owned(), Command::JoinGroup(GroupTarget::new(story::GROUP)))];
    let webpubsub = listen(stage, books, Client::WebPubSub, webpubsub_options(url["url"].as_str().unwrap_or_default()), group)?;
    until(books, |books| books.astro().live == story::TOPICS.len() && books.graphql().live == 1 && books.webpubsub().live == 1).await?;

    let (stop, stopped) = watch::channel(false);
    let chat = publisher::chat(Control::connect(place.port).await?, books.clone(), stopped.clone());
    let highlights = publisher::highlights(Control::connect(place.port).await?, books.clone(), stopped);
    let script = async {
        stage.say(Speaker::Gateway, "publishes steadily; lines of chat and most blocks are counted, not shown").await;
        watch(stage, books, 40, 8, Duration::from_secs(3)).await?;
        for number in 1..=summary::HANDOVERS {
            // In the second both connections deliver for a while, so that every message comes twice to the client, and once to its user.
            let (delivers, note) = if number == 2 { ("both", "; both connections deliver meanwhile") } else { ("move", "") };
            stage.say(Speaker::Gateway, &format!("-- planned handover {number}: asks its Astro clients to move{note} --")).await;
            control.post("options", &json!({ "astro": { "handover": delivers } })).await?;
            let before = books.borrow().astro().recovered;
            control.post("astro/reconnect", &json!({ "grace_ms": GRACE_MS })).await?;
            until(books, |books| books.astro().tally.handovers() >= number && books.astro().recovered >= before + story::TOPICS.len())
                .await?;
            watch(stage, books, 50, 0, Duration::from_secs(3 + 2 * number)).await?;
        }
        for (number, what, fault) in [
            (1, "-- a crash: every connection is reset --", json!({ "fault": "cut", "how": "reset" })),
            (2, "-- a silent stall: connections stay open and nothing comes any more --", json!({ "fault": "mute" })),
        ] {
            stage.say(Speaker::Gateway, what).await;
            let before = (books.borrow().astro().recovered, books.borrow().graphql().recovered, books.borrow().webpubsub().recovered);
            control.post("faults", &fault).await?;
            until(books, |books| {
                let (astro, graphql) = (books.astro(), books.graphql());
                astro.tally.outages() >= number
                    && graphql.tally.outages() >= number
                    && astro.recovered >= before.0 + story::TOPICS.len()
                    && graphql.recovered > before.1
                    && books.webpubsub().tally.outages() >= number
                    && books.webpubsub().recovered > before.2
            })
            .await?;
            watch(stage, books, 20, 4, Duration::from_secs(10 + number)).await?;
        }
        stop.send_replace(true);
        Ok::<(), String>(())
    };
    tokio::try_join!(chat, highlights, script)?;
    until(books, |books| [books.astro(), books.graphql(), books.webpubsub()].iter().all(|side| side.tally.is_caught_up())).await?;
    stage.say(Speaker::Gateway, "has published its last; everything that is still to come has come").await;
    for client in [astro, graphql, webpubsub] {
        client.close();
    }
    Ok(())
}

/// Starts a client whose events go into the books and onto the stage.
fn listen(
    stage: &Stage,
    books: &watch::Sender<Books>,
    client: Client,
    options: Options,
    subscriptions: Vec<(String, Command)>,
) -> Result<Listener, String> {
    let failed = |error: topicwire::error::Error| error.to_string();
    let (listener, events) = Listener::new(options).map_err(failed)?;
    for (name, command) in subscriptions {
        let subscription = listener.next_subscription();
        books.send_modify(|books| books.of(client).call(subscription, &name));
        listener.subscribe(subscription, command).map_err(failed)?;
    }
    listener.connect().map_err(failed)?;
    tokio::spawn(stage.follow(client, events, books.clone()));
    Ok(listener)
}

/// Waits until the books say so.
async fn until(books: &watch::Sender<Books>, mut so: impl FnMut(&Books) -> bool) -> Result<(), String> {
    // The sender outlives the wait, since we hold it.
    books.subscribe().wait_for(|books| so(books)).await.map(drop).map_err(|error| error.to_string())
}

/// Waits until so many more messages have arrived, or, when the story is late, for one of each.
async fn watch(stage: &Stage, books: &watch::Sender<Books>, astro: u64, graphql: u64, by: Duration) -> Result<(), String> {
    let before = (books.borrow().astro().received, books.borrow().graphql().received);
    let more = |astro, graphql| {
        until(books, move |books| books.astro().received >= before.0 + astro && books.graphql().received >= before.1 + graphql)
    };
    match timeout_at(stage.start + by, more(astro, graphql)).await {
        Ok(arrived) => arrived,
        Err(_) => more(astro.min(1), graphql.min(1)).await,
    }
}

fn astro_options(place: &Place) -> Options {
    Options::Astro(AstroOptions {
        url: Secret::new(&place.astro),
        idle_timeout: Some(IDLE),
        // Five subscriptions at once after an outage, well within what the gateway allows.
        command_burst: 20,
        // A subscription that is confirmed on the next connection proves it sooner than waiting would.
        verify_resume: true,
        connection: connection(),
        reconnect: reconnect(),
        ..AstroOptions::new("a-token-that-the-local-gateway-takes")
    })
}

fn graphql_options(place: &Place) -> Options {
    Options::GraphQl(GraphQlOptions {
        idle_timeout: Some(IDLE),
        connection: connection(),
        reconnect: reconnect(),
        ..GraphQlOptions::new(&place.graphql)
    })
}

fn webpubsub_options(url: &str) -> Options {
    Options::WebPubSub(WebPubSubOptions {
        ping_interval: Some(IDLE / 2),
        ping_timeout: Some(IDLE / 2),
        connection: connection(),
        reconnect: reconnect(),
        ..WebPubSubOptions::new(url)
    })
}

fn connection() -> ConnectionOptions {
    // The gateway is on this machine, whatever proxy leads away from it.
    ConnectionOptions {
        no_proxy: true,
        connect_timeout: Duration::from_secs(3),
        close_timeout: Duration::from_millis(500),
        ..ConnectionOptions::default()
    }
}

fn reconnect() -> ReconnectOptions {
    ReconnectOptions {
        initial: Duration::from_millis(250),
        max: Duration::from_millis(500),
        jitter: Jitter::None,
        ..ReconnectOptions::default()
    }
}
