//! Where the user is: screen, pane, and the contexts in which a key is looked up; the way back.
//!
//! What lies on top (boxes, text fields) adds its own context in `App::contexts`.

/// A screen, one of six.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Screen {
    /// What is wrong, worst first, and the cluster at a glance.
    #[default]
    Overview,
    /// The brokers.
    Brokers,
    /// The streams, and the partitions of the chosen one.
    Streams,
    /// Cursors and consumer groups.
    Cursors,
    /// What was done to the cluster.
    Activity,
    /// Messages as they come, and one of them in detail.
    Tails,
}

impl Screen {
    /// All screens in the order of their keys.
    pub const ALL: [Self; 6] = [
        Self::Overview,
        Self::Brokers,
        Self::Streams,
        Self::Cursors,
        Self::Activity,
        Self::Tails,
    ];

    /// What the tab says.
    pub fn title(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Brokers => "brokers",
            Self::Streams => "streams",
            Self::Cursors => "cursors",
            Self::Activity => "activity",
            Self::Tails => "tails",
        }
    }

    /// Its panes in the order of `Tab`.
    pub fn panes(self) -> &'static [Pane] {
        match self {
            Self::Overview => &[Pane::Findings, Pane::Cluster],
            Self::Brokers => &[Pane::Brokers],
            Self::Streams => &[Pane::Streams, Pane::Partitions],
            Self::Cursors => &[Pane::Cursors, Pane::Groups],
            Self::Activity => &[Pane::Activity],
            Self::Tails => &[Pane::Tail, Pane::Inspector],
        }
    }

    fn first_pane(self) -> Pane {
        match self {
            Self::Overview => Pane::Findings,
            Self::Brokers => Pane::Brokers,
            Self::Streams => Pane::Streams,
            Self::Cursors => Pane::Cursors,
            Self::Activity => Pane::Activity,
            Self::Tails => Pane::Tail,
        }
    }
}

/// A part of a screen that can have the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pane {
    /// Findings, worst first.
    Findings,
    /// The brokers at a glance, beside the findings.
    Cluster,
    /// The table of brokers.
    Brokers,
    /// The table of streams.
    Streams,
    /// The partitions of the chosen stream.
    Partitions,
    /// All cursors.
    Cursors,
    /// All consumer groups.
    Groups,
    /// Events of the cluster.
    Activity,
    /// The messages of a tail.
    Tail,
    /// The chosen message.
    Inspector,
}

impl Pane {
    /// The screen it is part of.
    pub fn screen(self) -> Screen {
        match self {
            Self::Findings | Self::Cluster => Screen::Overview,
            Self::Brokers => Screen::Brokers,
            Self::Streams | Self::Partitions => Screen::Streams,
            Self::Cursors | Self::Groups => Screen::Cursors,
            Self::Activity => Screen::Activity,
            Self::Tail | Self::Inspector => Screen::Tails,
        }
    }

    /// What stands above it.
    pub fn title(self) -> &'static str {
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
        }
    }

    /// Where its keys are looked up, the closest context first.
    pub fn contexts(self) -> &'static [KeyContext] {
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
            Self::Activity => &[KeyContext::Activity, KeyContext::List, KeyContext::Global],
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

/// A place in which keys have a meaning of their own; a section of the keymap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyContext {
    /// Everywhere but in text.
    Global,
    /// In every list.
    List,
    /// Among findings.
    Overview,
    /// Among brokers.
    Brokers,
    /// Among streams and partitions.
    Streams,
    /// Among cursors and groups.
    Cursors,
    /// Among events of the cluster.
    Activity,
    /// In a tail.
    Tail,
    /// In the inspector.
    Inspector,
    /// In a form, between its text boxes.
    Form,
    /// In a text box of one line: every printable key is text.
    Text,
    /// In a box that asks.
    Confirm,
    /// In a menu: palette, copy menu, contexts.
    Menu,
    /// In a text to read: help, describe, an error.
    Reader,
}

impl KeyContext {
    /// All contexts, in the order of help.
    pub const ALL: [Self; 14] = [
        Self::Global,
        Self::List,
        Self::Overview,
        Self::Brokers,
        Self::Streams,
        Self::Cursors,
        Self::Activity,
        Self::Tail,
        Self::Inspector,
        Self::Form,
        Self::Text,
        Self::Confirm,
        Self::Menu,
        Self::Reader,
    ];

    /// Which contexts count at the same place, the closest first.
    pub const STACKS: [&'static [Self]; 10] = [
        &[Self::Overview, Self::List, Self::Global],
        &[Self::Brokers, Self::List, Self::Global],
        &[Self::Streams, Self::List, Self::Global],
        &[Self::Cursors, Self::List, Self::Global],
        &[Self::Activity, Self::List, Self::Global],
        &[Self::Tail, Self::List, Self::Global],
        &[Self::Inspector, Self::Tail, Self::List, Self::Global],
        &[Self::Menu, Self::Text],
        &[Self::Confirm, Self::Text],
        &[Self::Reader, Self::List],
    ];

    /// Its section in the keymap file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::List => "list",
            Self::Overview => "overview",
            Self::Brokers => "brokers",
            Self::Streams => "streams",
            Self::Cursors => "cursors",
            Self::Activity => "activity",
            Self::Tail => "tail",
            Self::Inspector => "inspector",
            Self::Form => "form",
            Self::Text => "text",
            Self::Confirm => "confirm",
            Self::Menu => "menu",
            Self::Reader => "reader",
        }
    }

    /// Whether there is a place where keys of both count.
    pub fn meets(self, other: Self) -> bool {
        let stacks = Self::STACKS
            .iter()
            .any(|stack| stack.contains(&self) && stack.contains(&other));
        self == other || stacks
    }

    /// The context of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// The screen and pane in focus, what was focused on the other screens, and the way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Focus {
    pane: Pane,
    remembered: Vec<Pane>,
    trail: Vec<Pane>,
}

/// How many steps back are remembered.
const TRAIL: usize = 32;

impl Default for Focus {
    fn default() -> Self {
        Self {
            pane: Pane::Findings,
            remembered: Screen::ALL.map(Screen::first_pane).to_vec(),
            trail: Vec::new(),
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
    pub fn show(&mut self, screen: Screen) {
        let pane = self.remembered.iter().find(|pane| pane.screen() == screen);
        self.pane = pane.copied().unwrap_or_else(|| screen.first_pane());
        self.trail.clear();
    }

    /// Focuses a pane of any screen without a step on the way back.
    pub fn go_to(&mut self, pane: Pane) {
        self.pane = pane;
        for kept in &mut self.remembered {
            if kept.screen() == pane.screen() {
                *kept = pane;
            }
        }
    }

    /// Focuses a pane one level deeper, from which [`Focus::back`] returns.
    pub fn descend(&mut self, pane: Pane) {
        if pane == self.pane {
            return;
        }
        if self.trail.len() == TRAIL {
            self.trail.remove(0);
        }
        self.trail.push(self.pane);
        self.go_to(pane);
    }

    /// Goes back one level; `false` at the root.
    pub fn back(&mut self) -> bool {
        let Some(pane) = self.trail.pop() else {
            return false;
        };
        self.go_to(pane);
        true
    }

    /// Moves to the next pane of this screen, or the previous.
    pub fn cycle(&mut self, forward: bool) {
        let panes = self.screen().panes();
        let at = panes
            .iter()
            .position(|pane| *pane == self.pane)
            .unwrap_or(0);
        let step = if forward { 1 } else { panes.len() - 1 };
        if let Some(next) = panes.get((at + step) % panes.len()) {
            self.go_to(*next);
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
