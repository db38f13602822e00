//! What is known of a cursor, and of a consumer group.

use std::time::Duration;

use super::{Line, TextBuilder};
use crate::app::App;
use crate::health::{CursorTruth, DrainTime, LagCertainty, Truth};
use crate::model::GroupInfo;
use crate::ui::format;
use crate::ui::labels;
use crate::ui::painter::span;
use crate::ui::theme::Theme;

/// A cursor that was not stored for less is not said to stand still.
const STALLED: Duration = Duration::from_secs(10);

/// What is known of a cursor.
pub(super) fn cursor_detail(cursor: &CursorTruth, app: &App, theme: &Theme) -> Vec<Line> {
    let (entry, now) = (&cursor.entry, app.now());
    let mut text = TextBuilder::new(theme);
    if let Some(group) = entry.group() {
        text.pair("group", group);
    }
    text.pair("reads", labels::cursor_partition(entry));
    text.pair("offset", format::count(entry.offset));
    text.spans("newest", labels::known(cursor.newest_offset, theme));
    if cursor.beyond_end_since.is_some() {
        text.styled("lag", "beyond the end of the log", theme.broken);
    } else {
        text.spans("lag", labels::known(cursor.lag, theme));
    }
    let stored = app.times().date(entry.time);
    let ago = format::ago(entry.time, now);
    text.pair("stored", format!("{stored}  ({ago} ago)"));
    if cursor.is_outdated(now) {
        let ago = format::ago(entry.read_at, now);
        let age = format!("{ago} ago: where it is stored could not be read since");
        text.styled("known as of", age, theme.degraded);
    }
    if let Some(lag) = cursor.lag_time {
        let least = match lag.certainty {
            LagCertainty::Exact | LagCertainty::Recent => "",
            LagCertainty::AtLeast => "at least ",
        };
        text.pair(
            "behind",
            format!("{least}{}", format::exact_age(lag.at_least)),
        );
    }
    text.spans("messages/s", labels::rate(cursor.speed, theme));
    let drain = match cursor.time_to_drain {
        DrainTime::Within(time) => format::exact_age(time),
        DrainTime::Steady => "neither grows nor shrinks".to_owned(),
        DrainTime::Never => "not at this speed".to_owned(),
        DrainTime::Unknown => "not known yet".to_owned(),
    };
    text.pair("time to drain", drain);
    // Who reads steadily stores where it is every few seconds.
    let stalled_since = cursor.stalled_since.filter(|_| !cursor.is_outdated(now));
    if let Some(still) = stalled_since.map(|since| since.age(now))
        && still >= STALLED
    {
        let stall = format!("for {}, with messages to read", format::exact_age(still));
        text.styled("stands still", stall, theme.degraded);
    }
    text.lines
}

/// What is known of a consumer group.
pub(super) fn group_detail(group: &GroupInfo, truth: &Truth, theme: &Theme) -> Vec<Line> {
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "not known".to_owned());
    let members = group.members.as_ref().map(|members| members.join(", "));
    let epoch = group.epoch.map(|epoch| epoch.to_string());
    let mut text = TextBuilder::new(theme);
    text.pair("members", or_unknown(members));
    text.pair("streams", group.streams.join(", "));
    text.pair("coordinator", or_unknown(group.coordinator.clone()));
    text.pair("epoch", or_unknown(epoch));
    let mut cursors = truth
        .cursors
        .iter()
        .filter(|cursor| cursor.entry.group() == Some(&*group.id))
        .peekable();
    if cursors.peek().is_some() {
        text.head("cursors");
        text.lines
            .extend(cursors.map(|cursor| reader_line(cursor, theme)));
    }
    text.lines
}

/// A cursor in one line: what it is called, what it reads, how far it is behind.
pub(in crate::ui) fn reader_line(cursor: &CursorTruth, theme: &Theme) -> Line {
    let lag = cursor.lag.map_or_else(|| "?".to_owned(), format::count);
    let partition = labels::cursor_partition(&cursor.entry);
    Line(vec![
        span(labels::cursor_name(&cursor.entry), theme.text),
        span(format!(" on {partition}"), theme.muted),
        span(format!("  lag {lag}"), theme.text),
    ])
}
