//! All cursors as they are known: a list, worst lag first, in which each is found by its name.

use std::cmp::Reverse;
use std::ops::Deref;
use std::sync::Arc;

use super::CursorTruth;
use crate::model::PartitionId;

/// All cursors that were read, worst lag first. A copy of it is cheap: what they are is shared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CursorTruths {
    worst_first: Arc<[CursorTruth]>,
    /// Where each stands there, in the order of ids, streams and partitions.
    by_name: Arc<[u32]>,
}

impl CursorTruths {
    /// Cursors in the order of ids, streams and partitions.
    pub(super) fn of_ordered(cursors: Vec<CursorTruth>) -> Self {
        let mut numbered: Vec<_> = (0_u32..).zip(cursors).collect();
        numbered.sort_by_key(|(_, cursor)| Reverse(cursor.lag));
        let mut places: Vec<_> = numbered
            .iter()
            .map(|(number, _)| *number)
            .zip(0..)
            .collect();
        places.sort_unstable();
        Self {
            worst_first: numbered.into_iter().map(|(_, cursor)| cursor).collect(),
            by_name: places.into_iter().map(|(_, place)| place).collect(),
        }
    }

    /// All of them: the very same slice as long as nobody has judged them anew.
    pub(crate) fn shared(&self) -> &Arc<[CursorTruth]> {
        &self.worst_first
    }

    /// The cursor of that id in a partition.
    pub fn find(&self, id: &str, stream: &str, partition: PartitionId) -> Option<&CursorTruth> {
        let wanted = (id, stream, partition);
        let found = self.by_name.binary_search_by(|place| {
            let cursor = self.at(*place).map(|cursor| &cursor.entry);
            let name = cursor.map(|entry| (&*entry.id, &*entry.stream, entry.partition));
            name.cmp(&Some(wanted))
        });
        self.at(*self.by_name.get(found.ok()?)?)
    }

    /// The same cursors in the order of ids, streams and partitions.
    pub(super) fn by_name(&self) -> impl Iterator<Item = &CursorTruth> {
        self.by_name.iter().filter_map(|place| self.at(*place))
    }

    fn at(&self, place: u32) -> Option<&CursorTruth> {
        self.worst_first.get(usize::try_from(place).ok()?)
    }
}

impl Deref for CursorTruths {
    type Target = [CursorTruth];

    fn deref(&self) -> &Self::Target {
        &self.worst_first
    }
}

impl<'a> IntoIterator for &'a CursorTruths {
    type Item = &'a CursorTruth;
    type IntoIter = std::slice::Iter<'a, CursorTruth>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
