//! The producer's side: takes the session's events and puts each into the lanes that want it.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::cell::{Cell, Hub};
use super::chunk::Chunk;
use super::filter::Filter;
use super::index::{Index, Lookup, Place};
use super::interest::Interest;
use super::kinds::Kind;
use super::lane::Lane;
use super::options::{LaneOptions, Role};
use super::poller::{Poller, Signal};
use super::queue::Queue;
use super::sync::Ordering;
use crate::error::{Code, Error};
use crate::event::{Closed, Event, EventKind, Gap};
use crate::id::{LaneId, RequestId, Seq, SubscriptionId};

/// The producer's side of one client's lanes. Whoever holds the session holds this beside it.
///
/// A turn of the owner is: let the session work, [`route`](Self::route) every event that it made, [`flush`](Self::flush) once, and look at
/// [`attend`](Self::attend). Consumers see nothing before the flush. The hook given to [`new`](Self::new) asks for a turn from another
/// thread: a consumer made room, or closed a lane.
///
/// Dropping a router ends its lanes.
pub struct Router {
    slots: Slots,
    free: Vec<Place>,
    places: HashMap<LaneId, Place, FixedState>,
    index: Index,
    interest: Interest,
    replies: HashMap<RequestId, LaneId, FixedState>,
    hub: Arc<Hub>,
    /// Lanes with events of this turn.
    dirty: Vec<Place>,
    /// Buffers between turns. Lanes own none, so that an idle lane costs nothing.
    spare: Vec<Vec<Event>>,
    targets: Vec<Place>,
    signals: Vec<Signal>,
    /// Subscriptions whose owner has ended.
    orphans: Vec<SubscriptionId>,
    pausing: bool,
    last_id: u64,
    end: Option<(Option<Seq>, Box<Closed>)>,
}

struct Slot {
    cell: Arc<Cell>,
    role: Role,
    filter: Filter,
    owns: Vec<SubscriptionId>,
    staged: Vec<Event>,
    chunk: Chunk,
}

#[derive(Default)]
struct Slots(Vec<Option<Slot>>);

impl Lookup for Slots {
    fn filter(&self, place: Place) -> &Filter {
        &self.0[place].as_ref().expect("the index names only places that are taken").filter
    }
}

/// Wakes that are due. Dropping them unsent would leave consumers asleep.
#[must_use]
pub struct Signals(Vec<Signal>);

impl Signals {
    /// Whether there is nobody to wake.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Wakes everybody. No lock of the owner's may be held.
    pub fn send(self) {
        for signal in self.0 {
            signal.send();
        }
    }
}

/// What the owner of a [`Router`] must see to.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Attention {
    /// Reading must pause (`true`), or may go on (`false`). `None`: as before.
    pub pressure: Option<bool>,
    /// Subscriptions whose owning lane has ended: unsubscribe them.
    pub unsubscribe: Vec<SubscriptionId>,
}

/// How many buffers are kept between turns, and how large they may be.
const SPARES: usize = 4;
/// How many events one that is kept has room for. Less is cheaper to make again than to keep for a connection that rests.
const SPARE_CAPACITY: std::ops::RangeInclusive<usize> = 9..=1024;

impl Router {
    /// A router without lanes. `attention` is called when [`attend`](Self::attend) has something to say that did not come of the owner's
    /// own calls; on a consumer's thread, and never under a lock.
    #[must_use]
    pub fn new(attention: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self {
            slots: Slots::default(),
            free: Vec::new(),
            places: HashMap::default(),
            index: Index::default(),
            interest: Interest::default(),
            replies: HashMap::default(),
            hub: Arc::new(Hub::new(attention)),
            dirty: Vec::new(),
            spare: Vec::new(),
            targets: Vec::new(),
            signals: Vec::new(),
            orphans: Vec::new(),
            pausing: false,
            last_id: 0,
            end: None,
        }
    }

    /// What the lanes want, for the session. It stays current.
    #[must_use]
    pub fn interest(&self) -> Interest {
        self.interest.clone()
    }

    /// Opens a lane at a poller. It hears what is routed from now on; if the client has ended, only `Closed`, announced by the next
    /// [`flush`](Self::flush).
    ///
    /// # Errors
    /// `invalid_option`, or `closed` if the poller is.
    pub fn open(&mut self, poller: &Poller, options: LaneOptions) -> Result<Lane, Error> {
        options.validate()?;
        let closed = || Error::new(Code::Closed, "the poller is closed; open the lane at another one");
        let member = poller.core().reserve().ok_or_else(closed)?;
        let queue = Queue::new(options.limits(), options.overflow, options.lazy);
        self.last_id += 1;
        let id = LaneId(self.last_id);
        let cell = Arc::new(Cell::new(id, options.token, Arc::clone(poller.core()), member, Arc::clone(&self.hub), queue));
        if !poller.core().join(&cell) {
            return Err(closed());
        }
        let lane = Lane::new(Arc::clone(&cell));
        if let Some((seq, end)) = &self.end {
            self.signals.extend(cell.end(Closed::clone(end), *seq));
            return Ok(lane);
        }
        let place = self.free.pop().unwrap_or_else(|| {
            self.slots.0.push(None);
            self.slots.0.len() - 1
        });
        let slot =
            Slot { cell, role: options.role, filter: options.filter, owns: options.owns, staged: Vec::new(), chunk: Chunk::default() };
        self.admit(place, &slot);
        self.slots.0[place] = Some(slot);
        self.places.insert(id, place);
        Ok(lane)
    }

