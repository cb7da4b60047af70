//! A secret of the gateway's configuration.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A token. `Debug` shows `***`; serialising it gives the token itself, since that is how it is configured.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hidden(pub String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl From<&str> for Hidden {
    fn from(secret: &str) -> Self {
        Self(secret.to_owned())
    }
}
