//! `liftui verify`: whether the copies of partitions are equal, message by message. What differs is `comparison`'s, what can be
//! read `replicas`'. SIGINT ends it with where to go on.

mod comparison;
mod replicas;
mod report;

use std::io::Write;
use std::sync::Arc;

use super::args::{OutputForm, VerifyArgs};
use super::cluster_snapshot::ClusterSnapshot;
use super::command_context::CommandContext;
use super::exit::{Exit, Result};
use super::output::Printer;
use super::pace::Pace;
use super::partition_spec;
use crate::client::Observer;
use crate::health::{PartitionTruth, StreamTruth, Truth};
use crate::model::{Message, Offset, command_words, sanitise, shell_line};
use comparison::{Comparison, Difference};
use replicas::{Copies, Readable, Unverified};
use report::{DifferenceRow, VerifiedPartition, VerifyTotals};

/// What differs is told with the code that `check` has for what is critical.
const DIFFERENT: Exit = Exit(2);

/// Compares until all is compared or SIGINT comes.
pub(crate) async fn verify(context: &mut CommandContext<'_>, args: &VerifyArgs) -> Result {
    let mut snapshot = ClusterSnapshot::take_snapshot(context).await?;
    let truth = snapshot.truth();
    let observer = snapshot.observer.clone();
    let (specs, _) = partition_spec::find_all(&observer, &args.partitions).await?;
    let partitions = specs.iter().flat_map(|spec| {
        let stream = truth.stream(&spec.stream);
        let ids = spec.partitions.iter();
        ids.filter_map(move |id| Some((stream?, stream?.partition(*id)?)))
    });
    let partitions: Vec<Asked<'_>> = partitions.collect();
    let form = context.form(args.output);
    let mut verifier = Verifier {
        truth: &truth,
        observer,
        args,
        cluster: context.cluster_options(),
        pace: Pace::new(args.rate),
        printer: context.printer(args.output),
        sentences: Vec::new(),
        totals: VerifyTotals::default(),
    };
    let stopped_at = verifier.run(&partitions).await?;
    let (sentences, totals) = verifier.finish(form)?;
    for sentence in sentences {
        if form == OutputForm::Table {
            writeln!(context.console.out, "{}", sanitise::line(&sentence))?;
        } else {
            context.console.print_error(&sentence);
        }
    }
    context.console.out.flush()?;
    if let Some(sentence) = stopped_at {
        context.console.print_error(&sentence);
        return Ok(Exit::INTERRUPTED);
    }
    Ok(match totals {
        VerifyTotals { differences, .. } if differences > 0 => DIFFERENT,
        VerifyTotals { unverified, .. } if unverified > 0 => Exit::FAILED,
        VerifyTotals { .. } => Exit::DONE,
    })
}

/// A partition that is to be verified.
type Asked<'a> = (&'a StreamTruth, &'a PartitionTruth);

/// What to type to compare the rest.
fn where_to_go_on(
    left: &[Asked<'_>],
    offset: Offset,
    args: &VerifyArgs,
    cluster: &[String],
) -> String {
    let command = |places: &[String], from: Option<Offset>| {
        let from = from.map(|from| ["--from".to_owned(), from.to_string()]);
        let mut options: Vec<String> = from.into_iter().flatten().collect();
        options.extend(args.options());
        options.extend_from_slice(cluster);
        let places: Vec<&str> = places.iter().map(String::as_str).collect();
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        shell_line(&command_words(&["liftui", "verify"], &places, &options))
    };
    let place = |(stream, partition): &Asked<'_>| format!("{}:{}", stream.name, partition.id);
    let places: Vec<String> = left.iter().map(place).collect();
    let (first, rest) = places.split_at(places.len().min(1));
    let go_on = command(first, Some(offset));
    if rest.is_empty() {
        return format!("stopped: go on with {go_on}");
    }
    let then = command(rest, args.from);
    format!("stopped: go on with {go_on}, then with {then}")
}

/// Compares one partition after the other.
struct Verifier<'a> {
    truth: &'a Truth,
    observer: Observer,
    args: &'a VerifyArgs,
    /// The options that name the cluster, as they are typed.
    cluster: Vec<String>,
    pace: Pace,
    printer: Printer<'a, DifferenceRow>,
    sentences: Vec<String>,
    totals: VerifyTotals,
}

/// What was found in one partition so far.
struct PartitionRun<'a> {
    place: VerifiedPartition,
    readable: &'a Readable,
    totals: VerifyTotals,
}

