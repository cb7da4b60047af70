//! The one way out. Everything that is printed goes through [`Output`], on a thread of its own.
//!
//! A reader that is slow makes that thread wait, not the connection's; a reader that goes away (`| head -3`) ends the program quietly.
//! `print!` does neither: it panics on `EPIPE`, and on `EAGAIN`, which is what a pipe gives that another program made non-blocking.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc as blocking;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

/// Lines that may wait. Above that, whoever has more to say waits too.
const WAITING: usize = 1024;

/// How long to leave a full non-blocking pipe alone.
const FULL_PIPE: Duration = Duration::from_millis(2);

/// How long a reader may still take when the user asked for the end.
const HURRY: Duration = Duration::from_secs(1);

/// A line, without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// For standard output.
    Out(String),
    /// For standard error.
    Err(String),
}

/// Nobody reads standard output any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReaderGone;

/// What the thread is told.
#[derive(Debug)]
enum Order {
    Write(Line),
    /// Say when everything before this is written.
    Tell(oneshot::Sender<()>),
}

/// Room for one line.
pub(crate) struct Room<'a>(mpsc::Permit<'a, Order>);

impl Room<'_> {
    /// Hands a line over.
    pub(crate) fn put(self, line: Line) {
        self.0.send(Order::Write(line));
    }
}

/// Hands lines over. Clones hand them to the same thread.
#[derive(Debug, Clone)]
pub(crate) struct Lines(mpsc::Sender<Order>);

impl Lines {
    /// Hands a line over, and waits for room.
    pub(crate) async fn put(&self, line: Line) -> Result<(), ReaderGone> {
        self.0.send(Order::Write(line)).await.map_err(|_| ReaderGone)
    }

    /// Waits for room for one line.
    pub(crate) async fn room(&self) -> Result<Room<'_>, ReaderGone> {
        self.0.reserve().await.map(Room).map_err(|_| ReaderGone)
    }

    /// Hands a line over if there is room.
    pub(crate) fn put_if_room(&self, line: Line) {
        // If there is none, or nobody reads, it is not worth waiting for.
        let _ = self.0.try_send(Order::Write(line));
    }

    /// Resolves when everything that was handed over is written, or nobody reads it.
    pub(crate) async fn written(&self) {
        let (tell, told) = oneshot::channel();
        if self.0.send(Order::Tell(tell)).await.is_ok() {
            // An error means that the thread ended, which it does when nobody reads.
            let _ = told.await;
        }
    }

    /// Resolves when nobody reads standard output any more.
    pub(crate) async fn reader_gone(&self) {
        self.0.closed().await;
    }
}

/// Standard output and standard error, in the order in which lines are handed over.
pub(crate) struct Output {
    lines: Lines,
    /// The thread's last word: whether everything could be written.
    end: blocking::Receiver<bool>,
    hurry: AtomicBool,
}

impl Output {
    /// Starts the thread.
    pub(crate) fn start() -> Self {
        let (lines, waiting) = mpsc::channel(WAITING);
        let (tell, end) = blocking::channel();
        std::thread::spawn(move || {
            let written = write_lines(waiting, Patient(io::stdout()), Patient(io::stderr()));
            // Whoever does not wait for it does not want to know.
            let _ = tell.send(written.is_ok());
        });
        Self { lines: Lines(lines), end, hurry: AtomicBool::new(false) }
    }

    /// For whoever has something to say.
    pub(crate) fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Hands a line over from outside the runtime.
    pub(crate) fn put_blocking(&self, line: Line) {
        if self.hurry.load(Ordering::Relaxed) {
            self.lines.put_if_room(line);
        } else {
            // The thread ends early only when its reader is gone, and then there is nobody to tell.
            let _ = self.lines.0.blocking_send(Order::Write(line));
        }
    }

    /// The user wants out: a reader that takes its time must not keep the program.
    pub(crate) fn hurry(&self) {
        self.hurry.store(true, Ordering::Relaxed);
    }

    /// Waits until what was handed over is written, by whoever still holds [`Lines`] too. Returns whether somebody read it.
    pub(crate) fn finish(self) -> bool {
        drop(self.lines);
        if self.hurry.load(Ordering::Relaxed) {
            return self.end.recv_timeout(HURRY).unwrap_or(true);
        }
        // The thread always has a last word, unless it panicked, and then it has said so itself.
        self.end.recv().unwrap_or(true)
    }
}

/// Writes lines until there are no more, or nobody reads them. Flushes whenever nothing is waiting, so that a line is seen when it is
/// written, and a flood costs few system calls.
fn write_lines(mut waiting: mpsc::Receiver<Order>, out: impl Write, mut err: impl Write) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(64 * 1024, out);
    while let Some(order) = waiting.blocking_recv() {
        let mut next = Some(order);
        while let Some(order) = next {
            match order {
                Order::Write(Line::Out(mut text)) => {
                    text.push('\n');
                    out.write_all(text.as_bytes())?;
                }
                Order::Write(Line::Err(mut text)) => {
                    text.push('\n');
                    out.flush()?;
                    // Nobody can be told that nobody can be told.
                    let _ = err.write_all(text.as_bytes());
                }
                Order::Tell(tell) => {
                    out.flush()?;
                    // Whoever asked may have stopped waiting.
                    let _ = tell.send(());
                }
            }
            next = waiting.try_recv().ok();
        }
        out.flush()?;
    }
    Ok(())
}

/// Waits where a non-blocking file is full.
struct Patient<W>(W);

impl<W: Write> Write for Patient<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        patiently(|| self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        patiently(|| self.0.flush())
    }
}

fn patiently<T>(mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match work() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(FULL_PIPE),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a few bytes at a time, and is full every other time.
    #[derive(Default)]
    struct Full {
        taken: Vec<u8>,
        times: u32,
    }

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.times += 1;
            if self.times % 2 == 1 {
                return Err(ErrorKind::WouldBlock.into());
            }
            let some = bytes.len().min(5);
            self.taken.extend(&bytes[..some]);
            Ok(some)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(all: &[&str]) -> mpsc::Receiver<Order> {
        let (send, receive) = mpsc::channel(16);
        for line in all {
            send.try_send(Order::Write(Line::Out((*line).to_owned()))).expect("there is room");
        }
        receive
    }

    #[test]
    fn a_full_pipe_is_waited_for() {
        let mut full = Full::default();
        write_lines(lines(&["one and more", "two"]), Patient(&mut full), io::sink()).expect("it takes everything in the end");
        assert_eq!(full.taken, b"one and more\ntwo\n");
    }

    #[test]
    fn a_closed_pipe_ends_it() {
        let ended = write_lines(lines(&["one", "two"]), Patient(Gone), io::sink());
        assert_eq!(ended.map_err(|error| error.kind()), Err(ErrorKind::BrokenPipe));
    }

    #[test]
    fn a_closed_standard_error_does_not_matter() {
        let (send, receive) = mpsc::channel(16);
        send.try_send(Order::Write(Line::Err("note".to_owned()))).expect("there is room");
        send.try_send(Order::Write(Line::Out("line".to_owned()))).expect("there is room");
        drop(send);
        let mut out = Vec::new();
        write_lines(receive, &mut out, Patient(Gone)).expect("standard output is fine");
        assert_eq!(out, b"line\n");
    }
}
