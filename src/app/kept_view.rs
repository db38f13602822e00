//! How the dashboard looked when it was left, kept between runs for each cluster: the screen, the order, columns and marks of lists,
//! whether internal streams are shown, favourites.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Marks and favourites that are kept of a list at most.
pub(super) const MOST_KEPT: usize = 1_000;

/// How a cluster is shown when it is opened again. What is not there any more counts for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptView {
    /// The screen, by its name.
    pub(super) screen: String,
    /// Whether Liftbridge's own streams are shown.
    pub(super) internal: bool,
    /// Streams that stand first.
    pub(super) favourites: BTreeSet<String>,
    /// Lists by their titles.
    pub(super) lists: BTreeMap<String, KeptList>,
}

impl KeptView {
    /// The same without marks and favourites.
    #[must_use]
    pub fn without_names(mut self) -> Self {
        self.favourites.clear();
        for list in self.lists.values_mut() {
            list.marks.clear();
        }
        self
    }
}

/// The order and the marks of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptList {
    /// The column that decides the order, by its head.
    pub(super) sort: String,
    /// Whether the order is reversed.
    pub(super) reversed: bool,
    /// The columns that were hidden, by their heads.
    pub(super) hidden: BTreeSet<String>,
    /// The marked rows by their names, those that are not there among them.
    pub(super) marks: BTreeSet<String>,
}