    /// Changes what a lane wants and what happens when it is full. What it has already got it keeps. Role, token, laziness and owned
    /// subscriptions stay as they are.
    ///
    /// # Errors
    /// `invalid_option`, or `closed` if there is no such lane any more.
    pub fn set(&mut self, lane: LaneId, options: LaneOptions) -> Result<(), Error> {
        options.validate()?;
        let place = *self.places.get(&lane).ok_or_else(no_lane)?;
        let Some(mut slot) = self.slots.0[place].take() else { return Err(no_lane()) };
        self.dismiss(place, &slot);
        slot.cell.change(|queue| queue.set(options.limits(), options.overflow));
        slot.filter = options.filter;
        self.admit(place, &slot);
        self.slots.0[place] = Some(slot);
        Ok(())
    }

    /// Makes a lane the owner of a subscription: when the lane ends, the subscription does.
    ///
    /// # Errors
    /// `closed` if there is no such lane any more.
    pub fn own(&mut self, lane: LaneId, subscription: SubscriptionId) -> Result<(), Error> {
        let place = *self.places.get(&lane).ok_or_else(no_lane)?;
        if let Some(slot) = &mut self.slots.0[place] {
            slot.owns.push(subscription);
        }
        Ok(())
    }

    /// Ends a lane after what is in it, and returns the subscriptions that it owned. Nothing, if it had ended. Its reader is woken by the next
    /// [`flush`](Self::flush).
    pub fn close(&mut self, lane: LaneId) -> Vec<SubscriptionId> {
        let Some(slot) = self.remove(lane) else { return Vec::new() };
        let mut staged = slot.staged;
        let delivered = slot.cell.deliver(&mut staged);
        let signal = slot.cell.end(Closed::default(), None);
        // The owner may hold a lock here; the wakes wait for the flush.
        self.signals.extend([delivered.signal, signal].into_iter().flatten());
        slot.owns
    }

    /// Says where the reply of a request goes. Without this it goes nowhere.
    pub fn expect_reply(&mut self, request: RequestId, lane: LaneId) {
        self.replies.insert(request, lane);
    }

    /// Puts an event into the lanes that want it. They see it at the next [`flush`](Self::flush).
    pub fn route(&mut self, event: Event) {
        let mut targets = std::mem::take(&mut self.targets);
        targets.clear();
        let kind = Kind::of(&event.kind);
        match &event.kind {
            EventKind::Message(message) => self.index.for_message(&self.slots, message, &mut targets),
            EventKind::State { .. } | EventKind::Opened(_) => {
                self.index.all_data(&self.slots, kind, &mut targets);
                self.index.service(&self.slots, kind, &mut targets);
            }
            EventKind::Ping(_) | EventKind::Pong(_) => self.index.all_data(&self.slots, kind, &mut targets),
            EventKind::Subscribed { subscription, .. }
            | EventKind::Unsubscribed { subscription }
            | EventKind::Ended { subscription, .. } => {
                self.index.about(&self.slots, kind, &[*subscription], &mut targets);
            }
            EventKind::Fault(fault) => {
                match fault.subscription {
                    Some(subscription) => self.index.about(&self.slots, kind, &[subscription], &mut targets),
                    None => self.index.all_data(&self.slots, kind, &mut targets),
                }
                self.index.service(&self.slots, kind, &mut targets);
            }
            EventKind::Gap(gap) if gap.subscriptions.is_empty() => self.index.all_data(&self.slots, kind, &mut targets),
            EventKind::Gap(gap) => {
                self.index.about(&self.slots, kind, &gap.subscriptions, &mut targets);
                self.stage_gap(&event, gap, &targets);
                targets.clear();
            }
            EventKind::Reply { request, .. } => {
                targets.extend(self.replies.remove(request).and_then(|lane| self.places.get(&lane)));
            }
            EventKind::Need(_) | EventKind::NeedCancelled { .. } => self.index.every_service(&mut targets),
            EventKind::Writable => {
                self.index.every_service(&mut targets);
                self.index.every_reply(&mut targets);
            }
            EventKind::Closed(closed) => self.finish(Some(event.seq), closed),
            // Lanes make their own.
            EventKind::Lagged { .. } => {}
        }
        if let Some((last, others)) = targets.split_last() {
            for place in others {
                self.stage(*place, event.clone());
            }
            self.stage(*last, event);
        }
        self.targets = targets;
    }

