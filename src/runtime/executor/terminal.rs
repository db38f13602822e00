//! What the owner of the terminal asks for: the clipboard, the editor, and what carries out effects of the past.

use super::{Executor, broken};
use crate::app::{Event, RequestId};
use crate::model::Failure;
use crate::runtime::editor;
use crate::runtime::offline::Offline;
use crate::runtime::options::LineParser;

impl Executor {
    /// Who carries out the effects of a dashboard of the past.
    pub(in crate::runtime) fn offline(&self) -> Offline {
        Offline::new(self.deps.parse_line, self.deps.clipboard.clone())
    }

    /// The parser of the command line.
    pub(in crate::runtime) fn line_parser(&self) -> LineParser {
        self.deps.parse_line
    }

    /// Hands a text that was sent to the terminal, or could not be, to a program that fills the clipboard; without one,
    /// returns what there is to say.
    pub(in crate::runtime) fn copy(
        &self,
        what: String,
        text: String,
        sent: Result<(), Failure>,
    ) -> Option<Event> {
        let clipboard = &self.deps.clipboard;
        if !clipboard.has_programs() {
            return Some(Event::Copied(what, clipboard.outcome(sent)));
        }
        let copying = clipboard.clone().copy(what, text, sent);
        let outbox = self.deps.outbox.clone();
        self.spawn(&self.token, async move { outbox.send(copying.await).await });
        None
    }

    /// The editor has the terminal from now on.
    pub(in crate::runtime) fn edit(&self, id: RequestId, text: String) {
        let editor = self.deps.editor.clone();
        let token = self.token.clone();
        let work = async move {
            let edited = token
                .run_until_cancelled_owned(editor::edit(&editor, &text))
                .await;
            edited.unwrap_or_else(|| Err(broken()))
        };
        self.spawn_answer(work, move |result| Event::Edited(id, result));
    }
}
