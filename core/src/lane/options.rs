//! What a lane is opened with.

use serde::{Deserialize, Serialize};

use super::filter::Filter;
use crate::error::Error;
use crate::id::SubscriptionId;

/// What a lane is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Role {
    /// Messages, and everything that happens to them, in stream order.
    #[default]
    Data,
    /// The replies of requests made from one loop or thread, and `Writable`.
    Reply,
    /// `Need`, `NeedCancelled` and `Writable`; and, as far as the filter's kinds allow, `State`, `Opened` and `Fault`.
    Service,
}

/// What happens to a message that does not fit. Only messages are ever dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Overflow {
    /// The oldest messages make room. `Lagged` stands where they were.
    #[default]
    DropOldest,
    /// The new message is dropped. `Lagged` stands where it would have been.
    DropNewest,
    /// The lane ends with `overflow`, after what is already in it.
    Close,
    /// The socket is not read until there is room. Four times the limits is the end: then the lane closes with `overflow`.
    Block,
}

/// What a lane is opened with. In JSON every member may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LaneOptions {
    /// What the lane is for.
    pub role: Role,
    /// What it wants.
    pub filter: Filter,
    /// What happens to a message that does not fit.
    pub overflow: Overflow,
    /// How many messages fit. Other events have room of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<u32>,
    /// How many bytes of messages fit. One message always fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// With `block`: drop the oldest messages instead, until somebody polls the lane for the first time. For a lane that opens with its
    /// client and that perhaps nobody will ever read.
    pub lazy: bool,
    /// Subscriptions that end when the lane is closed.
    pub owns: Vec<SubscriptionId>,
    /// A number of the caller's choice; see [`Lane::token`](super::Lane::token).
    pub token: u64,
}

impl Default for LaneOptions {
    fn default() -> Self {
        Self {
            role: Role::Data,
            filter: Filter::all(),
            overflow: Overflow::DropOldest,
            events: None,
            bytes: None,
            lazy: false,
            owns: Vec::new(),
            token: 0,
        }
    }
}

impl LaneOptions {
    /// A lane that wants what a filter wants.
    #[must_use]
    pub fn filtered(filter: Filter) -> Self {
        Self { filter, ..Self::default() }
    }

    /// Replies of requests.
    #[must_use]
    pub fn reply() -> Self {
        Self { role: Role::Reply, ..Self::default() }
    }

    /// Needs of the core.
    #[must_use]
    pub fn service() -> Self {
        Self { role: Role::Service, ..Self::default() }
    }

    /// Reads options from JSON: `{"filter": {"topics": ["channel.tips"]}, "overflow": "block"}`.
    ///
    /// # Errors
    /// `invalid_option`, naming what was expected, never the value.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        let options: Self = serde_json::from_slice(json).map_err(|error| crate::options::json_error(&error))?;
        options.validate()?;
        Ok(options)
    }

    /// Checks the options.
    ///
    /// # Errors
    /// `invalid_option` for the first that cannot work.
    pub fn validate(&self) -> Result<(), Error> {
        if self.events == Some(0) {
            return Err(Error::option("events", "at least 1"));
        }
        if self.bytes == Some(0) {
            return Err(Error::option("bytes", "at least 1"));
        }
        if self.lazy && self.overflow != Overflow::Block {
            return Err(Error::option("lazy", "`overflow` to be `block`"));
        }
        Ok(())
    }

    pub(super) fn limits(&self) -> Limits {
        // A lane that blocks keeps little: what it does not take waits in the socket. The others must bridge a pause of their consumer.
        let (events, bytes) = if self.overflow == Overflow::Block { (4096, 256 << 10) } else { (65_536, 16 << 20) };
        Limits {
            events: self.events.unwrap_or(events) as usize,
            bytes: self.bytes.map_or(bytes, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX)),
        }
    }
}

/// How much fits into a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// Messages.
    pub(super) events: usize,
    /// Bytes of messages.
    pub(super) bytes: usize,
}

/// What a driver takes from a socket at most before it hands it over and hears that it should pause; the last frame of it may be any size.
pub(crate) const TURN_EVENTS: usize = 256;
/// The same, in bytes.
pub(crate) const TURN_BYTES: usize = 128 << 10;
