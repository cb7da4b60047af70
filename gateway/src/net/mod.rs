//! The gateway on a real port: tokio, hyper, and one task that owns the machine.

mod actor;
mod control;
mod encode;
mod events;
mod http;
mod origin;
mod socket;
mod tcp;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

pub(crate) use actor::Actor;
pub use actor::Stopped;
use control::Control;
pub(crate) use events::Handler;

use crate::machine::{Machine, Options};

/// How often a planned shutdown looks whether everybody has gone.
const LOOK: Duration = Duration::from_millis(20);

/// A gateway that listens. Dropping it stops it.
pub(crate) struct Server {
    pub(crate) actor: Actor,
    pub(crate) port: u16,
    pub(crate) events: Handler,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Server {
    pub(crate) fn start(port: u16, options: Options, seed: u64) -> io::Result<Self> {
        let listener = listen(port)?;
        let port = listener.local_addr()?.port();
        let (stop, stopped) = watch::channel(false);
        let (events, raised) = mpsc::unbounded_channel();
        let actor = Actor::start(Machine::new(options, seed), events, stopped.clone());
        let handler = Handler::default();
        tokio::spawn(events::serve(actor.clone(), raised, handler.clone()));
        let control = Arc::new(Control { actor: actor.clone(), stop: stop.clone(), host: format!("127.0.0.1:{port}") });
        let accepting = tokio::spawn(accept(listener, actor.clone(), control, stopped));
        Ok(Self { actor, port, events: handler, stop, accepting })
    }

    /// Resolves when the gateway was told to stop, by whomever.
    pub(crate) fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut stop = self.stop.subscribe();
        async move {
            // An error means that the gateway is gone, which is as good as stopped.
            let _ = stop.wait_for(|stop| *stop).await;
        }
    }

    pub(crate) async fn shutdown(&self, grace: Option<Duration>) {
        shutdown(&self.actor, grace).await;
    }

    /// Ends everything and waits until the port is free again.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        self.actor.ended().await;
        // An error would be a panic of that task, which holds nothing any more either.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// Loopback only, and no option says otherwise: this is no server for a network.
fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // A port that was just used by a stopped gateway can be used at once.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    socket.listen(4096)
}

async fn accept(listener: TcpListener, actor: Actor, control: Arc<Control>, mut stop: watch::Receiver<bool>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let (actor, control) = (actor.clone(), Arc::clone(&control));
                let mut stop = stop.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        () = http::serve(stream, actor, control) => {}
                        _ = stop.wait_for(|stop| *stop) => {}
                    }
                });
            }
            // Out of file descriptors, most likely: give others the time to end.
            Err(_) => tokio::time::sleep(LOOK).await,
        }
    }
}

/// A planned shutdown: tells the clients, and waits until they have gone or the grace is over and they were
/// closed.
pub(crate) async fn shutdown(actor: &Actor, grace: Option<Duration>) {
    let told = actor.call(move |machine, now| machine.shutdown(now, grace));
    if told.await.is_err() {
        return;
    }
    while let Ok(open) = actor.call(|machine, _| machine.open_connections()).await {
        if open == 0 {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}
