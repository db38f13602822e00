//! One look at the whole cluster: every broker asked for its own view, doubtful partitions probed, one truth from all.
//! What is true is `health`'s to decide.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval};

use super::check::LastCheck;
use super::command_context::CommandContext;
use super::created_streams;
use super::exit::Result;
use super::json::JsonTime;
use super::{incidents, known_brokers, known_cursors};
use crate::client::{CursorReading, Observer};
use crate::config::ConfigFile;
use crate::health::{
    AlertOptions, CursorTruth, Finding, Health, HealthOptions, Incident, Reach, Truth,
};
use crate::model::{BrokerId, ErrorKind, PartitionId, StreamName, Timestamp};
use crate::runtime::fetch_views;

/// Between two looks: rates need two, half a second apart at least.
const BETWEEN_LOOKS: Duration = Duration::from_millis(550);

/// What was stored at one look and is not committed after this time is stuck.
const COMMITTED_WITHIN: Duration = Duration::from_millis(900);

/// How long streams are read at least.
const LEAST_READING: Duration = Duration::from_millis(300);

/// How often a look asks those that the brokers asked before have named. Lists differ for minutes after a broker has
/// come (wire-contract §0.5), but hardly by one broker each; somebody who names a new one each time is not followed.
const ROUNDS: usize = 4;

/// How many leaders are probed side by side.
const PROBES: usize = 16;

/// What was seen so far.
pub(crate) struct ClusterSnapshot {
    /// Whom was asked.
    pub(crate) observer: Observer,
    /// What follows from it.
    pub(crate) health: Health,
    /// How reading the cursors went, where that was tried.
    pub(crate) cursors: CursorReading,
    /// When it was begun.
    begun: Timestamp,
    /// What the cluster is called.
    cluster: String,
    /// When all reading of streams has to be over.
    deadline: Instant,
}

impl ClusterSnapshot {
    /// Nothing was seen yet.
    pub(crate) fn new(context: &mut CommandContext<'_>) -> Result<Self> {
        let cluster = context.cluster_name();
        Self::knowing(
            context,
            LastCheck::read(&cluster),
            &incidents::read(&cluster),
        )
    }

    /// The same where that was read already: what a check or a dashboard knew shows what was lost since, which one look
    /// alone does not.
    pub(crate) fn knowing(
        context: &mut CommandContext<'_>,
        known: LastCheck,
        incidents: &[Arc<Incident>],
    ) -> Result<Self> {
        let mut options = health_options(&context.settings.file, &context.cluster_name());
        // One look may be all there is, so one missed answer counts.
        options.alerts.missed_polls = 1;
        // Two looks are a second apart, and followers fetch within moments of an append.
        options.alerts.commit_stalled_after = COMMITTED_WITHIN;
        let mut health = Health::new(options);
        known.recall_logs(incidents, &mut health);
        Ok(Self {
            observer: context.observer()?,
            health,
            cursors: CursorReading::default(),
            begun: Timestamp::now(),
            cluster: context.cluster_name(),
            deadline: Instant::now() + context.settings.cluster.timeout.value,
        })
    }

    /// How long streams may still be read: whoever waits was promised an answer. A cluster that took all of that time to
    /// look at is read for a moment all the same.
    pub(crate) fn time_to_read(&self) -> Duration {
        let left = self.deadline.saturating_duration_since(Instant::now());
        left.max(LEAST_READING)
    }

    /// Looks once. Fails where no broker answers at all.
    pub(crate) async fn take_snapshot(context: &mut CommandContext<'_>) -> Result<Self> {
        let mut snapshot = Self::new(context)?;
        snapshot.look().await?;
        Ok(snapshot)
    }

    /// Looks for the first time. Fails where no broker answers at all.
    pub(crate) async fn look(&mut self) -> Result<()> {
        self.observer.fetch_metadata().await?;
        self.observe_all().await;
        self.probe().await;
        known_brokers::keep(&self.cluster, &self.observer.brokers());
        Ok(())
    }

    /// Looks twice, so that rates are known.
    pub(crate) async fn take_twice(context: &mut CommandContext<'_>) -> Result<Self> {
        let mut snapshot = Self::take_snapshot(context).await?;
        snapshot.look_again(1, BETWEEN_LOOKS).await;
        Ok(snapshot)
    }

    /// Looks again so many times. The first pause begins now: a large cluster takes long to look at.
    pub(crate) async fn look_again(&mut self, times: u32, pause: Duration) {
        let mut looks = interval(pause);
        looks.tick().await;
        for _ in 0..times {
            // What one look may only suspect is found when the next one is held against it.
            self.truth();
            looks.tick().await;
            self.observe_all().await;
        }
    }

    /// Looks once, and reads the cursors where there are any.
    pub(crate) async fn take_with_cursors(context: &mut CommandContext<'_>) -> Result<Self> {
        let mut snapshot = Self::take_snapshot(context).await?;
        snapshot.read_cursors().await?;
        Ok(snapshot)
    }

