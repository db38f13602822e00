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

/// A number and its word: `1 partition`, `2,048 partitions`. Any whole number counts.
pub fn counted<N: TryInto<i64>>(number: N, word: &str) -> String {
    let number = number.try_into().unwrap_or(i64::MAX);
    format!("{} {word}{}", grouped(number), plural(number == 1))
}

/// Some of a number: `2 of 3 partitions`, `0 of 1 partition`.
pub fn counted_of<N: TryInto<i64>>(some: N, all: N, word: &str) -> String {
    let some = some.try_into().unwrap_or(i64::MAX);
    format!("{} of {}", grouped(some), counted(all, word))
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

/// The form of a verb that agrees with so many: `1 broker answers`, `2 brokers answer`.
pub fn verb_of<N: TryInto<i64>>(number: N, plural: &str) -> String {
    let is_one = number.try_into().is_ok_and(|number: i64| number == 1);
    match plural {
        "are" if is_one => "is".to_owned(),
        "were" if is_one => "was".to_owned(),
        "match" if is_one => "matches".to_owned(),
        verb if is_one => format!("{verb}s"),
        verb => verb.to_owned(),
    }
}

fn plural(is_one: bool) -> &'static str {
    if is_one { "" } else { "s" }
}

#[cfg(test)]
mod tests {
    use super::{counted, counted_of, first_names, verb_of};

    #[test]
    fn one_is_one_and_all_else_are_many() {
        assert_eq!(counted(1_u64, "stream"), "1 stream");
        assert_eq!(counted(0_i64, "stream"), "0 streams");
        assert_eq!(counted_of(1, 1, "broker"), "1 of 1 broker");
        assert_eq!(counted_of(1, 3, "broker"), "1 of 3 brokers");
        let verbs = ["are", "were", "answer"].map(|verb| verb_of(1, verb));
        assert_eq!(verbs, ["is", "was", "answers"]);
        assert_eq!(verb_of(2, "answer"), "answer");
    }

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
