//! Frames that begin like the one before.
//!
//! A gateway writes the messages of a topic by one pattern: up to the payload they differ in id and time alone. To see that a frame follows
//! the pattern costs a fraction of reading it.
//!
//! The answer is the same, for any bytes: reading goes from the first byte to the payload's first and no further, and does not look into
//! strings but for their end. A frame that has the same bytes there, save within strings that end in the same place, is read the same way.

use bytes::Bytes;

use crate::event::{Labels, Message, PayloadKind};

/// The longest beginning that is remembered, in bytes.
const MOST: usize = 320;
/// So many bytes are compared at once.
const STEP: usize = 32;
/// Of the frames that follow no pattern, one in so many sets it anew: where many topics take turns, remembering is in vain.
const PATIENCE: u8 = 8;

/// What the last message looked like.
#[derive(Default)]
pub(super) struct Template {
    pattern: Option<Box<Pattern>>,
    /// How many frames in a row did not follow it.
    misses: u8,
}

struct Pattern {
    text: [u8; MOST],
    /// All ones where a byte must be that of the text.
    fixed: [u8; MOST],
    /// All ones within the strings that may differ: any byte that does not end a string, or begin an escape.
    free: [u8; MOST],
    /// How much is compared: a multiple of the step.
    len: usize,
    start: u32,
    labels: Labels,
    /// The name of the message's topic and room.
    name: Vec<u8>,
}

impl Pattern {
    #[inline]
    fn fits(&self, frame: &[u8]) -> bool {
        let Some(head) = frame.get(..self.len) else { return false };
        let texts = self.text.as_chunks::<STEP>().0;
        let masks = self.fixed.as_chunks::<STEP>().0.iter().zip(self.free.as_chunks::<STEP>().0);
        let mut wrong = [0; STEP];
        for ((bytes, text), (fixed, free)) in head.as_chunks::<STEP>().0.iter().zip(texts).zip(masks) {
            for at in 0..STEP {
                let ends = if bytes[at] == b'"' || bytes[at] == b'\\' { u8::MAX } else { 0 };
                wrong[at] |= ((bytes[at] ^ text[at]) & fixed[at]) | (ends & free[at]);
            }
        }
        wrong == [0; STEP]
    }
}

impl Template {
    /// The message in a frame that follows the pattern, and the name of its topic and room; or the frame.
    #[inline]
    pub(super) fn read(&mut self, frame: Bytes) -> Result<(Message, &[u8]), Bytes> {
        match self.pattern.as_deref() {
            Some(pattern) if pattern.fits(&frame) => {
                self.misses = 0;
                Ok((Message::like(frame, pattern.start, PayloadKind::Json, pattern.labels), &pattern.name))
            }
            _ => Err(frame),
        }
    }

    /// A message that did not follow the pattern, and the name of its topic and room. Reading it must have stopped at its payload, an array or
    /// an object.
    #[inline]
    pub(super) fn learn(&mut self, message: &Message, name: &[u8]) {
        let miss = self.misses;
        self.misses = (miss + 1) % PATIENCE;
        if miss == 0 {
            self.set(message, name);
        }
    }

