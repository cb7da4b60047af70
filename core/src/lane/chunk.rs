//! Frames are copied, so that they do not keep the socket's read buffer alive.

use bytes::{Bytes, BytesMut};

/// A frame of up to this many bytes is copied into a chunk, together with others.
const SMALL: usize = 2 << 10;
/// A frame of up to this many bytes gets a copy of its own: it may share the driver's largest read buffer with others. A larger one has a
/// buffer to itself.
const COPIED: usize = 64 << 10;
/// The size of the first chunk. Chunks grow with use, so that ten thousand quiet lanes cost little.
const FIRST: usize = 1 << 10;
/// The size at which chunks stop growing.
const LARGEST: usize = 32 << 10;

/// A lane's store of small frames.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    free: BytesMut,
    size: usize,
}

impl Chunk {
    /// The frame in a form that may be kept: a copy, or itself if it is large.
    #[inline]
    pub(super) fn keep(&mut self, frame: Bytes) -> Bytes {
        if frame.len() > SMALL {
            return if frame.len() > COPIED { frame } else { Bytes::copy_from_slice(&frame) };
        }
        if self.free.capacity() < frame.len() {
            self.renew(frame.len());
        }
        self.free.extend_from_slice(&frame);
        self.free.split().freeze()
    }

    /// Takes the old chunk back if every frame in it is gone, which keeps a busy lane in the cache, or makes a new one.
    #[cold]
    fn renew(&mut self, least: usize) {
        if self.size == LARGEST && self.free.try_reclaim(LARGEST) {
            return;
        }
        self.size = (self.size * 2).clamp(FIRST.max(least.next_power_of_two()), LARGEST);
        self.free = BytesMut::with_capacity(self.size);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn frames_that_share_a_read_buffer_are_copied_and_larger_ones_kept() {
        let mut chunk = Chunk::default();
        for size in [1, SMALL, SMALL + 1, COPIED] {
            let frame = Bytes::from(vec![1; size]);
            let copied = chunk.keep(frame.clone());
            assert_eq!(copied, frame);
            assert_ne!(copied.as_ptr(), frame.as_ptr());
        }
        let large = Bytes::from(vec![2; COPIED + 1]);
        assert_eq!(chunk.keep(large.clone()).as_ptr(), large.as_ptr());
    }

    #[test]
    fn frames_of_one_chunk_stay_apart_when_chunks_are_reused() {
        let mut chunk = Chunk::default();
        let mut kept = Vec::new();
        for round in 0..2000_u32 {
            let frame = Bytes::from(round.to_le_bytes().repeat(50));
            kept.push((frame.clone(), chunk.keep(frame)));
            if round % 700 == 0 {
                kept.clear();
            }
        }
        assert!(kept.iter().all(|(frame, copy)| frame == copy));
    }
}