    /// A lane that names subscriptions hears of its own only: ten thousand lanes need not hold ten thousand names each.
    fn stage_gap(&mut self, event: &Event, gap: &Gap, targets: &[Place]) {
        for place in targets {
            let mine = match &self.slots.filter(*place).subscriptions {
                None => gap.clone(),
                Some(wanted) => {
                    let subscriptions = if wanted.len() < gap.subscriptions.len() && gap.subscriptions.is_sorted() {
                        wanted.iter().filter(|one| gap.subscriptions.binary_search(one).is_ok()).copied().collect()
                    } else {
                        gap.subscriptions.iter().filter(|one| wanted.contains(one)).copied().collect()
                    };
                    Gap { subscriptions, since: gap.since, until: gap.until, cause: gap.cause.clone() }
                }
            };
            self.stage(*place, Event { seq: event.seq, kind: EventKind::Gap(Box::new(mine)) });
        }
    }

    fn stage(&mut self, place: Place, mut event: Event) {
        let Some(slot) = &mut self.slots.0[place] else { return };
        if let EventKind::Message(message) = &mut event.kind {
            message.frame = slot.chunk.keep(std::mem::take(&mut message.frame));
        }
        if slot.staged.is_empty() {
            self.dirty.push(place);
            if slot.staged.capacity() == 0 {
                slot.staged = self.spare.pop().unwrap_or_default();
            }
        }
        slot.staged.push(event);
    }

    /// Hands over what was routed since the last flush: one lock a lane, then the wakes.
    pub fn flush(&mut self) {
        self.hand_over().send();
    }

    /// The same without the wakes, for an owner that holds a lock: it sends them when it holds none.
    pub fn hand_over(&mut self) -> Signals {
        let mut dirty = std::mem::take(&mut self.dirty);
        for place in dirty.drain(..) {
            let Some(slot) = &mut self.slots.0[place] else { continue };
            let delivered = slot.cell.deliver(&mut slot.staged);
            let staged = std::mem::take(&mut slot.staged);
            if self.spare.len() < SPARES && SPARE_CAPACITY.contains(&staged.capacity()) {
                self.spare.push(staged);
            }
            self.signals.extend(delivered.signal);
            if delivered.ended {
                let id = slot.cell.id;
                self.orphan(id);
            }
        }
        self.dirty = dirty;
        Signals(std::mem::take(&mut self.signals))
    }

    /// What the owner must see to since it last asked. Cheap when there is nothing.
    pub fn attend(&mut self) -> Attention {
        for lane in self.hub.take_ended() {
            self.orphan(lane);
        }
        let pausing = self.hub.pausing.load(Ordering::Acquire) > 0;
        let pressure = (pausing != self.pausing).then_some(pausing);
        self.pausing = pausing;
        Attention { pressure, unsubscribe: std::mem::take(&mut self.orphans) }
    }

    /// Reading can be held back no longer, or the gateway would hang up. Lanes that hold it back drop their oldest messages instead, until
    /// they have room again. [`attend`](Self::attend) then says that reading may go on.
    pub fn stall(&mut self) {
        for slot in self.slots.0.iter().flatten() {
            slot.cell.change(Queue::stall);
        }
    }

    /// How many lanes are open.
    #[must_use]
    pub fn lanes(&self) -> usize {
        self.places.len()
    }

    /// Ends every lane with the client's own end.
    fn finish(&mut self, seq: Option<Seq>, closed: &Closed) {
        let signals = self.hand_over();
        self.signals = signals.0;
        self.end.get_or_insert_with(|| (seq, Box::new(closed.clone())));
        let lanes: Vec<LaneId> = self.slots.0.iter().rev().flatten().map(|slot| slot.cell.id).collect();
        for lane in lanes {
            if let Some(slot) = self.remove(lane) {
                self.signals.extend(slot.cell.end(closed.clone(), seq));
            }
        }
    }

    fn orphan(&mut self, lane: LaneId) {
        if let Some(slot) = self.remove(lane) {
            slot.cell.poller.leave(slot.cell.member);
            self.orphans.extend(slot.owns);
        }
    }

    fn remove(&mut self, lane: LaneId) -> Option<Slot> {
        let place = self.places.remove(&lane)?;
        let slot = self.slots.0[place].take()?;
        self.dismiss(place, &slot);
        self.free.push(place);
        // Its place may be taken again before the flush.
        self.dirty.retain(|dirty| *dirty != place);
        Some(slot)
    }

    fn admit(&mut self, place: Place, slot: &Slot) {
        self.index.add(place, slot.role, &slot.filter);
        if slot.role == Role::Data {
            self.interest.add(slot.cell.id, &slot.filter);
        }
    }

    fn dismiss(&mut self, place: Place, slot: &Slot) {
        self.index.remove(place, slot.role, &slot.filter);
        if slot.role == Role::Data {
            self.interest.remove(slot.cell.id, &slot.filter);
        }
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        self.finish(None, &Closed::default());
        self.flush();
    }
}

impl std::fmt::Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Router").field("lanes", &self.places.len()).field("pausing", &self.pausing).finish_non_exhaustive()
    }
}

fn no_lane() -> Error {
    Error::new(Code::Closed, "the lane has ended")
}
