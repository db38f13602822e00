//! A stream as a table: the latest message of each key.

use ratatui::style::Modifier;
use ratatui::text::Span;

use crate::app::screens::key_table::{KeyColumn, OpenTable};
use crate::app::{App, Listing, TableProgress, TableReport, ValueId};
use crate::model::{counted, sanitise};
use crate::store::decode::summary;
use crate::store::{RowId, TableEntry};
use crate::ui::areas::{below, cells};
use crate::ui::format;
use crate::ui::painter::{Painter, span};
use crate::ui::theme::Theme;
use crate::ui::widgets::table::{ColumnSpec, table};
use crate::ui::widgets::{PaneArea, empty_state, list_title};

/// How columns are laid out; how wide numbers can be in a table of many rows is known from the stream.
fn specs(open: &OpenTable, app: &App) -> [ColumnSpec<KeyColumn>; 6] {
    let read = open.report().map_or(0, |report| report.totals.read);
    let stream = app.truth().stream(open.stream());
    let partitions = stream.map_or(&[][..], |stream| &stream.partitions);
    let newest = partitions.iter().filter_map(|one| one.high_watermark);
    let newest = format::count(newest.max().unwrap_or(0));
    let changes = cells(format::width(&format::count_u64(read))).max(8);
    let offset = cells(format::width(&newest)).max(9);
    [
        ColumnSpec::growing(KeyColumn::Key, 12, 28, 0),
        ColumnSpec::growing(KeyColumn::Value, 24, 200, 1),
        ColumnSpec::fixed(KeyColumn::Time, 14, 1),
        ColumnSpec::fixed(KeyColumn::Changes, 8, 0).widest(changes),
        ColumnSpec::fixed(KeyColumn::Offset, 9, 2).widest(offset),
        ColumnSpec::fixed(KeyColumn::Partition, 3, 3).widest(4),
    ]
}

/// Draws the pane.
pub(in crate::ui) fn draw(painter: &mut Painter<'_>, place: PaneArea, app: &App) {
    let theme = painter.theme;
    let list = app.table().list();
    let Some(open) = app.table().shown() else {
        let area = list_title(painter, place, list, &[]);
        return empty_state(
            painter,
            area,
            &["No table is open.", "T on a stream opens it."],
        );
    };
    let area = list_title(painter, place, list, &about(open, app, theme));
    let cell = |id: &RowId, column, width| match app.table().entry(*id) {
        Some(entry) => cell(entry, column, width, app, theme),
        None if column == KeyColumn::Key => vec![span("…", theme.faint)],
        None => Vec::new(),
    };
    table(painter, place, area, list, &specs(open, app), cell);
    if list.rows().is_empty() {
        let lines = nothing(open, list);
        let lines = lines.each_ref().map(String::as_str);
        empty_state(painter, below(area, 1), &lines);
    }
}

/// What stands behind the title: which stream, as of when, how far it is, what is not in the rows.
fn about(open: &OpenTable, app: &App, theme: &Theme) -> Vec<Span<'static>> {
    let mut spans = vec![span(format!("  {}", open.place()), theme.text)];
    let mut add = |text: String, style| spans.push(span(format!("  {text}"), style));
    if let Some(at) = open.at() {
        add(format!("as of {at}"), theme.key);
    }
    if let Some(query) = open.query() {
        add(query.text().to_owned(), theme.matched);
    }
    if let Some(failure) = open.failure() {
        add(failure.sentence.clone(), theme.broken);
        return spans;
    }
    let Some(report) = open.report() else {
        add("reading…".to_owned(), theme.muted);
        return spans;
    };
    let read = counted(report.totals.read, "message");
    match report.progress {
        TableProgress::Reading => add(format!("reading, {read} so far"), theme.key),
        TableProgress::Live => add(format!("live, {read}"), theme.good),
        TableProgress::Done => add(read, theme.muted),
    }
    for (text, is_grave) in left_out(report, app.table().shows_deleted()) {
        let style = if is_grave {
            theme.degraded
        } else {
            theme.muted
        };
        add(text, style);
    }
    spans
}

