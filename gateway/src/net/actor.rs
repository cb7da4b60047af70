//! The task that owns the machine. Everything else talks to it by message, and it never waits for any of
//! them: a slow reader costs memory up to the machine's limit, not time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, oneshot, watch};
use topicwire::time::{Now, UnixMillis};

use super::socket::{Order, Port, Steering};
use crate::machine::webpubsub::EventCall;
use crate::machine::{ConnId, Cut, Input, Machine, Output, Refusal, UpgradeRequest};

/// The machine is told of a queue when it passes this mark, and each time it has grown by as much.
pub(super) const LOW_WATER: usize = 64 * 1024;

/// Messages that wait for the machine; readers wait when it is full, and TCP makes their peers wait.
const INBOX: usize = 1024;

/// The gateway has been stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the local gateway has been stopped; start another one")
    }
}

impl std::error::Error for Stopped {}

type Call = Box<dyn FnOnce(&mut Machine, Now) + Send>;

/// What becomes of an upgrade.
pub(super) enum Decision {
    Accept(Port, Option<String>),
    Refuse(Refusal),
}

enum Mail {
    Input(Input),
    Upgrade(UpgradeRequest, oneshot::Sender<Decision>),
    Drained(ConnId),
    Call(Call),
}

/// A way to talk to the task.
#[derive(Clone)]
pub(crate) struct Actor {
    inbox: mpsc::Sender<Mail>,
}

impl Actor {
    /// Starts the task. It ends, and with it every connection, when `stop` becomes true.
    pub(super) fn start(machine: Machine, events: mpsc::UnboundedSender<EventCall>, stop: watch::Receiver<bool>) -> Self {
        let (inbox, mail) = mpsc::channel(INBOX);
        let owner = Owner {
            machine,
            start: Instant::now(),
            next_conn: 0,
            upgrades: BTreeMap::new(),
            conns: BTreeMap::new(),
            half_open: Vec::new(),
            events,
        };
        tokio::spawn(owner.run(mail, stop));
        Self { inbox }
    }

    pub(super) async fn input(&self, input: Input) -> Result<(), Stopped> {
        self.send(Mail::Input(input)).await
    }

    pub(super) async fn upgrade(&self, request: UpgradeRequest) -> Result<Decision, Stopped> {
        let (reply, decision) = oneshot::channel();
        self.send(Mail::Upgrade(request, reply)).await?;
        decision.await.map_err(|_| Stopped)
    }

    pub(super) async fn drained(&self, conn: ConnId) {
        // A gateway that has stopped needs no such news.
        let _ = self.send(Mail::Drained(conn)).await;
    }

    /// Runs `work` on the machine and gives back what it gave.
    pub(crate) async fn call<T: Send + 'static>(&self, work: impl FnOnce(&mut Machine, Now) -> T + Send + 'static) -> Result<T, Stopped> {
        let (reply, answer) = oneshot::channel();
        let call: Call = Box::new(move |machine, now| {
            // Whoever asked may have gone away meanwhile.
            let _ = reply.send(work(machine, now));
        });
        self.send(Mail::Call(call)).await?;
        answer.await.map_err(|_| Stopped)
    }

    /// Waits until the task has ended.
    pub(super) async fn ended(&self) {
        self.inbox.closed().await;
    }

    async fn send(&self, mail: Mail) -> Result<(), Stopped> {
        self.inbox.send(mail).await.map_err(|_| Stopped)
    }
}

/// The machine's end of a connection.
struct Conn {
    orders: mpsc::UnboundedSender<Order>,
    queued: Arc<AtomicUsize>,
    /// What the machine was told last.
    reported: usize,
    steering: watch::Sender<Steering>,
}

struct Owner {
    machine: Machine,
    start: Instant,
    next_conn: u64,
    upgrades: BTreeMap<ConnId, oneshot::Sender<Decision>>,
    conns: BTreeMap<ConnId, Conn>,
    /// Their sockets live as long as these do.
    half_open: Vec<watch::Sender<Steering>>,
    /// For event handlers outside of the machine.
    events: mpsc::UnboundedSender<EventCall>,
}

