//! Planned handover: `reconnect` with a token, and the connection that comes back with it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::options::{AstroOptions, Handover, Profile, ResumeSet};
use super::{Astro, Subscriptions, to_json};
use crate::machine::clock::rfc3339;
use crate::machine::fault::ReconnectToken;
use crate::machine::io::ConnId;
use crate::machine::timers::Timer;
use crate::machine::wire::Wire;

/// What a resume token stands for.
#[derive(Clone)]
pub(super) struct Resume {
    from: ConnId,
    set: Subscriptions,
    expires: Duration,
}

/// The resume tokens that are out. Each is good once.
#[derive(Default)]
pub(super) struct Resumes(BTreeMap<String, Resume>);

impl Resumes {
    pub(super) fn is_good(&self, token: &str, now: Duration) -> bool {
        self.0.get(token).is_some_and(|resume| resume.expires > now)
    }

    pub(super) fn take(&mut self, token: &str, now: Duration) -> Option<Resume> {
        self.0.remove(token).filter(|resume| resume.expires > now)
    }

    fn issue(&mut self, token: &str, resume: Resume, now: Duration) {
        self.0.retain(|_, resume| resume.expires > now);
        self.0.insert(token.to_owned(), resume);
    }

    /// The connection is gone: this is the last that its tokens can stand for.
    pub(super) fn keep_last_set(&mut self, conn: ConnId, set: Subscriptions, which: ResumeSet) {
        if which == ResumeSet::Live {
            for resume in self.0.values_mut().filter(|resume| resume.from == conn) {
                resume.set.clone_from(&set);
            }
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = String> + '_ {
        self.0.keys().cloned()
    }
}

#[derive(Serialize)]
struct ReconnectFrame<'a> {
    id: String,
    ts: String,
    r#type: &'a str,
    data: ReconnectData<'a>,
}

#[derive(Serialize)]
struct ReconnectData<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reconnect_token: Option<&'a str>,
}

impl Astro {
    /// Tells a client to go elsewhere, and closes its connection after `grace`.
    pub(crate) fn reconnect(&mut self, wire: &mut Wire, options: &AstroOptions, conn: ConnId, token: ReconnectToken, grace: Duration) {
        let Some(state) = self.conns.get(&conn) else {
            return;
        };
        if options.profile == Profile::Current {
            let resume =
                Resume { from: conn, set: state.subscriptions.clone(), expires: wire.now.after(Duration::from_millis(options.resume_ms)) };
            let name = wire.ids.token("rt.");
            if token == ReconnectToken::Valid {
                self.resumes.issue(&name, resume, wire.now.mono);
            }
            let frame = ReconnectFrame {
                id: wire.ids.ulid(wire.now.wall),
                ts: rfc3339(wire.now.wall),
                r#type: "reconnect",
                data: ReconnectData {
                    message: "this node is going away",
                    // An expired token and one that was never issued are the same to a gateway that has
                    // forgotten it.
                    reconnect_token: (token != ReconnectToken::Missing).then_some(&name),
                },
            };
            wire.send_text(conn, to_json(&frame));
        }
        if options.handover == Handover::Lose {
            self.set_delivering(conn, false);
        }
        wire.after(grace, Timer::GraceOver(conn));
    }

    /// A resumed connection has its `welcome`: the subscriptions become its own.
    pub(super) fn take_over(&mut self, options: &AstroOptions, conn: ConnId, resume: Resume) {
        let old = resume.from;
        let set = match (options.resume_set, self.conns.get(&old)) {
            (ResumeSet::Live, Some(state)) => state.subscriptions.clone(),
            _ => resume.set,
        };
        match options.handover {
            Handover::Move | Handover::Lose => {
                self.set_delivering(old, false);
            }
            Handover::Both => {}
            Handover::Old => {
                if let Some(state) = self.conns.get_mut(&old) {
                    state.successor = Some(conn);
                    self.set_delivering(conn, false);
                }
            }
        }
        let delivering = self.conns.get(&conn).is_some_and(|state| state.delivering);
        for (pair, subscription) in set {
            self.add(conn, pair, subscription, delivering);
        }
    }
}
