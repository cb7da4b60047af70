//! The program as people and scripts meet it: the real binary, against a real local gateway.

mod demo;
mod documentation;
mod gateway;
mod graphql;
mod listen;
mod proxy;
mod running;
mod send;
mod stopping;
mod webpubsub;
mod wrong_use;
