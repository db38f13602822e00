//! Statistics as a table for eyes, one JSON object, or rows of one kind for NDJSON and CSV.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::cli::args::OutputForm;
use crate::cli::cell_format::plain;
use crate::cli::escaped_output::EscapedOutput;
use crate::cli::json::JsonTime;
use crate::cli::output::{Column, OutputRow, Printer, output_row};
use crate::cli::shown_times;
use crate::model::{Offset, PartitionId, StreamName, Timestamp, counted, format_duration};
use crate::store::{
    FrequentItem, FrequentList, PartitionStatistics, StatisticsReport, StatisticsTotals,
    text_or_base64,
};
use crate::ui::format;

/// Columns of a key or header in a table.
const TEXT: usize = 40;

output_row! {
    /// One number, and what it is of.
    struct StatsRow {
        /// `total`, `partition`, `time`, `key`, `header`, `header_value`, `largest`.
        kind: &'static str,
        stream: Option<StreamName>,
        partition: Option<PartitionId>,
        /// Of one of the largest messages, or the first that was read of a partition.
        offset: Option<Offset>,
        time: JsonTime,
        /// A key, the name of a header, or `name=value`.
        text: Option<String>,
        /// The same where it is no UTF-8.
        text_base64: Option<String>,
        messages: u64,
        /// Where `messages` is the least that is sure: as many at most.
        messages_max: u64,
        bytes: u64,
        /// Whether the text is only the beginning of one.
        is_cut: bool,
    }
}

impl OutputRow for StatsRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::text("WHAT", Self::what),
        Column::number("MESSAGES", |row| {
            if row.messages < row.messages_max {
                let (least, most) = (row.messages, row.messages_max);
                return format!("{}-{}", format::count_u64(least), format::count_u64(most));
            }
            format::count_u64(row.messages)
        }),
        Column::number("BYTES", |row| format::bytes(row.bytes)),
    ];

    fn raw(&self) -> String {
        self.messages.to_string()
    }
}

impl StatsRow {
    fn new(kind: &'static str, messages: u64, bytes: u64) -> Self {
        Self {
            kind,
            stream: None,
            partition: None,
            offset: None,
            time: JsonTime(Timestamp::NEVER),
            text: None,
            text_base64: None,
            messages,
            messages_max: messages,
            bytes,
            is_cut: false,
        }
    }

    fn of_item(kind: &'static str, item: &FrequentItem) -> Self {
        let text = text_or_base64(&item.text);
        Self {
            messages_max: item.messages_max,
            text: text.as_ref().ok().map(|text| (*text).to_owned()),
            text_base64: text.err(),
            is_cut: item.is_cut,
            ..Self::new(kind, item.messages, item.bytes)
        }
    }

    fn cut(&self, text: &str) -> String {
        if self.is_cut {
            return format::cut(text, TEXT - 1, "") + "…";
        }
        format::cut_middle(text, TEXT, "…")
    }

    /// What a table says that the row is of.
    fn what(&self) -> String {
        let place = || {
            let place = self.stream.as_ref().zip(self.partition);
            place.map(|(stream, partition)| format!("{stream}:{partition}"))
        };
        match self.kind {
            "partition" => plain(place()),
            "largest" => {
                let time = shown_times::display().date(self.time.0);
                format!("{} @ {}  {time}", plain(place()), plain(self.offset))
            }
            "time" => shown_times::display().date(self.time.0),
            _ => {
                let text = self.text.as_ref().or(self.text_base64.as_ref());
                text.map_or_else(|| self.kind.to_owned(), |text| self.cut(text))
            }
        }
    }
}

/// Prints statistics.
pub(super) struct StatsPrinter<'a> {
    report: &'a StatisticsReport,
    is_stopped: bool,
    /// Whether less was counted than all that is kept.
    is_part: bool,
    bold: bool,
}

impl<'a> StatsPrinter<'a> {
    /// A printer of that report.
    pub(super) fn new(report: &'a StatisticsReport, is_stopped: bool, bold: bool) -> Self {
        Self {
            report,
            is_stopped,
            is_part: is_stopped || !report.is_whole(),
            bold,
        }
    }

    /// The same where less was asked for than all that is kept.
    pub(super) fn of_part(self, is_part: bool) -> Self {
        Self {
            is_part: self.is_part || is_part,
            ..self
        }
    }

    /// Prints it in that form.
    pub(super) fn print(&self, out: &mut EscapedOutput, form: OutputForm) -> io::Result<()> {
        match form {
            OutputForm::Table | OutputForm::Raw => self.table(out),
            OutputForm::Json => writeln!(out.json(), "{:#}", self.object()?),
            OutputForm::Ndjson | OutputForm::Csv => {
                let totals = &self.report.totals;
                let mut rows = vec![StatsRow::new("total", totals.messages, totals.bytes)];
                rows.extend(self.sections().into_iter().flat_map(|(_, rows)| rows));
                Printer::new(out, form, self.bold).print_all(&rows)
            }
        }
    }

    fn table(&self, out: &mut EscapedOutput) -> io::Result<()> {
        for (name, value) in self.summary() {
            writeln!(out, "{name:<14} {value}")?;
        }
        for (head, rows) in self.sections() {
            if head.is_empty() {
                continue;
            }
            writeln!(out, "\n{head}")?;
            if !rows.is_empty() {
                Printer::new(out, OutputForm::Table, self.bold).print_all(&rows)?;
            }
        }
        Ok(())
    }

