//! How far a member has come: what was handed out, what of it was dealt with, what of that was stored.

use std::collections::BTreeMap;

use super::AssignedPartition;
use crate::model::Offset;

/// Positions by partition: each is the last offset of its kind.
#[derive(Debug, Default)]
pub(super) struct Positions {
    /// The message handed out last: dealt with once the next one is asked for.
    in_hand: Option<(AssignedPartition, Offset)>,
    acknowledged: BTreeMap<AssignedPartition, Offset>,
    stored: BTreeMap<AssignedPartition, Offset>,
}

impl Positions {
    /// A message is handed out.
    pub(super) fn hand_out(&mut self, place: AssignedPartition, offset: Offset) {
        self.in_hand = Some((place, offset));
    }

    /// The message handed out last is dealt with.
    pub(super) fn acknowledge_in_hand(&mut self) {
        if let Some((place, offset)) = self.in_hand.take() {
            self.acknowledged.insert(place, offset);
        }
    }

    /// The messages of a partition up to that one are dealt with.
    pub(super) fn acknowledge(&mut self, place: AssignedPartition, offset: Offset) {
        let last = self.acknowledged.entry(place).or_insert(offset);
        *last = offset.max(*last);
    }

    /// The last offset dealt with.
    pub(super) fn acknowledged(&self, place: &AssignedPartition) -> Option<Offset> {
        self.acknowledged.get(place).copied()
    }

    /// The last offset stored.
    pub(super) fn stored(&self, place: &AssignedPartition) -> Option<Offset> {
        self.stored.get(place).copied()
    }

    /// A position was stored.
    pub(super) fn record_stored(&mut self, place: AssignedPartition, offset: Offset) {
        self.stored.insert(place, offset);
    }

    /// Nothing of a partition is known any more.
    pub(super) fn forget(&mut self, place: &AssignedPartition) {
        self.in_hand.take_if(|(handed, _)| handed == place);
        self.acknowledged.remove(place);
        self.stored.remove(place);
    }

    /// Forgets all partitions but these.
    pub(super) fn retain(&mut self, is_own: impl Fn(&AssignedPartition) -> bool) {
        self.in_hand.take_if(|(handed, _)| !is_own(handed));
        self.acknowledged.retain(|place, _| is_own(place));
        self.stored.retain(|place, _| is_own(place));
    }

    /// What is to be stored of partitions that this member may speak for.
    pub(super) fn unstored(
        &self,
        is_own: impl Fn(&AssignedPartition) -> bool,
    ) -> Vec<(AssignedPartition, Offset)> {
        let is_new = |(place, offset): &(&AssignedPartition, &Offset)| {
            is_own(place) && self.stored.get(*place) != Some(*offset)
        };
        let new = self.acknowledged.iter().filter(is_new);
        new.map(|(place, offset)| (place.clone(), *offset))
            .collect()
    }
}
