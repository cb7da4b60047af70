//! Plays a scenario to the real client, over a loopback socket. Whoever writes a runner for another language does the same: a server that
//! follows the steps, a client that is told its commands, and one lane that hears everything.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use topicwire::Client;
use topicwire::client::{Answer, Events};
use topicwire::event::{Event, EventKind};
use topicwire::id::RequestId;
use topicwire::lane::LaneOptions;
use topicwire::options::Options;

use crate::pattern::{self, Kept};
use crate::report::{self, Names};
use crate::script::{Scenario, Step};
use crate::virtual_time::{check_offer, check_url, named};

/// Nothing waits this long when all is well.
const SOON: Duration = Duration::from_secs(20);

/// Plays a scenario.
///
/// # Errors
/// A sentence that says what went otherwise, with the number of the step.
pub async fn play(scenario: &Scenario) -> Result<(), String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let port = listener.local_addr().map_err(|error| error.to_string())?.port();
    let mut options = scenario.options.clone();
    options["url"] = Value::from(format!("ws://127.0.0.1:{port}/"));
    options["connection"]["no_proxy"] = Value::from(true);
    let options = Options::from_json(options.to_string().as_bytes()).map_err(|error| error.to_string())?;
    let client = Client::new(options).map_err(|error| error.to_string())?;
    let open = |options| Events::open(&client, options, None).map_err(|error| error.to_string());
    let (main, replies, service) = (open(LaneOptions::default())?, open(LaneOptions::reply())?, open(LaneOptions::service())?);
    client.connect().map_err(|error| error.to_string())?;
    let mut stage = Stage {
        listener,
        client,
        main,
        replies,
        service,
        heard: Vec::new(),
        waiting: BTreeMap::new(),
        open: BTreeMap::new(),
        names: Names::new(),
        requests: BTreeMap::new(),
        kept: Kept::new(),
        answered: 0,
    };
    for (at, step) in scenario.steps.iter().enumerate() {
        let done = tokio::time::timeout(SOON, stage.step(step)).await.unwrap_or_else(|_| Err("it does not happen".to_owned()));
        done.map_err(|error| format!("step {}: {step:?}: {error}", at + 1))?;
    }
    // What is expected is waited for; anything else that came by then counts as well.
    let deadline = tokio::time::Instant::now() + SOON;
    loop {
        let heard: Vec<Value> = stage.heard.iter().filter_map(|event| report::line(event, &stage.names)).collect();
        match report::compare(&scenario.events, &heard) {
            Ok(()) => return Ok(()),
            Err(difference) => {
                if tokio::time::timeout_at(deadline, stage.hear()).await.is_err() {
                    return Err(difference);
                }
            }
        }
    }
}

struct Stage {
    listener: TcpListener,
    client: Client,
    main: Events,
    replies: Events,
    service: Events,
    heard: Vec<Event>,
    /// Connections that have not been answered: the stream, and what was asked.
    waiting: BTreeMap<String, (TcpStream, Vec<u8>)>,
    open: BTreeMap<String, WebSocketStream<TcpStream>>,
    names: Names,
    requests: BTreeMap<String, u64>,
    kept: Kept,
    answered: usize,
}

impl Stage {
    /// Waits for one more event.
    async fn hear(&mut self) {
        let event = tokio::select! {
            Some(event) = self.main.next() => event,
            Some(event) = self.replies.next(), if !self.replies.is_ended() => event,
            Some(event) = self.service.next(), if !self.service.is_ended() => event,
            else => return std::future::pending().await,
        };
        self.keep(event);
    }

    fn keep(&mut self, event: Event) {
        // The service lane repeats what the main lane tells, and each lane has its own end.
        self.heard.push(event);
        self.heard.sort_by_key(|event| event.seq);
        self.heard.dedup_by_key(|event| (event.seq, std::mem::discriminant(&event.kind)));
        let mut ended = false;
        self.heard.retain(|event| !matches!(event.kind, EventKind::Closed(_)) || !std::mem::replace(&mut ended, true));
    }

