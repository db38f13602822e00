//! Tails side by side: which of the open ones are on the screen together, and how the focus goes from one to the other.
//!
//! Each is a tail of its own, with its query, its position and its mode; what all of them keep is bounded together, as
//! that of hidden ones is.

use super::{Tail, TailPartition, Tails};
use crate::app::command::PaneCommand;
use crate::app::context::Context;
use crate::app::notice::Level;
use crate::app::row_key::{PartitionKey, RowKey};
use crate::app::screens::operations;
use crate::app::viewport::Area;
use crate::health::Truth;
use crate::model::StreamName;

/// How many are on the screen at most.
const MAX_PANES: usize = 4;

impl Tails {
    /// The tails on the screen by their numbers among the open ones, pane by pane; none where the screen is not split.
    pub fn panes(&self) -> &[usize] {
        &self.panes
    }

    /// Carries out a command about the panes.
    pub(in crate::app) fn run_pane_command(&mut self, command: PaneCommand, context: &mut Context) {
        if self.shown().is_none() {
            let text = "no tail is open; choose a stream or a partition first";
            return context.notify(Level::Note, text);
        }
        match command {
            PaneCommand::Split => self.split(context),
            PaneCommand::Only if self.panes.is_empty() => {
                context.notify(Level::Note, "one tail alone is on the screen already");
            }
            PaneCommand::Only => self.panes.clear(),
            PaneCommand::Left | PaneCommand::Right | PaneCommand::Up | PaneCommand::Down => {
                self.focus_beside(command, context);
            }
            PaneCommand::First => self.focus_number(0, context),
            PaneCommand::Second => self.focus_number(1, context),
            PaneCommand::Third => self.focus_number(2, context),
            PaneCommand::Fourth => self.focus_number(3, context),
        }
        self.after_move(context);
    }

    /// Puts another tail beside the one that is shown: the one opened last that is not on the screen, or another one of
    /// the same partitions.
    fn split(&mut self, context: &mut Context) {
        let mut last_first = (0..self.open.len()).rev();
        let hidden = last_first.find(|index| self.is_hidden(*index));
        if self.is_full(context) {
            return;
        }
        let copy = match (hidden, self.shown()) {
            (None, Some(shown)) => Some(shown.open_copy(context)),
            (Some(_), _) | (None, None) => None,
        };
        let index = hidden.unwrap_or(self.open.len());
        self.open.extend(copy);
        self.add_pane(index);
    }

    /// Puts a tail of this stream beside the one that is shown, though there is one of it on the screen.
    pub(in crate::app) fn split_with(
        &mut self,
        stream: StreamName,
        truth: &Truth,
        context: &mut Context,
    ) {
        let keys = operations::partition_keys(&[RowKey::Stream(stream)], truth, context);
        let Some(keys) = keys.filter(|keys| !keys.is_empty()) else {
            return;
        };
        if self.open.is_empty() {
            return self.open(keys, context);
        }
        if self.is_full(context) {
            return;
        }
        let mut tails = self.open.iter().enumerate();
        let open = tails.position(|(at, tail)| self.is_hidden(at) && tail.reads(&keys));
        let index = open.unwrap_or_else(|| self.add(keys, context));
        self.add_pane(index);
        self.after_move(context);
    }

    /// Whether the tail of that number is open and not on the screen.
    fn is_hidden(&self, index: usize) -> bool {
        index != self.shown && !self.panes.contains(&index)
    }

    /// Says so, and returns `true`, where no more fit.
    fn is_full(&self, context: &mut Context) -> bool {
        let is_full = self.panes.len() >= MAX_PANES;
        if is_full {
            let text = format!("{MAX_PANES} tails are the most on one screen: close one first");
            context.notify(Level::Note, text);
        }
        is_full
    }

    fn add_pane(&mut self, index: usize) {
        if self.panes.is_empty() {
            self.panes.push(self.shown);
        }
        let own = self.panes.iter().position(|one| *one == self.shown);
        self.panes.insert(own.map_or(0, |own| own + 1), index);
        self.switch_to(index);
    }

    /// A tail that is shown from now on comes into the pane in focus, unless it has one.
    pub(super) fn take_pane(&mut self, index: usize) {
        if !self.panes.contains(&index)
            && let Some(own) = self.panes.iter_mut().find(|one| **one == self.shown)
        {
            *own = index;
        }
    }

    /// Focuses the next pane, or the previous one; `false` where there is none on that side.
    pub(in crate::app) fn focus_next_pane(&mut self, forward: bool) -> bool {
        let own = self.panes.iter().position(|one| *one == self.shown);
        let next = own.and_then(|own| {
            let next = if forward {
                own + 1
            } else {
                own.checked_sub(1)?
            };
            self.panes.get(next).copied()
        });
        next.map(|index| self.switch_to(index)).is_some()
    }

