//! What is known of a broker. Values come with their age and their source (I15).

use super::{Line, TextBuilder};
use crate::health::{BrokerTruth, Finding, StreamTruth, Truth};
use crate::model::{Target, Timestamp, counted, format_ranges};
use crate::ui::format;
use crate::ui::labels;
use crate::ui::theme::Theme;

/// What is known of a broker, and what is wrong with it.
pub(in crate::ui) fn broker_detail(
    broker: &BrokerTruth,
    truth: &Truth,
    now: Timestamp,
    theme: &Theme,
) -> Vec<Line> {
    let mut text = facts(broker, truth, now, theme);
    let is_about =
        |one: &&Finding| matches!(&one.target, Target::Broker(id) if **id == *broker.name());
    text.findings(truth.findings.iter().filter(is_about));
    text.lines
}

/// What is known of a broker.
pub(in crate::ui) fn broker_facts(
    broker: &BrokerTruth,
    truth: &Truth,
    now: Timestamp,
    theme: &Theme,
) -> Vec<Line> {
    facts(broker, truth, now, theme).lines
}

fn facts<'a>(
    broker: &BrokerTruth,
    truth: &Truth,
    now: Timestamp,
    theme: &'a Theme,
) -> TextBuilder<'a> {
    let or = |names: Vec<String>, separator: &str, none: &str| {
        if names.is_empty() {
            return none.to_owned();
        }
        names.join(separator)
    };
    let mut text = TextBuilder::new(theme);
    text.spans("state", labels::broker_state(broker, theme, now));
    text.pair("address", broker.address.to_string());
    if let Some(failure) = &broker.failure {
        text.styled("why", &*failure.sentence, theme.broken);
        let failures = format::count(broker.failures.into());
        text.pair("polls", format!("{failures} in a row did not answer"));
    }
    if let Some(at) = broker.last_answer {
        let took = broker.latency.map(format::latency).unwrap_or_default();
        let ago = format::ago(at, now);
        text.pair("last answer", format!("{ago} ago, took {took}"));
    }
    let listed_by = broker.listed_by.iter().map(ToString::to_string).collect();
    text.pair("listed by", or(listed_by, ", ", "nobody else"));
    text.pair("replicas", counted(broker.partitions, "partition"));
    let leads = truth
        .streams
        .iter()
        .filter_map(|stream| led_of(stream, broker.name()));
    text.pair("leads", or(leads.collect(), "  ", "nothing"));
    text
}

/// The partitions of a stream that a broker leads.
fn led_of(stream: &StreamTruth, broker: &str) -> Option<String> {
    let partitions = stream.partitions.iter();
    let led = partitions.filter(|partition| partition.leader.as_deref() == Some(broker));
    let ids: Vec<i32> = led.map(|partition| partition.id).collect();
    (!ids.is_empty()).then(|| format!("{}:{}", stream.name, format_ranges(&ids)))
}
