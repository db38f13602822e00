//! What all lists have in common: a selection that scrolls, marks, an order, a filter.

pub mod filter;
pub mod list_state;
pub mod table;
