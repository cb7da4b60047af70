//! Where things stand in a batch. `docs/batch.md` says the same in prose; change both, and the version.

/// The first four bytes.
pub const MAGIC: [u8; 4] = *b"TWB1";
/// The layout's version. It changes when something moves; new kinds and new flags do not change it.
pub const VERSION: u16 = 1;
/// Bytes of the header.
pub const HEADER: usize = 32;
/// Bytes of a record.
pub const RECORD: usize = 64;
/// Bytes of an entry of the string table.
pub const STRING: usize = 8;
/// At most this many events are in a batch.
pub const MAX_EVENTS: usize = 256;
/// A batch of more than one event is at most this long.
pub const MAX_BYTES: usize = 32 << 10;

/// The batch's flag that the lane has more.
pub(super) const MORE: u16 = 1;
/// The batch's flag that all its bytes behind the string table are ASCII.
pub(super) const ASCII: u16 = 2;

/// Offsets within the header.
pub(super) mod header {
    pub(in crate::batch) const VERSION: usize = 4;
    pub(in crate::batch) const HEADER_LEN: usize = 6;
    pub(in crate::batch) const RECORD_LEN: usize = 8;
    pub(in crate::batch) const FLAGS: usize = 10;
    pub(in crate::batch) const COUNT: usize = 12;
    pub(in crate::batch) const STRINGS_AT: usize = 16;
    pub(in crate::batch) const STRINGS: usize = 20;
    pub(in crate::batch) const USED: usize = 24;
}

/// Offsets within a record. The length of what stands at `…_AT` follows it.
pub(super) mod record {
    pub(in crate::batch) const KIND: usize = 0;
    pub(in crate::batch) const FLAGS: usize = 2;
    pub(in crate::batch) const CONNECTION: usize = 4;
    pub(in crate::batch) const SEQ: usize = 8;
    pub(in crate::batch) const RECEIVED: usize = 16;
    pub(in crate::batch) const SUBJECT: usize = 24;
    pub(in crate::batch) const BODY_AT: usize = 32;
    pub(in crate::batch) const TOPIC: usize = 40;
    pub(in crate::batch) const ROOM: usize = 44;
    pub(in crate::batch) const ID_AT: usize = 48;
    pub(in crate::batch) const TIME_AT: usize = 56;
}

/// Flags of a record.
pub(super) mod flag {
    /// The two lowest bits of a message: what its payload is.
    pub(in crate::batch) const PAYLOAD_KIND: u16 = 0b11;
    /// The payload is one JSON value, and something may follow it.
    pub(in crate::batch) const OPEN_END: u16 = 1 << 2;
    /// `subject` means something.
    pub(in crate::batch) const SUBJECT: u16 = 1 << 3;
    /// `subject` is the place and the length of a list.
    pub(in crate::batch) const MANY: u16 = 1 << 4;
    /// Subscribed: it was live before.
    pub(in crate::batch) const RECOVERED: u16 = 1 << 5;
    /// Subscribed, Reply: the gateway said so.
    pub(in crate::batch) const CONFIRMED: u16 = 1 << 6;
    /// Reply: it is not an error.
    pub(in crate::batch) const OK: u16 = 1 << 7;
}

/// No string.
pub(super) const NONE: u32 = u32::MAX;

pub(super) fn put_u16(to: &mut [u8], at: usize, value: u16) {
    to[at..at + 2].copy_from_slice(&value.to_le_bytes());
}

pub(super) fn put_u32(to: &mut [u8], at: usize, value: u32) {
    to[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

pub(super) fn put_u64(to: &mut [u8], at: usize, value: u64) {
    to[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

/// A size or a place as the layout writes it. The encoder refuses what is too long for it before it gets here.
pub(super) fn small(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
