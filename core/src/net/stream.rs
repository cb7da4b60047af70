//! A byte stream, with or without TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// What a WebSocket runs over. What was read too far, together with the answer to the upgrade, is read again first.
#[derive(Debug)]
pub(super) struct NetStream {
    early: Bytes,
    transport: Transport,
}

#[derive(Debug)]
enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl NetStream {
    pub(super) fn plain(tcp: TcpStream) -> Self {
        Self { early: Bytes::new(), transport: Transport::Plain(tcp) }
    }

    pub(super) fn tls(tls: TlsStream<TcpStream>) -> Self {
        Self { early: Bytes::new(), transport: Transport::Tls(Box::new(tls)) }
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

impl AsyncRead for NetStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.early.is_empty() {
            let taken = buffer.remaining().min(self.early.len());
            buffer.put_slice(&self.early.split_to(taken));
            return Poll::Ready(Ok(()));
        }
        either!(self, stream => stream.poll_read(cx, buffer))
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