impl Verifier<'_> {
    /// Compares all of them; where it is stopped, says where to go on.
    async fn run(&mut self, partitions: &[Asked<'_>]) -> Result<Option<String>> {
        let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
        for (at, (stream, partition)) in partitions.iter().enumerate() {
            let readable = Readable::of(self.truth, partition);
            let mut run = PartitionRun {
                place: VerifiedPartition {
                    stream: Arc::clone(&stream.name),
                    partition: partition.id,
                },
                readable: &readable,
                totals: VerifyTotals::default(),
            };
            let stopped = self.partition(&mut run, interrupt.as_mut()).await?;
            self.totals.differences += run.totals.differences;
            self.totals.unverified += run.totals.unverified;
            if let Some(offset) = stopped {
                let left = partitions.get(at..).unwrap_or_default();
                return Ok(Some(where_to_go_on(left, offset, self.args, &self.cluster)));
            }
        }
        Ok(None)
    }

    /// Compares the copies of one partition; returns where to go on, where it was stopped.
    async fn partition(
        &mut self,
        run: &mut PartitionRun<'_>,
        interrupt: impl Future<Output = std::io::Result<()>>,
    ) -> Result<Option<Offset>> {
        for unverified in &run.readable.unverified {
            self.print_unverified(run, unverified)?;
        }
        let from = self.args.from;
        let mut comparison = Comparison::new(Vec::new(), self.args.dense);
        if let Some(from) = from
            && from > run.readable.common.saturating_add(1)
        {
            for unverified in run.readable.short_of(from) {
                self.print_unverified(run, &unverified)?;
            }
        }
        if run.readable.common < from.unwrap_or(0) {
            self.summarise(run, &comparison);
            return Ok(None);
        }
        let compared = async {
            let place = &run.place;
            let mut copies = Copies::open(&self.observer, place, run.readable, from).await;
            comparison = Comparison::new(copies.oldest().await, self.args.dense);
            self.compare(run, &mut copies, &mut comparison).await?;
            for replica in comparison.lacking_keys() {
                let see = |message: &Message| comparison.record_key(replica, message);
                if !copies.read_beyond(replica, see).await {
                    comparison.record_unread_beyond(replica);
                }
            }
            let missing = comparison.missing(&copies.oldest().await);
            self.print_differences(run, &missing)
        };
        let stopped = tokio::select! {
            // Listened to before anything is read.
            biased;
            _ = interrupt => true,
            compared = compared => compared.map(|()| false)?,
        };
        self.summarise(run, &comparison);
        let next = comparison.last.map(|last| last.saturating_add(1));
        let next = comparison.first_open().or(next).or(from).unwrap_or(0);
        Ok(stopped.then_some(next))
    }

    async fn compare(
        &mut self,
        run: &mut PartitionRun<'_>,
        copies: &mut Copies,
        comparison: &mut Comparison,
    ) -> Result<()> {
        loop {
            self.pace.wait().await;
            let next = copies.next().await;
            for failed in copies.take_failed() {
                self.print_unverified(run, &failed)?;
            }
            let Some((offset, found)) = next else {
                return Ok(());
            };
            let differences = comparison.compare(offset, &found);
            self.print_differences(run, &differences)?;
        }
    }

    fn print_differences(
        &mut self,
        run: &mut PartitionRun<'_>,
        differences: &[Difference],
    ) -> Result<()> {
        for difference in differences {
            let row = run.place.difference(difference, &run.readable.replicas);
            self.printer.print(&row)?;
            run.totals.differences += 1;
        }
        Ok(())
    }

    fn print_unverified(
        &mut self,
        run: &mut PartitionRun<'_>,
        unverified: &Unverified,
    ) -> Result<()> {
        self.printer.print(&run.place.unverified(unverified))?;
        run.totals.unverified += 1;
        Ok(())
    }

    fn summarise(&mut self, run: &mut PartitionRun<'_>, comparison: &Comparison) {
        // What found no room to be judged is not verified either.
        run.totals.unverified += u64::from(comparison.unjudged > 0);
        let sentence = report::summary(&run.place, run.readable, comparison, run.totals);
        self.sentences.push(sentence);
    }

    /// Ends what is printed. A table of nothing is no answer; the sentences are.
    fn finish(self, form: OutputForm) -> Result<(Vec<String>, VerifyTotals)> {
        let is_empty = self.totals.differences + self.totals.unverified == 0;
        if form != OutputForm::Table || !is_empty {
            self.printer.finish()?;
        }
        Ok((self.sentences, self.totals))
    }
}
