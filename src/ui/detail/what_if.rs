//! What would follow if a broker were lost.

use super::Line;
use crate::health::{BrokerLoss, BrokerTruth, HealthOptions, LossOutcome, PartitionLoss, Truth};
use crate::model::counted_of;
use crate::ui::format;
use crate::ui::painter::span;
use crate::ui::theme::Theme;

/// What would follow from the loss of a broker.
pub(in crate::ui) fn what_if_detail(
    broker: &BrokerTruth,
    truth: &Truth,
    options: &HealthOptions,
    theme: &Theme,
) -> Vec<Line> {
    let loss = BrokerLoss::of(broker, truth, options);
    let title = format!("If {} were lost now", broker.name());
    let mut lines = vec![Line::text(title, theme.title), majority(&loss, theme)];
    for outcome in LossOutcome::ALL {
        let all = loss.partitions.iter();
        let partitions: Vec<&PartitionLoss> = all.filter(|one| one.outcome == outcome).collect();
        if partitions.is_empty() {
            continue;
        }
        let (sign, style, text) = match outcome {
            LossOutcome::Leaderless => (
                theme.glyphs.broken,
                theme.broken,
                "would have no leader: no other replica is in sync",
            ),
            LossOutcome::BelowMinIsr => (
                theme.glyphs.broken,
                theme.broken,
                "would commit nothing: below their minimum ISR",
            ),
            LossOutcome::NewLeader => (
                theme.glyphs.degraded,
                theme.degraded,
                "would get another leader, within about 15s",
            ),
            LossOutcome::FewerReplicas => (
                theme.glyphs.good,
                theme.good,
                "would go on with a replica less",
            ),
        };
        let count = format::count_usize(partitions.len());
        lines.push(Line::gap());
        lines.push(Line(vec![
            span(format!("{sign} {count} "), style),
            span(text, theme.text),
        ]));
        let rows = partitions.into_iter().map(partition);
        lines.extend(rows.map(|text| Line::text(format!("    {text}"), theme.muted)));
    }
    if loss.partitions.is_empty() {
        lines.push(Line::gap());
        lines.push(Line::text(
            "It has no replica: no partition would be affected.",
            theme.text,
        ));
    }
    lines
}

fn majority(loss: &BrokerLoss, theme: &Theme) -> Line {
    let left = format!(
        "{} would be left",
        counted_of(loss.left, loss.brokers, "broker")
    );
    if loss.keeps_majority {
        let text = format!("{left}: they would go on electing leaders.");
        return Line::text(text, theme.text);
    }
    let text = format!("{left}, no majority: nothing could be created, changed or elected.");
    Line::text(text, theme.broken)
}

fn partition(loss: &PartitionLoss) -> String {
    let place = format!("{}:{}", loss.stream, loss.partition);
    match (loss.outcome, loss.in_sync.as_slice()) {
        (LossOutcome::NewLeader, [only]) => format!("{place}  {only}"),
        (LossOutcome::NewLeader, several) => format!("{place}  one of {}", several.join(", ")),
        _ => place,
    }
}
