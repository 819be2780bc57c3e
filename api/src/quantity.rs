//! Quantities: `500m`, `64Mi`, `1.5`, `2e3`, as whole numbers of a base unit.
//!
//! Source: Kubernetes' `resource.Quantity`. Values round up, as there. The range is that of `i64`
//! in the base unit; what is larger is refused.

/// Parses a count of bytes (or of any whole unit).
///
/// # Errors
/// A sentence that says what a quantity looks like.
pub fn parse_bytes(text: &str) -> Result<i64, String> {
    parse_scaled(text, 1)
}

/// Parses processor shares into thousandths of a core: `0.5` and `500m` are both 500.
///
/// # Errors
/// A sentence that says what a quantity looks like.
pub fn parse_millis(text: &str) -> Result<i64, String> {
    parse_scaled(text, 1000)
}

/// Writes billionths of a core (or of any unit) in the shortest exact form: `250m`, `1500u`, `2`.
#[must_use]
pub fn of_nanos(nanos: u64) -> String {
    shortest(nanos, 1000, &["n", "u", "m", "", "k", "M", "G"])
}

/// Writes thousandths of a unit in the shortest exact form: `250m`, `2`, `1500m`.
#[must_use]
pub fn of_millis(millis: u64) -> String {
    shortest(millis, 1000, &["m", "", "k", "M", "G", "T", "P"])
}

/// Writes bytes in the shortest exact form: `64Mi`, `1536`.
#[must_use]
pub fn of_bytes(bytes: u64) -> String {
    shortest(bytes, 1024, &["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"])
}

fn shortest(mut count: u64, step: u64, suffixes: &[&str]) -> String {
    if count == 0 {
        return "0".to_owned();
    }
    let mut at = 0;
    while at + 1 < suffixes.len() && count.is_multiple_of(step) {
        (count, at) = (count / step, at + 1);
    }
    format!("{count}{}", suffixes[at])
}

/// Parses processor shares into billionths of a core.
///
/// # Errors
/// A sentence that says what a quantity looks like.
pub fn parse_nanos(text: &str) -> Result<i64, String> {
    parse_scaled(text, 1_000_000_000)
}

/// Parses into billionths of the unit, exactly: `1m` is 1,000,000. Beyond a billionth, values round up.
///
/// # Errors
/// A sentence that says what a quantity looks like.
pub fn parse_billionths(text: &str) -> Result<i128, String> {
    parse_exact(text, 1_000_000_000)
}

const RULE: &str = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
/// Digits kept of a number; more would overflow, and no one writes them.
const DIGITS_MAX: usize = 18;

/// Largest power of ten taken as it is. With it the smallest number, of 18 digits after its point, is too large already.
const EXPONENT_MAX: u32 = 37;
/// Smallest, likewise: below it every number rounds up to one.
const FRACTION_MAX: u32 = 18;

/// Returns `value * scale`, rounded up, if it fits.
fn parse_scaled(text: &str, scale: i128) -> Result<i64, String> {
    i64::try_from(parse_exact(text, scale)?).map_err(|_| "is too large".to_owned())
}

/// Returns `value * scale`, rounded up.
fn parse_exact(text: &str, scale: i128) -> Result<i128, String> {
    let rule = || RULE.to_owned();
    let suffix_at = text.find(|c: char| !matches!(c, '0'..='9' | '.' | '+' | '-')).unwrap_or(text.len());
    let (number, suffix) = text.split_at(suffix_at);
    let (negative, digits) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|c| c.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
        return Err(rule());
    }
    if whole.len() + fraction.len() > DIGITS_MAX {
        return Err(format!("has more than {DIGITS_MAX} digits"));
    }
    let mantissa: i128 = format!("{whole}{fraction}").parse().map_err(|_| rule())?;
    let (numerator, denominator) = multiplier(suffix).ok_or_else(rule)?;
    let divisor = denominator * 10_i128.pow(u32::try_from(fraction.len()).map_err(|_| rule())?);
    let too_large = || "is too large".to_owned();
    let product =
        mantissa.checked_mul(numerator).and_then(|product| product.checked_mul(scale)).ok_or_else(too_large)?;
    let rounded = product / divisor + i128::from(product % divisor != 0);
    Ok(if negative { -rounded } else { rounded })
}

/// A suffix as a fraction.
fn multiplier(suffix: &str) -> Option<(i128, i128)> {
    const KI: i128 = 1024;
    const K: i128 = 1000;
    Some(match suffix {
        "" => (1, 1),
        "n" => (1, K.pow(3)),
        "u" => (1, K.pow(2)),
        "m" => (1, K),
        "k" => (K, 1),
        "M" => (K.pow(2), 1),
        "G" => (K.pow(3), 1),
        "T" => (K.pow(4), 1),
        "P" => (K.pow(5), 1),
        "E" => (K.pow(6), 1),
        "Ki" => (KI, 1),
        "Mi" => (KI.pow(2), 1),
        "Gi" => (KI.pow(3), 1),
        "Ti" => (KI.pow(4), 1),
        "Pi" => (KI.pow(5), 1),
        "Ei" => (KI.pow(6), 1),
        _ => {
            let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            let power = |most| 10_i128.pow(exponent.unsigned_abs().min(most));
            if exponent >= 0 { (power(EXPONENT_MAX), 1) } else { (1, power(FRACTION_MAX)) }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_scale_and_fractions_round_up() {
        for (text, bytes) in [
            ("0", 0),
            ("64Mi", 64 << 20),
            ("1.5Ki", 1536),
            ("2e3", 2000),
            ("100m", 1),
            ("1500m", 2),
            ("-1", -1),
            ("1E", 1_000_000_000_000_000_000),
        ] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
        for (text, millis) in [("1", 1000), ("500m", 500), ("0.5", 500), ("1u", 1), (".25", 250)] {
            assert_eq!(parse_millis(text), Ok(millis), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_short_and_read_as_it_was() {
        for (text, written) in [
            ("250m", of_nanos(250_000_000)),
            ("1500u", of_nanos(1_500_000)),
            ("2", of_nanos(2_000_000_000)),
            ("1n", of_nanos(1)),
            ("0", of_nanos(0)),
            ("1500m", of_millis(1_500)),
            ("10k", of_millis(10_000_000)),
            ("64Mi", of_bytes(64 << 20)),
            ("1536", of_bytes(1536)),
        ] {
            assert_eq!(written, text);
        }
        assert_eq!((parse_millis("1500m"), parse_bytes("64Mi")), (Ok(1500), Ok(64 << 20)));
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in ["", "Mi", "1 Mi", "1Xi", "1.2.3", "--1", "1e", "abc", "99999999999999999999", "9999999999Ei", "."] {
            assert!(parse_bytes(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_does_not_fit_is_too_large_however_it_is_written() {
        for large in ["999999999999999999E", "999999999999999999Ei", "1e19", "1e999", ".000000000000000001e99"] {
            assert_eq!(parse_bytes(large), Err("is too large".to_owned()), "{large}");
            assert_eq!(parse_millis(large), Err("is too large".to_owned()), "{large}");
            assert_eq!(parse_bytes(&format!("-{large}")), Err("is too large".to_owned()), "{large}");
        }
        assert_eq!(parse_bytes("0e99"), Ok(0));
        assert_eq!(parse_bytes("0.01e20"), Ok(1_000_000_000_000_000_000));
        assert_eq!(parse_millis("1e-99"), Ok(1));
    }
}
