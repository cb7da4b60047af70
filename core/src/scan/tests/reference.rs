//! What the scanner should find, said with `serde_json`. The fuzz target `scan` includes this file too, as a module of its own.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// An object's members in the order in which they stand: key, and where the value lies. `None` if `frame` is not one valid object.
pub(super) fn members(frame: &[u8]) -> Option<Vec<(String, Range<usize>)>> {
    struct Members(usize);

    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, Range<usize>)>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
                let start = value.get().as_ptr() as usize - self.0;
                members.push((key, start..start + value.get().len()));
            }
            Ok(members)
        }
    }

    let mut deserializer = serde_json::Deserializer::from_slice(frame);
    let members = deserializer.deserialize_map(Members(frame.as_ptr() as usize)).ok()?;
    deserializer.end().ok()?;
    Some(members)
}

/// Where the values of `keys` lie, the way [`crate::scan::scan`] promises: the first of equal keys, until the first `needed` are known.
/// A value whose end is `None` is an array or object at which the scan stops.
pub(super) fn expected(
    members: &[(String, Range<usize>)],
    frame: &[u8],
    keys: &[&str],
    needed: usize,
) -> Vec<Option<(usize, Option<usize>)>> {
    let mut found = BTreeMap::new();
    for (key, range) in members {
        let missing = (0..needed).filter(|key| !found.contains_key(key)).count();
        if missing == 0 {
            break;
        }
        let Some(which) = keys.iter().position(|one| one == key) else { continue };
        if found.contains_key(&which) {
            continue;
        }
        let stops = missing == 1 && which < needed && matches!(frame[range.start], b'{' | b'[');
        found.insert(which, (range.start, (!stops).then_some(range.end)));
    }
    (0..keys.len()).map(|key| found.get(&key).copied()).collect()
}
