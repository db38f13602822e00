//! Which brokers may be restarted now, one after the other, and why others may not.

use std::sync::Arc;

use ratatui::style::Style;

use super::Line;
use crate::health::{HealthOptions, RestartCheck, RestartSafety, Truth};
use crate::model::Timestamp;
use crate::ui::format;
use crate::ui::painter::span;
use crate::ui::theme::Theme;

/// The plan for these brokers, or for all where none is named, as of now.
pub(in crate::ui) fn restart_plan_detail(
    brokers: &[Arc<str>],
    truth: &Truth,
    options: &HealthOptions,
    now: Timestamp,
    theme: &Theme,
) -> Vec<Line> {
    // Whoever restarts by hand sees what stops meanwhile; a script has to allow it.
    let mut checks = RestartCheck::of_all(truth, options, false);
    checks.retain(|check| brokers.is_empty() || brokers.contains(&check.broker));
    let downtime_only = |check: &RestartCheck| {
        let broker = truth.broker(&check.broker);
        broker.is_some_and(|broker| {
            let allowed = RestartCheck::of(broker, truth, options, true);
            allowed.safety == RestartSafety::Safe
        })
    };
    let mut lines = vec![next(&checks, downtime_only, theme)];
    let names = checks.iter().map(|check| format::width(&check.broker));
    let width = names.max().unwrap_or(0);
    for check in &checks {
        let (sign, style, word) = match check.safety {
            RestartSafety::Safe => (theme.glyphs.good, theme.good, "safe"),
            RestartSafety::Wait => (theme.glyphs.degraded, theme.degraded, "wait"),
            RestartSafety::Down => (theme.glyphs.broken, theme.broken, "down"),
            RestartSafety::Dangerous => (theme.glyphs.broken, theme.broken, "dangerous"),
        };
        let mut head = vec![
            span(
                format!("{sign} {}  ", format::pad(&check.broker, width)),
                style,
            ),
            span(format::pad(word, 9), style),
            span(format!("  leads {}", check.leads), theme.muted),
        ];
        if let Some(since) = check.back_since {
            let ago = format!("  came back {} ago", format::ago(since, now));
            head.push(span(ago, theme.muted));
        }
        lines.push(Line::gap());
        lines.push(Line(head));
        let reasons = check.reasons.iter();
        lines.extend(reasons.map(|reason| indented(&reason.text, theme.text)));
        if check.reasons.is_empty() && check.leads > 0 {
            let text = "what it leads goes to other in-sync replicas if it is away for 15s";
            lines.push(indented(text, theme.muted));
        }
    }
    lines.push(Line::gap());
    lines.push(Line::text(
        "Restart one, wait here until it is back and all is in sync, then the next. \
         liftui restart-plan --exec COMMAND does that by itself.",
        theme.muted,
    ));
    lines
}

/// A sentence below a broker's name, which stays there where it is wrapped.
fn indented(text: &str, style: Style) -> Line {
    Line(vec![span("    ", style), span(text.to_owned(), style)])
}

/// Whom to restart next.
fn next(
    checks: &[RestartCheck],
    downtime_only: impl Fn(&RestartCheck) -> bool,
    theme: &Theme,
) -> Line {
    let of = |safety| checks.iter().filter(move |check| check.safety == safety);
    let (safe, down) = (|| of(RestartSafety::Safe), || of(RestartSafety::Down));
    let next = safe().find(|check| check.back_since.is_none());
    match checks.first() {
        Some(_) if safe().count() == checks.len() && next.is_none() => Line::text(
            "All of them came back while this was watched, and all is in sync.",
            theme.good,
        ),
        Some(_) if next.is_some() => {
            let name = next.map(|check| &*check.broker).unwrap_or_default();
            Line::text(format!("Next: {name}"), theme.good)
        }
        Some(first) if first.safety == RestartSafety::Safe => Line::text(
            "Wait: those that are safe came back already.",
            theme.degraded,
        ),
        Some(_) if down().next().is_some() => {
            let names: Vec<&str> = down().map(|check| &*check.broker).collect();
            let text = format!(
                "Start {} first: no other may be restarted before.",
                names.join(", ")
            );
            Line::text(text, theme.broken)
        }
        Some(first) if first.safety == RestartSafety::Wait => {
            Line::text("Wait: none may be restarted now.", theme.degraded)
        }
        Some(first) if downtime_only(first) => {
            let least = &first.broker;
            let text = format!("None without downtime: each stops something; {least} the least");
            Line::text(text, theme.degraded)
        }
        Some(_) => Line::text(
            "Restart none: it would lose or stop something.",
            theme.broken,
        ),
        None => Line::text("No broker is known.", theme.muted),
    }
}
