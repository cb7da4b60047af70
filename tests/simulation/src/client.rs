//! The client's side: what a driver does with a session and its lanes.

use std::sync::atomic::Ordering;
use std::time::Duration;

use topicwire::event::{CloseFrame, Event, EventKind};
use topicwire::id::{HttpId, LinkId, Ticket};
use topicwire::session::io::{DialFailure, DialPhase, Frame, Handshake, HttpResponse, Input, LinkEnd, Output};
use topicwire_gateway::machine::UpgradeRequest;

use crate::coverage::Deed;
use crate::network::{Down, Socket, Up};
use crate::plan::Side;
use crate::sabotage::Sabotage;
use crate::world::{Happening, World};

/// More at once than any state of affairs should need.
const MOST: usize = 100_000;

impl World {
    /// Moves what there is from the machines to the network and to the lanes, until there is nothing.
    pub(crate) fn settle(&mut self) {
        for _ in 0..MOST {
            let mut quiet = true;
            while let Some(event) = self.session.poll_event() {
                quiet = false;
                match &mut self.saboteur {
                    None => self.tell(event),
                    Some(saboteur) => saboteur.spoil_event(event).into_iter().for_each(|event| self.tell(event)),
                }
            }
            while let Some(output) = self.session.poll_output() {
                quiet = false;
                match &mut self.saboteur {
                    None => self.obey(output),
                    Some(saboteur) => saboteur.spoil_output(output).into_iter().for_each(|output| self.obey(output)),
                }
            }
            quiet &= !self.is_spoiled_by(Sabotage::Restless);
            self.router.hand_over().send();
            self.attention.store(false, Ordering::Release);
            let attention = self.router.attend();
            if let Some(on) = attention.pressure {
                quiet = false;
                self.trace.note(self.now.mono, || format!("lanes: pressure {on}"));
                if on {
                    self.coverage.note(Deed::SlowConsumer);
                }
                self.session.handle(self.now, Input::Pressure { on });
            }
            for subscription in attention.unsubscribe {
                quiet = false;
                self.oracle.ended(self.now, subscription);
                self.session.release(self.now, subscription);
            }
            quiet &= self.settle_gateway();
            if quiet {
                self.wake_consumers();
                return;
            }
        }
        self.oracle.blame(|| "the machines find no rest".to_owned());
    }

    /// An event goes to whom it concerns.
    fn tell(&mut self, event: Event) {
        self.trace.note(self.now.mono, || format!("  event {}: {}", event.seq.0, brief(&event.kind)));
        if let Some(deed) = Deed::of(&event.kind) {
            self.coverage.note(deed);
        }
        self.oracle.observe(self.now, &event);
        for consumer in &mut self.consumers {
            consumer.expect(&event);
        }
        self.router.route(event);
    }

    /// A link ends that the gateway had left before, and another has taken over: what was sent to nobody while the goodbye was on its way
    /// cannot be known here.
    fn note_limbo(&mut self, link: LinkId) {
        let Some(socket) = self.sockets.get(&link) else { return };
        if let Some(since) = socket.cut_since
            && socket.end.received.is_none()
        {
            self.oracle.silences.push((since, self.now.mono));
        }
        let others = self.sockets.values().any(|socket| socket.link != link && socket.open && !socket.forgotten);
        if let Some(since) = self.sockets.get(&link).and_then(|socket| socket.left_since)
            && others
        {
            self.oracle.limbo.push((since, self.now.mono));
        }
    }

    fn wake_consumers(&mut self) {
        for at in 0..self.consumers.len() {
            if self.consumers[at].take_wake() && !self.consumers[at].coming {
                let (low, high) = self.consumers[at].delay;
                let stalls = self.consumers[at].stalls;
                let wait = if !self.calm && self.dice.percent(stalls) { self.dice.ms(1_000, 40_000) } else { self.dice.ms(low, high) };
                self.consumers[at].coming = true;
                self.after(wait, Happening::Consumer { at });
            }
        }
    }

