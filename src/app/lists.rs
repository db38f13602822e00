//! What all lists have in common: a selection that scrolls, marks, an order, a filter.

pub(crate) mod column;
pub(crate) mod filter;
pub(crate) mod list_state;
pub(crate) mod rows_basis;
pub(crate) mod sort_letters;
pub(crate) mod table;
