//! Notices: one line that empties itself, and the history of such lines.
//!
//! Which errors and changes are worth a notice is decided where they happen.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::{Failure, Timestamp, without_asides};

/// How grave a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something was done or happened as it should.
    Note,
    /// Something deserves a look.
    Warning,
    /// Something failed.
    Error,
}

impl Level {
    /// How long the line stays.
    fn lifetime(self) -> Duration {
        match self {
            Self::Note => Duration::from_secs(5),
            Self::Warning => Duration::from_secs(10),
            Self::Error => Duration::from_secs(20),
        }
    }
}

/// One notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How grave.
    pub level: Level,
    /// When it came up.
    pub at: Timestamp,
    /// One sentence, unsanitised: it may quote a broker.
    pub text: String,
    /// How often in a row it came.
    pub times: u32,
}

/// The notices of this session, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notices {
    history: VecDeque<Notice>,
    last_failure: Option<Failure>,
    dismissed: bool,
}

/// How many notices are remembered.
const MAX_NOTICES: usize = 500;

impl Notices {
    /// Adds one, without the numbers that the standard library puts behind what the system says; the same text again only counts
    /// up.
    pub fn add(&mut self, level: Level, at: Timestamp, text: impl Into<String>) {
        let text = without_asides(&text.into(), " (os error ");
        self.dismissed = false;
        if let Some(last) = self.history.back_mut()
            && last.text == text
        {
            last.at = at;
            last.times += 1;
            return;
        }
        if self.history.len() == MAX_NOTICES {
            self.history.pop_front();
        }
        self.history.push_back(Notice {
            level,
            at,
            text,
            times: 1,
        });
    }

    /// Adds a failure, and keeps all of it as the last one.
    pub fn add_failure(&mut self, at: Timestamp, failure: &Failure) {
        let mut failure = failure.clone();
        failure.sentence = without_asides(&failure.sentence, " (os error ");
        self.add(Level::Error, at, failure.sentence.clone());
        self.last_failure = Some(failure);
    }

    /// The notice to show now, if it has not expired.
    pub fn current(&self, now: Timestamp) -> Option<&Notice> {
        let last = self.history.back()?;
        let fresh = last.at.age(now) < last.level.lifetime();
        (fresh && !self.dismissed).then_some(last)
    }

    /// Empties the line.
    pub fn dismiss(&mut self) {
        self.dismissed = true;
    }

    /// All that are remembered, the oldest first.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &Notice> {
        self.history.iter()
    }

    /// The last failure of this session.
    pub fn last_failure(&self) -> Option<&Failure> {
        self.last_failure.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ErrorKind, Target};

    const START: Timestamp = Timestamp(1_000_000_000);

    #[test]
    fn numbers_of_the_system_are_left_out() {
        let sentence = "\"x/y\" was not written: No such file or directory (os error 2)";
        let failure = Failure::new(ErrorKind::Local, Target::Cluster, sentence);
        let mut notices = Notices::default();
        notices.add_failure(START, &failure);
        let plain = "\"x/y\" was not written: No such file or directory";
        assert_eq!(notices.current(START).unwrap().text, plain);
        assert_eq!(notices.last_failure().unwrap().sentence, plain);
    }

    #[test]
    fn a_notice_empties_itself() {
        let mut notices = Notices::default();
        notices.add(Level::Note, START, "created");
        assert!(
            notices
                .current(START.plus(Duration::from_secs(4)))
                .is_some()
        );
        assert!(
            notices
                .current(START.plus(Duration::from_secs(5)))
                .is_none()
        );
        assert_eq!(notices.history().count(), 1);
    }

    #[test]
    fn the_same_text_again_counts_up() {
        let mut notices = Notices::default();
        notices.add(Level::Error, START, "refused");
        notices.add(Level::Error, START, "refused");
        assert_eq!(notices.current(START).map(|notice| notice.times), Some(2));
        assert_eq!(notices.history().count(), 1);
    }
}
