//! What every session promises, whatever happens to it: any order of commands, frames, ends, timers, answers that come late, twice or never.
//!
//! `steps` says what can happen, `frames` what a gateway can say, `player` makes it happen and holds the session to its word, `books` are
//! what it is held to. A failing case is shrunk to the few steps that matter and printed.

mod books;
mod frames;
mod player;
mod steps;

use proptest::prelude::*;
use topicwire::Secret;
use topicwire::options::{AstroOptions, Credential, GraphQlOptions, Options, Protocol, RawOptions, Sockets};

use self::player::Player;
use self::steps::{Step, script};

fn token() -> impl Strategy<Value = Credential> {
    prop_oneof![Just(Credential::Static(Secret::new("token"))), Just(Credential::Provider)]
}

fn astro() -> impl Strategy<Value = Options> {
    (token(), any::<[bool; 5]>()).prop_map(|(token, [verify, burst, late, stop, ping])| {
        let mut options = AstroOptions { url: Secret::new("ws://astro.test/"), token, ..AstroOptions::default() };
        options.verify_resume = verify;
        options.command_burst = if burst { 50 } else { 1 };
        options.deliver_after_unsubscribe = late;
        options.stop_when_unauthorized = stop;
        options.ping_interval = ping.then_some(std::time::Duration::from_secs(20));
        Options::Astro(options)
    })
}

fn graphql() -> impl Strategy<Value = Options> {
    let protocol = prop_oneof![Just(Protocol::Auto), Just(Protocol::Modern), Just(Protocol::Legacy)];
    (token(), protocol, any::<[bool; 4]>()).prop_map(|(token, protocol, [shared, lazy, ping, linger])| {
        let mut options = GraphQlOptions::new("ws://graphql.test/graphql");
        options.token = token;
        options.protocol = protocol;
        options.sockets = if shared { Sockets::Shared } else { Sockets::PerOperation };
        options.lazy = lazy;
        options.ping_interval = ping.then_some(std::time::Duration::from_secs(4));
        options.linger = linger.then_some(std::time::Duration::from_secs(3));
        Options::GraphQl(options)
    })
}

fn raw() -> impl Strategy<Value = Options> {
    any::<[bool; 3]>().prop_map(|[comes_back, ping, control]| {
        let mut options = RawOptions::new("ws://raw.test/");
        options.reconnect.enabled = comes_back;
        options.ping_interval = ping.then_some(std::time::Duration::from_secs(10));
        options.control_events = control;
        options.queue.send_high = 200;
        options.queue.send_cap = 1_000;
        Options::Raw(options)
    })
}

fn config() -> ProptestConfig {
    // A failing case is printed whole; there is no file of earlier ones.
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(400);
    ProptestConfig { failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::with_cases(cases) }
}

fn play(options: &Options, seed: u8, steps: &[Step]) -> Result<(), TestCaseError> {
    Player::new(options, [seed; 32]).play(steps).map_err(TestCaseError::fail)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_astro_session_keeps_its_word(options in astro(), seed: u8, steps in script()) {
        play(&options, seed, &steps)?;
    }

    #[test]
    fn a_graphql_session_keeps_its_word(options in graphql(), seed: u8, steps in script()) {
        play(&options, seed, &steps)?;
    }

    #[test]
    fn a_raw_session_keeps_its_word(options in raw(), seed: u8, steps in script()) {
        play(&options, seed, &steps)?;
    }

    /// Time and a seed are all that a session knows: the same steps have the same outcome.
    #[test]
    fn the_same_steps_have_the_same_outcome(options in prop_oneof![astro(), graphql(), raw()], seed: u8, steps in script()) {
        let outcome = || {
            let mut player = Player::new(&options, [seed; 32]);
            player.play(&steps).map(|()| player.into_transcript()).map_err(TestCaseError::fail)
        };
        prop_assert_eq!(outcome()?, outcome()?);
    }
}
