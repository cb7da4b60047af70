//! An Astro session against a gateway that says anything at any time.

#![no_main]

mod player;

use libfuzzer_sys::fuzz_target;
use topicwire::command::{Command, TopicTarget};
use topicwire::options::{AstroOptions, Options};

fuzz_target!(|script: &[u8]| {
    let subscribe = |n: usize| {
        let room = ["64f0a1b2c3d4e5f607182930", "64f0a1b2c3d4e5f607182931"][n % 2];
        Command::Subscribe(TopicTarget::new(["channel.tips", "channel.activities", "channel.stream.status"][n % 3], room))
    };
    player::play(&Options::Astro(AstroOptions::new("jwt")), &subscribe, script);
});