    fn summary(&self) -> Vec<(&'static str, String)> {
        let totals = &self.report.totals;
        let mut summary = vec![
            ("read", counted(totals.read, "message")),
            ("counted", counted(totals.messages, "message")),
            ("bytes", format::bytes(totals.bytes)),
            ("of values", format::bytes(totals.value_bytes)),
            ("without a key", format::count_u64(totals.keyless)),
        ];
        let times = shown_times::display();
        if let (Some(first), Some(last)) = (totals.first, totals.last) {
            summary.push(("first", times.date(first)));
            summary.push(("last", times.date(last)));
        }
        for read in &self.report.partitions {
            for skipped in read.skipped() {
                let (stream, partition) = (&read.stream, read.partition);
                summary.push(("not read", format!("{stream}:{partition}: {skipped}")));
            }
        }
        summary
    }

    /// The lists, each with its head.
    fn sections(&self) -> Vec<(String, Vec<StatsRow>)> {
        let report = self.report;
        let partitions = report.partitions.iter().map(partition_row);
        let times = report.times.iter().map(|count| StatsRow {
            time: JsonTime(count.start),
            ..StatsRow::new("time", count.messages, count.bytes)
        });
        let largest = report.largest.iter().map(|message| StatsRow {
            stream: Some(StreamName::clone(&message.stream)),
            partition: Some(message.partition),
            offset: Some(message.offset),
            time: JsonTime(message.at),
            ..StatsRow::new("largest", 1, message.size)
        });
        let of_list = |kind, list: &FrequentList| {
            let rows = list.items.iter();
            rows.map(|item| StatsRow::of_item(kind, item)).collect()
        };
        let part = self.is_part.then_some(&report.totals);
        let of = part.map_or_else(String::new, |part| format!(", of {}", part.counted_words()));
        let or_none = |head: String, is_none: bool| if is_none { String::new() } else { head };
        let every = format!("by time, every {}{of}", format_duration(report.every));
        vec![
            ("partitions".to_owned(), partitions.collect()),
            (or_none(every, report.times.is_empty()), times.collect()),
            (
                head("keys", &report.keys, part),
                of_list("key", &report.keys),
            ),
            (
                head("headers", &report.headers, part),
                of_list("header", &report.headers),
            ),
            (
                head("headers with values", &report.header_values, part),
                of_list("header_value", &report.header_values),
            ),
            (
                or_none(format!("largest messages{of}"), report.largest.is_empty()),
                largest.collect(),
            ),
        ]
    }

    fn object(&self) -> io::Result<Value> {
        let report = self.report;
        let totals = &report.totals;
        let list = |kind, list: &FrequentList| -> io::Result<Value> {
            let items = list.items.iter().map(|item| {
                let row = StatsRow::of_item(kind, item);
                json!({
                    "text": row.text, "text_base64": row.text_base64, "is_cut": item.is_cut,
                    "messages": row.messages, "messages_max": row.messages_max, "bytes": row.bytes,
                })
            });
            Ok(json!({
                "distinct": list.distinct, "estimated": list.is_estimated,
                "top": items.collect::<Vec<_>>(),
            }))
        };
        let times = report.times.iter().map(|count| {
            json!({
                "time": JsonTime(count.start), "messages": count.messages, "bytes": count.bytes,
            })
        });
        let largest = report.largest.iter().map(|message| {
            json!({
                "stream": message.stream, "partition": message.partition, "offset": message.offset,
                "time": JsonTime(message.at), "bytes": message.size,
            })
        });
        let time = |time: Option<Timestamp>| JsonTime(time.unwrap_or(Timestamp::NEVER));
        Ok(json!({
            "complete": report.is_whole(), "stopped": self.is_stopped,
            "read": totals.read, "messages": totals.messages, "bytes": totals.bytes,
            "value_bytes": totals.value_bytes, "keyless": totals.keyless,
            "undecided": totals.undecided,
            "first": time(totals.first), "last": time(totals.last),
            "partitions": report.partitions.iter().map(partition_object).collect::<Vec<_>>(),
            "interval": report.every.as_secs_f64(),
            "times": times.collect::<Vec<_>>(),
            "keys": list("key", &report.keys)?,
            "headers": list("header", &report.headers)?,
            "header_values": list("header_value", &report.header_values)?,
            "largest": largest.collect::<Vec<_>>(),
        }))
    }
}

/// The head of a list; empty where there is nothing to list.
fn head(name: &str, list: &FrequentList, part: Option<&StatisticsTotals>) -> String {
    let about = list.about(part).map(|about| format!("{name}: {about}"));
    about.unwrap_or_default()
}

fn partition_row(read: &PartitionStatistics) -> StatsRow {
    StatsRow {
        stream: Some(StreamName::clone(&read.stream)),
        partition: Some(read.partition),
        offset: read.first,
        ..StatsRow::new("partition", read.messages, read.bytes)
    }
}

fn partition_object(read: &PartitionStatistics) -> Value {
    json!({
        "stream": read.stream, "partition": read.partition,
        "first_offset": read.first, "last_offset": read.last,
        "messages": read.messages, "bytes": read.bytes,
        "removed": read.removed, "missing": read.missing, "uncommitted": read.uncommitted,
        "complete": read.is_done, "note": read.note,
    })
}
