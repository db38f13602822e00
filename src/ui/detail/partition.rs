//! What is known of a partition, what each broker reports of it, and on what they do not agree.

use super::{Line, TextBuilder};
use crate::app::row_key::PartitionKey;
use crate::health::{Disagreement, Known, PartitionStatus, PartitionTruth, Truth};
use crate::model::{BrokerId, Timestamp};
use crate::ui::format;
use crate::ui::labels;
use crate::ui::painter::span;
use crate::ui::theme::Theme;

/// A partition's name, and what is known of it.
pub(in crate::ui) fn partition_detail(
    (stream, id): &PartitionKey,
    truth: &Truth,
    now: Timestamp,
    theme: &Theme,
) -> (String, Vec<Line>) {
    let partition = truth.partition(stream, *id);
    let lines = partition.map(|partition| lines(partition, truth, now, theme));
    let lines = lines.unwrap_or_else(|| super::gone_text("The partition", theme));
    (format!("{stream}:{id}"), lines)
}

fn lines(partition: &PartitionTruth, truth: &Truth, now: Timestamp, theme: &Theme) -> Vec<Line> {
    let state = if partition.status == PartitionStatus::Serving {
        vec![span(format!("{} serving", theme.glyphs.good), theme.good)]
    } else {
        labels::partition_state(partition, theme)
    };
    let paused = truth_and_flag(partition.paused, partition.paused_flag);
    let readonly = truth_and_flag(partition.readonly, partition.readonly_flag);
    let last = labels::ago(partition.last_message, now, theme);
    let mut text = TextBuilder::new(theme);
    text.spans("state", state);
    text.spans("leader", labels::leader(partition, theme));
    text.pair("replicas", names(&partition.replicas));
    text.pair("in sync", names(&partition.in_sync));
    let counted = partition.isr.iter();
    let silent: Vec<BrokerId> = counted
        .filter(|id| !partition.in_sync.contains(id))
        .cloned()
        .collect();
    if !silent.is_empty() {
        let still = format!("{} still counted, though silent", names(&silent));
        text.styled("", still, theme.degraded);
    }
    text.pair("paused", paused);
    text.pair("readonly", readonly);
    text.spans("messages/s", labels::rate(partition.rate, theme));
    text.spans("last message", last);
    text.gap();
    for view in truth.replica_views(partition) {
        let age = view.at.map(|at| format::ago(at, now));
        let age = age.unwrap_or_else(|| "never".to_owned());
        let (high, newest) = (
            format::offset(view.high_watermark),
            format::offset(view.newest_offset),
        );
        let report = format!("high watermark {high}, newest {newest}, {age} ago");
        text.pair(view.broker, report);
        if let Some(failure) = view.failure {
            text.styled("", &*failure.sentence, theme.broken);
        }
    }
    if let Some(disagreement) = &partition.disagreement {
        add_disagreement(disagreement, &mut text);
    }
    text.lines
}

fn names(ids: &[BrokerId]) -> String {
    ids.join(", ")
}

/// What holds, and the flag of the metadata where it differs.
fn truth_and_flag(known: Known, flag: bool) -> String {
    let word = |yes| if yes { "yes" } else { "no" };
    match known.as_bool() {
        Some(is) if is == flag => word(is).to_owned(),
        Some(is) => format!("{}, though metadata says {}", word(is), word(flag)),
        None => format!("not known; metadata says {}", word(flag)),
    }
}

fn add_disagreement(disagreement: &Disagreement, text: &mut TextBuilder<'_>) {
    text.head("what brokers do not agree on");
    for (broker, leader) in &disagreement.leader {
        let leader = leader.as_deref().unwrap_or("nobody");
        text.pair(broker, format!("reports {leader} as leader"));
    }
    for (broker, isr) in &disagreement.isr {
        text.pair(broker, format!("reports {} in sync", names(isr)));
    }
    for broker in &disagreement.unaware {
        text.pair(broker, "does not know the stream");
    }
}
