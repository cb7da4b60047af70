//! Amounts of money, exactly as they were written.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A decimal number, kept as text, so that no digit is lost to binary rounding.
///
/// The text has no exponent and no needless leading zeros; trailing zeros stay (`12.50`). Numbers compare by value. In JSON it is a
/// string.
///
/// ```
/// use topicwire::view::Decimal;
///
/// let amount: Decimal = "12.50".parse()?;
/// assert_eq!(amount.as_str(), "12.50");
/// assert_eq!(amount, "1.25e1".parse()?);
/// assert_eq!(amount.scaled(2), Some(1250), "in cents");
/// # Ok::<(), topicwire::view::NotDecimal>(())
/// ```
#[derive(Clone, Debug)]
pub struct Decimal(Box<str>);

/// A text is not a decimal number of at most 400 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotDecimal;

impl fmt::Display for NotDecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a decimal number such as 12.50, of at most 400 digits")
    }
}

impl std::error::Error for NotDecimal {}

/// The most digits a number may have once its exponent is expanded. The largest binary double has 309.
const MAX_DIGITS: usize = 400;

impl Decimal {
    /// The text: digits, perhaps with a minus sign and a point.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest binary number. Fit for drawing a bar, not for adding up money.
    #[must_use]
    pub fn to_f64_lossy(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// The number times 10 to the power of `places`, if that is a whole number that fits: with 2, an amount in cents.
    #[must_use]
    pub fn scaled(&self, places: u32) -> Option<i128> {
        let (negative, whole, fraction) = self.parts();
        let places = places as usize;
        if fraction.len() > places || places > 38 {
            return None; // 10^39 does not fit
        }
        let mut digits = whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', places - fraction.len()));
        let size = digits.try_fold(0i128, |sum, digit| sum.checked_mul(10)?.checked_add(i128::from(digit - b'0')));
        size.map(|size| if negative { -size } else { size })
    }

    /// Sign, digits before the point, digits behind it without trailing zeros.
    fn parts(&self) -> (bool, &str, &str) {
        let (negative, size) = self.0.strip_prefix('-').map_or((false, &*self.0), |size| (true, size));
        let (whole, fraction) = size.split_once('.').unwrap_or((size, ""));
        (negative, whole, fraction.trim_end_matches('0'))
    }
}

impl FromStr for Decimal {
    type Err = NotDecimal;

    /// Accepts what JSON accepts as a number. An exponent is expanded exactly.
    fn from_str(text: &str) -> Result<Self, NotDecimal> {
        let (negative, size) = text.strip_prefix('-').map_or((false, text), |size| (true, size));
        let (mantissa, exponent) = match size.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().map_err(|_| NotDecimal)?),
            None => (size, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return Err(NotDecimal),
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || whole.len() + fraction.len() > MAX_DIGITS {
            return Err(NotDecimal);
        }
        let mut digits = format!("{whole}{fraction}");
        let point = i64::try_from(whole.len()).unwrap_or(i64::MAX).saturating_add(exponent);
        let expanded =
            if point > 0 { point.max(digits.len() as i64) } else { point.saturating_neg().saturating_add(1 + digits.len() as i64) };
        if expanded > MAX_DIGITS as i64 {
            return Err(NotDecimal);
        }
        let point = if point > 0 {
            let point = point as usize;
            let missing = point.saturating_sub(digits.len());
            digits.extend(std::iter::repeat_n('0', missing));
            point
        } else {
            digits.insert_str(0, &"0".repeat(1 + point.unsigned_abs() as usize));
            1
        };
        let (whole, fraction) = digits.split_at(point);
        let whole = match whole.trim_start_matches('0') {
            "" => "0",
            whole => whole,
        };
        let zero = whole == "0" && fraction.bytes().all(|digit| digit == b'0');
        let sign = if negative && !zero { "-" } else { "" };
        let dot = if fraction.is_empty() { "" } else { "." };
        Ok(Self(format!("{sign}{whole}{dot}{fraction}").into()))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let (negative, whole, fraction) = self.parts();
        let (other_negative, other_whole, other_fraction) = other.parts();
        let size = || whole.len().cmp(&other_whole.len()).then_with(|| whole.cmp(other_whole)).then_with(|| fraction.cmp(other_fraction));
        match (negative, other_negative) {
            (false, false) => size(),
            (true, true) => size().reverse(),
            (negative, other_negative) => other_negative.cmp(&negative),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Decimal {}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().expect("a decimal")
    }

    #[test]
    fn digits_are_kept_and_exponents_expanded() {
        for (text, kept) in [
            ("5", "5"),
            ("12.50", "12.50"),
            ("-0.10", "-0.10"),
            ("-0.0", "0.0"),
            ("007.5", "7.5"),
            ("0.1e1", "1"),
            ("1.25E+1", "12.5"),
            ("125e-2", "1.25"),
            ("125e-3", "0.125"),
            ("125e-5", "0.00125"),
            ("1e3", "1000"),
            ("1.5e3", "1500"),
            ("0e5", "0"),
            ("90071992547409931234.56", "90071992547409931234.56"),
        ] {
            assert_eq!(decimal(text).as_str(), kept, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in
            ["", "-", ".", ".5", "5.", "+5", "1,5", "1e", "e5", "0x10", "NaN", "1 ", "1e400", "1e-400", "1e99999999999999999999", "--1"]
        {
            assert_eq!(text.parse::<Decimal>(), Err(NotDecimal), "{text}");
        }
        assert!("1e399".parse::<Decimal>().is_ok() && "1e-399".parse::<Decimal>().is_ok());
        assert_eq!("9".repeat(401).parse::<Decimal>(), Err(NotDecimal));
    }

    #[test]
    fn numbers_compare_by_value() {
        let sorted = ["-10", "-9.5", "-0.01", "0", "0.009", "0.01", "1", "1.0001", "9", "10", "100"];
        for pair in sorted.windows(2) {
            assert!(decimal(pair[0]) < decimal(pair[1]), "{pair:?}");
        }
        assert_eq!(decimal("5"), decimal("5.00"));
        assert_eq!(decimal("-0"), decimal("0"));
    }

    #[test]
    fn amounts_scale_exactly_or_not_at_all() {
        assert_eq!(decimal("12.5").scaled(2), Some(1250));
        assert_eq!(decimal("-12.500").scaled(2), Some(-1250));
        assert_eq!(decimal("12.505").scaled(2), None);
        assert_eq!(decimal("1e39").scaled(0), None);
        assert!((decimal("12.5").to_f64_lossy() - 12.5).abs() < f64::EPSILON);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_number_of_json_is_a_decimal_of_the_same_value(text in "-?(0|[1-9][0-9]{0,14})(\\.[0-9]{1,15})?([eE][+-]?[0-9]{1,2})?") {
            let exact = decimal(&text);
            let rounded: f64 = text.parse().expect("a number");
            prop_assert_eq!(exact.to_f64_lossy(), rounded);
            let again = decimal(exact.as_str());
            prop_assert_eq!(again.as_str(), exact.as_str());
        }

        #[test]
        fn arbitrary_text_never_panics(text in ".{0,30}|[0-9eE.+-]{0,12}") {
            if let Ok(number) = text.parse::<Decimal>() {
                let _ = (number.scaled(2), number.cmp(&number));
            }
        }
    }
}
