//! Writing commands.

use serde::Serialize;

use super::{Astro, Sent, credential_of, name_of};
use crate::command::TopicTarget;
use crate::dialect::{Class, Dispatch, Priority};
use crate::error::{Code, Error};
use crate::event::FaultKind;
use crate::id::{KeyId, LinkId};
use crate::session::Context;
use crate::session::io::Frame;

use super::rooms::Room;

#[derive(Serialize)]
struct Wire<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    nonce: &'a str,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    topic: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
}

impl Astro {
    pub(super) fn send_subscribe(&mut self, cx: &mut Context<'_>, link: LinkId, key: KeyId, target: &TopicTarget) -> Dispatch {
        let credential = credential_of(target);
        let Some(token) = cx.credential(credential) else { return Dispatch::Waiting { credential: credential.to_owned() } };
        if token.is_empty() {
            let text = "Astro subscriptions need a token: set the option `token` to the channel's JWT, an OAuth2 token or an overlay token";
            return Dispatch::Refused(Error::new(Code::Unauthorized, text));
        }
        let kind = self.token_type(credential);
        let room = match (&target.room, target.no_room) {
            (Some(room), _) => Some(room.clone()),
            (None, true) => None,
            // The meaning of a missing room is contradictory in the documentation, so one is always sent if it can be found out.
            (None, false) => match self.rooms.find(cx, credential, &token, kind, &self.options, key) {
                Room::Known(room) => Some(room),
                Room::Unknown => None,
                Room::Looking => return Dispatch::Later,
            },
        };
        let nonce = cx.nonce();
        let data = Data { topic: &target.topic, room: room.as_deref(), token: Some(token.expose()), token_type: Some(kind.as_str()) };
        self.write(cx, link, &Wire { kind: "subscribe", nonce: &nonce, data });
        let state = self.links.entry(link).or_default();
        let name = name_of(target);
        let first = state.asked.insert(key, (target.topic.clone(), name.clone())).is_none();
        let sent = Sent::Subscribe { key, topic: target.topic.clone(), name, credential: credential.to_owned(), first };
        state.sent.insert(nonce.clone(), sent);
        Dispatch::Sent { answer: nonce, class: Class::Idempotent }
    }

    /// Ends one room. The canonical name is used, since that is what the gateway knows.
    pub(super) fn send_unsubscribe(&mut self, cx: &mut Context<'_>, link: LinkId, key: KeyId, target: &TopicTarget) -> Dispatch {
        let room = self.canonical.get(&name_of(target)).cloned().or_else(|| target.room.clone());
        if let Some(state) = self.links.get_mut(&link) {
            state.asked.remove(&key);
        }
        let Some(room) = room else {
            // Without a room the command would end every room of the topic.
            let others = self.links.get(&link).is_some_and(|state| {
                state.sent.values().any(|sent| matches!(sent, Sent::Subscribe { topic, .. } if *topic == target.topic))
            }) || !self.canonical.is_empty();
            if others {
                let text = "the gateway never named this subscription's room, and ending it without one would end others; its messages are dropped here";
                cx.fault(FaultKind::Gateway, Error::new(Code::Unsupported, text));
                return Dispatch::Done;
            }
            return self.send_unsubscribe_all(cx, link, &target.topic);
        };
        self.unsubscribe_wire(cx, link, &target.topic, Some(&room), Some(name_of(target)))
    }

    /// Ends every room of a topic.
    pub(super) fn send_unsubscribe_all(&mut self, cx: &mut Context<'_>, link: LinkId, topic: &str) -> Dispatch {
        self.unsubscribe_wire(cx, link, topic, None, None)
    }

    fn unsubscribe_wire(&mut self, cx: &mut Context<'_>, link: LinkId, topic: &str, room: Option<&str>, name: Option<String>) -> Dispatch {
        let nonce = cx.nonce();
        // The token is not needed to leave, so it is not sent.
        let data = Data { topic, room, token: None, token_type: None };
        self.write(cx, link, &Wire { kind: "unsubscribe", nonce: &nonce, data });
        self.links.entry(link).or_default().sent.insert(nonce.clone(), Sent::Unsubscribe { topic: topic.to_owned(), name });
        Dispatch::Sent { answer: nonce, class: Class::Idempotent }
    }

    fn write(&self, cx: &mut Context<'_>, link: LinkId, wire: &Wire<'_>) {
        let text = serde_json::to_vec(wire).expect("a struct of strings is always JSON");
        cx.send(link, Frame::Text(text.into()), Priority::Data);
    }
}
