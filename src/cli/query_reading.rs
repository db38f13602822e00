//! What the query of a command reads of values: by the types that the config file names. What only a program shows it does not
//! look into, and says so.

use super::command_context::CommandContext;
use super::dashboard::{decoder_command, schemas};
use super::exit::Result;
use super::partition_spec::PartitionSpec;
use crate::config::DecodeRule;
use crate::health::best_match;
use crate::model::{PartitionId, name_partitions, verb_of};
use crate::store::{Query, QueryFieldCheck};

/// What is said of partitions that a query asks for and that are not read: none of their messages is found.
fn unread_partitions(query: Option<&Query>, specs: &[PartitionSpec]) -> Option<String> {
    let named = query?.partitions();
    let is_read = |id: &PartitionId| specs.iter().any(|spec| spec.partitions.contains(id));
    let unread: Vec<PartitionId> = named.into_iter().filter(|id| !is_read(id)).collect();
    let (named, verb) = (name_partitions(&unread), verb_of(unread.len(), "are"));
    (!unread.is_empty())
        .then(|| format!("the query asks for {named}, which {verb} not among those that are read"))
}

/// A query as it is held against messages.
pub(crate) struct QueryReading {
    /// The query, where there is one.
    pub(crate) query: Option<Query>,
    /// It was said that it asks for what only a program shows: what stored values lack is no news.
    pub(crate) is_unsearched: bool,
}

impl QueryReading {
    /// The query as it reads values of these streams. Says where it asks for partitions that are not among these.
    ///
    /// # Errors
    /// A file that the config names cannot be read, or holds no such type.
    pub(crate) fn new(
        context: &mut CommandContext<'_>,
        query: Option<&Query>,
        specs: &[PartitionSpec],
    ) -> Result<Self> {
        if let Some(sentence) = unread_partitions(query, specs) {
            context.console.print_error(&sentence);
        }
        let streams: Vec<&str> = specs.iter().map(|spec| &*spec.stream).collect();
        let rules = &context.settings.file.decode;
        let rules_of = |stream: &&str| {
            let rules = rules.iter().map(|(streams, rule)| (streams.as_str(), rule));
            best_match(rules, stream)
        };
        let names_value = query.is_some_and(Query::names_value);
        let of_streams = || streams.iter().filter_map(rules_of).filter(|_| names_value);
        let has_types = of_streams().any(|rule| !matches!(rule, DecodeRule::Command { .. }));
        let mut programs = of_streams().filter_map(|rule| match rule {
            DecodeRule::Command { words, folder } => Some(decoder_command(words, folder)),
            DecodeRule::Protobuf { .. } | DecodeRule::Avro(_) => None,
        });
        let names_field = query.is_some_and(Query::names_value_field);
        let program = programs.next().filter(|_| names_field);
        let mut query = query.cloned();
        if has_types {
            let schemas = schemas(&context.settings.file)?;
            query = query.map(|query| schemas.reading_query(query));
        }
        if let Some(program) = &program {
            context.console.print_error(&program.unsearched());
        }
        Ok(Self {
            query,
            is_unsearched: program.is_some(),
        })
    }

    /// What is found out about its fields while messages are read to an end.
    pub(crate) fn check(&self) -> QueryFieldCheck {
        let check = QueryFieldCheck::new(self.query.as_ref(), false);
        if self.is_unsearched {
            check.saying_nothing()
        } else {
            check
        }
    }
}
