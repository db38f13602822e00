//! What became of a key: its messages, the newest first, each with what it changed in the one before.

use super::Line;
use super::text_builder::TextBuilder;
use crate::app::{App, KeyHistoryRun, RangeState};
use crate::model::{TimeDisplay, counted, sanitise};
use crate::store::{FieldChange, KeyHistory, KeyVersion, ValueChange};
use crate::ui::format;
use crate::ui::painter::span;
use crate::ui::theme::Theme;

/// Characters of each end of a key in the title.
const KEY: usize = 30;

/// The title, and the history that was asked for last.
pub(in crate::ui) fn key_history_detail(app: &App, theme: &Theme) -> (String, Vec<Line>) {
    let Some(run) = app.key_history() else {
        let lines = vec![Line::text("No key was asked for yet.", theme.muted)];
        return ("History".to_owned(), lines);
    };
    let mut text = TextBuilder::new(theme);
    add_head(run, &mut text);
    let history = run.report();
    let newest_first = history.versions.iter().rev();
    let before = newest_first.clone().skip(1).map(Some).chain([None]);
    for (version, before) in newest_first.zip(before) {
        add_version(version, before.map(AsRef::as_ref), app, &mut text);
    }
    add_end(history, &mut text);
    let key = sanitise::both_ends(&run.spec().key, KEY);
    (format!("History of {key}"), text.lines)
}

fn add_head(run: &KeyHistoryRun, text: &mut TextBuilder<'_>) {
    let (history, theme) = (run.report(), text.theme);
    let (spec, read) = (run.spec(), counted(history.read, "message"));
    let found = counted(history.versions.len(), "message");
    let place = sanitise::line(&format!("{}:{}", spec.stream, spec.partition)).into_owned();
    if let RangeState::Failed(failure) = run.state() {
        text.text(failure.sentence.clone(), theme.broken);
    } else if let Some(note) = &history.reading.note {
        text.text(note.clone(), theme.degraded);
    } else if run.is_reading() {
        text.text(
            format!("Reading {place}: {found} of the key among {read} so far."),
            theme.title,
        );
    } else {
        text.text(
            format!("{found} of the key among the {read} that {place} keeps."),
            theme.good,
        );
    }
}

fn add_version(
    version: &KeyVersion,
    before: Option<&KeyVersion>,
    app: &App,
    text: &mut TextBuilder<'_>,
) {
    let theme = text.theme;
    // Also where ages are shown elsewhere: neighbours are told apart by clocks.
    let times = TimeDisplay {
        ages: false,
        ..app.times().clone()
    };
    text.gap();
    let after = before.map(|before| {
        let waited = before.time.age(version.time);
        format!("  {} later", format::exact_age(waited))
    });
    let (what, style) = match version.change {
        ValueChange::Began => ("", theme.good),
        ValueChange::Changed => ("", theme.text),
        ValueChange::Same => ("  the same value again", theme.muted),
        ValueChange::Deleted => ("  deleted", theme.degraded),
    };
    let size = match version.change {
        ValueChange::Deleted => String::new(),
        ValueChange::Began | ValueChange::Changed | ValueChange::Same => {
            format!("  {}", format::bytes_len(version.size))
        }
    };
    let head = format!(
        "@ {}  {}",
        format::count(version.offset),
        times.date(version.time)
    );
    text.lines.push(Line(vec![
        span(head, theme.title),
        span(after.unwrap_or_default(), theme.muted),
        span(size, theme.muted),
        span(what, style),
    ]));
    version
        .fields
        .iter()
        .for_each(|field| add_field(field, text));
    if version.more > 0 {
        let more = format!("  and {} more", counted(version.more, "field"));
        text.text(more, theme.muted);
    }
}

fn add_field(field: &FieldChange, text: &mut TextBuilder<'_>) {
    let theme = text.theme;
    let shown = |text: &str| sanitise::line(text).into_owned();
    let name = match field.field.as_str() {
        "" => String::new(),
        name => format!("{}: ", shown(name)),
    };
    let mut line = |sign: &str, value: &str, style| {
        let value = span(shown(value), style);
        let name = span(name.clone(), theme.key);
        text.lines
            .push(Line(vec![span(format!("  {sign} "), style), name, value]));
    };
    if let Some(before) = &field.before {
        line("-", before, theme.broken);
    }
    if let Some(after) = &field.after {
        line("+", after, theme.good);
    }
}

fn add_end(history: &KeyHistory, text: &mut TextBuilder<'_>) {
    let theme = text.theme;
    text.gap();
    if history.left_out > 0 {
        let count = counted(history.left_out, "older message");
        text.text(
            format!("{count} of the key left out: there are too many."),
            theme.degraded,
        );
    }
    if history.reading.removed > 0 || history.reading.missing > 0 {
        let gone = history.reading.removed + history.reading.missing;
        let count = counted(gone, "offset");
        let sentence = format!(
            "{count} of the partition hold no message any more: what compaction and retention took is not here."
        );
        text.text(sentence, theme.muted);
    }
}
