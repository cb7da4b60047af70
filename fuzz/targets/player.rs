//! Plays a script to a session: a gateway, a network and a user that do what the fuzzer likes.
//!
//! A script is lines; the first byte of each says what happens, the rest goes with it:
//!
//! | first byte | what happens |
//! | --- | --- |
//! | `o` | the oldest dial opens; the rest is the subprotocol |
//! | `x` | the oldest dial fails; the rest is the HTTP status, if any |
//! | `f` | a text frame on the newest link; `$0` to `$9` in it stand for the names of the last commands sent |
//! | `F` | the same on the oldest link |
//! | `b` | a binary frame |
//! | `c` | the newest link closes; the rest is the close code, none for a cut |
//! | `C` | the same on the oldest link |
//! | `t` | time passes, as many tenths of a second as the rest says |
//! | `s` | the user subscribes, each time to the next of a few targets |
//! | `u` | the user ends a subscription |
//! | `p` | the user asks for a ping |
//! | `r` | an HTTP request is answered with the rest as its body |
//! | `q` | the user closes |

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use topicwire::command::Command;
use topicwire::event::{CloseFrame, EventKind};
use topicwire::id::{HttpId, LinkId, RequestId, SubscriptionId};
use topicwire::options::Options;
use topicwire::scan::{Keys, scan};
use topicwire::session::Session;
use topicwire::session::io::{DialFailure, DialPhase, Frame, Handshake, HttpResponse, Input, LinkEnd, Output};
use topicwire::time::{Now, UnixMillis};

/// More than any script should need in a virtual hour.
const MAX_TIMERS: usize = 20_000;

struct Player<'a> {
    session: Session,
    now: Now,
    dials: VecDeque<LinkId>,
    links: Vec<LinkId>,
    requests: VecDeque<HttpId>,
    /// How often each request was answered.
    replies: BTreeMap<RequestId, u32>,
    names: VecDeque<String>,
    subscribe: &'a dyn Fn(usize) -> Command,
    next: u64,
    closed: bool,
}

/// Plays `script` to a session, ends it, and checks what every session promises.
pub fn play(options: &Options, subscribe: &dyn Fn(usize) -> Command, script: &[u8]) {
    let now = Now { mono: Duration::ZERO, wall: UnixMillis(1_793_491_200_000) };
    let mut player = Player {
        session: Session::new(options, [7; 32]).expect("the target's options are good"),
        now,
        dials: VecDeque::new(),
        links: Vec::new(),
        requests: VecDeque::new(),
        replies: BTreeMap::new(),
        names: VecDeque::new(),
        subscribe,
        next: 0,
        closed: false,
    };
    player.session.connect(now).expect("a new client connects");
    player.collect();
    for line in script.split(|byte| *byte == b'\n').take(200) {
        if let Some((&step, rest)) = line.split_first() {
            player.step(step, rest);
        }
    }
    player.end();
}

