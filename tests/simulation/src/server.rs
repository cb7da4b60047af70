//! The gateway's side: what its driver does.

use std::time::Duration;

use topicwire::event::CloseFrame;
use topicwire::id::LinkId;
use topicwire::session::io::{DialFailure, DialPhase, Frame, HttpResponse};
use topicwire_gateway::machine::{ConnId, Cut, Frame as GatewayFrame, Input, Output, Refusal};

use crate::network::{Down, Up};
use crate::world::{Happening, World};

impl World {
    /// Moves what the gateway has to say onto the network. True if there was nothing.
    pub(crate) fn settle_gateway(&mut self) -> bool {
        let mut quiet = true;
        while let Some(output) = self.gateway.poll_output() {
            quiet = false;
            match output {
                Output::Accept { conn, subprotocol } => self.send_down(link(conn), Down::Opened(subprotocol)),
                Output::Refuse { conn, refusal } => self.refuse(link(conn), refusal),
                Output::Send { conn, frame } => self.send_frame(link(conn), frame),
                Output::Close { conn, code, reason } => {
                    let now = self.now.mono;
                    if let Some(socket) = self.sockets.get_mut(&link(conn))
                        && socket.announced
                    {
                        socket.left_since.get_or_insert(now);
                    }
                    self.send_down(link(conn), Down::Close(CloseFrame { code: code.unwrap_or(1005), reason }));
                }
                Output::Drop { conn, how } => self.drop_conn(link(conn), how),
                Output::Read { .. } => {}
            }
        }
        quiet
    }

