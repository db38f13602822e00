//! Which broker leads a partition, where the views contradict each other, and what they say against the one believed.
//! Whether brokers answer is decided in `broker_tracker`; what follows for the partition, in `assess`.

use std::sync::Arc;

use super::broker_tracker::BrokerTracker;
use super::claim::Claim;
use super::{Disagreement, Known};
use crate::model::{BrokerId, Partition};

/// The leader that was believed in last, and its rivals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LeaderTracker {
    leader: Option<BrokerId>,
    /// All that claimed to lead, where more than one did; empty otherwise.
    rivals: Vec<BrokerId>,
}

impl LeaderTracker {
    /// Chooses the claim to believe, and remembers its leader. No epoch is on the wire, so:
    ///
    /// 1. A broker that answers and says that it leads is believed. Where two say so, the one that began to say so
    ///    later has been elected later; the other has not noticed yet.
    /// 2. Where none says so, the leader is whom the answering brokers name: one that answers before one that does
    ///    not, then the one that most of them name, then the one that the freshest view names.
    /// 3. Where no broker answers, the freshest view is what was true last.
    pub(super) fn choose<'a>(
        &mut self,
        claims: &[Claim<'a, Partition>],
        brokers: &BrokerTracker,
    ) -> Option<Claim<'a, Partition>> {
        let mut leading = claims.iter().filter(|claim| claim.claims_to_lead());
        let believed = match (leading.next(), leading.next()) {
            (None, _) => most_named(claims, brokers),
            (Some(only), None) => Some(*only),
            (Some(_), Some(_)) => self.latest_elected(claims),
        };
        self.remember(believed, claims);
        believed
    }

    /// Mostly nothing has changed and nobody contests the leader, which costs no allocation.
    fn remember(
        &mut self,
        believed: Option<Claim<'_, Partition>>,
        claims: &[Claim<'_, Partition>],
    ) {
        let leader = believed.and_then(|claim| claim.value.leader.as_ref());
        if self.leader.as_ref() != leader {
            self.leader = leader.cloned();
        }
        let leading = claims.iter().filter(|claim| claim.claims_to_lead());
        self.rivals.clear();
        if leading.clone().nth(1).is_some() {
            let rivals = leading.map(|claim| BrokerId::clone(claim.broker));
            self.rivals.extend(rivals);
        }
    }

    fn latest_elected<'a>(&self, claims: &[Claim<'a, Partition>]) -> Option<Claim<'a, Partition>> {
        let leading = claims.iter().filter(|claim| claim.claims_to_lead());
        let latest = leading.max_by_key(|claim| {
            let was_believed = self.leader.as_ref() == Some(claim.broker);
            let is_new = !was_believed && !self.rivals.contains(claim.broker);
            (is_new, was_believed, votes(claims, claim.broker), claim.at)
        });
        latest.copied()
    }
}

/// The freshest claim for the leader that the answering brokers name; the freshest of all where none answers.
fn most_named<'a>(
    claims: &[Claim<'a, Partition>],
    brokers: &BrokerTracker,
) -> Option<Claim<'a, Partition>> {
    let current = claims.iter().filter(|claim| claim.current);
    let best = current.max_by_key(|claim| {
        let leader = claim.value.leader.as_ref();
        let answers = leader.map(|id| brokers.answers(id) != Known::No);
        (answers, leader.map(|id| votes(claims, id)), claim.at)
    });
    let freshest = || claims.iter().max_by_key(|claim| claim.at);
    best.or_else(freshest).copied()
}

fn votes(claims: &[Claim<'_, Partition>], leader: &BrokerId) -> usize {
    let current = claims.iter().filter(|claim| claim.current);
    current.filter(|claim| claim.names(leader)).count()
}

/// What answering brokers say against the believed claim. `unaware` are replicas that answer and do not know the stream.
pub(super) fn disagreement(
    believed: &Partition,
    claims: &[Claim<'_, Partition>],
    unaware: Vec<BrokerId>,
) -> Option<Disagreement> {
    let mut found = Disagreement {
        leader: Vec::new(),
        isr: Vec::new(),
        unaware,
    };
    for claim in claims.iter().filter(|claim| claim.current) {
        let broker = || BrokerId::clone(claim.broker);
        if claim.value.leader != believed.leader {
            found.leader.push((broker(), claim.value.leader.clone()));
        }
        if claim.value.isr != believed.isr {
            found.isr.push((broker(), Arc::clone(&claim.value.isr)));
        }
    }
    let agreed = found.leader.is_empty() && found.isr.is_empty() && found.unaware.is_empty();
    (!agreed).then_some(found)
}
