//! The machine under virtual time.

mod anything;
mod astro_commands;
mod astro_faults;
mod astro_handover;
mod graphql_bitquery;
mod graphql_faults;
mod graphql_legacy;
mod graphql_modern;
mod harness;
mod observation;
mod upgrades;
mod webpubsub;
mod wire;
