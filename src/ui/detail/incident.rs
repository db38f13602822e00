//! The text about an incident: how long, what it touched, and what happened, in order.

use super::Line;
use super::text_builder::TextBuilder;
use crate::app::App;
use crate::health::{Incident, IncidentEvent, IncidentEventKind};
use crate::model::{Timestamp, counted, first_names};
use crate::ui::format;
use crate::ui::painter::span;
use crate::ui::theme::Theme;

/// All that is known of an incident.
pub(in crate::ui) fn incident_detail(incident: &Incident, app: &App, theme: &Theme) -> Vec<Line> {
    let mut text = TextBuilder::new(theme);
    text.text(&incident.title, theme.title);
    text.gap();
    facts(incident, app, &mut text);
    text.gap();
    for event in &incident.events {
        text.lines.push(event_line(event, app, theme));
        for evidence in &event.evidence {
            text.lines.push(Line(vec![
                span(indent(event, app), theme.text),
                span(evidence.clone(), theme.muted),
            ]));
        }
    }
    left_out(incident, &mut text);
    text.lines
}

/// What happened in an incident, an event a line.
pub(in crate::ui) fn incident_events(incident: &Incident, app: &App, theme: &Theme) -> Vec<Line> {
    let mut text = TextBuilder::new(theme);
    facts(incident, app, &mut text);
    text.gap();
    let events = incident.events.iter();
    text.lines
        .extend(events.map(|event| event_line(event, app, theme)));
    left_out(incident, &mut text);
    text.lines
}

/// Names of what an incident touched that are all shown.
const MOST_NAMES: usize = 12;

fn facts(incident: &Incident, app: &App, text: &mut TextBuilder<'_>) {
    let began = app.times().date(incident.began());
    let about = if incident.at_least { ", or before" } else { "" };
    text.pair("began", format!("{began}{about}"));
    let length = format::exact_age(incident.length());
    let lasts = app.incidents().lasts(incident.began);
    text.pair(
        "lasted",
        match (lasts, incident.is_open()) {
            (true, _) => format!("{length} so far"),
            (false, true) => format!("{length}, and nobody saw its end"),
            (false, false) => length,
        },
    );
    let touched: Vec<&str> = incident.touched.iter().map(String::as_str).collect();
    let names = if touched.len() > MOST_NAMES {
        first_names(&touched)
    } else {
        touched.join("  ")
    };
    text.pair("touched", names);
    let uncommitted = incident.uncommitted();
    if uncommitted > 0 {
        let streams: Vec<&str> = incident.uncommitted.keys().map(String::as_str).collect();
        let count = counted(
            usize::try_from(uncommitted).unwrap_or(usize::MAX),
            "message",
        );
        let text_of = format!(
            "{count} waited for a commit at the most: {}",
            streams.join(" ")
        );
        text.pair("not acked", text_of);
    }
}

fn left_out(incident: &Incident, text: &mut TextBuilder<'_>) {
    if incident.left_out > 0 {
        let more = format!(
            "{} more events are left out",
            format::count_u64(incident.left_out)
        );
        text.text(more, text.theme.muted);
    }
}

/// The columns before the words of an event: the time, the sign.
fn indent(event: &IncidentEvent, app: &App) -> String {
    " ".repeat(event_time(event, app).len() + 4)
}

fn event_time(event: &IncidentEvent, app: &App) -> String {
    app.times().seconds(Timestamp(event.at), app.now())
}

/// What happened, and when.
pub(in crate::ui) fn event_line(event: &IncidentEvent, app: &App, theme: &Theme) -> Line {
    let glyphs = &theme.glyphs;
    let (sign, style) = match event.kind {
        IncidentEventKind::Critical => (glyphs.broken, theme.broken),
        IncidentEventKind::Warning => (glyphs.degraded, theme.degraded),
        IncidentEventKind::Over => (glyphs.good, theme.good),
        IncidentEventKind::Leader | IncidentEventKind::Isr | IncidentEventKind::Acknowledged => {
            (glyphs.dot, theme.muted)
        }
    };
    Line(vec![
        span(event_time(event, app), theme.muted),
        span(format!("  {sign} "), style),
        span(event.text.clone(), theme.text),
    ])
}
