//! Queries that are kept, as the tails use them: choosing one, saving the one that is typed or in force.
//! The boxes that ask for a name, or whether to delete, are overlays.

use super::{MAX_QUERIES, PromptKind, Tail, Tails};
use crate::app::app_request::{AppRequest, QueryRequest};
use crate::app::command::{QueryCommand, TailCommand};
use crate::app::context::Context;
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::input::history::History;
use crate::app::kept_queries::{QueryChange, SavedQuery};
use crate::app::notice::Level;
use crate::model::StreamName;
use crate::store::Query;

impl Tails {
    /// Carries out a command about kept queries.
    pub(in crate::app) fn run_query_command(
        &mut self,
        command: QueryCommand,
        context: &mut Context,
    ) {
        if self.shown().is_none() {
            let text = "no tail is open; choose a stream or a partition first";
            return context.notify(Level::Note, text);
        }
        match command {
            QueryCommand::Choose => self.ask_which(context),
            QueryCommand::Save => self.ask_name(context),
            // Only the menu has one to delete.
            QueryCommand::Delete => {}
        }
    }

    fn ask_which(&self, context: &mut Context) {
        let saved = self.kept.saved_for(&self.streams());
        let is_saved = |line: &&String| saved.iter().any(|one| one.query == **line);
        let typed = self.kept.typed().iter().rev();
        let typed: Vec<String> = typed.filter(|line| !is_saved(line)).cloned().collect();
        if saved.is_empty() && typed.is_empty() {
            let text = "no query was typed or saved yet";
            return context.notify(Level::Note, text);
        }
        context.request(AppRequest::Query(QueryRequest::Menu(saved, typed)));
    }

    fn ask_name(&self, context: &mut Context) {
        let tail = self.shown();
        let prompt = tail.and_then(Tail::prompt);
        let typed = prompt.filter(|prompt| prompt.kind() == PromptKind::Query);
        let in_force = || tail.and_then(|tail| tail.search().query());
        let text = typed.map_or_else(
            || in_force().map_or("", Query::text).to_owned(),
            |prompt| prompt.text().trim().to_owned(),
        );
        if text.is_empty() {
            return context.notify(Level::Note, "there is no query to save yet");
        }
        if let Err(error) = Query::parse(&text) {
            let text = format!("not saved: {}", error.sentence);
            return context.notify(Level::Warning, text);
        }
        context.request(AppRequest::Query(QueryRequest::Name(text, self.streams())));
    }

    /// Folds the node of the message; where it is one value, opens the query box with what finds messages that have the same.
    pub(super) fn fold_or_offer_query(&mut self, context: &mut Context) {
        if self.inspector.toggle_fold() {
            return;
        }
        let is_node = self.inspector.path().is_some();
        let common = self.inspector.common().filter(|_| is_node);
        let unsearched = self.inspector.unsearched().filter(|_| is_node);
        let Some(tail) = self.shown_mut() else {
            return;
        };
        let in_force = tail.search().query();
        let query = common.map(|common| Query::with_expression(in_force, &common));
        let Some(query) = query.filter(|query| Query::parse(query).is_ok()) else {
            let usual = "a field with one value, or a header, offers a query here";
            let text = unsearched.unwrap_or_else(|| usual.to_owned());
            return context.notify(Level::Note, text);
        };
        tail.open_prompt(PromptKind::Query, context);
        if let Some(prompt) = tail.prompt_mut() {
            prompt.set_text(&query, context);
        }
        context.request(AppRequest::Descend(Pane::Tail));
    }

    /// Values are read otherwise from now on: queries that look into them are held against all messages anew.
    pub(in crate::app) fn search_anew(&mut self, context: &mut Context) {
        for tail in &mut self.open {
            let query = tail.search().query().filter(|query| query.names_value());
            let query = query.and_then(|query| Query::parse(query.text()).ok());
            if query.is_some() {
                tail.set_query(query, context);
            }
        }
    }

    /// The streams of the tail that is shown, each once.
    fn streams(&self) -> Vec<StreamName> {
        let mut streams: Vec<StreamName> = Vec::new();
        for partition in self.shown().into_iter().flat_map(Tail::partitions) {
            if !streams.contains(&partition.stream) {
                streams.push(StreamName::clone(&partition.stream));
            }
        }
        streams
    }

    /// What is saved under the name of that query for the same streams.
    pub(in crate::app) fn saved_in_place_of(&self, query: &SavedQuery) -> Option<&SavedQuery> {
        self.kept.in_place_of(query)
    }

    /// Searches for a query, as if it had been typed.
    pub(in crate::app) fn search_for(&mut self, query: &str, context: &mut Context) {
        self.run_with_line(TailCommand::Query, query, context);
    }

    /// Changes what is kept, now and for later runs.
    pub(in crate::app) fn change_queries(&mut self, change: QueryChange, context: &mut Context) {
        self.kept.apply(&change);
        match &change {
            QueryChange::Typed(line) => self.queries.add(line),
            QueryChange::Forgotten(_) => {
                self.queries = History::of(self.kept.typed(), MAX_QUERIES);
                context.notify(Level::Note, "the query is forgotten");
            }
            QueryChange::Saved(query) => {
                let text = format!("saved \"{}\" for {}", query.name, query.scope());
                context.notify(Level::Note, text);
            }
            QueryChange::Deleted(query) => {
                let text = format!("deleted \"{}\" of {}", query.name, query.scope());
                context.notify(Level::Note, text);
            }
        }
        context.emit(Effect::SaveQuery(change));
    }
}