impl Player<'_> {
    fn step(&mut self, step: u8, rest: &[u8]) {
        let number = || std::str::from_utf8(rest).ok().and_then(|text| text.trim().parse::<u16>().ok());
        match step {
            b'o' => {
                if let Some(link) = self.dials.pop_front() {
                    self.links.push(link);
                    let protocol = (!rest.is_empty()).then(|| String::from_utf8_lossy(rest).into_owned());
                    self.input(Input::Opened { link, handshake: Handshake { status: 101, protocol, ..Handshake::default() } });
                }
            }
            b'x' => {
                if let Some(link) = self.dials.pop_front() {
                    let http = number().map(|status| HttpResponse { status, ..HttpResponse::default() });
                    self.input(Input::Failed {
                        link,
                        failure: DialFailure { phase: DialPhase::Upgrade, http, error: "refused".to_owned() },
                    });
                }
            }
            b'f' | b'F' | b'b' => {
                let link = if step == b'F' { self.links.first() } else { self.links.last() };
                if let Some(&link) = link {
                    let frame = if step == b'b' { Frame::Binary(Bytes::copy_from_slice(rest)) } else { Frame::Text(self.filled(rest)) };
                    self.input(Input::Frame { link, frame });
                }
            }
            b'c' | b'C' if !self.links.is_empty() => {
                let at = if step == b'C' { 0 } else { self.links.len() - 1 };
                let link = self.links.remove(at);
                let received = number().map(|code| CloseFrame { code, reason: String::new() });
                self.input(Input::Closed {
                    link,
                    end: LinkEnd { sent: received.clone(), received, received_first: true, ..LinkEnd::default() },
                });
            }
            b't' => self.pass(Duration::from_millis(u64::from(number().unwrap_or(1)) * 100)),
            b's' => {
                let command = (self.subscribe)(self.next as usize);
                self.submit(command);
            }
            b'u' => {
                let subscription = SubscriptionId(u64::from(number().unwrap_or(1)));
                self.submit(Command::Unsubscribe { subscription });
            }
            b'p' => self.submit(Command::Ping),
            b'r' => {
                if let Some(id) = self.requests.pop_front() {
                    let response = HttpResponse { status: 200, body: Bytes::copy_from_slice(rest), ..HttpResponse::default() };
                    self.input(Input::Response { id, result: Ok(response) });
                }
            }
            b'q' => {
                self.session.close(self.now, 1000, "");
                self.collect();
            }
            _ => {}
        }
    }

    fn submit(&mut self, command: Command) {
        self.next += 1;
        let request = RequestId(self.next);
        if self.session.submit(self.now, request, command, Bytes::new()).is_ok() {
            self.replies.insert(request, 0);
        }
        self.collect();
    }

    /// The text of a frame, with the names of commands filled in.
    fn filled(&self, template: &[u8]) -> Bytes {
        let mut text = String::from_utf8_lossy(template).into_owned();
        for (n, name) in self.names.iter().enumerate().filter(|_| template.contains(&b'$')) {
            text = text.replace(&format!("${n}"), name);
        }
        text.into()
    }

    fn input(&mut self, input: Input) {
        self.session.handle(self.now, input);
        self.collect();
    }

    fn collect(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Open { link, .. } => self.dials.push_back(link),
                Output::Send { link, frame, ticket } => {
                    if let Frame::Text(text) = &frame {
                        self.note_name(text);
                    }
                    self.session.handle(self.now, Input::Flushed { link, upto: ticket });
                }
                Output::Close { link, frame, .. } => {
                    self.forget(link);
                    self.session.handle(self.now, Input::Closed { link, end: LinkEnd { sent: Some(frame), ..LinkEnd::default() } });
                }
                Output::Abort { link } => self.forget(link),
                Output::Request { id, .. } => self.requests.push_back(id),
                Output::CancelRequest { id } => self.requests.retain(|one| *one != id),
                _ => {}
            }
        }
        while let Some(event) = self.session.poll_event() {
            assert!(!self.closed, "nothing follows Closed");
            match event.kind {
                EventKind::Closed(_) => self.closed = true,
                EventKind::Reply { request, .. } => *self.replies.get_mut(&request).expect("a reply to a request that was accepted") += 1,
                EventKind::Message(message) => {
                    let _ = (message.payload(), message.topic(), message.room(), message.id());
                }
                _ => {}
            }
        }
    }

    /// Remembers what a command is called: by its nonce, or its id.
    fn note_name(&mut self, text: &[u8]) {
        if let Ok([nonce, id]) = scan(text, &Keys::all(["nonce", "id"]))
            && let Some(name) = nonce.or(id).and_then(|name| name.text(text))
        {
            self.names.push_front(name.into_owned());
            self.names.truncate(10);
        }
    }

    fn forget(&mut self, link: LinkId) {
        self.dials.retain(|one| *one != link);
        self.links.retain(|one| *one != link);
    }

    fn pass(&mut self, span: Duration) {
        let end = self.now.mono + span;
        for _ in 0..MAX_TIMERS {
            let Some(at) = self.session.poll_timeout().filter(|at| *at <= end) else {
                self.to(end);
                return;
            };
            self.to(at.max(self.now.mono));
            self.session.handle_timeout(self.now);
            self.collect();
        }
        panic!("a timer storm: {MAX_TIMERS} timers within {span:?}");
    }

    fn to(&mut self, mono: Duration) {
        self.now.wall.0 += (mono - self.now.mono).as_millis() as u64;
        self.now.mono = mono;
    }

    /// Closes, lets the deadlines pass, and checks the promises.
    fn end(&mut self) {
        self.session.close(self.now, 1000, "");
        self.collect();
        self.pass(Duration::from_secs(300));
        assert!(self.closed, "a session that was closed says so");
        for (request, replies) in &self.replies {
            assert_eq!(*replies, 1, "request {} has exactly one reply", request.0);
        }
    }
}
