//! What would follow if a broker were lost.

use ratatui::style::Style;

use super::Line;
use crate::app::App;
use crate::health::{BrokerLoss, BrokerTruth, LossOutcome, PartitionLoss, Reach};
use crate::model::{Timestamp, counted_of, verb_of};
use crate::ui::format;
use crate::ui::painter::span;
use crate::ui::theme::Theme;

/// What would follow from the loss of a broker, partition by partition; of one that is down, what its absence means.
pub(in crate::ui) fn what_if_detail(broker: &BrokerTruth, app: &App, theme: &Theme) -> Vec<Line> {
    let loss = BrokerLoss::of(broker, app.truth(), app.health_options());
    let mut lines = heads(broker, &loss, app.now(), theme);
    lines.push(Line::gap());
    for outcome in outcomes(&loss) {
        lines.push(outcome_line(broker, &loss, outcome, theme));
        let partitions = loss.partitions.iter();
        let partitions = partitions.filter(|one| one.outcome == outcome);
        let rows = partitions.map(|one| partition(one, is_down(broker)));
        lines.extend(rows.map(|text| Line::text(format!("    {text}"), theme.muted)));
        lines.push(Line::gap());
    }
    lines.truncate(lines.len().saturating_sub(1));
    lines.extend(no_replica(broker, &loss, theme));
    lines
}

/// What would follow from the loss of a broker, in numbers alone.
pub(in crate::ui) fn what_if_summary(broker: &BrokerTruth, app: &App, theme: &Theme) -> Vec<Line> {
    let loss = BrokerLoss::of(broker, app.truth(), app.health_options());
    let mut lines = heads(broker, &loss, app.now(), theme);
    let outcomes = outcomes(&loss);
    lines.extend(outcomes.map(|outcome| outcome_line(broker, &loss, outcome, theme)));
    lines.extend(no_replica(broker, &loss, theme));
    lines
}

/// Whether there is nothing left to be lost.
fn is_down(broker: &BrokerTruth) -> bool {
    matches!(broker.reach, Reach::Silent { .. })
}

/// What becomes of any partition, the worst first.
fn outcomes(loss: &BrokerLoss) -> impl Iterator<Item = LossOutcome> {
    let all = LossOutcome::ALL.into_iter();
    all.filter(|outcome| loss.partitions.iter().any(|one| one.outcome == *outcome))
}

/// What is asked, and whether those left are a majority.
fn heads(broker: &BrokerTruth, loss: &BrokerLoss, now: Timestamp, theme: &Theme) -> Vec<Line> {
    let name = broker.name();
    let mut lines = match broker.reach {
        Reach::Silent { since } => {
            let ago = format::ago(since, now);
            let text = format!("It has not answered for {ago}. This is what its absence means:");
            vec![
                Line::text(format!("{name} is down already"), theme.title),
                Line::text(text, theme.text),
            ]
        }
        Reach::Answering => vec![Line::text(format!("If {name} were lost now"), theme.title)],
        Reach::NotAskedYet | Reach::AddressUnknown { .. } => vec![
            Line::text(format!("If {name} were lost now"), theme.title),
            Line::text("Whether it answers is not known.", theme.unknown),
        ],
    };
    lines.push(majority(loss, is_down(broker), theme));
    lines
}

fn no_replica(broker: &BrokerTruth, loss: &BrokerLoss, theme: &Theme) -> Option<Line> {
    let text = if is_down(broker) {
        "It has no replica: no partition is affected."
    } else {
        "It has no replica: no partition would be affected."
    };
    let is_so = loss.partitions.is_empty();
    is_so.then(|| Line::text(text, theme.text))
}

fn outcome_line(
    broker: &BrokerTruth,
    loss: &BrokerLoss,
    outcome: LossOutcome,
    theme: &Theme,
) -> Line {
    let (sign, style) = mark(outcome, theme);
    let (would, does) = words(outcome);
    let partitions = loss.partitions.iter();
    let count = partitions.filter(|one| one.outcome == outcome).count();
    let [one, several] = does;
    let text = match (is_down(broker), count) {
        (false, _) => would,
        (true, 1) => one,
        (true, _) => several,
    };
    let count = format::count_usize(count);
    Line(vec![
        span(format!("{sign} {count} "), style),
        span(text, theme.text),
    ])
}

