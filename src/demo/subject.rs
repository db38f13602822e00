//! NATS subjects as far as streams see them: what is a valid one, and which patterns a subject matches.
//! Which stream listens where is kept in `cluster_state.rs`.

/// The namespace under which the recorded servers ran, and so their internal subjects.
pub(super) const NAMESPACE: &str = "liftbridge-default";

/// Whether a server accepts this as a stream's subject: wildcards are allowed, blanks and empty tokens are not
/// (wire-contract §2.4).
pub(super) fn is_valid(subject: &str) -> bool {
    !subject.is_empty()
        && !subject.contains([' ', '\t', '\r', '\n'])
        && subject.split('.').all(|token| !token.is_empty())
}

/// Whether a stream that listens on `pattern` gets what is published to `subject`.
pub(super) fn matches(pattern: &str, subject: &str) -> bool {
    let mut wanted = pattern.split('.');
    let mut found = subject.split('.');
    loop {
        match (wanted.next(), found.next()) {
            (None, None) | (Some(">"), Some(_)) => return true,
            (Some("*"), Some(_)) => {}
            (Some(token), Some(other)) if token == other => {}
            _ => return false,
        }
    }
}

/// Whether the subject has a token that stands for others.
pub(super) fn is_wildcard(subject: &str) -> bool {
    subject.split('.').any(|token| token == "*" || token == ">")
}

/// The subject of one partition: the stream's own for partition 0, `subject.N` for the others.
pub(super) fn of_partition(subject: &str, partition: i32) -> String {
    if partition == 0 {
        return subject.to_owned();
    }
    format!("{subject}.{partition}")
}

#[cfg(test)]
mod tests {
    use super::{is_valid, matches, of_partition};

    #[test]
    fn wildcards_match_as_nats_does() {
        for (pattern, subject, expected) in [
            ("a.b", "a.b", true),
            ("a.*", "a.b", true),
            ("a.*", "a.b.c", false),
            ("a.>", "a.b.c", true),
            ("a.>", "a", false),
            ("a.*", "a.*", true),
            ("a", "b", false),
        ] {
            assert_eq!(matches(pattern, subject), expected, "{pattern} {subject}");
        }
    }

    #[test]
    fn a_subject_has_no_blank_and_no_empty_token() {
        for bad in ["", "a b", "a..b", ".a", "a.", "a\tb"] {
            assert!(!is_valid(bad), "{bad:?}");
        }
        assert!(is_valid("a.*.>"));
    }

    #[test]
    fn partition_zero_has_the_streams_own_subject() {
        assert_eq!(of_partition("s", 0), "s");
        assert_eq!(of_partition("s", 2), "s.2");
    }
}
