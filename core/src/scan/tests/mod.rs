//! The scanner against its promises, and against `serde_json`.

mod edges;
mod properties;
mod reference;
