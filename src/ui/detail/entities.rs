//! What is known of one thing, line by line: a broker, a stream, a partition, a cursor, a group, an event, a finding.
//!
//! Values come from the truth, with their age and their source (I15).

use super::{Line, keys, loss_page, messages};
use crate::app::App;
use crate::app::row_key::{PartitionKey, find_cursor};
use crate::app::screens::activity;
use crate::app::{DetailTarget, RowKey};
use crate::health::{
    BrokerTruth, CursorTruth, Finding, Known, PartitionStatus, PartitionTruth, StreamTruth, Truth,
};
use crate::model::{GroupInfo, Target, Timestamp, format_ranges};
use crate::ui::format;
use crate::ui::labels;
use crate::ui::painter::{span, spans_width};
use crate::ui::theme::Theme;

/// The title and the lines of a text, and where keys lead from it.
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
            ("Error".to_owned(), messages::failure_page(failure, theme))
        }
        DetailTarget::Console(text) => ("Faults".to_owned(), messages::console_page(text, theme)),
        DetailTarget::Notices => (
            "Notices of this session".to_owned(),
            messages::notices_page(app, theme),
        ),
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
        RowKey::Partition(key) => return partition_subject(key, truth, now, theme),
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
            let lines = key
                .find(truth)
                .map(|finding| finding_page(finding, now, theme));
            let mended = || vec![Line::text("It does not hold any more.", theme.good)];
            return ("Finding".to_owned(), lines.unwrap_or_else(mended));
        }
    };
    (title, lines.unwrap_or_else(|| gone(what, theme)))
}

fn gone(what: &str, theme: &Theme) -> Vec<Line> {
    vec![Line::text(format!("{what} is gone."), theme.muted)]
}

/// A partition's name and page.
pub(in crate::ui) fn partition_subject(
    (stream, id): &PartitionKey,
    truth: &Truth,
    now: Timestamp,
    theme: &Theme,
) -> (String, Vec<Line>) {
    let lines = truth
        .partition(stream, *id)
        .map(|partition| partition_page(partition, truth, now, theme));
    let lines = lines.unwrap_or_else(|| gone("The partition", theme));
    (format!("{stream}:{id}"), lines)
}

/// What is known of a broker, and what is wrong with it.
pub(in crate::ui) fn broker_page(
    broker: &BrokerTruth,
    truth: &Truth,
    now: Timestamp,
    theme: &Theme,
) -> Vec<Line> {
    let mut lines = broker_facts(broker, truth, now, theme);
    let about = |finding: &&Finding| matches!(&finding.target, Target::Broker(id) if **id == *broker.name());
    add_findings(&mut lines, truth.findings.iter().filter(about), theme);
    lines
}

/// What is known of a broker.
pub(in crate::ui) fn broker_facts(
    broker: &BrokerTruth,
    truth: &Truth,
    now: Timestamp,
    theme: &Theme,
) -> Vec<Line> {
    let mut lines = vec![
        Line::spans("state", labels::broker_state(broker, theme, now), theme),
        Line::pair("address", broker.address.to_string(), theme),
    ];
    if let Some(failure) = &broker.failure {
        lines.push(Line::spans(
            "why",
            vec![span(&*failure.sentence, theme.broken)],
            theme,
        ));
        let tries = format!(
            "{} in a row did not answer",
            format::count(broker.failures.into())
        );
        lines.push(Line::pair("polls", tries, theme));
    }
    if let Some(at) = broker.last_answer {
        let took = broker.latency.map(format::latency).unwrap_or_default();
        let text = format!("{} ago, took {took}", format::ago(at, now));
        lines.push(Line::pair("last answer", text, theme));
    }
    let listed: Vec<&str> = broker.listed_by.iter().map(AsRef::as_ref).collect();
    let listed = if listed.is_empty() {
        "nobody else".to_owned()
    } else {
        listed.join(", ")
    };
    lines.push(Line::pair("listed by", listed, theme));
    lines.push(Line::pair(
        "replicas",
        format!("{} partitions", format::size(broker.partitions)),
        theme,
    ));
    let led = led_by(broker.name(), truth);
    let led = if led.is_empty() {
        "nothing".to_owned()
    } else {
        led.join("  ")
    };
    lines.push(Line::pair("leads", led, theme));
    lines
}

/// The partitions that a broker leads, stream by stream.
fn led_by(name: &str, truth: &Truth) -> Vec<String> {
    let of = |stream: &StreamTruth| -> Option<String> {
        let led = stream.partitions.iter();
        let led = led.filter(|partition| partition.leader.as_deref() == Some(name));
        let ids: Vec<i32> = led.map(|partition| partition.id).collect();
        (!ids.is_empty()).then(|| format!("{}:{}", stream.name, format_ranges(&ids)))
    };
    truth
        .streams
        .iter()
        .filter_map(|stream| of(stream))
        .collect()
}

