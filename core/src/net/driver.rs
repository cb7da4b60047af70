//! One client's session, driven: who holds it, what it wants done, and when it wants to be looked at.
//!
//! The session and its lanes sit behind one lock. Whoever has something for them (a link with frames, a caller with a command, the timer)
//! takes the lock for one *turn*: inputs in, outputs and events out, lanes filled. Nothing is awaited and nobody is woken under it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::runtime::Handle as Runtime;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::clock::Clock;
use super::{connector, http, link};
use crate::event::{CloseFrame, State};
use crate::id::{HttpId, LinkId, Ticket};
use crate::lane::{Router, Signals};
use crate::options::ConnectionOptions;
use crate::session::Session;
use crate::session::io::{Dial, Frame, HttpRequest, Input, Output};
use crate::time::Now;

/// A session and its lanes.
pub struct Core {
    /// The machine.
    pub session: Session,
    /// Its lanes.
    pub router: Router,
    /// Boxed, since a map has room for eleven from its first on.
    links: BTreeMap<LinkId, Box<Entry>>,
    /// HTTP requests, from when the session asks for them until they are answered or cancelled.
    requests: BTreeMap<HttpId, Option<AbortHandle>>,
    orders: VecDeque<Order>,
    /// When the conductor means to look at the session by itself.
    planned: Option<Duration>,
}

/// What a link's task is told.
pub(super) enum Item {
    Send(Frame, Ticket),
    Read(bool),
    Close(CloseFrame, Duration),
}

/// How a link's task is reached.
#[derive(Default)]
pub(super) struct Bell {
    pub(super) waker: AtomicWaker,
    pub(super) rung: AtomicBool,
}

impl Bell {
    fn ring(&self) {
        self.rung.store(true, Ordering::Release);
        self.waker.wake();
    }
}

struct Entry {
    items: VecDeque<Item>,
    bell: Arc<Bell>,
    task: Option<AbortHandle>,
}

/// What the conductor is told.
enum Order {
    Dial(LinkId, Box<Dial>),
    Request(HttpId, Box<HttpRequest>),
}

/// A client's core, shared by its links, its conductor and whoever holds the client.
pub struct Handle {
    core: Mutex<Core>,
    clock: Clock,
    conductor: Arc<Notify>,
    options: ConnectionOptions,
    runtime: OnceLock<Runtime>,
}

impl Handle {
    /// A core that nothing drives yet.
    #[must_use]
    pub fn new(mut session: Session, options: ConnectionOptions) -> Arc<Self> {
        let conductor = Arc::new(Notify::new());
        let look = conductor.clone();
        let router = Router::new(Arc::new(move || look.notify_one()));
        session.set_interest(Box::new(router.interest()));
        let core = Core { session, router, links: BTreeMap::new(), requests: BTreeMap::new(), orders: VecDeque::new(), planned: None };
        Arc::new(Self { core: Mutex::new(core), clock: Clock::start(), conductor, options, runtime: OnceLock::new() })
    }