    /// Reads the cursors where there are any: those that can be. The others are known from an earlier run.
    pub(crate) async fn read_cursors(&mut self) -> Result<()> {
        let limit = self.time_to_read();
        let known = known_cursors::read(&self.cluster);
        self.observer.recall_cursors(known).await;
        match self.observer.read_cursors_within(limit).await {
            Err(error) if error.kind() == ErrorKind::CursorsDisabled => {}
            Err(error) => return Err(error.into()),
            Ok(reading) => {
                known_cursors::keep(&self.cluster, &self.observer.known_cursors().await);
                self.health.record_cursors(&reading.entries);
                self.cursors = reading;
                // The logs were looked at before, and may have grown: only a later look shows a cursor beyond an end.
                let truth = self.health.assess_whole(Timestamp::now());
                if truth.cursors.iter().any(seems_beyond_end) {
                    self.observe_all().await;
                }
            }
        }
        Ok(())
    }

    /// The truth as of now.
    pub(crate) fn truth(&mut self) -> Arc<Truth> {
        let mut truth = self.health.assess_whole(Timestamp::now());
        self.undate(Arc::make_mut(&mut truth));
        truth
    }

    /// What was first seen by this snapshot has been so for longer, and nobody knows since when. Other times are those of
    /// messages.
    fn undate(&self, truth: &mut Truth) {
        let seen_by_us = |since: &Timestamp| *since >= self.begun;
        for finding in &mut truth.findings {
            if seen_by_us(&finding.since) {
                finding.since = Timestamp::NEVER;
            }
        }
        for broker in &mut truth.brokers {
            if let Reach::Silent { since } = &mut broker.reach
                && seen_by_us(since)
            {
                *since = Timestamp::NEVER;
            }
        }
    }

    /// Asks every known broker, and then those that only these knew.
    pub(crate) async fn observe_all(&mut self) {
        let mut asked = BTreeSet::new();
        for _ in 0..ROUNDS {
            let known = self.observer.brokers().into_iter();
            let known = known.map(|broker| broker.address);
            let unasked: Vec<_> = known.filter(|at| asked.insert(Arc::clone(at))).collect();
            if unasked.is_empty() {
                return;
            }
            let mut views = fetch_views(&self.observer, unasked);
            while let Some(view) = views.join_next().await {
                if let Ok(view) = view
                    && (view.result.is_ok() || !self.observer.is_only_remembered(&view.address))
                {
                    self.health.observe(&Arc::new(view));
                }
            }
        }
    }

    /// Asks leaders about partitions whose flags may lie, until none is in doubt that was not asked already.
    async fn probe(&mut self) {
        let mut asked: BTreeSet<(StreamName, PartitionId)> = BTreeSet::new();
        loop {
            let doubtful = self.truth().doubtful.clone();
            let fresh: Vec<_> = doubtful
                .into_iter()
                .filter(|partition| asked.insert(partition.clone()))
                .collect();
            if fresh.is_empty() {
                return;
            }
            for partitions in fresh.chunks(PROBES) {
                let mut answers = JoinSet::new();
                for (stream, partition) in partitions.iter().cloned() {
                    let observer = self.observer.clone();
                    answers.spawn(async move { observer.probe(&stream, partition).await });
                }
                for probe in answers.join_all().await {
                    self.health.record_probe(&probe);
                }
            }
        }
    }
}

/// Whether what was stored is more than the log holds, as far as is known.
fn seems_beyond_end(cursor: &CursorTruth) -> bool {
    let newest = cursor.newest_offset;
    newest.is_some_and(|newest| cursor.entry.offset > newest.saturating_add(1))
}

/// How health judges the cluster of that name: as the config file says, and as this user created its streams.
pub(crate) fn health_options(file: &ConfigFile, cluster: &str) -> HealthOptions {
    let alerts = AlertOptions::default();
    let min_isr = file.streams.iter();
    HealthOptions {
        min_isr: min_isr
            .filter_map(|(name, facts)| Some((name.clone(), facts.min_isr?)))
            .collect(),
        created_min_isr: created_streams::FILE.read(cluster),
        alerts: AlertOptions {
            lag_messages: file.alerts.lag_messages.or(alerts.lag_messages),
            lag_time: file.alerts.lag_time.or(alerts.lag_time),
            ..alerts
        },
    }
}

/// A finding as an object (interface.md §3).
#[derive(Serialize)]
pub(crate) struct FindingObject<'a> {
    severity: &'static str,
    rule: &'static str,
    target: String,
    message: &'a str,
    detail: &'a [String],
    since: JsonTime,
    cause: Option<&'a BrokerId>,
}

impl<'a> From<&'a Finding> for FindingObject<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            severity: finding.severity.as_str(),
            rule: finding.rule.as_str(),
            target: finding.target_name(),
            message: &finding.message,
            detail: &finding.detail,
            since: JsonTime(finding.since),
            cause: finding.cause.as_ref(),
        }
    }
}

/// A finding as JSON.
pub(crate) fn finding(finding: &Finding) -> Value {
    json!(FindingObject::from(finding))
}
