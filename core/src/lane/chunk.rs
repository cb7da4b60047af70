//! Small frames are copied, so that they do not keep the socket's read buffer alive.

use bytes::{Bytes, BytesMut};

/// A frame of up to this many bytes is copied: a quarter of the driver's smallest read buffer.
const COPIED: usize = 2 << 10;
/// What a frame that is kept may pin: the driver's smallest read buffer.
const PINNED: usize = 8 << 10;
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
    /// The frame in a form that may be kept: a copy if it is small, itself if it is not.
    pub(super) fn keep(&mut self, frame: Bytes) -> Bytes {
        if frame.len() > COPIED || frame.is_empty() {
            return frame;
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

/// The bytes that a kept frame is counted for. A large one may be the last to hold its read buffer.
pub(super) fn cost(frame: &Bytes) -> usize {
    if frame.len() <= COPIED { frame.len() } else { frame.len().max(PINNED) }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn small_frames_are_copied_and_large_ones_kept() {
        let mut chunk = Chunk::default();
        let small = Bytes::from(vec![1; COPIED]);
        let large = Bytes::from(vec![2; COPIED + 1]);
        let copied = chunk.keep(small.clone());
        assert_eq!(copied, small);
        assert_ne!(copied.as_ptr(), small.as_ptr());
        assert_eq!(chunk.keep(large.clone()).as_ptr(), large.as_ptr());
        assert_eq!((cost(&small), cost(&large)), (COPIED, PINNED));
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
