//! The machine's own clock: the driver's time, shifted or stopped on request.

use std::time::Duration;

use topicwire::time::{Now, UnixMillis};

/// Turns the driver's time into the machine's. Shifting it forward makes a minute pass in a call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock {
    ahead: Duration,
    wall_shift_ms: i64,
    stopped: Option<Now>,
}

impl Clock {
    /// The machine's time when the driver's is `now`.
    pub(crate) fn read(&self, now: Now) -> Now {
        if let Some(stopped) = self.stopped {
            return stopped;
        }
        let ahead_ms = i64::try_from(self.ahead.as_millis()).unwrap_or(i64::MAX);
        let shift = ahead_ms.saturating_add(self.wall_shift_ms);
        Now { mono: now.mono.saturating_add(self.ahead), wall: UnixMillis(now.wall.0.saturating_add_signed(shift)) }
    }

    /// The driver's time at which the machine's is `mono`; none while the clock is stopped.
    pub(crate) fn due(&self, mono: Duration) -> Option<Duration> {
        self.stopped.is_none().then(|| mono.saturating_sub(self.ahead))
    }

    /// Lets time pass at once, on both clocks.
    pub(crate) fn advance(&mut self, by: Duration) {
        match &mut self.stopped {
            Some(stopped) => {
                stopped.mono = stopped.mono.saturating_add(by);
                let ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
                stopped.wall = UnixMillis(stopped.wall.0.saturating_add(ms));
            }
            None => self.ahead = self.ahead.saturating_add(by),
        }
    }

    /// Moves the wall clock alone, as a time server would. Timers do not notice.
    pub(crate) fn shift_wall(&mut self, by_ms: i64) {
        match &mut self.stopped {
            Some(stopped) => {
                stopped.wall = UnixMillis(stopped.wall.0.saturating_add_signed(by_ms));
            }
            None => self.wall_shift_ms = self.wall_shift_ms.saturating_add(by_ms),
        }
    }

    /// Stops the clock (time then passes by [`Clock::advance`] alone), or lets it run on from where it stands.
    pub(crate) fn stop(&mut self, now: Now, stop: bool) {
        if stop {
            self.stopped = Some(self.read(now));
        } else if let Some(stopped) = self.stopped.take() {
            self.ahead = stopped.mono.saturating_sub(now.mono);
            let ahead_ms = i64::try_from(self.ahead.as_millis()).unwrap_or(i64::MAX);
            let shift = i128::from(stopped.wall.0) - i128::from(now.wall.0);
            self.wall_shift_ms = i64::try_from(shift).unwrap_or(i64::MAX).saturating_sub(ahead_ms);
        }
    }
}

/// RFC 3339 with second precision in UTC, as Astro's `ts`.
pub(crate) fn rfc3339(wall: UnixMillis) -> String {
    let seconds = wall.0 / 1000;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days to a date by the 400-year cycle of the calendar, years starting in March (Hinnant,
    // "chrono-compatible low-level date algorithms").
    let z = days + 719_468;
    let (era, doe) = (z / 146_097, z % 146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(mono_s: u64, wall_ms: u64) -> Now {
        Now { mono: Duration::from_secs(mono_s), wall: UnixMillis(wall_ms) }
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(rfc3339(UnixMillis(0)), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(UnixMillis(951_782_400_000)), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(UnixMillis(1_793_261_700_999)), "2026-10-29T08:15:00Z");
    }

    #[test]
    fn a_stopped_clock_moves_only_when_told_and_then_runs_on_from_there() {
        let mut clock = Clock::default();
        clock.stop(at(10, 10_000), true);
        assert_eq!(clock.read(at(50, 50_000)), at(10, 10_000));
        assert_eq!(clock.due(Duration::from_secs(11)), None);
        clock.advance(Duration::from_secs(100));
        assert_eq!(clock.read(at(50, 50_000)), at(110, 110_000));
        clock.stop(at(50, 50_000), false);
        assert_eq!(clock.read(at(51, 51_000)), at(111, 111_000));
        assert_eq!(clock.due(Duration::from_secs(111)), Some(Duration::from_secs(51)));
    }

    #[test]
    fn a_step_of_the_wall_clock_moves_no_timer() {
        let mut clock = Clock::default();
        clock.shift_wall(-3_000);
        assert_eq!(clock.read(at(10, 10_000)), at(10, 7_000));
    }
}
