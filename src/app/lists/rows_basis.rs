//! What the rows of a list were made from: as long as all of it is the same, the rows are.

use std::sync::Arc;

use super::column::Column;
use super::table::{Listing, Table};

/// What rows were made from. `S` is what they are rows of, and whatever else of a screen decides which are shown.
///
/// To filter and sort tens of thousands of rows anew at each key would take longer than all the rest.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::app) struct RowsBasis<S, C> {
    source: S,
    sort: (C, bool),
    filter: String,
    faults_only: bool,
}

impl<S, C: Column> RowsBasis<S, C> {
    /// What rows of that table are made from now.
    pub(in crate::app) fn of<K: Clone + PartialEq>(
        table: &Table<K, C>,
        source: S,
        faults_only: bool,
    ) -> Self {
        Self {
            source,
            sort: table.sort(),
            filter: table.filter().text().to_owned(),
            faults_only,
        }
    }
}

/// Something shared that is the same only as long as it is the very same one: cheap to compare, whatever its size.
#[derive(Debug)]
pub(in crate::app) struct Same<T: ?Sized>(Arc<T>);

impl<T: ?Sized> Same<T> {
    /// That very one.
    pub(in crate::app) fn of(shared: &Arc<T>) -> Self {
        Self(Arc::clone(shared))
    }
}

impl<T: ?Sized> Clone for Same<T> {
    fn clone(&self) -> Self {
        Self::of(&self.0)
    }
}

impl<T: ?Sized> PartialEq for Same<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