    /// Starts the conductor, which ends with the session. Only the first call does something.
    pub fn start(self: &Arc<Self>, runtime: &Runtime) {
        if self.runtime.set(runtime.clone()).is_ok() {
            runtime.spawn(conduct(Baton(self.clone())));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Core> {
        // A panic under the lock is a bug of ours; the machine's state is still the best there is.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One turn with the session and its lanes.
    pub fn turn<T>(&self, act: impl FnOnce(&mut Core, Now) -> T) -> T {
        self.turn_of(None, act).0
    }

    /// A turn of a link's own task, which returns what the link is to do, rather than ringing its bell.
    pub(super) fn turn_of<T>(&self, own: Option<LinkId>, act: impl FnOnce(&mut Core, Now) -> T) -> (T, VecDeque<Item>) {
        let now = self.clock.now();
        let mut rung = Vec::new();
        let mut core = self.lock();
        let result = act(&mut core, now);
        let (orders, signals) = core.pump(now, own, &mut rung);
        let items = own.and_then(|own| core.links.get_mut(&own)).map(|entry| std::mem::take(&mut entry.items)).unwrap_or_default();
        drop(core);
        for bell in rung {
            bell.ring();
        }
        if orders {
            self.conductor.notify_one();
        }
        for signals in signals {
            signals.send();
        }
        (result, items)
    }

    /// The link's task has ended; what it had not done is forgotten.
    pub(super) fn link_over(&self, link: LinkId) {
        self.lock().links.remove(&link);
    }
}

impl Core {
    /// Moves events into lanes and outputs to whoever does them. True if the conductor has something to do; and whom to wake.
    fn pump(&mut self, now: Now, own: Option<LinkId>, rung: &mut Vec<Arc<Bell>>) -> (bool, Vec<Signals>) {
        let mut signals = Vec::new();
        loop {
            while let Some(event) = self.session.poll_event() {
                self.router.route(event);
            }
            while let Some(output) = self.session.poll_output() {
                self.obey(output, own, rung);
            }
            // Before the router is attended to: it is now that lanes fill up, or end because they were full.
            let woken = self.router.hand_over();
            if !woken.is_empty() {
                signals.push(woken);
            }
            let attention = self.router.attend();
            if attention.pressure.is_none() && attention.unsubscribe.is_empty() {
                break;
            }
            if let Some(on) = attention.pressure {
                self.session.handle(now, Input::Pressure { on });
            }
            for subscription in attention.unsubscribe {
                self.session.release(now, subscription);
            }
        }
        let sooner = match (self.session.poll_timeout(), self.planned) {
            (Some(due), Some(planned)) => due < planned,
            (Some(_), None) => true,
            (None, _) => false,
        };
        (sooner || !self.orders.is_empty() || self.session.state() == State::Closed, signals)
    }

    fn obey(&mut self, output: Output, own: Option<LinkId>, rung: &mut Vec<Arc<Bell>>) {
        match output {
            Output::Open { link, dial } => {
                self.links.insert(link, Box::new(Entry { items: VecDeque::new(), bell: Arc::default(), task: None }));
                self.orders.push_back(Order::Dial(link, dial));
            }
            Output::Send { link, frame, ticket } => self.tell(link, Item::Send(frame, ticket), own, rung),
            Output::Read { link, on } => self.tell(link, Item::Read(on), own, rung),
            Output::Stall => self.router.stall(),
            Output::Close { link, frame, deadline } => self.tell(link, Item::Close(frame, deadline), own, rung),
            Output::Abort { link } => {
                self.orders.retain(|order| !matches!(order, Order::Dial(other, _) if *other == link));
                if let Some(task) = self.links.remove(&link).and_then(|entry| entry.task) {
                    task.abort();
                }
            }
            Output::Request { id, request } => {
                self.requests.insert(id, None);
                self.orders.push_back(Order::Request(id, request));
            }
            Output::CancelRequest { id } => {
                self.orders.retain(|order| !matches!(order, Order::Request(other, _) if *other == id));
                if let Some(Some(task)) = self.requests.remove(&id) {
                    task.abort();
                }
            }
        }
    }

    fn tell(&mut self, link: LinkId, item: Item, own: Option<LinkId>, rung: &mut Vec<Arc<Bell>>) {
        let Some(entry) = self.links.get_mut(&link) else { return };
        if entry.items.is_empty() && own != Some(link) {
            rung.push(entry.bell.clone());
        }
        entry.items.push_back(item);
    }
}

/// Ends the client when its conductor does. Mostly it has ended before; but a runtime that is shut down drops its tasks where they stand,
/// and whoever waits in a lane would wait for ever. It comes with the task, which may be dropped before it was ever polled.
struct Baton(Arc<Handle>);

impl Drop for Baton {
    fn drop(&mut self) {
        self.0.turn(|core, now| core.session.abort(now));
    }
}

/// Dials, sends requests and keeps the time, until the session is closed.
async fn conduct(baton: Baton) {
    let handle = &baton.0;
    loop {
        let (orders, due, closed) = {
            let mut core = handle.lock();
            let due = core.session.poll_timeout();
            core.planned = due;
            (std::mem::take(&mut core.orders), due, core.session.state() == State::Closed)
        };
        for order in orders {
            carry_out(handle, order);
        }
        if closed {
            return;
        }
        let sleep = async {
            match due {
                Some(due) => tokio::time::sleep_until(handle.clock.instant(due)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = handle.conductor.notified() => {}
            () = sleep => {}
        }
        handle.turn(|core, now| {
            if core.session.poll_timeout().is_some_and(|due| due <= now.mono) {
                core.session.handle_timeout(now);
            }
        });
    }
}

fn carry_out(handle: &Arc<Handle>, order: Order) {
    match order {
        Order::Dial(link, dial) => {
            let Some(bell) = handle.lock().links.get(&link).map(|entry| entry.bell.clone()) else { return };
            let task = tokio::spawn(live(handle.clone(), link, dial, bell));
            match handle.lock().links.get_mut(&link) {
                Some(entry) => entry.task = Some(task.abort_handle()),
                // It was given up in between, or is over already.
                None => task.abort(),
            }
        }
        Order::Request(id, request) => {
            let mut core = handle.lock();
            // It may have been cancelled in between.
            let Some(entry) = core.requests.get_mut(&id) else { return };
            let shared = handle.clone();
            // The task needs the lock for its answer, so it cannot be done before it is entered.
            let task = tokio::spawn(async move {
                let result = http::request(&request, &shared.options).await;
                shared.turn(|core, now| {
                    if core.requests.remove(&id).is_some() {
                        core.session.handle(now, Input::Response { id, result });
                    }
                });
            });
            *entry = Some(task.abort_handle());
        }
    }
}

/// The whole life of a link.
async fn live(handle: Arc<Handle>, link: LinkId, dial: Box<Dial>, bell: Arc<Bell>) {
    // In a box, since it is large and short-lived, and the task is small and lives long.
    match Box::pin(connector::connect(&dial, &handle.options)).await {
        Ok((socket, handshake)) => {
            let ((), items) = handle.turn_of(Some(link), |core, now| core.session.handle(now, Input::Opened { link, handshake }));
            link::Link::new(handle, link, socket, bell, items).await;
        }
        Err(failure) => {
            handle.link_over(link);
            handle.turn(|core, now| core.session.handle(now, Input::Failed { link, failure: *failure }));
        }
    }
}
