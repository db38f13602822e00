//! Which messages of a tail are shown: the selected one, the line it stands on, and whether the view follows, is frozen
//! or was scrolled back. It reads the store and changes nothing in it.
//!
//! Rows are counted from the top of the screen's order: oldest first, or newest first. The selected row is known by its
//! message (I7), so that it stays where it is while others come and go.

use std::ops::Range;
use std::time::Duration;

use crate::app::command::Motion;
use crate::model::Timestamp;
use crate::store::{MessageId, MessageRef, Store};

/// Whether the view moves by itself, however reading goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FollowMode {
    /// The newest message is selected as it comes.
    #[default]
    Following,
    /// Nothing moves by itself until the user follows again.
    Frozen,
    /// The user has scrolled to older messages; back at the newest one the view follows again.
    ScrolledBack,
}

/// Which message is selected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Selection {
    /// The newest one there is.
    #[default]
    Newest,
    /// The oldest one there is: where a seek begins, before anything came.
    Oldest,
    /// One message by its id.
    One(MessageId),
}

/// What is shown of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TailView {
    mode: FollowMode,
    selection: Selection,
    /// The line of the selected row, from the top of the screen.
    line: usize,
    newest_first: bool,
    /// The newest message on the screen when it was frozen.
    frozen_at: Option<MessageId>,
}

/// The rows of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The row on top.
    pub top: usize,
    /// How many rows there are in all.
    pub rows: usize,
    /// The selected row.
    pub selected: usize,
}

/// How far the screen is behind what has been received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Behind {
    /// Messages received after the newest one on the screen.
    pub messages: usize,
    /// The time between that one and the newest one received.
    pub time: Duration,
}

impl TailView {
    /// A view that follows, or one that begins at the oldest message and stays there.
    pub(super) fn new(following: bool, newest_first: bool) -> Self {
        let mode = if following {
            FollowMode::Following
        } else {
            FollowMode::ScrolledBack
        };
        // Either way the reading begins on top, unless it follows what comes below.
        let selection = if following || newest_first {
            Selection::Newest
        } else {
            Selection::Oldest
        };
        Self {
            mode,
            selection,
            line: 0,
            newest_first,
            frozen_at: None,
        }
    }

    /// Whether the view moves by itself.
    pub fn mode(&self) -> FollowMode {
        self.mode
    }

    /// Whether the newest message stands on top.
    pub(crate) fn newest_first(&self) -> bool {
        self.newest_first
    }

    /// Reverses the order; the selected message stays selected.
    pub(super) fn reverse(&mut self) {
        self.newest_first = !self.newest_first;
    }

    /// Selects the newest message and every one after it.
    pub(super) fn follow(&mut self) {
        self.mode = FollowMode::Following;
        self.selection = Selection::Newest;
    }

    /// Keeps what is shown until the user follows again.
    pub(super) fn freeze(&mut self, store: &Store, height: usize) {
        self.select_current(store, height);
        self.mode = FollowMode::Frozen;
        let newest = self.on_screen(store, height).next_back();
        self.frozen_at = newest.and_then(|position| Some(store.at(position)?.id()));
    }

    /// Stays at the selected message, where the view followed.
    pub(super) fn stop_following(&mut self, store: &Store, height: usize) {
        if self.mode == FollowMode::Following && !store.is_empty() {
            self.select_current(store, height);
            self.mode = FollowMode::ScrolledBack;
        }
    }

    /// The rows that a screen of that height shows.
    pub fn window(&self, store: &Store, height: usize) -> Window {
        let rows = store.len();
        let selected = self.selected_row(store, rows);
        let height = height.max(1);
        let line = match self.selection {
            Selection::Newest if !self.newest_first => height - 1,
            Selection::Newest | Selection::Oldest => 0,
            Selection::One(_) => self.line.min(height - 1),
        };
        let top = selected.saturating_sub(line);
        Window {
            top: top.min(rows.saturating_sub(height)),
            rows,
            selected,
        }
    }

    fn selected_row(&self, store: &Store, rows: usize) -> usize {
        let last = rows.saturating_sub(1);
        let position = match &self.selection {
            Selection::Newest => last,
            Selection::Oldest => 0,
            // Where it left memory, the oldest one left stands in for it.
            Selection::One(id) => store.position_near(id).unwrap_or(0).min(last),
        };
        if self.newest_first {
            last - position
        } else {
            position
        }
    }

    /// The row of the newest message, of so many.
    fn newest_row(&self, rows: usize) -> usize {
        if self.newest_first {
            0
        } else {
            rows.saturating_sub(1)
        }
    }

