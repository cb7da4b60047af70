//! Signs of life: the heartbeat that a server shows, and the pings that we send.

use std::time::Duration;

use crate::scan::find;

/// Silence of this many heartbeats is too long …
const BEATS: f64 = 2.5;
/// … but a server that beats very fast is given this long all the same.
const LEAST: Duration = Duration::from_secs(2);
/// Beats that come together are one: what waited in a buffer arrives at once.
const TOGETHER: Duration = Duration::from_millis(10);

/// What a heartbeat can be. Each has a period of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beat {
    /// A message: `ka`, `ping`, or a `pong` that nobody asked for.
    Message,
    /// A ping of RFC 6455, below the subprotocol.
    Frame,
}

/// The heartbeat of a link.
#[derive(Debug, Default)]
pub(super) struct Heartbeat {
    beats: [Rhythm; 2],
}

#[derive(Debug, Default)]
struct Rhythm {
    last: Option<Duration>,
    /// The latest two periods. The longer counts: servers beat before and after their ack and then not for a while, and a late beat
    /// makes the next period short. Older ones are forgotten: some servers beat only when they have nothing else to say, and so the
    /// longest ever seen tells little.
    periods: [Option<Duration>; 2],
}

impl Rhythm {
    fn period(&self) -> Option<Duration> {
        Some(self.periods[0]?.max(self.periods[1]?))
    }
}

impl Heartbeat {
    /// Notes a beat; returns how much silence is too much, once that is known. The quicker rhythm counts, as any frame is a sign of life.
    pub(super) fn beat(&mut self, beat: Beat, now: Duration) -> Option<Duration> {
        let rhythm = &mut self.beats[beat as usize];
        if let Some(last) = rhythm.last.replace(now)
            && now.saturating_sub(last) >= TOGETHER
        {
            rhythm.periods = [Some(now.saturating_sub(last)), rhythm.periods[0]];
        }
        let period = self.beats.iter().filter_map(Rhythm::period).min()?;
        Some(period.mul_f64(BEATS).max(LEAST))
    }
}

/// The `ping` messages of a link and their answers.
#[derive(Debug, Default)]
pub(super) struct Pings {
    sent: u64,
    answered: u64,
    /// Pongs come unasked on this link, so one that does not name its ping tells nothing.
    heartbeats: bool,
}

impl Pings {
    /// The next ping's frame. A server that echoes the payload tells which ping it answers.
    pub(super) fn next(&mut self) -> String {
        self.sent += 1;
        format!(r#"{{"type":"ping","payload":{{"topicwire":{}}}}}"#, self.sent)
    }

    /// How many were sent.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// How many were answered.
    pub(super) fn answered(&self) -> u64 {
        self.answered
    }

    /// Takes a pong in. False if it answers no ping of ours: then it is a heartbeat.
    pub(super) fn pong(&mut self, payload: Option<&[u8]>) -> bool {
        let named = payload.and_then(|payload| find(payload, &["topicwire"]).ok()??.unsigned(payload));
        match named {
            Some(ping) if ping <= self.sent => self.answered = self.answered.max(ping),
            None if self.answered < self.sent && !self.heartbeats => self.answered += 1,
            _ => {
                self.heartbeats = true;
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_longer_of_the_latest_two_periods_counts() {
        let mut heart = Heartbeat::default();
        assert_eq!(heart.beat(Beat::Message, at(0)), None, "before the ack");
        assert_eq!(heart.beat(Beat::Message, Duration::from_millis(50)), None, "and after it: no period to go by");
        assert_eq!(heart.beat(Beat::Message, at(4)), Some(Duration::from_millis(3950).mul_f64(2.5)));
        assert_eq!(heart.beat(Beat::Message, at(8)), Some(at(10)));
        assert_eq!(heart.beat(Beat::Message, at(11)), Some(at(10)));
        assert_eq!(heart.beat(Beat::Message, at(111)), Some(at(250)), "it had other things to say");
        heart.beat(Beat::Message, at(115));
        assert_eq!(heart.beat(Beat::Message, at(119)), Some(at(10)));
        assert_eq!(heart.beat(Beat::Message, at(119)), Some(at(10)), "two at once are one");
    }

    #[test]
    fn the_quicker_of_two_rhythms_counts() {
        let mut heart = Heartbeat::default();
        for n in 0..4 {
            heart.beat(Beat::Frame, at(12 * n));
        }
        assert_eq!(heart.beat(Beat::Message, at(40)), Some(at(30)));
        assert_eq!(heart.beat(Beat::Message, at(45)), Some(at(30)));
        assert_eq!(heart.beat(Beat::Message, at(50)), Some(Duration::from_millis(12_500)));
    }

    #[test]
    fn a_pong_answers_the_ping_it_names_or_else_the_oldest() {
        let mut pings = Pings::default();
        assert!(!Pings::default().pong(None), "unasked");
        assert_eq!(pings.next(), r#"{"type":"ping","payload":{"topicwire":1}}"#);
        pings.next();
        assert!(pings.pong(None));
        assert_eq!((pings.answered(), pings.sent()), (1, 2));
        assert!(pings.pong(Some(br#"{"topicwire":2}"#)));
        assert_eq!(pings.answered(), 2);
        assert!(!pings.pong(Some(br#"{"topicwire":3}"#)), "it was never sent");
        pings.next();
        assert!(!pings.pong(None), "this server's pongs come unasked");
        assert_eq!((pings.answered(), pings.sent()), (2, 3));
    }
}
