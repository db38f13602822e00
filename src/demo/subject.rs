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

#[cfg(test)]
mod tests {
    use super::{is_valid, matches};

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
}