/// What is not in the rows, and whether that is as it should not be.
fn left_out(report: &TableReport, shows_deleted: bool) -> Vec<(String, bool)> {
    let totals = &report.totals;
    let count = |count| format::count_u64(count);
    let mut texts = Vec::new();
    if let Some(note) = report.notes.first() {
        texts.push((note.clone(), true));
    }
    if !report.keeps_values {
        texts.push(("values found no room in memory".to_owned(), true));
    }
    if totals.undecided > 0 {
        let text = format!(
            "{} that the query costs too much for",
            count(totals.undecided)
        );
        texts.push((text, true));
    }
    if totals.deleted > 0 && !shows_deleted {
        texts.push((format!("{} deleted, hidden", count(totals.deleted)), false));
    }
    if totals.keyless > 0 {
        texts.push((format!("{} without a key", count(totals.keyless)), false));
    }
    texts
}

fn nothing(open: &OpenTable, list: &dyn Listing) -> [String; 2] {
    let is_filtered = !list.filter().text().is_empty() || open.query().is_some();
    match open.report() {
        _ if open.failure().is_some() => {
            ["There is no table of this stream.".into(), String::new()]
        }
        None => ["Reading the stream…".into(), String::new()],
        Some(_) if is_filtered && list.total() > 0 => {
            ["No key fits.".into(), "esc clears the filter.".into()]
        }
        Some(report) if report.progress == TableProgress::Reading => {
            ["No message with a key yet.".into(), String::new()]
        }
        Some(report) if report.totals.deleted > 0 => {
            ["All keys are deleted.".into(), "H shows them.".into()]
        }
        Some(report) if report.totals.keyless > 0 => [
            "No message of this stream has a key.".into(),
            "A table needs keys: tail the stream instead.".into(),
        ],
        Some(_) if open.at().is_some() => [
            "Nothing had been published here by then.".into(),
            String::new(),
        ],
        Some(_) => ["Nothing was published here yet.".into(), String::new()],
    }
}

fn cell(
    entry: &TableEntry,
    column: KeyColumn,
    width: usize,
    app: &App,
    theme: &Theme,
) -> Vec<Span<'static>> {
    let style = if entry.is_deleted() {
        theme.muted.add_modifier(Modifier::CROSSED_OUT)
    } else {
        theme.text
    };
    let cut = |text: &str| format::cut(text, width, theme.glyphs.cut);
    match column {
        KeyColumn::Key => vec![span(cut(&sanitise::bytes(&entry.key, width + 1)), style)],
        KeyColumn::Value => match value_text(entry, width, app) {
            Some(text) => vec![span(cut(&text), theme.text)],
            None if entry.is_deleted() => vec![span("deleted", theme.muted)],
            None => {
                let size = format::bytes_len(entry.size);
                vec![span(cut(&format!("{size}, not kept")), theme.faint)]
            }
        },
        KeyColumn::Time => {
            let time = app.times().day(entry.time, app.now(), width);
            vec![span(time, theme.muted)]
        }
        KeyColumn::Changes => vec![span(format::count_u64(entry.changes), theme.text)],
        KeyColumn::Offset => vec![span(format::count(entry.offset), theme.muted)],
        KeyColumn::Partition => vec![span(entry.partition.to_string(), theme.muted)],
    }
}

/// The value as a row of a tail shows it; `None` where there is none.
fn value_text(entry: &TableEntry, width: usize, app: &App) -> Option<String> {
    let value = entry.value.as_ref().filter(|_| !entry.is_deleted())?;
    let stream = app.table().shown().map_or("", OpenTable::stream);
    if app.settings().schemas.command_of(stream).is_some()
        && let Some(Ok(text)) = app.decoded_values().get(&ValueId::of_entry(stream, entry))
    {
        // What is seen of it is not far from its beginning.
        let begin: String = text.chars().take(8 * (width + 1)).collect();
        let lines: Vec<&str> = begin.lines().map(str::trim).collect();
        return Some(sanitise::bytes(lines.join(" ").as_bytes(), width + 1));
    }
    if std::str::from_utf8(value).is_ok() {
        return Some(sanitise::bytes(value, width + 1));
    }
    let read = summary(value, app.settings().schemas.of(stream));
    Some(read.unwrap_or_else(|| sanitise::bytes(value, width + 1)))
}
