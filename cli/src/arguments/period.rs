//! Lengths of time as people write them: `30s`, `500ms`, `1.5m`, `2h`; a number alone is seconds.

use std::time::Duration;

pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a time such as 30s, 500ms, 2m or 1h".to_owned();
    let at = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let scale = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let period = Duration::try_from_secs_f64(number * scale).map_err(|_| "expected a shorter time".to_owned())?;
    if period.is_zero() { Err("expected more than no time".to_owned()) } else { Ok(period) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let read = |text| parse(text).map(|period| period.as_millis());
        assert_eq!(read("30s"), Ok(30_000));
        assert_eq!(read("500ms"), Ok(500));
        assert_eq!(read("1.5m"), Ok(90_000));
        assert_eq!(read("2h"), Ok(7_200_000));
        assert_eq!(read("7"), Ok(7_000));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "s", "30 s", "-1s", "1d", "0s", "1.2.3s", "99999999999999999999999h"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