    /// The messages from that row on, in the order of the screen.
    pub fn rows<'a>(&self, store: &'a Store, top: usize, height: usize) -> Vec<MessageRef<'a>> {
        if !self.newest_first {
            return store.rows_from(top).take(height).collect();
        }
        let end = store.len().saturating_sub(top);
        let start = end.saturating_sub(height);
        let mut rows: Vec<_> = store.rows_from(start).take(end - start).collect();
        rows.reverse();
        rows
    }

    /// The selected message, where there is any.
    pub(super) fn message<'a>(&self, store: &'a Store) -> Option<MessageRef<'a>> {
        self.message_at(store, self.window(store, 1).selected)
    }

    fn message_at<'a>(&self, store: &'a Store, row: usize) -> Option<MessageRef<'a>> {
        self.rows(store, row, 1).into_iter().next()
    }

    /// Moves the selection. Away from the newest message the view no longer follows; back at it, it does, where
    /// `is_live` means that nothing newer is missing from memory.
    pub(super) fn move_by(&mut self, motion: Motion, store: &Store, height: usize, is_live: bool) {
        let window = self.window(store, height);
        let row = motion.row_from(window.selected, window.rows, height);
        self.select_row(store, row, window);
        if self.mode != FollowMode::Frozen {
            self.mode = FollowMode::ScrolledBack;
            if is_live && row == self.newest_row(window.rows) {
                self.follow();
            }
        }
        // The height is needed last: the row must be on the screen wherever it was before.
        self.line = self.line.min(height.saturating_sub(1));
    }

    /// Selects that message, or the one that follows where it would stand. The view does not follow then.
    pub(super) fn select(&mut self, id: &MessageId, store: &Store, height: usize) {
        let window = self.window(store, height);
        let Some(position) = store.position_near(id) else {
            return;
        };
        let last = window.rows.saturating_sub(1);
        let row = if self.newest_first {
            last.saturating_sub(position)
        } else {
            position.min(last)
        };
        self.mode = FollowMode::ScrolledBack;
        self.select_row(store, row, window);
        self.line = self.line.min(height.saturating_sub(1));
    }

    /// Selects the message on that line of the screen; `true` where it was selected already.
    pub(super) fn select_line(&mut self, line: usize, store: &Store, height: usize) -> bool {
        let window = self.window(store, height);
        let row = window.top + line;
        if row >= window.rows {
            return false;
        }
        self.select_row(store, row, window);
        if self.mode == FollowMode::Following {
            self.mode = FollowMode::ScrolledBack;
        }
        row == window.selected
    }

    /// Selects the message that stands at the selected row, whatever comes after it.
    fn select_current(&mut self, store: &Store, height: usize) {
        let window = self.window(store, height);
        self.select_row(store, window.selected, window);
    }

    /// Remembers the line on which the selected message stands now: where an end of the list has moved it, it stays there
    /// when more comes at that end. Where it left memory, what stands in for it is selected from now on.
    pub(super) fn keep_line(&mut self, store: &Store, height: usize) {
        let is_loose = match &self.selection {
            Selection::One(id) => store.get(id).is_none(),
            Selection::Newest | Selection::Oldest if self.mode != FollowMode::Frozen => return,
            // It was frozen before anything came.
            Selection::Newest | Selection::Oldest => true,
        };
        let window = self.window(store, height);
        self.line = window.selected.saturating_sub(window.top);
        if is_loose && let Some(stands_in) = self.message_at(store, window.selected) {
            self.selection = Selection::One(stands_in.id());
        }
    }

    /// Selects a row; the screen moves only as far as it must to show it.
    fn select_row(&mut self, store: &Store, row: usize, before: Window) {
        self.line = row.saturating_sub(before.top);
        let found = self.message_at(store, row);
        self.selection = found.map_or(Selection::Oldest, |message| Selection::One(message.id()));
    }

    /// Whether the newest message in memory is selected.
    pub(super) fn is_at_newest(&self, store: &Store) -> bool {
        let Window { rows, selected, .. } = self.window(store, 1);
        selected == self.newest_row(rows)
    }

    /// How far a screen of that height is behind the newest message in memory.
    pub fn behind(&self, store: &Store, height: usize) -> Behind {
        let Window { top, rows, .. } = self.window(store, height);
        let (newest_shown, messages) = if self.newest_first {
            (top, top)
        } else {
            let below = (top + height).min(rows);
            (below.saturating_sub(1), rows - below)
        };
        let time = |row: usize| Some(self.message_at(store, row)?.timestamp());
        let time = match (messages, time(newest_shown), time(self.newest_row(rows))) {
            (1.., Some(shown), Some(newest)) => Timestamp::age(shown, newest),
            _ => Duration::ZERO,
        };
        Behind { messages, time }
    }

    /// The positions in the store of what a screen of that height shows.
    pub(super) fn on_screen(&self, store: &Store, height: usize) -> Range<usize> {
        let Window { top, rows, .. } = self.window(store, height);
        let below = (top + height.max(1)).min(rows);
        if self.newest_first {
            rows - below..rows - top
        } else {
            top..below
        }
    }

    /// The positions of what can be scrolled to. Of a frozen view these end where it was frozen, or where the screen does
    /// if the user has gone on from there.
    pub(super) fn shown(&self, store: &Store, height: usize) -> Range<usize> {
        if self.mode != FollowMode::Frozen {
            return 0..store.len();
        }
        let frozen = self.frozen_at.as_ref();
        let after = |id| store.position(id).map(|position| position + 1);
        // Where it is not seen, or left memory, what follows it was not there yet.
        let frozen = frozen.and_then(|id| after(id).or_else(|| store.position_near(id)));
        let frozen = frozen.unwrap_or(0);
        let end = self.on_screen(store, height).end.max(frozen);
        0..end.min(store.len())
    }

    /// How many rows lie between the top of the screen and the oldest row.
    pub(super) fn rows_to_oldest(&self, store: &Store, height: usize) -> usize {
        let window = self.window(store, height);
        if self.newest_first {
            window.rows.saturating_sub(window.top + height)
        } else {
            window.top
        }
    }
}
