//! Events as one flat run of bytes, for languages that would pay for every object that crosses over.
//!
//! A batch is a header, one record of 64 bytes an event, a string table for topics and rooms, and then bytes. Everything is
//! little-endian. It is written into a buffer of the caller's and read in place. `docs/batch.md` describes it field by field;
//! `tests/batch/` has examples for whoever writes a decoder; [`Batch`] is the decoder of reference.
//!
//! ```
//! use std::sync::Arc;
//! use topicwire::batch::{Batch, Decoded, Encoder};
//! use topicwire::event::{Event, EventKind};
//! use topicwire::id::Seq;
//! use topicwire::lane::{LaneOptions, Poller, Router};
//!
//! let poller = Poller::new_waiting();
//! let mut router = Router::new(Arc::new(|| {}));
//! let lane = router.open(&poller, LaneOptions::default())?;
//! router.route(Event { seq: Seq(7), kind: EventKind::Ping("hello".into()) });
//! router.flush();
//!
//! let mut buffer = vec![0; 32 << 10];
//! let polled = Encoder::new().poll_into(&lane, 256, &mut buffer);
//! let batch = Batch::parse(&buffer[..polled.used])?;
//! let first = batch.events().next().expect("there is one")?;
//! assert!(matches!(first, Decoded::Event(Event { seq: Seq(7), .. })));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod body;
mod decode;
mod encode;
mod layout;
mod names;
mod plan;

pub use decode::{Batch, Decoded, Malformed};
pub use encode::{Encoder, Polled, poll_into};
pub use layout::{HEADER, MAGIC, MAX_BYTES, MAX_EVENTS, RECORD, STRING, VERSION};

#[cfg(all(test, not(loom)))]
mod tests;
