//! What is in a range of messages, with bars: by time, key, header, size and partition.

use super::Line;
use super::replicas::bar;
use super::text_builder::TextBuilder;
use crate::app::{App, RangeState, StatisticsRun};
use crate::model::{
    StartAt, StopAt, StreamName, TimeDisplay, Timestamp, counted, counted_of, exact_age,
    first_names, format_duration, sanitise,
};
use crate::store::{
    FrequentItem, FrequentList, PartitionStatistics, Query, StatisticsReport, StatisticsTotals,
};
use crate::ui::format;
use crate::ui::painter::span;
use crate::ui::theme::Theme;

/// Columns of a bar.
const BAR: usize = 16;
/// Columns of a key or a header at most.
const TEXT: usize = 32;
/// Columns of a count.
const COUNT: usize = 11;
/// Columns of a size.
const SIZE: usize = 9;

/// The title, and the statistics that were asked for last.
pub(in crate::ui) fn statistics_detail(app: &App, theme: &Theme) -> (String, Vec<Line>) {
    let Some(run) = app.statistics() else {
        let lines = vec![Line::text("Nothing was counted yet.", theme.muted)];
        return ("Statistics".to_owned(), lines);
    };
    let partitions = run.reading().spec().partitions.iter();
    let mut names: Vec<&StreamName> = partitions.map(|(name, _)| name).collect();
    names.dedup();
    let title = format!("Statistics of {}", first_names(&names));
    let mut text = TextBuilder::new(theme);
    let report = run.reading().report();
    add_head(run, app, &mut text);
    if report.totals.messages > 0 {
        add_times(report, app, &mut text);
        let part = is_part(run).then_some(&report.totals);
        for (head, list) in [
            ("KEYS", &report.keys),
            ("HEADERS", &report.headers),
            ("HEADERS WITH VALUES", &report.header_values),
        ] {
            if let Some(about) = list.about(part) {
                text.head(format!("{head}  {about}"));
                add_frequent(list, report, &mut text);
            }
        }
        add_largest(report, app, &mut text);
    }
    add_partitions(report, &mut text);
    (sanitise::line(&title).into_owned(), text.lines)
}

fn add_head(run: &StatisticsRun, app: &App, text: &mut TextBuilder<'_>) {
    let (reading, theme) = (run.reading(), text.theme);
    let (report, spec) = (reading.report(), reading.spec());
    let (since, until) = reading.times();
    let took = exact_age(since.age(until.unwrap_or(app.now())));
    let read = counted(report.totals.read, "message");
    match reading.state() {
        RangeState::Reading => {
            let sentence = format!("Reading: {read} so far, for {took}; the same key stops it.");
            text.text(sentence, theme.title);
        }
        RangeState::Done if report.is_whole() => {
            let all = if spec.start == StartAt::Earliest && spec.stop == StopAt::Latest {
                "All was read"
            } else {
                "All of the range was read"
            };
            text.text(format!("{all}: {read} in {took}."), theme.good);
        }
        RangeState::Done => {
            let sentence =
                format!("Not all could be read: {read} in {took}; see PARTITIONS below.");
            text.text(sentence, theme.degraded);
        }
        RangeState::Stopped => {
            let sentence =
                format!("Stopped after {took}: what follows is of the {read} until then.");
            text.text(sentence, theme.degraded);
        }
        RangeState::Failed(failure) => text.text(failure.sentence.clone(), theme.broken),
    }
    text.gap();
    let range = match (run.range(), spec.start) {
        ("", StartAt::Earliest) => "all that is kept, to the end".to_owned(),
        (range, _) => format!("from {range}"),
    };
    text.pair("range", range);
    if let Some(query) = &spec.query {
        text.pair("query", sanitise::line(Query::text(query)).into_owned());
    }
    add_totals(&report.totals, spec.query.is_some(), app, text);
}

fn add_totals(totals: &StatisticsTotals, has_query: bool, app: &App, text: &mut TextBuilder<'_>) {
    let messages = if has_query {
        counted_of(totals.messages, totals.read, "message")
    } else {
        counted(totals.messages, "message")
    };
    text.pair("messages", messages);
    if totals.undecided > 0 {
        let count = counted(totals.undecided, "message");
        let sentence = format!("{count} not counted: the query costs too much for them");
        text.styled("", sentence, text.theme.degraded);
    }
    let Some(each) = totals.bytes.checked_div(totals.messages) else {
        return;
    };
    let bytes = format!(
        "{}, {} each; values alone {}",
        format::bytes(totals.bytes),
        format::bytes(each),
        format::bytes(totals.value_bytes)
    );
    text.pair("bytes", bytes);
    let times = clocks(app);
    if let (Some(first), Some(last)) = (totals.first, totals.last) {
        text.pair("first", times.date(first));
        text.pair("last", times.date(last));
    }
    if totals.keyless > 0 {
        let count = counted(totals.keyless, "message");
        text.pair("without a key", count);
    }
}

/// Clocks, also where ages are shown: hours begin at clocks.
fn clocks(app: &App) -> TimeDisplay {
    TimeDisplay {
        ages: false,
        ..app.times().clone()
    }
}

