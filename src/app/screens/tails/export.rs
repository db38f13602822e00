//! Which messages of a tail an export writes, and in which form: what is shown, unless something else is chosen.
//! Writing them is the runtime's.

use std::ops::Range;

use super::Tail;
use crate::app::context::Context;
use crate::app::effect::{Effect, ExportSpec};
use crate::app::ids::RequestId;
use crate::app::inflight::Request;
use crate::store::{ExportForm, ExportRows};

/// Which messages are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum ExportRange {
    /// What is shown and what can be scrolled to; of a frozen tail up to where it was frozen.
    #[default]
    Shown,
    /// The lines that are on the screen.
    Screen,
    /// All that is in memory, whether it matches the query or not, and what came after the tail was frozen.
    Kept,
}

impl ExportRange {
    /// The next one to choose.
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Shown => Self::Screen,
            Self::Screen => Self::Kept,
            Self::Kept => Self::Shown,
        }
    }
}

impl Tail {
    /// How many messages an export would write, with so many lines on the screen.
    pub(crate) fn export_len(&self, range: ExportRange, height: usize) -> usize {
        match range {
            ExportRange::Kept => self.store().kept(),
            ExportRange::Shown | ExportRange::Screen => self.positions(range, height).len(),
        }
    }

    fn positions(&self, range: ExportRange, height: usize) -> Range<usize> {
        match range {
            ExportRange::Screen => self.view().on_screen(self.store(), height),
            ExportRange::Shown | ExportRange::Kept => self.view().shown(self.store(), height),
        }
    }

    /// Writes messages to a file, in the form that its name ends in, in the order of the screen and with its columns.
    pub(super) fn export(
        &self,
        range: ExportRange,
        path: String,
        context: &mut Context,
    ) -> RequestId {
        let form = ExportForm::of_path(&path);
        let newest_first = self.view().newest_first();
        let rows = match range {
            ExportRange::Kept => ExportRows::kept(self.store(), newest_first),
            ExportRange::Shown | ExportRange::Screen => {
                let positions = self.positions(range, self.height());
                ExportRows::new(self.store(), positions, newest_first)
            }
        };
        let id = context.begin_request(Request::Export);
        let spec = ExportSpec {
            path,
            form,
            rows,
            columns: self.columns(),
        };
        context.emit(Effect::Export(id, spec));
        id
    }
}
