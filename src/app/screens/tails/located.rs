//! What a locator leads to: a tail that begins there, with its query; and the locator of what is chosen.

use super::{Tail, Tails};
use crate::app::app_request::CopyEntry;
use crate::app::context::Context;
use crate::app::row_key::PartitionKey;
use crate::app::settings::Settings;
use crate::model::{Locator, MessagePlace, Offset, Place, StartAt};
use crate::store::{MessageRef, Query};

/// What a locator calls the cluster of these settings: by its context, which says how it is spoken to, or by its addresses.
pub(super) fn cluster(settings: &Settings) -> String {
    let context = settings.shown_context();
    context.map_or_else(
        || settings.addresses.join(","),
        |context| context.name.clone(),
    )
}

impl Tails {
    /// Shows messages of these partitions from there on, those that match: in a tail that begins there already and has
    /// that query, or in a new one.
    pub(in crate::app) fn open_at(
        &mut self,
        keys: Vec<PartitionKey>,
        start: Option<(StartAt, String)>,
        query: Option<Query>,
        context: &mut Context,
    ) {
        let Some((start, text)) = start else {
            if query.is_none() {
                return self.open(keys, context);
            }
            let left = self.shown;
            let index = self.add(keys, context);
            self.switch_to(index);
            self.close_unused_copy(left, context);
            return self.show_query(query, context);
        };
        let wanted = query.as_ref().map(Query::text);
        let is_there = |tail: &Tail| {
            let own = tail.search().query().map(Query::text);
            // Newest first the message would not be the first that comes.
            let begins_there = tail.start_text() == text && !tail.view().newest_first();
            tail.reads(&keys) && begins_there && own == wanted
        };
        let open = self.open.iter().position(is_there);
        let left = self.shown;
        let index = open.unwrap_or_else(|| self.add(keys, context));
        self.switch_to(index);
        if let Some(tail) = self.shown_mut() {
            tail.seek(start, text, context);
        }
        self.close_unused_copy(left, context);
        self.show_query(query, context);
    }

    fn show_query(&mut self, query: Option<Query>, context: &mut Context) {
        if let (Some(query), Some(tail)) = (query, self.shown_mut()) {
            tail.set_query(Some(query), context);
        }
        self.after_move(context);
    }

    /// The tail that is shown is one story: it shows how long after each other its messages came.
    pub(in crate::app) fn show_gaps(&mut self) {
        if let Some(tail) = self.shown_mut() {
            tail.show_gaps();
        }
    }

    /// The tail that is shown begins at the message of that offset: whether it is there is said once that is known.
    pub(in crate::app) fn want_message(&mut self, offset: Offset) {
        if let Some(tail) = self.shown_mut() {
            tail.set_wanted(offset);
        }
    }

    /// The command that opens this message, and the one that opens what the query of its tail finds.
    pub(super) fn locators(&self, message: &MessageRef<'_>) -> Vec<CopyEntry> {
        let place = MessagePlace {
            stream: message.stream().to_string(),
            partitions: vec![message.partition()],
            seek: Some(message.offset().to_string()),
            query: None,
        };
        let mut entries = vec![CopyEntry::new("locator", self.open_command(place))];
        let tail = self.shown();
        let query = tail.and_then(|tail| Some((tail, tail.search().query()?)));
        if let Some((tail, query)) = query
            && let [only] = tail.streams().into_iter().collect::<Vec<_>>().as_slice()
        {
            let mut partitions: Vec<_> =
                tail.partitions().iter().map(|one| one.partition).collect();
            partitions.sort_unstable();
            let place = MessagePlace {
                stream: (*only).to_owned(),
                partitions,
                seek: Some(tail.start_text().to_owned()),
                query: Some(query.text().to_owned()),
            };
            entries.push(CopyEntry::new(
                "locator of the query",
                self.open_command(place),
            ));
        }
        entries
    }

    fn open_command(&self, place: MessagePlace) -> String {
        let cluster = Some(self.cluster.clone());
        let place = Place::Messages(place);
        let locator = Locator { cluster, place }.to_string();
        crate::model::shell_line(&["liftui".to_owned(), "open".to_owned(), locator])
    }
}
