//! The title and the lines of each text.

use super::broker::broker_page;
use super::cursor::{cursor_page, group_page};
use super::partition::partition_page;
use super::stream::stream_page;
use super::{Line, TextBuilder, keys, loss_page, messages};
use crate::app::row_key::find_cursor;
use crate::app::screens::activity::{target, verb};
use crate::app::{App, DetailTarget, RowKey};
use crate::health::Finding;
use crate::model::{ActivityEvent, Timestamp};
use crate::ui::format;
use crate::ui::labels;
use crate::ui::theme::Theme;

/// The title and the lines of a text.
pub(in crate::ui) fn page(target: &DetailTarget, app: &App, theme: &Theme) -> (String, Vec<Line>) {
    match target {
        DetailTarget::Row(row) => row_page(row, app, theme),
        DetailTarget::Help(contexts) => {
            let lines = keys::help_page(contexts, &app.settings().keymap, theme);
            ("Keys".to_owned(), lines)
        }
        DetailTarget::WhatIf(name) => {
            let (truth, options) = (app.truth(), &app.settings().health);
            let broker = truth.broker(name);
            let lines = broker.map(|broker| loss_page(broker, truth, options, theme));
            let lines = lines.unwrap_or_else(|| gone("The broker", theme));
            (format!("What if {name}"), lines)
        }
        DetailTarget::Failure(failure) => {
            let lines = messages::failure_page(failure, theme);
            ("Error".to_owned(), lines)
        }
        DetailTarget::Console(text) => ("Faults".to_owned(), messages::console_page(text, theme)),
        DetailTarget::Notices => {
            let lines = messages::notices_page(app, theme);
            ("Notices of this session".to_owned(), lines)
        }
    }
}

fn row_page(row: &RowKey, app: &App, theme: &Theme) -> (String, Vec<Line>) {
    let (truth, now) = (app.truth(), app.now());
    let (title, lines, what) = match row {
        RowKey::Broker(name) => {
            let broker = truth.broker(name);
            let lines = broker.map(|broker| broker_page(broker, truth, now, theme));
            (name.to_string(), lines, "The broker")
        }
        RowKey::Stream(name) => {
            let stream = truth.stream(name);
            let lines = stream.map(|stream| stream_page(stream, app, theme));
            (name.to_string(), lines, "The stream")
        }
        RowKey::Partition(key) => return partition_page(key, truth, now, theme),
        RowKey::Cursor(key) => {
            let cursor = find_cursor(key, truth);
            let lines = cursor.map(|cursor| cursor_page(cursor, app, theme));
            (key.0.clone(), lines, "The cursor")
        }
        RowKey::Group(id) => {
            let group = app.cursors().group(id);
            let lines = group.map(|group| group_page(group, truth, theme));
            (format!("group {id}"), lines, "The group")
        }
        RowKey::Event(event) => {
            let lines = event_page(event, app, theme);
            return (format!("event {}", event.id), lines);
        }
        RowKey::Finding(key) => {
            let finding = key.find(truth);
            let lines = finding.map(|finding| finding_page(finding, now, theme));
            let mended = || vec![Line::text("It does not hold any more.", theme.good)];
            return ("Finding".to_owned(), lines.unwrap_or_else(mended));
        }
    };
    (title, lines.unwrap_or_else(|| gone(what, theme)))
}

/// What stands in place of what was there when the text was opened.
pub(super) fn gone(what: &str, theme: &Theme) -> Vec<Line> {
    vec![Line::text(format!("{what} is gone."), theme.muted)]
}

fn event_page(event: &ActivityEvent, app: &App, theme: &Theme) -> Vec<Line> {
    let time = format::date(event.time, app.settings().utc_offset);
    let mut text = TextBuilder::new(theme);
    text.pair("what", verb(&event.kind));
    text.pair("target", target(&event.kind));
    text.pair("time", time);
    text.pair("id", event.id.to_string());
    text.lines
}

fn finding_page(finding: &Finding, now: Timestamp, theme: &Theme) -> Vec<Line> {
    let mut text = TextBuilder::new(theme);
    text.lines.push(Line(labels::finding(finding, theme)));
    text.gap();
    for sentence in &finding.detail {
        text.text(sentence, theme.text);
    }
    text.gap();
    if finding.since.is_set() {
        text.pair("since", format::exact_age(finding.since.age(now)));
    }
    text.pair("rule", finding.rule.as_str());
    text.lines
}