    /// A consumer looks at its lane, as far as it likes.
    pub(crate) fn consume(&mut self, at: usize) {
        let most = usize::try_from(self.dice.between(1, 64)).unwrap_or(1);
        let consumer = &mut self.consumers[at];
        consumer.coming = false;
        let ready = consumer.poller.ready(8);
        let mut events = Vec::new();
        let mut more = ready.more;
        for lane in ready.lanes {
            more |= lane.poll(most, &mut events);
        }
        // A consumer that stopped at `more` comes back by itself.
        if !more && events.is_empty() {
            more = consumer.lane.poll(most, &mut events);
        }
        if let Some(saboteur) = &mut self.saboteur {
            saboteur.spoil_lane(&mut events);
        }
        if events.iter().any(|event| matches!(event.kind, EventKind::Lagged { .. })) {
            self.coverage.note(Deed::Lagging);
        }
        let wrong = consumer.take(&events).err();
        if more {
            consumer.coming = true;
            let (low, high) = consumer.delay;
            let wait = self.dice.ms(low, high);
            self.after(wait, Happening::Consumer { at });
        }
        if let Some(wrong) = wrong {
            self.oracle.blame(|| wrong);
        }
        for event in events {
            if let EventKind::Need(need) = event.kind {
                self.provide(need.request, need.deadline_ms);
            }
        }
    }

    fn obey(&mut self, output: Output) {
        self.trace.note(self.now.mono, || format!("client: {}", brief_output(&output)));
        match output {
            Output::Open { link, dial } => {
                let (low, high) = self.plan.latency;
                let mut socket = Socket::new(link, self.dice.ms(low, high));
                if !self.calm && self.refuse > 0 {
                    self.refuse -= 1;
                    let failure = DialFailure { phase: DialPhase::Tcp, http: None, error: "connection refused".to_owned() };
                    let takes = socket.takes(self.now.mono, self.plan.jitter, &mut self.dice);
                    self.sockets.insert(link, socket);
                    return self.after(takes, Happening::Down { link, number: 0, what: Down::Failed(failure) });
                }
                self.after(dial.timeout, Happening::DialTimeout { link });
                if !self.calm && self.hang > 0 {
                    self.hang -= 1;
                    socket.up.cut(0, 0);
                }
                self.sockets.insert(link, socket);
                let url = dial.url.expose();
                let path = url.find("://").and_then(|at| url[at + 3..].find('/').map(|slash| &url[at + 3 + slash..])).unwrap_or("/");
                let protocols: Vec<&str> = dial.protocols.iter().map(String::as_str).collect();
                self.send_up(link, Up::Upgrade(UpgradeRequest::new(path, &protocols)));
            }
            Output::Send { link, frame, ticket } => self.write(link, frame, ticket),
            Output::Read { link, on } => {
                if let Some(socket) = self.sockets.get_mut(&link) {
                    socket.reading = on;
                    self.read_on(link);
                }
            }
            Output::Stall => {
                self.coverage.note(Deed::Stalled);
                self.router.stall();
            }
            Output::Close { link, frame, deadline } => {
                let Some(socket) = self.sockets.get_mut(&link) else { return };
                socket.reading = true;
                if socket.end.sent.is_none() {
                    socket.end.sent = Some(frame.clone());
                    self.send_up(link, Up::Close(frame));
                }
                self.after(deadline, Happening::CloseDeadline { link });
                self.read_on(link);
            }
            Output::Abort { link } => {
                self.note_limbo(link);
                self.send_up(link, Up::Lost);
                if let Some(socket) = self.sockets.get_mut(&link) {
                    socket.forgotten = true;
                }
                self.sweep(link);
            }
            Output::Request { id, .. } => self.after(Duration::from_millis(30), Happening::Http { id }),
            Output::CancelRequest { .. } => {}
            other => self.oracle.blame(|| format!("an output that nobody knows: {other:?}")),
        }
    }

