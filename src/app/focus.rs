//! Screens and their panes, which of them has the focus, and the way back.

use serde::{Deserialize, Serialize};

use super::key_context::KeyContext;
use super::motion::cycled;

/// A screen: one of seven, or what is opened from one of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Screen {
    /// What is wrong, worst first, and a summary of the cluster.
    #[default]
    Overview,
    /// The brokers.
    Brokers,
    /// The streams, and the partitions of the selected one.
    Streams,
    /// Cursors and consumer groups.
    Cursors,
    /// What was done to the cluster.
    Activity,
    /// Messages as they come, and one of them in detail.
    Tails,
    /// What went wrong, and when.
    Incidents,
    /// A stream as a table, opened from the streams.
    Table,
}

impl Screen {
    /// All screens that have a key, in the order of these.
    pub(crate) const ALL: [Self; 7] = [
        Self::Overview,
        Self::Brokers,
        Self::Streams,
        Self::Cursors,
        Self::Activity,
        Self::Tails,
        Self::Incidents,
    ];

    /// The name on the row of screens.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Brokers => "brokers",
            Self::Streams => "streams",
            Self::Cursors => "cursors",
            Self::Activity => "activity",
            Self::Tails => "tails",
            Self::Incidents => "incidents",
            Self::Table => "table",
        }
    }

    /// The screen that has a key, from which this one was opened.
    pub(crate) fn root(self) -> Self {
        match self {
            Self::Table => Self::Streams,
            Self::Overview
            | Self::Brokers
            | Self::Streams
            | Self::Cursors
            | Self::Activity
            | Self::Tails
            | Self::Incidents => self,
        }
    }

    /// The panes in the order of `Tab`.
    pub(crate) fn panes(self) -> &'static [Pane] {
        match self {
            Self::Overview => &[Pane::Findings, Pane::Cluster],
            Self::Brokers => &[Pane::Brokers],
            Self::Streams => &[Pane::Streams, Pane::Partitions],
            Self::Cursors => &[Pane::Cursors, Pane::Groups],
            Self::Activity => &[Pane::Activity],
            Self::Tails => &[Pane::Tail, Pane::Inspector],
            Self::Incidents => &[Pane::Incidents],
            Self::Table => &[Pane::Table],
        }
    }

    fn first_pane(self) -> Pane {
        self.panes().first().copied().unwrap_or_default()
    }
}

/// A part of a screen that can have the focus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Pane {
    /// Findings, worst first.
    #[default]
    Findings,
    /// A summary of the brokers, beside the findings.
    Cluster,
    /// The table of brokers.
    Brokers,
    /// The table of streams.
    Streams,
    /// The partitions of the selected stream.
    Partitions,
    /// All cursors.
    Cursors,
    /// All consumer groups.
    Groups,
    /// Events of the cluster.
    Activity,
    /// The messages of a tail.
    Tail,
    /// The selected message.
    Inspector,
    /// What went wrong, the newest first.
    Incidents,
    /// The latest message of each key of a stream.
    Table,
}

impl Pane {
    /// All panes, screen by screen.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let screens = Screen::ALL.iter().chain(&[Screen::Table]);
        let panes = screens.flat_map(|screen| screen.panes());
        panes.copied()
    }

    /// The screen it is part of.
    pub fn screen(self) -> Screen {
        match self {
            Self::Findings | Self::Cluster => Screen::Overview,
            Self::Brokers => Screen::Brokers,
            Self::Streams | Self::Partitions => Screen::Streams,
            Self::Cursors | Self::Groups => Screen::Cursors,
            Self::Activity => Screen::Activity,
            Self::Tail | Self::Inspector => Screen::Tails,
            Self::Incidents => Screen::Incidents,
            Self::Table => Screen::Table,
        }
    }

    /// What stands above it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Findings => "FINDINGS",
            Self::Cluster => "CLUSTER",
            Self::Brokers => "BROKERS",
            Self::Streams => "STREAMS",
            Self::Partitions => "PARTITIONS",
            Self::Cursors => "CURSORS",
            Self::Groups => "GROUPS",
            Self::Activity => "ACTIVITY",
            Self::Tail => "TAIL",
            Self::Inspector => "MESSAGE",
            Self::Incidents => "INCIDENTS",
            Self::Table => "TABLE",
        }
    }

    /// Where its keys are looked up, the closest context first.
    pub(crate) fn key_contexts(self) -> &'static [KeyContext] {
        match self {
            Self::Findings => &[KeyContext::Overview, KeyContext::List, KeyContext::Global],
            Self::Cluster | Self::Brokers => {
                &[KeyContext::Brokers, KeyContext::List, KeyContext::Global]
            }
            Self::Streams | Self::Partitions => {
                &[KeyContext::Streams, KeyContext::List, KeyContext::Global]
            }
            Self::Cursors | Self::Groups => {
                &[KeyContext::Cursors, KeyContext::List, KeyContext::Global]
            }
            Self::Activity | Self::Incidents => {
                &[KeyContext::Activity, KeyContext::List, KeyContext::Global]
            }
            Self::Table => &[KeyContext::Table, KeyContext::List, KeyContext::Global],
            Self::Tail => &[KeyContext::Tail, KeyContext::List, KeyContext::Global],
            Self::Inspector => &[
                KeyContext::Inspector,
                KeyContext::Tail,
                KeyContext::List,
                KeyContext::Global,
            ],
        }
    }
}