fn add_times(report: &StatisticsReport, app: &App, text: &mut TextBuilder<'_>) {
    let (theme, times) = (text.theme, clocks(app));
    text.head(format!("BY TIME  every {}", format_duration(report.every)));
    let most = report.times.iter().map(|count| count.messages).max();
    let starts = report
        .times
        .iter()
        .map(|count| label(count.start, &times, app.now()));
    let labels: Vec<String> = starts.collect();
    let width = labels.iter().map(|label| format::width(label)).max();
    for (count, label) in report.times.iter().zip(labels) {
        text.lines.push(Line(vec![
            span(
                format!("  {}  ", format::pad(&label, width.unwrap_or(0))),
                theme.text,
            ),
            bar(wide(count.messages), wide(most.unwrap_or(1)), BAR, theme),
            span(numbers(count.messages, None, count.bytes), theme.text),
        ]));
    }
}

fn label(start: Timestamp, times: &TimeDisplay, now: Timestamp) -> String {
    times.seconds(start, now)
}

fn wide(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Messages, their share where it is told, and their bytes.
fn numbers(messages: u64, share: Option<String>, bytes: u64) -> String {
    let share = share.map_or_else(String::new, |share| format::pad_left(&share, 8));
    format!(
        "{}{share}{}",
        format::pad_left(&format::count_u64(messages), COUNT),
        format::pad_left(&format::bytes(bytes), SIZE + 2)
    )
}

/// Whether less was counted than all that is kept.
fn is_part(run: &StatisticsRun) -> bool {
    let (reading, spec) = (run.reading(), run.reading().spec());
    let is_done = matches!(reading.state(), RangeState::Done) && reading.report().is_whole();
    let asks_for_all = (spec.start, spec.stop) == (StartAt::Earliest, StopAt::Latest);
    !is_done || !asks_for_all || spec.query.is_some()
}

fn add_frequent(list: &FrequentList, report: &StatisticsReport, text: &mut TextBuilder<'_>) {
    let theme = text.theme;
    let most = list.items.iter().map(|item| item.messages).max();
    let shown: Vec<String> = list.items.iter().map(|item| shown(item, theme)).collect();
    let width = shown.iter().map(|text| format::width(text)).max();
    for (item, label) in list.items.iter().zip(shown) {
        let share = share(item.messages, report.totals.messages);
        let mut spans = vec![
            span(
                format!("  {}  ", format::pad(&label, width.unwrap_or(0))),
                theme.text,
            ),
            bar(wide(item.messages), wide(most.unwrap_or(1)), BAR, theme),
            span(numbers(item.messages, Some(share), item.bytes), theme.text),
        ];
        if item.messages_max > item.messages {
            let most = format!("  at most {}", format::count_u64(item.messages_max));
            spans.push(span(most, theme.muted));
        }
        text.lines.push(Line(spans));
    }
}

/// A key or a header as it can be shown: bytes that are no text as hex.
fn shown(item: &FrequentItem, theme: &Theme) -> String {
    let text = sanitise::both_ends(&item.text, TEXT);
    if item.is_cut {
        // Of its end nothing is known.
        let kept = format::cut(&text, TEXT - 1, "");
        return kept + theme.glyphs.cut;
    }
    format::cut_middle(&text, TEXT, theme.glyphs.cut)
}

/// A part of all in percent, to a tenth.
fn share(part: u64, all: u64) -> String {
    let tenths = u128::from(part) * 1_000 / u128::from(all.max(1));
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn add_largest(report: &StatisticsReport, app: &App, text: &mut TextBuilder<'_>) {
    let times = clocks(app);
    text.head("LARGEST  seek the offset in a tail of the partition to open one");
    let places = report.largest.iter().map(|message| {
        let stream = sanitise::line(&message.stream);
        let offset = format::offset(Some(message.offset));
        format!("{stream}:{} @ {offset}", message.partition)
    });
    let places: Vec<String> = places.collect();
    let width = places.iter().map(|place| format::width(place)).max();
    for (message, place) in report.largest.iter().zip(places) {
        let size = format::pad_left(&format::bytes(message.size), SIZE);
        let place = format::pad(&place, width.unwrap_or(0));
        let line = format!("  {size}  {place}  {}", times.date(message.at));
        text.text(line, text.theme.text);
    }
}

fn add_partitions(report: &StatisticsReport, text: &mut TextBuilder<'_>) {
    let theme = text.theme;
    text.head("PARTITIONS  what was read");
    let names = report.partitions.iter().map(|read| {
        let stream = sanitise::line(&read.stream);
        format!("{stream}:{}", read.partition)
    });
    let names: Vec<String> = names.collect();
    let width = names.iter().map(|name| format::width(name)).max();
    for (read, name) in report.partitions.iter().zip(names) {
        let name = format!("  {}  ", format::pad(&name, width.unwrap_or(0)));
        let mut spans = vec![
            span(name, theme.text),
            span(numbers(read.messages, None, read.bytes), theme.text),
            span(format!("  {}", offsets(read)), theme.muted),
        ];
        for skipped in read.skipped() {
            spans.push(span(format!("; {skipped}"), theme.muted));
        }
        if !read.is_done && read.note.is_none() {
            spans.push(span("; not to its end", theme.degraded));
        }
        text.lines.push(Line(spans));
        if let Some(note) = &read.note {
            let style = if read.is_done {
                theme.muted
            } else {
                theme.degraded
            };
            text.text(format!("    {}", sanitise::line(note)), style);
        }
    }
}

fn offsets(read: &PartitionStatistics) -> String {
    match (read.first, read.last) {
        (Some(first), Some(last)) => {
            let (first, last) = (format::offset(Some(first)), format::offset(Some(last)));
            format!("offsets {first} to {last}")
        }
        _ => "no message".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_told_to_a_tenth_of_a_percent() {
        assert_eq!(share(1, 3), "33.3 %");
        assert_eq!(share(3, 3), "100.0 %");
        assert_eq!(share(0, 0), "0.0 %");
    }
}