    fn write(&mut self, link: LinkId, frame: Frame, ticket: Ticket) {
        let Some(socket) = self.sockets.get_mut(&link) else {
            return self.oracle.blame(|| format!("a frame for link {}, which is gone", link.0));
        };
        if socket.forgotten || ticket <= socket.written {
            return self.oracle.blame(|| format!("a frame for link {} out of order", link.0));
        }
        socket.written = ticket;
        if socket.end.sent.is_some() || socket.end.received.is_some() {
            return;
        }
        if self.plan.side == Side::Astro
            && let Frame::Text(text) = &frame
        {
            let command = serde_json::from_slice::<serde_json::Value>(text).unwrap_or_default();
            if command["type"] == "unsubscribe" {
                let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
                let pair = (text(&command["data"]["topic"]).unwrap_or_default(), text(&command["data"]["room"]));
                self.ends_asked.insert(text(&command["nonce"]).unwrap_or_default(), pair);
            }
            self.check_pacing(link);
        }
        self.send_up(link, Up::Frame(frame));
        let (low, high) = self.plan.flush;
        let wait = self.dice.ms(low, high);
        if wait.is_zero() { self.flushed(link, ticket) } else { self.after(wait, Happening::Flushed { link, ticket }) }
    }

    /// A client that paces strictly leaves the interval between any two commands of a link.
    fn check_pacing(&mut self, link: LinkId) {
        let topicwire::options::Options::Astro(options) = &self.plan.options else { return };
        let (interval, burst) = (options.command_interval, options.command_burst);
        let now = self.now.mono;
        if burst == 1
            && let Some((last, _)) = self.last_command.get(&link)
            && now < *last + interval
        {
            let last = *last;
            self.oracle.blame(|| format!("two commands on link {} within {:?}", link.0, now - last));
        }
        self.last_command.insert(link, (now, 0));
    }

    pub(crate) fn flushed(&mut self, link: LinkId, upto: Ticket) {
        if self.sockets.get(&link).is_some_and(|socket| !socket.forgotten && socket.open) {
            self.session.handle(self.now, Input::Flushed { link, upto });
        }
    }

    /// Something leaves the client.
    pub(crate) fn send_up(&mut self, link: LinkId, what: Up) {
        let (now, jitter) = (self.now.mono, self.plan.jitter);
        let Some(socket) = self.sockets.get_mut(&link) else { return };
        let takes = socket.takes(now, jitter, &mut self.dice);
        if let Some((at, number)) = socket.up.send(now, takes) {
            self.at(at, Happening::Up { link, number, what });
        }
    }

    /// Something reaches the client.
    pub(crate) fn arrive_down(&mut self, link: LinkId, number: u64, what: Down) {
        let Some(socket) = self.sockets.get_mut(&link) else { return };
        if socket.forgotten || !(number == 0 || socket.down.arrives(number)) {
            return;
        }
        socket.down_arrived = socket.down_arrived.max(number);
        socket.unread.push_back((self.now.mono, what));
        self.read_on(link);
    }

    /// The client takes what has arrived, if it reads.
    fn read_on(&mut self, link: LinkId) {
        while let Some(socket) = self.sockets.get_mut(&link)
            && !socket.forgotten
            && (socket.reading || !socket.open)
            && let Some((since, what)) = socket.unread.pop_front()
        {
            self.oracle.longest_unread = self.oracle.longest_unread.max(self.now.mono - since);
            self.take_in(link, what);
        }
    }

    fn take_in(&mut self, link: LinkId, what: Down) {
        let Some(socket) = self.sockets.get_mut(&link) else { return };
        match what {
            Down::Opened(protocol) => {
                socket.open = true;
                self.trace.note(self.now.mono, || format!("net: link {} opens", link.0));
                let handshake = Handshake { status: 101, protocol, ..Handshake::default() };
                self.session.handle(self.now, Input::Opened { link, handshake });
            }
            Down::Failed(failure) => {
                socket.forgotten = true;
                self.coverage.note(Deed::RefusedDial);
                self.trace.note(self.now.mono, || format!("net: link {} fails: {}", link.0, failure.error));
                self.session.handle(self.now, Input::Failed { link, failure });
                self.sweep(link);
            }
            Down::Frame(frame) => {
                if let Frame::Ping(payload) = &frame {
                    let pong = Frame::Pong(payload.clone());
                    if socket.end.sent.is_none() {
                        self.send_up(link, Up::Frame(pong));
                    }
                }
                self.trace.note(self.now.mono, || format!("net: link {} brings {}", link.0, brief_frame(&frame)));
                self.session.handle(self.now, Input::Frame { link, frame });
            }
            Down::Close(frame) => {
                socket.end.received = Some(frame.clone());
                if socket.end.sent.is_none() {
                    socket.end.received_first = true;
                    socket.end.sent = Some(frame.clone());
                    self.send_up(link, Up::Close(frame));
                }
                self.end_link(link, None);
            }
            Down::End(error) => self.end_link(link, Some(error)),
        }
    }

