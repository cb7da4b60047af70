//! The table of credentials.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use topicwire::time::UnixMillis;

use crate::machine::hidden::Hidden;

fn everything() -> Vec<String> {
    vec!["*".to_owned()]
}

/// A credential that the gateway knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenEntry {
    /// The token itself.
    pub token: Hidden,
    /// The channel that it belongs to: the only room that it opens, unless `any_room` is set.
    pub channel: String,
    /// Its scopes; `*` is all of them, and the default.
    #[serde(default = "everything")]
    pub scopes: Vec<String>,
    /// The `token_type` that it must come with; any if none is given.
    #[serde(default, rename = "type")]
    pub token_type: Option<String>,
    /// When it expires, milliseconds since the Unix epoch; never if none is given.
    #[serde(default)]
    pub expires_at_ms: Option<u64>,
    /// It opens every room.
    #[serde(default)]
    pub any_room: bool,
}

struct Known {
    entry: TokenEntry,
    expired: bool,
}

#[derive(Default)]
pub(crate) struct TokenTable(BTreeMap<Hidden, Known>);

impl TokenTable {
    pub(super) fn insert(&mut self, entry: TokenEntry) {
        let known = Known { entry, expired: false };
        self.0.insert(known.entry.token.clone(), known);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entry of a token that has not expired.
    pub(super) fn valid(&self, token: &str, wall: UnixMillis) -> Option<&TokenEntry> {
        let known = self.0.get(&Hidden::from(token))?;
        let over = known.entry.expires_at_ms.is_some_and(|at| at <= wall.0);
        (!known.expired && !over).then_some(&known.entry)
    }

    pub(super) fn expire(&mut self, token: &Hidden) {
        if let Some(known) = self.0.get_mut(token) {
            known.expired = true;
        }
    }

    /// The tokens that expired since this was asked last.
    pub(super) fn newly_expired(&mut self, wall: UnixMillis) -> Vec<Hidden> {
        let mut over = Vec::new();
        for known in self.0.values_mut() {
            if !known.expired && known.entry.expires_at_ms.is_some_and(|at| at <= wall.0) {
                known.expired = true;
                over.push(known.entry.token.clone());
            }
        }
        over
    }

    pub(super) fn all(&self) -> impl Iterator<Item = String> + '_ {
        self.0.keys().map(|token| token.0.clone())
    }
}
