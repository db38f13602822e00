//! What the owner of the terminal asks for: the clipboard, the editor, and what carries out effects of the past.

use super::Executor;
use crate::app::{Event, RequestId};
use crate::model::Failure;
use crate::runtime::editor;
use crate::runtime::offline::Offline;
use crate::runtime::options::LineParser;
use crate::runtime::supervisor::panicked;

impl Executor {
    /// Who carries out the effects of a dashboard of the past.
    pub(in crate::runtime) fn offline(&self) -> Offline {
        Offline::new(self.options.parse_line, self.options.clipboard.clone())
    }

    /// The parser of the command line.
    pub(in crate::runtime) fn line_parser(&self) -> LineParser {
        self.options.parse_line
    }

    /// `Clipboard::copy`; its event comes as all others do.
    pub(in crate::runtime) fn copy(
        &self,
        what: String,
        text: String,
        sent: Result<(), Failure>,
    ) -> Option<Event> {
        let outbox = self.outbox.clone();
        let clipboard = &self.options.clipboard;
        clipboard.copy(what, text, sent, outbox, |copying| {
            self.spawn("copying", copying);
        })
    }

    /// The editor has the terminal from now on.
    pub(in crate::runtime) fn edit(&self, id: RequestId, text: String) {
        let editor = self.options.editor.clone();
        let token = self.token.clone();
        let work = async move {
            let edited = token
                .run_until_cancelled_owned(editor::edit(&editor, &text))
                .await;
            edited.unwrap_or_else(|| Err(panicked("editing")))
        };
        self.spawn_answer("editing", work, move |result| Event::Edited(id, result));
    }
}
