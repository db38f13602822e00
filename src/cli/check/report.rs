//! The verdict in words for people, for programs, for Nagios and for Prometheus.
//! Judges nothing.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::Arc;

use serde_json::{Value, json};

use super::acknowledged::AcknowledgedLoss;
use crate::cli::args::CheckForm;
use crate::cli::cluster_snapshot::finding;
use crate::cli::escaped_output::EscapedOutput;
use crate::client::{advice_of_all, split_advice};
use crate::health::{Finding, Truth, Verdict};
use crate::model::sanitise;
use crate::model::{BrokerId, Target, Timestamp, counted, counted_of, verb_of};

/// What there is to tell.
pub(super) struct Report {
    /// In one word.
    pub(super) verdict: Verdict,
    /// What counts, worst first.
    pub(super) findings: Vec<Finding>,
    /// All that is known.
    pub(super) truth: Arc<Truth>,
    /// Why nothing could be judged, where that is so.
    pub(super) failure: Option<String>,
    /// Why cursors could not be read and so were not judged, where that is so.
    pub(super) unread: Option<String>,
    /// How many streams were judged, where not all were.
    pub(super) judged: Option<usize>,
    /// What somebody says to know of, where that was asked for.
    pub(super) acknowledged: Option<Vec<AcknowledgedLoss>>,
}

