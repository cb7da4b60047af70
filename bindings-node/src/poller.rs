//! What watches the lanes of one JavaScript environment.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use napi::bindgen_prelude::{Env, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Result, Status};
use napi_derive::napi;

/// The way to the environment's thread. It is weak, so that it keeps no process alive; what does is decided in JavaScript.
type Bell = ThreadsafeFunction<(), (), (), Status, false, true, 1>;

struct Wake(Bell);

impl topicwire::lane::Wake for Wake {
    fn wake(&self) {
        // A full queue means that it has been rung already; a closing one, that the environment is going.
        let _ = self.0.call((), ThreadsafeFunctionCallMode::NonBlocking);
    }
}

/// The clients of an environment, which end with it.
#[derive(Default)]
pub(crate) struct Clients(Mutex<Vec<Weak<topicwire::Client>>>);

impl Clients {
    pub(crate) fn add(&self, client: &Arc<topicwire::Client>) {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clients.retain(|client| client.strong_count() > 0);
        clients.push(Arc::downgrade(client));
    }

    fn abort(&self) {
        let clients = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for client in clients.into_iter().filter_map(|client| client.upgrade()) {
            // Only a fork makes this fail, and then there is nothing to end.
            let _ = client.abort();
        }
    }
}

/// Watches every lane of every client of one environment.
#[napi]
pub struct NativePoller {
    pub(crate) inner: Arc<topicwire::lane::Poller>,
    pub(crate) clients: Arc<Clients>,
}

#[napi]
impl NativePoller {
    /// A poller that calls `wake` on the environment's thread when a lane has something: once, until `ready` was called.
    ///
    /// # Errors
    /// What Node.js says if the environment is going already.
    #[napi(constructor)]
    pub fn new(env: Env, wake: Function<'_, (), ()>) -> Result<Self> {
        let bell = wake.build_threadsafe_function::<()>().callee_handled::<false>().weak::<true>().max_queue_size::<1>().build()?;
        let inner = Arc::new(topicwire::lane::Poller::new(Arc::new(Wake(bell))));
        let clients = Arc::<Clients>::default();
        // Before the environment is gone: lanes are closed, so that nobody rings, and clients end.
        let _ = env.add_env_cleanup_hook((inner.clone(), clients.clone()), |(poller, clients)| {
            poller.close();
            clients.abort();
        })?;
        Ok(Self { inner, clients })
    }

    /// The tokens of up to `max` lanes that have something. A negative number at the end says that there are others, which no wake will
    /// announce.
    #[napi]
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "tokens are counted from 1, and 2^53 lanes are never opened")]
    pub fn ready(&self, max: u32) -> Vec<f64> {
        let ready = self.inner.ready(max as usize);
        let mut tokens: Vec<f64> = ready.lanes.iter().map(|lane| lane.token() as f64).collect();
        if ready.more {
            tokens.push(-1.0);
        }
        tokens
    }
}
