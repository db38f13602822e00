//! The lists of cursors and of consumer groups.

use ratatui::text::Span;

use crate::app::row_key::{CursorKey, find_cursor};
use crate::app::screens::cursors::{CursorColumn, FetchState, GroupColumn};
use crate::app::{App, Listing};
use crate::health::{CursorTruth, DrainTime, LagCertainty, Truth};
use crate::model::GroupInfo;
use crate::ui::areas::{below, cells};
use crate::ui::format;
use crate::ui::labels;
use crate::ui::painter::{Painter, span};
use crate::ui::theme::Theme;
use crate::ui::widgets::table::{ColumnSpec, MOST_MEASURED, needed, table};
use crate::ui::widgets::{PaneArea, empty_state, list_title};

/// Columns of a cursor's lag with a sign before it, however far behind it is.
const WIDE_LAG: u16 = 9;

/// The widest column of names of cursors, and of partitions.
const MOST_NAME: u16 = 40;
const MOST_PARTITION: u16 = 44;

/// The widest column of names of groups.
const MOST_GROUP: u16 = 30;

/// How columns are laid out, given the widths of the longest name and of the longest partition.
fn cursor_specs(name: u16, partition: u16) -> [ColumnSpec<CursorColumn>; 8] {
    [
        ColumnSpec::growing(CursorColumn::Id, 12, name.clamp(12, MOST_NAME), 0),
        ColumnSpec::growing(
            CursorColumn::Partition,
            12,
            partition.clamp(12, MOST_PARTITION),
            0,
        ),
        ColumnSpec::fixed(CursorColumn::Lag, 8, 0).widest(WIDE_LAG),
        ColumnSpec::fixed(CursorColumn::LagTime, 7, 1),
        ColumnSpec::fixed(CursorColumn::Drain, 8, 3),
        ColumnSpec::fixed(CursorColumn::Speed, 6, 2),
        ColumnSpec::fixed(CursorColumn::Offset, 9, 4),
        ColumnSpec::fixed(CursorColumn::Stored, 6, 5),
    ]
}

/// How columns of groups are laid out, given the width of the longest name.
fn group_specs(name: u16) -> [ColumnSpec<GroupColumn>; 6] {
    [
        ColumnSpec::growing(GroupColumn::Id, 12, name.clamp(12, MOST_GROUP), 0),
        ColumnSpec::fixed(GroupColumn::Members, 7, 0),
        ColumnSpec::fixed(GroupColumn::Lag, 8, 0).widest(WIDE_LAG),
        ColumnSpec::growing(GroupColumn::Streams, 10, 40, 1),
        ColumnSpec::growing(GroupColumn::Coordinator, 11, 20, 2),
        ColumnSpec::fixed(GroupColumn::Epoch, 5, 3),
    ]
}

/// The columns that the list of cursors needs to leave none out.
pub(in crate::ui) fn cursor_columns(app: &App) -> u16 {
    let [name, partition] = cursor_names(app.truth());
    needed(&cursor_specs(name, partition))
}

/// The columns that the list of groups needs to leave none out.
pub(in crate::ui) fn group_columns(app: &App) -> u16 {
    needed(&group_specs(group_names(app)))
}

/// Columns of the longest name of a cursor and of the longest partition.
fn cursor_names(truth: &Truth) -> [u16; 2] {
    if truth.cursors.len() > MOST_MEASURED {
        return [MOST_NAME, MOST_PARTITION];
    }
    let entries = || truth.cursors.iter().map(|cursor| &cursor.entry);
    let names = entries().map(|entry| format::width(&labels::cursor_name(entry)));
    let partitions = entries().map(|entry| format::width(&labels::cursor_partition(entry)));
    let widest = [names.max(), partitions.max()];
    widest.map(|width| cells(width.unwrap_or(0)))
}

