//! What lies on top of the screen: a text to read, a question, a menu, or the command line.
//!
//! What each says is drawn in `ui/overlay`; what follows from an answer is decided in `update`.

pub mod command_line;
pub mod confirm;
pub mod form;
pub mod menu;

use crate::app::command::Move;
use crate::app::focus::KeyContext;
use crate::app::input::editor::Editor;
use crate::app::lists::list_state::Step;
use crate::app::lists::table::step_of;
use crate::app::overlays::command_line::CommandLine;
use crate::app::overlays::confirm::Confirm;
use crate::app::overlays::form::Form;
use crate::app::overlays::menu::Menu;
use crate::app::screens::streams::PartitionKey;
use crate::model::{Failure, StreamName};

/// What lies on top.
#[derive(Debug)]
pub enum Overlay {
    /// A text to read.
    Reader(Pager),
    /// A question before something is done.
    Confirm(Confirm),
    /// A list to choose from by a few letters.
    Menu(Menu),
    /// The command line.
    CommandLine(CommandLine),
    /// A form to fill in.
    Form(Box<Form>),
}

/// A text to read and how far it is scrolled.
#[derive(Clone, Debug, PartialEq)]
pub struct Pager {
    /// What it is about.
    pub subject: DetailTarget,
    /// How many lines are above the top.
    pub scroll: usize,
}

/// What a text is about.
#[derive(Clone, Debug, PartialEq)]
pub enum DetailTarget {
    /// The keys of these contexts.
    Help(&'static [KeyContext]),
    /// A broker, by id or address.
    Broker(String),
    /// What would happen if that broker were lost.
    WhatIf(String),
    /// A stream.
    Stream(StreamName),
    /// A partition.
    Partition(PartitionKey),
    /// A cursor.
    Cursor(crate::app::screens::cursors::CursorKey),
    /// A consumer group.
    Group(String),
    /// An event of `__activity`.
    Event(u64),
    /// A finding.
    Finding(crate::app::screens::overview::FindingKey),
    /// An error.
    Failure(Failure),
    /// The notices of this session.
    Notices,
    /// What the demo cluster's console answered, where that is more than a line.
    Console(String),
}

impl Overlay {
    /// A text from its beginning.
    pub fn read(subject: DetailTarget) -> Self {
        Self::Reader(Pager { subject, scroll: 0 })
    }

    /// The text box in it that takes printable keys.
    pub fn editor_mut(&mut self) -> Option<&mut Editor> {
        match self {
            Self::Reader(_) | Self::Form(_) => None,
            Self::Confirm(confirm) => confirm.name_mut(),
            Self::Menu(menu) => Some(menu.wanted_mut()),
            Self::CommandLine(line) => Some(line.editor_mut()),
        }
    }

    /// Where keys are looked up.
    pub fn contexts(&self) -> &'static [KeyContext] {
        match self {
            Self::Reader(_) => &[KeyContext::Reader, KeyContext::List],
            Self::Confirm(confirm) if confirm.asks_for_name() => &[KeyContext::Text],
            Self::Confirm(_) => &[KeyContext::Confirm],
            Self::Menu(_) => &[KeyContext::Menu],
            Self::CommandLine(_) => &[KeyContext::Text],
            Self::Form(_) => &[KeyContext::Form],
        }
    }
}

impl Pager {
    /// Scrolls, given how many lines there are and how many are shown.
    pub fn go(&mut self, movement: Move, lines: usize, height: usize) {
        let last = lines.saturating_sub(height);
        let half = height / 2;
        self.scroll = match step_of(movement, height) {
            Some(Step::By(rows)) => self.scroll.saturating_add_signed(rows),
            Some(Step::HalfPages(pages)) if pages > 0 => self.scroll.saturating_add(half),
            Some(Step::HalfPages(_)) => self.scroll.saturating_sub(half),
            Some(Step::First) => 0,
            Some(Step::Last) => last,
            None => self.scroll,
        }
        .min(last);
    }
}
