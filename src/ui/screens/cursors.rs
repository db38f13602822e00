//! The lists of cursors and of consumer groups.
//!
//! Rows and order are `app/cursors`'s; lags are worked out in `health`.

use ratatui::text::Span;

use crate::app::row_key::{CursorKey, find_cursor};
use crate::app::screens::cursors::{CursorColumn, Cursors, GroupColumn, Reading, lag_of_group};
use crate::health::{AlertOptions, CursorTruth, Truth};
use crate::model::{GroupInfo, Timestamp};
use crate::ui::format;
use crate::ui::labels;
use crate::ui::painter::{Painter, span};
use crate::ui::theme::Theme;
use crate::ui::widgets::{self, ColumnSpec, PaneArea, below};

/// How columns are laid out, given the widths of the longest name and of the longest place.
fn cursor_specs(name: usize, place: usize) -> [ColumnSpec<CursorColumn>; 8] {
    let most = |wide: usize, most: u16| u16::try_from(wide).unwrap_or(most).min(most);
    [
        ColumnSpec::growing(CursorColumn::Id, 12, most(name, 40), 0),
        ColumnSpec::growing(CursorColumn::Partition, 12, most(place, 44), 0),
        ColumnSpec::fixed(CursorColumn::Lag, 8, 0),
        ColumnSpec::fixed(CursorColumn::LagTime, 7, 1),
        ColumnSpec::fixed(CursorColumn::Drain, 7, 3),
        ColumnSpec::fixed(CursorColumn::Speed, 6, 2),
        ColumnSpec::fixed(CursorColumn::Offset, 9, 4),
        ColumnSpec::fixed(CursorColumn::Stored, 6, 5),
    ]
}

const GROUPS: &[ColumnSpec<GroupColumn>] = &[
    ColumnSpec::growing(GroupColumn::Id, 12, 30, 0),
    ColumnSpec::fixed(GroupColumn::Members, 7, 0),
    ColumnSpec::fixed(GroupColumn::Lag, 8, 0),
    ColumnSpec::growing(GroupColumn::Streams, 10, 40, 1),
    ColumnSpec::growing(GroupColumn::Coordinator, 11, 20, 2),
    ColumnSpec::fixed(GroupColumn::Epoch, 5, 3),
];

/// What the two panes show.
#[derive(Clone, Copy)]
pub(crate) struct CursorsPanes<'a> {
    /// Rows, order, filter, and how reading went.
    pub(crate) cursors: &'a Cursors,
    /// What is known.
    pub(crate) truth: &'a Truth,
    /// When a lag is an alarm.
    pub(crate) alerts: &'a AlertOptions,
    /// The time.
    pub(crate) now: Timestamp,
}

