//! Texts to read about one thing: a broker, a stream, a partition, a finding, an error, the keys of a place.

mod balance;
mod broker;
mod cursor;
mod help;
mod incident;
mod key_history;
mod message;
mod messages;
mod partition;
mod replicas;
mod restart_plan;
mod settings;
mod statistics;
mod stream;
mod subjects;
mod text_builder;
mod verification;
mod what_if;

pub(super) use balance::balance_detail;
pub(super) use broker::{broker_detail, broker_facts};
pub(super) use cursor::reader_line;
pub(super) use incident::{event_line, incident_events};
pub(super) use partition::partition_detail;
pub(super) use stream::stream_facts;
pub(super) use what_if::{what_if_detail, what_if_summary};

use cursor::{cursor_detail, group_detail};
use incident::incident_detail;
use key_history::key_history_detail;
use replicas::replicas_detail;
use restart_plan::restart_plan_detail;
use statistics::statistics_detail;
use stream::stream_detail;
use subjects::subjects_detail;
use text_builder::TextBuilder;
use verification::verification_detail;

use super::format;
use super::labels;
use super::theme::Theme;
pub(super) use super::widgets::lines::{Line, draw, wrapped};
use crate::app::row_key::find_cursor;
use crate::app::screens::activity::{target, verb};
use crate::app::{App, DetailTarget, RowKey};
use crate::health::Finding;
use crate::model::{ActivityEvent, ActivityKind, StreamName, Timestamp};

/// The title and the lines of the text about something.
pub(super) fn detail(target: &DetailTarget, app: &App, theme: &Theme) -> (String, Vec<Line>) {
    match target {
        DetailTarget::Row(row) => row_detail(row, app, theme),
        DetailTarget::Help(contexts) => {
            let keymap = &app.settings().keymap;
            let lines = help::help_detail(contexts, keymap, app.refuses_changes(), theme);
            ("Keys".to_owned(), lines)
        }
        DetailTarget::WhatIf(name) => {
            let broker = app.truth().broker(name);
            let lines = broker.map(|broker| what_if_detail(broker, app, theme));
            let lines = lines.unwrap_or_else(|| gone_text("The broker", theme));
            (format!("What if {name}"), lines)
        }
        DetailTarget::RestartPlan(brokers) => {
            let (truth, options) = (app.truth(), app.health_options());
            let lines = restart_plan_detail(brokers, truth, options, app.now(), theme);
            ("Rolling restart".to_owned(), lines)
        }
        DetailTarget::Statistics => statistics_detail(app, theme),
        DetailTarget::Subjects(report) => subjects_detail(report, app, theme),
        DetailTarget::KeyHistory => key_history_detail(app, theme),
        DetailTarget::Verification => verification_detail(app, theme),
        DetailTarget::Balance => {
            let lines = balance_detail(app.truth(), theme);
            ("Balance of the brokers".to_owned(), lines)
        }
        DetailTarget::Replicas(keys) => {
            let lines = replicas_detail(keys, app.truth(), app.now(), theme);
            ("Replicas".to_owned(), lines)
        }
        DetailTarget::Message(pinned) => {
            let message = pinned.message();
            let key = (StreamName::clone(message.stream()), message.partition());
            let (partition, facts) = partition_detail(&key, app.truth(), app.now(), theme);
            let mut lines = message::message_detail(pinned, app, theme);
            lines.extend([Line::gap(), Line::text(partition, theme.title)]);
            lines.extend(facts);
            (message.id().to_string(), lines)
        }
        DetailTarget::Failure(failure) => {
            let lines = messages::failure_detail(failure, theme);
            ("Error".to_owned(), lines)
        }
        DetailTarget::Console(text) => ("Faults".to_owned(), messages::console_detail(text, theme)),
        DetailTarget::Settings => {
            let lines = settings::settings_detail(app.settings(), theme);
            ("Settings".to_owned(), lines)
        }
        DetailTarget::Log => {
            let lines = messages::log_detail(app.log(), theme);
            ("What liftui has logged".to_owned(), lines)
        }
        DetailTarget::Notices => {
            let lines = messages::notices_detail(app, theme);
            ("Notices of this session".to_owned(), lines)
        }
    }
}

fn row_detail(row: &RowKey, app: &App, theme: &Theme) -> (String, Vec<Line>) {
    let (truth, now) = (app.truth(), app.now());
    let (title, lines, what) = match row {
        RowKey::Broker(name) => {
            let broker = truth.broker(name);
            let lines = broker.map(|broker| broker_detail(broker, truth, now, theme));
            (name.to_string(), lines, "The broker")
        }
        RowKey::Stream(name) => {
            let stream = truth.stream(name);
            let lines = stream.map(|stream| stream_detail(stream, app, theme));
            (name.to_string(), lines, "The stream")
        }
        RowKey::Partition(key) => return partition_detail(key, truth, now, theme),
        RowKey::Cursor(key) => {
            let cursor = find_cursor(key, truth);
            let lines = cursor.map(|cursor| cursor_detail(cursor, app, theme));
            (key.0.to_string(), lines, "The cursor")
        }
        RowKey::Group(id) => {
            let group = app.cursors().group(id);
            let lines = group.map(|group| group_detail(group, truth, theme));
            (format!("group {id}"), lines, "The group")
        }
        RowKey::Event(event) => {
            let lines = event_detail(event, app, theme);
            return (format!("event {}", event.id), lines);
        }
        RowKey::Incident(began) => {
            let incident = app.incidents().find(*began);
            let lines = incident.map(|incident| incident_detail(incident, app, theme));
            ("Incident".to_owned(), lines, "The incident")
        }
        RowKey::TableRow(_) => return key_history_detail(app, theme),
        RowKey::Finding(key) => {
            let finding = key.find(truth);
            let lines = finding.map(|finding| finding_detail(finding, now, theme));
            let mended = || vec![Line::text("It does not hold any more.", theme.good)];
            return ("Finding".to_owned(), lines.unwrap_or_else(mended));
        }
    };
    (title, lines.unwrap_or_else(|| gone_text(what, theme)))
}

/// What stands in place of what was there when the text was opened.
fn gone_text(what: &str, theme: &Theme) -> Vec<Line> {
    vec![Line::text(format!("{what} is gone."), theme.muted)]
}

fn event_detail(event: &ActivityEvent, app: &App, theme: &Theme) -> Vec<Line> {
    let time = app.times().date(event.time);
    let mut text = TextBuilder::new(theme);
    text.pair("what", verb(&event.kind));
    text.pair("target", target(&event.kind));
    text.pair("time", time);
    if matches!(event.kind, ActivityKind::MoveCursorBack { .. }) {
        text.pair("seen by", "liftui, which compares what consumers store");
    } else {
        text.pair("id", event.id.to_string());
    }
    text.lines
}

fn finding_detail(finding: &Finding, now: Timestamp, theme: &Theme) -> Vec<Line> {
    let mut text = TextBuilder::new(theme);
    text.lines.push(Line(labels::finding(finding, theme)));
    text.gap();
    for sentence in &finding.detail {
        text.text(sentence, theme.text);
    }
    text.gap();
    if finding.since.is_set() {
        let age = format::exact_age(finding.since.age(now));
        let least = if finding.at_least { "at least " } else { "" };
        text.pair("since", format!("{least}{age}"));
    }
    text.pair("rule", finding.rule.as_str());
    text.lines
}
