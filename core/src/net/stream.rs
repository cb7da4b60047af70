//! A byte stream, with or without TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// What a WebSocket runs over. What was read too far, together with the answer to the upgrade, is read again first.
///
/// The codec above reads into a small buffer, so that idle connections cost little. When that is filled to the brim, more is waiting: then
/// reads go ahead into a large one, which is given back as soon as the socket runs dry. A copy costs less than asking the system again.
#[derive(Debug)]
pub(super) struct NetStream {
    early: Bytes,
    ahead: Ahead,
    transport: Transport,
}

/// What has been read ahead.
#[derive(Debug, Default)]
struct Ahead {
    /// More was waiting at the last read.
    busy: bool,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

/// What is read at once from a busy socket.
const AHEAD: usize = 64 << 10;

#[derive(Debug)]
enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl NetStream {
    pub(super) fn plain(tcp: TcpStream) -> Self {
        Self { early: Bytes::new(), ahead: Ahead::default(), transport: Transport::Plain(tcp) }
    }

    pub(super) fn tls(tls: TlsStream<TcpStream>) -> Self {
        Self { early: Bytes::new(), ahead: Ahead::default(), transport: Transport::Tls(Box::new(tls)) }
    }

    /// Puts bytes back in front of what is still to be read.
    pub(super) fn unread(&mut self, early: Bytes) {
        // Even an empty slice would hold the buffer that it was cut from.
        self.early = if early.is_empty() { Bytes::new() } else { early };
    }
}

macro_rules! either {
    ($self:expr, $stream:ident => $call:expr) => {
        match &mut $self.get_mut().transport {
            Transport::Plain($stream) => {
                let $stream = Pin::new($stream);
                $call
            }
            Transport::Tls($stream) => {
                let $stream = Pin::new($stream.as_mut());
                $call
            }
        }
    };
}

impl Transport {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
        }
    }
}

impl Ahead {
    /// Reads from the transport, ahead of what is asked for if more was waiting the last time.
    fn read(&mut self, transport: &mut Transport, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wanted = buffer.remaining();
        if self.start == self.end && (!self.busy || wanted >= AHEAD) {
            let before = buffer.filled().len();
            let read = transport.poll_read(cx, buffer);
            if read.is_pending() {
                self.buffer = Vec::new();
            }
            ready!(read)?;
            self.busy = buffer.filled().len() - before == wanted;
            return Poll::Ready(Ok(()));
        }
        if self.start == self.end {
            self.buffer.resize(AHEAD, 0);
            let mut large = ReadBuf::new(&mut self.buffer);
            let read = transport.poll_read(cx, &mut large);
            (self.start, self.end) = (0, large.filled().len());
            self.busy = self.end > wanted;
            if self.end == 0 {
                self.buffer = Vec::new();
            }
            ready!(read)?;
        }
        let taken = wanted.min(self.end - self.start);
        buffer.put_slice(&self.buffer[self.start..self.start + taken]);
        self.start += taken;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for NetStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        if !stream.early.is_empty() {
            let taken = buffer.remaining().min(stream.early.len());
            buffer.put_slice(&stream.early.split_to(taken));
            return Poll::Ready(Ok(()));
        }
        stream.ahead.read(&mut stream.transport, cx, buffer)
    }
}

impl AsyncWrite for NetStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        either!(self, stream => stream.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_shutdown(cx))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    const SMALL: usize = 8 << 10;

    async fn pair() -> (TcpStream, NetStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let stream = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("connected");
        (listener.accept().await.expect("a connection").0, NetStream::plain(stream))
    }

    #[tokio::test]
    async fn bytes_come_in_order_however_they_were_read() {
        let (mut peer, mut stream) = pair().await;
        let sent: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 251) as u8).collect();
        let all = sent.clone();
        let writing = tokio::spawn(async move { peer.write_all(&all).await });
        stream.unread(Bytes::from_static(b"early"));
        let mut got = Vec::new();
        // Buffers of many sizes, some larger than what is read ahead.
        for size in [1, SMALL, 100, AHEAD, 2 * AHEAD, 3].into_iter().cycle() {
            let mut buffer = vec![0; size];
            match stream.read(&mut buffer).await.expect("open") {
                0 => break,
                n => got.extend_from_slice(&buffer[..n]),
            }
        }
        writing.await.expect("no panic").expect("written");
        assert!(got == [b"early", sent.as_slice()].concat());
    }

    #[tokio::test]
    async fn a_socket_that_has_run_dry_holds_no_buffer() {
        // Whether what came last fills a small buffer or not.
        for size in [SMALL + 100, 3 * SMALL + 1, AHEAD + SMALL, 500] {
            let (mut peer, mut stream) = pair().await;
            peer.write_all(&vec![7; size]).await.expect("written");
            let mut buffer = vec![0; SMALL];
            let mut got = 0;
            while got < size {
                got += stream.read(&mut buffer).await.expect("open");
            }
            let mut buffer = ReadBuf::new(&mut buffer);
            let read = poll_fn(|cx| Poll::Ready(Pin::new(&mut stream).poll_read(cx, &mut buffer))).await;
            assert!(read.is_pending());
            assert_eq!(stream.ahead.buffer.capacity(), 0, "after {size} bytes");
        }
    }
}
