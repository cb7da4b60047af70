//! Wake, then drain: bounded queues between the core and whoever listens.
//!
//! A [`Lane`] is a queue of events that one consumer owns. The [`Router`] fills lanes, by their [`Filter`]s; a [`Poller`] tells a consumer
//! which lanes have something. No callback ever runs on the core's threads save the [`Wake`], which only says "come and look".
//!
//! # Readiness
//!
//! 1. [`Lane::poll`] gives events and says whether there are more.
//! 2. A lane is listed at its poller on empty → non-empty, and leaves the list only when a poll under the lane's lock finds it empty; a
//!    consumer that stops at *more* comes back by itself.
//! 3. The poller clears *armed*, then takes the list.
//! 4. A producer pushes, lists, then sets *armed*, and wakes only on false → true, never under a lock.
//! 5. Closing a listed lane is a no-op entry.
//!
//! `loom` checks these sentences over every interleaving of the model in `tests/loom.rs`.
//!
//! # What is in a lane
//!
//! Every lane is a consistent story by itself. `State`, `Opened`, `Subscribed`, `Unsubscribed`, `Ended`, `Gap`, `Fault` and `Lagged` stand
//! among the messages in stream order. Only messages are ever dropped, by the lane's [`Overflow`] policy, and `Lagged` stands where they
//! were. `Closed` is the last event, once, also in a full lane. Sequence numbers order events across lanes; within a lane they have holes.
//!
//! ```
//! use std::sync::Arc;
//! use topicwire::event::{Event, EventKind};
//! use topicwire::id::Seq;
//! use topicwire::lane::{LaneOptions, Poller, Router};
//!
//! let poller = Poller::new_waiting();
//! let mut router = Router::new(Arc::new(|| {}));
//! let lane = router.open(&poller, LaneOptions::default())?;
//!
//! router.route(Event { seq: Seq(1), kind: EventKind::Ping("are you there?".into()) });
//! router.flush();
//!
//! assert!(poller.wait(None)?);
//! let mut events = Vec::new();
//! for lane in poller.ready(16).lanes {
//!     while lane.poll(256, &mut events) {}
//! }
//! assert!(matches!(events[0].kind, EventKind::Ping(_)));
//! # Ok::<(), topicwire::error::Error>(())
//! ```

mod cell;
mod chunk;
mod coalesce;
mod filter;
mod index;
mod interest;
mod kinds;
#[allow(clippy::module_inception)] // the type is called Lane, and its file is named after it
mod lane;
mod options;
mod poller;
mod queue;
mod router;
mod sync;

pub use filter::Filter;
pub use interest::Interest;
pub use kinds::{Kind, KindSet};
pub use lane::{Lane, LaneStats};
pub use options::{LaneOptions, Overflow, Role};
#[cfg(feature = "net")]
pub(crate) use options::{TURN_BYTES, TURN_EVENTS};
pub use poller::{Poller, Ready, Wake};
pub use router::{Attention, Router, Signals};

#[cfg(all(test, loom))]
#[path = "tests/loom.rs"]
mod loom;
#[cfg(all(test, not(loom)))]
mod tests;