/// How bad that is.
fn mark(outcome: LossOutcome, theme: &Theme) -> (&'static str, Style) {
    match outcome {
        LossOutcome::Leaderless
        | LossOutcome::NoElection
        | LossOutcome::BelowMinIsr
        | LossOutcome::CommitsWait => (theme.glyphs.broken, theme.broken),
        LossOutcome::StaysPaused | LossOutcome::NewLeader => {
            (theme.glyphs.degraded, theme.degraded)
        }
        LossOutcome::FewerReplicas => (theme.glyphs.good, theme.good),
    }
}

/// What would become of partitions, and what has become of one and of several.
fn words(outcome: LossOutcome) -> (&'static str, [&'static str; 2]) {
    match outcome {
        LossOutcome::Leaderless => (
            "would have no leader: no other in-sync replica answers",
            [
                "has no leader until it is back",
                "have no leader until it is back",
            ],
        ),
        LossOutcome::NoElection => (
            "would have no leader: no majority would elect another",
            [
                "has no leader: no majority elects another",
                "have no leader: no majority elects another",
            ],
        ),
        LossOutcome::CommitsWait => (
            "would commit nothing: no majority takes this replica out of the ISR",
            [
                "commits nothing: no majority takes this replica out of the ISR",
                "commit nothing: no majority takes this replica out of the ISR",
            ],
        ),
        LossOutcome::StaysPaused => (
            "would stay paused, and elect nobody before they are resumed",
            [
                "stays paused, and elects nobody before it is resumed",
                "stay paused, and elect nobody before they are resumed",
            ],
        ),
        LossOutcome::BelowMinIsr => (
            "would commit nothing: below their minimum ISR",
            [
                "commits nothing until it is back: below its minimum ISR",
                "commit nothing until it is back: below their minimum ISR",
            ],
        ),
        LossOutcome::NewLeader => (
            "would get another leader, within about 15s",
            [
                "waits for another leader, about 15s from the loss on",
                "wait for another leader, about 15s from the loss on",
            ],
        ),
        LossOutcome::FewerReplicas => (
            "would go on with a replica less",
            [
                "goes on with a replica less: when it is back, it copies what it lacks",
                "go on with a replica less: when it is back, it copies what it lacks",
            ],
        ),
    }
}

fn majority(loss: &BrokerLoss, is_down: bool, theme: &Theme) -> Line {
    let brokers = counted_of(loss.left, loss.brokers, "broker");
    let (text, style) = match (is_down, loss.keeps_majority) {
        (false, true) => (
            format!("{brokers} would be left: they would go on electing leaders."),
            theme.text,
        ),
        (false, false) => (
            format!(
                "{brokers} would be left, no majority: nothing could be created, changed or elected."
            ),
            theme.broken,
        ),
        (true, true) => {
            let verb = verb_of(loss.brokers, "answer");
            let text = format!("{brokers} {verb}: they go on electing leaders.");
            (text, theme.text)
        }
        (true, false) => {
            let verb = verb_of(loss.brokers, "answer");
            let text = format!(
                "{brokers} {verb}, no majority: nothing can be created, changed or elected."
            );
            (text, theme.broken)
        }
    };
    Line::text(text, style)
}

fn partition(loss: &PartitionLoss, is_down: bool) -> String {
    let place = format!("{}:{}", loss.stream, loss.partition);
    match (loss.outcome, loss.in_sync.as_slice()) {
        (LossOutcome::NewLeader, [only]) => format!("{place}  {only}"),
        (LossOutcome::NewLeader, several) => format!("{place}  one of {}", several.join(", ")),
        (LossOutcome::Leaderless, _) if is_down && !loss.was_in_sync => {
            format!("{place}  waits for another broker: this one is not in sync")
        }
        _ => place,
    }
}