impl Report {
    /// Prints it in that form.
    pub(super) fn print(&self, out: &mut EscapedOutput, form: CheckForm) -> io::Result<()> {
        match form {
            CheckForm::Text => self.text(out),
            CheckForm::Json => self.json(out),
            CheckForm::Nagios => self.nagios(out),
            CheckForm::Prometheus => self.prometheus(out),
        }
    }

    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let summary = self.summary();
        let verdict = self.verdict.as_str();
        writeln!(out, "{verdict}: {}", sanitise::line(&summary))?;
        let mut advice = Vec::new();
        for finding in self.root_findings() {
            let mut without_advice = |text| {
                let (line, remedy) = split_advice(text);
                advice.extend(remedy);
                sanitise::line(line)
            };
            let message = without_advice(&finding.message);
            writeln!(out, "{:<9}{message}", finding.severity.as_str())?;
            for line in &finding.detail {
                writeln!(out, "         {}", without_advice(line))?;
            }
        }
        // What each error would say of the address that its broker advertises is said once.
        if let Some(sentence) = advice_of_all(&advice) {
            writeln!(out, "{:<9}{}", "", sanitise::line(&sentence))?;
        }
        if let Some(unread) = self.unread_cursors() {
            writeln!(out, "{:<9}{}", "unknown", sanitise::line(&unread))?;
        }
        for line in self.acknowledged_lines() {
            writeln!(out, "{}", sanitise::line(&line))?;
        }
        Ok(())
    }

    /// What was taken as known by this check, where that was asked for: no later one tells it.
    fn acknowledged_lines(&self) -> Vec<String> {
        let Some(losses) = &self.acknowledged else {
            return Vec::new();
        };
        if losses.is_empty() {
            let word = "known";
            return vec![format!("{word:<9}nothing: no loss waits for --acknowledge")];
        }
        let lines = losses.iter().flat_map(|loss| {
            let detail = loss.detail().into_iter();
            let detail = detail.map(|line| format!("         {line}"));
            let head = format!("{:<9}{}", "known", loss.finding.message);
            [head].into_iter().chain(detail)
        });
        lines.collect()
    }

    /// Those that stand for themselves: what a silent broker explains is told below it.
    pub(super) fn root_findings(&self) -> impl Iterator<Item = &Finding> {
        let is_listed = |cause: &BrokerId| {
            let of_it = |it: &&Finding| matches!(&it.target, Target::Broker(id) if id == cause);
            self.findings.iter().any(|finding| of_it(&finding))
        };
        let findings = self.findings.iter();
        findings.filter(move |finding| !finding.cause.as_ref().is_some_and(is_listed))
    }

    fn json(&self, out: &mut EscapedOutput) -> io::Result<()> {
        let findings: Vec<Value> = self.findings.iter().map(finding).collect();
        let mut whole = json!({"status": self.verdict.as_str(), "findings": findings});
        let error = self.failure.clone().or_else(|| self.unread_cursors());
        if let (Some(error), Some(fields)) = (error, whole.as_object_mut()) {
            fields.insert("error".into(), json!(error));
        }
        if let (Some(losses), Some(fields)) = (&self.acknowledged, whole.as_object_mut()) {
            let losses: Vec<Value> = losses.iter().map(AcknowledgedLoss::object).collect();
            fields.insert("acknowledged".into(), json!(losses));
        }
        writeln!(out.json(), "{whole}")
    }

    fn nagios(&self, out: &mut dyn Write) -> io::Result<()> {
        let worst = self.findings.first();
        let first = worst.map_or_else(|| self.summary(), |worst| worst.message.clone());
        let known = self.acknowledged.iter().flatten();
        let known = known.map(|loss| format!("known: {}", loss.finding.message));
        let parts = [Some(first), self.unread_cursors()].into_iter().flatten();
        let parts: Vec<String> = parts.chain(known).collect();
        let totals = &self.truth.totals;
        let word = self.verdict.as_str();
        // A bar would end the text and begin the figures.
        let summary = sanitise::line(&parts.join("; ")).replace('|', "/");
        writeln!(
            out,
            "LIFTBRIDGE {word} - {summary} | brokers={} silent={} partitions={} leaderless={} leader_unreachable={} under_replicated={} findings={}",
            self.truth.members().count(),
            self.truth.members().filter(|b| b.reach.is_silent()).count(),
            totals.partitions,
            totals.leaderless,
            totals.leader_unreachable,
            totals.under_replicated,
            self.root_findings().count(),
        )
    }

    /// That cursors are unknown, where they are.
    fn unread_cursors(&self) -> Option<String> {
        let why = self.unread.as_ref()?;
        Some(format!("cursors are unknown: {why}"))
    }

    fn summary(&self) -> String {
        if let Some(failure) = &self.failure {
            return failure.clone();
        }
        let answering = self.truth.members().filter(|b| b.is_answering());
        let brokers = self.truth.members().count();
        let totals = &self.truth.totals;
        let judged = match self.judged {
            Some(judged) => format!("{} judged", counted(judged, "stream")),
            None => format!(
                "{} and {} of Liftbridge's own, {}",
                counted(totals.streams - totals.internal, "stream"),
                totals.internal,
                counted(totals.partitions, "partition")
            ),
        };
        format!(
            "{} {}, {judged}, {}",
            counted_of(answering.count(), brokers, "broker"),
            verb_of(brokers, "answer"),
            counted(self.root_findings().count(), "finding"),
        )
    }

    fn prometheus(&self, out: &mut dyn Write) -> io::Result<()> {
        for line in self.acknowledged_lines() {
            writeln!(out, "# {}", sanitise::line(&line))?;
        }
        let mut metrics = Metrics { out };
        let status = self.verdict.exit_code();
        metrics.head(
            "liftbridge_status",
            "0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN",
        )?;
        metrics.value("liftbridge_status", &[], status)?;
        metrics.head("liftbridge_finding", "Something is wrong now")?;
        for finding in &self.findings {
            let labels = [
                ("rule", finding.rule.as_str()),
                ("severity", finding.severity.as_str()),
                ("target", &finding.target_name()),
            ];
            metrics.value("liftbridge_finding", &labels, 1)?;
        }
        self.broker_metrics(&mut metrics)?;
        self.partition_metrics(&mut metrics)?;
        self.cursor_metrics(&mut metrics)
    }

    fn broker_metrics(&self, metrics: &mut Metrics<'_>) -> io::Result<()> {
        metrics.head("liftbridge_broker_up", "Whether the broker answers")?;
        for broker in &self.truth.brokers {
            let up = u8::from(broker.is_answering());
            metrics.value("liftbridge_broker_up", &[("broker", broker.name())], up)?;
        }
        metrics.head(
            "liftbridge_broker_leaders",
            "Partitions that the broker leads",
        )?;
        for broker in &self.truth.brokers {
            let labels = [("broker", broker.name())];
            metrics.value("liftbridge_broker_leaders", &labels, broker.leaders)?;
        }
        Ok(())
    }

    fn partition_metrics(&self, metrics: &mut Metrics<'_>) -> io::Result<()> {
        let names = [
            (
                "liftbridge_partition_newest_offset",
                "Newest offset in the leader's log",
            ),
            (
                "liftbridge_partition_high_watermark",
                "Newest committed offset",
            ),
            (
                "liftbridge_partition_replicas",
                "Brokers that hold a replica",
            ),
            ("liftbridge_partition_isr", "In-sync replicas that answer"),
        ];
        for (at, (name, help)) in names.into_iter().enumerate() {
            metrics.head(name, help)?;
            for stream in self.truth.streams.iter() {
                for partition in stream.partitions.iter() {
                    let size = |list: &[Arc<str>]| i64::try_from(list.len()).ok();
                    let values = [
                        partition.newest_offset,
                        partition.high_watermark,
                        size(&partition.replicas),
                        size(&partition.in_sync),
                    ];
                    let id = partition.id.to_string();
                    let labels = [("stream", &*stream.name), ("partition", id.as_str())];
                    if let Some(value) = values[at] {
                        metrics.value(name, &labels, value)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn cursor_metrics(&self, metrics: &mut Metrics<'_>) -> io::Result<()> {
        let name = "liftbridge_cursors_known";
        metrics.head(
            name,
            "Whether cursors could be read: without, no lag is told",
        )?;
        let known = self.failure.is_none() && self.unread.is_none();
        metrics.value(name, &[], u8::from(known))?;
        let (name, now) = ("liftbridge_cursor_lag", Timestamp::now());
        metrics.head(name, "Messages stored after the last one read")?;
        for cursor in &self.truth.cursors {
            let id = cursor.entry.partition.to_string();
            let labels = [
                ("cursor", &*cursor.entry.id),
                ("stream", &cursor.entry.stream),
                ("partition", id.as_str()),
            ];
            // One that may have moved since it was read lags nobody knows how much.
            if let Some(lag) = cursor.lag.filter(|_| !cursor.is_outdated(now)) {
                metrics.value(name, &labels, lag)?;
            }
        }
        Ok(())
    }
}

/// The text format of Prometheus: a head for each metric, a line for each value.
struct Metrics<'a> {
    out: &'a mut dyn Write,
}

impl Metrics<'_> {
    fn head(&mut self, name: &str, help: &str) -> io::Result<()> {
        writeln!(self.out, "# HELP {name} {help}\n# TYPE {name} gauge")
    }

    fn value(
        &mut self,
        name: &str,
        labels: &[(&str, &str)],
        value: impl Display,
    ) -> io::Result<()> {
        let labels = labels.iter().map(|(label, text)| {
            let text = text
                .replace('\\', r"\\")
                .replace('"', "\\\"")
                .replace('\n', r"\n");
            format!("{label}=\"{text}\"")
        });
        let labels = labels.collect::<Vec<_>>().join(",");
        if labels.is_empty() {
            return writeln!(self.out, "{name} {value}");
        }
        writeln!(self.out, "{name}{{{labels}}} {value}")
    }
}
