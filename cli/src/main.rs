//! The command `topicwire`.
fn main() {}
