//! Writes a batch into a caller's buffer.

use super::layout::{
    ASCII, HEADER, MAGIC, MAX_EVENTS, MORE, NONE, RECORD, STRING, VERSION, flag, header, put_u16, put_u32, put_u64, record, small,
};
use super::plan::{Item, Plan};
use crate::event::{Event, EventKind, Message, PayloadKind};
use crate::lane::{Kind, Lane};

/// What [`Encoder::poll_into`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Polled {
    /// Bytes of the buffer that hold the batch. 0: there is none, since the lane was empty or the buffer too small.
    pub used: usize,
    /// The lane has more, and will not be announced again. See [`Lane::poll`].
    pub more: bool,
    /// The next event alone needs a buffer of this many bytes. It stays in the lane.
    pub needed: Option<usize>,
}

/// Polls lanes into flat batches. It keeps its scratch space, so keep it, one for each consumer.
#[derive(Debug, Default)]
pub struct Encoder {
    events: Vec<Event>,
    plan: Plan,
}

/// Polls a lane once into a flat batch. An [`Encoder`] that is kept does the same without allocating each time.
pub fn poll_into(lane: &Lane, max: usize, buffer: &mut [u8]) -> Polled {
    Encoder::new().poll_into(lane, max, buffer)
}

impl Encoder {
    /// An encoder.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves up to `max` events from a lane into `buffer` as one batch: at most 256 of them, or 32 KiB, whichever comes first. A message
    /// is never split: one that is larger travels alone if the buffer has room, and else stays, and `needed` says for how much.
    ///
    /// **When to poll again:** as with [`Lane::poll`]. A short batch does not mean that the lane is empty; only `more` says.
    pub fn poll_into(&mut self, lane: &Lane, max: usize, buffer: &mut [u8]) -> Polled {
        self.plan.clear();
        let plan = &mut self.plan;
        let room = buffer.len();
        let more = lane.poll_while(max.min(MAX_EVENTS), |event| plan.add(event, room), &mut self.events);
        let used = if self.events.is_empty() { 0 } else { self.plan.write(&self.events, more, buffer) };
        self.events.clear();
        Polled { used, more, needed: self.plan.refused }
    }

    /// Writes events as one batch, as many as fit, and says how many those are and how long the batch is.
    ///
    /// # Errors
    /// The bytes that the first event needs, if not even that fits.
    pub fn encode(&mut self, events: &[Event], more: bool, buffer: &mut [u8]) -> Result<(usize, usize), usize> {
        self.plan.clear();
        let count = events.iter().take_while(|event| self.plan.add(event, buffer.len())).count();
        match self.plan.refused {
            Some(needed) => Err(needed),
            None if buffer.len() < HEADER => Err(HEADER),
            None => Ok((count, self.plan.write(&events[..count], more || count < events.len(), buffer))),
        }
    }
}

impl Plan {
    /// Writes what was planned. The buffer has room: that was the plan.
    fn write(&self, events: &[Event], more: bool, buffer: &mut [u8]) -> usize {
        let (strings_at, size) = (HEADER + RECORD * events.len(), self.size());
        let mut out = Out { buffer: &mut buffer[..size], end: strings_at + STRING * self.table.len() };
        out.buffer[..4].copy_from_slice(&MAGIC);
        put_u16(out.buffer, header::VERSION, VERSION);
        put_u16(out.buffer, header::HEADER_LEN, HEADER as u16);
        put_u16(out.buffer, header::RECORD_LEN, RECORD as u16);
        put_u16(out.buffer, header::FLAGS, if more { MORE } else { 0 });
        put_u32(out.buffer, header::COUNT, small(events.len()));
        put_u32(out.buffer, header::STRINGS_AT, small(strings_at));
        put_u32(out.buffer, header::STRINGS, small(self.table.len()));
        put_u32(out.buffer, header::USED, small(size));
        put_u32(out.buffer, header::USED + 4, 0);
        let texts_at = out.append(&self.texts);
        for (index, text) in self.table.iter().enumerate() {
            let at = strings_at + STRING * index;
            put_u32(out.buffer, at, small(texts_at + text.start));
            put_u32(out.buffer, at + 4, small(text.len()));
        }
        for (index, (event, item)) in events.iter().zip(&self.items).enumerate() {
            let mut fields = [0; RECORD];
            put_u16(&mut fields, record::KIND, Kind::of(&event.kind) as u16);
            put_u64(&mut fields, record::SEQ, event.seq.0);
            put_u32(&mut fields, record::TOPIC, item.topic.unwrap_or(NONE));
            put_u32(&mut fields, record::ROOM, item.room.unwrap_or(NONE));
            match &event.kind {
                EventKind::Message(message) => write_message(&mut out, &mut fields, message, item),
                kind => {
                    write_subject(&mut fields, kind);
                    out.place(&mut fields, record::BODY_AT, &self.bodies[item.body.clone()]);
                }
            }
            out.buffer[HEADER + RECORD * index..][..RECORD].copy_from_slice(&fields);
        }
        debug_assert_eq!(out.end, size, "the plan and the batch agree");
        // It costs next to nothing here, and spares languages whose texts are not UTF-8 a look at each of them.
        if out.buffer[texts_at..].is_ascii() {
            put_u16(out.buffer, header::FLAGS, ASCII | if more { MORE } else { 0 });
        }
        size
    }
}

