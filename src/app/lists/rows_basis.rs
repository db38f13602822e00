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

impl<K: Clone + PartialEq, C: Column, S: PartialEq> Table<K, C, S> {
    /// What its rows would be made from now.
    pub(in crate::app) fn basis(&self, source: S, faults_only: bool) -> RowsBasis<S, C> {
        RowsBasis {
            source,
            sort: self.sort(),
            filter: self.filter().text().to_owned(),
            faults_only,
        }
    }

    /// Leaves the rows as they are where they were made from that; `false`: others are to be made.
    pub(in crate::app) fn keeps_rows_of(&mut self, basis: &RowsBasis<S, C>, height: usize) -> bool {
        let keeps = self.made_from.as_ref() == Some(basis);
        if keeps {
            self.keep_rows(height);
        }
        keeps
    }

    /// Replaces the rows by those that were made from that.
    pub(in crate::app) fn set_rows_of(
        &mut self,
        basis: RowsBasis<S, C>,
        rows: Vec<K>,
        total: usize,
        height: usize,
    ) {
        self.set_rows(rows, total, height);
        self.made_from = Some(basis);
    }
}

/// Something shared that equals itself alone, not a copy: cheap to compare, whatever its size.
#[derive(Debug)]
pub struct PtrEq<T: ?Sized>(Arc<T>);

impl<T: ?Sized> PtrEq<T> {
    /// That very one.
    pub(in crate::app) fn of(shared: &Arc<T>) -> Self {
        Self(Arc::clone(shared))
    }
}

impl<T: ?Sized> Clone for PtrEq<T> {
    fn clone(&self) -> Self {
        Self::of(&self.0)
    }
}

impl<T: ?Sized> PartialEq for PtrEq<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
