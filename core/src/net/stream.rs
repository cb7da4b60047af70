//! A byte stream, with or without TLS, and the gate through which frames come out of it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::gate::{Gate, Next};

/// What a WebSocket runs over. Until the upgrade whoever reads gets what comes; then frames are asked for, and the codec reads what the gate
/// leaves to it.
#[derive(Debug)]
pub(super) struct NetStream {
    gate: Gate,
    transport: Transport,
}

#[derive(Debug)]
enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl NetStream {
    pub(super) fn plain(tcp: TcpStream) -> Self {
        Self { gate: Gate::open(), transport: Transport::Plain(tcp) }
    }

    pub(super) fn tls(tls: TlsStream<TcpStream>) -> Self {
        Self { gate: Gate::open(), transport: Transport::Tls(Box::new(tls)) }
    }

    /// The upgrade is done. `early` was read too far, together with the answer to it; a frame over `limit` bytes is the codec's to refuse.
    pub(super) fn begin_frames(&mut self, early: &Bytes, limit: usize) {
        self.gate.shut(early, limit);
    }

    /// The next frame, or whose turn it is. Asks the transport only if `may_read`.
    #[inline]
    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>, may_read: bool) -> Poll<Next> {
        self.gate.poll_next(&mut self.transport, cx, may_read)
    }

    /// More is waiting than was read at once.
    pub(super) fn is_busy(&self) -> bool {
        self.gate.is_busy()
    }

    /// The codec waits for nothing but its turn.
    pub(super) fn is_shut(&self) -> bool {
        self.gate.is_shut()
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

impl AsyncRead for Transport {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
        }
    }
}

impl AsyncRead for NetStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        stream.gate.poll_granted(&mut stream.transport, cx, buffer)
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
