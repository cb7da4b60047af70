//! The local gateway.
#![forbid(unsafe_code)]