fn stream_page(stream: &StreamTruth, app: &App, theme: &Theme) -> Vec<Line> {
    let (truth, now) = (app.truth(), app.now());
    let created = format::date(stream.created, app.settings().utc_offset);
    let mut state = labels::stream_state(stream, theme);
    if stream.status.readonly + stream.status.paused == 0
        && stream.status.worst == PartitionStatus::Serving
    {
        state.push(span("serving", theme.good));
    }
    let mut lines = vec![
        Line::spans("state", state, theme),
        Line::pair("subject", stream.subject.to_string(), theme),
        Line::pair(
            "created",
            format!("{created}  ({} ago)", format::ago(stream.created, now)),
            theme,
        ),
        Line::pair("partitions", format::size(stream.partitions.len()), theme),
        Line::spans("offsets", labels::known(stream.messages, theme), theme),
        Line::spans("messages/s", labels::rate(stream.rate, theme), theme),
    ];
    if let Some(minimum) = app.settings().health.min_isr_of(&stream.name) {
        lines.push(Line::pair(
            "min ISR",
            format!("{minimum}, from the config file"),
            theme,
        ));
    }
    lines.push(Line::gap());
    let short = labels::ShortNames::of(truth);
    let leaders = stream
        .partitions
        .iter()
        .filter_map(|one| one.leader.as_deref());
    let wide = leaders.map(format::width).max().unwrap_or(0) + 1;
    for partition in stream.partitions.iter() {
        let mut spans = vec![span(format!("{:>3}  ", partition.id), theme.muted)];
        let leader = labels::leader(partition, theme);
        let gap = wide.saturating_sub(spans_width(&leader));
        spans.extend(leader);
        spans.push(span(format!("{}  ISR ", " ".repeat(gap)), theme.muted));
        spans.extend(labels::in_sync(partition, &short, theme));
        spans.push(span("  ", theme.text));
        spans.extend(labels::partition_state(partition, theme));
        lines.push(Line(spans));
    }
    let readers: Vec<&CursorTruth> = truth
        .cursors
        .iter()
        .filter(|cursor| cursor.entry.stream == stream.name)
        .collect();
    if !readers.is_empty() {
        lines.extend([Line::gap(), Line::head("read by", theme)]);
        lines.extend(readers.into_iter().map(|cursor| reader_line(cursor, theme)));
    }
    add_findings(&mut lines, truth.findings_of(&stream.name), theme);
    lines
}

fn reader_line(cursor: &CursorTruth, theme: &Theme) -> Line {
    let lag = cursor.lag.map_or_else(|| "?".to_owned(), format::count);
    let entry = &cursor.entry;
    let name = labels::cursor_name(entry);
    let place = format!(" on {}:{}", entry.stream, entry.partition);
    Line(vec![
        span(name, theme.text),
        span(place, theme.muted),
        span(format!("  lag {lag}"), theme.text),
    ])
}

fn add_findings<'a>(
    lines: &mut Vec<Line>,
    findings: impl Iterator<Item = &'a Finding>,
    theme: &Theme,
) {
    for finding in findings {
        let (sign, style) = labels::severity(finding.severity, theme);
        lines.push(Line::gap());
        lines.push(Line(vec![
            span(format!("{sign} "), style),
            span(&*finding.message, theme.text),
        ]));
        lines.extend(
            finding
                .detail
                .iter()
                .map(|text| Line::text(format!("  {text}"), theme.muted)),
        );
    }
}

fn partition_page(
    partition: &PartitionTruth,
    truth: &Truth,
    now: Timestamp,
    theme: &Theme,
) -> Vec<Line> {
    let names = |ids: &[std::sync::Arc<str>]| {
        ids.iter()
            .map(AsRef::as_ref)
            .collect::<Vec<&str>>()
            .join(", ")
    };
    let status = if partition.status == PartitionStatus::Serving {
        vec![span(format!("{} serving", theme.glyphs.good), theme.good)]
    } else {
        labels::partition_state(partition, theme)
    };
    let mut lines = vec![
        Line::spans("state", status, theme),
        Line::spans("leader", labels::leader(partition, theme), theme),
        Line::pair("replicas", names(&partition.replicas), theme),
        Line::pair("in sync", names(&partition.isr), theme),
        Line::pair(
            "paused",
            truth_and_flag(partition.paused, partition.paused_flag),
            theme,
        ),
        Line::pair(
            "readonly",
            truth_and_flag(partition.readonly, partition.readonly_flag),
            theme,
        ),
        Line::spans("messages/s", labels::rate(partition.rate, theme), theme),
        Line::spans(
            "last message",
            labels::ago(partition.last_message, now, theme),
            theme,
        ),
        Line::gap(),
    ];
    for witness in truth.witnesses(partition) {
        let number = |number: Option<i64>| number.map_or_else(|| "?".to_owned(), format::count);
        let age = witness
            .at
            .map_or_else(|| "never".to_owned(), |at| format::ago(at, now));
        let text = format!(
            "high watermark {}, newest {}, {age} ago",
            number(witness.high_watermark),
            number(witness.newest_offset)
        );
        lines.push(Line::pair(witness.broker, text, theme));
        if let Some(failure) = witness.failure {
            lines.push(Line::spans(
                "",
                vec![span(&*failure.sentence, theme.broken)],
                theme,
            ));
        }
    }
    lines.extend(disagreement(partition, theme));
    lines
}