/// The batch, and the end of what is written.
struct Out<'a> {
    buffer: &'a mut [u8],
    end: usize,
}

impl Out<'_> {
    fn append(&mut self, bytes: &[u8]) -> usize {
        let at = self.end;
        self.end += bytes.len();
        self.buffer[at..self.end].copy_from_slice(bytes);
        at
    }

    /// Appends bytes and notes their place and length in a record.
    fn place(&mut self, fields: &mut [u8; RECORD], field: usize, bytes: &[u8]) {
        let at = self.append(bytes);
        put_u32(fields, field, small(at));
        put_u32(fields, field + 4, small(bytes.len()));
    }
}

fn write_message(out: &mut Out<'_>, fields: &mut [u8; RECORD], message: &Message, item: &Item) {
    let mut flags = match message.kind() {
        PayloadKind::Json => 0,
        PayloadKind::Text => 1,
        PayloadKind::Binary => 2,
        PayloadKind::JsonString => 3,
    };
    let (len, ends) = item.payload;
    if !ends {
        flags |= flag::OPEN_END;
    }
    put_u32(fields, record::CONNECTION, u32::try_from(message.connection().0).unwrap_or(u32::MAX));
    put_u64(fields, record::RECEIVED, message.received().0);
    match message.subscriptions() {
        [] => {}
        [one] => {
            flags |= flag::SUBJECT;
            put_u64(fields, record::SUBJECT, one.0);
        }
        many => {
            flags |= flag::SUBJECT | flag::MANY;
            put_u32(fields, record::SUBJECT, small(out.end));
            put_u32(fields, record::SUBJECT + 4, small(many.len()));
            for one in many {
                out.append(&one.0.to_le_bytes());
            }
        }
    }
    put_u16(fields, record::FLAGS, flags);
    if let Some(id) = message.id() {
        out.place(fields, record::ID_AT, id.as_bytes());
    }
    if let Some(time) = message.time() {
        out.place(fields, record::TIME_AT, time.as_bytes());
    }
    // Somebody may have looked for the payload's end since it was planned; the plan holds.
    out.place(fields, record::BODY_AT, &message.payload_unwalked().0[..len]);
}

fn write_subject(fields: &mut [u8; RECORD], kind: &EventKind) {
    let (subject, flags) = match kind {
        EventKind::Subscribed { subscription, recovered, confirmed } => {
            let recovered = if *recovered { flag::RECOVERED } else { 0 };
            (Some(subscription.0), recovered | if *confirmed { flag::CONFIRMED } else { 0 })
        }
        EventKind::Unsubscribed { subscription } | EventKind::Ended { subscription, .. } => (Some(subscription.0), 0),
        EventKind::Reply { request, result } => {
            let flags = match result {
                Ok(reply) if reply.confirmed => flag::OK | flag::CONFIRMED,
                Ok(_) => flag::OK,
                Err(_) => 0,
            };
            (Some(request.0), flags)
        }
        EventKind::Need(need) => (Some(need.request.0), 0),
        EventKind::NeedCancelled { request } => (Some(request.0), 0),
        EventKind::Fault(fault) => (fault.subscription.map(|one| one.0), 0),
        _ => (None, 0),
    };
    put_u64(fields, record::SUBJECT, subject.unwrap_or_default());
    put_u16(fields, record::FLAGS, flags | if subject.is_some() { flag::SUBJECT } else { 0 });
}
