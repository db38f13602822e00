//! Which brokers may be restarted now, one after the other, and why others may not.

use std::sync::Arc;

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
        lines.extend(reasons.map(|reason| Line::text(format!("    {}", reason.text), theme.text)));
        if check.reasons.is_empty() && check.leads > 0 {
            let text = "    what it leads goes to other in-sync replicas if it is away for 15s";
            lines.push(Line::text(text, theme.muted));
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

/// Whom to restart next.
fn next(
    checks: &[RestartCheck],
    downtime_only: impl Fn(&RestartCheck) -> bool,
    theme: &Theme,
) -> Line {
    let came_back = checks.iter().filter(|one| one.back_since.is_some()).count();
    match checks.first() {
        Some(first) if first.safety == RestartSafety::Safe && came_back == checks.len() => {
            Line::text(
                "All of them came back while this was watched, and all is in sync.",
                theme.good,
            )
        }
        Some(first) if first.safety == RestartSafety::Safe => {
            Line::text(format!("Next: {}", first.broker), theme.good)
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