/// What is so, and what metadata's flag says where that is something else.
fn truth_and_flag(known: Known, flag: bool) -> String {
    let word = |yes| if yes { "yes" } else { "no" };
    match known.as_bool() {
        Some(is) if is == flag => word(is).to_owned(),
        Some(is) => format!("{}, though metadata says {}", word(is), word(flag)),
        None => format!("not known; metadata says {}", word(flag)),
    }
}

fn disagreement(partition: &PartitionTruth, theme: &Theme) -> Vec<Line> {
    let Some(disagreement) = &partition.disagreement else {
        return Vec::new();
    };
    let mut lines = vec![
        Line::gap(),
        Line::head("what brokers do not agree on", theme),
    ];
    for (broker, leader) in &disagreement.leader {
        let leader = leader.as_deref().unwrap_or("nobody");
        lines.push(Line::pair(broker, format!("says {leader} leads"), theme));
    }
    for (broker, isr) in &disagreement.isr {
        let names: Vec<&str> = isr.iter().map(AsRef::as_ref).collect();
        lines.push(Line::pair(
            broker,
            format!("says {} are in sync", names.join(", ")),
            theme,
        ));
    }
    for broker in &disagreement.absent {
        lines.push(Line::pair(broker, "does not know the stream", theme));
    }
    lines
}

fn cursor_page(cursor: &CursorTruth, app: &App, theme: &Theme) -> Vec<Line> {
    let (entry, now) = (&cursor.entry, app.now());
    let stored = format::date(entry.time, app.settings().utc_offset);
    let mut lines = vec![
        Line::pair(
            "reads",
            format!("{}:{}", entry.stream, entry.partition),
            theme,
        ),
        Line::pair("offset", format::count(entry.offset), theme),
        Line::spans("newest", labels::known(cursor.newest_offset, theme), theme),
        Line::spans("lag", labels::known(cursor.lag, theme), theme),
        Line::pair(
            "stored",
            format!("{stored}  ({} ago)", format::ago(entry.time, now)),
            theme,
        ),
    ];
    if let Some(group) = entry.group() {
        lines.insert(0, Line::pair("group", group, theme));
    }
    if let Some(lag) = cursor.lag_time {
        let least = if lag.bounded { "" } else { "at least " };
        lines.push(Line::pair(
            "behind",
            format!("{least}{}", format::exact_age(lag.at_least)),
            theme,
        ));
    }
    lines.push(Line::spans(
        "messages/s",
        labels::rate(cursor.speed, theme),
        theme,
    ));
    let drained = cursor
        .drain
        .map_or_else(|| "not at this speed".to_owned(), format::exact_age);
    lines.push(Line::pair("drained in", drained, theme));
    if let Some(since) = cursor.still_since {
        let text = format!(
            "for {}, with messages to read",
            format::exact_age(since.age(now))
        );
        lines.push(Line::spans(
            "stands still",
            vec![span(text, theme.degraded)],
            theme,
        ));
    }
    lines
}

fn group_page(group: &GroupInfo, truth: &Truth, theme: &Theme) -> Vec<Line> {
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "not known".to_owned());
    let members = group.members.as_ref().map(|members| members.join(", "));
    let streams: Vec<&str> = group.streams.iter().map(AsRef::as_ref).collect();
    let mut lines = vec![
        Line::pair("members", or_unknown(members), theme),
        Line::pair("streams", streams.join(", "), theme),
        Line::pair("coordinator", or_unknown(group.coordinator.clone()), theme),
        Line::pair(
            "epoch",
            or_unknown(group.epoch.map(|epoch| epoch.to_string())),
            theme,
        ),
    ];
    let own = truth
        .cursors
        .iter()
        .filter(|cursor| cursor.entry.group() == Some(&*group.id));
    let own: Vec<Line> = own.map(|cursor| reader_line(cursor, theme)).collect();
    if !own.is_empty() {
        lines.extend([Line::gap(), Line::head("cursors", theme)]);
        lines.extend(own);
    }
    lines
}

fn event_page(event: &crate::model::ActivityEvent, app: &App, theme: &Theme) -> Vec<Line> {
    vec![
        Line::pair("what", activity::verb(&event.kind), theme),
        Line::pair("target", activity::target(&event.kind), theme),
        Line::pair(
            "time",
            format::date(event.time, app.settings().utc_offset),
            theme,
        ),
        Line::pair("id", event.id.to_string(), theme),
    ]
}

fn finding_page(finding: &Finding, now: Timestamp, theme: &Theme) -> Vec<Line> {
    let (sign, style) = labels::severity(finding.severity, theme);
    let mut lines = vec![
        Line(vec![
            span(format!("{sign} "), style),
            span(&*finding.message, theme.text),
        ]),
        Line::gap(),
    ];
    lines.extend(
        finding
            .detail
            .iter()
            .map(|text| Line::text(text, theme.text)),
    );
    lines.push(Line::gap());
    if finding.since.is_set() {
        lines.push(Line::pair(
            "since",
            format::exact_age(finding.since.age(now)),
            theme,
        ));
    }
    lines.push(Line::pair("rule", finding.rule.as_str(), theme));
    lines
}
