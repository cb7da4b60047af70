//! How long to wait before the next attempt.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;

use crate::options::{Jitter, ReconnectOptions};

/// The wait before attempt `attempt`, counted from 0.
pub(super) fn delay(options: &ReconnectOptions, attempt: u32, rng: &mut ChaCha8Rng) -> Duration {
    let growth = options.factor.powi(i32::try_from(attempt.min(1_000)).unwrap_or(1_000));
    let seconds = (options.initial.as_secs_f64() * growth).min(options.max.as_secs_f64());
    let full = Duration::try_from_secs_f64(seconds).unwrap_or(options.max);
    match options.jitter {
        Jitter::None => full,
        Jitter::Half => full / 2 + spread(full - full / 2, rng),
        Jitter::Full => spread(full, rng),
    }
}

fn spread(range: Duration, rng: &mut ChaCha8Rng) -> Duration {
    let micros = u64::try_from(range.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(rng.next_u64() % micros.saturating_add(1).max(1))
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn without_jitter_the_waits_are_those_of_the_published_samples() {
        let options = ReconnectOptions { jitter: Jitter::None, ..ReconnectOptions::default() };
        let mut rng = ChaCha8Rng::from_seed([1; 32]);
        let waits: Vec<u64> = (0..7).map(|n| delay(&options, n, &mut rng).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn jitter_stays_in_its_range_however_many_attempts_there_were() {
        let mut rng = ChaCha8Rng::from_seed([2; 32]);
        for attempt in (0..50).chain([u32::MAX]) {
            let options = ReconnectOptions::default();
            let wait = delay(&options, attempt, &mut rng);
            let full = delay(&ReconnectOptions { jitter: Jitter::None, ..options }, attempt, &mut rng);
            assert!(wait >= full / 2 && wait <= full, "{attempt}: {wait:?} of {full:?}");
        }
    }
}
