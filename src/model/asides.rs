//! Leaves out of a sentence what stands in brackets.

/// The text without what begins so and ends at the next closing bracket; what is not closed stays.
pub fn without_asides(text: &str, opening: &str) -> String {
    let mut parts = text.split(opening);
    let mut left = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(')') {
            Some((_aside, rest)) => left += rest,
            None => left.extend([opening, part]),
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_brackets_is_left_out_and_the_rest_stays() {
        let evidence =
            "node-1 still holds 8 more (1 of them not known as committed): do not restart it";
        let told = "node-1 still holds 8 more: do not restart it";
        assert_eq!(without_asides(evidence, " ("), told);
        assert_eq!(without_asides(told, " ("), told);
        let failed = "a (b) cannot be read: No such file (os error 2), nor c (os error 13)";
        let plain = "a (b) cannot be read: No such file, nor c";
        assert_eq!(without_asides(failed, " (os error "), plain);
        assert_eq!(without_asides("a (b", " ("), "a (b");
    }
}
