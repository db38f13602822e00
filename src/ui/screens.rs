//! The panes of the screens, and what stands there before any broker has answered.

pub(super) mod activity;
pub(super) mod brokers;
pub(super) mod cluster_summary;
pub(super) mod connecting;
pub(super) mod cursors;
pub(super) mod incidents;
pub(super) mod inspector;
pub(super) mod key_table;
pub(super) mod overview;
pub(super) mod partitions;
pub(super) mod streams;
pub(super) mod tails;

use super::layout::PaneColumns;
use crate::app::{App, Screen};

/// The columns of the findings, and of the summary beside them.
const OVERVIEW: PaneColumns = PaneColumns {
    first: 60,
    second: 39,
    share: 60,
};

/// The columns of a tail, nearly as many as a small window has, and of the message beside it.
const TAILS: PaneColumns = PaneColumns {
    first: 77,
    second: 42,
    share: 60,
};

/// What the two panes of a screen need to stand beside each other; of a screen with one pane it does not matter.
pub(super) fn columns(screen: Screen, app: &App) -> PaneColumns {
    match screen {
        Screen::Streams => PaneColumns {
            first: streams::columns(app),
            second: partitions::columns(app),
            share: 50,
        },
        Screen::Cursors => PaneColumns {
            first: cursors::cursor_columns(app),
            second: cursors::group_columns(app),
            share: 60,
        },
        Screen::Tails => TAILS,
        Screen::Overview
        | Screen::Brokers
        | Screen::Activity
        | Screen::Incidents
        | Screen::Table => OVERVIEW,
    }
}
