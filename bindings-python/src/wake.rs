//! The bell: a pair of sockets. The core's threads write a byte into one end, and Python's event loop or `select` watches the other.

use std::io::{self, Write as _};

use topicwire::lane::Wake;

#[cfg(unix)]
use std::os::unix::net::UnixStream as Stream;

#[cfg(windows)]
use std::net::TcpStream as Stream;

/// The end that the core writes to.
pub(crate) struct Bell {
    stream: Stream,
}

impl Bell {
    /// A bell, and the number of the socket that hears it, which is the caller's to close.
    pub(crate) fn new() -> io::Result<(Self, i64)> {
        let (hears, rings) = pair()?;
        hears.set_nonblocking(true)?;
        rings.set_nonblocking(true)?;
        Ok((Self { stream: rings }, number(hears)))
    }
}

impl Wake for Bell {
    fn wake(&self) {
        // If the pair is full there are thousands of bytes unread, and one is enough. If it is closed nobody listens.
        let _ = (&self.stream).write(&[1]);
    }
}

#[cfg(unix)]
fn pair() -> io::Result<(Stream, Stream)> {
    Stream::pair()
}

#[cfg(unix)]
fn number(stream: Stream) -> i64 {
    use std::os::fd::IntoRawFd as _;
    i64::from(stream.into_raw_fd())
}

/// Windows has no socket pairs: a connection over the loopback is one, if it is our own end that arrived.
#[cfg(windows)]
fn pair() -> io::Result<(Stream, Stream)> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    let rings = Stream::connect(listener.local_addr()?)?;
    let own = rings.local_addr()?;
    loop {
        let (hears, peer) = listener.accept()?;
        if peer == own {
            rings.set_nodelay(true)?;
            return Ok((hears, rings));
        }
    }
}

#[cfg(windows)]
fn number(stream: Stream) -> i64 {
    use std::os::windows::io::IntoRawSocket as _;
    stream.into_raw_socket() as i64
}
