//! Understanding answers: which command they are for, and what they mean.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::frame::Response;
use super::{Astro, Sent, frame, identity, is_channel_id};
use crate::dialect::Answer;
use crate::error::{Code, Error};
use crate::event::FaultKind;
use crate::id::{KeyId, LinkId};
use crate::session::Context;

/// How often a room is left and asked for again, on one connection, to hear which one it is.
const ROUNDS: u32 = 3;

impl Astro {
    pub(super) fn response_frame(&mut self, cx: &mut Context<'_>, link: LinkId, bytes: &Bytes) {
        let response = frame::response(bytes);
        let limited = response.error.as_deref() == Some("rate_limit_exceeded");
        // Answers without a nonce (rate limits; what could not be parsed) mean the only command in flight, if there is just one.
        let nonce = match response.nonce.clone() {
            Some(nonce) => nonce,
            None if limited => return self.limited(cx, link, None, &response),
            None => match cx.sole_in_flight(link) {
                Some(nonce) => nonce,
                None => return unattributed(cx, &response),
            },
        };
        if limited {
            return self.limited(cx, link, Some(nonce), &response);
        }
        let sent = self.links.get_mut(&link).and_then(|state| state.sent.remove(&nonce));
        if !cx.is_in_flight(link, &nonce) {
            // It was given up, and asked for again under another nonce. What it says of names holds all the same.
            if response.error.is_none() {
                self.accepted(sent, &response);
            }
            if !cx.is_superseded(link) {
                unsolicited(cx, &response);
            }
            return;
        }
        // A link that took over has what its predecessors asked for.
        let alone = !cx.is_resume(link);
        let answer = self.judge(link, sent, &response, alone);
        cx.answer(link, &nonce, answer);
    }

    /// A rejected command had no effect: it goes back into the queue, and all of them pause.
    fn limited(&mut self, cx: &mut Context<'_>, link: LinkId, nonce: Option<String>, response: &Response) {
        let error = Error::new(Code::RateLimited, "the gateway throttles commands; they pause and go on by themselves")
            .from_gateway(response.error.clone(), response.message.clone());
        if let Some(nonce) = nonce {
            if let Some(state) = self.links.get_mut(&link) {
                state.sent.remove(&nonce);
            }
            cx.answer(link, &nonce, Answer::Retry(error.clone()));
        }
        cx.throttled(link, None, error);
    }

    fn judge(&mut self, link: LinkId, sent: Option<Sent>, response: &Response, alone: bool) -> Answer {
        let Some(code) = response.error.as_deref() else { return self.accepted(sent, response) };
        let error = |kind: Code, text: &'static str| Error::new(kind, text).from_gateway(Some(code), response.message.clone());
        if matches!(sent, Some(Sent::Unsubscribe { .. }))
            && let Some(state) = self.links.get_mut(&link)
        {
            state.refused_ends = true;
        }
        match (code, sent) {
            ("err_bad_request" | "invalid_message", Some(Sent::Unsubscribe { .. })) => {
                Answer::Done { result: response.data.clone(), canonical: None }
            }
            ("err_bad_request", Some(Sent::Subscribe { key, topic, name, first, .. })) if is_duplicate(response) => {
                self.duplicate(link, key, &topic, &name, first && alone, response)
            }
            ("err_unauthorized", sent) => {
                let error = error(Code::Unauthorized, "the gateway did not accept the credential for this topic and room");
                match sent {
                    Some(Sent::Subscribe { credential, .. }) => Answer::Unauthorized { credential, error },
                    _ => Answer::Failed(error),
                }
            }
            ("err_internal_error" | "err_deadline_exceeded", _) => {
                Answer::Retry(error(Code::GatewayError, "the gateway failed; the command is tried again"))
            }
            _ => Answer::Failed(error(Code::Refused, "the gateway refused the command")),
        }
    }

    fn accepted(&mut self, sent: Option<Sent>, response: &Response) -> Answer {
        let canonical = match (sent, &response.room) {
            (Some(Sent::Subscribe { topic, name, .. } | Sent::Unsubscribe { topic, name: Some(name) }), Some(room)) => {
                self.canonical.insert(name, room.clone());
                // Only the room may have another name: what was asked of one topic must not become part of another.
                Some(identity(&topic, room))
            }
            _ => None,
        };
        Answer::Done { result: response.data.clone(), canonical }
    }

    /// "Already subscribed" names no room, and says not whether an earlier attempt of ours was meant or another name of the room. A name
    /// that the gateway has explained before, or that is a channel id, needs no explanation. A first attempt means the topic's only other
    /// room, if everything was asked for on this link, nothing was refused to end, and it is known which rooms those are. What is left is
    /// cleared up by leaving the room and asking again, which makes the gateway name it.
    fn duplicate(&mut self, link: LinkId, key: KeyId, topic: &str, name: &str, first: bool, response: &Response) -> Answer {
        let done = |room: Option<&str>| Answer::Done { result: response.data.clone(), canonical: room.map(|room| identity(topic, room)) };
        if let Some(room) = self.canonical.get(name) {
            return done(Some(room));
        }
        if is_channel_id(name) {
            return done(None);
        }
        let Some(state) = self.links.get_mut(&link) else { return done(None) };
        let others = state.asked.iter().filter(|(other, (of, _))| **other != key && of == topic);
        // An answer that never came leaves its room unexplained, and yet the gateway may have it.
        let room_of = |name: &'_ String| self.canonical.get(name).cloned().or_else(|| is_channel_id(name).then(|| name.clone()));
        let rooms: Option<BTreeSet<String>> = others.map(|(_, (_, name))| room_of(name)).collect();
        let only = rooms.filter(|rooms| rooms.len() == 1).and_then(|rooms| rooms.into_iter().next());
        match only {
            Some(room) if first && !state.refused_ends => done(Some(&room)),
            _ if name.starts_with(['\u{1}', '\u{2}']) => done(None),
            _ => {
                let rounds = state.named.entry(key).or_default();
                *rounds += 1;
                // Where ending it is refused it comes out no wiser: a few times, since each of them interrupts whoever has the room.
                if *rounds <= ROUNDS { Answer::Again } else { done(None) }
            }
        }
    }
}

/// The documented code covers much; only the text tells a duplicate.
fn is_duplicate(response: &Response) -> bool {
    response.message.as_deref().is_some_and(|text| text.to_ascii_lowercase().contains("already subscribed"))
}

fn unsolicited(cx: &mut Context<'_>, response: &Response) {
    let text = "an answer arrived to a command that nothing waits for; it was ignored";
    let error = Error::new(Code::ProtocolError, text).from_gateway(response.error.clone(), response.message.clone());
    cx.fault(FaultKind::Unsolicited, error);
}

fn unattributed(cx: &mut Context<'_>, response: &Response) {
    let text = "an answer arrived without a nonce, and it cannot be told which command it answers";
    let error = Error::new(Code::GatewayError, text).from_gateway(response.error.clone(), response.message.clone());
    cx.fault(FaultKind::Gateway, error);
}