    /// A link is over for the client.
    fn end_link(&mut self, link: LinkId, error: Option<String>) {
        let Some(socket) = self.sockets.get_mut(&link) else { return };
        if socket.forgotten {
            return;
        }
        socket.forgotten = true;
        let end = LinkEnd { error, ..socket.end.clone() };
        self.note_limbo(link);
        self.coverage.note(if end.received_first { Deed::ClosedByGateway } else { Deed::Crash });
        self.trace
            .note(self.now.mono, || format!("net: link {} ends ({:?}, {:?})", link.0, end.received.as_ref().map(|f| f.code), end.error));
        if end.received.is_none() {
            self.send_up(link, Up::Lost);
        }
        self.session.handle(self.now, Input::Closed { link, end });
        self.sweep(link);
    }

    pub(crate) fn dial_timeout(&mut self, link: LinkId) {
        if self.sockets.get(&link).is_some_and(|socket| !socket.open && !socket.forgotten) {
            let failure = DialFailure { phase: DialPhase::Timeout, http: None, error: "it took too long".to_owned() };
            self.send_up(link, Up::Lost);
            self.take_in(link, Down::Failed(failure));
        }
    }

    pub(crate) fn close_deadline(&mut self, link: LinkId) {
        self.end_link(link, Some("the peer did not answer the close frame".to_owned()));
    }

    pub(crate) fn answer_http(&mut self, id: HttpId) {
        let response = HttpResponse { status: 200, body: r#"{"channel_id":"room-0"}"#.into(), ..HttpResponse::default() };
        self.session.handle(self.now, Input::Response { id, result: Ok(response) });
    }

    /// Forgets a socket that neither side knows any more.
    pub(crate) fn sweep(&mut self, link: LinkId) {
        if self.sockets.get(&link).is_some_and(|socket| socket.forgotten && socket.dropped) {
            self.sockets.remove(&link);
        }
    }
}

/// A line for an event.
fn brief(kind: &EventKind) -> String {
    match kind {
        EventKind::Message(message) => {
            let ids: Vec<u64> = message.subscriptions().iter().map(|id| id.0).collect();
            format!("message {:?} for {ids:?}", crate::oracle::number_of(message.payload()))
        }
        EventKind::Opened(opened) => format!("opened {} resumed {}", opened.connection.0, opened.resumed),
        EventKind::Reply { request, result } => {
            format!("reply {}: {:?}", request.0, result.as_ref().map(|_| ()).map_err(ToString::to_string))
        }
        EventKind::Gap(gap) => {
            let ids: Vec<u64> = gap.subscriptions.iter().map(|id| id.0).collect();
            let ms = |at: u64| at.wrapping_sub(crate::world::EPOCH);
            format!("gap of {ids:?} from {} to {:?}", ms(gap.since.0), gap.until.map(|until| ms(until.0)))
        }
        EventKind::Fault(fault) => format!("fault {}: {}", fault.kind.as_str(), fault.error),
        EventKind::State { from, to, .. } => format!("state {} → {}", from.as_str(), to.as_str()),
        EventKind::Closed(closed) => format!("closed, clean {}, {:?}", closed.clean, closed.cause.as_ref().map(ToString::to_string)),
        other => format!("{other:?}"),
    }
}

fn brief_output(output: &Output) -> String {
    match output {
        Output::Send { link, frame, ticket } => format!("sends {} on link {} as {}", brief_frame(frame), link.0, ticket.0),
        Output::Open { link, .. } => format!("dials link {}", link.0),
        Output::Close { link, frame: CloseFrame { code, .. }, .. } => format!("closes link {} with {code}", link.0),
        other => format!("{other:?}"),
    }
}

fn brief_frame(frame: &Frame) -> String {
    match frame {
        Frame::Text(text) => String::from_utf8_lossy(text).chars().take(240).collect(),
        other => format!("{other:?}"),
    }
}