impl Owner {
    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH);
        Now {
            mono: self.start.elapsed(),
            // A clock before 1970 counts as 1970.
            wall: UnixMillis(wall.map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))),
        }
    }

    async fn run(mut self, mut mail: mpsc::Receiver<Mail>, mut stop: watch::Receiver<bool>) {
        let timer = tokio::time::sleep(Duration::ZERO);
        tokio::pin!(timer);
        let mut armed = None;
        loop {
            self.carry_out();
            let due = self.machine.poll_timeout();
            if due != armed {
                armed = due;
                if let Some(due) = due {
                    // A time beyond the clock's end never comes.
                    let never = Duration::from_secs(86_400 * 365);
                    let at = self.start.checked_add(due).unwrap_or_else(|| self.start + never);
                    timer.as_mut().reset(at.into());
                }
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                next = mail.recv() => match next {
                    None => return,
                    Some(next) => self.take(next),
                },
                () = &mut timer, if armed.is_some() => {
                    // An elapsed timer stays so until it is reset.
                    armed = None;
                    let now = self.now();
                    self.machine.handle_timeout(now);
                }
            }
        }
    }

    fn take(&mut self, mail: Mail) {
        let now = self.now();
        match mail {
            Mail::Input(input) => {
                if let Input::Lost { conn } = input {
                    self.conns.remove(&conn);
                }
                self.machine.handle(now, input);
            }
            Mail::Upgrade(request, reply) => {
                self.next_conn += 1;
                let conn = ConnId(self.next_conn);
                self.upgrades.insert(conn, reply);
                self.machine.handle(now, Input::Upgrade { conn, request });
            }
            Mail::Drained(conn) => {
                if let Some(state) = self.conns.get_mut(&conn) {
                    state.reported = state.queued.load(Ordering::Relaxed);
                    let bytes = state.reported;
                    self.machine.handle(now, Input::Buffered { conn, bytes });
                }
            }
            Mail::Call(call) => call(&mut self.machine, now),
        }
    }

    fn carry_out(&mut self) {
        while let Some(event) = self.machine.poll_event() {
            // Whoever answers events lives as long as this task does.
            let _ = self.events.send(event);
        }
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Accept { conn, subprotocol } => self.accept(conn, subprotocol),
                Output::Refuse { conn, refusal } => {
                    if let Some(reply) = self.upgrades.remove(&conn) {
                        let _ = reply.send(Decision::Refuse(refusal));
                    }
                }
                Output::Send { conn, frame } => self.order(conn, Order::Frame(frame)),
                Output::Close { conn, code, reason } => {
                    self.order(conn, Order::Close(code, reason));
                }
                Output::Read { conn, on } => {
                    if let Some(state) = self.conns.get(&conn) {
                        state.steering.send_modify(|steering| steering.read = on);
                    }
                }
                Output::Drop { conn, how } => {
                    let Some(state) = self.conns.remove(&conn) else {
                        continue;
                    };
                    if how == Cut::Fin {
                        let _ = state.orders.send(Order::Finish);
                    }
                    state.steering.send_modify(|steering| steering.cut = Some(how));
                    if how == Cut::Silent {
                        self.half_open.push(state.steering);
                    }
                }
            }
        }
    }

    fn accept(&mut self, conn: ConnId, subprotocol: Option<String>) {
        let Some(reply) = self.upgrades.remove(&conn) else {
            return;
        };
        let (orders, to_write) = mpsc::unbounded_channel();
        let (steering, steered) = watch::channel(Steering { read: true, cut: None });
        let queued = Arc::new(AtomicUsize::new(0));
        let port = Port { conn, orders: to_write, queued: Arc::clone(&queued), steering: steered };
        self.conns.insert(conn, Conn { orders, queued, reported: 0, steering });
        if reply.send(Decision::Accept(port, subprotocol)).is_err() {
            // The client went away while we thought.
            let now = self.now();
            self.conns.remove(&conn);
            self.machine.handle(now, Input::Lost { conn });
        }
    }

    fn order(&mut self, conn: ConnId, order: Order) {
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        let weight = order.weight();
        let queued = state.queued.fetch_add(weight, Ordering::Relaxed) + weight;
        if state.orders.send(order).is_err() {
            return;
        }
        if queued > state.reported.max(LOW_WATER) + LOW_WATER {
            state.reported = queued;
            let now = self.now();
            let bytes = queued;
            self.machine.handle(now, Input::Buffered { conn, bytes });
        }
    }
}