impl CursorsPanes<'_> {
    /// Draws the cursors.
    pub(crate) fn cursors(self, painter: &mut Painter<'_>, place: PaneArea) {
        let theme = painter.theme;
        let list = self.cursors.list();
        let behind = reading(self.cursors.reading(), self.now, theme);
        let area = widgets::title_of_list(painter, place, list, &behind, list.total());
        let cell = |wanted: &CursorKey, column, width| {
            find_cursor(wanted, self.truth)
                .map(|cursor| self.cell(cursor, column, width, theme))
                .unwrap_or_default()
        };
        let entries = || self.truth.cursors.iter().map(|cursor| &cursor.entry);
        let names = entries().map(|entry| format::width(&labels::cursor_name(entry)));
        let places = entries().map(|entry| format::width(&labels::cursor_place(entry)));
        let specs = cursor_specs(names.max().unwrap_or(0), places.max().unwrap_or(0));
        widgets::table(painter, place, area, list, &specs, cell);
        if list.rows().is_empty() {
            let lines = self.no_cursors();
            widgets::empty_state(painter, below(area, 1), &[&lines[0], &lines[1]]);
        }
    }

    fn no_cursors(self) -> [String; 2] {
        match self.cursors.reading() {
            Reading::Never => ["Reading cursors…".to_owned(), String::new()],
            Reading::Failed(_, failure) => [failure.sentence.clone(), "r tries again.".to_owned()],
            Reading::Read(_) if self.cursors.list().total() > 0 => [
                "No cursor fits.".to_owned(),
                "esc clears the filter.".to_owned(),
            ],
            Reading::Read(_) => [
                "No cursors are stored.".to_owned(),
                "Consumers store them with SetCursor, where the cluster has cursors switched on."
                    .to_owned(),
            ],
        }
    }

    fn cell(
        self,
        cursor: &CursorTruth,
        column: CursorColumn,
        width: usize,
        theme: &Theme,
    ) -> Vec<Span<'static>> {
        let entry = &cursor.entry;
        let none = || vec![span(theme.glyphs.none, theme.faint)];
        match column {
            CursorColumn::Id => {
                let name = format::cut_middle(&labels::cursor_name(entry), width, theme.glyphs.cut);
                vec![span(name, theme.text)]
            }
            CursorColumn::Partition => {
                let place = labels::cursor_place(entry);
                vec![span(
                    format::cut_middle(&place, width, theme.glyphs.cut),
                    theme.muted,
                )]
            }
            CursorColumn::Offset => vec![span(format::short_count(entry.offset), theme.text)],
            CursorColumn::Lag => lag(cursor, self.alerts, self.now, theme),
            CursorColumn::LagTime => match cursor.lag_time {
                Some(lag) if lag.at_least.is_zero() => none(),
                Some(lag) => {
                    let sign = if lag.bounded { "" } else { ">" };
                    vec![span(
                        format!("{sign}{}", format::age(lag.at_least)),
                        theme.text,
                    )]
                }
                None => none(),
            },
            CursorColumn::Speed => labels::rate(cursor.speed, theme),
            CursorColumn::Drain => match cursor.drain {
                Some(drain) if cursor.lag.is_some_and(|lag| lag > 0) => {
                    vec![span(format!("in {}", format::age(drain)), theme.text)]
                }
                _ => none(),
            },
            CursorColumn::Stored => labels::ago(entry.time, self.now, theme),
        }
    }

    /// Draws the groups.
    pub(crate) fn groups(self, painter: &mut Painter<'_>, place: PaneArea) {
        let theme = painter.theme;
        let list = self.cursors.group_list();
        let behind = reading(self.cursors.group_reading(), self.now, theme);
        let area = widgets::title_of_list(painter, place, list, &behind, list.total());
        let cell = |id: &String, column, width| {
            let found = self.cursors.group(id);
            found
                .map(|group| self.group_cell(group, column, width, theme))
                .unwrap_or_default()
        };
        widgets::table(painter, place, area, list, GROUPS, cell);
        if list.rows().is_empty() {
            let lines: &[&str] = match self.cursors.group_reading() {
                Reading::Never => &["Reading groups…"],
                Reading::Failed(_, failure) => &[&failure.sentence, "r tries again."],
                Reading::Read(_) => &[
                    "No consumer groups were seen.",
                    "They show by their cursors, and by joins in the activity.",
                ],
            };
            widgets::empty_state(painter, below(area, 1), lines);
        }
    }

    fn group_cell(
        self,
        group: &GroupInfo,
        column: GroupColumn,
        width: usize,
        theme: &Theme,
    ) -> Vec<Span<'static>> {
        let cut = |text: &str| format::cut_middle(text, width, theme.glyphs.cut);
        match column {
            GroupColumn::Id => vec![span(cut(&group.id), theme.text)],
            GroupColumn::Members => match &group.members {
                Some(members) => vec![span(format::size(members.len()), theme.text)],
                None => vec![span("?", theme.unknown)],
            },
            GroupColumn::Lag => labels::known(lag_of_group(self.truth, &group.id), theme),
            GroupColumn::Streams => {
                let names: Vec<&str> = group.streams.iter().map(AsRef::as_ref).collect();
                vec![span(names.join(" "), theme.muted)]
            }
            GroupColumn::Coordinator => match &group.coordinator {
                Some(broker) => vec![span(cut(broker), theme.text)],
                None => vec![span("?", theme.unknown)],
            },
            GroupColumn::Epoch => match group.epoch {
                Some(epoch) => vec![span(epoch.to_string(), theme.muted)],
                None => vec![span("?", theme.unknown)],
            },
        }
    }
}

/// How old what is shown is, where that is worth a word.
fn reading(reading: &Reading, now: Timestamp, theme: &Theme) -> Vec<Span<'static>> {
    match reading {
        Reading::Never => vec![span("  reading…", theme.muted)],
        Reading::Read(at) => vec![span(
            format!("  as of {}", format::ago(*at, now)),
            theme.muted,
        )],
        Reading::Failed(at, _) => {
            vec![span(
                format!("  not read since {}", format::ago(*at, now)),
                theme.degraded,
            )]
        }
    }
}

/// Messages behind; those that are an alarm stand out.
fn lag(
    cursor: &CursorTruth,
    alerts: &AlertOptions,
    now: Timestamp,
    theme: &Theme,
) -> Vec<Span<'static>> {
    let Some(lag) = cursor.lag else {
        return vec![span("?", theme.unknown)];
    };
    let still = cursor
        .still_since
        .is_some_and(|since| since.age(now) >= alerts.still_after);
    let many = alerts
        .lag_messages
        .is_some_and(|limit| u64::try_from(lag).is_ok_and(|lag| lag > limit));
    let long = cursor
        .lag_time
        .zip(alerts.lag_time)
        .is_some_and(|(lag, limit)| lag.at_least > limit);
    if still || many || long {
        let text = format!("{} {}", theme.glyphs.degraded, format::short_count(lag));
        return vec![span(text, theme.degraded)];
    }
    let style = if lag > 0 { theme.text } else { theme.good };
    vec![span(format::short_count(lag), style)]
}
