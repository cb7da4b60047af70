//! Reads a batch: the reference for the decoders of other languages.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::body::Reader;
use super::layout::{HEADER, MAGIC, MORE, NONE, RECORD, STRING, VERSION, flag, header, record};
use crate::event::{Event, EventKind, Label, Message, PayloadKind, Subscriptions};
use crate::id::{Connection, RequestId, Seq, SubscriptionId};
use crate::lane::Kind;
use crate::time::UnixMillis;

/// A batch that does not follow the layout, and in what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed(pub(super) &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed batch: {}", self.0)
    }
}

impl std::error::Error for Malformed {}

/// One event of a batch.
#[derive(Debug, Clone)]
pub enum Decoded {
    /// An event that this version knows.
    Event(Event),
    /// An event of a later version.
    Unknown {
        /// Its place in the client-wide order.
        seq: Seq,
        /// The number of its kind.
        kind: u16,
    },
}

/// A batch, checked as far as its header goes. Bad bytes are an error, never a panic.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    bytes: &'a [u8],
    header_len: usize,
    record_len: usize,
    count: usize,
    strings_at: usize,
    strings: usize,
    more: bool,
}

impl<'a> Batch<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// When this is not a batch, or one of another version of the layout.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.len() < HEADER || bytes[..4] != MAGIC {
            return Err(Malformed("it does not start like a batch"));
        }
        if u16_at(bytes, header::VERSION)? != VERSION {
            return Err(Malformed("the layout's version is another"));
        }
        let used = size_at(bytes, header::USED)?;
        let bytes = bytes.get(..used).ok_or(Malformed("it is longer than its buffer"))?;
        let batch = Self {
            bytes,
            header_len: usize::from(u16_at(bytes, header::HEADER_LEN)?),
            record_len: usize::from(u16_at(bytes, header::RECORD_LEN)?),
            count: size_at(bytes, header::COUNT)?,
            strings_at: size_at(bytes, header::STRINGS_AT)?,
            strings: size_at(bytes, header::STRINGS)?,
            more: u16_at(bytes, header::FLAGS)? & MORE != 0,
        };
        // A later version may make records longer, never shorter.
        let records_end = batch.count.checked_mul(batch.record_len).and_then(|len| len.checked_add(batch.header_len));
        let strings_end = batch.strings.checked_mul(STRING).and_then(|len| len.checked_add(batch.strings_at));
        let sound = batch.header_len >= HEADER
            && batch.record_len >= RECORD
            && records_end.is_some_and(|end| end <= used)
            && strings_end.is_some_and(|end| end <= used);
        if sound { Ok(batch) } else { Err(Malformed("its parts do not fit into it")) }
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether the lane had more.
    #[must_use]
    pub fn more(&self) -> bool {
        self.more
    }

    /// The events, in order.
    pub fn events(&self) -> impl Iterator<Item = Result<Decoded, Malformed>> + use<'a> {
        let batch = *self;
        (0..batch.count).map(move |index| batch.event(index))
    }

    fn event(&self, index: usize) -> Result<Decoded, Malformed> {
        let at = self.header_len + index * self.record_len;
        let record = Record { batch: self, fields: self.slice(at, RECORD)? };
        let seq = Seq(u64_at(record.fields, record::SEQ)?);
        let number = u16_at(record.fields, record::KIND)?;
        let Some(kind) = Kind::ALL.iter().copied().find(|kind| *kind as u16 == number) else {
            return Ok(Decoded::Unknown { seq, kind: number });
        };
        Ok(Decoded::Event(Event { seq, kind: record.kind(kind)? }))
    }

    fn slice(&self, at: usize, len: usize) -> Result<&'a [u8], Malformed> {
        at.checked_add(len).and_then(|end| self.bytes.get(at..end)).ok_or(Malformed("a part lies outside"))
    }

    fn string(&self, index: usize) -> Result<&'a str, Malformed> {
        if index >= self.strings {
            return Err(Malformed("a string is not in the table"));
        }
        let at = self.strings_at + STRING * index;
        text(self.slice(size_at(self.bytes, at)?, size_at(self.bytes, at + 4)?)?)
    }
}

struct Record<'a, 'b> {
    batch: &'b Batch<'a>,
    fields: &'a [u8],
}