    /// Focuses the first pane, or the last: the focus comes from elsewhere.
    pub(in crate::app) fn focus_outer_pane(&mut self, first: bool) {
        let panes = &self.panes;
        let outer = if first { panes.first() } else { panes.last() };
        if let Some(index) = outer.copied() {
            self.switch_to(index);
        }
    }

    fn focus_number(&mut self, pane: usize, context: &mut Context) {
        if let Some(index) = self.panes.get(pane).copied() {
            return self.switch_to(index);
        }
        let text = format!("there is no tail {} on the screen", pane + 1);
        context.notify(Level::Note, text);
    }

    /// Focuses the pane that lies on that side of the one in focus, as the last frame had them.
    fn focus_beside(&mut self, side: PaneCommand, context: &Context) {
        let area = |index: usize| context.viewport.tail_area(index);
        let Some(own) = area(self.shown) else {
            return;
        };
        let panes = self.panes.iter().copied();
        let beside = panes.filter_map(|index| Some((distance(own, area(index)?, side)?, index)));
        if let Some((_, index)) = beside.min() {
            self.switch_to(index);
        }
    }

    /// Shows the tail before or after this one; of several panes, one that is in none of them.
    pub(super) fn show_next(&mut self, forward: bool, context: &mut Context) {
        let count = self.open.len();
        let step = if forward { 1 } else { count.saturating_sub(1) };
        let others = (1..count).map(|steps| (self.shown + steps * step) % count);
        let mut hidden = others.filter(|index| !self.panes.contains(index));
        match hidden.next() {
            Some(index) => self.switch_to(index),
            None if self.panes.is_empty() => {}
            None => context.notify(Level::Note, "every open tail is on the screen"),
        }
    }

    /// Closes a tail, and its pane where it has one: the pane after it is in focus then, or the one before.
    pub(super) fn close_tail(&mut self, index: usize, context: &mut Context) {
        if index >= self.open.len() {
            return;
        }
        self.open.remove(index).close(context);
        let (was_shown, pane) = (
            self.shown == index,
            self.panes.iter().position(|one| *one == index),
        );
        self.panes.retain(|one| *one != index);
        let numbers = self.panes.iter_mut().chain([&mut self.shown]);
        numbers
            .filter(|one| **one > index)
            .for_each(|one| *one -= 1);
        if was_shown {
            let after = pane.and_then(|pane| self.panes.get(pane).or(self.panes.last()));
            let last = self.open.len().saturating_sub(1);
            self.shown = after.copied().unwrap_or(index.min(last));
        }
        if self.panes.len() < 2 {
            self.panes.clear();
        }
    }

    /// Closes a tail that was opened to split the screen and gave way to another one before anything was done with it.
    pub(super) fn close_unused_copy(&mut self, index: usize, context: &mut Context) {
        if self.is_hidden(index) && self.open.get(index).is_some_and(Tail::is_unused_copy) {
            self.close_tail(index, context);
        }
    }
}

impl Tail {
    /// Opens another tail of the same partitions, with a query, a position and a mode of its own.
    fn open_copy(&self, context: &mut Context) -> Self {
        let keys: Vec<PartitionKey> = self.partitions().iter().map(TailPartition::key).collect();
        let mut copy = Self::open(keys, self.row().clone(), context);
        copy.set_copy();
        copy
    }
}

/// How far an area is from another one on that side of it, the nearer to its beginning the better; `None` where it lies
/// elsewhere.
fn distance(own: Area, other: Area, side: PaneCommand) -> Option<(u16, u16)> {
    let (right, bottom) = (own.x + own.width, own.y + own.height);
    let (other_right, other_bottom) = (other.x + other.width, other.y + other.height);
    let beside = other.y < bottom && own.y < other_bottom;
    let above = other.x < right && own.x < other_right;
    let (gap, is_there) = match side {
        PaneCommand::Left => (own.x.checked_sub(other_right)?, beside),
        PaneCommand::Right => (other.x.checked_sub(right)?, beside),
        PaneCommand::Up => (own.y.checked_sub(other_bottom)?, above),
        PaneCommand::Down => (other.y.checked_sub(bottom)?, above),
        PaneCommand::Split
        | PaneCommand::Only
        | PaneCommand::First
        | PaneCommand::Second
        | PaneCommand::Third
        | PaneCommand::Fourth => return None,
    };
    let aside = own.x.abs_diff(other.x).min(own.y.abs_diff(other.y));
    is_there.then_some((gap, aside))
}