    fn set(&mut self, message: &Message, name: &[u8]) {
        let (frame, end) = (message.frame(), message.start as usize + 1);
        let len = end.next_multiple_of(STEP);
        // Without labels of its own a message is all in its frame.
        let Some(labels) = message.labels_in_frame().filter(|_| len <= MOST && len <= frame.len()) else { return };
        let pattern = self.pattern.get_or_insert_with(|| {
            Box::new(Pattern { text: [0; MOST], fixed: [0; MOST], free: [0; MOST], len, start: 0, labels, name: Vec::new() })
        });
        (pattern.len, pattern.start, pattern.labels) = (len, message.start, labels);
        pattern.text[..len].copy_from_slice(&frame[..len]);
        pattern.fixed.fill(0);
        pattern.fixed[..end].fill(u8::MAX);
        pattern.free.fill(0);
        for span in labels.free() {
            if let (Some(fixed), Some(free)) = (pattern.fixed[..end].get_mut(span.clone()), pattern.free[..end].get_mut(span)) {
                fixed.fill(0);
                free.fill(u8::MAX);
            }
        }
        pattern.name.clear();
        pattern.name.extend_from_slice(name);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::frame::decode;
    use super::*;

    /// What reading makes of a frame, as the dialect does it.
    fn read(frame: &Bytes) -> Option<(Message, bool)> {
        let decoded = decode(frame).ok()?;
        let labels = [decoded.topic, decoded.room, decoded.id, decoded.ts];
        Some((Message::labelled(frame.clone(), decoded.data.unwrap_or(0), None, PayloadKind::Json, labels), decoded.stopped_at_data))
    }

    fn parts(message: &Message) -> ([Option<&str>; 4], &[u8]) {
        ([message.topic(), message.room(), message.id(), message.time()], message.payload())
    }

    fn taught(frame: &str) -> Template {
        let frame = Bytes::copy_from_slice(frame.as_bytes());
        let (message, stopped) = read(&frame).expect("a message");
        assert!(stopped);
        let mut template = Template::default();
        template.learn(&message, b"name");
        template
    }

    fn frame(id: &str, ts: &str, topic: &str, room: &str) -> String {
        let pad = "x".repeat(40);
        format!(r#"{{"id":"{id}","ts":"{ts}","type":"message","topic":"{topic}","room":"{room}","data":{{"pad":"{pad}"}}}}"#)
    }

    #[test]
    fn frames_that_differ_in_id_time_and_payload_follow_the_pattern() {
        let mut template = taught(&frame("01AB", "2026-01-01", "t.a", "r1"));
        let next = Bytes::from(frame("01CD", "2026-12-31", "t.a", "r1").replace("xx", "yy"));
        let (message, name) = template.read(next.clone()).expect("it follows");
        assert_eq!(name, b"name");
        assert_eq!(parts(&message), parts(&read(&next).expect("a message").0));
        assert_eq!((message.id(), message.time()), (Some("01CD"), Some("2026-12-31")));
    }

    #[test]
    fn another_topic_room_or_length_and_a_string_that_ends_early_do_not() {
        let mut template = taught(&frame("01AB", "2026-01-01", "t.a", "r1"));
        for other in [
            frame("01CD", "2026-12-31", "t.b", "r1"),
            frame("01CD", "2026-12-31", "t.a", "r2"),
            frame("01CDE", "2026-12-31", "t.a", "r1"),
            frame(r#"0","#, "2026-12-31", "t.a", "r1"),
            frame(r"0\n1", "2026-12-31", "t.a", "r1"),
            frame("01CD", r#""topic":"x"#, "t.a", "r1"),
            frame("01CD", "2026-12-31", "t.a", "r1").replace("message", "welcome"),
            frame("01CD", "2026-12-31", "t.a", "r1").chars().take(90).collect(),
        ] {
            assert!(template.read(Bytes::from(other.clone())).is_err(), "{other}");
        }
    }

    #[test]
    fn of_topics_that_take_turns_one_frame_in_some_sets_the_pattern() {
        let mut template = taught(&frame("01AB", "2026-01-01", "t.a", "r1"));
        let other = Bytes::from(frame("01AB", "2026-01-01", "t.b", "r1"));
        let message = read(&other).expect("a message").0;
        let mut tries = 0;
        while template.read(other.clone()).is_err() {
            template.learn(&message, b"other");
            tries += 1;
        }
        assert_eq!(tries, PATIENCE);
        assert_eq!(template.read(other).expect("it follows").1, b"other");
    }

    proptest! {
        /// Whatever is done to a frame: if it still follows the pattern, reading says the same of it.
        #[test]
        fn a_frame_that_follows_the_pattern_is_read_the_same_way(
            changes in prop::collection::vec((0..200_usize, prop::sample::select(b"\"\\{}[],:a1 \n\xc3".to_vec())), 1..4),
            shape in 0..4_usize,
        ) {
            let pad = "y".repeat(60);
            let shapes = [
                frame("01AB", "2026-01-01", "t.a", "r1"),
                format!(r#"{{ "topic" : "t", "room":"", "id":"1","type":"MESSAGE","ts":7,"data":[{{"pad":"{pad}"}}]}}"#),
                format!(r#"{{"x":[1,"}}"],"type":"message","id":"1234567","id":"b","room":"r","topic":"t","ts":"abcdef","data":{{"pad":"{pad}"}}}}"#),
                format!(r#"{{"id":9,"ts":"ab","type":"message","topic":"t","room":"r","data":{{"pad":"{pad}"}}}}"#),
            ];
            let mut template = taught(&shapes[shape]);
            let mut changed = shapes[shape].clone().into_bytes();
            for (at, byte) in changes {
                let at = at % changed.len();
                changed[at] = byte;
            }
            let changed = Bytes::from(changed);
            if let Ok((message, _)) = template.read(changed.clone()) {
                let decoded = decode(&changed).expect("the pattern is that of an object");
                prop_assert_eq!(decoded.kind, super::super::frame::FrameType::Message);
                prop_assert!(decoded.stopped_at_data);
                let (same, _) = read(&changed).expect("a message");
                prop_assert_eq!(parts(&message), parts(&same));
            }
        }
    }
}