impl<'a> Record<'a, '_> {
    fn kind(&self, kind: Kind) -> Result<EventKind, Malformed> {
        let flags = u16_at(self.fields, record::FLAGS)?;
        let subject = (flags & flag::SUBJECT != 0).then(|| u64_at(self.fields, record::SUBJECT)).transpose()?;
        let needed = || subject.ok_or(Malformed("an event lacks its subject"));
        let subscription = || needed().map(SubscriptionId);
        let mut body = Reader(self.placed(record::BODY_AT)?.unwrap_or_default());
        match kind {
            Kind::Message => self.message(flags).map(EventKind::Message),
            Kind::State => body.state(),
            Kind::Opened => body.opened(),
            Kind::Subscribed => Ok(EventKind::Subscribed {
                subscription: subscription()?,
                recovered: flags & flag::RECOVERED != 0,
                confirmed: flags & flag::CONFIRMED != 0,
            }),
            Kind::Unsubscribed => Ok(EventKind::Unsubscribed { subscription: subscription()? }),
            Kind::Ended => body.ended(subscription()?),
            Kind::Gap => body.gap(),
            Kind::Lagged => body.lagged(),
            Kind::Reply => body.reply(RequestId(needed()?), flags & flag::OK != 0, flags & flag::CONFIRMED != 0),
            Kind::Need => body.need(RequestId(needed()?)),
            Kind::NeedCancelled => Ok(EventKind::NeedCancelled { request: RequestId(needed()?) }),
            Kind::Writable => Ok(EventKind::Writable),
            Kind::Fault => body.fault(subject.map(SubscriptionId)),
            Kind::Ping => Ok(EventKind::Ping(Bytes::copy_from_slice(body.0))),
            Kind::Pong => Ok(EventKind::Pong(Bytes::copy_from_slice(body.0))),
            Kind::Closed => body.closed(),
        }
    }

    fn message(&self, flags: u16) -> Result<Message, Malformed> {
        let kind = match flags & flag::PAYLOAD_KIND {
            0 => PayloadKind::Json,
            1 => PayloadKind::Text,
            2 => PayloadKind::Binary,
            _ => PayloadKind::JsonString,
        };
        let payload = Bytes::copy_from_slice(self.placed(record::BODY_AT)?.unwrap_or_default());
        let mut message = if flags & flag::OPEN_END == 0 { Message::whole(payload, kind) } else { Message::part(payload, 0, None, kind) };
        message.subscriptions = self.subscriptions(flags)?;
        message.connection = Connection(u64::from(u32_at(self.fields, record::CONNECTION)?));
        message.received = UnixMillis(u64_at(self.fields, record::RECEIVED)?);
        let label = |text: Option<&str>| text.map_or(Label::None, |text| Label::Owned(text.into()));
        Ok(message
            .with_topic(label(self.interned(record::TOPIC)?))
            .with_room(label(self.interned(record::ROOM)?))
            .with_id(label(self.placed(record::ID_AT)?.map(text).transpose()?))
            .with_time(label(self.placed(record::TIME_AT)?.map(text).transpose()?)))
    }

    fn subscriptions(&self, flags: u16) -> Result<Subscriptions, Malformed> {
        if flags & flag::SUBJECT == 0 {
            return Ok(Subscriptions::None);
        }
        if flags & flag::MANY == 0 {
            return Ok(Subscriptions::One(SubscriptionId(u64_at(self.fields, record::SUBJECT)?)));
        }
        let (at, count) = (size_at(self.fields, record::SUBJECT)?, size_at(self.fields, record::SUBJECT + 4)?);
        let list = self.batch.slice(at, count.checked_mul(8).ok_or(Malformed("a list is too long"))?)?;
        let (ids, _) = list.as_chunks();
        Ok(Subscriptions::Many(Arc::new(ids.iter().map(|id| SubscriptionId(u64::from_le_bytes(*id))).collect())))
    }

    /// Bytes whose place and length stand in the record. The place 0 is the header, so it means that there are none.
    fn placed(&self, field: usize) -> Result<Option<&'a [u8]>, Malformed> {
        match size_at(self.fields, field)? {
            0 => Ok(None),
            at => self.batch.slice(at, size_at(self.fields, field + 4)?).map(Some),
        }
    }

    fn interned(&self, field: usize) -> Result<Option<&'a str>, Malformed> {
        match u32_at(self.fields, field)? {
            NONE => Ok(None),
            index => self.batch.string(index as usize).map(Some),
        }
    }
}

fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).map_err(|_| Malformed("a text is not UTF-8"))
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Malformed> {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().ok_or(Malformed("it ends too early"))
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, Malformed> {
    array_at(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, Malformed> {
    array_at(bytes, at).map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Result<u64, Malformed> {
    array_at(bytes, at).map(u64::from_le_bytes)
}

fn size_at(bytes: &[u8], at: usize) -> Result<usize, Malformed> {
    u32_at(bytes, at).map(|size| size as usize)
}
