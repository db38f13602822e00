//! What would follow if a broker were lost: who would lead what it leads, and what would stand still.
//!
//! Worked out from the truth as it is; what Liftbridge would really elect, it decides by itself.

use super::Line;
use crate::health::{BrokerTruth, HealthOptions, PartitionTruth, StreamTruth, Truth};
use crate::ui::format;
use crate::ui::painter::span;
use crate::ui::theme::Theme;

/// What a loss would do to one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Loss {
    /// Nobody in sync would be left to lead it.
    Dark,
    /// Nothing would commit: fewer in-sync replicas than its stream needs.
    BelowMinimum,
    /// Another in-sync replica would lead it.
    Moves,
    /// It would have a replica less.
    Shorter,
}

/// The text about the loss of a broker.
pub(in crate::ui) fn loss_detail(
    broker: &BrokerTruth,
    truth: &Truth,
    options: &HealthOptions,
    theme: &Theme,
) -> Vec<Line> {
    let mut lines = vec![Line::text(
        format!("If {} were lost now", broker.name()),
        theme.title,
    )];
    lines.push(majority(broker, truth, theme));
    let touched = touched(broker.name(), truth, options);
    for loss in [Loss::Dark, Loss::BelowMinimum, Loss::Moves, Loss::Shorter] {
        let hit: Vec<&(Loss, String)> = touched.iter().filter(|(one, _)| *one == loss).collect();
        if hit.is_empty() {
            continue;
        }
        lines.push(Line::gap());
        let (sign, style, words) = match loss {
            Loss::Dark => (
                theme.glyphs.broken,
                theme.broken,
                "would have no leader: no other replica is in sync",
            ),
            Loss::BelowMinimum => (
                theme.glyphs.broken,
                theme.broken,
                "would commit nothing: below their minimum ISR",
            ),
            Loss::Moves => (
                theme.glyphs.degraded,
                theme.degraded,
                "would be led by another, within about 15s",
            ),
            Loss::Shorter => (
                theme.glyphs.good,
                theme.good,
                "would go on with a replica less",
            ),
        };
        let count = format::count_usize(hit.len());
        lines.push(Line(vec![
            span(format!("{sign} {count} "), style),
            span(words, theme.text),
        ]));
        for (_, text) in hit {
            lines.push(Line::text(format!("    {text}"), theme.muted));
        }
    }
    if touched.is_empty() {
        lines.push(Line::gap());
        lines.push(Line::text(
            "It holds no replica: no partition would notice.",
            theme.text,
        ));
    }
    lines
}

fn majority(broker: &BrokerTruth, truth: &Truth, theme: &Theme) -> Line {
    let all = truth.brokers.len();
    let left = truth
        .brokers
        .iter()
        .filter(|one| one.is_answering() && one.name() != broker.name());
    let left = left.count();
    if left * 2 > all {
        let text =
            format!("{left} of {all} brokers would be left: they would go on electing leaders.");
        return Line::text(text, theme.text);
    }
    let text = format!(
        "{left} of {all} brokers would be left, no majority: nothing could be created, changed or elected."
    );
    Line::text(text, theme.broken)
}

fn touched(name: &str, truth: &Truth, options: &HealthOptions) -> Vec<(Loss, String)> {
    let mut touched = Vec::new();
    for stream in &truth.streams {
        for partition in stream.partitions.iter() {
            touched.extend(loss_of(name, stream, partition, truth, options));
        }
    }
    touched
}

fn loss_of(
    name: &str,
    stream: &StreamTruth,
    partition: &PartitionTruth,
    truth: &Truth,
    options: &HealthOptions,
) -> Option<(Loss, String)> {
    if !partition.replicas.iter().any(|id| &**id == name) {
        return None;
    }
    let answers = |id: &str| truth.broker(id).is_some_and(BrokerTruth::is_answering);
    let left: Vec<&str> = partition
        .isr
        .iter()
        .map(|id| &**id)
        .filter(|id| *id != name && answers(id))
        .collect();
    let place = format!("{}:{}", stream.name, partition.id);
    let leads = partition.leader.as_deref() == Some(name);
    let minimum = options.min_isr_of(&stream.name).unwrap_or(1);
    let loss = match (leads, left.is_empty(), left.len() < minimum) {
        (_, true, _) => Loss::Dark,
        (_, false, true) => Loss::BelowMinimum,
        (true, false, false) => Loss::Moves,
        (false, false, false) => Loss::Shorter,
    };
    let text = match loss {
        Loss::Moves if left.len() == 1 => format!("{place}  {}", left.join("")),
        Loss::Moves => format!("{place}  one of {}", left.join(", ")),
        Loss::Dark | Loss::BelowMinimum | Loss::Shorter => place,
    };
    Some((loss, text))
}
