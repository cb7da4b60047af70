//! Takes whole frames out of what was read, before the codec sees them.
//!
//! Nearly everything that a gateway sends is a data frame of its own: final, not masked, within the limit. Such a frame is a slice of the
//! read buffer and costs no more than its header. All others (control frames, fragments, and whatever breaks RFC 6455 or the limit) go to
//! the codec byte for byte, each up to its end, so that there is one judge of them and one place that answers pings and closes.

use std::future::Future as _;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};

use crate::session::io::Frame;

/// What is read at once from a socket that was dry.
const SMALL: usize = 8 << 10;
/// What is read at once from a busy one. Asking the system costs more than the room, which is given back when the socket runs dry.
const LARGE: usize = 64 << 10;
/// The codec may take whatever comes.
const ALL: u64 = u64::MAX;

/// What comes next on a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A whole data frame.
    Whole(Frame),
    /// Something for the codec, which may read now.
    Codec,
    /// Nothing whole has been read, and reading was not asked for.
    Dry,
}

/// Stands between a transport and the codec.
#[derive(Debug)]
pub(super) struct Gate {
    buffer: BytesMut,
    /// How many bytes the codec may take before the gate looks again.
    granted: u64,
    /// The last read was filled to the brim: more is waiting.
    busy: bool,
    /// The first fragment of a message came and the last has not.
    fragmented: bool,
    /// The largest frame that is no error.
    limit: u64,
    /// How the stream ended, for the codec.
    end: Option<io::Result<()>>,
}

/// The header of a frame. RFC 6455 §5.2.
struct Head {
    first: u8,
    masked: bool,
    /// The header's own size.
    size: usize,
    len: u64,
}

const FIN: u8 = 0x80;
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
/// Headers are no longer than this.
const LONGEST_HEAD: usize = 14;

impl Head {
    /// `None` until it is there.
    #[inline]
    fn of(bytes: &[u8]) -> Option<Self> {
        let [first, second, ..] = *bytes else { return None };
        let (size, len) = match second & 0x7f {
            126 => (4, u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?).into()),
            127 => (10, u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?)),
            len => (2, len.into()),
        };
        Some(Self { first, masked: second & 0x80 != 0, size, len })
    }

    fn opcode(&self) -> u8 {
        self.first & 0x0f
    }

    /// How long the frame is, its header included.
    fn whole(&self) -> u64 {
        let mask = if self.masked { 4 } else { 0 };
        self.len.saturating_add(self.size as u64 + mask)
    }
}

/// Nearly all text is ASCII, which is seen at a glance.
#[inline]
fn is_utf8(bytes: &[u8]) -> bool {
    bytes.is_ascii() || std::str::from_utf8(bytes).is_ok()
}

impl Gate {
    /// A gate that stands open: whoever reads gets what comes.
    pub(super) fn open() -> Self {
        Self { buffer: BytesMut::new(), granted: ALL, busy: false, fragmented: false, limit: 0, end: None }
    }

    /// Frames follow, and these bytes are the first of them.
    pub(super) fn shut(&mut self, early: &Bytes, limit: usize) {
        self.buffer = BytesMut::from(&early[..]);
        self.granted = 0;
        self.limit = limit as u64;
    }

    /// The codec has taken what it was granted, and has nothing half read.
    pub(super) fn is_shut(&self) -> bool {
        self.granted == 0
    }

    /// More was waiting at the last read.
    pub(super) fn is_busy(&self) -> bool {
        self.busy
    }

    /// The next frame, or whose turn it is. Reads only if `may_read`.
    #[inline]
    pub(super) fn poll_next<T: AsyncRead + Unpin>(&mut self, transport: &mut T, cx: &mut Context<'_>, may_read: bool) -> Poll<Next> {
        loop {
            if self.granted > 0 {
                return Poll::Ready(Next::Codec);
            }
            let wanted = match Head::of(&self.buffer) {
                None => LONGEST_HEAD,
                Some(head) if self.is_plain(&head) => {
                    let whole = head.whole() as usize;
                    if self.buffer.len() >= whole {
                        return Poll::Ready(self.take(&head, whole));
                    }
                    whole
                }
                Some(head) => {
                    self.pass(&head);
                    continue;
                }
            };
            if !may_read {
                return Poll::Ready(Next::Dry);
            }
            match ready!(self.poll_fill(transport, cx, wanted)) {
                Ok(0) => self.stop(Ok(())),
                Ok(_) => {}
                Err(error) => self.stop(Err(error)),
            }
        }
    }

    /// Whether a frame needs no codec.
    #[inline]
    fn is_plain(&self, head: &Head) -> bool {
        matches!(head.first, b if b == FIN | TEXT || b == FIN | BINARY) && !head.masked && head.len <= self.limit && !self.fragmented
    }

    /// Cuts a plain frame out.
    #[inline]
    fn take(&mut self, head: &Head, whole: usize) -> Next {
        let text = head.opcode() == TEXT;
        if text && !is_utf8(&self.buffer[head.size..whole]) {
            self.granted = ALL;
            return Next::Codec;
        }
        self.buffer.advance(head.size);
        let payload = self.buffer.split_to(whole - head.size).freeze();
        Next::Whole(if text { Frame::Text(payload) } else { Frame::Binary(payload) })
    }

    /// Lets the codec have a frame.
    fn pass(&mut self, head: &Head) {
        match (head.opcode(), head.first & FIN != 0) {
            (TEXT | BINARY, false) => self.fragmented = true,
            (CONTINUATION, true) => self.fragmented = false,
            _ => {}
        }
        // Nothing but the end is expected after a close.
        self.granted = if head.opcode() == CLOSE { ALL } else { head.whole() };
    }

    /// The stream is over; the codec finds the beginning of a frame, perhaps, and then this.
    fn stop(&mut self, end: io::Result<()>) {
        self.granted = ALL;
        self.end = Some(end);
    }

    /// Reads on, with room for a frame of `wanted` bytes at least.
    fn poll_fill<T: AsyncRead + Unpin>(&mut self, transport: &mut T, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<usize>> {
        let held = self.buffer.len();
        let size = if self.busy { LARGE } else { SMALL }.max(wanted);
        if self.buffer.capacity() < wanted.max(held + size / 4) {
            // Room that nobody looks at any more is taken again.
            self.buffer.reserve(size.saturating_sub(held).max(1));
        }
        let room = self.buffer.capacity() - held;
        let read = pin!(transport.read_buf(&mut self.buffer)).poll(cx);
        match &read {
            Poll::Pending => {
                self.busy = false;
                if held == 0 {
                    self.buffer = BytesMut::new();
                }
            }
            Poll::Ready(Ok(count)) => self.busy = *count == room,
            Poll::Ready(Err(_)) => {}
        }
        read
    }

    /// What the codec reads: no more than it was granted. Pending without a wake when that is nothing; then it is the gate's turn.
    pub(super) fn poll_granted<T: AsyncRead + Unpin>(
        &mut self,
        transport: &mut T,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.granted == 0 {
            return Poll::Pending;
        }
        if self.buffer.is_empty() {
            if let Some(end) = self.end.take() {
                return Poll::Ready(end);
            }
            if self.granted == ALL {
                return AsyncRead::poll_read(std::pin::Pin::new(transport), cx, into);
            }
            if ready!(self.poll_fill(transport, cx, 1))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
        let count = into.remaining().min(self.buffer.len()).min(usize::try_from(self.granted).unwrap_or(usize::MAX));
        into.put_slice(&self.buffer[..count]);
        self.buffer.advance(count);
        if self.granted != ALL {
            self.granted -= count as u64;
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests;