/// Columns of the longest name of a group.
fn group_names(app: &App) -> u16 {
    let groups = app.cursors().groups();
    if groups.len() > MOST_MEASURED {
        return MOST_GROUP;
    }
    let names = groups.iter();
    let longest = names.map(|group| format::width(&group.id)).max();
    cells(longest.unwrap_or(0))
}

/// Draws the cursors.
pub(in crate::ui) fn cursors(painter: &mut Painter<'_>, place: PaneArea, app: &App) {
    let (theme, truth) = (painter.theme, app.truth());
    let (list, fetch_state) = (app.cursors().list(), app.cursors().fetch_state());
    let area = list_title(
        painter,
        place,
        list,
        &[
            reading_age(fetch_state, app, theme),
            outdated_cursors(app, theme),
            left_out(app, theme),
        ],
    );
    let cell = |key: &CursorKey, column, width| match find_cursor(key, truth) {
        Some(cursor) => cursor_cell(cursor, column, width, app, theme),
        None => Vec::new(),
    };
    let [name, partition] = cursor_names(truth);
    let specs = cursor_specs(name, partition);
    table(painter, place, area, list, &specs, cell);
    if list.rows().is_empty() {
        let lines = no_cursors(fetch_state, list.total() > 0);
        empty_state(painter, below(area, 1), &lines);
    }
}

fn no_cursors(fetch_state: &FetchState, is_filtered: bool) -> [&str; 2] {
    match fetch_state {
        FetchState::Never => ["Reading cursors…", ""],
        FetchState::Failed(_, failure) => [&failure.sentence, "r tries again."],
        FetchState::Fetched(_) if is_filtered => ["No cursor fits.", "esc clears the filter."],
        FetchState::Fetched(_) => [
            "No cursors are stored.",
            "Consumers store them with SetCursor, where the cluster has cursors switched on.",
        ],
    }
}

fn cursor_cell(
    cursor: &CursorTruth,
    column: CursorColumn,
    width: usize,
    app: &App,
    theme: &Theme,
) -> Vec<Span<'static>> {
    let entry = &cursor.entry;
    let none = || span(theme.glyphs.none, theme.faint);
    vec![match column {
        CursorColumn::Id => labels::cut(&labels::cursor_name(entry), width, theme.text, theme),
        CursorColumn::Partition => {
            let partition = labels::cursor_partition(entry);
            labels::cut(&partition, width, theme.muted, theme)
        }
        CursorColumn::Offset => span(format::short_count(entry.offset), theme.text),
        CursorColumn::Lag => lag(cursor, app, theme),
        CursorColumn::LagTime => match cursor.lag_time {
            Some(lag) if !lag.at_least.is_zero() => {
                let sign = match lag.certainty {
                    LagCertainty::Exact | LagCertainty::Recent => "",
                    LagCertainty::AtLeast => ">",
                };
                span(format!("{sign}{}", format::age(lag.at_least)), theme.text)
            }
            Some(_) | None => none(),
        },
        CursorColumn::Drain => match cursor.time_to_drain {
            _ if cursor.lag.is_none_or(|lag| lag <= 0) => none(),
            DrainTime::Within(time) => span(format::age(time), theme.text),
            DrainTime::Steady => span("steady", theme.muted),
            DrainTime::Never => span("never", theme.degraded),
            DrainTime::Unknown => span("?", theme.faint),
        },
        CursorColumn::Speed => return labels::rate(cursor.speed, theme),
        CursorColumn::Stored => return labels::ago(entry.time, app.now(), theme),
    }]
}

/// Draws the groups.
pub(in crate::ui) fn groups(painter: &mut Painter<'_>, place: PaneArea, app: &App) {
    let theme = painter.theme;
    let list = app.cursors().group_list();
    let fetch_state = app.cursors().group_fetch_state();
    let area = list_title(
        painter,
        place,
        list,
        &[reading_age(fetch_state, app, theme)],
    );
    let cell = |id: &String, column, width| match app.cursors().group(id) {
        Some(group) => group_cell(group, column, width, app, theme),
        None => Vec::new(),
    };
    table(
        painter,
        place,
        area,
        list,
        &group_specs(group_names(app)),
        cell,
    );
    if list.rows().is_empty() {
        let lines = match fetch_state {
            FetchState::Never => ["Reading groups…", ""],
            FetchState::Failed(_, failure) => [&*failure.sentence, "r tries again."],
            FetchState::Fetched(_) => [
                "No consumer groups were seen.",
                "They show by their cursors, and by joins in the activity.",
            ],
        };
        empty_state(painter, below(area, 1), &lines);
    }
}

