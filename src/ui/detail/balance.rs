//! How evenly the brokers lead and hold partitions, and what would even it.

use super::Line;
use super::replicas::bar;
use crate::health::{Balance, Truth};
use crate::ui::format;
use crate::ui::painter::span;
use crate::ui::theme::Theme;

/// Columns of a bar.
const BAR: usize = 14;

/// The load of each broker beside an even one.
pub(in crate::ui) fn balance_detail(truth: &Truth, theme: &Theme) -> Vec<Line> {
    let balance = Balance::of(truth);
    let brokers = &balance.brokers;
    let name = brokers.iter().map(|load| format::width(&load.broker));
    let name = name.max().unwrap_or(0).max(6);
    let most = |count: fn(&crate::health::BrokerLoad) -> usize| {
        let counts = brokers.iter().map(count);
        as_i64(counts.max().unwrap_or(0).max(1))
    };
    let (most_leads, most_replicas) = (most(|load| load.leaders), most(|load| load.replicas));
    let mut lines = vec![Line(vec![span(
        format!(
            "{}  {}  {}",
            format::pad("", name),
            format::pad("leads", BAR + 6),
            "holds"
        ),
        theme.head,
    )])];
    for load in brokers {
        let style = if load.is_answering {
            theme.text
        } else {
            theme.broken
        };
        let (leads, holds) = (as_i64(load.leaders), as_i64(load.replicas));
        lines.push(Line(vec![
            span(format!("{}  ", format::pad(&load.broker, name)), style),
            bar(leads, most_leads, BAR, theme),
            span(
                format!(" {}  ", format::pad(&load.leaders.to_string(), 5)),
                style,
            ),
            bar(holds, most_replicas, BAR, theme),
            span(format!(" {}", load.replicas), style),
        ]));
    }
    lines.push(Line::text(
        format!(
            "{}  {}  {}{:.1}",
            format::pad("even", name),
            format::pad(
                &format!("{}{:.1}", " ".repeat(BAR + 1), balance.even_leaders()),
                BAR + 6
            ),
            " ".repeat(BAR + 1),
            balance.even_replicas()
        ),
        theme.muted,
    ));
    for sentence in balance.advice {
        lines.push(Line::gap());
        lines.push(Line::text(sentence, theme.text));
    }
    lines
}

fn as_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
