//! What a tail was opened for: to split the screen, or to show one message.

use super::Tail;
use crate::app::context::Context;
use crate::app::notice::Level;
use crate::model::Offset;
use crate::store::Chunk;

/// What a tail was opened for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum OpenedFor {
    /// Reading.
    #[default]
    Reading,
    /// Splitting the screen, with the partitions of another one.
    Split,
    /// One message; until the first one has come.
    Message(Offset),
}

impl Tail {
    /// It was opened to split the screen.
    pub(in crate::app::screens::tails) fn set_copy(&mut self) {
        self.opened_for = OpenedFor::Split;
    }

    /// It is to begin at that message.
    pub(in crate::app::screens::tails) fn set_wanted(&mut self, offset: Offset) {
        self.opened_for = OpenedFor::Message(offset);
    }

    /// Whether it was opened to split the screen, and nothing was asked of it since.
    pub(in crate::app::screens::tails) fn is_unused_copy(&self) -> bool {
        let is_asked = self.search.query().is_some() || self.prompt.is_some();
        let is_copy = self.opened_for == OpenedFor::Split;
        is_copy && !is_asked && self.marks.is_empty() && self.is_following()
    }

    /// Says so where the message at which it was to begin is gone: the first one that came stands after it.
    pub(super) fn notify_gone(&mut self, chunk: &Chunk, context: &mut Context) {
        let OpenedFor::Message(wanted) = self.opened_for else {
            return;
        };
        self.opened_for = OpenedFor::Reading;
        let first = chunk.first_offset();
        if first > wanted {
            let text = format!(
                "{}:{} has no message {wanted} any more; the next one is {first}",
                chunk.stream(),
                chunk.partition()
            );
            context.notify(Level::Warning, text);
        }
    }
}
