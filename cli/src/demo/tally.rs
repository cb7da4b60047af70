//! Who lost what: the books that the demo's summary is computed from.
//!
//! Every message that is published carries a number, and the numbers of a stream (a topic, an operation) only grow. A lost message is
//! excused if the client reported a gap at its place in the stream: after everything received with a smaller number, before everything
//! with a larger one. Places rather than clocks, because a frame may have been published before the loss and read after it.

use std::collections::{BTreeMap, BTreeSet};

/// What came in a stream, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Received(u64),
    Gap,
}

#[derive(Debug, Default)]
struct Stream {
    published: BTreeSet<u64>,
    log: Vec<Entry>,
}

/// The books of one gateway's client.
#[derive(Debug, Default)]
pub(super) struct Tally {
    streams: BTreeMap<String, Stream>,
    gaps: u64,
    handovers: u64,
    outages: u64,
}

/// What the books say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) published: u64,
    /// Different messages that arrived.
    pub(super) received: u64,
    /// Messages that arrived again.
    pub(super) duplicated: u64,
    /// Messages that never arrived, where a gap was reported.
    pub(super) lost_in_gaps: u64,
    /// Messages that never arrived, and nobody said so.
    pub(super) lost_silently: u64,
    /// Messages that arrived though nobody published them.
    pub(super) invented: u64,
    pub(super) gaps: u64,
    pub(super) handovers: u64,
    pub(super) outages: u64,
}

impl Sum {
    pub(super) fn lost(&self) -> u64 {
        self.lost_in_gaps + self.lost_silently
    }

    /// Whether the client kept its word: nothing twice, nothing made up, nothing lost without saying so.
    pub(super) fn is_clean(&self) -> bool {
        self.duplicated == 0 && self.invented == 0 && self.lost_silently == 0
    }
}

impl Tally {
    /// A message is about to be published.
    pub(super) fn publish(&mut self, stream: &str, number: u64) {
        self.stream(stream).published.insert(number);
    }

    /// A message arrived.
    pub(super) fn receive(&mut self, stream: &str, number: u64) {
        self.stream(stream).log.push(Entry::Received(number));
    }

    /// The client reported a gap in some streams.
    pub(super) fn gap<'a>(&mut self, streams: impl IntoIterator<Item = &'a str>) {
        self.gaps += 1;
        for stream in streams {
            self.stream(stream).log.push(Entry::Gap);
        }
    }

    /// The client moved to another connection, and its subscriptions with it.
    pub(super) fn handover(&mut self) {
        self.handovers += 1;
    }

    /// The client lost its connection.
    pub(super) fn outage(&mut self) {
        self.outages += 1;
    }

    /// How often the client moved.
    pub(super) fn handovers(&self) -> u64 {
        self.handovers
    }

    /// How often the client lost its connection.
    pub(super) fn outages(&self) -> u64 {
        self.outages
    }

    /// Whether the last message of every stream has arrived.
    pub(super) fn is_caught_up(&self) -> bool {
        self.streams.values().all(|stream| {
            let last = stream.published.last();
            last.is_none_or(|last| stream.log.contains(&Entry::Received(*last)))
        })
    }

    /// Adds everything up.
    pub(super) fn sum(&self) -> Sum {
        let mut sum = Sum { gaps: self.gaps, handovers: self.handovers, outages: self.outages, ..Sum::default() };
        for stream in self.streams.values() {
            stream.add_to(&mut sum);
        }
        sum
    }

    fn stream(&mut self, name: &str) -> &mut Stream {
        if !self.streams.contains_key(name) {
            self.streams.insert(name.to_owned(), Stream::default());
        }
        self.streams.entry(name.to_owned()).or_default()
    }
}

impl Stream {
    fn add_to(&self, sum: &mut Sum) {
        let mut different = BTreeSet::new();
        for entry in &self.log {
            match entry {
                Entry::Received(number) if !different.insert(*number) => sum.duplicated += 1,
                Entry::Received(number) if !self.published.contains(number) => sum.invented += 1,
                Entry::Received(_) => sum.received += 1,
                Entry::Gap => {}
            }
        }
        sum.published += self.published.len() as u64;
        for lost in self.published.difference(&different) {
            if self.is_excused(*lost) {
                sum.lost_in_gaps += 1;
            } else {
                sum.lost_silently += 1;
            }
        }
    }

    fn is_excused(&self, lost: u64) -> bool {
        let smaller = |entry: &Entry| matches!(entry, Entry::Received(number) if *number < lost);
        let larger = |entry: &Entry| matches!(entry, Entry::Received(number) if *number > lost);
        let from = self.log.iter().rposition(smaller).map_or(0, |at| at + 1);
        let to = self.log.iter().position(larger).unwrap_or(self.log.len());
        self.log.get(from..to).is_some_and(|between| between.contains(&Entry::Gap))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Publishes 1 to 6, and lets the client see what `log` says: 0 is a gap.
    fn sum(log: &[u64]) -> Sum {
        let mut tally = Tally::default();
        for number in 1..=6 {
            tally.publish("s", number);
        }
        for entry in log {
            match entry {
                0 => tally.gap(["s"]),
                number => tally.receive("s", *number),
            }
        }
        tally.sum()
    }

    #[test]
    fn all_is_well_when_everything_comes_once() {
        let sum = sum(&[1, 2, 3, 4, 5, 6]);
        assert_eq!((sum.published, sum.received, sum.lost()), (6, 6, 0));
        assert!(sum.is_clean());
    }

    #[test]
    fn a_loss_is_excused_only_where_a_gap_was_reported() {
        let excused = sum(&[1, 2, 0, 5, 6]);
        assert_eq!((excused.lost_in_gaps, excused.lost_silently, excused.gaps), (2, 0, 1));
        assert!(excused.is_clean());

        assert_eq!(sum(&[1, 2, 5, 6]).lost_silently, 2);
        let elsewhere = sum(&[1, 0, 2, 5, 6]);
        assert_eq!((elsewhere.lost_in_gaps, elsewhere.lost_silently), (0, 2));
        let too_late = sum(&[1, 2, 5, 0, 6]);
        assert_eq!((too_late.lost_in_gaps, too_late.lost_silently), (0, 2));
    }

    #[test]
    fn a_gap_at_either_end_counts() {
        assert_eq!(sum(&[0, 3, 4, 5, 6]).lost_in_gaps, 2);
        assert_eq!(sum(&[1, 2, 3, 4, 0]).lost_in_gaps, 2);
        assert_eq!(sum(&[1, 2, 3, 4]).lost_silently, 2);
    }

    #[test]
    fn what_comes_twice_or_from_nowhere_is_found() {
        let twice = sum(&[1, 2, 2, 3, 4, 5, 6]);
        assert_eq!((twice.duplicated, twice.received), (1, 6));
        assert!(!twice.is_clean());
        let invented = sum(&[1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(invented.invented, 1);
        assert!(!invented.is_clean());
    }

    #[test]
    fn the_last_message_of_each_stream_is_waited_for() {
        let mut tally = Tally::default();
        assert!(tally.is_caught_up());
        tally.publish("s", 1);
        tally.publish("s", 2);
        tally.receive("s", 1);
        assert!(!tally.is_caught_up());
        tally.receive("s", 2);
        assert!(tally.is_caught_up());
    }
}
