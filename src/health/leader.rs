//! Which view of a partition is believed, and what the others say against it.
//! Whether brokers answer is `brokers`' matter; what follows for the partition is worked out in `build`.

use super::brokers::{BrokerBook, Speaker};
use super::{Disagreement, Known};
use crate::model::{BrokerId, Partition};

/// What one broker says of a partition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'a> {
    /// The broker.
    pub(super) by: Speaker<'a>,
    /// The partition as it sees it.
    pub(super) partition: &'a Partition,
}

impl Word<'_> {
    /// Whether the broker says that it leads, and says so now.
    pub(super) fn claims_to_lead(&self) -> bool {
        self.by.current && self.partition.leader.as_ref() == Some(self.by.id)
    }

    fn names(&self, leader: &BrokerId) -> bool {
        self.partition.leader.as_ref() == Some(leader)
    }
}

/// What was believed when the words were weighed last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Belief {
    /// Who was believed to lead.
    pub(super) leader: Option<BrokerId>,
    /// All that claimed to lead, where more than one did; empty otherwise.
    rivals: Vec<BrokerId>,
}

impl Belief {
    /// Weighs the words and returns the one that is believed. No epoch is on the wire, so:
    ///
    /// 1. A broker that answers and says that it leads is believed. Where two say so, the one that began to say so
    ///    later has been elected later; the other has not noticed yet.
    /// 2. Where none says so, the leader is whom the answering brokers name: one that answers before one that does
    ///    not, then the one that most of them name, then the one that the freshest view names.
    /// 3. Where no broker answers, the freshest view is what was true last.
    pub(super) fn weigh<'a>(&mut self, words: &[Word<'a>], book: &BrokerBook) -> Option<Word<'a>> {
        let mut claims = words.iter().filter(|word| word.claims_to_lead());
        let chief = match (claims.next(), claims.next()) {
            (None, _) => named(words, book),
            (Some(only), None) => Some(*only),
            (Some(_), Some(_)) => self.latest_claim(words),
        };
        self.note(chief.as_ref(), words);
        chief
    }

    /// Remembers what is believed now. Mostly nothing has changed, and nobody contests the leader.
    fn note(&mut self, chief: Option<&Word<'_>>, words: &[Word<'_>]) {
        let leader = chief.and_then(|word| word.partition.leader.as_ref());
        if self.leader.as_ref() != leader {
            self.leader = leader.cloned();
        }
        let claims = words.iter().filter(|word| word.claims_to_lead());
        self.rivals.clear();
        if claims.clone().nth(1).is_some() {
            self.rivals
                .extend(claims.map(|word| BrokerId::clone(word.by.id)));
        }
    }

    fn latest_claim<'a>(&self, words: &[Word<'a>]) -> Option<Word<'a>> {
        let new = |word: &Word<'_>| {
            self.leader.as_ref() != Some(word.by.id) && !self.rivals.contains(word.by.id)
        };
        let believed = |word: &Word<'_>| self.leader.as_ref() == Some(word.by.id);
        let claims = words.iter().filter(|word| word.claims_to_lead());
        let best = claims.max_by_key(|word| {
            let votes = votes(words, word.by.id);
            (new(word), believed(word), votes, word.by.at)
        });
        best.copied()
    }
}

/// The freshest word for the leader that the answering brokers name; of all words where none answers.
fn named<'a>(words: &[Word<'a>], book: &BrokerBook) -> Option<Word<'a>> {
    let current = words.iter().filter(|word| word.by.current);
    let best = current.max_by_key(|word| {
        let leader = word.partition.leader.as_ref();
        let answers = leader.map(|id| book.answers(id) != Known::No);
        (answers, leader.map(|id| votes(words, id)), word.by.at)
    });
    let last = || words.iter().max_by_key(|word| word.by.at);
    best.or_else(last).copied()
}

fn votes(words: &[Word<'_>], leader: &BrokerId) -> usize {
    let current = words.iter().filter(|word| word.by.current);
    current.filter(|word| word.names(leader)).count()
}

/// What answering brokers say against the believed word. `silent` are replicas that answer and do not know the stream.
pub(super) fn disagreement(
    chief: &Word<'_>,
    words: &[Word<'_>],
    absent: Vec<BrokerId>,
) -> Option<Disagreement> {
    let mut found = Disagreement {
        leader: Vec::new(),
        isr: Vec::new(),
        absent,
    };
    for word in words.iter().filter(|word| word.by.current) {
        let by = || BrokerId::clone(word.by.id);
        if word.partition.leader != chief.partition.leader {
            found.leader.push((by(), word.partition.leader.clone()));
        }
        if word.partition.isr != chief.partition.isr {
            found.isr.push((by(), word.partition.isr.clone()));
        }
    }
    let agreed = found.leader.is_empty() && found.isr.is_empty() && found.absent.is_empty();
    (!agreed).then_some(found)
}
