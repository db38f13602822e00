//! The numbers that stand in an expression: one that the language cannot hold is refused where it stands, before the
//! evaluator rounds it or the parser says no more than that something is invalid.

use super::exact_numbers::is_held_exactly;
use super::parse::SyntaxError;

/// Refuses the first number that cannot be held as it is written.
pub(super) fn check_numbers(text: &str) -> Result<(), SyntaxError> {
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        at += if let Some(length) = string_length(rest) {
            length
        } else if rest.starts_with(|char: char| char.is_alphabetic() || char == '_') {
            length_of(rest, |char| char.is_alphanumeric() || char == '_')
        } else if rest.starts_with(|char: char| char.is_ascii_digit()) {
            let length = number_length(rest);
            let number = rest.get(..length).unwrap_or_default();
            check_number(number).map_err(|sentence| (at, sentence))?;
            length
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
    }
    Ok(())
}

fn length_of(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|char| !is_part(char)).unwrap_or(text.len())
}

/// The length of the quoted text that begins here, prefixes like `r` and `b` included; `None` where none does.
pub(in crate::store) fn string_length(rest: &str) -> Option<usize> {
    let prefix = length_of(rest, |char| "rRbB".contains(char));
    let quoted = rest.get(prefix..).filter(|_| prefix <= 2)?;
    let quote = quoted
        .chars()
        .next()
        .filter(|char| matches!(char, '"' | '\''))?;
    let triple = quote.to_string().repeat(3);
    let length = if quoted.starts_with(&triple) { 3 } else { 1 };
    let is_raw = rest
        .get(..prefix)
        .is_some_and(|prefix| prefix.contains(['r', 'R']));
    let mut escaped = false;
    for (inside, char) in quoted.char_indices().skip(length) {
        let ends = quoted
            .get(inside..)
            .is_some_and(|rest| rest.starts_with(triple.get(..length).unwrap_or_default()));
        if ends && !escaped {
            return Some(prefix + inside + length);
        }
        escaped = char == '\\' && !escaped && !is_raw;
    }
    Some(rest.len())
}

/// `12`, `0x1f`, `1.5e-3`, each with a `u` behind it.
pub(in crate::store) fn number_length(rest: &str) -> usize {
    let digits = |from: usize, radix| {
        let rest = rest.get(from..).unwrap_or_default();
        from + length_of(rest, |char| char.is_digit(radix))
    };
    let has = |at: usize, what: &[char]| {
        let rest = rest.get(at..).unwrap_or_default();
        rest.starts_with(what)
    };
    let mut end = if rest.starts_with("0x") || rest.starts_with("0X") {
        digits(2, 16)
    } else {
        let mut end = digits(0, 10);
        if has(end, &['.']) && digits(end + 1, 10) > end + 1 {
            end = digits(end + 1, 10);
        }
        if has(end, &['e', 'E']) {
            let power = end + 1 + usize::from(has(end + 1, &['+', '-']));
            if digits(power, 10) > power {
                end = digits(power, 10);
            }
        }
        end
    };
    end += usize::from(has(end, &['u', 'U']));
    end
}

fn check_number(number: &str) -> Result<(), String> {
    let unsigned = number.strip_suffix(['u', 'U']);
    let digits = unsigned.unwrap_or(number);
    let hex = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"));
    if hex.is_none() && digits.contains(['.', 'e', 'E']) {
        let double: f64 = digits.parse().unwrap_or(f64::NAN);
        if is_held_exactly(digits, double) {
            return Ok(());
        }
        let nearest = if double.is_finite() {
            format!("the nearest number is {double}")
        } else {
            "it is too large".to_owned()
        };
        return Err(format!(
            "{number} cannot be held exactly in an expression: {nearest}"
        ));
    }
    let whole = match hex {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    // The sign stands before it: the least whole number is one further from 0 than the greatest.
    let most = match unsigned {
        Some(_) => u64::MAX,
        None => i64::MIN.unsigned_abs(),
    };
    if whole.is_ok_and(|whole| whole <= most) {
        return Ok(());
    }
    Err(format!(
        "{number} cannot be held in an expression: whole numbers end at {}, and with a u behind them at {}",
        i64::MAX,
        u64::MAX
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_held_is_refused_where_it_stands() {
        for (text, at) in [
            ("value.id == 18446744073709551616", Some(12)),
            ("value.id == 18446744073709551616u", Some(12)),
            ("9223372036854775809 < value.id", Some(0)),
            ("value.id == 0x1ffffffffffffffff", Some(12)),
            ("value.id == 9007199254740993.0", Some(12)),
            ("value.id > 1e999", Some(11)),
            (
                "value.a1 == 1 && value.id == 99999999999999999999",
                Some(29),
            ),
            ("value.id == -9223372036854775808", None),
            ("value.id == 18446744073709551615u", None),
            ("value.id == 0.1 || value.id == 9007199254740992.0", None),
            ("key == \"99999999999999999999\"", None),
            ("key == r'\\' && offset == 99999999999999999999", Some(25)),
            ("key == '''it's 99999999999999999999'''", None),
            ("value.n99999999999999999999 == 1", None),
            ("key == 'ü' && offset == 99999999999999999999", Some(25)),
        ] {
            let found = check_numbers(text).err().map(|(at, _)| at);
            assert_eq!(found, at, "{text}");
        }
    }
}
