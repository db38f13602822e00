//! Does what a line for the command line's parser means: changes the cluster, shows messages, counts them.

use std::sync::Arc;

use super::App;
use super::app_request::AppRequest;
use super::focus::Pane;
use super::notice::Level;
use super::row_key::PartitionKey;
use super::shell_commands::{MessageRange, ShellTask};
use crate::health::{StreamTruth, Truth};
use crate::model::{did_you_mean, is_pattern, no_such_partition, parse_ranges, parse_start};

impl App {
    /// Does what a line means, or says what is wrong with it.
    pub(super) fn run_shell_task(&mut self, task: Result<ShellTask, String>) {
        let done = match task {
            Ok(ShellTask::Perform(operation)) => {
                self.context.perform(*operation);
                Ok(())
            }
            Ok(ShellTask::Messages(range)) => self.show_messages(range),
            Ok(ShellTask::Statistics(range)) => self.count_messages(range),
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

    fn show_messages(&mut self, range: MessageRange) -> Result<(), String> {
        if range.to.is_some() {
            return Err("a tail goes on until it is closed: leave --to out".to_owned());
        }
        let keys = partitions_meant(self.truth(), &range.streams)?;
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
        self.descend(Pane::Tail);
        Ok(())
    }

    fn count_messages(&mut self, range: MessageRange) -> Result<(), String> {
        let keys = partitions_meant(self.truth(), &range.streams)?;
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

/// The partitions that these texts mean, each once: all of a stream, those named, or those of all streams that fit.
fn partitions_meant(truth: &Truth, texts: &[String]) -> Result<Vec<PartitionKey>, String> {
    let mut keys = Vec::new();
    for text in texts {
        let whole = truth.streams_named(text);
        if !whole.is_empty() {
            keys.extend(whole.into_iter().flat_map(all_partitions));
            continue;
        }
        let Some((name, ranges)) = text.rsplit_once(':') else {
            return Err(nothing_named(truth, text));
        };
        let streams = truth.streams_named(name);
        if streams.is_empty() {
            return Err(nothing_named(truth, name));
        }
        let ids = parse_ranges(ranges)?;
        for stream in streams {
            let own: Vec<_> = all_partitions(stream).collect();
            let is_there = |id: &i32| own.iter().any(|(_, one)| one == id);
            if let Some(missing) = ids.iter().find(|id| !is_there(id))
                && !is_pattern(name)
            {
                let last = own.iter().map(|(_, id)| *id).max().unwrap_or_default();
                return Err(no_such_partition(name, *missing, last));
            }
            keys.extend(own.into_iter().filter(|(_, id)| ids.contains(id)));
        }
    }
    keys.sort_unstable();
    keys.dedup();
    Ok(keys)
}

fn all_partitions(stream: &StreamTruth) -> impl Iterator<Item = PartitionKey> {
    let ids = stream.partitions.iter().map(|partition| partition.id);
    ids.map(|id| (Arc::clone(&stream.name), id))
}

fn nothing_named(truth: &Truth, text: &str) -> String {
    if is_pattern(text) {
        return format!("no stream fits \"{text}\"");
    }
    let names = truth.streams.iter().map(|stream| &*stream.name);
    format!(
        "stream \"{text}\" does not exist{}",
        did_you_mean(text, names)
    )
}
