//! The consumer's end of a lane.

use napi::bindgen_prelude::Uint8ArraySlice;
use napi_derive::napi;
use topicwire::batch::Encoder;

/// A bounded queue of events that one consumer owns. It is closed when it is collected.
#[napi]
pub struct NativeLane {
    pub(crate) inner: topicwire::lane::Lane,
    pub(crate) encoder: Encoder,
}

/// What a lane holds, and what it has lost.
#[napi(object)]
pub struct NativeLaneStats {
    /// Events that wait in it.
    pub events: f64,
    /// Bytes that its messages are counted for.
    pub bytes: f64,
    /// Messages that were ever dropped for want of room.
    pub dropped: f64,
}

#[napi]
#[allow(clippy::cast_precision_loss, reason = "no count of a program reaches 2^53")]
impl NativeLane {
    /// Its number within its client.
    #[napi(getter)]
    #[must_use]
    pub fn id(&self) -> f64 {
        self.inner.id().0 as f64
    }

    /// Its number within the process, as `NativePoller.ready` says it.
    #[napi(getter)]
    #[must_use]
    pub fn token(&self) -> f64 {
        self.inner.token() as f64
    }

    /// Moves up to `max` events into `buffer` as one batch, and returns the bytes that were used. A negative number is the room that the next
    /// event alone needs; then nothing was taken.
    #[napi]
    pub fn poll_into(&mut self, mut buffer: Uint8ArraySlice<'_>, max: u32) -> f64 {
        // SAFETY: the array is JavaScript's, and JavaScript waits for this call to return; nobody else has it.
        #[allow(unsafe_code, reason = "a batch is written into JavaScript's own array")]
        let room = unsafe { buffer.as_mut() };
        let polled = self.encoder.poll_into(&self.inner, max as usize, room);
        match polled.needed {
            Some(needed) if polled.used == 0 => -(needed as f64),
            _ => polled.used as f64,
        }
    }

    /// Counters.
    #[napi]
    #[must_use]
    pub fn stats(&self) -> NativeLaneStats {
        let stats = self.inner.stats();
        NativeLaneStats { events: stats.events as f64, bytes: stats.bytes as f64, dropped: stats.dropped as f64 }
    }
}
