//! The box that asks under which name a query is saved, and for which streams.

use crate::app::app_request::{AppRequest, QueryRequest};
use crate::app::command::{Command, TextCommand};
use crate::app::context::Context;
use crate::app::input::editor::{Editor, TextInput};
use crate::app::input::key_hints::{CLOSE, Hint};
use crate::app::kept_queries::SavedQuery;
use crate::app::motion::cycled_index;
use crate::model::StreamName;

/// Characters of a name at most: a menu has no room for more.
const MAX_NAME: usize = 40;

/// A query that is about to be saved.
#[derive(Clone, Debug)]
pub struct SaveQuery {
    query: String,
    name: Editor,
    /// The streams that it can be for; `None` are all streams.
    scopes: Vec<Option<StreamName>>,
    scope: usize,
    error: Option<String>,
}

impl SaveQuery {
    /// Asks for the name of a query that was typed in a tail of these streams: it is for the first of them, unless another
    /// is chosen, or all.
    pub(in crate::app) fn new(query: String, streams: Vec<StreamName>) -> Self {
        let scopes = streams.into_iter().map(Some).chain([None]).collect();
        Self {
            query,
            name: Editor::single_line(),
            scopes,
            scope: 0,
            error: None,
        }
    }

    /// The query.
    pub(crate) fn query(&self) -> &str {
        &self.query
    }

    /// The name being typed.
    pub(crate) fn name(&self) -> &Editor {
        &self.name
    }

    /// What it can be for, in words, and which of these is chosen.
    pub(crate) fn scopes(&self) -> (impl Iterator<Item = &str>, usize) {
        let names = self.scopes.iter();
        let names = names.map(|scope| scope.as_deref().unwrap_or("all streams"));
        (names, self.scope)
    }

    /// Why it is not saved under this name.
    pub(crate) fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// What the footer shows.
    pub(super) fn key_hints() -> Vec<Hint> {
        vec![
            (Command::Text(TextCommand::Accept), "save"),
            (Command::Text(TextCommand::Complete), "other streams"),
            CLOSE,
        ]
    }

    /// Types into the name, and returns whether the input was for it.
    pub(super) fn type_text(&mut self, input: TextInput<'_>) -> bool {
        let typed = self.name.type_text(input);
        if typed {
            self.error = None;
        }
        typed
    }

    /// Carries out a command of the text box, and returns whether the box is done.
    pub(super) fn run(&mut self, command: TextCommand, context: &mut Context) -> bool {
        match command {
            TextCommand::Accept => return self.accept(context),
            TextCommand::Complete => {
                self.scope = cycled_index(self.scope, self.scopes.len(), true);
            }
            TextCommand::Older | TextCommand::Newer => {}
        }
        false
    }

    fn accept(&mut self, context: &mut Context) -> bool {
        let name = self.name.text().trim().to_owned();
        if name.is_empty() {
            self.error = Some("a name is needed".to_owned());
            return false;
        }
        if name.chars().count() > MAX_NAME {
            self.error = Some(format!("{MAX_NAME} characters at most"));
            return false;
        }
        let scope = self.scopes.get(self.scope).cloned().flatten();
        let query = SavedQuery {
            name,
            stream: scope.map(|stream| stream.to_string()),
            query: self.query.clone(),
        };
        context.request(AppRequest::Query(QueryRequest::Save(query)));
        true
    }
}
