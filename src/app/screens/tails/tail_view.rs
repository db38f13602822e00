//! What of a tail is in sight: the chosen message, the line it stands on, and whether the view follows, is frozen or
//! was scrolled back. It reads the store and changes nothing in it.
//!
//! Rows are counted from the top of the screen's order: oldest first, or newest first. The chosen row is known by its
//! message (I7), so that it stays where it is while others come and go.

use crate::app::lists::list_state::Step;
use crate::model::Timestamp;
use crate::store::{MessageId, MessageRef, Store};

/// Whether the view moves by itself. Apart from how reading goes, which is the phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FollowMode {
    /// The newest message is chosen as it comes.
    #[default]
    Following,
    /// Nothing moves until the user says so, wherever he looks.
    Frozen,
    /// The user looks at older messages; back at the newest one the view follows again.
    ScrolledBack,
}

/// Which message is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Selection {
    /// The newest one there is.
    #[default]
    Newest,
    /// The oldest one there is: where a seek begins, before anything came.
    Oldest,
    /// This one.
    One(MessageId),
}

/// What is in sight of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TailView {
    mode: FollowMode,
    chosen: Selection,
    /// The line of the chosen row, from the top of the screen.
    line: usize,
    newest_first: bool,
}

/// The rows of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The row on top.
    pub top: usize,
    /// How many rows there are in all.
    pub rows: usize,
    /// The chosen row.
    pub chosen: usize,
}

/// How far the screen is behind what has been received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Behind {
    /// Messages received after the newest one on the screen.
    pub messages: usize,
    /// The time between that one and the newest one received.
    pub time: std::time::Duration,
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
        let chosen = if following || newest_first {
            Selection::Newest
        } else {
            Selection::Oldest
        };
        Self {
            mode,
            chosen,
            line: 0,
            newest_first,
        }
    }

    /// Whether the view moves by itself.
    pub fn mode(&self) -> FollowMode {
        self.mode
    }

    /// Whether the newest message stands on top.
    pub fn newest_first(&self) -> bool {
        self.newest_first
    }

    /// Turns the order round; the chosen message stays chosen.
    pub(super) fn turn_round(&mut self) {
        self.newest_first = !self.newest_first;
    }

    /// Chooses the newest message and every one after it.
    pub(super) fn follow(&mut self) {
        self.mode = FollowMode::Following;
        self.chosen = Selection::Newest;
    }

    /// Keeps what is in sight, or lets it go on.
    pub(super) fn freeze(&mut self, store: &Store, height: usize) {
        match self.mode {
            FollowMode::Frozen => self.follow(),
            FollowMode::Following | FollowMode::ScrolledBack => {
                let window = self.window(store, height);
                self.choose_row(store, window.chosen, window);
                self.mode = FollowMode::Frozen;
            }
        }
    }

    /// Stays at the chosen message, where it followed.
    pub(super) fn stay(&mut self, store: &Store, height: usize) {
        if self.mode == FollowMode::Following && !store.is_empty() {
            let window = self.window(store, height);
            self.choose_row(store, window.chosen, window);
            self.mode = FollowMode::ScrolledBack;
        }
    }

    /// Stays at the messages in sight while others are read; used where reading goes on from older ones.
    pub(super) fn scroll_back(&mut self) {
        if self.mode == FollowMode::Following {
            self.mode = FollowMode::ScrolledBack;
        }
    }

    /// The rows that a screen of that height shows.
    pub fn window(&self, store: &Store, height: usize) -> Window {
        let rows = store.len();
        let chosen = self.chosen_row(store, rows);
        let height = height.max(1);
        let line = match self.chosen {
            Selection::Newest if !self.newest_first => height - 1,
            Selection::Newest | Selection::Oldest => 0,
            Selection::One(_) => self.line.min(height - 1),
        };
        let top = chosen.saturating_sub(line).min(rows.saturating_sub(height));
        Window { top, rows, chosen }
    }

    fn chosen_row(&self, store: &Store, rows: usize) -> usize {
        let last = rows.saturating_sub(1);
        let position = match &self.chosen {
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

    /// The chosen message, where there is any.
    pub fn message<'a>(&self, store: &'a Store) -> Option<MessageRef<'a>> {
        let window = self.window(store, 1);
        self.at_row(store, window.chosen)
    }

    fn at_row<'a>(&self, store: &'a Store, row: usize) -> Option<MessageRef<'a>> {
        self.rows(store, row, 1).into_iter().next()
    }

    /// Moves the choice. Away from the newest message the view no longer follows; back at it, it does, where
    /// `live` says that nothing newer is missing from memory.
    pub(super) fn step(&mut self, step: Step, store: &Store, height: usize, live: bool) {
        let window = self.window(store, height);
        let half = isize::try_from(height / 2).unwrap_or(isize::MAX).max(1);
        let last = window.rows.saturating_sub(1);
        let row = match step {
            Step::By(rows) => window.chosen.saturating_add_signed(rows).min(last),
            Step::HalfPages(pages) => {
                let rows = half.saturating_mul(pages);
                window.chosen.saturating_add_signed(rows).min(last)
            }
            Step::First => 0,
            Step::Last => last,
        };
        self.choose_row(store, row, window);
        let newest = if self.newest_first { 0 } else { last };
        self.mode = match self.mode {
            FollowMode::Frozen => FollowMode::Frozen,
            FollowMode::Following | FollowMode::ScrolledBack if row == newest && live => {
                self.chosen = Selection::Newest;
                FollowMode::Following
            }
            FollowMode::Following | FollowMode::ScrolledBack => FollowMode::ScrolledBack,
        };
        // The height is needed last: the row must be on the screen wherever it was before.
        self.line = self.line.min(height.saturating_sub(1));
    }

    /// Chooses the message on that line of the screen; `true` where it was chosen already.
    pub(super) fn click(&mut self, line: usize, store: &Store, height: usize) -> bool {
        let window = self.window(store, height);
        let row = window.top + line;
        if row >= window.rows {
            return false;
        }
        self.choose_row(store, row, window);
        self.scroll_back();
        row == window.chosen
    }

    /// Chooses a row; the screen moves only as far as it must to show it.
    fn choose_row(&mut self, store: &Store, row: usize, before: Window) {
        self.line = row.saturating_sub(before.top);
        let found = self.at_row(store, row);
        self.chosen = found.map_or(Selection::Oldest, |message| Selection::One(message.id()));
    }

    /// Whether the newest message in memory is chosen.
    pub(super) fn is_at_newest(&self, store: &Store) -> bool {
        let Window { rows, chosen, .. } = self.window(store, 1);
        chosen
            == if self.newest_first {
                0
            } else {
                rows.saturating_sub(1)
            }
    }

    /// How far a screen of that height is behind the newest message in memory.
    pub fn behind(&self, store: &Store, height: usize) -> Behind {
        let Window { top, rows, .. } = self.window(store, height);
        let newest_row = if self.newest_first {
            top
        } else {
            (top + height).min(rows).saturating_sub(1)
        };
        let messages = if self.newest_first {
            top
        } else {
            rows.saturating_sub(newest_row + 1)
        };
        let time = |row: usize| self.at_row(store, row).map(|message| message.timestamp());
        let newest = if self.newest_first {
            0
        } else {
            rows.saturating_sub(1)
        };
        let time = match (messages, time(newest_row), time(newest)) {
            (1.., Some(seen), Some(newest)) => Timestamp::age(seen, newest),
            _ => std::time::Duration::ZERO,
        };
        Behind { messages, time }
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
