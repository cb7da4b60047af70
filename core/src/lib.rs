//! One client for realtime gateways.

pub mod time;
