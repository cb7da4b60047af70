//! The dialect's timers by name.

use crate::id::{KeyId, LinkId, RequestId};

/// What a timer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alarm {
    /// A subscription's results are overdue.
    Data(KeyId),
    /// A request's result is overdue.
    Result(RequestId),
    /// A first result with nothing but errors has been held long enough.
    Held(KeyId),
    /// A link's suspects: the next may be tried, or the one on trial has had its time.
    Trial(LinkId),
}

impl Alarm {
    /// Its number. Ids stay below 2⁶², so the two lowest bits are free for the kind.
    pub(super) fn key(self) -> u64 {
        match self {
            Self::Data(key) => key.0 << 2,
            Self::Result(request) => request.0 << 2 | 1,
            Self::Held(key) => key.0 << 2 | 2,
            Self::Trial(link) => link.0 << 2 | 3,
        }
    }

    /// The alarm of this number.
    pub(super) fn of(key: u64) -> Self {
        match key & 3 {
            0 => Self::Data(KeyId(key >> 2)),
            1 => Self::Result(RequestId(key >> 2)),
            2 => Self::Held(KeyId(key >> 2)),
            _ => Self::Trial(LinkId(key >> 2)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alarm_is_known_by_its_number() {
        for alarm in [Alarm::Data(KeyId(7)), Alarm::Result(RequestId((1 << 53) - 1)), Alarm::Held(KeyId(0)), Alarm::Trial(LinkId(9))] {
            assert_eq!(Alarm::of(alarm.key()), alarm);
        }
    }
}
