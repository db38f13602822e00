//! What is known of the fields of a tail's messages: asked for while a query is typed, found out elsewhere.

use std::sync::Arc;

use super::Tail;
use crate::app::context::Context;
use crate::app::effect::Effect;
use crate::app::ids::ScanId;
use crate::app::schemas::Schemas;
use crate::app::screens::tails::prompt::{Prompt, PromptKind};
use crate::store::FieldIndex;

/// Messages that are handed over to be looked at, at least.
const HANDED_OVER: usize = 5_000;

/// What is known of the fields of messages.
#[derive(Clone, Debug, Default)]
pub(super) struct FieldLookup {
    index: Arc<FieldIndex>,
    asked: Option<ScanId>,
    /// How many messages had been received when that was asked last.
    received: Option<u64>,
}

impl FieldLookup {
    /// What is known so far.
    pub(super) fn index(&self) -> &Arc<FieldIndex> {
        &self.index
    }
}

impl Tail {
    /// What is known of the fields of its messages; nothing before a query was typed.
    pub(crate) fn field_index(&self) -> &FieldIndex {
        &self.fields.index
    }

    /// What is said to a query for fields that only programs show, where one decodes values of its streams.
    pub(in crate::app::screens::tails) fn unsearched(&self, schemas: &Schemas) -> Option<String> {
        let mut streams = self.streams().into_iter();
        let command = streams.find_map(|stream| schemas.command_of(stream))?;
        Some(command.unsearched())
    }

    /// What is likely wrong with its query, which found nothing.
    pub(crate) fn query_mistake(&self, schemas: &Schemas) -> Option<String> {
        let query = self.search.query()?;
        let mistake = || query.mistake(self.field_index(), None);
        let mistake = query.hint().or_else(mistake)?;
        let unsearched = self
            .unsearched(schemas)
            .filter(|_| query.names_value_field());
        Some(unsearched.unwrap_or(mistake))
    }

    /// Has the fields of its messages found out, where a query is being typed and messages have come since that was done
    /// last.
    pub(super) fn look_up_fields(&mut self, context: &mut Context) {
        let is_query = |prompt: &Prompt| prompt.kind() == PromptKind::Query;
        let received = self.store.counters().received;
        let is_known = self.fields.received == Some(received) || self.fields.asked.is_some();
        if is_known || context.lacks_messages() || !self.prompt.as_ref().is_some_and(is_query) {
            return;
        }
        let id = context.new_scan_id();
        self.fields.asked = Some(id);
        self.fields.received = Some(received);
        let chunks = self.store.newest(HANDED_OVER);
        let schemas = context.settings.schemas.clone();
        context.emit(Effect::IndexFields(id, chunks, schemas));
    }

    /// The fields of its messages are known; `false` where it has not asked for these.
    pub(in crate::app::screens::tails) fn on_fields(
        &mut self,
        id: ScanId,
        index: &Arc<FieldIndex>,
        context: &Context,
    ) -> bool {
        if self.fields.asked != Some(id) {
            return false;
        }
        self.fields.asked = None;
        self.fields.index = Arc::clone(index);
        if let Some(prompt) = &mut self.prompt {
            prompt.set_field_index(index, context);
        }
        true
    }

    /// Other messages are read from now on.
    pub(super) fn forget_fields(&mut self) {
        self.fields = FieldLookup::default();
    }
}