    fn refuse(&mut self, link: LinkId, refusal: Refusal) {
        if let Some(socket) = self.sockets.get_mut(&link) {
            socket.dropped = true;
        }
        match refusal {
            Refusal::Hang => {}
            Refusal::Reset => {
                self.send_down(link, Down::Failed(DialFailure { phase: DialPhase::Tcp, http: None, error: "reset".to_owned() }))
            }
            Refusal::Status { status, headers, .. } => {
                let mut map = http::HeaderMap::new();
                for (name, value) in &headers {
                    if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), http::HeaderValue::try_from(value)) {
                        map.insert(name, value);
                    }
                }
                let http = HttpResponse { status, headers: map, ..HttpResponse::default() };
                let failure = DialFailure { phase: DialPhase::Upgrade, http: Some(http), error: format!("HTTP {status}") };
                self.send_down(link, Down::Failed(failure));
            }
        }
    }

    fn send_frame(&mut self, link: LinkId, frame: GatewayFrame) {
        let frame = match frame {
            GatewayFrame::Text(text) => {
                self.check_throttle(&text);
                self.note_refused_end(&text);
                if find(&text, br#""type":"reconnect""#)
                    && let Some(socket) = self.sockets.get_mut(&link)
                {
                    socket.announced = true;
                }
                Frame::Text(text)
            }
            GatewayFrame::Binary(data) => Frame::Binary(data),
            GatewayFrame::Ping(data) => Frame::Ping(data),
            GatewayFrame::Pong(data) => Frame::Pong(data),
            GatewayFrame::Fragments { parts, .. } => Frame::Text(parts.concat().into()),
            GatewayFrame::Raw(_) => return self.send_down(link, Down::End("bytes outside of all framing".to_owned())),
        };
        self.send_down(link, Down::Frame(frame));
    }

    /// A fault refuses the end of a subscription: the gateway keeps what nobody wants, and no client can help it.
    fn note_refused_end(&mut self, text: &[u8]) {
        let answer = serde_json::from_slice::<serde_json::Value>(text).unwrap_or_default();
        if answer["type"] != "response" {
            return;
        }
        let asked = match answer["nonce"].as_str() {
            Some(nonce) => self.ends_asked.remove(nonce).into_iter().collect(),
            // It may be for any.
            None => self.ends_asked.values().cloned().collect::<Vec<_>>(),
        };
        if !find(text, b"a fault asked for this error") || find(text, b"err_internal_error") || find(text, b"err_deadline_exceeded") {
            return;
        }
        self.ends_refused.extend(asked);
    }

    /// Whoever paces commands is never throttled, save on purpose.
    fn check_throttle(&mut self, text: &[u8]) {
        let paced = match &self.plan.options {
            topicwire::options::Options::Astro(options) => self.plan.jitter < 5 && (options.command_burst == 1 || !self.plan.strict),
            _ => false,
        };
        let spiked = self.plan.troubles.contains(&crate::plan::Trouble::Spike);
        if paced && !spiked && find(text, b"rate limit exceeded") {
            self.oracle.blame(|| "the gateway throttles a client that paces its commands".to_owned());
        }
    }

    /// Something leaves the gateway.
    pub(crate) fn send_down(&mut self, link: LinkId, what: Down) {
        let (now, jitter) = (self.now.mono, self.plan.jitter);
        let Some(socket) = self.sockets.get_mut(&link) else { return };
        let takes = socket.takes(now, jitter, &mut self.dice);
        if let Some((at, number)) = socket.down.send(now, takes) {
            self.oracle.slowest = self.oracle.slowest.max(at - now);
            self.at(at, Happening::Down { link, number, what });
        }
    }

    fn drop_conn(&mut self, link: LinkId, how: Cut) {
        let now = self.now.mono;
        let Some(socket) = self.sockets.get_mut(&link) else { return };
        socket.dropped = true;
        match how {
            Cut::Fin => self.send_down(link, Down::End("the peer hung up".to_owned())),
            Cut::Reset => {
                let under_way = socket.down.sent() - socket.down_arrived;
                let kept = self.dice.between(0, under_way);
                self.cut_down(link, kept);
            }
            Cut::Silent => socket.silence(now, 0),
        }
        self.sweep(link);
    }

    /// Only a prefix of what is under way reaches the client, and then the end.
    pub(crate) fn cut_down(&mut self, link: LinkId, kept: u64) {
        let now = self.now.mono;
        let Some(socket) = self.sockets.get_mut(&link) else { return };
        socket.silence(now, kept);
        let at = socket.down.last().max(self.now.mono);
        self.at(at, Happening::Down { link, number: 0, what: Down::End("reset".to_owned()) });
    }

    /// Something reaches the gateway.
    pub(crate) fn arrive_up(&mut self, link: LinkId, number: u64, what: Up) {
        let Some(socket) = self.sockets.get_mut(&link) else { return };
        if !socket.up.arrives(number) {
            return;
        }
        socket.up_arrived = socket.up_arrived.max(number);
        let conn = socket.conn;
        let input = match what {
            Up::Upgrade(request) => Input::Upgrade { conn, request },
            Up::Frame(Frame::Text(text)) => Input::Text { conn, text },
            Up::Frame(Frame::Binary(data)) => Input::Binary { conn, data },
            Up::Frame(Frame::Ping(data)) => Input::Ping { conn, data },
            Up::Frame(Frame::Pong(data)) => Input::Pong { conn, data },
            Up::Frame(other) => return self.oracle.blame(|| format!("a frame that these dialects do not send: {other:?}")),
            Up::Close(frame) => Input::Close { conn, code: (frame.code != 1005).then_some(frame.code), reason: frame.reason },
            Up::Lost => {
                socket.dropped = true;
                Input::Lost { conn }
            }
        };
        self.gateway.handle(self.now, input);
        self.settle_gateway();
        self.sweep(link);
    }

    /// The gateway loses a connection after a while.
    pub(crate) fn lose_conn(&mut self, link: LinkId, after: Duration) {
        let Some(socket) = self.sockets.get(&link) else { return };
        if !socket.dropped {
            // It is no frame: it comes whatever was cut.
            self.after(after, Happening::Up { link, number: 0, what: Up::Lost });
        }
    }
}

fn link(conn: ConnId) -> LinkId {
    LinkId(conn.0)
}

fn find(text: &[u8], what: &[u8]) -> bool {
    text.windows(what.len()).any(|window| window == what)
}
