//! `liftui verify`: whether the copies of partitions are equal, message by message. How they are compared is `runtime`'s.
//! SIGINT ends it with where to go on.

mod ranges;
mod report;

use std::io::Write;
use std::sync::Arc;

use super::args::{OutputForm, VerifyArgs};
use super::cluster_snapshot::ClusterSnapshot;
use super::command_context::CommandContext;
use super::exit::{Exit, Result};
use super::output::Printer;
use super::partition_spec;
use crate::app::readable_copies;
use crate::client::Observer;
use crate::health::{PartitionTruth, StreamTruth, Truth};
use crate::model::{Offset, command_words, counted_plainly, sanitise, shell_line, verb_of};
use crate::runtime::pace::Pace;
use crate::runtime::verify::{PartitionVerifier, VerifyItem};
use crate::store::VerifyReport;
use ranges::Ranges;
use report::{DifferenceRow, row};

/// What was found in all partitions so far.
#[derive(Clone, Copy, Debug, Default)]
struct VerifyTotals {
    differences: u64,
    unverified: u64,
}

/// What differs is told with the code that `check` has for what is critical.
const DIFFERENT: Exit = Exit(2);

/// Compares until all is compared or SIGINT comes.
pub(crate) async fn verify(context: &mut CommandContext<'_>, args: &VerifyArgs) -> Result {
    // That replicas hold more than their leader is known for certain at the second look, where no run before this one knew.
    let mut snapshot = ClusterSnapshot::take_twice(context).await?;
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
        printer: RowPrinter {
            printer: context.printer(args.output),
            // Programs read a line for each message.
            ranges: (form == OutputForm::Table).then(Ranges::default),
        },
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
    printer: RowPrinter<'a>,
    sentences: Vec<String>,
    totals: VerifyTotals,
}

impl Verifier<'_> {
    /// Compares all of them; where it is stopped, says where to go on.
    async fn run(&mut self, partitions: &[Asked<'_>]) -> Result<Option<String>> {
        let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
        for (at, asked) in partitions.iter().enumerate() {
            let stopped = self.partition(asked, interrupt.as_mut()).await?;
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
        (stream, partition): &Asked<'_>,
        interrupt: impl Future<Output = std::io::Result<()>>,
    ) -> Result<Option<Offset>> {
        let readable = readable_copies(self.truth, partition);
        let key = (Arc::clone(&stream.name), partition.id);
        let (from, is_dense) = (self.args.from, self.args.dense);
        let (mut verifier, found) =
            PartitionVerifier::begin(&self.observer, key, readable, from, is_dense);
        self.printer.print(verifier.report(), &found)?;
        let has_begun = !verifier.is_done();
        let (pace, printer) = (&mut self.pace, &mut self.printer);
        let compared = async {
            while let Some(found) = verifier.step(pace).await {
                printer.print(verifier.report(), &found)?;
            }
            Result::<()>::Ok(())
        };
        let stopped = tokio::select! {
            // Listened to before anything is read.
            biased;
            _ = interrupt, if has_begun => true,
            compared = compared => compared.map(|()| false)?,
        };
        let report = verifier.report();
        self.totals.differences += report.differences;
        self.totals.unverified += report.unverified_count();
        let left_out = self.printer.end_partition()?;
        self.sentences.push(report.sentence());
        if left_out > 0 {
            let count = counted_plainly(left_out, "difference");
            let sentence = format!(
                "{count} more {} not listed: -o ndjson lists all",
                verb_of(left_out, "are")
            );
            self.sentences.push(sentence);
        }
        Ok(stopped.then(|| verifier.next_offset()))
    }

    /// Ends what is printed. A table of nothing is no answer; the sentences are.
    fn finish(self, form: OutputForm) -> Result<(Vec<String>, VerifyTotals)> {
        let is_empty = self.totals.differences + self.totals.unverified == 0;
        if form != OutputForm::Table || !is_empty {
            self.printer.printer.finish()?;
        }
        Ok((self.sentences, self.totals))
    }
}

/// Prints what is found: as it comes, or in ranges.
struct RowPrinter<'a> {
    printer: Printer<'a, DifferenceRow>,
    ranges: Option<Ranges>,
}

impl RowPrinter<'_> {
    fn print(&mut self, report: &VerifyReport, found: &[VerifyItem]) -> Result<()> {
        for item in found {
            let row = row(report, item);
            let rows = match &mut self.ranges {
                Some(ranges) => ranges.add(row),
                None => vec![row],
            };
            self.print_all(&rows)?;
        }
        Ok(())
    }

    /// Prints what is left of a partition; returns how many differences were left out.
    fn end_partition(&mut self) -> Result<u64> {
        let Some(ranges) = &mut self.ranges else {
            return Ok(0);
        };
        let (rows, left_out) = ranges.finish();
        self.print_all(&rows)?;
        Ok(left_out)
    }

    fn print_all(&mut self, rows: &[DifferenceRow]) -> Result<()> {
        for row in rows {
            self.printer.print(row)?;
        }
        Ok(())
    }
}
