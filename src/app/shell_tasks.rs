//! Does what a line for the command line's parser means: changes the cluster, shows messages or a table, counts.

use super::App;
use super::app_request::AppRequest;
use super::focus::Pane;
use super::named_partitions::{existing_partitions, partitions_named};
use super::notice::Level;
use super::row_key::PartitionKey;
use super::screens::key_table::live_spec;
use super::shell_commands::{MessageRange, ShellTask};
use super::typed_command::Awaited;
use crate::model::{Operation, StreamName, parse_ranges, parse_start, parse_stop};

impl App {
    /// Does what a line means, or says what is wrong with it.
    pub(super) fn run_shell_task(&mut self, task: Result<ShellTask, String>) {
        let done = match task {
            Ok(ShellTask::Perform(operation)) => self.change(*operation),
            Ok(ShellTask::Messages(range)) => self.show_messages(range),
            Ok(ShellTask::Statistics(range)) => self.count_messages(range),
            Ok(ShellTask::Table(range)) => self.show_table(range),
            Ok(ShellTask::InShell(line)) => {
                let line = self.context.settings.on_this_cluster(&line);
                Err(format!("that is for a shell: {line}"))
            }
            Err(sentence) => Err(sentence),
        };
        if let Err(sentence) = done {
            self.context.notify(Level::Error, sentence);
        }
    }

    /// Changes the cluster. What is done to a stream or to partitions is done to those that are there: a question about
    /// others would be about nothing.
    pub(super) fn change(&mut self, mut operation: Operation) -> Result<(), String> {
        let mut of_stream = Vec::new();
        let (name, partitions) = match &mut operation {
            Operation::Delete { stream } => (stream, &mut of_stream),
            Operation::Pause {
                stream, partitions, ..
            }
            | Operation::Resume { stream, partitions }
            | Operation::SetReadonly {
                stream, partitions, ..
            } => {
                let (truth, whole) = (self.cluster.truth(), StreamName::clone(stream));
                if truth.stream(&whole).is_none()
                    && partitions.is_empty()
                    && let Some((part, ranges)) = whole.rsplit_once(':')
                {
                    *partitions = parse_ranges(ranges)?;
                    *stream = part.into();
                }
                (stream, partitions)
            }
            Operation::Create(_) | Operation::Publish(_) | Operation::SetCursor { .. } => {
                self.context.perform(operation);
                return Ok(());
            }
        };
        match self.cluster.truth().stream(name) {
            None => self.look_for_stream(Awaited::Change(Box::new(operation))),
            Some(found) => {
                if existing_partitions(found, partitions)?.is_empty() {
                    return Err(format!("no broker names partitions of stream \"{name}\""));
                }
                self.context.perform(operation);
            }
        }
        Ok(())
    }

    fn partitions_of(&self, range: &MessageRange) -> Result<Vec<PartitionKey>, String> {
        let texts: Vec<&str> = range.streams.iter().map(String::as_str).collect();
        partitions_named(self.truth(), &texts)
    }

    fn show_messages(&mut self, range: MessageRange) -> Result<(), String> {
        if range.to.is_some() {
            return Err("a tail goes on until it is closed: leave --to out".to_owned());
        }
        let keys = self.partitions_of(&range)?;
        let (now, zone) = (self.context.now, &self.context.times.zone);
        let start = match range.from {
            Some(text) => Some((parse_start(&text, now, zone)?, text)),
            None => None,
        };
        if start.is_none() && range.query.is_none() {
            self.context.request(AppRequest::Tail(keys));
            return Ok(());
        }
        let tails = &mut self.screens.tails;
        tails.open_at(keys, start, range.query, &mut self.context);
        if range.is_story {
            tails.show_gaps();
        }
        self.descend(Pane::Tail);
        Ok(())
    }

    fn show_table(&mut self, range: MessageRange) -> Result<(), String> {
        let keys = self.partitions_of(&range)?;
        let one = "a table shows one stream: name one";
        let mut spec = live_spec(keys).ok_or_else(|| one.to_owned())?;
        spec.query = range.query;
        if let Some(text) = &range.to {
            spec.stop = parse_stop(text, self.context.now, &self.context.times.zone)?;
        }
        self.context.request(AppRequest::Table(spec, range.to));
        Ok(())
    }

    fn count_messages(&mut self, range: MessageRange) -> Result<(), String> {
        let keys = self.partitions_of(&range)?;
        let ends = [range.from, range.to].map(Option::unwrap_or_default);
        let [from, to] = &ends;
        let text = match (from.as_str(), to.as_str()) {
            (from, "") => from.to_owned(),
            ("", to) => format!("earliest {to}"),
            (from, to) => format!("{from} {to}"),
        };
        self.count(keys, &text, range.query)
    }
}
