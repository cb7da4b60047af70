//! What clients show of themselves to a group.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::session::Session;
use super::wire::Down;
use super::{WebPubSub, WebPubSubOptions};
use crate::machine::wire::Wire;

impl WebPubSub {
    pub(super) fn set_state(
        &mut self,
        wire: &mut Wire,
        options: &WebPubSubOptions,
        id: &str,
        group: String,
        state: Option<BTreeMap<String, String>>,
    ) {
        let session = self.session(id);
        match state {
            Some(state) => session.states.insert(group.clone(), state),
            None => session.states.remove(&group),
        };
        let (hub, item) = (session.hub.clone(), item(session, &group, wire.now.wall.0));
        let watching = self.sessions.values().filter(|other| other.hub == hub && other.watched.contains(&group));
        for other in watching.map(|other| other.id.clone()).collect::<Vec<_>>() {
            self.tell(wire, options, &other, &Down::State { snapshot: false, group: group.clone(), items: json!([item]) });
        }
    }

    pub(super) fn watch_state(&mut self, wire: &mut Wire, options: &WebPubSubOptions, id: &str, group: String, on: bool) {
        let session = self.session(id);
        if !on {
            session.watched.remove(&group);
            return;
        }
        session.watched.insert(group.clone());
        let (hub, now) = (session.hub.clone(), wire.now.wall.0);
        let shown = self.sessions.values().filter(|other| other.hub == hub && other.states.contains_key(&group));
        let items: Vec<Value> = shown.map(|other| item(other, &group, now)).collect();
        self.tell(wire, options, id, &Down::State { snapshot: true, group, items: items.into() });
    }
}

fn item(session: &Session, group: &str, now: u64) -> Value {
    let mut item = json!({ "connectionId": session.id, "updatedAt": now });
    if let Some(user) = &session.user {
        item["userId"] = user.as_str().into();
    }
    if let Some(state) = session.states.get(group) {
        item["state"] = json!(state);
    }
    item
}