    fn socket(&mut self, name: &str) -> Result<&mut WebSocketStream<TcpStream>, String> {
        self.open.get_mut(name).ok_or_else(|| format!("no open connection is called {name}"))
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Connects { name, offers, url_has, url_lacks } => {
                let (stream, _) = self.listener.accept().await.map_err(|error| error.to_string())?;
                let head = peek_head(&stream).await?;
                let text = String::from_utf8_lossy(&head).into_owned();
                let path = text.split_whitespace().nth(1).unwrap_or_default();
                check_url(path, url_has.as_deref(), url_lacks.as_deref())?;
                check_offer(offers.as_deref(), &offered(&text))?;
                self.waiting.insert(name.clone(), (stream, head));
            }
            Step::Accepts { on, protocol } => {
                let (stream, _) = self.waiting.remove(on).ok_or("it does not wait for an answer")?;
                #[allow(clippy::result_large_err, reason = "the type of the callback is tungstenite's")]
                let answer = |_: &Request, mut response: Response| {
                    if let Some(protocol) = protocol
                        && let Ok(value) = protocol.parse()
                    {
                        response.headers_mut().insert("sec-websocket-protocol", value);
                    }
                    Ok(response)
                };
                let socket = tokio_tungstenite::accept_hdr_async(stream, answer).await.map_err(|error| error.to_string())?;
                self.open.insert(on.clone(), socket);
            }
            Step::Refuses { on, status, headers } => {
                let (mut stream, head) = self.waiting.remove(on).ok_or("it does not wait for an answer")?;
                let mut read = vec![0; head.len()];
                tokio::io::AsyncReadExt::read_exact(&mut stream, &mut read).await.map_err(|error| error.to_string())?;
                let mut answer = format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n");
                for (name, value) in headers {
                    answer.push_str(&format!("{name}: {value}\r\n"));
                }
                answer.push_str("\r\n");
                stream.write_all(answer.as_bytes()).await.map_err(|error| error.to_string())?;
            }
            Step::Sends { on, frame } => {
                let sent = loop {
                    match self.socket(on)?.next().await {
                        Some(Ok(Message::Text(text))) => break serde_json::from_str::<Value>(&text).map_err(|error| error.to_string())?,
                        Some(Ok(_)) => {}
                        other => return Err(format!("the client is gone: {other:?}")),
                    }
                };
                if !pattern::matches(frame, &sent, &mut self.kept) {
                    return Err(format!("the client sends {sent}"));
                }
            }
            Step::Receives { on, frame } => {
                let text = pattern::fill(frame, &self.kept).to_string();
                self.socket(on)?.send(Message::text(text)).await.map_err(|error| error.to_string())?;
            }
            Step::ReceivesText { on, text } => {
                self.socket(on)?.send(Message::text(text.clone())).await.map_err(|error| error.to_string())?;
            }
            Step::ServerCloses { on, code, reason } => {
                let mut socket = self.open.remove(on).ok_or("it is not open")?;
                let frame = CloseFrame { code: (*code).into(), reason: reason.as_str().into() };
                socket.close(Some(frame)).await.map_err(|error| error.to_string())?;
                while let Some(Ok(_)) = socket.next().await {}
            }
            Step::Breaks { on } => drop(self.open.remove(on).ok_or("it is not open")?),
            Step::ClientCloses { on, code } => {
                let mut socket = self.open.remove(on).ok_or("it is not open")?;
                let frame = loop {
                    match socket.next().await {
                        Some(Ok(Message::Close(frame))) => break frame,
                        Some(Ok(_)) => {}
                        _ => break None,
                    }
                };
                while let Some(Ok(_)) = socket.next().await {}
                match (code, frame) {
                    (Some(code), Some(frame)) if u16::from(frame.code) == *code => {}
                    (None, _) => {}
                    (Some(_), frame) => return Err(format!("the client closes with {frame:?}")),
                }
            }
            Step::Command { name, command } => {
                let command = named(command, &self.requests)?;
                let number = 1 + self.requests.len() as u64;
                self.names.insert(number, name.clone());
                self.requests.insert(name.clone(), number);
                let lane = self.replies.lane().id();
                self.client.submit(RequestId(number), Some(lane), command, bytes::Bytes::new()).map_err(|error| error.to_string())?;
            }
            Step::Hears { event } => loop {
                let mut lines = self.heard.iter().filter_map(|event| report::line(event, &self.names));
                if lines.any(|line| pattern::matches(event, &line, &mut Kept::new())) {
                    break;
                }
                self.hear().await;
            },
            Step::AnswersNeed { token } => {
                let need = loop {
                    let mut needs = self.heard.iter().filter_map(|event| match &event.kind {
                        EventKind::Need(need) => Some(need.request),
                        _ => None,
                    });
                    match needs.nth(self.answered) {
                        Some(need) => break need,
                        None => self.hear().await,
                    }
                };
                self.answered += 1;
                let answer = Answer::Token { value: token.as_str().into(), valid_for: None };
                self.client.answer(need, answer).map_err(|error| error.to_string())?;
            }
            Step::Close {} => self.client.close(1000, "").map_err(|error| error.to_string())?,
            Step::SendsNothing { .. } | Step::Passes { .. } => {
                return Err("this step needs virtual time: the file is of kind `timer`".into());
            }
        }
        Ok(())
    }
}

/// What the client asks for, without taking it from the stream.
async fn peek_head(stream: &TcpStream) -> Result<Vec<u8>, String> {
    let mut buffer = vec![0; 16 << 10];
    loop {
        stream.readable().await.map_err(|error| error.to_string())?;
        let there = stream.peek(&mut buffer).await.map_err(|error| error.to_string())?;
        if there == 0 {
            return Err("the client hung up".into());
        }
        if let Some(end) = buffer[..there].windows(4).position(|four| four == b"\r\n\r\n") {
            return Ok(buffer[..end + 4].to_vec());
        }
        tokio::task::yield_now().await;
    }
}

fn offered(head: &str) -> Vec<String> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-protocol"))
        .flat_map(|(_, values)| values.split(',').map(|value| value.trim().to_owned()).collect::<Vec<_>>())
        .collect()
}
