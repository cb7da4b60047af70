//! Plays the scenarios of `tests/scenarios/`.
//!
//! [`script`] reads them, [`virtual_time`] plays them to the machine without a socket or a clock, [`loopback`] plays those that need no
//! timer to the real client, and [`report`] compares what was heard with what the file says.

pub mod loopback;
pub mod pattern;
pub mod report;
pub mod script;
pub mod virtual_time;
