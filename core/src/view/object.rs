//! A JSON object read leniently: a field of the wrong type is a field that is not there.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Decimal, Json, Personal};

/// An object's fields, undecoded. Of equal keys the first counts, as in the scanner.
pub(super) struct Object<'a>(BTreeMap<String, &'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = BTreeMap<String, &'de RawValue>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
                    fields.entry(key).or_insert(value);
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Fields).map(Self)
    }
}

impl<'a> Object<'a> {
    /// Reads an object. `None` for anything else.
    pub(super) fn parse(json: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(key, value)| (key.as_str(), *value))
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    fn decoded<T: Deserialize<'a>>(&self, key: &str) -> Option<T> {
        serde_json::from_str(self.0.get(key)?.get()).ok()
    }

    pub(super) fn raw(&self, key: &str) -> Option<Json> {
        self.0.get(key).map(|raw| Json::from_raw(raw))
    }

    /// A value other than null.
    pub(super) fn some(&self, key: &str) -> Option<Json> {
        self.raw(key).filter(|json| json.get() != "null")
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.decoded(key)
    }

    pub(super) fn personal(&self, key: &str) -> Option<Personal> {
        self.text(key).map(Personal::new)
    }

    /// A string, or a number as its text: ids are written both ways.
    pub(super) fn id(&self, key: &str) -> Option<String> {
        self.text(key).or_else(|| {
            let text = self.0.get(key)?.get();
            text.starts_with(|first: char| first == '-' || first.is_ascii_digit()).then(|| text.to_owned())
        })
    }

    pub(super) fn boolean(&self, key: &str) -> Option<bool> {
        self.decoded(key)
    }

    pub(super) fn whole(&self, key: &str) -> Option<i64> {
        self.decoded(key)
    }

    /// A number, or a string that holds one.
    pub(super) fn decimal(&self, key: &str) -> Option<Decimal> {
        match self.text(key) {
            Some(text) => text.trim().parse().ok(),
            None => self.0.get(key)?.get().parse().ok(),
        }
    }

    pub(super) fn object(&self, key: &str) -> Option<Object<'a>> {
        self.decoded(key)
    }

    /// The objects of an array; what is no object is left out.
    pub(super) fn objects(&self, key: &str) -> Vec<Object<'a>> {
        let elements: Vec<&'a RawValue> = self.decoded(key).unwrap_or_default();
        elements.into_iter().filter_map(|element| serde_json::from_str(element.get()).ok()).collect()
    }

    /// The strings of an array.
    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        let elements: Vec<&'a RawValue> = self.decoded(key).unwrap_or_default();
        elements.into_iter().filter_map(|element| serde_json::from_str(element.get()).ok()).collect()
    }
}
