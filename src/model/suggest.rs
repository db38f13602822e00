//! The likeliest meant name for one that does not exist: "did you mean".
//! Knows nothing of what the names stand for.

/// The candidate that fewest typing errors lead to, where they are few for a word of that length.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    let distances = candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate));
    let best = distances.min_by_key(|(errors, _)| *errors)?;
    // Of a name that shares no letter with the word nobody thought.
    (best.0 <= limit && best.0 < word.chars().count()).then_some(best.1)
}

/// ` did you mean "NAME"?` to follow a sentence that ends in `;`, or nothing.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(word, candidates) {
        Some(found) => format!("; did you mean \"{found}\"?"),
        None => String::new(),
    }
}

/// Letters left out, added, exchanged, or swapped with their neighbour.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.to_lowercase().chars().collect();
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let exchanged = last[j] + usize::from(a != b);
            let mut best = exchanged.min(last[j + 1] + 1).min(row[j] + 1);
            let swapped = i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b;
            if swapped {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_errors_are_forgiven_and_many_are_not() {
        let names = ["orders", "payments", "tail"];
        assert_eq!(nearest("ordres", names), Some("orders"));
        assert_eq!(nearest("Payment", names), Some("payments"));
        assert_eq!(nearest("tial", names), Some("tail"));
        assert_eq!(nearest("x", names), None);
        assert_eq!(nearest("stock", names), None);
        assert_eq!(nearest("", names), None);
    }
}