/// The pane in focus, the pane that each screen had in focus last, and the way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Focus {
    pane: Pane,
    last_panes: [Pane; Screen::ALL.len()],
    /// The panes to go back to, the last one first.
    way_back: Vec<Pane>,
}

/// How many steps back are remembered.
const MAX_STEPS_BACK: usize = 32;

impl Default for Focus {
    fn default() -> Self {
        Self {
            pane: Pane::default(),
            last_panes: Screen::ALL.map(Screen::first_pane),
            way_back: Vec::new(),
        }
    }
}

impl Focus {
    /// The screen that is shown.
    pub fn screen(&self) -> Screen {
        self.pane.screen()
    }

    /// The pane in focus.
    pub fn pane(&self) -> Pane {
        self.pane
    }

    /// Shows a screen, with the focus where it was there. Not a step on the way back: all screens are roots.
    pub(super) fn show(&mut self, screen: Screen) {
        let pane = self.last_panes.iter().find(|pane| pane.screen() == screen);
        self.pane = pane.copied().unwrap_or_else(|| screen.first_pane());
        self.way_back.clear();
    }

    /// Focuses a pane of any screen without a step on the way back.
    pub(super) fn set(&mut self, pane: Pane) {
        self.pane = pane;
        for last in &mut self.last_panes {
            if last.screen() == pane.screen() {
                *last = pane;
            }
        }
    }

    /// Focuses a pane one level deeper, from which [`Focus::back`] returns.
    pub(super) fn descend(&mut self, pane: Pane) {
        if pane == self.pane {
            return;
        }
        if self.way_back.len() == MAX_STEPS_BACK {
            self.way_back.remove(0);
        }
        self.way_back.push(self.pane);
        self.set(pane);
    }

    /// Whether a pane is in focus, or stands on the way back.
    pub(super) fn leads_to(&self, pane: Pane) -> bool {
        self.pane == pane || self.way_back.contains(&pane)
    }

    /// Goes back one level; `false` at the root.
    pub(super) fn back(&mut self) -> bool {
        let Some(pane) = self.way_back.pop() else {
            return false;
        };
        self.set(pane);
        true
    }

    /// Moves to the next pane of this screen, or the previous.
    pub(super) fn cycle(&mut self, forward: bool) {
        if let Some(next) = cycled(self.screen().panes(), &self.pane, forward) {
            self.set(*next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_returns_the_way_it_came_and_ends_at_the_root() {
        let mut focus = Focus::default();
        focus.show(Screen::Streams);
        focus.descend(Pane::Partitions);
        focus.descend(Pane::Tail);
        assert!(focus.back());
        assert_eq!(focus.pane(), Pane::Partitions);
        assert!(focus.back());
        assert!(!focus.back());
    }

    #[test]
    fn a_screen_remembers_its_pane() {
        let mut focus = Focus::default();
        focus.show(Screen::Streams);
        focus.cycle(true);
        focus.show(Screen::Brokers);
        focus.show(Screen::Streams);
        assert_eq!(focus.pane(), Pane::Partitions);
    }

    #[test]
    fn cycling_comes_round() {
        let mut focus = Focus::default();
        focus.cycle(false);
        assert_eq!(focus.pane(), Pane::Cluster);
        focus.cycle(false);
        assert_eq!(focus.pane(), Pane::Findings);
    }
}
