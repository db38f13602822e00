//! Queries that are kept: those saved under a name, for one stream or for all, and those typed before.
//! Where they lie between runs is not known here.

use serde::{Deserialize, Serialize};

use crate::model::StreamName;

/// How many typed queries are kept.
const MAX_TYPED: usize = 100;

/// A query under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedQuery {
    /// The name, once for each stream and once for all of them.
    pub name: String,
    /// The stream that it is for; `None`: all of them.
    #[serde(default)]
    pub stream: Option<String>,
    /// The query as it is typed.
    pub query: String,
}

impl SavedQuery {
    /// Whether one of them stands in place of the other.
    fn has_place_of(&self, other: &Self) -> bool {
        self.name == other.name && self.stream == other.stream
    }

    /// What it is for, in words.
    pub(crate) fn scope(&self) -> &str {
        self.stream.as_deref().unwrap_or("all streams")
    }
}

/// What becomes of kept queries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryChange {
    /// This was typed and searched for.
    Typed(String),
    /// What was typed so is not to be remembered.
    Forgotten(String),
    /// This is saved, in place of another of its name.
    Saved(SavedQuery),
    /// This is no longer saved.
    Deleted(SavedQuery),
}

/// The queries that are kept of one cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptQueries {
    /// Those with a name, in the order of their names.
    saved: Vec<SavedQuery>,
    /// Those that were typed, the oldest first.
    typed: Vec<String>,
}

impl KeptQueries {
    /// Does what the change says.
    pub fn apply(&mut self, change: &QueryChange) {
        match change {
            QueryChange::Typed(line) => {
                self.typed.retain(|before| before != line);
                self.typed.push(line.clone());
                let surplus = self.typed.len().saturating_sub(MAX_TYPED);
                self.typed.drain(..surplus);
            }
            QueryChange::Forgotten(line) => self.typed.retain(|before| before != line),
            QueryChange::Saved(query) => {
                self.saved.retain(|one| !one.has_place_of(query));
                self.saved.push(query.clone());
                self.saved.sort_by(|one, other| one.name.cmp(&other.name));
            }
            QueryChange::Deleted(query) => self.saved.retain(|one| !one.has_place_of(query)),
        }
    }

    /// Without what was typed.
    #[must_use]
    pub fn without_typed(self) -> Self {
        Self {
            typed: Vec::new(),
            ..self
        }
    }

    /// Those that were typed, the oldest first.
    pub(super) fn typed(&self) -> &[String] {
        &self.typed
    }

    /// What stands in the place of a query, if anything does.
    pub(super) fn in_place_of(&self, query: &SavedQuery) -> Option<&SavedQuery> {
        self.saved.iter().find(|one| one.has_place_of(query))
    }

    /// Those saved for any of these streams, then those for all streams.
    pub(super) fn saved_for(&self, streams: &[StreamName]) -> Vec<SavedQuery> {
        let of = |query: &&SavedQuery| {
            let stream = query.stream.as_deref();
            stream.is_some_and(|name| streams.iter().any(|one| &**one == name))
        };
        let of_these = self.saved.iter().filter(of);
        let of_all = self.saved.iter().filter(|query| query.stream.is_none());
        of_these.chain(of_all).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(name: &str, stream: Option<&str>, query: &str) -> SavedQuery {
        SavedQuery {
            name: name.to_owned(),
            stream: stream.map(str::to_owned),
            query: query.to_owned(),
        }
    }

    #[test]
    fn a_name_stands_once_for_each_stream_and_once_for_all() {
        let mut kept = KeptQueries::default();
        for query in [
            saved("slow", Some("orders"), "old"),
            saved("slow", None, "of all"),
            saved("eu", Some("orders"), "key:eu"),
            saved("slow", Some("payments"), "other"),
            saved("slow", Some("orders"), "new"),
        ] {
            kept.apply(&QueryChange::Saved(query));
        }
        let found = kept.saved_for(&["orders".into()]);
        let texts: Vec<&str> = found.iter().map(|one| one.query.as_str()).collect();
        assert_eq!(texts, ["key:eu", "new", "of all"]);
        kept.apply(&QueryChange::Deleted(saved("slow", Some("orders"), "")));
        assert_eq!(kept.saved_for(&["orders".into()]).len(), 2);
        assert_eq!(kept.saved_for(&["payments".into()]).len(), 2);
    }

    #[test]
    fn typed_queries_stand_once_in_the_order_of_their_last_use() {
        let mut kept = KeptQueries::default();
        for line in ["a", "b", "a"] {
            kept.apply(&QueryChange::Typed(line.to_owned()));
        }
        assert_eq!(kept.typed(), ["b", "a"]);
        kept.apply(&QueryChange::Forgotten("b".to_owned()));
        assert_eq!(kept.typed(), ["a"]);
        for number in 0..MAX_TYPED {
            kept.apply(&QueryChange::Typed(number.to_string()));
        }
        assert_eq!(kept.typed().len(), MAX_TYPED);
        assert_eq!(kept.without_typed().typed(), [""; 0]);
    }
}
