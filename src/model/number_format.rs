//! Counts as people read them: thousands apart, a word in the right number.
//! How large ones are shortened for a column is the screen's.

/// A whole number with its thousands set apart: `48,112`.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    if number < 0 {
        text.push('-');
    }
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number and its word: `1 partition`, `2,048 partitions`.
pub fn counted(number: usize, word: &str) -> String {
    let grouped = grouped(i64::try_from(number).unwrap_or(i64::MAX));
    format!("{grouped} {word}{}", plural(number == 1))
}

/// The first names of many, and how many more there are: `a, b, c and 4 more`.
pub fn first_names<T: AsRef<str>>(names: &[T]) -> String {
    let join = |names: &[T]| {
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        names.join(", ")
    };
    match names.split_at_checked(3) {
        Some((first, rest)) if !rest.is_empty() => {
            format!("{} and {} more", join(first), rest.len())
        }
        _ => join(names),
    }
}

/// A number and its word without anything between the digits: `1 message`, `2048 messages`.
pub fn counted_plainly(number: u64, word: &str) -> String {
    format!("{number} {word}{}", plural(number == 1))
}

fn plural(is_one: bool) -> &'static str {
    if is_one { "" } else { "s" }
}

#[cfg(test)]
mod tests {
    use super::{counted, first_names};

    #[test]
    fn a_count_reads_well() {
        assert_eq!(counted(0, "broker"), "0 brokers");
        assert_eq!(counted(1, "broker"), "1 broker");
        assert_eq!(counted(10_000, "stream"), "10,000 streams");
    }

    #[test]
    fn of_many_names_the_first_ones_are_told() {
        let names = ["a", "b", "c", "d", "e"];
        assert_eq!(first_names(&names[..1]), "a");
        assert_eq!(first_names(&names[..3]), "a, b, c");
        assert_eq!(first_names(&names), "a, b, c and 2 more");
    }
}
