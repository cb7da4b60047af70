//! How many commands a connection may send: a bucket of 100, and one more each 100 ms.

use std::time::Duration;

use super::options::AstroOptions;

pub(super) struct Bucket {
    tokens: u32,
    refilled: Duration,
    last: Option<Duration>,
}

impl Bucket {
    pub(super) fn new(burst: u32, now: Duration) -> Self {
        Self { tokens: burst, refilled: now, last: None }
    }

    /// Whether a command may pass. One that may not costs nothing.
    pub(super) fn take(&mut self, options: &AstroOptions, now: Duration) -> bool {
        let refill = Duration::from_millis(options.rate_refill_ms);
        if refill.is_zero() {
            return true;
        }
        if options.strict_spacing && self.last.is_some_and(|last| now.saturating_sub(last) < refill) {
            return false;
        }
        let passed = now.saturating_sub(self.refilled).as_nanos() / refill.as_nanos();
        let passed = u32::try_from(passed).unwrap_or(u32::MAX);
        self.tokens = self.tokens.saturating_add(passed);
        self.refilled = self.refilled.saturating_add(refill.saturating_mul(passed));
        if self.tokens >= options.rate_burst {
            // A full bucket gains nothing by waiting.
            self.tokens = options.rate_burst;
            self.refilled = now;
        }
        if self.tokens == 0 {
            return false;
        }
        self.tokens -= 1;
        self.last = Some(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_burst_of_a_hundred_passes_and_then_one_each_hundred_milliseconds() {
        let options = AstroOptions::default();
        let mut bucket = Bucket::new(100, ms(0));
        assert!((0..100).all(|_| bucket.take(&options, ms(0))));
        assert!(!bucket.take(&options, ms(99)));
        assert!(bucket.take(&options, ms(100)));
        assert!(!bucket.take(&options, ms(199)));
        assert!(bucket.take(&options, ms(250)));
        assert!(bucket.take(&options, ms(300)), "the rest of 50 ms counted");
    }

    #[test]
    fn strict_spacing_refuses_the_second_of_two_commands_within_the_period() {
        let options = AstroOptions { strict_spacing: true, ..AstroOptions::default() };
        let mut bucket = Bucket::new(100, ms(0));
        assert!(bucket.take(&options, ms(0)));
        assert!(!bucket.take(&options, ms(99)));
        assert!(bucket.take(&options, ms(100)));
    }
}