fn group_cell(
    group: &GroupInfo,
    column: GroupColumn,
    width: usize,
    app: &App,
    theme: &Theme,
) -> Vec<Span<'static>> {
    let unknown = || span("?", theme.unknown);
    vec![match column {
        GroupColumn::Id => labels::cut(&group.id, width, theme.text, theme),
        GroupColumn::Members => match &group.members {
            Some(members) => span(format::count_usize(members.len()), theme.text),
            None => unknown(),
        },
        GroupColumn::Lag => return labels::known(app.cursors().group_lag(&group.id), theme),
        GroupColumn::Streams => {
            let names: Vec<&str> = group.streams.iter().map(AsRef::as_ref).collect();
            labels::cut(&names.join(" "), width, theme.muted, theme)
        }
        GroupColumn::Coordinator => match &group.coordinator {
            Some(broker) => labels::cut(broker, width, theme.text, theme),
            None => unknown(),
        },
        GroupColumn::Epoch => match group.epoch {
            Some(epoch) => span(epoch.to_string(), theme.muted),
            None => unknown(),
        },
    }]
}

/// How old what is shown is.
fn reading_age(fetch_state: &FetchState, app: &App, theme: &Theme) -> Span<'static> {
    let ago = |at| format::ago(at, app.now());
    match fetch_state {
        FetchState::Never => span("  reading…", theme.muted),
        FetchState::Fetched(at) => span(format!("  as of {}", ago(*at)), theme.muted),
        FetchState::Failed(at, _) => span(format!("  not read since {}", ago(*at)), theme.degraded),
    }
}

/// How many cursors could not be read again, and how old the oldest of them is.
fn outdated_cursors(app: &App, theme: &Theme) -> Span<'static> {
    let cursors = app.truth().cursors.iter();
    let outdated = cursors.filter(|cursor| cursor.is_outdated(app.now()));
    let read_at: Vec<_> = outdated.map(|cursor| cursor.entry.read_at).collect();
    match read_at.iter().min() {
        Some(oldest) => {
            let ago = format::ago(*oldest, app.now());
            span(format!("  {} as of {ago}", read_at.len()), theme.degraded)
        }
        None => span("", theme.muted),
    }
}

/// How many cursors are not followed: only that they are not among those stored last is known of them.
fn left_out(app: &App, theme: &Theme) -> Span<'static> {
    match app.cursors().left_out() {
        0 => span("", theme.muted),
        count => span(
            format!(
                "  {} stored before these are not followed",
                format::count_usize(count)
            ),
            theme.degraded,
        ),
    }
}

/// Messages behind; those that are an alarm stand out.
fn lag(cursor: &CursorTruth, app: &App, theme: &Theme) -> Span<'static> {
    let alerts = &app.health_options().alerts;
    if cursor.beyond_end_since.is_some() {
        return span("past end", theme.broken);
    }
    let Some(lag) = cursor.lag else {
        return span("?", theme.unknown);
    };
    let count = format::short_count(lag);
    if cursor.is_outdated(app.now()) {
        return span(count, theme.unknown);
    }
    let stalled = cursor
        .stalled_since
        .is_some_and(|since| since.age(app.now()) >= alerts.stalled_after);
    if stalled || cursor.lagging.is_some() {
        return span(format!("{} {count}", theme.glyphs.degraded), theme.degraded);
    }
    let style = match lag {
        0 => theme.good,
        _ => theme.text,
    };
    span(count, style)
}
